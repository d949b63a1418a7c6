// The columns of an `ls -l` line that is not quite usual: owner or group are missing, or have spaces; devices; sizes
// with units; NetPresenz' forks and folders; dates that nobody can read.
import type { Moment } from "./calendar.ts";
import {
  COLON,
  COMMA,
  digitsEnd,
  exactSize,
  isDigit,
  isLetter,
  numberAt,
  skipBlanks,
  wordEnd,
} from "./characters.ts";
import type { ListingClock } from "./clock.ts";
import { readNamedDate, readUsualDate } from "./named-date.ts";
import { readNumericDate } from "./numeric-date.ts";

/** What the columns between permissions and name say; the moment tells where the name begins. */
export interface UnixColumns {
  readonly size: number | undefined;
  readonly owner: string | undefined;
  readonly group: string | undefined;
}

/** Reads any date that `ls -l` is known to print. */
export function readDate(line: string, at: number, clock: ListingClock, into: Moment): boolean {
  if (readUsualDate(line, at, clock, into)) return true;
  if (isDigit(line.charCodeAt(at)) && readNumericDate(line, at, clock, into)) return true;
  return readNamedDate(line, at, clock, into);
}

// A group may be called "Domain Users of the South"; more words than these are not looked at, so that a line of a
// megabyte costs no more than others.
const MOST_WORDS = 24;
// Where the date stands if nothing is missing: behind links, owner, group and size.
const USUAL = 4;

type Words = readonly { readonly start: number; readonly end: number }[];

function wordsAt(line: string, at: number): Words {
  const words = [];
  for (let start = skipBlanks(line, at); start < line.length && words.length < MOST_WORDS;) {
    const end = wordEnd(line, start);
    words.push({ start, end });
    start = skipBlanks(line, end);
  }
  return words;
}

/** Finds the date behind `at`, and what the columns before it are. Undefined if this is no line of `ls -l`. */
export function findColumns(
  line: string,
  at: number,
  isDevice: boolean,
  clock: ListingClock,
  into: Moment,
): UnixColumns | undefined {
  const words = wordsAt(line, at);
  return (
    findDate(line, words, isDevice, (start) => readDate(line, start, clock, into)) ??
    findDate(line, words, isDevice, (start, place) => place > 2 && readUnknownDate(line, start, into)) ??
    readDateless(line, words, into)
  );
}

function findDate(
  line: string,
  words: Words,
  isDevice: boolean,
  read: (start: number, place: number) => boolean,
): UnixColumns | undefined {
  // As usual, or without a group; then with spaces in names; least likely with hardly anything.
  const places = [USUAL, USUAL - 1];
  for (let place = USUAL + 1; place < words.length; place += 1) places.push(place);
  places.push(2, 1);
  for (const place of places) {
    const start = words[place]?.start;
    const last = words[place - 1];
    if (start === undefined || last === undefined) continue;
    if (!(isDevice ? isDigit(line.charCodeAt(last.end - 1)) : isSize(line, last.start, last.end))) continue;
    if (read(start, place)) return columnsBefore(line, words, place, isDevice);
  }
  // A long group may leave no space before the size.
  const [owner, group, date] = words;
  if (owner === undefined || group === undefined || date === undefined) return undefined;
  const digits = trailingDigits(line, group.start, group.end);
  if (digits === group.start || digits === group.end || !read(date.start, 2)) {
    return undefined;
  }
  return {
    owner: line.slice(owner.start, owner.end),
    group: line.slice(group.start, digits),
    size: exactSize(numberAt(line, digits, group.end)),
  };
}

function columnsBefore(line: string, words: Words, place: number, isDevice: boolean): UnixColumns {
  const last = words[place - 1] ?? { start: 0, end: 0 };
  const major = words[place - 2];
  // "8, 1", or in hexadecimal "0x8 0x1".
  const hasMajor =
    isDevice &&
    major !== undefined &&
    (line.charCodeAt(major.end - 1) === COMMA || line.startsWith("0x", major.start));
  const before = words.slice(0, hasMajor ? place - 2 : place - 1);
  const size = isDevice ? undefined : sizeAt(line, last.start, last.end);
  const [first, second] = before;
  if (first === undefined) return { size, owner: undefined, group: undefined };
  const links = numberAt(line, first.start, first.end);
  if (before.length === 2 && second !== undefined) {
    // NetPresenz: resource fork, data fork, and their sum.
    const fork = numberAt(line, second.start, second.end);
    if (links >= 0 && fork >= 0 && links + fork === size) return { size, owner: undefined, group: undefined };
  }
  // NetPresenz and WebStar: what stands for the size of a folder is how many entries it has.
  if (before.length === 1 && line.slice(first.start, first.end) === "folder") {
    return { size: undefined, owner: undefined, group: undefined };
  }
  return { size, ...ownership(line, links >= 0 ? before.slice(1) : before) };
}

