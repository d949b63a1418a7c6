// What a scanner is: it knows one format, and is asked line by line.
import type { FtpEntry } from "./entry.ts";
import type { ListingClock } from "./clock.ts";

/**
 * What a scanner makes of a line: an entry; "heading" for a line of its format that is no entry (titles, totals);
 * "continued" for the first line of an entry whose rest is on the next one; undefined if it is not its format.
 */
export type Scanned = FtpEntry | "heading" | "continued" | undefined;

/**
 * Scans a line, which comes without its line end. `underHeading` is true if the last heading was of this format:
 * some lines make sense only then.
 */
export type Scanner = (line: string, clock: ListingClock, underHeading: boolean) => Scanned;
