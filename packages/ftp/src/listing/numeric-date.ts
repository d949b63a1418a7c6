// The dates of `ls -l` in numbers: ISO ("2007-03-04 05:06:07.123456789 +0200", "04-30 17:18"), with other separators
// and orders ("1998/11/23 08:19", "23-05-2006 18:14", "2006.08.19"), and East Asian ones ("5月 19日 2005年").
import { fullYear, type Moment, timeOf } from "./calendar.ts";
import { COLON, DASH, digitsEnd, DOT, isBlank, numberAt, skipBlanks, SLASH, SPACE } from "./characters.ts";
import type { ListingClock } from "./clock.ts";
import { newTimeOfDay, readTimeOfDay } from "./time-of-day.ts";

const time = newTimeOfDay();

/** Reads a date in numbers that begins at `at`. False if there is none. */
export function readNumericDate(line: string, at: number, clock: ListingClock, into: Moment): boolean {
  const firstEnd = digitsEnd(line, at);
  const digits = firstEnd - at;
  if (digits === 0 || digits > 4 || digits === 3) return false;
  const separator = line.charCodeAt(firstEnd);
  if (separator === DASH || separator === SLASH || separator === DOT) {
    return readSeparated(line, at, firstEnd, clock, into);
  }
  return readWords(line, at, clock, into);
}

function readSeparated(
  line: string,
  at: number,
  firstEnd: number,
  clock: ListingClock,
  into: Moment,
): boolean {
  const separator = line.charCodeAt(firstEnd);
  const secondEnd = digitsEnd(line, firstEnd + 1);
  if (secondEnd - firstEnd < 2 || secondEnd - firstEnd > 3) return false;
  const first = numberAt(line, at, firstEnd);
  const second = numberAt(line, firstEnd + 1, secondEnd);
  if (line.charCodeAt(secondEnd) !== separator) {
    // "04-30 17:18" and "11-17 2001": the "iso" style of GNU ls.
    const isIso = separator === DASH && isBlank(line.charCodeAt(secondEnd));
    return isIso && readYearOrTime(line, skipBlanks(line, secondEnd), first, second, clock, into);
  }
  const thirdEnd = digitsEnd(line, secondEnd + 1);
  const width = thirdEnd - secondEnd - 1;
  if (!isWordEnd(line, thirdEnd) || width < 1 || width > 4) return false;
  const third = numberAt(line, secondEnd + 1, thirdEnd);
  if (firstEnd - at === 4) return readTail(line, thirdEnd, separator, [first, second, third], clock, into);
  if (width < 2) return false;
  const year = fullYear(third);
  // With slashes the month is first, otherwise the day, unless that cannot be.
  const isMonthFirst = separator === SLASH ? first <= 12 : first <= 12 && second > 12;
  const [month, day] = isMonthFirst ? [first, second] : [second, first];
  return readTail(line, thirdEnd, separator, [year, month, day], clock, into);
}

// Behind year, month and day: a time with seconds, fractions, a time zone, or not.
function readTail(
  line: string,
  at: number,
  separator: number,
  [year, month, day]: readonly [number, number, number],
  clock: ListingClock,
  into: Moment,
): boolean {
  const end = readTimeOfDay(line, skipBlanks(line, at), time);
  if (end === -1 || !isWordEnd(line, end)) {
    into.time = clock.toUtc(timeOf(year, month, day));
    into.precision = "day";
    // The "iso" style of GNU ls pads the dates of old files with a space.
    const isPadded = separator === DASH && isSpace(line, at) && isSpace(line, at + 1);
    into.end = isPadded ? at + 1 : at;
    return true;
  }
  const { hour, minute, second, millisecond, precision } = time;
  const local = timeOf(year, month, day, hour, minute, second, millisecond);
  const zone = precision === "minute" ? undefined : zoneAt(line, end + 1);
  into.precision = precision;
  into.time = zone === undefined ? clock.toUtc(local) : local - zone * 60_000;
  into.end = zone === undefined ? end : end + 6;
  return true;
}

// The "full-iso" style tells how many minutes the zone is ahead: "+0200".
function zoneAt(line: string, at: number): number | undefined {
  const sign = line.charAt(at);
  if ((sign !== "+" && sign !== "-") || !isWordEnd(line, at + 5)) return undefined;
  const hours = numberAt(line, at + 1, at + 3);
  const minutes = numberAt(line, at + 3, at + 5);
  if (hours < 0 || minutes < 0) return undefined;
  return (hours * 60 + minutes) * (sign === "-" ? -1 : 1);
}

// "5月 19日 2005年", "2월  6 12:00", "2005年  1月  6日", "4 27 05:38": numbers with any characters behind that are not
// ASCII, because the listing may be in another encoding than we believe.
function readWords(line: string, at: number, clock: ListingClock, into: Moment): boolean {
  const firstEnd = suffixEnd(line, digitsEnd(line, at));
  const secondStart = skipBlanks(line, firstEnd);
  const secondDigits = digitsEnd(line, secondStart);
  const secondEnd = suffixEnd(line, secondDigits);
  const thirdStart = skipBlanks(line, secondEnd);
  const first = numberAt(line, at, digitsEnd(line, at));
  const second = numberAt(line, secondStart, secondDigits);
  if (second < 0 || secondDigits - secondStart > 2) return false;
  const hasSuffix = firstEnd > digitsEnd(line, at) || secondEnd > secondDigits;
  // Without suffixes the blanks must part them.
  if (!hasSuffix && (secondStart === firstEnd || thirdStart === secondEnd)) return false;
  if (first < 1000) return readYearOrTime(line, thirdStart, first, second, clock, into);
  const thirdDigits = digitsEnd(line, thirdStart);
  const end = suffixEnd(line, thirdDigits);
  const third = numberAt(line, thirdStart, thirdDigits);
  if (!hasSuffix || third < 0 || !isWordEnd(line, end)) return false;
  into.time = clock.toUtc(timeOf(first, second, third));
  into.precision = "day";
  into.end = end;
  return true;
}

function readYearOrTime(
  line: string,
  at: number,
  month: number,
  day: number,
  clock: ListingClock,
  into: Moment,
): boolean {
  const digits = digitsEnd(line, at);
  if (line.charCodeAt(digits) === COLON) {
    into.end = readTimeOfDay(line, at, time);
    into.time = clock.latest(month, day, time.hour, time.minute, time.second);
    into.precision = time.precision;
    return into.end !== -1 && isWordEnd(line, into.end);
  }
  const end = suffixEnd(line, digits);
  if (digits - at !== 4 || !isWordEnd(line, end)) return false;
  into.time = clock.toUtc(timeOf(numberAt(line, at, digits), month, day));
  into.precision = "day";
  into.end = end;
  return true;
}

// Three characters are enough for 年, also if each of its bytes was taken for one.
function suffixEnd(line: string, at: number): number {
  let end = at;
  while (end < at + 3 && line.charCodeAt(end) > 127) end += 1;
  return end;
}

function isSpace(line: string, at: number): boolean {
  return line.charCodeAt(at) === SPACE;
}

function isWordEnd(line: string, at: number): boolean {
  return at >= line.length || isBlank(line.charCodeAt(at));
}
