// WfFTP of Bay Networks' and Nortel's routers: "router.cfg           3380  02/16/04  Mon.     11:20:09".
// They have no directories, and names without spaces.
import type { ListingClock } from "./clock.ts";
import { makeEntry } from "./entry.ts";
import { isTime, modified, numericDate } from "./field-date.ts";
import { fieldsOf, isDigits, isTitle, sizeOf } from "./fields.ts";
import type { Scanned } from "./scanner.ts";

const TITLE = "File Name Size Date Day Time";

export function scanWfftp(line: string, clock: ListingClock): Scanned {
  if (isTitle(line, TITLE) || isFrame(line.slice(0, 100))) return "heading";
  const [name, size, date, day, time, more] = fieldsOf(line, 6);
  if (name === undefined || size === undefined || time === undefined || more !== undefined) return undefined;
  if (
    !isDigits(size.text) ||
    !/^(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)[a-z]*\.$/.test(day?.text.slice(0, 9) ?? "")
  ) {
    return undefined;
  }
  const when = numericDate(date?.text, "month-day-year");
  if (when === undefined || !isTime(time.text)) return undefined;
  return makeEntry("wfftp", line, name.text, "file", {
    size: sizeOf(size.text),
    ...modified(clock, when, time.text),
  });
}

function isFrame(line: string): boolean {
  return (
    /^\s?(?:Volume - drive|Directory of) \d+:\s*$/.test(line) ||
    /^-{40,}\s*$/.test(line) ||
    /^\s{0,4}\d+ bytes - (?:Total size|Available free space|Contiguous free space)/.test(line)
  );
}
