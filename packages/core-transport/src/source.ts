// Where a connection's bytes come from. Two kinds that the reader cannot tell apart: a socket that reads
// straight into the reader's own memory (`onread`), and a stream whose chunks are Node's (accepted sockets,
// sockets upgraded to TLS, inflated data: Node ignores `onread` there).
import { Socket, type OnReadOpts } from "node:net";
import type { Readable } from "node:stream";

/** What takes the bytes. */
export interface ByteSink {
  /** Memory for the next read. */
  space(): Buffer;
  /** Takes a chunk; false: no more for now. The chunk's memory is the sink's until `space` hands it out again. */
  received(chunk: Buffer): boolean;
  /** No more will come: the peer ended its side, or `error` happened. Called once. */
  end(error?: Error): void;
}

/** ByteSource feeds one sink. It flows from the start; the sink pauses it by its answer. */
export class ByteSource {
  #sink: ByteSink;
  #stream: Readable | undefined;
  #shared = false;
  #ended = false;

  constructor(sink: ByteSink) {
    this.#sink = sink;
  }

  /** For net.connect and tls.connect: reads go into the sink's memory. `attach` must follow. */
  readonly onread: OnReadOpts = {
    buffer: () => this.#sink.space(),
    callback: (length, buffer) => this.#received((buffer as Buffer).subarray(0, length)),
  };

  /** Listens to a socket that was made with `onread`. */
  attach(socket: Readable): void {
    this.#stream = socket;
    socket.once("end", () => this.end());
    socket.once("error", (error: Error) => this.end(error));
    // Cut off without an end: what came may not be all, and must not pass for it.
    socket.once("close", () => this.end(new Error("the stream was closed before its end")));
  }

  /** Listens to any other stream of bytes. */
  attachStream(stream: Readable): void {
    this.attach(stream);
    this.#shared = !(stream instanceof Socket);
    stream.on("data", this.#onData);
  }

  /** True if the stream was given to us paused, as an accepted socket may be: it flows once bytes are asked for. */
  get paused(): boolean {
    return this.#stream?.isPaused() === true;
  }

  /** Stops listening, as when TLS takes the socket over. */
  detach(): void {
    this.#ended = true;
    this.#stream?.off("data", this.#onData);
  }

  /** Sends the bytes to another sink from now on. */
  redirect(sink: ByteSink): void {
    this.#sink = sink;
  }

  /** Asks for more after the sink said false. */
  resume(): void {
    this.#stream?.resume();
  }

  readonly #onData = (chunk: Buffer): void => {
    // The sink rewrites chunks in place; those of a stream that is no socket may be someone else's memory.
    if (!this.#received(this.#shared ? Buffer.from(chunk) : chunk)) this.#stream?.pause();
  };

  #received(chunk: Buffer): boolean {
    if (this.#ended) return false;
    try {
      return this.#sink.received(chunk);
    } catch (error) {
      // Node would take an error thrown here for an uncaught one and end the process.
      this.#stream?.destroy(error as Error);
      return false;
    }
  }

  /** Tells the sink that no more will come, and why. */
  end(error?: Error): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#sink.end(error);
  }
}
