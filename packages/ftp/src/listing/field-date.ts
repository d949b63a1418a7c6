// Dates and times that are words of their own: "03-30-01", "2008/01/22", "31.03.08", "9-OCT-2004", "21:15:30.25".
import { fullYear, type Modified, timeOf } from "./calendar.ts";
import type { ListingClock } from "./clock.ts";
import type { TimePrecision } from "./entry.ts";
import { monthOf } from "./months.ts";
import { newTimeOfDay, readHalfOfDay, readTimeOfDay } from "./time-of-day.ts";

/** The order of the numbers in a date that does not begin with a year of four digits. */
export type DateOrder = "month-day-year" | "day-month-year" | "year-month-day";

export type YearMonthDay = readonly [year: number, month: number, day: number];

// Longer than any date is.
const LONGEST = 24;

/**
 * A date in numbers. Where the day would be a thirteenth month, both are taken the other way round. Undefined if the
 * word is no date.
 */
export function numericDate(word: string | undefined, order: DateOrder): YearMonthDay | undefined {
  if (word === undefined || word.length > LONGEST) return undefined;
  const match = /^(\d{1,4})([-/.])(\d{1,2})\2(\d{1,4})$/.exec(word);
  if (match === null) return undefined;
  const [first, second, third] = [Number(match[1]), Number(match[3]), Number(match[4])];
  if (match[1]?.length === 4) return [first, second, third];
  if (order === "year-month-day") return [fullYear(first), second, third];
  const isMonthFirst = order === "month-day-year" ? first <= 12 : second > 12;
  return isMonthFirst ? [fullYear(third), first, second] : [fullYear(third), second, first];
}

/** A date with the name of its month: "9-OCT-2004", "19-Jan-04" or "Jun-19-2001". */
export function namedDate(word: string | undefined): YearMonthDay | undefined {
  if (word === undefined || word.length > LONGEST) return undefined;
  const [first = "", second = "", year = "", ...rest] = word.split("-");
  if (rest.length > 0 || !/^\d{2,4}$/.test(year)) return undefined;
  const [day, name] = /^\d{1,2}$/.test(first) ? [first, second] : [second, first];
  const month = monthOf(name);
  if (month === 0 || !/^\d{1,2}$/.test(day)) return undefined;
  return [fullYear(Number(year)), month, Number(day)];
}

const time = newTimeOfDay();

/** Is that word a time of day, and nothing else? */
export function isTime(word: string | undefined): boolean {
  if (word === undefined || word.length > LONGEST) return false;
  const end = readTimeOfDay(word, 0, time);
  return end !== -1 && readHalfOfDay(word, end, time) === word.length;
}

/** What is to be said of a date, and of the time of day if there is one. */
export function modified(clock: ListingClock, date: YearMonthDay | undefined, timeOfDay?: string): Modified {
  if (date === undefined) return {};
  const [year, month, day] = date;
  let local = timeOf(year, month, day);
  let precision: TimePrecision = "day";
  if (isTime(timeOfDay)) {
    local = timeOf(year, month, day, time.hour, time.minute, time.second, time.millisecond);
    precision = time.precision;
  }
  if (Number.isNaN(local)) return {};
  return { modifiedAt: new Date(clock.toUtc(local)), modifiedPrecision: precision };
}
