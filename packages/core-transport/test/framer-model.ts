// What the framer does, in a form too simple to be wrong, and what can be asked of both.
import fc from "fast-check";
import { type DecodedChunk, DotDecoder } from "../src/dot.ts";
import { LimitError } from "../src/errors.ts";
import type { Framer } from "../src/framer.ts";
import { textOf, tricky } from "./feed.ts";

/** What a framer does, over one buffer that grows, with nothing remembered. */
export class Model implements Pick<Framer, "takeLine" | "takeBytes" | "takeBlock" | "peek" | "length"> {
  readonly #limit: number;
  #held = "";

  constructor(limit: number) {
    this.#limit = limit;
  }

  get length(): number {
    return this.#held.length;
  }

  append(chunk: Buffer): void {
    this.#held += chunk.toString("latin1");
  }

  takeLine(): string | undefined {
    const end = this.#held.indexOf("\n");
    if ((end === -1 ? this.length : end) + 1 > this.#limit) throw new LimitError("", "lineBytes");
    if (end === -1) return undefined;
    const text = this.takeBytes(end + 1).toString("latin1");
    return textOf(Buffer.from(text.replace(/\r?\n$/, ""), "latin1"));
  }

  takeBytes(max: number): Buffer {
    const bytes = this.peek(max);
    this.#held = this.#held.slice(bytes.length);
    return bytes;
  }

  takeBlock(decoder: DotDecoder): DecodedChunk {
    const decoded = decoder.decode(this.peek(this.length));
    this.takeBytes(decoded.consumed);
    return decoded;
  }

  peek(max: number): Buffer {
    return Buffer.from(this.#held.slice(0, max), "latin1");
  }
}

export type Action = { take: "line" | "block" | "peek" | "nothing" } | { take: "bytes"; max: number };

export const actions: fc.Arbitrary<Action[]> = fc.array(
  fc.oneof(
    { weight: 8, arbitrary: fc.constantFrom<Action>({ take: "line" }, { take: "nothing" }) },
    { weight: 2, arbitrary: fc.constantFrom<Action>({ take: "block" }, { take: "peek" }) },
    { weight: 2, arbitrary: fc.record({ take: fc.constant("bytes" as const), max: fc.nat({ max: 9_000 }) }) },
    { weight: 2, arbitrary: fc.record({ take: fc.constant("bytes" as const), max: fc.nat({ max: 5 }) }) },
  ),
  { maxLength: 200, size: "max" },
);

const lot = "one\r\ntwo\nthree\r\n".repeat(300);
export const stream = fc
  .array(fc.oneof(tricky, fc.constantFrom("a line\r\n", "\r\n.\r\n", lot)), { maxLength: 12, size: "max" })
  .map((parts) => Buffer.from(parts.join("")));

export const limits = fc.constantFrom(16, 300, 8_192, Infinity);

/** Does it, and gives all that can be seen of it. */
export function perform(framer: Framer | Model, action: Action): unknown {
  try {
    if (action.take === "line") return [framer.takeLine(), framer.length];
    if (action.take === "bytes") return [framer.takeBytes(action.max).toString("latin1"), framer.length];
    if (action.take === "peek") return [framer.peek(3).toString("latin1"), framer.length];
    if (action.take === "nothing") return framer.length;
    const { data, consumed, done } = framer.takeBlock(new DotDecoder());
    return [data.toString("latin1"), consumed, done, framer.length];
  } catch (error) {
    return error instanceof LimitError ? "LimitError" : error;
  }
}