// Of more than two words the first column is as wide as the first gap of several spaces says, or one word.
function ownership(
  line: string,
  words: Words,
): { readonly owner: string | undefined; readonly group: string | undefined } {
  const first = words[0];
  const last = words.at(-1);
  if (first === undefined || last === undefined) return { owner: undefined, group: undefined };
  if (words.length === 1) return { owner: line.slice(first.start, first.end), group: undefined };
  const gap = words.findIndex((word, index) => (words[index + 1]?.start ?? 0) - word.end > 1);
  const split = words.length === 2 || gap === -1 ? 0 : gap;
  const groupStart = words[split + 1]?.start;
  return {
    owner: line.slice(first.start, words[split]?.end),
    group: groupStart === undefined ? undefined : line.slice(groupStart, last.end),
  };
}

// "531", "1,234,567" or, rounded to a unit, "33.5k".
function isSize(line: string, start: number, end: number): boolean {
  if (!isDigit(line.charCodeAt(start))) return false;
  for (let at = start; at < end; at += 1) {
    const code = line.charCodeAt(at);
    if (isDigit(code) || code === COMMA || code === 46 || code === 39) continue;
    return at === end - 1 && "kmgtpb".includes(line.charAt(at).toLowerCase());
  }
  return true;
}

// Rounded sizes are not told: they would only be mistaken for the number of bytes.
function sizeAt(line: string, start: number, end: number): number | undefined {
  const plain = numberAt(line, start, end);
  if (plain >= 0) return exactSize(plain);
  if (end - start > 24) return undefined;
  const text = line.slice(start, end);
  return /^\d{1,3}(?:[,.']\d{3}){1,5}$/.test(text)
    ? exactSize(Number(text.replaceAll(/[,.']/g, "")))
    : undefined;
}

function trailingDigits(line: string, start: number, end: number): number {
  let at = end;
  while (at > start && isDigit(line.charCodeAt(at - 1))) at -= 1;
  return at;
}

// A month in a language that we do not know, or an encoding: the entry is worth more than its date.
function readUnknownDate(line: string, at: number, into: Moment): boolean {
  const [first, second, third] = wordsAt(line.slice(0, at + 80), at);
  if (first === undefined || second === undefined || third === undefined) return false;
  const isDayFirst = isDay(line, first.start, first.end) && isLetter(line.charCodeAt(second.start));
  const isMonthFirst = isLetter(line.charCodeAt(first.start)) && isDay(line, second.start, second.end);
  const digits = digitsEnd(line, third.start);
  const isYear = digits === third.end && digits - third.start === 4;
  const isTime = isDay(line, third.start, digits) && line.charCodeAt(digits) === COLON;
  if (!(isDayFirst || isMonthFirst) || !(isYear || isTime)) return false;
  into.time = Number.NaN;
  into.end = third.end;
  return true;
}

function isDay(line: string, start: number, end: number): boolean {
  const digits = digitsEnd(line, start);
  return digits > start && digits - start <= 2 && end - digits <= 1;
}

// Some servers send no date at all; a name that holds a time may be a date that we do not know.
function readDateless(line: string, words: Words, into: Moment): UnixColumns | undefined {
  const [links, owner, group, size, ...name] = words;
  if (links === undefined || owner === undefined || group === undefined || size === undefined) {
    return undefined;
  }
  const isUsual = numberAt(line, links.start, links.end) >= 0 && numberAt(line, size.start, size.end) >= 0;
  if (!isUsual || name.length === 0) return undefined;
  const beginning = line.slice(size.end, size.end + 40);
  if (/\d:\d\d|\b\d{4}\b/.test(beginning)) return undefined;
  into.time = Number.NaN;
  into.end = size.end;
  return {
    size: exactSize(numberAt(line, size.start, size.end)),
    owner: line.slice(owner.start, owner.end),
    group: line.slice(group.start, group.end),
  };
}
