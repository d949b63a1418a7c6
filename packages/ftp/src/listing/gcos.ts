// Bull's GCOS 7, "- - -----0 MARS         OPERATOR         MAR  7, 1998 name", and GCOS 8,
// "- rwx r-x ---         960 07/11/99 16:02:33  lin           name". Both have columns of a fixed width.
import type { ListingClock } from "./clock.ts";
import { makeEntry } from "./entry.ts";
import { modified, numericDate } from "./field-date.ts";
import { sizeOf } from "./fields.ts";
import { monthOf } from "./months.ts";
import type { Scanned } from "./scanner.ts";
import { modeAt } from "./unix-permissions.ts";

const GCOS7 = /^[-d] [-dsm] \S{6} .{12} .{16} ([A-Z]{3}) ([ \d]\d),? (\d{4}) /;
const GCOS8 = /^[-d] ([-rwxst]{3}) ([-rwxst]{3}) ([-rwxst]{3}) ([ \d]{10}\d) (\d\d\/\d\d\/\d\d) ([\d: ]{8}) /;
const GCOS7_NAME = 54;
const GCOS8_OWNER = 45;
const GCOS8_NAME = 59;

export function scanGcos(line: string, clock: ListingClock): Scanned {
  const type = line.startsWith("d") ? "directory" : "file";
  const seven = GCOS7.exec(line.slice(0, GCOS7_NAME));
  if (seven !== null) {
    const month = monthOf(seven[1] ?? "");
    return makeEntry("gcos", line, line.slice(GCOS7_NAME), type, {
      ...modified(clock, month === 0 ? undefined : [Number(seven[3]), month, Number(seven[2])]),
      owner: line.slice(24, 40).trim(),
    });
  }
  const eight = GCOS8.exec(line.slice(0, GCOS8_NAME));
  if (eight === null) return undefined;
  const mode = modeAt(`${eight[1]}${eight[2]}${eight[3]}`, 0);
  return makeEntry("gcos", line, line.slice(GCOS8_NAME), type, {
    size: type === "file" ? sizeOf(eight[4]?.trim()) : undefined,
    ...modified(clock, numericDate(eight[5], "month-day-year"), eight[6]?.trim()),
    mode: mode === -1 ? undefined : mode,
    owner: line.slice(GCOS8_OWNER, GCOS8_NAME).trim(),
  });
}
