// The bytes of one session: what came, what is answered, and how often the client has waited for that.
import { setImmediate as turn } from "node:timers/promises";
import { type Connection, decodeText } from "@netcli/core-transport";

const LF = 0x0a;
const CR = 0x0d;

export interface WireLine {
  /** Without its end. */
  readonly text: string;
  /** With its end. */
  readonly bytes: number;
  /** A CR without LF, or an LF without CR, which ends the line. */
  readonly isBare: boolean;
}

export class Wire {
  /** How often all was answered, and then more came. */
  flights = 0;
  readonly #connection: Connection;
  readonly #send: (bytes: Buffer) => Promise<void>;
  #chunks: Buffer[] = [];
  #length = 0;
  // Something has come whose answer is not sent. True before the greeting: nothing is due yet.
  #isOwed = true;
  #held: (string | Uint8Array)[] = [];
  #isMute = false;
  #isEnded = false;
  #error: unknown;
  #wake: (() => void) | undefined;
  #paused: PromiseLike<unknown> | undefined;

  /** `send`: what writes to the connection, where it is not the connection itself. */
  constructor(
    connection: Connection,
    send: (bytes: Buffer) => Promise<void> = (bytes) => connection.write(bytes),
  ) {
    this.#connection = connection;
    this.#send = send;
  }

  /** Receives from here on, whether or not someone reads; also over TLS, which may come later. */
  start(): void {
    void this.#receive();
  }

  async #receive(): Promise<void> {
    try {
      for await (const chunk of this.#connection.readToEnd()) {
        await this.#paused;
        if (!this.#isOwed) this.flights += 1;
        this.#isOwed = true;
        this.#chunks.push(Buffer.from(chunk.buffer, chunk.byteOffset, chunk.length));
        this.#length += chunk.length;
        this.#wake?.();
      }
    } catch (error) {
      this.#error = error;
    }
    this.#isEnded = true;
    this.#wake?.();
  }

  /** Bytes that came and that nobody has read. */
  get length(): number {
    return this.#length;
  }

  /** Receives nothing before that; what was received already can be read. */
  pauseUntil(event: PromiseLike<unknown>): void {
    this.#paused = event;
  }

  /** The next line; undefined at the end of the client's side, also in the middle of a line. */
  async readLine(): Promise<WireLine | undefined> {
    for (;;) {
      const waiting = this.#joined();
      const end = waiting.indexOf(LF);
      if (end !== -1) {
        const line = this.#take(end + 1);
        const textEnd = line[end - 1] === CR ? end - 1 : end;
        const text = line.subarray(0, textEnd);
        return { text: decodeText(text), bytes: line.length, isBare: textEnd === end || text.includes(CR) };
      }
      if (!(await this.#more())) return undefined;
    }
  }

  /** Some bytes, `most` or fewer; undefined at the end of the client's side. */
  async read(most: number): Promise<Buffer | undefined> {
    while (this.#length === 0) {
      // In the middle of content nothing is answered yet.
      if (!(await this.#more(true))) return undefined;
    }
    const first = this.#chunks[0];
    return this.#take(Math.min(most, first?.length ?? 0));
  }

  /** Puts back what was read too much. */
  unread(bytes: Buffer): void {
    if (bytes.length === 0) return;
    this.#chunks.unshift(bytes);
    this.#length += bytes.length;
  }

  /** Is sent when the client has nothing more to say, together with the replies that it waits for. */
  hold(reply: string | Uint8Array): void {
    if (!this.#isMute) this.#held.push(reply);
  }

  /** Says nothing more, from here on. */
  mute(): void {
    this.#isMute = true;
  }

  /** Waits for nothing more. */
  stop(): void {
    this.#isEnded = true;
    this.#wake?.();
  }

  /** Gives the client time to say what it does not wait with; true: there is something. */
  async hasMore(): Promise<boolean> {
    // What it has sent already is in the kernel: between two turns of the event loop it is polled for.
    await turn();
    await turn();
    return this.#length > 0;
  }

  async flush(isAmid: boolean = false): Promise<void> {
    if (this.#held.length === 0) return;
    const bytes = Buffer.concat(this.#held.map((reply) => Buffer.from(reply)));
    this.#held = [];
    this.#isOwed = isAmid || this.#length > 0;
    await this.#send(bytes);
  }

  /** Waits for more; false: there is none. */
  async #more(isAmid: boolean = false): Promise<boolean> {
    const before = this.#length;
    if (this.#held.length > 0) {
      await this.hasMore();
      if (this.#length > before) return true;
      await this.flush(isAmid);
    }
    while (this.#length === before && !this.#isEnded) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
    if (this.#length > before) return true;
    if (this.#error !== undefined) throw this.#error;
    return false;
  }

  #joined(): Buffer {
    if (this.#chunks.length > 1) this.#chunks = [Buffer.concat(this.#chunks)];
    return this.#chunks[0] ?? Buffer.alloc(0);
  }

  /** No more than the first chunk has. */
  #take(count: number): Buffer {
    const [first = Buffer.alloc(0)] = this.#chunks;
    const taken = first.subarray(0, count);
    if (count < first.length) this.#chunks[0] = first.subarray(count);
    else this.#chunks.shift();
    this.#length -= taken.length;
    return taken;
  }
}
