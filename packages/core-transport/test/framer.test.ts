// The framer against a model over one buffer: lines, bytes and blocks in any order, from any chunks.
import { memoryUsage } from "node:process";
import fc from "fast-check";
import { describe, expect, test, vi } from "vitest";
import { LimitError } from "../src/errors.ts";
import { Framer } from "../src/framer.ts";
import { asChunks, evenly, type Feed, intoWindows, pieces, sizes, textOf } from "./feed.ts";
import { actions, limits, Model, perform, stream } from "./framer-model.ts";

vi.setConfig({ testTimeout: 30_000 });

const sources = [
  ["own windows", intoWindows],
  ["chunks", asChunks],
] as const;

type Source = (typeof sources)[number][1];

function feedOf(framer: Framer, source: Source): Feed {
  return source({
    space: () => framer.space(),
    received: (chunk) => {
      framer.append(chunk);
      return true;
    },
  });
}

function takeLines(framer: Framer): string[] {
  const lines: string[] = [];
  for (let line = framer.takeLine(); line !== undefined; line = framer.takeLine()) lines.push(line);
  return lines;
}

const content = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.string({ unit: "binary-ascii", maxLength: 90 }).map((text) => Buffer.from(text)),
  },
  { weight: 1, arbitrary: fc.string({ unit: "binary", maxLength: 20 }).map((text) => Buffer.from(text)) },
  { weight: 1, arbitrary: fc.uint8Array({ maxLength: 20 }).map((bytes) => Buffer.from(bytes)) },
);

const line = fc
  .tuple(content, fc.constantFrom("\r\n", "\n"))
  .map(([bytes, end]) => ({ bytes: bytes.filter((byte) => byte !== 0x0a), end }));

/** What a line's bytes are read as; a CR right before a lone LF cannot be told from a CRLF. */
function textOfLine({ bytes, end }: { bytes: Uint8Array; end: string }): string {
  const text = end === "\n" && bytes.at(-1) === 0x0d ? bytes.subarray(0, -1) : bytes;
  return textOf(text);
}

