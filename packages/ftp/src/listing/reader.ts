// Reads the lines of a listing one by one, each in whatever format it is.
import { ListingClock } from "./clock.ts";
import { DIALECTS } from "./dialects.ts";
import type { FtpEntry } from "./entry.ts";
import { parseMlsx } from "./mlsx.ts";
import type { Scanned, Scanner } from "./scanner.ts";
import { scanVmsContinuation, vmsNameOnly } from "./vms.ts";

/**
 * Reads lines of a format of one's own. Undefined leaves the line to the others; "heading" says that it is no entry.
 * What it returns gets `format` "custom" if it says so.
 */
export type ListingParser = (line: string) => FtpEntry | "heading" | undefined;

export interface ListingReaderOptions {
  /** The current time, from which the year is inferred where a listing has none. */
  now?: (() => Date) | undefined;
  /** How many minutes the server's local time, which listings are in, is ahead of UTC. Default 0. */
  utcOffset?: number | undefined;
  /** Asked first for every line. */
  parser?: ListingParser | undefined;
  /** "mlsx" if the lines are of MLSD. Default "auto": every line may have another format. */
  format?: "mlsx" | "auto" | undefined;
  /** Called for each line that nobody understands. */
  onUnparsed?: ((line: string) => void) | undefined;
}

/** So many lines that nobody understands are kept; all of them are counted. */
const MOST_UNPARSED = 100;

const scanMlsxOnly: Scanner = (line) => parseMlsx(line);

/** ListingReader turns lines, which come without their line ends, into entries. */
export class ListingReader {
  readonly #clock: ListingClock;
  readonly #parser: ListingParser | undefined;
  readonly #onUnparsed: ((line: string) => void) | undefined;
  readonly #scanners: readonly Scanner[];
  // The one that understood the last line is asked first.
  #scanner: Scanner;
  #heading: Scanner | undefined;
  // The first line of an entry whose second one is still to come, or else an entry that waits for the next call.
  #begun: string | undefined;
  #held: FtpEntry | undefined;
  #unparsed: string[] = [];
  #unparsedCount = 0;

  constructor(options: ListingReaderOptions = {}) {
    const { now, utcOffset, parser, format = "auto", onUnparsed } = options;
    this.#clock = new ListingClock(now, utcOffset);
    this.#parser = parser;
    this.#onUnparsed = onUnparsed;
    this.#scanners = format === "mlsx" ? [scanMlsxOnly] : DIALECTS;
    this.#scanner = format === "mlsx" ? scanMlsxOnly : (DIALECTS[0] ?? scanMlsxOnly);
  }

  /** The first lines that nobody understood: error messages, or formats that we do not know. */
  get unparsed(): readonly string[] {
    return this.#unparsed;
  }

  /** How many lines nobody understood. */
  get unparsedCount(): number {
    return this.#unparsedCount;
  }

  /**
   * Takes a line. Returns an entry, of this line or of an earlier one, if there is one: an entry of several lines is
   * complete only with the last of them.
   */
  push(line: string): FtpEntry | undefined {
    if (this.#begun !== undefined) return this.#continue(this.#begun, line);
    const entry = this.#scan(line);
    if (this.#held === undefined) return entry;
    const held = this.#held;
    this.#held = entry;
    return held;
  }

  /** Ends the listing. Returns the entry that was still held back, if any. */
  end(): FtpEntry | undefined {
    const entry = this.#begun === undefined ? this.#held : vmsNameOnly(this.#begun);
    this.#begun = undefined;
    this.#held = undefined;
    return entry;
  }

  // The line before was a name and nothing else.
  #continue(begun: string, line: string): FtpEntry | undefined {
    this.#begun = undefined;
    const whole = scanVmsContinuation(begun, line, this.#clock);
    if (whole !== undefined) return whole;
    // No more of it came: it is an entry of its own, and this line is held back if it is one, too.
    this.#held = this.#scan(line);
    return vmsNameOnly(begun);
  }

  #scan(line: string): FtpEntry | undefined {
    const scanned = this.#parser?.(line) ?? this.#ask(line);
    if (scanned === "continued") this.#begun = line;
    else if (typeof scanned === "object") return scanned;
    else if (scanned === undefined && line.trim() !== "") this.#surface(line);
    return undefined;
  }

  #ask(line: string): Scanned {
    const last = this.#scanner;
    const scanned = last(line, this.#clock, this.#heading === last);
    if (scanned !== undefined) return this.#note(last, scanned);
    for (const scanner of this.#scanners) {
      const result = scanner === last ? undefined : scanner(line, this.#clock, this.#heading === scanner);
      if (result !== undefined) return this.#note(scanner, result);
    }
    return undefined;
  }

  #note(scanner: Scanner, scanned: Scanned): Scanned {
    this.#scanner = scanner;
    if (scanned === "heading") this.#heading = scanner;
    return scanned;
  }

  #surface(line: string): void {
    this.#unparsedCount += 1;
    if (this.#unparsed.length < MOST_UNPARSED) this.#unparsed.push(line);
    this.#onUnparsed?.(line);
  }
}

/** Reads a line that is all there is, such as one of `STAT`. Undefined if it is no entry. */
export function parseListingLine(line: string, options: ListingReaderOptions = {}): FtpEntry | undefined {
  const reader = new ListingReader(options);
  return reader.push(line) ?? reader.end();
}
