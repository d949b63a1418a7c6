// Whose time it is: the server's zone, and the year of dates that have none.
import { describe, expect, test } from "vitest";
import { ListingReader, parseListingLine } from "../../src/listing/reader.ts";

const FILE = "-rw-r--r--   1 root     wheel        1048 Mar  9 07:41 unix.txt";
const DOS = "05-07-01  04:02PM                70144 dos.txt";

function atNow(): Date {
  return new Date("2026-07-15T12:00:00Z");
}

function timesOf(lines: readonly string[], utcOffset: number): (string | undefined)[] {
  const reader = new ListingReader({ now: atNow, utcOffset });
  return lines.map((line) => reader.push(line)?.modifiedAt?.toISOString());
}

describe("the server's local time", () => {
  test.each([
    [120, "2026-03-09T05:41:00.000Z"],
    [-330, "2026-03-09T13:11:00.000Z"],
  ])("that is %i minutes ahead of UTC is turned into UTC", (utcOffset, time) => {
    expect(timesOf([FILE], utcOffset)).toEqual([time]);
  });

  test("is turned into UTC in all formats, but not where the line tells its zone", () => {
    const lines = [
      DOS,
      "-rw-r--r-- 1 root wheel 918 2007-03-04 05:06:07.000000000 +0200 iso",
      "+m1000000000,\teplf",
      "type=file;modify=20050607212233; mlsx",
      "NAME.TXT;1 4 5-MAR-1993 18:09:01",
    ];
    expect(timesOf(lines, 60)).toEqual([
      "2001-05-07T15:02:00.000Z",
      "2007-03-04T03:06:07.000Z",
      "2001-09-09T01:46:40.000Z",
      "2005-06-07T21:22:33.000Z",
      "1993-03-05T17:09:01.000Z",
    ]);
  });
});

describe("a date without a year", () => {
  test.each([
    ["2026-07-15T12:00:00Z", "Jul 15 12:00", "2026-07-15T12:00:00.000Z"],
    ["2026-07-15T12:00:00Z", "Jul 16 12:00", "2026-07-16T12:00:00.000Z"],
    ["2026-07-15T12:00:00Z", "Jul 16 12:01", "2025-07-16T12:01:00.000Z"],
    ["2026-12-31T23:30:00Z", "Jan  1 00:15", "2027-01-01T00:15:00.000Z"],
    ["2027-01-01T00:15:00Z", "Dec 31 23:30", "2026-12-31T23:30:00.000Z"],
    ["2026-01-01T00:00:00Z", "Jan  3 00:00", "2025-01-03T00:00:00.000Z"],
    ["2024-03-01T00:00:00Z", "Feb 29 10:00", "2024-02-29T10:00:00.000Z"],
    ["2024-02-28T09:00:00Z", "Feb 29 08:00", "2024-02-29T08:00:00.000Z"],
    ["2023-03-01T00:00:00Z", "Feb 29 10:00", "2020-02-29T10:00:00.000Z"],
    ["1903-03-01T00:00:00Z", "Feb 29 10:00", "1896-02-29T10:00:00.000Z"],
    ["2024-03-01T00:00:00Z", "Feb 30 10:00", undefined],
  ])("that is read at %s, %s, is %s", (now, date, time) => {
    const line = `-rw-r--r--   1 root     wheel        1048 ${date} name`;
    const entry = parseListingLine(line, { now: () => new Date(now) });
    expect(entry?.modifiedAt?.toISOString()).toBe(time);
    expect(entry?.name).toBe("name");
  });

  test("is judged by the clock of the server", () => {
    const line = "-rw-r--r--   1 root     wheel        1048 Jul 16 20:00 name";
    expect(parseListingLine(line, { now: atNow, utcOffset: 600 })?.modifiedAt?.getUTCFullYear()).toBe(2026);
    expect(parseListingLine(line, { now: atNow, utcOffset: 0 })?.modifiedAt?.getUTCFullYear()).toBe(2025);
  });

  test("is of now if nobody says otherwise", () => {
    const year = new Date().getUTCFullYear();
    const found = parseListingLine(FILE)?.modifiedAt?.getUTCFullYear() ?? 0;
    expect([year - 1, year]).toContain(found);
  });
});
