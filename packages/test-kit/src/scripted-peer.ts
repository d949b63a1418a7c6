// One connection of a scripted server: what a script says to its client and expects from it.
import type { Socket } from "node:net";
import { setImmediate as turn } from "node:timers/promises";
import type { TlsOptions, TLSSocket } from "node:tls";
import { Inbox } from "./inbox.ts";
import { PeerGone } from "./peer-gone.ts";
import { acceptTls } from "./tls-handshake.ts";

export class ScriptedPeer {
  /** Resolves when the client has ended its side or the connection is lost; never rejects. */
  readonly closed: Promise<void>;
  /** The TCP or Unix socket, which stays the same when TLS starts on it. */
  readonly socket: Socket;
  readonly #inbox = new Inbox();
  #stream: Socket;
  #tls: TLSSocket | undefined;
  #announceClosed: () => void = () => undefined;

  readonly #onData = (chunk: Buffer): void => this.#inbox.push(chunk);
  readonly #onEnd = (): void => this.#finish("ended");
  readonly #onLoss = (): void => this.#finish("gone");

  constructor(socket: Socket) {
    this.socket = socket;
    this.#stream = socket;
    this.closed = new Promise((resolve) => {
      this.#announceClosed = resolve;
    });
    this.#attach(socket);
  }

  /** The TLS layer, once there is one. */
  get tls(): TLSSocket | undefined {
    return this.#tls;
  }

  /** Everything the client has sent so far, read or not; what came over TLS is deciphered. */
  get received(): Buffer {
    return this.#inbox.all;
  }

  /** The next line without its CRLF, one character per byte (latin1) so that no byte gets lost. */
  async readLine(): Promise<string> {
    return (await this.#inbox.line()).toString("latin1");
  }

  /** Reads a line that has to be this text in UTF-8, or to match this pattern in latin1; returns it in latin1. */
  async expect(line: string | RegExp): Promise<string> {
    const came = await this.readLine();
    const same =
      typeof line === "string" ? Buffer.from(line).toString("latin1") === came : came.search(line) !== -1;
    if (same) return came;
    const expected = typeof line === "string" ? JSON.stringify(line) : String(line);
    throw new Error(`expected the client to send ${expected}, but it sent ${JSON.stringify(came)}`);
  }

  /** Waits for the client to go, and throws as soon as it sends anything instead. */
  async expectEnd(): Promise<void> {
    const more = await this.#inbox.endOrMore();
    if (more.length === 0) return;
    throw new Error(`expected the client to close, but it sent ${JSON.stringify(more.toString("latin1"))}`);
  }

  read(size: number): Promise<Buffer> {
    return this.#inbox.exactly(size);
  }

  /** Everything unread up to the end of the client's side; a broken connection is no end. */
  readToEnd(): Promise<Buffer> {
    return this.#inbox.rest();
  }

  /** Text goes out in UTF-8. Resolves when the kernel has taken the data. */
  send(data: string | Uint8Array): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#stream.write(data, (error) => {
        if (error === undefined || error === null) resolve();
        else reject(isWriteAfterEnd(error) ? error : new PeerGone("the client is gone", { cause: error }));
      });
    });
  }

  /** Sends pieces of one size, or of the listed sizes with the remainder as the last, each to be read by itself. */
  async sendSplit(data: string | Uint8Array, sizes: number | readonly number[] = 1): Promise<void> {
    this.socket.setNoDelay(true);
    for (const piece of pieces(Buffer.from(data), sizes)) {
      await this.send(piece);
      // The first turn may end before the event loop polls again; between two there is always a poll, in
      // which a client of this process gets the piece.
      await turn();
      await turn();
    }
  }

  /** Upgrades the connection in place. Bytes not yet read count as the start of the handshake. */
  async startTls(options: TlsOptions): Promise<void> {
    this.#tls = await acceptTls(this.handOver(), options);
    this.#stream = this.#tls;
    this.#attach(this.#tls);
  }

  /** Stops reading and gives the socket, unread bytes put back into it, to code that reads by itself. */
  handOver(): Socket {
    if (!this.#inbox.isOpen) throw new PeerGone("the client is gone");
    const stream = this.#stream;
    stream.off("data", this.#onData).off("end", this.#onEnd).pause();
    const unread = this.#inbox.withdraw();
    if (unread.length > 0) stream.unshift(unread);
    return stream;
  }

  /** Ends this side; the client may go on sending. */
  end(): void {
    this.#stream.end();
  }

  close(): void {
    this.#stream.destroy();
    this.socket.destroy();
  }

  /** Breaks the connection with a TCP RST. */
  reset(): void {
    this.socket.resetAndDestroy();
  }

  #attach(stream: Socket): void {
    stream
      .on("data", this.#onData)
      .on("end", this.#onEnd)
      .on("error", this.#onLoss)
      .on("close", this.#onLoss);
  }

  #finish(state: "ended" | "gone"): void {
    this.#inbox.finish(state);
    this.#announceClosed();
  }
}

// Everything else a write can fail with is the client's doing; this one is a mistake in the script.
function isWriteAfterEnd(error: Error): boolean {
  return "code" in error && error.code === "ERR_STREAM_WRITE_AFTER_END";
}

function* pieces(data: Buffer, sizes: number | readonly number[]): Generator<Buffer> {
  for (let at = 0, index = 0; at < data.length; index += 1) {
    const size = typeof sizes === "number" ? sizes : (sizes[index] ?? data.length);
    if (!(size >= 1)) throw new RangeError(`not a size to split by: ${size}`);
    yield data.subarray(at, at + size);
    at += size;
  }
}
