// Amounts as people read them.
import { expect, test } from "vitest";
import { count, formatBytes, formatDuration, formatElapsed } from "../src/quantity.ts";

test.each([
  [0, "0 B"],
  [1_023, "1023 B"],
  [1_024, "1.0 KiB"],
  [47_500_000, "45.3 MiB"],
  [5e15, "4547.5 TiB"],
])("%i bytes are %s", (bytes, shown) => {
  expect(formatBytes(bytes)).toBe(shown);
});

test.each([
  [-1, "0:00"],
  [0.2, "0:01"],
  [59.5, "1:00"],
  [3_599, "59:59"],
  [3_723, "1:02:03"],
  [360_000, "100:00:00"],
])("%d seconds are %s", (seconds, shown) => {
  expect(formatDuration(seconds)).toBe(shown);
});

test.each([
  [0.04, "0.0 s"],
  [3.26, "3.3 s"],
  [61, "1:01"],
])("%d seconds have passed as %s", (seconds, shown) => {
  expect(formatElapsed(seconds)).toBe(shown);
});

test("one is not many", () => {
  expect([0, 1, 2].map((number) => count(number, "file"))).toEqual(["0 files", "1 file", "2 files"]);
});
