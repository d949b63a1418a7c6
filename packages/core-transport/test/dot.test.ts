// Dot-terminated blocks: both directions against naive references, whatever the chunks.
import fc from "fast-check";
import { describe, expect, test, vi } from "vitest";
import { DotDecoder, DotEncoder } from "../src/dot.ts";
import { evenly, firstBlock, pieces, sizes, tricky } from "./feed.ts";

vi.setConfig({ testTimeout: 30_000 });

function encode(bytes: Uint8Array, sizesOfChunks: readonly number[] = []): Buffer {
  const encoder = new DotEncoder();
  const out: Uint8Array[] = [];
  // Views, not copies: the encoder looks at whole words, and chunks may begin and end anywhere between two.
  let start = 0;
  for (const size of [...sizesOfChunks, bytes.length]) {
    out.push(...encoder.encode(bytes.subarray(start, start + size)));
    start = Math.min(start + size, bytes.length);
  }
  return Buffer.concat([...out, encoder.finish()]);
}

/** The text with every line end made CRLF, and one behind the last line. */
function withLineEnds(text: string): string {
  const lines = text.replaceAll(/\r\n|\r|\n/g, "\r\n");
  return lines === "" || lines.endsWith("\r\n") ? lines : `${lines}\r\n`;
}

function decode(chunks: readonly Buffer[]): {
  content: Buffer;
  consumed: number;
  rest: Buffer;
  done: boolean;
} {
  const decoder = new DotDecoder();
  const content: Buffer[] = [];
  const rest: Buffer[] = [];
  let consumed = 0;
  let done = false;
  for (const chunk of chunks) {
    if (done) {
      rest.push(chunk);
      continue;
    }
    const decoded = decoder.decode(chunk);
    content.push(Buffer.from(decoded.data));
    rest.push(chunk.subarray(decoded.consumed));
    consumed += decoded.consumed;
    done = decoded.done;
  }
  return { content: Buffer.concat(content), consumed, rest: Buffer.concat(rest), done };
}

// Sequences that some server has taken for the end of a mail, none of which is.
const SMUGGLING = [
  "\n.\n",
  "\n.\r\n",
  "\r.\r\n",
  "\r.\r",
  "\n.\r",
  "\r\n.\n",
  "\r\n.\r",
  "\r.\n",
  "\r\n\0.\r\n",
  "\r\n.\0\r\n",
  "\r\n.\r\0\n",
  "\r\n. \r\n",
  "\r\n..\r\n",
  "\n\n.\n\n",
  "\r\r.\r\r",
  "\n\r.\n\r",
  "\r\n.\r\r\n",
  "\r\n.\n\r\n",
  "\r\n\t.\r\n",
];

describe("what the encoder sends", () => {
  test("is decoded to the same text with CRLF line ends, however either side is cut", () => {
    fc.assert(
      fc.property(tricky, sizes, sizes, (text, sent, received) => {
        const wire = encode(Buffer.from(text), sent);
        const { content, consumed, done } = decode(pieces(wire, received));
        expect(content.toString()).toBe(withLineEnds(Buffer.from(text).toString()));
        expect({ consumed, done }).toEqual({ consumed: wire.length, done: true });
      }),
      { numRuns: 500 },
    );
  });

  test("has no lone CR or LF, and one terminator, at its end", () => {
    fc.assert(
      fc.property(tricky, sizes, (text, sent) => {
        const wire = encode(Buffer.from(text), sent).toString("latin1");
        expect(wire).not.toMatch(/\r(?!\n)|(?<!\r)\n/);
        expect(`\r\n${wire}`.indexOf("\r\n.\r\n")).toBe(wire.length - 3);
      }),
      { numRuns: 500 },
    );
  });

  test("hides no smuggled end, wherever it is cut", () => {
    for (const sequence of SMUGGLING) {
      const text = `a${sequence}MAIL FROM:<b>`;
      for (let at = 0; at <= text.length; at += 1) {
        const wire = encode(Buffer.from(text), [at]).toString();
        const ends = `\r\n${wire}`.split("\r\n.\r\n").length - 1;
        expect({ sequence, at, ends }).toEqual({ sequence, at, ends: 1 });
      }
    }
  });

  test("is the caller's own chunk where nothing is to be changed", () => {
    const encoder = new DotEncoder();
    const chunk = Buffer.from("a line\r\nand another.\r\n\thalf");
    expect(encoder.encode(chunk)[0]).toBe(chunk);
    const dot = Buffer.from(".");
    expect(encoder.encode(dot)[0]).toBe(dot);
  });

  test.each([
    ["much", ".a\nb\rc", "..a\r\nb\r\nc"],
    ["little", `.a\n${"x".repeat(20_000)}\rc`, `..a\r\n${"x".repeat(20_000)}\r\nc`],
  ])("leaves the caller's chunk as it was where %s is to be changed", (_, text, expected) => {
    const chunk = Buffer.from(text);
    expect(encode(chunk).toString()).toBe(`${expected}\r\n.\r\n`);
    expect(chunk.toString()).toBe(text);
  });

  test("begins a new block after the end of the one before", () => {
    const encoder = new DotEncoder();
    encoder.encode(Buffer.from("unfinished"));
    expect(Buffer.from(encoder.finish()).toString()).toBe("\r\n.\r\n");
    expect(Buffer.concat(encoder.encode(Buffer.from("."))).toString()).toBe("..");
  });

  test("is the terminator alone for no content", () => {
    expect(encode(Buffer.alloc(0)).toString()).toBe(".\r\n");
    expect(encode(Buffer.alloc(0), [0, 0]).toString()).toBe(".\r\n");
  });

  test.each([
    ["dots alone", "..\r\n"],
    ["lone line feeds", "\n"],
    ["long lines", `${"x".repeat(2_000)}\n`],
    ["one endless line", "x"],
  ])("takes linear time for %s", (_, unit) => {
    const text = Buffer.alloc(4 * 1_048_576, unit);
    const start = performance.now();
    const wire = encode(text, [1, 1_048_576, 3]);
    expect(performance.now() - start).toBeLessThan(10_000);
    expect(firstBlock(wire)?.content.length).toBe(withLineEnds(text.toString()).length);
  });
});

