// Everything that goes out: small writes of one turn are joined into one, large ones wait for the peer.
import { Socket } from "node:net";
import type { Writable } from "node:stream";
import { TLSSocket } from "node:tls";
import { chunksOf, type Content } from "./content.ts";
import { Deadline } from "./deadline.ts";
import { DotEncoder } from "./dot.ts";
import { ConnectionClosedError, NetcliError, TimeoutError } from "./errors.ts";
import type { Timeouts } from "./limits.ts";
import type { Reason } from "./source.ts";

const nothing = (): void => undefined;

const NOT_ASCII = /[^\0-\x7f]/;
const SHORT = 1_024;

// How far a single write over TLS has come cannot be seen, only that it is done: a slow peer would be blamed for
// a large one. 64 KiB in a stall timeout is what any network manages.
const TLS_PIECE_BYTES = 65_536;

// At most so many for one UTF-16 unit.
const UTF8_BYTES = 3;

// What one turn writes is joined up to so many bytes or UTF-16 units; beyond, joining saves no system call.
const JOINED = 65_536;

const EMPTY = new Uint8Array(0);

// Shared by all that queue none; never changed.
const NO_PARTS: (string | Uint8Array)[] = [];

const written = Promise.resolve();

function flushWriter(writer: Writer): void {
  writer.flush();
}

/** Changes with each byte that the kernel takes; how far a single write has come only the handle knows. */
function progressOf(socket: Socket): string {
  const { _handle: handle } = socket as { _handle?: { writeQueueSize?: number } | null };
  return `${socket.bytesWritten - socket.writableLength} ${handle?.writeQueueSize}`;
}

/** Whose writer it is. */
export interface WriterOwner {
  /** `stall`: without a byte taken by the peer while we have some for it. */
  readonly timeouts: Readonly<Pick<Timeouts, "stall">>;
  /** Ends the connection. */
  destroy(error: Error): void;
}

export interface WriteOptions {
  /** Called with the content bytes handed to the connection so far. */
  onProgress?: ((bytes: number) => void) | undefined;
  /** Stops before the next chunk with the signal's reason. What was begun cannot be taken back. */
  signal?: AbortSignal | undefined;
}

export class Writer {
  readonly #owner: WriterOwner;
  #out: Writable;
  // The newest socket under #out: a compressor knows nothing of the peer.
  #socket: Socket | undefined;
  #held = false;
  #ending = false;
  // Not yet handed to the socket: one string grows much cheaper than a list of chunks.
  #text = "";
  #parts: (string | Uint8Array)[] = NO_PARTS;
  #joined = 0;
  #scheduled = false;
  // Made when first needed, as are the listeners: most connections are idle, or their peers fast.
  #waiting: Set<(error?: Error) => void> | undefined;
  #awaitsDrain = false;
  #watch: Deadline | undefined;
  // How far it had come when the watch began.
  #taken = "";
  #error: Reason | undefined;

  constructor(out: Writable, owner: WriterOwner) {
    this.#out = out;
    this.#owner = owner;
    this.#take(out);
  }

  /** Keeps back what is written from now on until `redirect`: what waits for TLS must not go out in clear. */
  hold(): void {
    this.flush(true);
    this.#held = true;
  }

  /** Sends through another stream from now on: TLS, or a compressor. */
  redirect(out: Writable): void {
    this.flush(true);
    this.#held = false;
    this.#watchStall(false);
    this.#out = out;
    this.#awaitsDrain = false;
    this.#take(out);
    if (this.#waiters > 0) this.#watchStall(true);
    this.#onDrain();
  }

  #take(out: Writable): void {
    if (out instanceof Socket) this.#socket = out;
    // A broken connection is reported by the reading side, which listens to every socket.
    else out.on("error", nothing);
  }

