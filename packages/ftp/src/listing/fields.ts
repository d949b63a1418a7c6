// The words of a line, for the formats that are too rare to be worth more.
import { skipBlanks, wordEnd } from "./characters.ts";

export interface Field {
  readonly text: string;
  readonly start: number;
  readonly end: number;
}

/** The first words of a line, parted by blanks. */
export function fieldsOf(line: string, most: number): Field[] {
  const fields: Field[] = [];
  for (let start = skipBlanks(line, 0); start < line.length && fields.length < most;) {
    const end = wordEnd(line, start);
    fields.push({ text: line.slice(start, end), start, end });
    start = skipBlanks(line, end);
  }
  return fields;
}

/** The number of bytes that a word of digits tells, or undefined. */
export function sizeOf(word: string | undefined): number | undefined {
  if (word === undefined || !isDigits(word)) return undefined;
  const size = Number(word);
  return Number.isSafeInteger(size) ? size : undefined;
}

// As many digits as a number of bytes can have.
const MOST_DIGITS = 20;

export function isDigits(word: string | undefined): word is string {
  return word !== undefined && word.length <= MOST_DIGITS && /^\d+$/.test(word);
}

/** The line behind a field and `pad` blanks at most. */
export function behind(line: string, field: Field, pad: number): string {
  let start = field.end;
  while (start < field.end + pad && line.startsWith(" ", start)) start += 1;
  return line.slice(start);
}

/** Parts a name from the slash behind it by which some formats mark directories. */
export function markedName(text: string): readonly [name: string, isDirectory: boolean] {
  return text.length > 1 && text.endsWith("/") ? [text.slice(0, -1), true] : [text, false];
}

// How much wider than its words a title may be.
const MOST_PADDING = 120;

/** Does the line consist of these words, and of nothing else? */
export function isTitle(line: string, title: string): boolean {
  if (line.length > title.length + MOST_PADDING) return false;
  // Nearly all lines differ in the first letters already.
  if (!line.startsWith(title.slice(0, 2), skipBlanks(line, 0))) return false;
  return line.trim().replaceAll(/\s+/g, " ") === title;
}
