// Dates as numbers: they agree with Date.UTC wherever there is such a day, and are NaN elsewhere.
import { expect, test } from "vitest";
import { fullYear, timeOf } from "../../src/listing/calendar.ts";
import { monthOf } from "../../src/listing/months.ts";

test("every day of nine hundred years is where Date has it", () => {
  const wrong: string[] = [];
  for (let time = Date.UTC(1600, 0, 1); time < Date.UTC(2500, 0, 1); time += 86_400_000) {
    const date = new Date(time);
    const found = timeOf(date.getUTCFullYear(), date.getUTCMonth() + 1, date.getUTCDate());
    if (found !== time) wrong.push(date.toISOString());
  }
  expect(wrong).toEqual([]);
});

test.each([
  ["the first year", [100, 1, 1], "0100-01-01T00:00:00.000Z"],
  ["the last day", [9999, 12, 31, 23, 59, 59, 999], "9999-12-31T23:59:59.999Z"],
  ["a leap second", [2016, 12, 31, 23, 59, 60], "2017-01-01T00:00:00.000Z"],
  ["the end of a day", [2016, 12, 31, 24, 0, 0], "2017-01-01T00:00:00.000Z"],
] as const)("%s is a time", (_what, [year, month, day, ...rest], time) => {
  expect(new Date(timeOf(year, month, day, ...rest)).toISOString()).toBe(time);
});

test.each([
  ["a year before the calendar", [99, 1, 1]],
  ["a year of five digits", [10_000, 1, 1]],
  ["month 0", [2000, 0, 1]],
  ["month 13", [2000, 13, 1]],
  ["day 0", [2000, 1, 0]],
  ["31 April", [2000, 4, 31]],
  ["29 February 1900", [1900, 2, 29]],
  ["30 February 2000", [2000, 2, 30]],
  ["hour 25", [2000, 1, 1, 25]],
  ["a minute past 24:00", [2000, 1, 1, 24, 1]],
  ["minute 60", [2000, 1, 1, 0, 60]],
  ["second 61", [2000, 1, 1, 0, 0, 61]],
  ["no number for a year", [Number.NaN, 1, 1]],
  ["no number for a month", [2000, Number.NaN, 1]],
  ["no number for a day", [2000, 1, Number.NaN]],
  ["no number for an hour", [2000, 1, 1, Number.NaN]],
  ["no number for a minute", [2000, 1, 1, 0, Number.NaN]],
  ["no number for a second", [2000, 1, 1, 0, 0, Number.NaN]],
] as const)("%s is no time", (_what, [year, month, day, ...rest]) => {
  expect(timeOf(year, month, day, ...rest)).toBeNaN();
});

test.each([
  [0, 2000],
  [69, 2069],
  [70, 1970],
  [99, 1999],
  [103, 2003],
  [1066, 1066],
])("the year %i is %i", (year, full) => {
  expect(fullYear(year)).toBe(full);
});

test.each([
  ["Jan", 1],
  ["JANUARY", 1],
  ["févr.", 2],
  ["fe\u0301vr.", 2],
  ["Sept.,", 9],
  ["дек", 12],
  ["", 0],
  ["Janx", 0],
  ["x".repeat(1_000_000), 0],
])("a month called %j is month %i", (name, month) => {
  expect(monthOf(name)).toBe(month);
});
