// readLines: all the lines that are there, the same ones that readLine gives one by one.
import { failureOf } from "@netcli/test-kit";
import { LimitError } from "../src/index.ts";
import { expect, test } from "vitest";
import { bench } from "./readers.ts";

const content = "one\r\n\r\ntwo\nthr\u00e9e\r\nfour\r\r\n\r\nfive\r\n";
const expected = ["one", "", "two", "thr\u00e9e", "four\r", "", "five"];

async function linesOf(chunks: readonly Uint8Array[]): Promise<(readonly string[])[]> {
  const { reader, receive } = bench();
  const batches: (readonly string[])[] = [];
  let pending = reader.readLines();
  for (const chunk of chunks) {
    receive(chunk);
    // What a chunk completes is there at once.
    const batch = await Promise.race([pending, Promise.resolve(undefined)]);
    if (batch === undefined) continue;
    batches.push(batch);
    pending = reader.readLines();
  }
  reader.end();
  expect(await pending).toBeUndefined();
  return batches;
}

test("the lines are the same wherever the bytes are split", async () => {
  const bytes = Buffer.from(content);
  for (let at = 0; at <= bytes.length; at += 1) {
    const batches = await linesOf(
      [bytes.subarray(0, at), bytes.subarray(at)].filter(({ length }) => length > 0),
    );
    expect(batches.flat()).toEqual(expected);
  }
  expect((await linesOf(Array.from(bytes, (byte) => Uint8Array.of(byte)))).flat()).toEqual(expected);
});

test("lines that came together are given together", async () => {
  const ascii = Buffer.from("one\r\ntwo\r\n\r\nrest");
  expect(await linesOf([ascii.subarray(0, 12), Buffer.from("1\r\n2\r\n")])).toEqual([
    ["one", "two", ""],
    ["1", "2"],
  ]);
});

test("a line that readLine has taken is not given again, nor one left out behind it", async () => {
  const { reader, receive } = bench();
  receive("one\r\ntwo\r\nthree\r\nfo");
  expect(await reader.readLine()).toBe("one");
  expect(await reader.readLines()).toEqual(["two", "three"]);
  const line = reader.readLine();
  receive("ur\r\nfive\r\n");
  expect(await line).toBe("four");
  expect(await reader.readLines()).toEqual(["five"]);
});

test("a line that is too long fails behind those before it", async () => {
  const { reader, receive, destroyed } = bench({ lineBytes: 10 });
  receive("one\r\ntwo\r\n012345678901234567890\r\n");
  expect(await reader.readLines()).toEqual(["one", "two"]);
  expect(await failureOf(reader.readLines())).toBeInstanceOf(LimitError);
  expect(destroyed).toHaveLength(1);
});

test("many lines that are each short enough are no long line", async () => {
  const { reader, receive } = bench({ lineBytes: 10 });
  receive("one\r\ntwo\r\nthree\r\nfour\r\n");
  expect(await reader.readLines()).toEqual(["one", "two", "three", "four"]);
});
