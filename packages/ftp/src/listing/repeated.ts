// Values that are the same on nearly all lines of a listing (owners, groups, permissions): one string serves them all.

// What is longer would keep its whole line in memory.
const LONGEST = 32;

/** Repeated remembers the last value. */
export class Repeated {
  #last = "";

  /** The text between two places of a line. */
  take(line: string, start: number, end: number): string {
    const last = this.#last;
    if (last.length === end - start && isAt(line, start, last)) return last;
    const value = line.slice(start, end);
    if (value.length <= LONGEST) this.#last = value;
    return value;
  }
}

// For so few characters this is faster than startsWith.
function isAt(line: string, start: number, text: string): boolean {
  for (let index = 0; index < text.length; index += 1) {
    if (line.charCodeAt(start + index) !== text.charCodeAt(index)) return false;
  }
  return true;
}
