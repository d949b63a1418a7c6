// z/VM, minidisks and directories of CMS: "ARCHIVE  NAMES    V        71         26          1 2001-08-13 07:00:09 ADA191",
// older "SYNONYM  TABLE     A1 V      52     33     1      10/17/92   14:09:31", and its byte file system:
// "11/05/2002 16:27:38 F  1   10240 'name'". A CMS file has a name and a type: a dot parts them when one transfers it.
// Only with records of a fixed length (F) is their number the size.
import type { ListingClock } from "./clock.ts";
import { makeEntry } from "./entry.ts";
import { isTime, modified, numericDate } from "./field-date.ts";
import { type Field, fieldsOf, isDigits, isTitle, sizeOf } from "./fields.ts";
import type { Scanned } from "./scanner.ts";

const TITLE = "Filename FileType Fm Format Lrecl Records Blocks Date Time";

export function scanZvm(line: string, clock: ListingClock): Scanned {
  if (isTitle(line, TITLE)) return "heading";
  const fields = fieldsOf(line, 11);
  return scanByteFile(line, fields, clock) ?? scanCms(line, fields, clock);
}

function scanCms(line: string, fields: readonly Field[], clock: ListingClock): Scanned {
  // The format is the second word for directories, and the third or fourth for files.
  const index = fields.findIndex(({ text }, at) => at > 0 && at < 4 && /^(?:F|V|DIR)$/.test(text));
  const [format, length, records, blocks, date, time, owner] = fields.slice(index);
  const words = fields.slice(0, Math.max(index, 0)).map(({ text }) => text);
  const [name, second] = words;
  if (name === undefined || format === undefined || date === undefined || time === undefined) {
    return undefined;
  }
  if (words.some((word) => !/^[A-Z0-9$#@+:_-]{1,8}$/.test(word.slice(0, 9)))) return undefined;
  const counts = [length, records, blocks].map((field) => field?.text ?? "");
  const day = numericDate(date.text, "month-day-year");
  if (day === undefined || !isTime(time.text)) return undefined;
  const times = modified(clock, day, time.text);
  const details = { ...times, owner: owner === undefined || owner.text === "-" ? undefined : owner.text };
  if (format.text === "DIR") {
    const isDirectory = counts.every((count) => count === "-");
    return isDirectory ? makeEntry("zvm", line, name, "directory", details) : undefined;
  }
  if (second === undefined || !counts.every(isDigits)) return undefined;
  const size = format.text === "F" ? sizeOf(String(Number(counts[0]) * Number(counts[1]))) : undefined;
  return makeEntry("zvm", line, `${name}.${second}`, "file", { size, ...details });
}

// The name is in quotes, and may be anything.
function scanByteFile(line: string, fields: readonly Field[], clock: ListingClock): Scanned {
  const [date, time, kind, , size] = fields;
  const open = line.indexOf(" '");
  if (date === undefined || open === -1 || open > 80 || !line.endsWith("'")) return undefined;
  const day = numericDate(date.text, "month-day-year");
  const type = kind?.text === "D" ? "directory" : "file";
  if (day === undefined || !isTime(time?.text) || !/^[FD]$/.test(kind?.text ?? "")) return undefined;
  return makeEntry("zvm", line, line.slice(open + 2, -1), type, {
    size: type === "file" ? sizeOf(size?.text) : undefined,
    ...modified(clock, day, time?.text),
  });
}
