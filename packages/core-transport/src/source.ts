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
  end(error?: Reason): void;
}

/** An error, or the function that makes one that mostly nobody asks for: its stack is not free. */
export type Reason = Error | (() => Error);

/** Who wants to know when a stream is gone. */
export interface StreamOwner {
  streamClosed(stream: Readable): void;
}

// The listeners are the same functions for all streams, which know their source: thousands of idle connections would
// each keep their own.
const sourceOf: unique symbol = Symbol("netcli source");

type Sourced = Readable & { [sourceOf]?: ByteSource };

function onData(this: Sourced, chunk: Buffer): void {
  this[sourceOf]?.receiveChunk(chunk);
}

function onEnd(this: Sourced): void {
  this[sourceOf]?.end();
}

function onError(this: Sourced, error: Error): void {
  this[sourceOf]?.end(error);
}

function onClose(this: Sourced): void {
  this[sourceOf]?.onClose();
}

const cutOff = (): Error => new Error("the stream was closed before its end");

/** ByteSource feeds one sink. It flows from the start; the sink pauses it by its answer. */
export class ByteSource {
  #sink: ByteSink;
  readonly #owner: StreamOwner | undefined;
  #stream: Readable | undefined;
  #shared = false;
  #ended = false;

  constructor(sink: ByteSink, owner?: StreamOwner) {
    this.#sink = sink;
    this.#owner = owner;
  }

  /** For net.connect and tls.connect: reads go into the sink's memory. `attach` must follow. */
  get onread(): OnReadOpts {
    return {
      buffer: () => this.#sink.space(),
      callback: (length, buffer) => this.#received((buffer as Buffer).subarray(0, length)),
    };
  }

  /** Listens to a socket that was made with `onread`. Its errors are heard here, also those after its end. */
  attach(socket: Readable): void {
    this.#stream = socket;
    (socket as Sourced)[sourceOf] = this;
    socket.on("end", onEnd);
    socket.on("error", onError);
    socket.on("close", onClose);
  }

  /** Listens to any other stream of bytes. */
  attachStream(stream: Readable): void {
    this.attach(stream);
    this.#shared = !(stream instanceof Socket);
    stream.on("data", onData);
  }

  /** @internal */
  onClose(): void {
    // Cut off without an end: what came may not be all, and must not pass for it.
    this.end(cutOff);
    if (this.#stream !== undefined) this.#owner?.streamClosed(this.#stream);
  }

  /** True if the stream was given to us paused, as an accepted socket may be: it flows once bytes are asked for. */
  get paused(): boolean {
    return this.#stream?.isPaused() === true;
  }

  /** Stops listening, as when TLS takes the socket over. */
  detach(): void {
    this.#ended = true;
    this.#stream?.off("data", onData);
  }

  /** Whether the stream's end is told; one that is expected is none of what comes behind it. */
  set hearsEnd(on: boolean) {
    const stream = this.#stream;
    if (stream === undefined) return;
    stream.off("end", onEnd);
    stream.off("close", onClose);
    if (!on) return;
    stream.on("end", onEnd);
    stream.on("close", onClose);
    if (stream.readableEnded) this.end();
    if (stream.closed) this.onClose();
  }

  /** Sends the bytes to another sink from now on. */
  redirect(sink: ByteSink): void {
    this.#sink = sink;
  }

  /** Asks for more after the sink said false. */
  resume(): void {
    this.#stream?.resume();
  }

  /** @internal */
  receiveChunk(chunk: Buffer): void {
    // The sink rewrites chunks in place; those of a stream that is no socket may be someone else's memory.
    if (!this.#received(this.#shared ? Buffer.from(chunk) : chunk)) this.#stream?.pause();
  }

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
  end(error?: Reason): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#sink.end(error);
  }
}
