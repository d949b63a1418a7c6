// The time in front of an answer.
import { expect, test } from "vitest";
import { ctime } from "../src/timestamp.ts";

test("ctime writes what C and Python write, the day padded with a space", () => {
  expect(ctime(new Date(2026, 10, 6, 9, 5, 0))).toBe("Fri Nov  6 09:05:00 2026");
  expect(ctime(new Date(2026, 11, 31, 23, 59, 59))).toBe("Thu Dec 31 23:59:59 2026");
  expect(ctime(new Date(2028, 1, 29, 0, 0, 0))).toBe("Tue Feb 29 00:00:00 2028");
});
