// Novell NetWare, with its own permissions: "d [RWCEAFMS] owner  512 Feb 17 08:44    name", and NetWare's print
// services for Unix: "-[RWCEAFMS] owner  4410  Oct 25, 98 4:05 pm name".
// Some have four spaces before the name, all others one.
import { modifiedOf, type Moment } from "./calendar.ts";
import { numberAt, skipBlanks, wordEnd } from "./characters.ts";
import type { ListingClock } from "./clock.ts";
import { makeEntry } from "./entry.ts";
import { sizeOf } from "./fields.ts";
import type { Scanned } from "./scanner.ts";
import { readDate } from "./unix-columns.ts";

const PADDING = "    ";

const moment: Moment = { end: 0, time: 0, precision: "minute" };

export function scanNetware(line: string, clock: ListingClock): Scanned {
  const letter = line.charAt(0).toLowerCase();
  if (letter !== "d" && letter !== "-") return undefined;
  const open = skipBlanks(line, 1);
  if (open > 2 || !/^\[[-A-Z]{7,8}\]/.test(line.slice(open, open + 10))) return undefined;
  let start = skipBlanks(line, line.indexOf("]", open) + 1);
  let end = wordEnd(line, start);
  // Some tell the links, too.
  if (numberAt(line, start, end) >= 0 && !isSizeAt(line, start, clock)) {
    start = skipBlanks(line, end);
    end = wordEnd(line, start);
  }
  const owner = line.slice(start, end);
  start = skipBlanks(line, end);
  end = wordEnd(line, start);
  const size = sizeOf(line.slice(start, end));
  if (size === undefined || !readDate(line, skipBlanks(line, end), clock, moment)) return undefined;
  const name = line.slice(moment.end + (line.startsWith(PADDING, moment.end) ? PADDING.length : 1));
  const type = letter === "d" ? "directory" : "file";
  return makeEntry("netware", line, name, type, { size, owner, ...modifiedOf(moment) });
}

// An owner may have a name of digits: then the date is behind the next word already.
function isSizeAt(line: string, start: number, clock: ListingClock): boolean {
  const next = skipBlanks(line, wordEnd(line, start));
  return readDate(line, skipBlanks(line, wordEnd(line, next)), clock, moment);
}
