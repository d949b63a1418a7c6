// IBM i (OS/400), LISTFMT 0: "QUSER            1530 31.03.08 16:44:02 *STMF      name". The columns are padded; a
// directory's name ends in a slash, which is dropped. The order of a date's numbers is the job's own: dots mean that
// the day is first, dashes that the year is, and slashes that the month is, unless that cannot be.
import type { ListingClock } from "./clock.ts";
import { makeEntry, type FtpEntryType } from "./entry.ts";
import { isTime, modified, numericDate, type YearMonthDay } from "./field-date.ts";
import { type Field, fieldsOf, isDigits, markedName, sizeOf } from "./fields.ts";
import type { Scanned } from "./scanner.ts";

const TYPES = new Map<string, FtpEntryType>([
  ["DIR", "directory"],
  ["DDIR", "directory"],
  ["FLR", "directory"],
  ["LIB", "directory"],
  ["STMF", "file"],
  ["DSTMF", "file"],
  ["DOC", "file"],
  // A *FILE may hold members, or be a save file: what one retrieves is a file either way.
  ["FILE", "file"],
  ["MEM", "file"],
  ["SYMLNK", "symlink"],
  ["BLKSF", "device"],
  ["CHRSF", "device"],
  ["FIFO", "pipe"],
  ["SOCKET", "socket"],
]);

const TYPE_WIDTH = 11;

export function scanOs400(line: string, clock: ListingClock): Scanned {
  const fields = fieldsOf(line, 7);
  const index = fields.findIndex(({ text }) => /^\*[A-Z]{2,9}$/.test(text.slice(0, 11)));
  const type = fields[index];
  if (type !== undefined) return entryOf(line, fields.slice(0, index), type, clock);
  // Folders are listed without owner and star: "/QDLS/NAME   0 10/23/97 06:05:04 DIR".
  const [name, size, date, time, word, more] = fields;
  const when = dateOf(date?.text);
  if (name === undefined || word?.text !== "DIR" || more !== undefined || when === undefined) {
    return undefined;
  }
  if (!isTime(time?.text) || !isDigits(size?.text)) return undefined;
  return makeEntry("os400", line, name.text, "directory", {
    size: sizeOf(size.text),
    ...modified(clock, when, time?.text),
  });
}

function entryOf(line: string, before: readonly Field[], type: Field, clock: ListingClock): Scanned {
  const [owner, size, date, time] = before.length === 4 ? before : ownerless(before);
  const when = dateOf(date?.text);
  if (date !== undefined && (when === undefined || !isTime(time?.text))) return undefined;
  if (size !== undefined && !isDigits(size.text)) return undefined;
  const kind = TYPES.get(type.text.slice(1)) ?? "other";
  const text = line.slice(nameStart(line, type));
  const name = kind === "directory" ? markedName(text)[0] : text;
  return makeEntry("os400", line, name, kind, {
    owner: owner?.text,
    size: sizeOf(size?.text),
    ...modified(clock, when, time?.text),
  });
}

// Anonymous users are not told the owner; a member has neither size nor date.
function ownerless(before: readonly Field[]): readonly (Field | undefined)[] {
  if (before.length <= 1) return before;
  const dated = before.findIndex(({ text }) => dateOf(text) !== undefined);
  if (dated === -1 || before.length !== dated + 2 || dated > 2) return [undefined, ...before];
  const [first] = before;
  if (dated === 0) return [undefined, undefined, ...before];
  return isDigits(first?.text) ? [undefined, ...before] : [first, undefined, ...before.slice(1)];
}

function dateOf(word: string | undefined): YearMonthDay | undefined {
  if (word === undefined || word.length > 10) return undefined;
  if (word.includes(".")) return numericDate(word, "day-month-year");
  const isYearFirst = word.includes("-") || Number(word.slice(0, 2)) > 31;
  const date = numericDate(word, isYearFirst ? "year-month-day" : "month-day-year");
  // "98/03/31" was taken care of; in "29/05/01" the month is the second.
  return date !== undefined && date[1] <= 12 ? date : undefined;
}

function nameStart(line: string, type: Field): number {
  const column = type.start + TYPE_WIDTH;
  let start = type.end;
  while (line.startsWith(" ", start) && start < column) start += 1;
  return start;
}
