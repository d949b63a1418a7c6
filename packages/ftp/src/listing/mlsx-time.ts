// The "modify" fact of MLSx: "20050607212233" or "20050607212233.123", always in UTC (RFC 3659 2.3).
import { timeOf } from "./calendar.ts";
import { DOT, isDigit, numberAt, ZERO } from "./characters.ts";
import type { EntryDraft } from "./entry.ts";

/** Reads the value of the fact between two places; what is no time is left out. */
export function readModified(line: string, start: number, end: number, entry: EntryDraft): void {
  // Servers that count years from 1900 wrote "19105" in 2005.
  const isOld = end - start >= 15 && isDigit(line.charCodeAt(start + 14)) && line.startsWith("191", start);
  const monthAt = isOld ? start + 5 : start + 4;
  const last = monthAt + 10;
  if (end < last) return;
  const millisecond = end === last ? 0 : millisecondsAt(line, last, end);
  if (millisecond === -1) return;
  // What has no digits is -1, of which there is no such day.
  const time = timeOf(
    isOld ? 1900 + numberAt(line, start + 2, monthAt) : yearAt(line, start),
    twoDigitsAt(line, monthAt),
    twoDigitsAt(line, monthAt + 2),
    twoDigitsAt(line, monthAt + 4),
    twoDigitsAt(line, monthAt + 6),
    twoDigitsAt(line, monthAt + 8),
    millisecond,
  );
  if (Number.isNaN(time)) return;
  entry.modifiedAt = new Date(time);
  entry.modifiedPrecision = end === last ? "second" : "millisecond";
}

function yearAt(line: string, start: number): number {
  const century = twoDigitsAt(line, start);
  const year = twoDigitsAt(line, start + 2);
  return century === -1 || year === -1 ? -1 : century * 100 + year;
}

function twoDigitsAt(line: string, at: number): number {
  const high = line.charCodeAt(at) - ZERO;
  const low = line.charCodeAt(at + 1) - ZERO;
  return high >= 0 && high <= 9 && low >= 0 && low <= 9 ? high * 10 + low : -1;
}

function millisecondsAt(line: string, dot: number, end: number): number {
  const first = dot + 1;
  if (line.charCodeAt(dot) !== DOT || first === end) return -1;
  for (let at = first; at < end; at += 1) if (!isDigit(line.charCodeAt(at))) return -1;
  const digits = Math.min(end - first, 3);
  return numberAt(line, first, first + digits) * 10 ** (3 - digits);
}
