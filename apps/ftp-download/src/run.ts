// What the downloads of one run share.
import { formatBytes, type ProgressBars } from "@netcli/command-line";
import type { Settings } from "./arguments.ts";
import { Tally } from "./tally.ts";

// What is smaller and quicker has no speed worth telling.
const LARGE_BYTES = 1_048_576;
const LONG_MILLISECONDS = 1_000;

/** Run is one call of the program. */
export class Run {
  readonly settings: Settings;
  readonly bars: ProgressBars;
  readonly signal: AbortSignal;
  readonly tally: Tally = new Tally();

  constructor(settings: Settings, bars: ProgressBars, signal: AbortSignal) {
    this.settings = settings;
    this.bars = bars;
    this.signal = signal;
  }

  /** More than one file may come: each is named where it fails, and there is a summary. */
  get isOfMany(): boolean {
    return this.settings.recursive || this.settings.jobs.length > 1;
  }

  /** Says what went well. */
  note(line: string): void {
    if (!this.settings.quiet) this.bars.say(line);
  }

  /** Says what went wrong. */
  complain(line: string): void {
    this.bars.say(`ftp-download: ${line}`);
  }

  /** Notes that a file was saved, of which so many bytes came in so many milliseconds. */
  saved(local: string, { bytes, resumedFrom = 0, milliseconds }: SavedFile): void {
    const came = bytes - resumedFrom;
    const facts = [`${bytes} bytes`];
    if (came >= LARGE_BYTES || milliseconds >= LONG_MILLISECONDS)
      facts.push(`${formatBytes((came / Math.max(milliseconds, 1)) * 1_000)}/s`);
    if (resumedFrom > 0) facts.push(`went on at ${formatBytes(resumedFrom)}`);
    this.tally.saved += 1;
    this.note(`saved ${local} (${facts.join(", ")})`);
  }
}

interface SavedFile {
  readonly bytes: number;
  readonly resumedFrom?: number;
  readonly milliseconds: number;
}
