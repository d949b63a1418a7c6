// Line ends as files here have them.

const CR = Buffer.from("\r");
const CRLF = Buffer.from("\r\n");

/** LF for CRLF; all other bytes stay as they are. */
export async function* unixLines(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Buffer, void, void> {
  // A CR that came last belongs to what comes next.
  let isHeld = false;
  for await (const chunk of chunks) {
    if (chunk.length === 0) continue;
    const came = Buffer.from(chunk.buffer, chunk.byteOffset, chunk.length);
    const bytes: Buffer = isHeld ? Buffer.concat([CR, came]) : came;
    isHeld = bytes.at(-1) === CR[0];
    yield withoutReturns(isHeld ? bytes.subarray(0, -1) : bytes);
  }
  if (isHeld) yield CR;
}

function withoutReturns(bytes: Buffer): Buffer {
  const lines = Buffer.allocUnsafe(bytes.length);
  let length = 0;
  let from = 0;
  for (let at = bytes.indexOf(CRLF); at !== -1; at = bytes.indexOf(CRLF, from)) {
    length += bytes.copy(lines, length, from, at);
    from = at + 1;
  }
  length += bytes.copy(lines, length, from);
  return lines.subarray(0, length);
}
