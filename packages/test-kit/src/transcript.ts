// What a program has said so far, and the wait for it to say something.
import { EventEmitter, once } from "node:events";
import type { Readable } from "node:stream";

export class Transcript {
  readonly #events = new EventEmitter();
  #text = "";
  #ended = false;

  constructor(stream: Readable) {
    stream.setEncoding("utf8").on("data", (text: string) => {
      this.#text += text;
      this.#events.emit("more");
    });
    stream.once("close", () => {
      this.#ended = true;
      this.#events.emit("more");
    });
  }

  /** All of it. */
  get text(): string {
    return this.#text;
  }

  /** Waits until something is there; resolves to what matched, and to the groups of a pattern. Throws at the end. */
  async shows(wanted: string | RegExp): Promise<readonly string[]> {
    for (;;) {
      if (typeof wanted !== "string") {
        const match = wanted.exec(this.#text);
        if (match !== null) return match;
      } else if (this.#text.includes(wanted)) {
        return [wanted];
      }
      if (this.#ended) throw new Error(`the program did not say ${String(wanted)}, but: ${this.#text}`);
      await once(this.#events, "more");
    }
  }
}
