// Line ends and quoting, however the bytes come.
import { describe, expect, test } from "vitest";
import { quoteFromLines } from "../src/from-lines.ts";
import { unixLines } from "../src/unix-lines.ts";

async function* split(text: string, size: number): AsyncGenerator<Buffer, void, void> {
  const bytes = Buffer.from(text, "latin1");
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

async function all(chunks: AsyncIterable<Buffer>): Promise<string> {
  const pieces: Buffer[] = [];
  for await (const chunk of chunks) pieces.push(chunk);
  return Buffer.concat(pieces).toString("latin1");
}

describe.each([[1], [2], [3], [5], [7], [1_000]])("in pieces of %i", (size) => {
  test.each([
    ["a\r\nb\r\n", "a\nb\n"],
    ["a\rb\r\r\n\r\n\n\r", "a\rb\r\n\n\n\r"],
    ["", ""],
    ["\r", "\r"],
    ["\xff\0\r\n", "\xff\0\n"],
  ])("%j has other line ends", async (text, expected) => {
    expect(await all(unixLines(split(text, size)))).toBe(expected);
  });

  test.each([
    ["From a\n", ">From a\n"],
    [">From a\n>>>From \n", ">>From a\n>>>>From \n"],
    ["x\n\nFrom a\nFrom b", "x\n\n>From a\n>From b"],
    ["From\nFro", "From\nFro"],
    ["Frodo\nFFrom x\nFroFrom x\n", "Frodo\nFFrom x\nFroFrom x\n"],
    [" From x\n> From x\nfrom x\nFrom: x\n", " From x\n> From x\nfrom x\nFrom: x\n"],
    ["a From b\n>\n>>", "a From b\n>\n>>"],
    ["", ""],
  ])("%j is quoted", async (text, expected) => {
    expect(await all(quoteFromLines(split(text, size)))).toBe(expected);
  });
});
