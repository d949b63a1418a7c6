// Ways to cut bytes up, and to bring them to a sink as both kinds of source do.
import fc from "fast-check";
import type { ByteSink } from "../src/source.ts";

/** Sizes of pieces: from one byte up to more than a run of lines that is decoded ahead. */
export const sizes = fc.oneof(
  fc.array(fc.integer({ min: 1, max: 6 }), { maxLength: 400, size: "max" }),
  fc.array(fc.integer({ min: 1, max: 6_000 }), { maxLength: 40, size: "max" }),
);

/** Copies of the pieces, the remainder as the last: whoever gets them may write into them. */
export function pieces(bytes: Uint8Array, at: readonly number[]): Buffer[] {
  const result: Buffer[] = [];
  let start = 0;
  for (const size of at) {
    if (start >= bytes.length) break;
    result.push(Buffer.from(bytes.subarray(start, start + size)));
    start += size;
  }
  if (start < bytes.length) result.push(Buffer.from(bytes.subarray(start)));
  return result;
}

/** Pieces of one size. */
export function evenly(bytes: Uint8Array, size: number): Buffer[] {
  return pieces(
    bytes,
    Array.from({ length: Math.ceil(bytes.length / size) }, () => size),
  );
}

/** Brings a chunk to a sink; gives the sink's answer. */
export type Feed = (chunk: Uint8Array) => boolean;

/** As a socket with `onread` does: memory is asked for before the first read and again behind each. */
export function intoWindows(sink: Pick<ByteSink, "space" | "received">): Feed {
  let area = sink.space();
  return (chunk) => {
    let answer = true;
    for (let at = 0; at < chunk.length;) {
      const length = Math.min(area.length, chunk.length - at);
      area.set(chunk.subarray(at, at + length));
      answer = sink.received(area.subarray(0, length));
      // What is read into next must hold nothing that is still to be taken.
      area = sink.space();
      area.fill("#");
      at += length;
    }
    return answer;
  };
}

/** As any other stream does: each chunk in memory of its own. */
export function asChunks(sink: Pick<ByteSink, "received">): Feed {
  return (chunk) => sink.received(Buffer.from(chunk));
}

/** Text as UTF-8, or as latin1 where it is not valid UTF-8. */
export function textOf(bytes: Uint8Array): string {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return Buffer.from(bytes).toString("latin1");
  }
}

/** The first block of a stream of dot-terminated blocks, found the naive way; undefined while it has no end. */
export function firstBlock(wire: Uint8Array): { content: string; consumed: number } | undefined {
  const text = Buffer.from(wire).toString("latin1");
  if (text.startsWith(".\r\n")) return { content: "", consumed: 3 };
  const end = text.indexOf("\r\n.\r\n");
  if (end === -1) return undefined;
  return { content: text.slice(0, end + 2).replaceAll(/(^|\r\n)\./g, "$1"), consumed: end + 5 };
}

/** Text made of what decides about lines and dots, and of stretches long enough for native searches. */
export const tricky = fc
  .array(
    fc.oneof(
      {
        weight: 4,
        arbitrary: fc.constantFrom("\r", "\n", "\r\n", ".", "..", "\r\n.", "\r\n..\r\n", "\0", "a"),
      },
      { weight: 1, arbitrary: fc.string({ unit: "binary", maxLength: 12 }) },
      {
        weight: 1,
        arbitrary: fc.constantFrom("x".repeat(50), "\r\n..".repeat(20), "y".repeat(1_100), "z".repeat(7_001)),
      },
    ),
    { maxLength: 60, size: "max" },
  )
  .map((parts) => parts.join(""));
