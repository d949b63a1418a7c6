// A whole listing as entries: a line that nobody understands is one as well, of unknown type and without a name.
import type { FtpEntry } from "./entry.ts";
import { ListingReader, type ListingReaderOptions } from "./reader.ts";

/** EntryReader turns lines into entries, in their order. */
export class EntryReader {
  readonly #reader: ListingReader;
  // Those that are complete.
  #entries: FtpEntry[] = [];
  // What comes behind it may cast doubt on it.
  #last: FtpEntry | undefined;
  // The line that is being read, if nobody understands it.
  #unparsed: string | undefined;

  constructor(options: ListingReaderOptions = {}) {
    this.#reader = new ListingReader({
      ...options,
      onUnparsed: (line) => {
        this.#unparsed = line;
        options.onUnparsed?.(line);
      },
    });
  }

  /** Takes lines without their ends. Returns the entries that are complete now. */
  push(lines: readonly string[]): FtpEntry[] {
    for (const line of lines) {
      this.#add(this.#reader.push(line));
      if (this.#unparsed !== undefined) this.#surface(this.#unparsed);
      this.#unparsed = undefined;
    }
    return this.#take();
  }

  /** Ends the listing. Returns the entries that were held back. */
  end(): FtpEntry[] {
    this.#add(this.#reader.end());
    this.#add(undefined, true);
    return this.#take();
  }

  #add(entry: FtpEntry | undefined, isLast: boolean = false): void {
    if (entry === undefined && !isLast) return;
    if (this.#last !== undefined) this.#entries.push(this.#last);
    this.#last = entry;
  }

  // A name may hold a line end, which nothing sets apart from that of the line.
  #surface(line: string): void {
    if (this.#last !== undefined && this.#last.format !== "unknown") {
      this.#last = { ...this.#last, isDoubtful: true };
    }
    this.#add({ name: "", type: "unknown", raw: line, format: "unknown" });
  }

  #take(): FtpEntry[] {
    const entries = this.#entries;
    this.#entries = [];
    return entries;
  }
}

/** In the order of the lines. */
export function entriesOf(lines: readonly string[], options: ListingReaderOptions = {}): FtpEntry[] {
  const reader = new EntryReader(options);
  return [...reader.push(lines), ...reader.end()];
}
