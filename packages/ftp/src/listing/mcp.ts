// Unisys ClearPath MCP: "X/Y/Z                   SEQDATA   180 10/30/2001  08:14". Slashes are part of the names.
import type { ListingClock } from "./clock.ts";
import { makeEntry } from "./entry.ts";
import { isTime, modified, numericDate } from "./field-date.ts";
import { fieldsOf, isDigits, sizeOf } from "./fields.ts";
import type { Scanned } from "./scanner.ts";

export function scanMcp(line: string, clock: ListingClock): Scanned {
  if (/^(?:Report for: \S| *\d+ Files? +\d+ Octets?\s*$)/.test(line.slice(0, 80))) return "heading";
  const [name, kind, size, date, time, more] = fieldsOf(line, 6);
  if (name === undefined || size === undefined || time === undefined || more !== undefined) return undefined;
  if (!/^[A-Z][A-Z0-9]{2,16}$/.test(kind?.text.slice(0, 18) ?? "") || !isDigits(size.text)) return undefined;
  const day = numericDate(date?.text, "month-day-year");
  // "a" or "p" behind the time is of other systems.
  if (day === undefined || !isTime(time.text) || !/\d$/.test(time.text)) return undefined;
  return makeEntry("mcp", line, name.text, "file", {
    size: sizeOf(size.text),
    ...modified(clock, day, time.text),
  });
}
