// Lines and exact counts as promises: their order, their end, giving them up, and what holds the source back.
import fc from "fast-check";
import { afterEach, describe, expect, test, vi } from "vitest";
import { ArgumentError, ConnectionClosedError, LimitError, TimeoutError } from "../src/errors.ts";
import type { Reader } from "../src/reader.ts";
import { evenly, pieces, sizes, textOf } from "./feed.ts";
import { bench, kinds } from "./readers.ts";

vi.setConfig({ testTimeout: 30_000 });

afterEach(() => {
  vi.useRealTimers();
});

/** Lets the promises that are settled already be seen. */
async function settle(): Promise<void> {
  await new Promise((resolve) => {
    setImmediate(resolve);
  });
}

describe.each(kinds)("from %s", (_, source) => {
  test("any lines cut anywhere are read as the same lines, asked for before or after they come", async () => {
    const text = fc.oneof(
      fc.string({ unit: "binary-ascii", maxLength: 60 }).map((content) => Buffer.from(content)),
      fc.string({ unit: "binary", maxLength: 20 }).map((content) => Buffer.from(content)),
      fc.uint8Array({ maxLength: 20 }).map((content) => Buffer.from(content)),
    );
    const lines = fc.array(fc.tuple(text, fc.constantFrom("\r\n", "\n")), { maxLength: 60, size: "max" });
    await fc.assert(
      fc.asyncProperty(lines, sizes, fc.nat({ max: 60 }), async (sent, at, asked) => {
        const wire = Buffer.concat(
          sent.flatMap(([content, end]) => [content.filter((byte) => byte !== 0x0a), Buffer.from(end)]),
        );
        const expected = wire
          .toString("latin1")
          .split("\n")
          .slice(0, -1)
          .map((line) => textOf(Buffer.from(line.replace(/\r$/, ""), "latin1")));
        const { reader, receive } = bench({}, { source });
        const came = Array.from({ length: Math.min(asked, expected.length) }, () => reader.readLine());
        for (const chunk of pieces(wire, at)) receive(chunk);
        while (came.length < expected.length) came.push(reader.readLine());
        expect(await Promise.all(came)).toEqual(expected);
        reader.end();
        expect(await reader.readLine()).toBeUndefined();
      }),
      { numRuns: 150 },
    );
  });

  test("reads are served in the order in which they were asked for, however the bytes are cut", async () => {
    const wire = Buffer.from("first\r\nab\nsecond\r\n..a\r\n.\r\nthird\r\n");
    for (let size = 1; size <= wire.length; size += 1) {
      const { reader, receive } = bench({}, { source });
      const all = Promise.all([
        reader.readLine(),
        reader.readExactly(3),
        reader.readLine(),
        reader.readBlock().text(),
        reader.readExactly(0),
        reader.readLine(),
      ]);
      for (const chunk of evenly(wire, size)) receive(chunk);
      const [first, three, second, block, none, third] = await all;
      expect([first, second, block, third]).toEqual(["first", "second", ".a\r\n", "third"]);
      expect(Buffer.from(three).toString()).toBe("ab\n");
      expect(none).toHaveLength(0);
    }
  });
});

