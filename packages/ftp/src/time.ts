// Times in commands and facts (RFC 3659 2.3): YYYYMMDDHHMMSS, UTC, with a fraction or without.
import { ArgumentError } from "@netcli/core-transport";

/** Undefined for what is no time. */
export function parseTime(text: string): Date | undefined {
  const [, year, month, day, hour, minute, second, fraction = ""] =
    /^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)(?:\.(\d{1,9}))?$/.exec(text) ?? [];
  if (year === undefined) return undefined;
  const date = new Date(
    Date.UTC(
      Number(year),
      Number(month) - 1,
      Number(day),
      Number(hour),
      Number(minute),
      Number(second),
      Number(fraction.padEnd(3, "0").slice(0, 3)),
    ),
  );
  // The 31st of February would be taken for the 3rd of March. A leap second is one (RFC 3659 2.3).
  const isReal = date.getUTCMonth() === Number(month) - 1 || Number(second) === 60;
  return isReal && Number(hour) < 24 && Number(minute) < 60 && Number(second) <= 60 ? date : undefined;
}

/** To the second. Throws ArgumentError for what is no date, or beyond the year 9999. */
export function formatTime(date: Date): string {
  const year = date.getUTCFullYear();
  if (!(year >= 0 && year <= 9999)) throw new ArgumentError(`that time can't be expressed: ${String(date)}`);
  return date.toISOString().slice(0, 19).replaceAll(/[-T:]/g, "");
}
