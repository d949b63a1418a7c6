// The bytes a scripted peer has got from its client: what there was, and what is still to be read.
import { PeerGone } from "./peer-gone.ts";

const lf = 0x0a;
const cr = 0x0d;

export class Inbox {
  #all: Buffer[] = [];
  #unread: Buffer[] = [];
  #length = 0;
  #state: "open" | "ended" | "gone" = "open";
  #waiting: (() => void)[] = [];

  get all(): Buffer {
    return Buffer.concat(this.#all);
  }

  get isOpen(): boolean {
    return this.#state === "open";
  }

  push(chunk: Buffer): void {
    this.#all.push(chunk);
    this.#unread.push(chunk);
    this.#length += chunk.length;
    this.#wake();
  }

  /** `ended` for a client that said it has no more to send, `gone` for a connection that broke. */
  finish(state: "ended" | "gone"): void {
    if (this.#state !== "open") return;
    this.#state = state;
    this.#wake();
  }

  /** Takes the unread bytes out again, as if they had never come. */
  withdraw(): Buffer {
    const unread = this.#take(this.#length);
    const all = this.all;
    this.#all = [all.subarray(0, all.length - unread.length)];
    return unread;
  }

  async line(): Promise<Buffer> {
    await this.#until(() => this.#lineLength() > 0);
    return this.#take(this.#lineLength()).subarray(0, -2);
  }

  async exactly(size: number): Promise<Buffer> {
    await this.#until(() => this.#length >= size);
    return this.#take(size);
  }

  async rest(): Promise<Buffer> {
    await this.#until(() => this.#state === "ended");
    return this.#take(this.#length);
  }

  /** Waits for the end, however it comes, but no longer than until there is something to read. */
  async endOrMore(): Promise<Buffer> {
    await this.#until(() => this.#length > 0 || this.#state !== "open");
    return Buffer.concat(this.#unread);
  }

  async #until(ready: () => boolean): Promise<void> {
    while (!ready()) {
      if (this.#state !== "open") {
        const unread = JSON.stringify(Buffer.concat(this.#unread).toString("latin1"));
        throw new PeerGone(`the client is gone, and left ${unread} unread`);
      }
      await new Promise<void>((resolve) => {
        this.#waiting.push(resolve);
      });
    }
  }

  #wake(): void {
    for (const resume of this.#waiting.splice(0)) resume();
  }

  // The length of the first line with its CRLF, or 0. A lone LF does not end a line in any of the protocols.
  #lineLength(): number {
    let before = 0;
    let last: number | undefined;
    for (const chunk of this.#unread) {
      for (let at = chunk.indexOf(lf); at !== -1; at = chunk.indexOf(lf, at + 1)) {
        if ((at > 0 ? chunk[at - 1] : last) === cr) return before + at + 1;
      }
      before += chunk.length;
      last = chunk.at(-1);
    }
    return 0;
  }

  #take(size: number): Buffer {
    const taken: Buffer[] = [];
    let missing = size;
    while (missing > 0) {
      const chunk = this.#unread.shift();
      if (chunk === undefined) break;
      taken.push(chunk.subarray(0, missing));
      if (chunk.length > missing) this.#unread.unshift(chunk.subarray(missing));
      missing -= Math.min(chunk.length, missing);
    }
    this.#length -= size - missing;
    return taken.length === 1 && taken[0] !== undefined ? taken[0] : Buffer.concat(taken);
  }
}
