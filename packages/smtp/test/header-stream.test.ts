// Headers of messages that are streams: cut anywhere, read no further than needed, and closed in time.
import { Readable } from "node:stream";
import { setImmediate as turn } from "node:timers/promises";
import { ArgumentError, type Content } from "@netcli/core-transport";
import { describe, expect, test, vi } from "vitest";
import { splitHeader, type SplitMessage } from "../src/header.ts";
import { cpuMilliseconds } from "./linear-time.ts";

vi.setConfig({ testTimeout: 60_000 });

const MIB = 1_048_576;

function streamOf({ content }: SplitMessage): AsyncIterableIterator<Uint8Array> {
  if (content instanceof Uint8Array) throw new Error("a stream went in, and none came out");
  return content;
}

async function readAll(message: SplitMessage): Promise<string> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of streamOf(message)) chunks.push(chunk);
  return Buffer.concat(chunks).toString("latin1");
}

/** A stream that tells how much of it was asked for, and whether it was closed. */
class Watched implements AsyncIterableIterator<Uint8Array> {
  asked = 0;
  closed = 0;
  readonly #chunks: readonly (string | Error)[];

  constructor(...chunks: (string | Error)[]) {
    this.#chunks = chunks;
  }

  async next(): Promise<IteratorResult<Uint8Array>> {
    const chunk = this.#chunks[this.asked];
    this.asked += 1;
    if (chunk instanceof Error) throw chunk;
    return chunk === undefined
      ? { done: true, value: undefined }
      : { done: false, value: Buffer.from(chunk) };
  }

  async return(): Promise<IteratorResult<Uint8Array>> {
    this.closed += 1;
    return { done: true, value: undefined };
  }

  [Symbol.asyncIterator](): this {
    return this;
  }
}

const messages = [
  "",
  "\r\n",
  "A: b",
  "A: b\r",
  "A: b\r\nBcc: b@x\r\n c@x\r\nC: d\r\n\r\nbody\r\nBcc: e@x\r\n",
  "A: b\rBcc: b@x\n\nTo: e@x",
  "A: b\rBcc: b@x\n\r\nTo: e@x",
  "A: b\nBcc: b@x\n\rTo: e@x",
  "A: b\nBcc: b@x\r\r\nTo: e@x",
  "Bcc: b@x\n\nbody",
  "Bcc: b@x",
  "A: b\n \n\nB: c",
  "no header\r\nBcc: b@x\r\n\r\n",
  "From a@x now\r\nBcc: b@x",
  "\n\nBcc: b@x",
];

describe("a stream gives what its bytes would have given", () => {
  test.each(messages)("cut anywhere: %j", async (text) => {
    const whole = Buffer.from(text);
    const { fields, content, removed } = await splitHeader(whole);
    const left = Buffer.from(content as Uint8Array).toString("latin1");
    for (let first = 0; first <= whole.length; first += 1) {
      for (let second = first; second <= whole.length; second += 1) {
        const message = await splitHeader([
          whole.subarray(0, first),
          whole.subarray(first, second),
          whole.subarray(second),
        ]);
        const found = { fields: message.fields, removed: message.removed, left: await readAll(message) };
        expect({ first, second, ...found }).toEqual({ first, second, fields, removed, left });
      }
    }
  });

  test.each(messages)("byte by byte: %j", async (text) => {
    const { fields, content, removed } = await splitHeader(text);
    const message = await splitHeader(Array.from(Buffer.from(text), (byte) => Buffer.of(byte)));
    expect(message).toMatchObject({ fields, removed });
    expect(await readAll(message)).toBe(Buffer.from(content as Uint8Array).toString("latin1"));
  });

  test.each<[string, () => Content]>([
    ["strings", () => ["A: b\r\nBcc: b", "@x\r\n\r\nbody"]],
    ["a Readable", () => Readable.from(["A: b\r\nBcc: b", "@x\r\n\r\nbody"])],
    ["a web stream", () => new Blob(["A: b\r\nBcc: b@x\r\n\r\nbody"]).stream()],
  ])("of %s", async (_, contentOf) => {
    const message = await splitHeader(contentOf());
    expect(message.removed).toBe(10);
    expect(await readAll(message)).toBe("A: b\r\n\r\nbody");
  });

  test("in memory that is used again for each chunk", async () => {
    const memory = Buffer.alloc(1);
    const source = function* (): Generator<Uint8Array, void, void> {
      for (const byte of Buffer.from("A: b\r\nBcc: b@x\r\n\r\n")) {
        memory[0] = byte;
        yield memory;
      }
    };
    expect(await readAll(await splitHeader(source()))).toBe("A: b\r\n\r\n");
  });
});

