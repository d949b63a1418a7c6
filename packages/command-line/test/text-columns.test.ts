// Text in the columns of a terminal.
import { expect, test } from "vitest";
import { columnsOf, shorten } from "../src/text-columns.ts";

test.each([
  ["", 0],
  ["file", 4],
  ["Grüße…", 6],
  ["東京", 4],
  ["😀", 2],
])("%j takes %i columns", (text, columns) => {
  expect(columnsOf(text)).toBe(columns);
});

test.each([
  ["file", 4, "file"],
  ["files", 4, "fil…"],
  ["東京都", 5, "東京…"],
  ["東京都", 4, "東…"],
  ["files", 1, "…"],
])("%j in %i columns is %j", (text, columns, short) => {
  expect(shorten(text, columns)).toBe(short);
});
