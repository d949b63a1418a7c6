// One line at the bottom of a terminal that shows how far a transfer is.
import type { WriteStream } from "node:tty";
import { printable } from "@netcli/core-transport";

// Often enough to look smooth, seldom enough to cost nothing.
const REDRAW_MILLISECONDS = 100;
const BAR_CELLS = 24;

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
    const line = formatProgress(this.#label, bytes, total, now - this.#started);
    this.#out.write(`\r\x1b[K${line.slice(0, this.#out.columns - 1)}`);
  }

  /** Takes the line away. */
  clear(): void {
    if (this.#drawn > 0) this.#out.write("\r\x1b[K");
    this.#drawn = 0;
  }
}

/** The line for so many bytes after so many milliseconds. */
export function formatProgress(
  label: string,
  bytes: number,
  total: number | undefined,
  elapsed: number,
): string {
  const speed = elapsed === 0 ? 0 : (bytes / elapsed) * 1_000;
  const rate = `${formatBytes(speed)}/s`;
  if (total === undefined) return `${label}  ${formatBytes(bytes)}  ${rate}`;
  const share = total === 0 ? 1 : Math.min(bytes / total, 1);
  const cells = Math.round(share * BAR_CELLS);
  const bar = `[${"#".repeat(cells)}${".".repeat(BAR_CELLS - cells)}]`;
  const percent = `${Math.floor(share * 100)}%`.padStart(4);
  const left = speed === 0 ? "" : `  ${formatDuration((total - bytes) / speed)} left`;
  return `${label} ${percent} ${bar} ${formatBytes(bytes)} of ${formatBytes(total)}  ${rate}${left}`;
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
