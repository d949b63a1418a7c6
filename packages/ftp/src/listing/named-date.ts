// The dates of `ls -l` with the name of a month, in whatever order and language:
// "Mar  9 07:41", "Nov  3  1997", "27. Juni, 19:05", "Nov 09, 2003 10:58", "Sun Mar  4 05:06:07 2007", "09-jul-98".
import { fullYear, type Moment, timeOf } from "./calendar.ts";
import {
  COLON,
  COMMA,
  DASH,
  digitsEnd,
  DOT,
  isBlank,
  isDigit,
  isLetter,
  numberAt,
  skipBlanks,
  SPACE,
  wordEnd,
  ZERO,
} from "./characters.ts";
import type { ListingClock } from "./clock.ts";
import { englishMonthAt, monthOf } from "./months.ts";
import { newTimeOfDay, readHalfOfDay, readTimeOfDay } from "./time-of-day.ts";

const time = newTimeOfDay();

/**
 * Reads "Mar  9 07:41" or "Nov  3  1997" and nothing else: that is what nearly all lines have, so it is worth its
 * own way. Returns false also for what readNamedDate can still read.
 */
export function readUsualDate(line: string, at: number, clock: ListingClock, into: Moment): boolean {
  const month = englishMonthAt(line, at);
  // The shortest: "Jan 1 2000".
  if (month === 0 || line.length < at + 10 || line.charCodeAt(at + 3) !== SPACE) return false;
  let dayStart = at + 4;
  if (line.charCodeAt(dayStart) === SPACE) dayStart += 1;
  let day = line.charCodeAt(dayStart) - ZERO;
  if (!(day >= 0 && day <= 9)) return false;
  let start = dayStart + 1;
  const second = line.charCodeAt(start) - ZERO;
  if (second >= 0 && second <= 9) {
    day = day * 10 + second;
    start += 1;
  }
  if (line.charCodeAt(start) !== SPACE) return false;
  start += 1;
  if (line.charCodeAt(start) === SPACE) start += 1;
  const middle = line.charCodeAt(start + 2);
  const end = middle === COLON ? start + 5 : start + 4;
  if (end > line.length || (end < line.length && line.charCodeAt(end) !== SPACE)) return false;
  if (middle === COLON) {
    const hour = numberAt(line, start, start + 2);
    const minute = numberAt(line, start + 3, end);
    if (hour < 0 || minute < 0) return false;
    into.time = clock.latest(month, day, hour, minute);
    into.precision = "minute";
  } else {
    const year = numberAt(line, start, end);
    if (year < 0) return false;
    into.time = clock.toUtc(timeOf(year, month, day));
    into.precision = "day";
  }
  into.end = end;
  return true;
}

/** Reads a date with the name of a month that begins at `at`. False if there is none. */
export function readNamedDate(line: string, at: number, clock: ListingClock, into: Moment): boolean {
  if (isDigit(line.charCodeAt(at))) return readDayFirst(line, at, clock, into);
  const end = wordEnd(line, at);
  const month = monthOf(line.slice(at, Math.min(end, at + 24)));
  const next = skipBlanks(line, end);
  // ctime's form begins with the day of the week.
  if (month === 0) return isWeekday(line, at, end) && readUsualOrMonthFirst(line, next, clock, into);
  return readMonthFirst(line, next, month, clock, into);
}

function readUsualOrMonthFirst(line: string, at: number, clock: ListingClock, into: Moment): boolean {
  const month = englishMonthAt(line, at);
  if (month === 0 || !isBlank(line.charCodeAt(at + 3))) return false;
  return readMonthFirst(line, skipBlanks(line, at + 3), month, clock, into);
}

const WEEKDAYS = new Set(["mon", "tue", "wed", "thu", "fri", "sat", "sun"]);

function isWeekday(line: string, start: number, end: number): boolean {
  return end - start === 3 && WEEKDAYS.has(line.slice(start, end).toLowerCase());
}

// Behind the month: the day, perhaps a comma, and a year or a time or both.
function readMonthFirst(line: string, at: number, month: number, clock: ListingClock, into: Moment): boolean {
  const dayEnd = digitsEnd(line, at);
  if (dayEnd === at || dayEnd - at > 2) return false;
  const day = numberAt(line, at, dayEnd);
  const mark = line.charCodeAt(dayEnd);
  const end = mark === COMMA || mark === DOT ? dayEnd + 1 : dayEnd;
  // "Nov 16,2001": a comma may do without a space.
  if (mark !== COMMA && !isBlank(line.charCodeAt(end))) return false;
  return readYearOrTime(line, skipBlanks(line, end), month, day, mark === COMMA, clock, into);
}

