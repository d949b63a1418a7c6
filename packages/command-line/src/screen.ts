// A terminal's screen, for tests: what a person sees of all that was written, lines that wrap and windows that shrink
// included.
import { EventEmitter, once } from "node:events";

interface Row {
  text: string;
  /** It goes on in the next one. */
  wraps: boolean;
}

const TOKENS = new RegExp(String.raw`\x1b\[(\d*)([AJK])|[^]`, "gu");

export class Screen {
  columns: number;
  rows: number;
  #lines: Row[] = [{ text: "", wraps: false }];
  #row = 0;
  #column = 0;
  readonly #events = new EventEmitter();

  constructor(columns: number, rows: number, written = "") {
    this.columns = columns;
    this.rows = rows;
    this.write(written);
  }

  /** All rows, those too that have scrolled away, without empty ones at the end. */
  get shown(): string[] {
    const rows = this.#lines.map(({ text }) => text.trimEnd());
    return rows.slice(0, rows.findLastIndex((row) => row !== "") + 1);
  }

  /** Waits until that is to be seen. */
  async shows(wanted: string | RegExp): Promise<void> {
    while (this.shown.join("\n").search(wanted) === -1) await once(this.#events, "written");
  }

  write(text: string | Uint8Array): boolean {
    for (const [token, number, letter] of String(text).matchAll(TOKENS)) {
      if (letter === "A") this.#row = Math.max(this.#row - Number(number || 1), this.#top);
      else if (letter !== undefined) this.#erase(letter === "J");
      else if (token === "\r") this.#column = 0;
      else if (token === "\n") this.#advance();
      else this.#put(token);
    }
    this.#events.emit("written");
    return true;
  }

  /** Lines that were one stay one. */
  resize(columns: number, rows: number): void {
    const before = this.#lines;
    let offset = this.#column;
    for (let at = this.#row - 1; at >= 0 && before[at]?.wraps === true; at -= 1) offset += this.columns;
    const cursorLine = before.slice(0, this.#row).filter(({ wraps }) => !wraps).length;
    const whole: string[] = [""];
    for (const { text, wraps } of before) {
      whole[whole.length - 1] += wraps ? text.padEnd(this.columns) : text;
      if (!wraps) whole.push("");
    }
    whole.pop();
    this.columns = columns;
    this.rows = rows;
    this.#lines = [];
    for (const [at, text] of whole.entries()) {
      if (at === cursorLine) {
        this.#row = this.#lines.length + Math.floor(offset / columns);
        this.#column = offset % columns;
      }
      for (let from = 0; from === 0 || from < text.length; from += columns) {
        this.#lines.push({ text: text.slice(from, from + columns), wraps: from + columns < text.length });
      }
    }
  }

  get #top(): number {
    return Math.max(this.#lines.length - this.rows, 0);
  }

  get #current(): Row {
    return (this.#lines[this.#row] ??= { text: "", wraps: false });
  }

  #put(character: string): void {
    if (this.#column === this.columns) {
      this.#current.wraps = true;
      this.#advance();
    }
    const row = this.#current;
    row.text = row.text.padEnd(this.#column);
    row.text = row.text.slice(0, this.#column) + character + row.text.slice(this.#column + 1);
    this.#column += 1;
  }

  #advance(): void {
    this.#row += 1;
    this.#column = 0;
    this.#lines[this.#row] ??= { text: "", wraps: false };
  }

  #erase(isBelow: boolean): void {
    const row = this.#current;
    row.text = row.text.slice(0, this.#column);
    row.wraps = false;
    if (isBelow) this.#lines.length = this.#row + 1;
  }
}
