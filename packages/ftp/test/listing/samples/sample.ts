// What is known of a line: what it shows, and what has to be read from it.
import type { FtpEntry, FtpEntryType, ListingFormat, TimePrecision } from "../../../src/listing/entry.ts";

export interface Sample {
  /** What the line shows: "<format>: <what>". */
  readonly what: string;
  readonly line: string;
  readonly name: string;
  readonly type: FtpEntryType;
  readonly size?: number | undefined;
  /** UTC, as ISO without zone; as exact as its own length says. Years are inferred as of NOW. */
  readonly at?: string | undefined;
  readonly more?: Partial<FtpEntry> | undefined;
}

export const NOW = new Date("2026-07-15T12:00:00Z");

/**
 * Makes samples of a text with two lines for each: what it is, and under it the line of the listing. The first has
 * columns: what, type, name, size, date, and what else is told ("mode" in octal). What cannot be shown as it is stands
 * in quotes, as JSON.
 */
export function table(text: string): Sample[] {
  const lines = text.split("\n").filter((line) => line !== "");
  return lines.flatMap((head, index) => {
    if (index % 2 === 1) return [];
    const [what = "", type, name = "", size = "", at = "", more = ""] = head.split(/ *\| */);
    return {
      what,
      line: plain(lines[index + 1] ?? ""),
      type: type as FtpEntryType,
      name: plain(name),
      size: size === "" ? undefined : Number(size),
      at: at === "" ? undefined : at,
      more: moreOf(more),
    };
  });
}

function plain(text: string): string {
  return text.startsWith('"') ? String(JSON.parse(text)) : text;
}

function moreOf(text: string): Partial<FtpEntry> {
  const pairs = [...text.matchAll(/(\w+)=("(?:[^"\\]|\\.)*"|\S+)/g)].map(([, key = "", value = ""]) => [
    key,
    key === "mode" ? Number.parseInt(value, 8) : plain(value),
  ]);
  return Object.fromEntries(pairs) as Partial<FtpEntry>;
}

/** The entry that has to be read. */
export function expected(format: ListingFormat, sample: Sample): Partial<FtpEntry> {
  const { line, name, type, size, at, more } = sample;
  return {
    name,
    type,
    raw: line,
    format,
    ...(size !== undefined && { size }),
    ...(at !== undefined && { modifiedAt: new Date(`${padded(at)}Z`), modifiedPrecision: precisionOf(at) }),
    ...more,
  };
}

function padded(at: string): string {
  return at.length === 10 ? `${at}T00:00` : at;
}

function precisionOf(at: string): TimePrecision {
  if (at.length === 10) return "day";
  if (at.length === 16) return "minute";
  return at.length === 19 ? "second" : "millisecond";
}
