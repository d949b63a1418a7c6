// IBM's server for OS/2: "     52870      A    09-14-102  20:31  name", "         0  DIR            03-05-96   08:16  name".
// Two spaces part time and name. Some versions count the years from 1900.
import type { ListingClock } from "./clock.ts";
import { makeEntry } from "./entry.ts";
import { isTime, modified, numericDate } from "./field-date.ts";
import { behind, fieldsOf, isDigits, sizeOf } from "./fields.ts";
import type { Scanned } from "./scanner.ts";

export function scanOs2(line: string, clock: ListingClock): Scanned {
  const [size, ...fields] = fieldsOf(line, 6);
  if (size === undefined || !isDigits(size.text)) return undefined;
  const index = fields.findIndex(({ text }) => /^\d\d-\d\d-\d{2,3}$/.test(text.slice(0, 10)));
  const attributes = fields.slice(0, Math.max(index, 0)).map(({ text }) => text.slice(0, 8));
  const [date, time] = [fields[index], fields[index + 1]];
  if (date === undefined || time === undefined || attributes.length > 2 || !isTime(time.text)) {
    return undefined;
  }
  if (!attributes.every((text) => text === "DIR" || /^[RHSA]{1,4}$/.test(text))) return undefined;
  const type = attributes.includes("DIR") ? "directory" : "file";
  return makeEntry("os2", line, behind(line, time, 2), type, {
    size: type === "file" ? sizeOf(size.text) : undefined,
    ...modified(clock, numericDate(date.text, "month-day-year"), time.text),
  });
}