describe("of a stream", () => {
  test("nothing is read behind the header before it is asked for", async () => {
    const source = new Watched("A: b\r\n", "Bcc: b@x\r\n\r", "\n1", "2", "3");
    const content = streamOf(await splitHeader(source));
    expect(source.asked).toBe(2);
    const pieces: string[] = [];
    for await (const chunk of content) {
      pieces.push(Buffer.from(chunk).toString());
      await turn();
      expect(source.asked).toBe(pieces.length + 1);
    }
    expect(pieces).toEqual(["A: b\r\n\r", "\n1", "2", "3"]);
    expect(source.closed).toBe(0);
  });

  test.each([
    "\n",
    "\r",
    "\r\n",
    "A: b\n\n",
    "A: b\r\r",
    "A: b\r\nC: d\n\n",
    "A: b\rC: d\n\r",
    "A: b\n\r\nC: d",
  ])("nothing is read behind %j", async (header) => {
    const source = new Watched(header, "body");
    expect(await readAll(await splitHeader(source))).toBe(`${header}body`);
    await splitHeader(Object.assign(source, { asked: 0 }));
    expect(source.asked).toBe(1);
  });

  test("without a header, nothing is read behind the first line", async () => {
    const source = new Watched("no ", "header\r", "body", "body");
    const message = await splitHeader(source);
    expect(source.asked).toBe(2);
    expect(await readAll(message)).toBe("no header\rbodybody");
  });

  test("the chunks behind the header are those of the stream", async () => {
    const body = Buffer.from("body");
    const content = streamOf(await splitHeader([Buffer.from("A: b\n\n"), body]));
    await content.next();
    expect((await content.next()).value).toBe(body);
  });

  test("nothing comes for a header of which nothing is left", async () => {
    const content = streamOf(await splitHeader(["Bcc: b@x", ""]));
    expect(await content.next()).toEqual({ done: true, value: undefined });
  });

  test("more may be asked for at once", async () => {
    const content = streamOf(await splitHeader(new Watched("A: b\n\n", "1", "2")));
    const results = await Promise.all([content.next(), content.next(), content.next(), content.next()]);
    expect(results.map(({ value }) => (value === undefined ? "end" : Buffer.from(value).toString()))).toEqual(
      ["A: b\n\n", "1", "2", "end"],
    );
  });
});