describe.each(sources)("from %s", (_, source) => {
  test("any lines cut anywhere are read as the same lines", () => {
    const lines = fc.array(line, { maxLength: 120, size: "max" });
    fc.assert(
      fc.property(lines, sizes, (sent, at) => {
        const wire = Buffer.concat(sent.flatMap(({ bytes, end }) => [bytes, Buffer.from(end)]));
        const framer = new Framer(8_192);
        const feed = feedOf(framer, source);
        const came: string[] = [];
        for (const chunk of pieces(wire, at)) {
          feed(chunk);
          came.push(...takeLines(framer));
        }
        expect(came).toEqual(sent.map(textOfLine));
        expect(framer.length).toBe(0);
      }),
      { numRuns: 200 },
    );
  });

  test("lines, bytes and blocks taken in any order are those of a model", () => {
    fc.assert(
      fc.property(stream, sizes, actions, limits, (wire, at, todo, limit) => {
        const framer = new Framer(limit);
        const model = new Model(limit);
        const feed = feedOf(framer, source);
        const chunks = pieces(wire, at);
        for (const action of todo) {
          if (action.take === "nothing") {
            const chunk = chunks.shift() ?? Buffer.alloc(0);
            feed(chunk);
            model.append(chunk);
          }
          const expected = perform(model, action);
          expect(perform(framer, action)).toEqual(expected);
          if (expected === "LimitError") return;
        }
      }),
      { numRuns: 1_000 },
    );
  });

  test("a line of exactly the limit passes, and one byte more does not, however it comes", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 2, max: 9_000 }),
        fc.constantFrom("\r\n", "\n"),
        sizes,
        (limit, end, at) => {
          const lineOf = (bytes: number): string => `${"x".repeat(bytes - end.length)}${end}`;
          const framer = new Framer(limit);
          const feed = feedOf(framer, source);
          const came: string[] = [];
          const readAll = (text: string): void => {
            for (const chunk of pieces(Buffer.from(text), at)) {
              feed(chunk);
              for (let next = framer.takeLine(); next !== undefined; next = framer.takeLine())
                came.push(next);
            }
          };
          readAll(`a\n${lineOf(limit)}b\n`);
          expect(came).toEqual(["a", "x".repeat(limit - end.length), "b"]);
          expect(() => readAll(`a\n${lineOf(limit + 1)}`)).toThrow(LimitError);
          expect(came.slice(3)).toEqual(["a"]);
        },
      ),
      { numRuns: 200 },
    );
  });

  test("a line that can't end within the limit any more is refused at once", () => {
    const framer = new Framer(10);
    const feed = feedOf(framer, source);
    feed(Buffer.from("123456789"));
    expect(framer.takeLine()).toBeUndefined();
    feed(Buffer.from("0"));
    expect(() => framer.takeLine()).toThrow(expect.objectContaining({ limit: "lineBytes" }));
  });

  test("an endless line is refused after about the limit, and little of it is kept", () => {
    const framer = new Framer(8_192);
    const feed = feedOf(framer, source);
    let fed = 0;
    let kept = 0;
    const feedAll = (): void => {
      for (const chunk of evenly(Buffer.alloc(10 * 1_048_576, "x"), 1_000)) {
        feed(chunk);
        fed += chunk.length;
        kept = Math.max(kept, framer.length);
        framer.takeLine();
      }
    };
    expect(feedAll).toThrow(LimitError);
    expect(fed).toBe(9_000);
    expect(kept).toBe(9_000);
  });

  test("a line of 8 KiB that comes byte by byte is read in linear time", () => {
    const framer = new Framer(8_192);
    const feed = feedOf(framer, source);
    const start = performance.now();
    for (let round = 0; round < 10; round += 1) {
      for (let at = 0; at < 8_191; at += 1) {
        feed(Buffer.from("x"));
        expect(framer.takeLine() === undefined).toBe(true);
      }
      feed(Buffer.from("\n"));
      expect(framer.takeLine()).toBe("x".repeat(8_191));
    }
    expect(performance.now() - start).toBeLessThan(10_000);
  });

  test("a line of a megabyte that comes in tiny chunks is read in linear time", () => {
    const framer = new Framer(1_048_576);
    const feed = feedOf(framer, source);
    const start = performance.now();
    for (const chunk of evenly(Buffer.alloc(1_048_575, "x"), 5)) {
      feed(chunk);
      if (framer.takeLine() !== undefined) break;
    }
    feed(Buffer.from("\n"));
    expect(framer.takeLine()).toHaveLength(1_048_575);
    // 200,000 copies of half a megabyte each would take minutes.
    expect(performance.now() - start).toBeLessThan(5_000);
  });
});

test("megabytes of short lines are read in linear time, with a character beyond ASCII among them or not", () => {
  for (const [megabytes, unit] of [
    [10, "a\n"],
    [3, `${"b\n".repeat(2_000)}ä\n`],
  ] as const) {
    const wire = Buffer.alloc(megabytes * 1_048_576, unit);
    const framer = new Framer(8_192);
    const start = performance.now();
    let lines = 0;
    for (const chunk of evenly(wire, 65_536)) {
      framer.append(chunk);
      while (framer.takeLine() !== undefined) lines += 1;
    }
    expect(lines).toBe(wire.toString().split("\n").length - 1);
    expect(performance.now() - start).toBeLessThan(10_000);
  }
});

test("one line that is kept does not keep what came around it", () => {
  const framer = new Framer(8_192);
  const kept: string[] = [];
  const before = memoryUsage().heapUsed;
  for (let round = 0; round < 500; round += 1) {
    framer.append(Buffer.alloc(65_536, "a line of some forty characters, as is usual\n"));
    const first = framer.takeLine();
    if (first !== undefined) kept.push(first);
    framer.takeBytes(framer.length);
  }
  expect(kept).toHaveLength(500);
  // 500 chunks are 32 MB.
  expect(memoryUsage().heapUsed - before).toBeLessThan(16 * 1_048_576);
});

test("a line that is valid UTF-8 is read as such, and any other as latin1, each by itself", () => {
  const framer = new Framer(100);
  framer.append(
    Buffer.concat([Buffer.from("grün\r\n"), Buffer.from("grün\r\n", "latin1"), Buffer.from("x\n")]),
  );
  expect(takeLines(framer)).toEqual(["grün", "grün", "x"]);
});

test("another way to decode lines may be given", () => {
  const framer = new Framer(100);
  framer.decode = (bytes) => bytes.toString("hex");
  framer.append(Buffer.from("ü\r\n"));
  expect(framer.takeLine()).toBe("c3bc");
});
