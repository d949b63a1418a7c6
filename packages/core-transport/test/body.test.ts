// Content as a stream: what a consumer gets, what an absent, a slow or a leaving one costs.
import fc from "fast-check";
import { afterEach, describe, expect, test, vi } from "vitest";
import { ArgumentError, ConnectionClosedError, LimitError, TimeoutError } from "../src/errors.ts";
import { DotEncoder } from "../src/dot.ts";
import { evenly, pieces, sizes, textOf, tricky } from "./feed.ts";
import { type Bench, bench, kinds } from "./readers.ts";

vi.setConfig({ testTimeout: 30_000 });

const KIB = 1_024;

afterEach(() => {
  vi.useRealTimers();
});

async function collect<T>(from: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const item of from) all.push(item);
  return all;
}

/** Feeds chunks of 16 KiB until the reader wants no more, up to 10 MiB; gives the bytes it took. */
function flood({ receive }: Bench): number {
  const chunk = Buffer.alloc(16 * KIB, "x".repeat(62) + "\r\n");
  let fed = chunk.length;
  while (receive(chunk) && fed < 10_240 * KIB) fed += chunk.length;
  return fed;
}

describe.each(kinds)("content from %s", (_, source) => {
  test("is what was sent in a block, and what is behind it goes to the next read", async () => {
    await fc.assert(
      fc.asyncProperty(tricky, sizes, async (text, at) => {
        const encoder = new DotEncoder();
        const sent = Buffer.concat([
          ...encoder.encode(Buffer.from(text)),
          encoder.finish(),
          Buffer.from("next\r\n"),
        ]);
        const { reader, receive } = bench({}, { source });
        const came = Promise.all([reader.readBlock().text(), reader.readLine()]);
        for (const chunk of pieces(sent, at)) receive(chunk);
        const lines = Buffer.from(text)
          .toString()
          .replaceAll(/\r\n|\r|\n/g, "\r\n");
        const end = lines === "" || lines.endsWith("\r\n") ? "" : "\r\n";
        expect(await came).toEqual([lines + end, "next"]);
      }),
      { numRuns: 200 },
    );
  });

  test("is the same up to the peer's end in every form", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.uint8Array({ maxLength: 3_000, size: "max" }),
        tricky,
        sizes,
        async (bytes, text, at) => {
          const sent = Buffer.concat([bytes, Buffer.from(text)]);
          const open = (): ReturnType<Bench["reader"]["readToEnd"]> => {
            const { reader, receive } = bench({}, { source });
            const body = reader.readToEnd();
            for (const chunk of pieces(sent, at)) receive(chunk);
            reader.end();
            return body;
          };
          const whole = await open().bytes();
          expect(Buffer.compare(whole, sent)).toBe(0);
          expect(Buffer.isBuffer(whole)).toBe(false);
          expect(await open().text()).toBe(textOf(sent));
          expect(Buffer.concat(await collect(open()))).toEqual(sent);
          expect(Buffer.concat(await collect<Uint8Array>(open().stream()))).toEqual(sent);
          const lines = sent.toString("latin1").split("\n");
          const last = lines.pop() ?? "";
          const expected = [...lines.map((line) => line.replace(/\r$/, "")), ...(last === "" ? [] : [last])];
          expect(await collect(open().lines())).toEqual(
            expected.map((line) => textOf(Buffer.from(line, "latin1"))),
          );
        },
      ),
      { numRuns: 40 },
    );
  });

  test("stays as it was handed out when more arrives", async () => {
    const { reader, receive } = bench({}, { source });
    const kept: Uint8Array[] = [];
    const body = reader.readToEnd();
    const chunks = body[Symbol.asyncIterator]();
    for (let round = 0; round < 20; round += 1) {
      const next = chunks.next();
      receive(Buffer.alloc(3_000, `canary ${round} `));
      const { value } = await next;
      if (value !== undefined) kept.push(value);
    }
    for (const [round, chunk] of kept.entries()) {
      expect(Buffer.compare(chunk, Buffer.alloc(3_000, `canary ${round} `))).toBe(0);
    }
    expect(kept).toHaveLength(20);
  });
});

