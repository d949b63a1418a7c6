// Times of day in listings: "21:06", "9:05:30", "21:22:33.123456789", and the halves of a day ("8:45 pm", "03:47PM").
import type { TimePrecision } from "./entry.ts";
import { COLON, digitsEnd, DOT, isBlank, isDigit, numberAt, SPACE } from "./characters.ts";

/** A time of day; filled again and again as `Moment` is. */
export interface TimeOfDay {
  hour: number;
  minute: number;
  second: number;
  millisecond: number;
  precision: TimePrecision;
}

export function newTimeOfDay(): TimeOfDay {
  return { hour: 0, minute: 0, second: 0, millisecond: 0, precision: "minute" };
}

/**
 * Reads the time of day that begins at `at`. Returns where it ends, or -1 if there is none. That it exists (no
 * 25:00) is for the calendar to say.
 */
export function readTimeOfDay(line: string, at: number, into: TimeOfDay): number {
  const colon = digitsEnd(line, at);
  if (colon - at < 1 || colon - at > 2 || line.charCodeAt(colon) !== COLON) return -1;
  let end = digitsEnd(line, colon + 1);
  if (end - colon !== 3) return -1;
  into.hour = numberAt(line, at, colon);
  into.minute = numberAt(line, colon + 1, end);
  into.second = 0;
  into.millisecond = 0;
  into.precision = "minute";
  if (line.charCodeAt(end) !== COLON) return end;
  const secondEnd = digitsEnd(line, end + 1);
  if (secondEnd - end !== 3) return end;
  into.second = numberAt(line, end + 1, secondEnd);
  into.precision = "second";
  end = secondEnd;
  if (line.charCodeAt(end) !== DOT || !isDigit(line.charCodeAt(end + 1))) return end;
  const fractionEnd = digitsEnd(line, end + 1);
  const digits = Math.min(fractionEnd - end - 1, 3);
  into.millisecond = numberAt(line, end + 1, end + 1 + digits) * 10 ** (3 - digits);
  into.precision = "millisecond";
  return fractionEnd;
}

/**
 * Reads the half of the day (AM, pm, a, p) behind a time, and behind at most one space. Returns where it ends, or
 * `at` if there is none. Only for formats that have it: elsewhere a file may be called "am".
 */
export function readHalfOfDay(line: string, at: number, into: TimeOfDay): number {
  const start = line.charCodeAt(at) === SPACE ? at + 1 : at;
  const half = line.charCodeAt(start) | 32;
  if (half !== 97 && half !== 112) return at;
  const hasM = (line.charCodeAt(start + 1) | 32) === 109;
  // A letter that stands alone is rather a name.
  if (!hasM && start > at) return at;
  const end = hasM ? start + 2 : start + 1;
  if (end < line.length && !isBlank(line.charCodeAt(end))) return at;
  if (into.hour >= 1 && into.hour <= 12) into.hour = (into.hour % 12) + (half === 112 ? 12 : 0);
  return end;
}
