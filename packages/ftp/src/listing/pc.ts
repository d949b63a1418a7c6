// Servers for DOS and Windows 3. Their names have no spaces.
// SuperTCP, NCSA, WinQVT: "GUIDE.DOC            20480      08-19-96        09:12", "BIN   <DIR>   01-31-95   16:50"
// Chameleon:              "PLAN.WK1         8206      Apr 22 1996 11:08   RA"
// PC-NFS:                 "game     com     1,020,304 03-15-98  11:40p"
// PC/TCP:                 "       312        AUTOEXEC.BAT   Mon Jan 09 10:00:31 1995"
// Distinct:               "-wa--          88  Nov 16,2001  07:25  name"
import { modifiedOf, type Moment } from "./calendar.ts";
import { skipBlanks } from "./characters.ts";
import type { ListingClock } from "./clock.ts";
import { type EntryDetails, makeEntry } from "./entry.ts";
import { isTime, modified, numericDate } from "./field-date.ts";
import { behind, type Field, fieldsOf, isDigits, markedName, sizeOf } from "./fields.ts";
import { monthOf } from "./months.ts";
import { readNamedDate } from "./named-date.ts";
import type { Scanned } from "./scanner.ts";

const moment: Moment = { end: 0, time: 0, precision: "minute" };

export function scanPc(line: string, clock: ListingClock): Scanned {
  const fields = fieldsOf(line, 9);
  return (
    scanNumeric(line, fields, clock) ??
    scanChameleon(line, fields, clock) ??
    scanPcTcp(line, fields, clock) ??
    scanDistinct(line, fields, clock)
  );
}

function isDirectoryMark(field: Field | undefined): boolean {
  return field?.text.toLowerCase() === "<dir>";
}

// A name, perhaps parted from its extension, a size or mark, date and time.
function scanNumeric(line: string, fields: readonly Field[], clock: ListingClock): Scanned {
  const [name] = fields;
  const extension = fields.length === 5 ? fields[1] : undefined;
  const [size, date, time] = fields.slice(-3);
  if (name === undefined || size === undefined || fields.length < 4 || fields.length > 5) return undefined;
  const day = numericDate(date?.text, "month-day-year");
  if (day === undefined || !isTime(time?.text)) return undefined;
  // Only with such a time is the extension a word of its own.
  if (extension !== undefined && (extension.text.length > 3 || !/[ap]$/.test(time?.text ?? ""))) {
    return undefined;
  }
  const text = extension === undefined ? name.text : `${name.text}.${extension.text}`;
  return entryOf(line, ...markedName(text), size, modified(clock, day, time?.text));
}

function scanChameleon(line: string, fields: readonly Field[], clock: ListingClock): Scanned {
  const [name, size, month, day, year, time, attributes, more] = fields.map(({ text }) => text);
  if (name === undefined || time === undefined || more !== undefined) return undefined;
  if (attributes !== undefined && !/^[RHSA]{1,4}$/.test(attributes)) return undefined;
  const number = monthOf(month ?? "");
  if (number === 0 || !/^\d\d?$/.test(day ?? "") || !/^\d{4}$/.test(year ?? "") || !isTime(time)) {
    return undefined;
  }
  if (size === undefined || name.length > 12) return undefined;
  return entryOf(line, name, false, fields[1], modified(clock, [Number(year), number, Number(day)], time));
}

function scanPcTcp(line: string, fields: readonly Field[], clock: ListingClock): Scanned {
  const [size, name, weekday, , , , year, more] = fields;
  if (name === undefined || weekday === undefined || year === undefined || more !== undefined) {
    return undefined;
  }
  if (!/^(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)$/.test(weekday.text)) return undefined;
  if (!readNamedDate(line, weekday.start, clock, moment) || moment.end !== year.end) return undefined;
  return entryOf(line, name.text, false, size, modifiedOf(moment));
}

function scanDistinct(line: string, fields: readonly Field[], clock: ListingClock): Scanned {
  const [attributes, size] = fields;
  if (attributes === undefined || size === undefined || attributes.start > 1) return undefined;
  if (!/^[-d][-wash]{4}$/.test(attributes.text.slice(0, 6)) || !isDigits(size.text)) return undefined;
  if (!readNamedDate(line, skipBlanks(line, size.end), clock, moment)) return undefined;
  const end: Field = { text: "", start: moment.end, end: moment.end };
  const type = attributes.text.startsWith("d") ? "directory" : "file";
  const details = { size: type === "file" ? sizeOf(size.text) : undefined, ...modifiedOf(moment) };
  return makeEntry("pc", line, behind(line, end, 2), type, details);
}

function entryOf(
  line: string,
  name: string,
  isMarked: boolean,
  size: Field | undefined,
  details: EntryDetails,
): Scanned {
  if (isMarked || isDirectoryMark(size)) return makeEntry("pc", line, name, "directory", details);
  const digits = size?.text.slice(0, 24).replaceAll(",", "");
  return isDigits(digits)
    ? makeEntry("pc", line, name, "file", { size: sizeOf(digits), ...details })
    : undefined;
}
