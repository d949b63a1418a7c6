// Chunks of any size put together to those that BDAT sends (RFC 3030): the last one has to be known as such.

const PIECE_BYTES = 1_048_576;

/** What one BDAT sends. */
export interface Piece {
  readonly parts: readonly Uint8Array[];
  readonly length: number;
  readonly isLast: boolean;
}

/** Always ends with one that is the last, and that may be empty. */
export async function* pieces(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Piece, void, void> {
  let parts: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of chunks) {
    if (length + chunk.length > PIECE_BYTES && length > 0) {
      yield { parts, length, isLast: false };
      parts = [];
      length = 0;
    }
    parts.push(chunk);
    length += chunk.length;
  }
  yield { parts, length, isLast: true };
}
