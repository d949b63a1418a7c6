// VxWorks, and routers that run it: "     1024    Jun-19-2001  17:03:44   name          <DIR>".
// The name is padded on both sides, so spaces around it are dropped.
import type { ListingClock } from "./clock.ts";
import { makeEntry } from "./entry.ts";
import { isTime, modified, namedDate } from "./field-date.ts";
import { fieldsOf, isDigits, isTitle, sizeOf } from "./fields.ts";
import type { Scanned } from "./scanner.ts";

const TITLES = ["size date time name", "-------- ------ ------ --------"];
const MARK = "<DIR>";

export function scanVxworks(line: string, clock: ListingClock): Scanned {
  if (TITLES.some((title) => isTitle(line, title))) return "heading";
  const [size, date, time, name] = fieldsOf(line, 4);
  if (size === undefined || date === undefined || time === undefined || name === undefined) return undefined;
  // The month is first.
  if (!isDigits(size.text) || !/^[A-Za-z]{3}-/.test(date.text)) return undefined;
  const day = namedDate(date.text);
  if (day === undefined || !isTime(time.text)) return undefined;
  const rest = line.slice(name.start).trimEnd();
  const isDirectory = rest.endsWith(` ${MARK}`);
  const text = isDirectory ? rest.slice(0, -MARK.length).trimEnd() : rest;
  return makeEntry("vxworks", line, text, isDirectory ? "directory" : "file", {
    size: sizeOf(size.text),
    ...modified(clock, day, time.text),
  });
}
