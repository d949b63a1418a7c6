// A body: content of any length that a peer sends, read as a stream with backpressure.
import { Readable } from "node:stream";
import { decodeText, Framer } from "./framer.ts";
import { ArgumentError } from "./errors.ts";
import { joined } from "./joined.ts";
import { Queue } from "./queue.ts";

// Read ahead of a consumer that has begun: enough to keep the socket busy while it works on a chunk.
const READ_AHEAD = 65_536;

// A line of content may be long (NNTP overview rows are); only a stream without any line end is refused.
const CONTENT_LINE_BYTES = 1_048_576;

/** What fills a body. */
export interface BodyProducer {
  /** More is wanted: fill until `wants` is false. */
  more(): void;
  /** The consumer will not read the rest. */
  abandon(): void;
  /** How many bytes may be kept for a consumer that has not begun to read. */
  unreadBytes(): number;
}

/**
 * Body is content being received: an async iterable of chunks, which belong to the caller. It can be read
 * once. Leaving an iteration early gives the rest up; a large rest costs the connection, because it would
 * have to be received to reach the next reply.
 */
export class Body implements AsyncIterable<Uint8Array> {
  readonly #producer: BodyProducer;
  readonly #chunks: Queue<Uint8Array> = new Queue();
  #bufferedBytes = 0;
  #ended = false;
  #error: Error | undefined;
  #begun = false;
  #abandoned = false;
  #pull:
    | { resolve: (result: IteratorResult<Uint8Array, undefined>) => void; reject: (error: Error) => void }
    | undefined;

  constructor(producer: BodyProducer) {
    this.#producer = producer;
  }

  /** @internal True while the producer should go on. */
  get wants(): boolean {
    if (this.#abandoned || this.#pull !== undefined) return true;
    return this.#bufferedBytes < (this.#begun ? READ_AHEAD : this.#producer.unreadBytes());
  }

  /** @internal True while nobody reads although bytes are there. */
  get unclaimed(): boolean {
    return !this.#begun && !this.#abandoned;
  }

  /** @internal Takes a copy of a view. */
  push(view: Buffer): void {
    if (this.#abandoned) return;
    // Not a Buffer, or what `bytes()` gives would depend on how many chunks there were.
    const chunk = new Uint8Array(view);
    const pull = this.#pull;
    if (pull === undefined) {
      this.#chunks.push(chunk);
      this.#bufferedBytes += chunk.length;
    } else {
      this.#pull = undefined;
      pull.resolve({ done: false, value: chunk });
    }
  }

  /** @internal No more will come: the body is complete, or `error` broke it. */
  end(error?: Error): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#error = error;
    const pull = this.#pull;
    this.#pull = undefined;
    if (error === undefined) pull?.resolve({ done: true, value: undefined });
    else pull?.reject(error);
  }

  [Symbol.asyncIterator](): AsyncIterator<Uint8Array, undefined> {
    if (this.#begun) throw new ArgumentError("a body can be read only once");
    this.#begun = true;
    return { next: () => this.#next(), return: () => this.#return() };
  }

  #next(): Promise<IteratorResult<Uint8Array, undefined>> {
    const value = this.#chunks.shift();
    if (value !== undefined) {
      this.#bufferedBytes -= value.length;
      if (!this.#ended && this.#chunks.length === 0) this.#producer.more();
      return Promise.resolve({ done: false, value });
    }
    if (this.#error !== undefined) return Promise.reject(this.#error);
    if (this.#ended) return Promise.resolve({ done: true, value: undefined });
    if (this.#pull !== undefined) return Promise.reject(new ArgumentError("one next() at a time"));
    return new Promise((resolve, reject) => {
      this.#pull = { resolve, reject };
      this.#producer.more();
    });
  }

  #return(): Promise<IteratorResult<Uint8Array, undefined>> {
    this.cancel();
    return Promise.resolve({ done: true, value: undefined });
  }

  /** Gives the rest up, read or unread. */
  cancel(): void {
    if (this.#abandoned) return;
    this.#abandoned = true;
    this.#begun = true;
    while (this.#chunks.shift() !== undefined);
    if (!this.#ended) this.#producer.abandon();
  }

  /** The whole content in memory. */
  async bytes(): Promise<Uint8Array> {
    const chunks: Uint8Array[] = [];
    for await (const chunk of this) chunks.push(chunk);
    return joined(chunks);
  }

  /** The whole content as text: UTF-8, or latin1 where it is not valid UTF-8. */
  async text(): Promise<string> {
    const bytes = await this.bytes();
    return decodeText(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length));
  }

  /** The content line by line, without line ends. The last line may lack its end. */
  async *lines(decode?: (bytes: Uint8Array) => string): AsyncGenerator<string, void, void> {
    for await (const batch of this.lineBatches(decode)) yield* batch;
  }

  /** The same, many lines at a time: what a chunk completes. A wait for each line costs more than the line. */
  async *lineBatches(
    decode: (bytes: Uint8Array) => string = decodeText,
  ): AsyncGenerator<readonly string[], void, void> {
    const framer = new Framer(CONTENT_LINE_BYTES, decode);
    for await (const chunk of this) {
      framer.append(Buffer.from(chunk.buffer, chunk.byteOffset, chunk.length));
      const lines: string[] = [];
      for (let line = framer.takeLine(); line !== undefined; line = framer.takeLine()) lines.push(line);
      if (lines.length > 0) yield lines;
    }
    if (framer.length > 0) yield [decode(framer.takeBytes(framer.length))];
  }

  /** The content as a Node stream. */
  stream(): Readable {
    return Readable.from(this, { objectMode: false });
  }
}
