// Microware OS-9: "4.12   03/10/08 2145   d-ewrewr    1B00      2080 name": owner, date with the year first, time,
// attributes, sector, bytes. Some versions count the bytes in hexadecimal: with a letter in it, a size is not told.
import type { ListingClock } from "./clock.ts";
import { makeEntry } from "./entry.ts";
import { modified, numericDate } from "./field-date.ts";
import { behind, fieldsOf, isTitle, sizeOf } from "./fields.ts";
import type { Scanned } from "./scanner.ts";

const TITLE = "Owner Last modified Attributes Sector Bytecount Name";

export function scanOs9(line: string, clock: ListingClock): Scanned {
  if (
    isTitle(line, TITLE) ||
    /^\s{0,60}(?:Directory of \S+ \d\d:\d\d:\d\d|[-–]+(?:\s+[-–]+){5})\s*$/.test(line.slice(0, 160))
  ) {
    return "heading";
  }
  const [owner, date, time, attributes, sector, size] = fieldsOf(line, 6);
  if (owner === undefined || attributes === undefined || size === undefined) return undefined;
  const parts = /^(\d{1,5})\.(\d{1,5})$/.exec(owner.text.slice(0, 12));
  const clockTime = /^(\d\d)(\d\d)$/.exec(time?.text.slice(0, 5) ?? "");
  if (parts === null || clockTime === null || !/^[-dsewr]{8}$/.test(attributes.text.slice(0, 9))) {
    return undefined;
  }
  const day = numericDate(date?.text, "year-month-day");
  if (day === undefined || !isHexadecimal(sector?.text) || !isHexadecimal(size.text)) return undefined;
  const type = attributes.text.startsWith("d") ? "directory" : "file";
  return makeEntry("os9", line, behind(line, size, 1), type, {
    size: sizeOf(size.text),
    ...modified(clock, day, `${clockTime[1]}:${clockTime[2]}`),
    group: parts[1],
    owner: parts[2],
  });
}

function isHexadecimal(word: string | undefined): boolean {
  return word !== undefined && /^[0-9a-f]{1,12}$/i.test(word.slice(0, 13));
}
