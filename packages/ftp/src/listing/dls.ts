// /bin/dls, with the date behind the size, and a description behind two spaces:
// "NEWS               2210  May 21 14:36  What has changed of late", "lib/   -  Jan 19  1996".
// A slash marks a directory; it is dropped.
import { modifiedOf, type Moment } from "./calendar.ts";
import { skipBlanks } from "./characters.ts";
import type { ListingClock } from "./clock.ts";
import { makeEntry } from "./entry.ts";
import { fieldsOf, isDigits, markedName, sizeOf } from "./fields.ts";
import type { Scanned } from "./scanner.ts";
import { readDate } from "./unix-columns.ts";

// No other dates are known here, and some would be of other formats.
const DATE = /^(?:[A-Z][a-z]{2} +\d{1,2}|\d{1,2} [A-Z][a-z]{2}) +(?:\d{1,2}:\d\d|\d{4})(?: |$)/;

const moment: Moment = { end: 0, time: 0, precision: "minute" };

export function scanDls(line: string, clock: ListingClock): Scanned {
  const [word, size] = fieldsOf(line, 2);
  if (word === undefined || size === undefined || word.start > 0) return undefined;
  const [name, isDirectory] = markedName(word.text);
  if (!isDigits(size.text) && !(isDirectory && /^[-=]$/.test(size.text))) return undefined;
  const date = skipBlanks(line, size.end);
  if (!DATE.test(line.slice(date, date + 20)) || !readDate(line, date, clock, moment)) return undefined;
  const rest = line.slice(moment.end);
  if (rest.trimEnd() !== "" && !rest.startsWith("  ")) return undefined;
  const linkTarget = !isDirectory && rest.startsWith("  -> ") ? rest.slice(5).trimEnd() : undefined;
  const type = linkTarget === undefined ? (isDirectory ? "directory" : "file") : "symlink";
  return makeEntry("dls", line, name, type, {
    size: sizeOf(size.text),
    ...modifiedOf(moment),
    linkTarget,
  });
}
