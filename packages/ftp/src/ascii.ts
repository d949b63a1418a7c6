// Text transfers (RFC 959 3.1.1.1, TYPE A): lines end with CRLF on the wire.
import { chunksOf, type Content } from "@netcli/core-transport";

const LF = 0x0a;
const CR = 0x0d;

/** Content with every line end made CRLF; a CR alone stays what it is. */
export async function* withCrlf(content: Content): AsyncGenerator<Uint8Array, void, void> {
  let last = 0;
  for await (const chunk of chunksOf(content)) {
    yield converted(chunk, last);
    last = chunk[chunk.length - 1] ?? last;
  }
}

/** `last` is the byte before the chunk. */
function converted(chunk: Uint8Array, last: number): Uint8Array {
  const bare: number[] = [];
  for (let at = chunk.indexOf(LF); at !== -1; at = chunk.indexOf(LF, at + 1)) {
    if ((at === 0 ? last : chunk[at - 1]) !== CR) bare.push(at);
  }
  if (bare.length === 0) return chunk;
  const bytes = new Uint8Array(chunk.length + bare.length);
  let from = 0;
  let filled = 0;
  for (const at of bare) {
    bytes.set(chunk.subarray(from, at), filled);
    filled += at - from;
    bytes[filled] = CR;
    filled += 1;
    from = at;
  }
  bytes.set(chunk.subarray(from), filled);
  return bytes;
}
