// VShell, in its older versions: "5513  May 09, 2001 13:47 name". A slash marks a directory; it is dropped.
import { modifiedOf, type Moment } from "./calendar.ts";
import { isDigit, numberAt, skipBlanks, wordEnd } from "./characters.ts";
import type { ListingClock } from "./clock.ts";
import { makeEntry } from "./entry.ts";
import { markedName, sizeOf } from "./fields.ts";
import { readNamedDate } from "./named-date.ts";
import type { Scanned } from "./scanner.ts";

const moment: Moment = { end: 0, time: 0, precision: "minute" };

export function scanVshell(line: string, clock: ListingClock): Scanned {
  const start = skipBlanks(line, 0);
  const end = wordEnd(line, start);
  if (!isDigit(line.charCodeAt(start)) || numberAt(line, start, end) < 0) return undefined;
  const date = skipBlanks(line, end);
  if (!/^[A-Z][a-z]{2} \d\d?, \d{4} \d\d:\d\d /.test(line.slice(date, date + 20))) return undefined;
  if (!readNamedDate(line, date, clock, moment)) return undefined;
  const [name, isDirectory] = markedName(line.slice(moment.end + 1));
  return makeEntry("vshell", line, name, isDirectory ? "directory" : "file", {
    size: sizeOf(line.slice(start, end)),
    ...modifiedOf(moment),
  });
}