// "27. Juni, 19:05", "3.   Okt.  2005", "02 nov 2003", "09-jul-98".
function readDayFirst(line: string, at: number, clock: ListingClock, into: Moment): boolean {
  const dayEnd = digitsEnd(line, at);
  if (dayEnd - at > 2) return false;
  const day = numberAt(line, at, dayEnd);
  if (line.charCodeAt(dayEnd) === DASH) return readDashed(line, dayEnd + 1, day, clock, into);
  const monthStart = skipBlanks(line, line.charCodeAt(dayEnd) === DOT ? dayEnd + 1 : dayEnd);
  if (monthStart === dayEnd || !isLetter(line.charCodeAt(monthStart))) return false;
  const monthEnd = wordEnd(line, monthStart);
  const month = monthOf(line.slice(monthStart, Math.min(monthEnd, monthStart + 24)));
  return month > 0 && readYearOrTime(line, skipBlanks(line, monthEnd), month, day, false, clock, into);
}

function readDashed(line: string, at: number, day: number, clock: ListingClock, into: Moment): boolean {
  let monthEnd = at;
  while (isLetter(line.charCodeAt(monthEnd)) && monthEnd - at < 24) monthEnd += 1;
  const month = monthOf(line.slice(at, monthEnd));
  if (month === 0 || line.charCodeAt(monthEnd) !== DASH) return false;
  const yearEnd = digitsEnd(line, monthEnd + 1);
  const digits = yearEnd - monthEnd - 1;
  if (digits < 2 || digits > 4 || !isWordEnd(line, yearEnd)) return false;
  return readDay(
    line,
    yearEnd,
    [fullYear(numberAt(line, monthEnd + 1, yearEnd)), month, day],
    false,
    clock,
    into,
  );
}

// A time without a year is of the last twelve months; the year may follow its seconds, too.
function readYearOrTime(
  line: string,
  at: number,
  month: number,
  day: number,
  hasComma: boolean,
  clock: ListingClock,
  into: Moment,
): boolean {
  const timeEnd = readTimeOfDay(line, at, time);
  if (timeEnd !== -1) {
    if (!isWordEnd(line, timeEnd)) return false;
    const yearStart = skipBlanks(line, timeEnd);
    const yearEnd = digitsEnd(line, yearStart);
    into.precision = time.precision;
    if (time.precision === "second" && yearEnd - yearStart === 4 && isWordEnd(line, yearEnd)) {
      const year = numberAt(line, yearStart, yearEnd);
      into.time = clock.toUtc(timeOf(year, month, day, time.hour, time.minute, time.second));
      into.end = yearEnd;
      return true;
    }
    into.time = clock.latest(month, day, time.hour, time.minute, time.second);
    into.end = timeEnd;
    return true;
  }
  const yearEnd = digitsEnd(line, at);
  const digits = yearEnd - at;
  if (!isWordEnd(line, yearEnd) || (digits !== 4 && !(hasComma && digits === 2))) return false;
  const year = fullYear(numberAt(line, at, yearEnd));
  if (hasComma) return readDay(line, yearEnd, [year, month, day], digits === 2, clock, into);
  into.time = clock.toUtc(timeOf(year, month, day));
  into.precision = "day";
  into.end = yearEnd;
  return true;
}

// Behind these years there may be a time as well: no file is likely to have a name that begins like that.
function readDay(
  line: string,
  yearEnd: number,
  [year, month, day]: readonly [number, number, number],
  hasHalves: boolean,
  clock: ListingClock,
  into: Moment,
): boolean {
  const start = skipBlanks(line, yearEnd);
  const end = start === yearEnd ? -1 : readTimeOfDay(line, start, time);
  if (end === -1 || !isWordEnd(line, end)) {
    into.time = clock.toUtc(timeOf(year, month, day));
    into.precision = "day";
    into.end = yearEnd;
    return true;
  }
  // Novell's servers, which also shorten the year, count twelve hours.
  into.end = hasHalves ? readHalfOfDay(line, end, time) : end;
  into.time = clock.toUtc(timeOf(year, month, day, time.hour, time.minute, time.second));
  into.precision = time.precision;
  return true;
}

function isWordEnd(line: string, at: number): boolean {
  return at >= line.length || isBlank(line.charCodeAt(at));
}
