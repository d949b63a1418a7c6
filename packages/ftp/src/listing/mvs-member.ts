// The members of a partitioned data set of z/OS (MVS), with the statistics of the editor:
// "COMPILE   01.12 1996/02/01 1999/04/17 09:58    44    40     6 ADA",
// or of a load library: "PAYROLL   001A28 000207          00 FO             RN RU            31    ANY".
// The sizes are counts of records, and of memory: neither is told.
import type { ListingClock } from "./clock.ts";
import { makeEntry } from "./entry.ts";
import { modified, numericDate } from "./field-date.ts";
import { fieldsOf, isTitle } from "./fields.ts";
import type { Scanned } from "./scanner.ts";

const TITLES = [
  "Name VV.MM Created Changed Size Init Mod Id",
  "Name Size TTR Alias-of AC --------- Attributes --------- Amode Rmode",
  "Name Size TTR Alias-of AC--------- Attributes --------- Amode Rmode",
];

const MOST_FIELDS = 10;

export function scanMvsMember(line: string, clock: ListingClock, underHeading: boolean): Scanned {
  if (TITLES.some((title) => isTitle(line, title))) return "heading";
  const [name, second, third, fourth, fifth, , , , owner] = fieldsOf(line, MOST_FIELDS);
  if (name === undefined || name.start > 1) return undefined;
  if (second === undefined) {
    // No statistics: only under its title is a word that stands alone a member.
    return underHeading && /^[A-Z$#@{][A-Z0-9$#@{]{0,7}$/i.test(name.text)
      ? makeEntry("mvs", line, name.text, "file")
      : undefined;
  }
  if (/^\d\d\.\d\d$/.test(second.text)) {
    const changed = numericDate(fourth?.text, "year-month-day");
    if (changed === undefined || numericDate(third?.text, "year-month-day") === undefined) return undefined;
    const times = modified(clock, changed, fifth?.text);
    return makeEntry("mvs", line, name.text, "file", { ...times, owner: owner?.text });
  }
  const isModule = isHexadecimal(second.text) && isHexadecimal(third?.text ?? "") && fourth !== undefined;
  // An alias tells what it stands for before its authorization code.
  const hasCode = isCode(fourth?.text) || isCode(fifth?.text);
  return isModule && hasCode ? makeEntry("mvs", line, name.text, "file") : undefined;
}

function isHexadecimal(word: string): boolean {
  return /^[0-9A-F]{6,8}$/.test(word.slice(0, 9));
}

function isCode(word: string | undefined): boolean {
  return word !== undefined && /^\d\d$/.test(word);
}
