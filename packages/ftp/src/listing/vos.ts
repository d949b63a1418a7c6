// Stratus VOS: "w     44 stm       93-02-27 07:31:18  name" is a file, "m      3           93-02-27 07:31:18  name" a
// directory, and "02-11-20 19:08:55  name ->  %system#disk>path" a link. Sizes are in blocks, so they are not told.
import type { ListingClock } from "./clock.ts";
import { makeEntry } from "./entry.ts";
import { isTime, modified, numericDate } from "./field-date.ts";
import { behind, type Field, fieldsOf, isDigits } from "./fields.ts";
import type { Scanned } from "./scanner.ts";

export function scanVos(line: string, clock: ListingClock): Scanned {
  if (/^\s?(?:Files: +\d+ +Blocks: +\d+|(?:Dirs|Links): +\d+)\s*$/.test(line.slice(0, 80))) return "heading";
  const fields = fieldsOf(line, 6);
  const [access, blocks, third] = fields;
  if (access === undefined) return undefined;
  if (/^\d\d-/.test(access.text)) return scanLink(line, fields, clock);
  if (!/^[unersmw]$/.test(access.text) || access.start > 1 || !isDigits(blocks?.text)) return undefined;
  const isFile = /^[a-z]{2,6}$/.test(third?.text.slice(0, 7) ?? "");
  const [date, time] = fields.slice(isFile ? 3 : 2);
  const day = dateOf(date);
  if (day === undefined || time === undefined || !isTime(time.text)) return undefined;
  return makeEntry("vos", line, behind(line, time, 2), isFile ? "file" : "directory", {
    ...modified(clock, day, time.text),
  });
}

function scanLink(line: string, [date, time]: readonly Field[], clock: ListingClock): Scanned {
  const day = dateOf(date);
  if (day === undefined || time === undefined || !isTime(time.text)) return undefined;
  const text = behind(line, time, 2);
  const arrow = text.indexOf(" ->");
  const target = text.slice(arrow + 3).trim();
  // Paths begin with the name of a system.
  if (arrow === -1 || !target.startsWith("%")) return undefined;
  return makeEntry("vos", line, text.slice(0, arrow).trimEnd(), "symlink", {
    ...modified(clock, day, time.text),
    linkTarget: target,
  });
}

function dateOf(field: Field | undefined): ReturnType<typeof numericDate> {
  return /^\d\d-\d\d-\d\d$/.test(field?.text ?? "") ? numericDate(field?.text, "year-month-day") : undefined;
}