  get #waiters(): number {
    return this.#waiting?.size ?? 0;
  }

  #onDrain(): void {
    this.flush();
    if (!this.#isFull) this.#wakeAll();
  }

  #listenForDrain(): void {
    if (this.#awaitsDrain) return;
    this.#awaitsDrain = true;
    const out = this.#out;
    out.once("drain", () => {
      if (out !== this.#out) return;
      this.#awaitsDrain = false;
      this.#onDrain();
    });
  }

  get #hasMore(): boolean {
    return this.#text !== "" || this.#parts.length > 0;
  }

  get #isFull(): boolean {
    return this.#hasMore || this.#out.writableNeedDrain;
  }

  #wakeAll(error?: Error): void {
    for (const wake of this.#waiting ?? []) wake(error);
  }

  #failure(): Error | undefined {
    if (typeof this.#error === "function") this.#error = this.#error();
    return this.#error;
  }

  #add(data: string | Uint8Array): void {
    if (this.#error !== undefined) throw this.#failure() as Error;
    if (this.#ending || this.#out.writableEnded) {
      throw new ConnectionClosedError("our side of the connection was ended");
    }
    this.#joined += data.length;
    if (typeof data === "string") {
      this.#text += data;
    } else {
      if (this.#parts === NO_PARTS) this.#parts = [];
      if (this.#text !== "") this.#parts.push(this.#text);
      this.#text = "";
      this.#parts.push(data);
    }
  }

  /** Queues text (sent as UTF-8) or bytes (to be left alone until sent); all of one turn go out in one write. */
  push(data: string | Uint8Array): void {
    this.#add(data);
    if (this.#scheduled) return;
    this.#scheduled = true;
    queueMicrotask(() => this.flush());
  }

  /** Hands what is queued to the socket: as much as it likes now and the rest later, or everything. */
  flush(everything: boolean = false): void {
    this.#scheduled = false;
    if (this.#held) return;
    if (everything) this.#sendNext(Infinity);
    while (this.#hasMore && !this.#out.writableNeedDrain) {
      this.#sendNext(this.#socket instanceof TLSSocket ? TLS_PIECE_BYTES : Infinity);
    }
    if (!this.#hasMore) this.#joined = 0;
    if (this.#out.writableNeedDrain) this.#listenForDrain();
    // There is no "drain" behind the end: who waits is told by it. What fails is told by `fail`.
    if (this.#ending && !this.#hasMore) this.#out.end((error?: Error | null) => error ?? this.#wakeAll());
  }

  #sendNext(bytes: number): void {
    const text = this.#text;
    this.#text = "";
    let parts = this.#parts;
    if (parts.length === 0 && text.length * UTF8_BYTES <= bytes) {
      // The same bytes, and Node makes them faster, if finding that out is cheap.
      const isAscii = text.length <= SHORT && !NOT_ASCII.test(text);
      this.#out.write(text, isAscii ? "latin1" : "utf8");
      return;
    }
    if (parts === NO_PARTS) parts = this.#parts = [];
    if (text !== "") parts.push(text);
    let room = bytes;
    let sent = 0;
    this.#out.cork();
    for (let part = parts[0]; part !== undefined && room > 0; part = parts[sent]) {
      const chunk = typeof part === "string" ? Buffer.from(part, "utf8") : part;
      this.#out.write(chunk.subarray(0, room));
      if (chunk.length > room) parts[sent] = chunk.subarray(room);
      else sent += 1;
      room -= chunk.length;
    }
    this.#out.uncork();
    parts.splice(0, sent);
  }

  /**
   * Queues data and waits while more is queued than the connection likes to hold. Writes that each follow a read
   * of what is there already go out together: the next tick comes when nobody has anything to do but wait.
   */
  write(data: string | Uint8Array): Promise<void> {
    try {
      this.#add(data);
    } catch (error) {
      return Promise.reject(error);
    }
    return this.#pace();
  }

  #pace(): Promise<void> {
    if (this.#held || this.#joined > JOINED || this.#out.writableNeedDrain) return this.drain();
    if (!this.#scheduled) {
      this.#scheduled = true;
      process.nextTick(flushWriter, this);
    }
    return written;
  }

  /** Sends what is queued and waits while more is queued than the connection likes to hold. */
  async drain(): Promise<void> {
    this.flush();
    if (this.#isFull) await this.#wait().promise;
  }

  /** Sends bytes and waits until the kernel has them all, so that their memory can be used again. */
  writeThrough(bytes: Uint8Array): Promise<void> {
    this.flush(true);
    const { promise, wake } = this.#wait();
    // What fails is closed, and who waits is then told why.
    this.#out.write(bytes, (error) => {
      if (!error) wake();
    });
    return promise;
  }

  /** Resolves when the kernel has all that was queued. */
  flushed(): Promise<void> {
    if (this.#error !== undefined) return Promise.reject(this.#failure());
    return this.flushNow() ? written : this.#untilFlushed();
  }

  /** Hands out what is queued; true if the kernel has taken it all. */
  flushNow(): boolean {
    if (this.#hasMore) this.flush(true);
    return !this.#hasMore && this.#out.writableLength === 0;
  }

  async #untilFlushed(): Promise<void> {
    // Still something of ours: the handshake that is under way comes first.
    if (this.#hasMore) await this.drain();
    const out = this.#out;
    if (out.writableLength === 0) return;
    const { promise, wake } = this.#wait();
    if (out.writableEnded) out.once("finish", () => wake());
    else out.write(EMPTY, (error) => void (error ?? wake()));
    await promise;
  }

  #wait(): { promise: Promise<void>; wake: (error?: Error) => void } {
    let wake: (error?: Error) => void = nothing;
    const waiting = (this.#waiting ??= new Set());
    const promise = new Promise<void>((resolve, reject) => {
      wake = (error) => {
        if (!waiting.delete(wake)) return;
        if (waiting.size === 0) this.#watchStall(false);
        if (error === undefined) resolve();
        else reject(error);
      };
    });
    waiting.add(wake);
    if (this.#error !== undefined) wake(this.#failure());
    else if (waiting.size === 1) this.#watchStall(true);
    return { promise, wake };
  }

  // Not by the socket's own timeout, which each byte that the peer sends puts off: it could take none for ever.
  #watchStall(on: boolean): void {
    if (!on) {
      this.#watch?.disarm();
    } else if (this.#socket !== undefined && !this.#held) {
      this.#taken = progressOf(this.#socket);
      this.#watch ??= new Deadline();
      this.#watch.arm(this.#owner.timeouts.stall, () => this.#onStall());
    }
  }

  #onStall(): void {
    const { stall } = this.#owner.timeouts;
    if (this.#socket !== undefined && progressOf(this.#socket) !== this.#taken) this.#watchStall(true);
    else this.#owner.destroy(new TimeoutError(`the peer took no byte for ${stall} ms`, "stall", stall));
  }

  /** Sends content as it is. Resolves to the number of bytes. */
  async writeContent(content: Content, options: WriteOptions = {}): Promise<number> {
    return this.#writeChunks(content, (chunk) => [chunk], options);
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
    encode: (chunk: Uint8Array) => readonly Uint8Array[],
    { onProgress, signal }: WriteOptions,
  ): Promise<number> {
    let bytes = 0;
    signal?.throwIfAborted();
    for await (const chunk of chunksOf(content)) {
      signal?.throwIfAborted();
      for (const piece of encode(chunk)) this.#add(piece);
      // What is small goes out with what follows it at once: a message with its end.
      await this.#pace();
      bytes += chunk.length;
      onProgress?.(bytes);
    }
    return bytes;
  }

  /** Ends our side of the connection behind what is queued. */
  end(): void {
    this.#ending = true;
    this.flush();
  }

  /** Nothing can be sent any more; who waits is told. */
  fail(error?: Reason): void {
    if (this.#error !== undefined) return;
    this.#error = () => {
      const cause = typeof error === "function" ? error() : error;
      if (cause instanceof NetcliError) return cause;
      return new ConnectionClosedError("the connection is closed", cause === undefined ? {} : { cause });
    };
    this.#text = "";
    this.#parts = NO_PARTS;
    if (this.#waiters > 0) this.#wakeAll(this.#failure());
    this.#watch?.close();
  }
}
