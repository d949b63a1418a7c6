// HP NonStop (Tandem Guardian): "PAYFILE       101            40960 19-Jan-04 09:45:33 120,44 \"nuuu\"".
// The first number of the owner is the group. What may be done is told in letters that are no permission bits.
import type { ListingClock } from "./clock.ts";
import { makeEntry } from "./entry.ts";
import { isTime, modified, namedDate } from "./field-date.ts";
import { fieldsOf, isDigits, isTitle, sizeOf } from "./fields.ts";
import type { Scanned } from "./scanner.ts";

const TITLE = "File Code EOF Last Modification Owner RWEP";

export function scanNonstop(line: string, clock: ListingClock): Scanned {
  if (isTitle(line, TITLE)) return "heading";
  const [name, code, size, date, time, ...rest] = fieldsOf(line, 9);
  if (name === undefined || size === undefined || date === undefined || time === undefined) return undefined;
  // A letter or plus behind the code: the file is open, or a crash left it so.
  if (!/^\d{1,5}[A-Z+?]{0,2}$/.test(code?.text.slice(0, 9) ?? "") || !isDigits(size.text)) return undefined;
  const owner = /^(\d{1,3}), ?(\d{1,3}) ?(.*)$/.exec(rest.map(({ text }) => text.slice(0, 12)).join(" "));
  const day = namedDate(date.text);
  if (owner === null || day === undefined || !isTime(time.text)) return undefined;
  return makeEntry("nonstop", line, name.text, "file", {
    size: sizeOf(size.text),
    ...modified(clock, day, time.text),
    owner: owner[2],
    group: owner[1],
  });
}
