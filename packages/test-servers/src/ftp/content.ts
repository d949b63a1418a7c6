// What content becomes on its way: lines end in CRLF in type A (RFC 959 3.1.1.1), and mode Z compresses.
import type { FileHandle } from "node:fs/promises";
import { pipeline, Readable, type Transform } from "node:stream";
import { createDeflate, createInflate } from "node:zlib";

export type Bytes = AsyncIterable<Uint8Array>;

const CHUNK = 65_536;
const CR = 0x0d;
const LF = 0x0a;

/** A file from `start` up to `end`, or to its own end. */
export async function* contentOf(file: FileHandle, start: number, end: number): AsyncGenerator<Uint8Array> {
  for (let position = start; position < end;) {
    const size = Math.min(CHUNK, end - position);
    const { bytesRead, buffer } = await file.read(Buffer.allocUnsafe(size), 0, size, position);
    if (bytesRead === 0) return;
    position += bytesRead;
    yield buffer.subarray(0, bytesRead);
  }
}

/** Puts a CR in front of each LF that has none. */
export async function* toNetworkLines(content: Bytes): AsyncGenerator<Uint8Array> {
  let last = 0;
  for await (const chunk of content) {
    const pieces: Uint8Array[] = [];
    let start = 0;
    for (let at = chunk.indexOf(LF); at !== -1; at = chunk.indexOf(LF, at + 1)) {
      if ((at === 0 ? last : chunk[at - 1]) === CR) continue;
      pieces.push(chunk.subarray(start, at), Buffer.of(CR));
      start = at;
    }
    last = chunk.at(-1) ?? last;
    yield Buffer.concat([...pieces, chunk.subarray(start)]);
  }
}

/** Takes the CR away in front of each LF. */
export async function* fromNetworkLines(content: Bytes): AsyncGenerator<Uint8Array> {
  let hasHeld = false;
  for await (const chunk of content) {
    const text = Buffer.from(chunk).toString("latin1");
    const whole: string = hasHeld ? `\r${text}` : text;
    // What follows it is not known yet.
    hasHeld = whole.endsWith("\r");
    yield Buffer.from((hasHeld ? whole.slice(0, -1) : whole).replaceAll("\r\n", "\n"), "latin1");
  }
  if (hasHeld) yield Buffer.of(CR);
}

/** Leaves the first bytes out. */
export async function* skipping(content: Bytes, bytes: number): AsyncGenerator<Uint8Array> {
  let left = bytes;
  for await (const chunk of content) {
    if (left < chunk.length) yield chunk.subarray(left);
    left = Math.max(0, left - chunk.length);
  }
}

export function deflated(content: Bytes, level: number): Bytes {
  return through(content, createDeflate({ level }));
}

export function inflated(content: Bytes): Bytes {
  return through(content, createInflate());
}

function through(content: Bytes, transform: Transform): Bytes {
  // An error on one side ends the other one with it, and comes to whoever iterates.
  pipeline(Readable.from(content, { objectMode: false }), transform, () => undefined);
  return transform as Bytes;
}

/** Text in pieces of a useful size. */
export async function* linesAsBytes(
  lines: Iterable<string>,
  encoding: "utf8" | "latin1",
): AsyncGenerator<Uint8Array> {
  let text = "";
  for (const line of lines) {
    // As in commands.
    text += `${line.replaceAll("\n", "\0")}\r\n`;
    if (text.length < CHUNK) continue;
    yield Buffer.from(text, encoding);
    text = "";
  }
  if (text !== "") yield Buffer.from(text, encoding);
}
