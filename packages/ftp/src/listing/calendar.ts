// Dates and times of day as numbers, and whether there is such a day.
import type { TimePrecision } from "./entry.ts";

/**
 * A moment that was read from a line: the place behind it, its UTC time (NaN if there is no such day or time), and
 * how exact it is. One object is filled again and again: a listing may have millions of lines.
 */
export interface Moment {
  end: number;
  time: number;
  precision: TimePrecision;
}

/** What an entry says of its time; nothing if there is no such day or time. */
export interface Modified {
  readonly modifiedAt?: Date;
  readonly modifiedPrecision?: TimePrecision;
}

export function modifiedOf({ time, precision }: Moment): Modified {
  return Number.isNaN(time) ? {} : { modifiedAt: new Date(time), modifiedPrecision: precision };
}

const DAY = 86_400_000;
const DAYS = [31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
// How many days of a year are before each month, without a 29 February.
const DAYS_BEFORE = [0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334];
// How many days there are before 1970 because of leap years.
const LEAP_DAYS_BEFORE_1970 = 477;

/**
 * The time of a moment in milliseconds, or NaN if there is none such. 24:00 is the end of the day. It is reckoned
 * here because Date.UTC takes as long as all else about a date.
 */
export function timeOf(
  year: number,
  month: number,
  day: number,
  hour = 0,
  minute = 0,
  second = 0,
  millisecond = 0,
): number {
  if (!(year >= 100 && year <= 9999 && month >= 1 && month <= 12 && day >= 1)) return Number.NaN;
  const isLeap = (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0;
  if (day > (DAYS[month - 1] ?? 0) || (month === 2 && day === 29 && !isLeap)) return Number.NaN;
  // A minute may have a leap second.
  if (!(minute >= 0 && minute < 60 && second >= 0 && second <= 60 && hour >= 0)) return Number.NaN;
  if (hour >= 24 && (hour > 24 || minute > 0 || second > 0)) return Number.NaN;
  const past = year - 1;
  const leapDays =
    Math.floor(past / 4) - Math.floor(past / 100) + Math.floor(past / 400) - LEAP_DAYS_BEFORE_1970;
  const leapDay = isLeap && month > 2 ? 1 : 0;
  const days = (year - 1970) * 365 + leapDays + leapDay + (DAYS_BEFORE[month - 1] ?? 0) + day - 1;
  return days * DAY + hour * 3_600_000 + minute * 60_000 + second * 1000 + millisecond;
}

/**
 * The year that is meant by fewer digits: 70 to 99 are of the last century. Programs older than the year 2000 print
 * the years since 1900: "103" is 2003.
 */
export function fullYear(year: number): number {
  if (year < 70) return year + 2000;
  return year < 1000 ? year + 1900 : year;
}