describe("a stream is closed", () => {
  test("when its reader stops early", async () => {
    for (const pieces of [1, 2]) {
      const source = new Watched("A: b\n\n", "1", "2");
      let read = 0;
      for await (const _ of streamOf(await splitHeader(source))) {
        read += 1;
        if (read === pieces) break;
      }
      expect(source).toMatchObject({ closed: 1, asked: pieces });
    }
  });

  test("when nobody begins to read it", async () => {
    const source = new Watched("A: b\n\n", "1");
    const content = streamOf(await splitHeader(source));
    await content.return?.();
    expect(source.closed).toBe(1);
    expect(await content.next()).toEqual({ done: true, value: undefined });
  });

  test("as Node's and the web's are", async () => {
    const readable = Readable.from(["A: b\n\n", "1", "2"]);
    await streamOf(await splitHeader(readable)).return?.();
    expect(readable.destroyed).toBe(true);
    const reasons: unknown[] = [];
    const web = new ReadableStream<Uint8Array>({
      pull: (controller) => controller.enqueue(Buffer.from("A: b\n\n")),
      cancel: (reason) => void reasons.push(reason),
    });
    await streamOf(await splitHeader(web)).return?.();
    expect(reasons).toHaveLength(1);
  });

  test("when its header has no end", async () => {
    const lines = "A: b\r\n".repeat(10_000);
    const source = new Watched(...Array.from({ length: 100 }, () => lines));
    await expect(splitHeader(source)).rejects.toEqual(
      new ArgumentError("the header of the message is longer than 1048576 bytes; nothing was sent"),
    );
    expect(source).toMatchObject({ asked: Math.ceil((MIB + 1) / lines.length), closed: 1 });
  });

  test("and what fails in closing does not hide why", async () => {
    const source = new Watched("A: b\r\n".repeat(200_000));
    source.return = () => Promise.reject(new Error("can't be closed"));
    await expect(splitHeader(source)).rejects.toThrow("the header of the message is longer");
  });

  test("for a chunk that is none", async () => {
    const source = {
      closed: 0,
      *[Symbol.iterator]() {
        try {
          yield "A: b\r\n";
          yield 5 as unknown as string;
        } finally {
          source.closed += 1;
        }
      },
    };
    await expect(splitHeader(source)).rejects.toThrow(ArgumentError);
    expect(source.closed).toBe(1);
  });
});

describe("a stream that fails hands its error on", () => {
  const failure = new Error("disk");

  test("in the header", async () => {
    await expect(splitHeader(new Watched("A: b\r\n", failure))).rejects.toBe(failure);
  });

  test("behind it", async () => {
    const content = streamOf(await splitHeader(new Watched("A: b\r\n\r\n", failure)));
    await content.next();
    await expect(content.next()).rejects.toBe(failure);
  });
});

describe("a header of a megabyte", () => {
  test("is read from a stream as from bytes", async () => {
    for (const [bytes, end] of [
      [MIB, ""],
      [MIB - 1, "\n\nbody"],
      [MIB - 2, "\r\n\r\nbody"],
      [MIB - 1, "\r\n\r\nbody"],
      [MIB + 1, ""],
    ] as const) {
      const whole = Buffer.from(`A: ${"x".repeat(bytes - 3)}${end}`);
      const failed = "refused";
      const expected = await splitHeader(whole).then(
        ({ removed }) => removed,
        () => failed,
      );
      for (const size of [MIB - 3, MIB - 2, MIB - 1, MIB, MIB + 1]) {
        const found = await splitHeader([whole.subarray(0, size), whole.subarray(size)]).then(
          async (message) => ((await readAll(message)).length === whole.length ? message.removed : "cut"),
          () => failed,
        );
        expect({ bytes, end, size, found }).toEqual({ bytes, end, size, found: expected });
      }
    }
  });

  test("that turns out to be none is passed on", async () => {
    const chunk = "x".repeat(10_000);
    const source = new Watched(...Array.from({ length: 200 }, () => chunk));
    const message = await splitHeader(source);
    expect(message.fields).toEqual([]);
    expect(source.asked).toBe(105);
    expect(await readAll(message)).toBe(chunk.repeat(200));
  });

  test.each([
    ["one line", "x"],
    ["short lines", "x\nA: "],
  ])("of %s takes no longer than a moment, byte by byte", async (_, unit) => {
    const text = `A: ${unit.repeat(200_000 / unit.length)}\n\n`;
    const bytes = Array.from(Buffer.from(text), (byte) => Buffer.of(byte));
    expect(await cpuMilliseconds(() => splitHeader(bytes))).toBeLessThan(2_500);
  });
});
