// The lines at the bottom of a terminal that show how far transfers are, one for each.
import type { WriteStream } from "node:tty";
import { printable } from "@netcli/core-transport";
import { formatProgress } from "./progress-line.ts";
import { Speed } from "./speed.ts";
import { columnsOf } from "./text-columns.ts";

// Often enough to look smooth, seldom enough to cost nothing.
const REDRAW_MILLISECONDS = 100;

const CLEAR_TO_END_OF_LINE = "\u001B[K";
const CLEAR_BELOW = "\u001B[J";

/** What is drawn on. */
export type Canvas = Pick<WriteStream, "columns" | "rows" | "write">;

/** One transfer. */
export class ProgressBar {
  readonly #bars: ProgressBars;
  #label: string;
  #bytes = 0;
  #total: number | undefined;
  #speed: Speed | undefined;

  /** Not for callers: see ProgressBars. */
  constructor(bars: ProgressBars, label: string) {
    this.#bars = bars;
    this.#label = printable(label);
  }

  get label(): string {
    return this.#label;
  }

  /** For a transfer of several parts, which have names. */
  rename(label: string): void {
    this.#label = printable(label);
  }

  /** The first bytes count as the beginning: what was there from an earlier run did not come just now. */
  update(bytes: number, total: number | undefined): void {
    this.#bytes = bytes;
    this.#total = total;
    if (bytes > 0) this.#speed ??= new Speed(Date.now(), bytes);
    this.#speed?.update(bytes, Date.now());
  }

  /** Takes the line away. */
  end(): void {
    this.#bars.remove(this);
  }

  line(columns: number, labelColumns: number): string {
    const speed = this.#speed?.at(Date.now()) ?? 0;
    const { label } = this;
    return formatProgress({ label, bytes: this.#bytes, total: this.#total, speed }, columns, labelColumns);
  }
}

/** ProgressBars draws on a terminal; where there is none, or bars are not wanted, it only passes on what is said. */
export class ProgressBars {
  readonly #out: Canvas;
  readonly #isShown: boolean;
  readonly #bars: Set<ProgressBar> = new Set();
  // As they stand there; the cursor is at the beginning of the last one, wherever that wraps.
  #drawn: readonly string[] = [];
  #timer: NodeJS.Timeout | undefined;

  constructor(out: Canvas, isShown: boolean) {
    this.#out = out;
    this.#isShown = isShown;
  }

  add(label: string): ProgressBar {
    const bar = new ProgressBar(this, label);
    this.#bars.add(bar);
    if (this.#isShown) this.#timer ??= setInterval(() => this.#draw(), REDRAW_MILLISECONDS).unref();
    return bar;
  }

  /** Not for callers: see ProgressBar.end. */
  remove(bar: ProgressBar): void {
    this.#bars.delete(bar);
    if (this.#bars.size === 0) this.clear();
  }

  /** Writes a line above the bars. Control characters in it are shown, not obeyed. */
  say(line: string): void {
    const wasDrawn = this.#drawn.length > 0;
    // In one piece, or the bars would flicker.
    this.#out.write(`${this.#erase()}${printable(line)}\n${wasDrawn ? this.#place(this.#lines()) : ""}`);
  }

  /** Takes all lines away, and all bars. */
  clear(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
    this.#bars.clear();
    const erase = this.#erase();
    if (erase !== "") this.#out.write(erase);
  }

  #draw(): void {
    const lines = this.#lines();
    if (lines.length === this.#drawn.length && lines.every((line, at) => line === this.#drawn[at])) return;
    this.#out.write(this.#place(lines));
  }

  /** What puts these lines in the place of those that are there. */
  #place(lines: readonly string[]): string {
    const home = this.#home();
    this.#drawn = lines;
    return `${home}${lines.map((line) => `${line}${CLEAR_TO_END_OF_LINE}`).join("\n")}${CLEAR_BELOW}\r`;
  }

  #lines(): string[] {
    // A line that fills its row would wrap on some terminals.
    const columns = this.#columns - 1;
    // One row stays for what is said.
    const rows = Math.max((this.#out.rows || 24) - 1, 1);
    const bars = [...this.#bars];
    const shown = bars.length <= rows ? bars : bars.slice(0, rows - 1);
    const labelColumns = Math.max(...shown.map(({ label }) => columnsOf(label)));
    const lines = shown.map((bar) => bar.line(columns, labelColumns));
    const more = bars.length - shown.length;
    if (more > 0) lines.push(`... and ${more} more`.slice(0, Math.max(columns, 0)));
    return lines;
  }

  // Zero where the terminal does not tell.
  get #columns(): number {
    return this.#out.columns || 80;
  }

  #erase(): string {
    const erase = this.#drawn.length === 0 ? "" : `${this.#home()}${CLEAR_BELOW}`;
    this.#drawn = [];
    return erase;
  }

  /** To where the first line begins. */
  #home(): string {
    let up = 0;
    // A terminal that was made narrower since has wrapped them.
    for (const line of this.#drawn.slice(0, -1))
      up += Math.max(Math.ceil(columnsOf(line) / this.#columns), 1);
    return up === 0 ? "\r" : `\r\u001B[${up}A`;
  }
}
