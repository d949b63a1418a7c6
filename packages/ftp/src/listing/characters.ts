// Walking over a line by character codes: what the scanners are made of that must be fast.

const TAB = 9;
export const SPACE = 32;
export const COMMA = 44;
export const DASH = 45;
export const DOT = 46;
export const SLASH = 47;
export const ZERO = 48;
const NINE = 57;
export const COLON = 58;
export const SEMICOLON = 59;
export const EQUALS = 61;

export function isDigit(code: number): boolean {
  return code >= ZERO && code <= NINE;
}

export function isBlank(code: number): boolean {
  return code === SPACE || code === TAB;
}

/** ASCII letters, and all that is not ASCII: months have names in many languages. */
export function isLetter(code: number): boolean {
  const lower = code | 32;
  return (lower >= 97 && lower <= 122) || code > 127;
}

/** Where the blanks end that begin at `at`. */
export function skipBlanks(line: string, at: number): number {
  const { length } = line;
  let end = at;
  while (end < length && isBlank(line.charCodeAt(end))) end += 1;
  return end;
}

/** Where the word ends that begins at `at`. */
export function wordEnd(line: string, at: number): number {
  const { length } = line;
  let end = at;
  while (end < length && !isBlank(line.charCodeAt(end))) end += 1;
  return end;
}

/** Where the digits end that begin at `at`. */
export function digitsEnd(line: string, at: number): number {
  const { length } = line;
  let end = at;
  while (end < length && isDigit(line.charCodeAt(end))) end += 1;
  return end;
}

/** The number between two places, or -1 if there is another character than digits, or none at all. */
export function numberAt(line: string, start: number, end: number): number {
  if (start >= end) return -1;
  let value = 0;
  for (let at = start; at < end; at += 1) {
    const code = line.charCodeAt(at);
    if (!isDigit(code)) return -1;
    value = value * 10 + (code - ZERO);
  }
  return value;
}

/** A number of bytes that can be counted exactly, or undefined. */
export function exactSize(value: number): number | undefined {
  return Number.isSafeInteger(value) && value >= 0 ? value : undefined;
}
