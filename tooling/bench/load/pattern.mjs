// What the load in Node sends and expects back: a pattern of different lines, begun elsewhere by each stream.
const lineSize = 32;
const chunkSize = 65_536;
/** A prime number of lines, so that one lost, doubled or swapped does not go unseen. */
const lineCount = 1009;
const period = lineCount * lineSize;

const digits = (number) => String(number).padStart(4, "0");
const lines = Array.from(
  { length: lineCount },
  (_, line) => `line ${digits(line)} abcdefghijklmno ${digits(lineCount - line)}\r\n`,
);
/** Longer than the period by a chunk: what is sent or compared is always one piece. */
const pattern = Buffer.alloc(period + chunkSize, lines.join(""), "latin1");

export class PatternStream {
  #start;
  #goal;
  #sent = 0;
  #received = 0;

  constructor(number, lineGoal) {
    this.#start = (number * 7 * lineSize) % period;
    this.#goal = lineGoal * lineSize;
  }

  get answered() {
    return this.#received === this.#goal;
  }

  /** The lines the window has room for, in one piece; it may be empty. */
  next(window) {
    const unanswered = this.#sent - Math.floor(this.#received / lineSize) * lineSize;
    const size = Math.max(0, Math.min(window * lineSize - unanswered, this.#goal - this.#sent));
    const from = (this.#start + this.#sent) % period;
    this.#sent += size;
    return pattern.subarray(from, from + size);
  }

  /** Compares what has come back. */
  take(chunk) {
    if (this.#received + chunk.length > this.#sent) throw new Error("more came back than was sent");
    const from = (this.#start + this.#received) % period;
    if (chunk.compare(pattern, from, from + chunk.length) !== 0) throw new Error("other bytes came back");
    this.#received += chunk.length;
  }
}