describe("the decoder", () => {
  test("gives what a naive one gives over the whole, and leaves what is behind the end untouched", () => {
    fc.assert(
      fc.property(tricky, tricky, sizes, (text, behind, received) => {
        const wire = Buffer.from(`${text}\r\n.\r\n${behind}`);
        const { content, consumed, rest, done } = decode(pieces(wire, received));
        const reference = firstBlock(wire);
        expect(content.toString("latin1")).toBe(reference?.content);
        expect({ consumed, done }).toEqual({ consumed: reference?.consumed, done: true });
        expect(rest.equals(wire.subarray(consumed))).toBe(true);
      }),
      { numRuns: 1_000 },
    );
  });

  test("takes no smuggled end for one, wherever it is cut twice", () => {
    for (const sequence of SMUGGLING) {
      const wire = Buffer.from(`a${sequence}MAIL FROM:<b>\r\n.\r\n`);
      for (let first = 1; first < wire.length; first += 1) {
        for (let second = 1; second <= wire.length - first; second += 1) {
          const { content, consumed } = decode(pieces(wire, [first, second]));
          const whole = consumed === wire.length && content.toString().endsWith("MAIL FROM:<b>\r\n");
          expect({ sequence, first, second, whole }).toEqual({ sequence, first, second, whole: true });
        }
      }
    }
  });

  test("sees the end behind a chunk that ends with a line whose dot was removed", () => {
    const { content, done } = decode([Buffer.from("..a\r\n"), Buffer.from(".\r\n")]);
    expect({ content: content.toString(), done }).toEqual({ content: ".a\r\n", done: true });
  });

  test("keeps a lone CR or LF as content", () => {
    expect(decode([Buffer.from("a\n.\nb\r.\rc\r\n.\r\n")]).content.toString()).toBe("a\n.\nb\r.\rc\r\n");
  });

  test("has no end to report while there is none", () => {
    fc.assert(
      fc.property(tricky, sizes, (text, received) => {
        const wire = Buffer.from(text);
        fc.pre(firstBlock(wire) === undefined);
        const { consumed, done } = decode(pieces(wire, received));
        expect({ consumed, done }).toEqual({ consumed: wire.length, done: false });
      }),
    );
  });

  test("finds the blocks of a stream one after the other", () => {
    const decoder = new DotDecoder();
    let wire = Buffer.from(".\r\n..one\r\n.\r\n.\r\ntwo\r\n.\r\n");
    const blocks: string[] = [];
    while (wire.length > 0) {
      const { data, consumed, done } = decoder.decode(wire);
      expect(done).toBe(true);
      blocks.push(data.toString());
      wire = wire.subarray(consumed);
    }
    expect(blocks).toEqual(["", ".one\r\n", "", "two\r\n"]);
  });

  test("decodes in the memory of the chunk, for no copy to be needed", () => {
    const chunk = Buffer.from("..a\r\n..b\r\n");
    const { data } = new DotDecoder().decode(chunk);
    expect(data.toString()).toBe(".a\r\n.b\r\n");
    expect(data.buffer).toBe(chunk.buffer);
    expect(data.byteOffset).toBe(chunk.byteOffset);
  });
});

describe("a block of many megabytes is decoded in linear time", () => {
  const megabytes = 8 * 1_048_576;

  test.each([
    ["dots alone", "..\r\n"],
    ["stuffed empty lines", "\r\n.."],
    ["lines of one character", "a\r\n"],
    ["ends that are none", "\r\n.\r"],
    ["lone CRs", "\r"],
    ["dots just too far apart for the loop", `${"x".repeat(48)}\r\n.`],
  ])("%s", (_, unit) => {
    const wire = Buffer.concat([Buffer.alloc(megabytes, unit), Buffer.from("\r\n.\r\n")]);
    const expected = firstBlock(wire);
    const start = performance.now();
    const { content, consumed } = decode(evenly(wire, 65_536));
    const milliseconds = performance.now() - start;
    expect(consumed).toBe(expected?.consumed);
    expect(content.equals(Buffer.from(expected?.content ?? "", "latin1"))).toBe(true);
    // A pass over these bytes takes some 100 ms; one per line would take hours.
    expect(milliseconds).toBeLessThan(5_000);
  });
});
