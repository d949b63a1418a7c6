// The messages of a maildrop as a table: number, size, date, from, subject.
import { formatBytes, formatTable, shorten } from "@netcli/command-line";
import { printable } from "@netcli/core-transport";
import { readHeader } from "./header.ts";

// Where no terminal says how much room there is.
const COLUMNS = 160;

const DATE_COLUMNS = "2026-11-20 21:30".length;

// A date is short; Date.parse need not read a novel.
const DATE_CHARACTERS = 100;

/** What the table shows of a message. */
export interface Listed {
  readonly number: number;
  readonly size: number;
  readonly date: string;
  readonly from: string;
  readonly subject: string;
}

/** `header`: the text that the message begins with. */
export function listed({ number, size }: Pick<Listed, "number" | "size">, header: string): Listed {
  const fields = readHeader(header);
  const text = (name: string): string => shorten(harmless(fields.get(name) ?? ""), COLUMNS);
  return { number, size, date: dateOf(fields.get("date")), from: text("from"), subject: text("subject") };
}

/** One line for each, up to so many columns wide. */
export function formatList(messages: readonly Listed[], columns: number = COLUMNS): string[] {
  return formatTable(
    messages.map(({ number, size, date, from, subject }) => {
      // The sender leaves room for the subject.
      return [String(number), formatBytes(size), date, shorten(from, Math.floor(columns / 4)), subject];
    }),
    { columns, right: [0, 1] },
  );
}

/** In the time of this place; what can't be read stays as it is. */
function dateOf(text: string = ""): string {
  const date = new Date(text.slice(0, DATE_CHARACTERS));
  if (Number.isNaN(date.getTime())) return shorten(harmless(text), DATE_COLUMNS);
  const day = [date.getFullYear(), twoDigits(date.getMonth() + 1), twoDigits(date.getDate())].join("-");
  return `${day} ${twoDigits(date.getHours())}:${twoDigits(date.getMinutes())}`;
}

function twoDigits(number: number): string {
  return String(number).padStart(2, "0");
}

/** Shows what would steer the terminal, or turn the rest of a line around (Unicode's explicit directions). */
function harmless(text: string): string {
  return printable(text).replaceAll(/[\u2028-\u202E\u2066-\u2069]/g, (character) => {
    return `\\u${character.charCodeAt(0).toString(16)}`;
  });
}
