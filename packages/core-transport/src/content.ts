// Content to send, in any of the forms in which callers have it.
import type { ReadableStream } from "node:stream/web";
import { isUint8Array } from "node:util/types";
import { ArgumentError } from "./errors.ts";

/**
 * Content is a string (sent as UTF-8), bytes, or a stream of either: a Node Readable, a web ReadableStream or any
 * other (async) iterable. Text encodings are never guessed.
 */
export type Content =
  | string
  | Uint8Array
  | AsyncIterable<Uint8Array | string>
  | Iterable<Uint8Array | string>
  | ReadableStream<Uint8Array>;

// Larger chunks are handed out in slices, so that what is made of one chunk stays small, and progress is told.
const SLICE_BYTES = 1_048_576;

/** Gives content as a sequence of byte chunks. Throws ArgumentError for a chunk that is neither bytes nor text. */
export async function* chunksOf(content: Content): AsyncGenerator<Uint8Array, void, void> {
  if (typeof content === "string" || isUint8Array(content)) {
    yield* slices(content);
  } else {
    for await (const chunk of content) yield* slices(chunk);
  }
}

function* slices(chunk: unknown): Generator<Uint8Array, void, void> {
  const bytes = bytesOf(chunk);
  if (bytes.length <= SLICE_BYTES) yield bytes;
  else for (let at = 0; at < bytes.length; at += SLICE_BYTES) yield bytes.subarray(at, at + SLICE_BYTES);
}

function bytesOf(chunk: unknown): Uint8Array {
  if (typeof chunk === "string") return Buffer.from(chunk, "utf8");
  if (isUint8Array(chunk)) return chunk;
  throw new ArgumentError(`content must be strings or Uint8Array chunks, not ${typeof chunk}`);
}
