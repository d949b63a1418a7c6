// Content in every form in which callers may have it.
import { Readable } from "node:stream";
import { describe, expect, test } from "vitest";
import { chunksOf, type Content } from "../src/content.ts";
import { ArgumentError } from "../src/errors.ts";

async function collect(content: Content): Promise<Uint8Array[]> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of chunksOf(content)) chunks.push(chunk);
  return chunks;
}

async function* generate<T>(...items: T[]): AsyncGenerator<T, void, void> {
  yield* items;
}

const bytes = Buffer.from("grün\r\n");

describe("content", () => {
  test.each<[string, Content]>([
    ["a string", "grün\r\n"],
    ["bytes", new Uint8Array(bytes)],
    ["a Buffer", bytes],
    ["an array of strings", ["gr", "ün", "\r\n"]],
    ["an array of both", ["gr", Buffer.from("ün"), "\r\n"]],
    ["a set", new Set(["grün", "\r\n"])],
    ["an async generator", generate<string | Uint8Array>("grün", Buffer.from("\r\n"))],
    ["a Readable of bytes", Readable.from([bytes.subarray(0, 3), bytes.subarray(3)])],
    ["a Readable with an encoding", Readable.from([bytes], { objectMode: false, encoding: "utf8" })],
    ["a web stream", new Blob([bytes]).stream()],
  ])("may be %s", async (_, content) => {
    const chunks = await collect(content);
    expect(chunks.every((chunk) => chunk instanceof Uint8Array)).toBe(true);
    expect(Buffer.concat(chunks)).toEqual(bytes);
  });

  test("is not copied where it is bytes", async () => {
    expect((await collect(bytes))[0]).toBe(bytes);
    expect((await collect([bytes]))[0]).toBe(bytes);
  });

  test("comes in slices where one chunk is large, without a copy", async () => {
    const large = Buffer.alloc(2_500_000, "abc");
    const chunks = await collect([large, "x"]);
    expect(chunks.map((chunk) => chunk.length)).toEqual([1_048_576, 1_048_576, 402_848, 1]);
    expect(chunks.slice(0, 3).every((chunk) => chunk.buffer === large.buffer)).toBe(true);
    expect(Buffer.concat(chunks).subarray(0, -1).equals(large)).toBe(true);
  });

  test("may be empty", async () => {
    expect(await collect([])).toEqual([]);
    expect(Buffer.concat(await collect(""))).toHaveLength(0);
  });

  test.each<[string, unknown]>([
    ["number", [1, 2, 3]],
    ["object", generate({})],
    ["object", [null]],
    ["undefined", [undefined]],
    ["object", [new ArrayBuffer(1)]],
  ])("with a chunk that is a %s is refused", async (type, content) => {
    const failure = new ArgumentError(`content must be strings or Uint8Array chunks, not ${type}`);
    await expect(collect(content as Content)).rejects.toEqual(failure);
  });

  test("that fails hands its error on", async () => {
    const failure = new Error("disk");
    const stream = new Readable({ read: () => undefined });
    const all = collect(stream);
    stream.destroy(failure);
    await expect(all).rejects.toBe(failure);
  });

  test("is closed when it is not read to its end", async () => {
    const stream = Readable.from([bytes, bytes]);
    for await (const chunk of chunksOf(stream)) {
      expect(chunk).toBe(bytes);
      break;
    }
    expect(stream.destroyed).toBe(true);
  });
});