describe("a body", () => {
  test("can be read only once", async () => {
    const { reader, receive } = bench();
    const body = reader.readBlock();
    receive("a\r\n.\r\n");
    expect(await body.text()).toBe("a\r\n");
    await expect(body.text()).rejects.toThrow(ArgumentError);
    await expect(collect(body.lines())).rejects.toThrow("a body can be read only once");
  });

  test("has nothing to give after it was cancelled", async () => {
    const { reader, receive } = bench();
    const body = reader.readBlock();
    receive("a\r\n");
    body.cancel();
    await expect(body.bytes()).rejects.toThrow(ArgumentError);
  });

  test("gives one chunk at a time", async () => {
    const chunks = bench().reader.readToEnd()[Symbol.asyncIterator]();
    void chunks.next();
    await expect(chunks.next()).rejects.toThrow("one next() at a time");
  });

  test("gives what came before its connection broke, and then the reason", async () => {
    const { reader, receive } = bench();
    const body = reader.readBlock();
    receive("first\r\n");
    reader.end(new Error("read ECONNRESET"));
    const chunks = body[Symbol.asyncIterator]();
    expect(await chunks.next()).toEqual({ done: false, value: new Uint8Array(Buffer.from("first\r\n")) });
    await expect(chunks.next()).rejects.toThrow(ConnectionClosedError);
    await expect(chunks.next()).rejects.toThrow("read ECONNRESET");
  });

  test("that nobody reads does not fail aloud", async () => {
    const { reader, receive } = bench();
    const onEnd = vi.fn<(error?: Error) => void>();
    reader.readBlock({ onEnd });
    receive("half");
    reader.end();
    expect(onEnd.mock.calls).toEqual([[expect.any(ConnectionClosedError)]]);
  });

  test("ends its connection when a block has more bytes than the limit", async () => {
    const { reader, receive, destroyed } = bench({ blockBytes: 10 });
    const fits = reader.readBlock();
    const breaks = reader.readBlock();
    receive("12345678\r\n.\r\n123456789\r\n.\r\n");
    expect(await fits.text()).toBe("12345678\r\n");
    await expect(breaks.text()).rejects.toMatchObject({ limit: "blockBytes" });
    expect(destroyed).toEqual([expect.any(LimitError)]);
  });

  test("refuses a line of more than a mebibyte, and reads one of just that", async () => {
    const { reader, receive } = bench();
    const lines = collect(reader.readToEnd().lines());
    receive(`${"x".repeat(1_048_575)}\n`);
    reader.end();
    expect(await lines).toEqual(["x".repeat(1_048_575)]);
    const other = bench();
    const failing = collect(other.reader.readToEnd().lines());
    for (const chunk of evenly(Buffer.alloc(1_048_576, "x"), 65_536)) other.receive(chunk);
    await expect(failing).rejects.toThrow(LimitError);
  });
});

describe("a consumer that is not there", () => {
  test("holds the source up after 64 KiB", () => {
    const peer = bench();
    peer.reader.readBlock();
    expect(flood(peer)).toBeLessThanOrEqual((64 + 2 * 16) * KIB);
    expect(peer.stream.isPaused()).toBe(true);
  });

  test("holds it up after as much as it was said may wait", () => {
    const peer = bench();
    peer.reader.readBlock({ unreadBytes: () => 512 * KIB });
    const fed = flood(peer);
    expect(fed).toBeGreaterThanOrEqual(512 * KIB);
    expect(fed).toBeLessThanOrEqual((512 + 2 * 16) * KIB);
  });

  test("is no fault of the peer's", () => {
    vi.useFakeTimers();
    const peer = bench({}, { stall: 1_000 });
    peer.reader.readBlock();
    flood(peer);
    vi.advanceTimersByTime(1_000_000);
    expect(peer.destroyed).toEqual([]);
  });
});

