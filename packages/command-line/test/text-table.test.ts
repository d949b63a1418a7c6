// Rows of texts as a table.
import { expect, test } from "vitest";
import { formatTable } from "../src/text-table.ts";

test("cells stand below each other, and nothing behind the last one", () => {
  const rows = [
    ["a", "1", "東京", "x"],
    ["bcd", "10", "y", ""],
  ];
  expect(formatTable(rows, { columns: 80, right: [1] })).toEqual(["a     1  東京  x", "bcd  10  y"]);
});

test("a row may have fewer cells than others, and none at all", () => {
  expect(formatTable([["a", "b"], ["ccc"], []], { columns: 80 })).toEqual(["a    b", "ccc", ""]);
  expect(formatTable([], { columns: 80 })).toEqual([]);
});

test("no line is wider than it may be", () => {
  expect(formatTable([["abc", "def"]], { columns: 6 })).toEqual(["abc  …"]);
});