describe("the peer's end", () => {
  test("behind a complete line is no line, as often as one asks", async () => {
    const { reader, receive } = bench();
    receive("last\r\n");
    const waiting = Promise.all([reader.readLine(), reader.readLine()]);
    reader.end();
    expect(await waiting).toEqual(["last", undefined]);
    expect(await reader.readLine()).toBeUndefined();
    expect([reader.ended, reader.error]).toEqual([true, undefined]);
  });

  test("leaves what was received to be read", async () => {
    const { reader, receive } = bench();
    receive("one\r\ntwo\r\nxyz");
    reader.end(new Error("reset"));
    expect(await reader.readLine()).toBe("one");
    expect(await reader.readLine({})).toBe("two");
    expect(Buffer.from(await reader.readExactly(3)).toString()).toBe("xyz");
  });

  test.each<[string, (reader: Reader) => Promise<unknown>, string]>([
    ["a line", (reader) => reader.readLine(), "in the middle of a line"],
    ["a count", (reader) => reader.readExactly(10), "after 4 of 10 bytes"],
    ["a block", (reader) => reader.readBlock().text(), "in the middle of the content"],
  ])("in the middle of %s is an error, asked for before or after", async (_, read, where) => {
    const before = bench();
    const waiting = read(before.reader);
    before.receive("half");
    before.reader.end();
    await expect(waiting).rejects.toThrow(ConnectionClosedError);
    const after = bench();
    after.receive("half");
    after.reader.end();
    await expect(read(after.reader)).rejects.toThrow(`the peer closed the connection ${where}`);
  });

  test("that broke the connection is told as its cause, even behind a complete line", async () => {
    const { reader, receive } = bench();
    receive("line\r\n");
    const cause = new Error("read ECONNRESET");
    reader.end(cause);
    expect(await reader.readLine()).toBe("line");
    await expect(reader.readLine()).rejects.toMatchObject({
      code: "ERR_NETCLI_CLOSED",
      message: expect.stringContaining("read ECONNRESET"),
      cause,
    });
    await expect(reader.readToEnd().bytes()).rejects.toMatchObject({ cause });
  });

  test("that a read itself brings about does not leave the read waiting", async () => {
    const { reader, receive } = bench();
    let settled = false;
    reader.demand({
      stalls: "never",
      attempt: () => {
        settled = reader.ended;
        if (settled) return "settled";
        if (reader.framer.length > 0) reader.end();
        return "waiting";
      },
    });
    const behind = reader.readExactly(1);
    receive("x");
    expect(settled).toBe(true);
    expect(await behind).toEqual(Buffer.from("x"));
  });
});

describe("a read that is given up by its signal", () => {
  test("is withdrawn alone, and those around it get what they would have got", async () => {
    const { reader, receive } = bench();
    const controller = new AbortController();
    const first = reader.readLine();
    const second = reader.readLine({ signal: controller.signal });
    const third = reader.readLine();
    const reason = new Error("enough");
    controller.abort(reason);
    await expect(second).rejects.toBe(reason);
    receive("a\r\nb\r\n");
    expect(await Promise.all([first, third])).toEqual(["a", "b"]);
  });

  test("loses no byte of a line or of a count that had begun", async () => {
    const { reader, receive, destroyed } = bench();
    for (const part of ["ab", "cd"]) {
      const controller = new AbortController();
      const { signal } = controller;
      const read = part === "ab" ? reader.readLine({ signal }) : reader.readExactly(100, { signal });
      receive(part);
      controller.abort();
      await expect(read).rejects.toMatchObject({ name: "AbortError" });
    }
    receive("ef\r\n");
    expect(await reader.readLine()).toBe("abcdef");
    expect(destroyed).toEqual([]);
  });

  test("hands the bytes of its count to whoever waits behind it", async () => {
    const { reader, receive } = bench();
    const controller = new AbortController();
    const count = reader.readExactly(100, { signal: controller.signal });
    const line = reader.readLine();
    receive("line\r\n");
    controller.abort();
    await expect(count).rejects.toMatchObject({ name: "AbortError" });
    expect(await line).toBe("line");
  });

  test("does not begin if the signal was aborted before", async () => {
    const { reader, receive } = bench();
    receive("line\r\n");
    await expect(reader.readLine({ signal: AbortSignal.abort() })).rejects.toMatchObject({
      name: "AbortError",
    });
    expect(await reader.readLine()).toBe("line");
  });

  test("no longer listens to the signal once it has its line", async () => {
    const { reader, receive } = bench();
    const controller = new AbortController();
    const add = vi.spyOn(controller.signal, "addEventListener");
    const remove = vi.spyOn(controller.signal, "removeEventListener");
    const line = reader.readLine({ signal: controller.signal });
    receive("line\r\n");
    expect(await line).toBe("line");
    controller.abort();
    expect(add).toHaveBeenCalledTimes(1);
    expect(remove).toHaveBeenCalledWith("abort", add.mock.calls[0]?.[1]);
  });
});

