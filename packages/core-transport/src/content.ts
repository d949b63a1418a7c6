// Content to send, in any of the forms in which callers have it.
import type { ReadableStream } from "node:stream/web";
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

/** Gives content as a sequence of byte chunks. Throws ArgumentError for a chunk that is neither bytes nor text. */
export async function* chunksOf(content: Content): AsyncGenerator<Uint8Array, void, void> {
  if (typeof content === "string" || content instanceof Uint8Array) {
    yield bytesOf(content);
  } else {
    for await (const chunk of content) yield bytesOf(chunk);
  }
}

function bytesOf(chunk: unknown): Uint8Array {
  if (typeof chunk === "string") return Buffer.from(chunk, "utf8");
  if (chunk instanceof Uint8Array) return chunk;
  throw new ArgumentError(`content must be strings or Uint8Array chunks, not ${typeof chunk}`);
}
