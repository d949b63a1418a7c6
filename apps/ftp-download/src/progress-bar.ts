// One line at the bottom of a terminal that shows how far a transfer is.
import type { WriteStream } from "node:tty";
import { printable } from "@netcli/core-transport";

// Often enough to look smooth, seldom enough to cost nothing.
const REDRAW_MILLISECONDS = 100;
const BAR_CELLS = 24;
const LEAST_BAR_CELLS = 10;
// Room for " 98.5 MiB of 100.0 MiB  112.4 MiB/s  0:05 left", so that the bar does not change with every digit.
const FACTS_COLUMNS = 48;

/** Takes away what stands in the line of the cursor. */
export const CLEAR_LINE = "\r\u001B[K";

/** ProgressBar draws on a terminal, and does nothing on anything else. */
export class ProgressBar {
  readonly #label: string;
  readonly #out: WriteStream | NodeJS.WriteStream;
  readonly #started = Date.now();
  #drawn = 0;

  constructor(label: string, out: WriteStream | NodeJS.WriteStream) {
    this.#label = printable(label);
    this.#out = out;
  }

  update(bytes: number, total: number | undefined): void {
    const now = Date.now();
    if (!this.#out.isTTY || now - this.#drawn < REDRAW_MILLISECONDS) return;
    this.#drawn = now;
    // Zero where the terminal does not tell.
    const columns = (this.#out.columns || 80) - 1;
    const line = formatProgress(this.#label, bytes, total, now - this.#started, columns);
    this.#out.write(`${CLEAR_LINE}${line}`);
  }

  /** Takes the line away. */
  clear(): void {
    if (this.#drawn > 0) this.#out.write(CLEAR_LINE);
    this.#drawn = 0;
  }
}

/** The line for so many bytes after so many milliseconds, in so many columns. A long label is cut first. */
export function formatProgress(
  label: string,
  bytes: number,
  total: number | undefined,
  elapsed: number,
  columns: number,
): string {
  const speed = elapsed === 0 ? 0 : (bytes / elapsed) * 1_000;
  const rate = `${formatBytes(speed)}/s`;
  if (total === undefined) return fit(label, ` ${formatBytes(bytes)}  ${rate}`, columns);
  const share = total === 0 ? 1 : Math.min(bytes / total, 1);
  const percent = `${Math.floor(share * 100)}%`.padStart(4);
  const left = speed === 0 ? "" : `  ${formatDuration((total - bytes) / speed)} left`;
  const facts = ` ${formatBytes(bytes)} of ${formatBytes(total)}  ${rate}${left}`.padEnd(FACTS_COLUMNS);
  const cells = columns - columnsOf(label) - facts.length - " 100% []".length;
  const bar = formatBar(share, Math.max(LEAST_BAR_CELLS, Math.min(cells, BAR_CELLS)));
  return fit(label, `${percent} ${bar}${facts}`, columns);
}

function formatBar(share: number, cells: number): string {
  const full = Math.floor(share * cells);
  return `[${"#".repeat(full)}${".".repeat(cells - full)}]`;
}

// What does not fit is taken from the label, down to nothing, and then from the end.
function fit(label: string, facts: string, columns: number): string {
  const room = columns - facts.length - 1;
  return `${shorten(label, room)} ${facts}`.slice(0, Math.max(columns, 0)).trimEnd();
}

function shorten(label: string, columns: number): string {
  if (columnsOf(label) <= columns) return label;
  let short = "";
  for (const character of label) {
    if (columnsOf(short + character) >= columns) break;
    short += character;
  }
  return columns > 0 ? `${short}…` : "";
}

// From U+1100 on there are letters that take two columns: to count too many is better than a line that wraps.
function columnsOf(text: string): number {
  let columns = 0;
  for (const character of text) columns += character < "\u1100" ? 1 : 2;
  return columns;
}

function formatBytes(bytes: number): string {
  const units = ["B", "KiB", "MiB", "GiB", "TiB"];
  const power = bytes < 1 ? 0 : Math.min(Math.floor(Math.log2(bytes) / 10), units.length - 1);
  return `${(bytes / 1_024 ** power).toFixed(power === 0 ? 0 : 1)} ${units[power]}`;
}

function formatDuration(seconds: number): string {
  const whole = Math.max(Math.ceil(seconds), 0);
  return `${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, "0")}`;
}
