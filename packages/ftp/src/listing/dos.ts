// The listings of Windows' own FTP servers (IIS, Windows CE), and of others that imitate its `dir`:
// "03-30-01  12:41PM       <DIR>          name", "2012-12-02  17:36            1,204,555 name".
// The name begins in the column where `dir` has it, and is kept from there on with all its spaces.
import { isDigit, skipBlanks, SPACE, wordEnd } from "./characters.ts";
import type { ListingClock } from "./clock.ts";
import { makeEntry, type FtpEntryType } from "./entry.ts";
import { modified, numericDate } from "./field-date.ts";
import type { Scanned } from "./scanner.ts";
import { newTimeOfDay, readHalfOfDay, readTimeOfDay } from "./time-of-day.ts";

// From where the mark begins to where the name does, in `dir`, and in Windows CE, whose columns are wider.
const MARK_WIDTH = 15;
const CE_MARK_WIDTH = 23;
const CE_GAP = 10;

const TYPES = new Map<string, FtpEntryType>([
  ["<DIR>", "directory"],
  ["<JUNCTION>", "symlink"],
  ["<SYMLINKD>", "symlink"],
  ["<SYMLINK>", "symlink"],
]);

const time = newTimeOfDay();

export function scanDos(line: string, clock: ListingClock): Scanned {
  if (!isDigit(line.charCodeAt(0))) return isHeading(line) ? "heading" : undefined;
  const dateEnd = wordEnd(line, 0);
  if (dateEnd < 6 || dateEnd > 10) return undefined;
  const dateText = line.slice(0, dateEnd);
  // Americans write slashes and dashes, others dots.
  const date = numericDate(dateText, dateText.includes(".") ? "day-month-year" : "month-day-year");
  const timeStart = skipBlanks(line, dateEnd);
  const timeOnly = readTimeOfDay(line, timeStart, time);
  if (date === undefined || timeOnly === -1) return undefined;
  const timeEnd = readHalfOfDay(line, timeOnly, time);
  const start = skipBlanks(line, timeEnd);
  const end = wordEnd(line, start);
  if (start === timeEnd || end === start) return undefined;
  const times = modified(clock, date, line.slice(timeStart, timeEnd));
  if (line.charCodeAt(start) === 60) {
    const type = TYPES.get(line.slice(start, Math.min(end, start + 12)).toUpperCase());
    if (type === undefined) return undefined;
    const name = line.slice(nameStart(line, start, end, start - timeEnd));
    const [plain, linkTarget] = type === "symlink" ? nameAndTarget(name) : [name];
    return makeEntry("dos", line, plain, type, { ...times, linkTarget });
  }
  const size = sizeBetween(line, start, end);
  if (size === undefined) return undefined;
  return makeEntry("dos", line, line.slice(end + 1), "file", { size, ...times });
}

function nameStart(line: string, mark: number, markEnd: number, gap: number): number {
  const column = mark + (gap === CE_GAP ? CE_MARK_WIDTH : MARK_WIDTH);
  const name = skipSpaces(line, markEnd);
  return Math.min(name, column);
}

function skipSpaces(line: string, at: number): number {
  let end = at;
  while (line.charCodeAt(end) === SPACE) end += 1;
  return end;
}

// Thousands may be parted, in as many ways as Windows knows.
function sizeBetween(line: string, start: number, end: number): number | undefined {
  if (end - start > 32) return undefined;
  const text = line.slice(start, end);
  if (!/^\d+$/.test(text) && !/^\d{1,3}(?:[,.'’\u00A0\u202F]\d{3})+$/.test(text)) return undefined;
  const size = Number(text.replaceAll(/\D/g, ""));
  return Number.isSafeInteger(size) ? size : undefined;
}

// `dir` shows where a link leads: "name [C:\target]".
function nameAndTarget(text: string): [string, string?] {
  const open = text.lastIndexOf(" [");
  if (open < 1 || !text.endsWith("]")) return [text];
  return [text.slice(0, open), text.slice(open + 2, -1)];
}

// The lines around the entries that a real `dir` prints.
function isHeading(line: string): boolean {
  const beginning = line.slice(0, 80);
  return (
    /^ (?:Volume in drive|Volume Serial Number is|Directory of) /.test(beginning) ||
    /^ +\d+ (?:File|Dir)\(s\) +[\d,.]+ bytes/.test(beginning)
  );
}
