// Everything that goes out: small writes of one turn are joined into one, large ones wait for the peer.
import { Socket } from "node:net";
import type { Writable } from "node:stream";
import { chunksOf, type Content } from "./content.ts";
import { DotEncoder } from "./dot.ts";
import { ConnectionClosedError, NetcliError, TimeoutError } from "./errors.ts";

export interface WriterOptions {
  /** Milliseconds without a byte taken by the peer while we have some for it. */
  stall: number;
  /** Ends the connection. */
  destroy: (error: Error) => void;
}

export interface WriteOptions {
  /** Called with the content bytes handed to the connection so far. */
  onProgress?: ((bytes: number) => void) | undefined;
  /** Stops before the next chunk with the signal's reason. What was begun cannot be taken back. */
  signal?: AbortSignal | undefined;
}

export class Writer {
  readonly #options: WriterOptions;
  #out: Writable;
  // Not yet handed to the socket: one string grows much cheaper than a list of chunks.
  #text = "";
  #parts: (string | Uint8Array)[] = [];
  #scheduled = false;
  #waiting: Set<(error?: Error) => void> = new Set();
  #error: Error | undefined;

  constructor(out: Writable, options: WriterOptions) {
    this.#out = out;
    this.#options = options;
    this.#listen(out);
  }

  /** Sends through another stream from now on: TLS, or a compressor. */
  redirect(out: Writable): void {
    this.flush();
    this.#out.off("drain", this.#onDrain);
    this.#out = out;
    this.#listen(out);
  }

  #listen(out: Writable): void {
    out.on("drain", this.#onDrain);
    // A broken connection is reported by the reading side, which always listens; here it must only not throw.
    out.on("error", () => undefined);
  }

  readonly #onDrain = (): void => this.#wakeAll();

  #wakeAll(error?: Error): void {
    for (const wake of this.#waiting) wake(error);
  }

  /** Queues text (sent as UTF-8) or bytes (to be left alone until sent); all of one turn go out in one write. */
  push(data: string | Uint8Array): void {
    if (this.#error !== undefined) throw this.#error;
    if (typeof data === "string") {
      this.#text += data;
    } else {
      if (this.#text !== "") this.#parts.push(this.#text);
      this.#text = "";
      this.#parts.push(data);
    }
    if (this.#scheduled) return;
    this.#scheduled = true;
    queueMicrotask(() => this.flush());
  }

  /** Hands what is queued to the socket now. */
  flush(): void {
    this.#scheduled = false;
    const text = this.#text;
    const parts = this.#parts;
    if (parts.length > 0) {
      this.#parts = [];
      this.#out.cork();
      for (const part of parts) this.#out.write(part);
    }
    if (text !== "") {
      this.#text = "";
      this.#out.write(text, "utf8");
    }
    if (parts.length > 0) this.#out.uncork();
  }

  /** Queues data and waits while more is queued than the connection likes to hold. */
  async write(data: string | Uint8Array): Promise<void> {
    this.push(data);
    this.flush();
    if (this.#out.writableNeedDrain) await this.#wait().promise;
  }

  /** Sends bytes and waits until the kernel has them all, so that their memory can be used again. */
  writeThrough(bytes: Uint8Array): Promise<void> {
    this.flush();
    const { promise, wake } = this.#wait();
    this.#out.write(bytes, (error) => wake(error ?? undefined));
    return promise;
  }

  #wait(): { promise: Promise<void>; wake: (error?: Error) => void } {
    let wake: (error?: Error) => void = () => undefined;
    const promise = new Promise<void>((resolve, reject) => {
      wake = (error) => {
        if (!this.#waiting.delete(wake)) return;
        if (this.#waiting.size === 0) this.#watchStall(false);
        if (error === undefined) resolve();
        else reject(error);
      };
    });
    this.#waiting.add(wake);
    if (this.#error !== undefined) wake(this.#error);
    else if (this.#waiting.size === 1) this.#watchStall(true);
    return { promise, wake };
  }

  // A socket's own timeout is the only one that sees whether the kernel moved a part of a large write.
  #watchStall(on: boolean): void {
    const { stall } = this.#options;
    if (!(this.#out instanceof Socket) || stall === Infinity) return;
    this.#out.setTimeout(on ? stall : 0);
    if (on) this.#out.on("timeout", this.#onStall);
    else this.#out.off("timeout", this.#onStall);
  }

  readonly #onStall = (): void => {
    const { stall } = this.#options;
    this.#options.destroy(new TimeoutError(`the peer took no byte for ${stall} ms`, "stall", stall));
  };

  /** Sends content as it is. Resolves to the number of bytes. */
  async writeContent(content: Content, options: WriteOptions = {}): Promise<number> {
    return this.#writeChunks(content, (chunk) => chunk, options);
  }

  /**
   * Sends content as a dot-terminated block: line ends made CRLF, dots stuffed, terminator added. Resolves to
   * the bytes of content. If it rejects midway the block is unfinished, and the connection of no more use.
   */
  async writeBlock(content: Content, options: WriteOptions = {}): Promise<number> {
    const encoder = new DotEncoder();
    const bytes = await this.#writeChunks(content, (chunk) => encoder.encode(chunk), options);
    await this.write(encoder.finish());
    return bytes;
  }

  async #writeChunks(
    content: Content,
    encode: (chunk: Uint8Array) => Uint8Array,
    { onProgress, signal }: WriteOptions,
  ): Promise<number> {
    let bytes = 0;
    signal?.throwIfAborted();
    for await (const chunk of chunksOf(content)) {
      signal?.throwIfAborted();
      await this.write(encode(chunk));
      bytes += chunk.length;
      onProgress?.(bytes);
    }
    return bytes;
  }

  /** Ends our side of the connection behind what is queued. */
  end(): void {
    this.flush();
    this.#out.end();
  }

  /** Nothing can be sent any more; who waits is told. */
  fail(error?: Error): void {
    if (this.#error !== undefined) return;
    this.#error =
      error instanceof NetcliError
        ? error
        : new ConnectionClosedError("the connection is closed", error === undefined ? {} : { cause: error });
    this.#text = "";
    this.#parts = [];
    this.#wakeAll(this.#error);
  }
}