describe("a slow consumer", () => {
  test("gets all, while no more than a little is read ahead of it", async () => {
    const peer = bench();
    const body = peer.reader.readBlock();
    let received = 0;
    let fed = flood(peer);
    for await (const chunk of body) {
      received += chunk.length;
      // What it has not got yet is in memory.
      expect(fed - received).toBeLessThanOrEqual((64 + 2 * 16) * KIB);
      if (received > 2_048 * KIB) break;
      if (!peer.stream.isPaused()) fed += flood(peer);
    }
    expect(received).toBeGreaterThan(2_048 * KIB);
  });

  test("has more on the way while it works on the last of what there was", async () => {
    const peer = bench();
    const body = peer.reader.readBlock({ unreadBytes: () => 1 });
    peer.receive("one");
    expect(peer.receive("two")).toBe(false);
    const chunks = body[Symbol.asyncIterator]();
    expect((await chunks.next()).value).toHaveLength(3);
    expect(peer.stream.isPaused()).toBe(false);
  });

  test("is no fault of the peer's, but a silent peer is when the consumer has taken all", async () => {
    vi.useFakeTimers();
    const peer = bench({}, { stall: 1_000 });
    const chunks = peer.reader.readBlock()[Symbol.asyncIterator]();
    flood(peer);
    for (let fed = 0; fed < 4; fed += 1) {
      vi.advanceTimersByTime(100_000);
      await chunks.next();
    }
    expect(peer.destroyed).toEqual([]);
    while (peer.stream.isPaused()) await chunks.next();
    vi.advanceTimersByTime(999);
    expect(peer.destroyed).toEqual([]);
    vi.advanceTimersByTime(1);
    expect(peer.destroyed).toEqual([expect.any(TimeoutError)]);
  });
});

describe("a consumer that leaves", () => {
  test.each<[string, (body: ReturnType<Bench["reader"]["readBlock"]>) => Promise<void>]>([
    ["in the middle", async (body) => void (await body[Symbol.asyncIterator]().return?.())],
    ["before the beginning", async (body) => body.cancel()],
  ])("%s lets a small rest be received, for the next read to follow", async (_, leave) => {
    const { reader, receive, destroyed } = bench();
    const body = reader.readBlock();
    const next = reader.readLine();
    receive("begin\r\n");
    await leave(body);
    receive(`${"x".repeat(60 * KIB)}\r\n.\r\nnext\r\n`);
    expect(await next).toBe("next");
    expect(destroyed).toEqual([]);
  });

  test("gives the connection up for a large rest, and keeps none of it", async () => {
    const peer = bench();
    const onEnd = vi.fn<(error?: Error) => void>();
    const body = peer.reader.readBlock({ onEnd });
    const next = peer.reader.readLine();
    const chunks = body[Symbol.asyncIterator]();
    peer.receive("begin\r\n");
    await chunks.return?.();
    peer.receive(Buffer.alloc(64 * KIB, "x"));
    expect(peer.destroyed).toEqual([]);
    peer.receive("x");
    expect(peer.destroyed).toEqual([expect.any(ConnectionClosedError)]);
    expect(onEnd.mock.calls).toEqual([[peer.destroyed[0]]]);
    await expect(chunks.next()).rejects.toBe(peer.destroyed[0]);
    await expect(next).rejects.toThrow("content was left unread");
  });

  test("wakes a source that was held up for it", async () => {
    const peer = bench();
    const body = peer.reader.readBlock({ unreadBytes: () => KIB });
    flood(peer);
    expect(peer.stream.isPaused()).toBe(true);
    body.cancel();
    expect(peer.stream.isPaused()).toBe(false);
    peer.receive(".\r\nnext\r\n");
    expect(await peer.reader.readLine()).toBe("next");
  });

  test("by destroying the stream gives the rest up too", async () => {
    const peer = bench();
    const stream = peer.reader.readBlock().stream();
    peer.receive("begin\r\n");
    for await (const chunk of stream) {
      expect(String(chunk)).toBe("begin\r\n");
      break;
    }
    peer.receive("rest\r\n.\r\nnext\r\n");
    expect(await peer.reader.readLine()).toBe("next");
  });
});