describe("limits and arguments", () => {
  test("a line beyond the limit costs the connection, asked for before or after", async () => {
    const before = bench({ lineBytes: 10 });
    const waiting = before.reader.readLine();
    const behind = before.reader.readExactly(100);
    before.receive("0123456789");
    await expect(waiting).rejects.toThrow(LimitError);
    await expect(behind).rejects.toThrow(LimitError);
    expect(before.destroyed).toEqual([expect.any(LimitError)]);
    const after = bench({ lineBytes: 10 });
    after.receive("0123456789");
    await expect(after.reader.readLine()).rejects.toMatchObject({ limit: "lineBytes" });
    expect(after.destroyed).toHaveLength(1);
  });

  test.each([-1, 0.5, Number.NaN, 2 ** 60])("a count of %d is refused", async (count) => {
    await expect(bench().reader.readExactly(count)).rejects.toThrow(ArgumentError);
  });
});

describe("the stall timeout", () => {
  test("ends the connection when the peer sends nothing for its time, and every byte begins it anew", async () => {
    vi.useFakeTimers();
    const { reader, receive, destroyed } = bench({}, { stall: 1_000 });
    const bytes = reader.readExactly(10);
    for (let byte = 0; byte < 5; byte += 1) {
      vi.advanceTimersByTime(999);
      receive("x");
    }
    expect(destroyed).toEqual([]);
    vi.advanceTimersByTime(1_000);
    await expect(bytes).rejects.toBe(destroyed[0]);
    expect(destroyed).toEqual([expect.any(TimeoutError)]);
    expect(destroyed[0]).toMatchObject({ phase: "stall", milliseconds: 1_000 });
    expect(vi.getTimerCount()).toBe(0);
  });

  test("runs from the first byte of a line to its last, whatever drips in between", async () => {
    vi.useFakeTimers();
    const { reader, receive, destroyed } = bench({}, { stall: 1_000 });
    const line = reader.readLine();
    vi.advanceTimersByTime(999);
    receive("x");
    for (let byte = 0; byte < 9; byte += 1) {
      vi.advanceTimersByTime(100);
      receive("x");
    }
    expect(destroyed).toEqual([]);
    vi.advanceTimersByTime(100);
    await expect(line).rejects.toBe(destroyed[0]);
    expect(destroyed[0]).toMatchObject({ phase: "stall", message: expect.stringContaining("line") });
  });

  test("begins anew with each line", async () => {
    vi.useFakeTimers();
    const { reader, receive, destroyed } = bench({}, { stall: 1_000 });
    const lines = [reader.readLine(), reader.readLine()];
    receive("a");
    vi.advanceTimersByTime(900);
    receive("\nb");
    vi.advanceTimersByTime(900);
    receive("\n");
    await expect(Promise.all(lines)).resolves.toEqual(["a", "b"]);
    expect(destroyed).toEqual([]);
  });

  test("leaves no timer behind when the connection ends", async () => {
    vi.useFakeTimers();
    const { reader } = bench({}, { stall: 1_234 });
    const line = reader.readLine();
    expect(vi.getTimerCount()).toBe(1);
    reader.end();
    expect(await line).toBeUndefined();
    expect(vi.getTimerCount()).toBe(0);
  });

  test("does not count while nobody asks", () => {
    vi.useFakeTimers();
    const { reader, receive, destroyed } = bench({}, { stall: 1_000 });
    void reader.readLine();
    receive("line\r\n");
    vi.advanceTimersByTime(10_000);
    receive("more");
    vi.advanceTimersByTime(10_000);
    expect(destroyed).toEqual([]);
  });

  test("does not count any more when the read was given up", async () => {
    vi.useFakeTimers();
    const { reader, destroyed } = bench({}, { stall: 1_000 });
    const controller = new AbortController();
    const line = reader.readLine({ signal: controller.signal });
    controller.abort();
    await expect(line).rejects.toThrow("aborted");
    vi.advanceTimersByTime(10_000);
    expect(destroyed).toEqual([]);
  });
});

describe("backpressure", () => {
  test("stops the source at the first chunk that nobody asked for, and goes on when it is wanted", async () => {
    const { reader, stream, receive } = bench();
    const first = reader.readLine();
    expect(receive("one\r\n")).toBe(true);
    expect(receive("two\r\nthr")).toBe(false);
    expect(await Promise.all([first, reader.readLine()])).toEqual(["one", "two"]);
    await settle();
    expect(stream.isPaused()).toBe(true);
    const third = reader.readLine();
    expect(stream.isPaused()).toBe(false);
    expect(receive("ee\r\n")).toBe(true);
    expect(await third).toBe("three");
  });
});
