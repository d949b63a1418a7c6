// One connection to one peer: the socket, what is read from it and what is written to it.
import { Socket } from "node:net";
import type { Duplex, Readable } from "node:stream";
import { TLSSocket } from "node:tls";
import type { Body } from "./body.ts";
import { assertArgument } from "./argument.ts";
import type { Content } from "./content.ts";
import { deflateInPlace, deflateOnly, inflateInPlace } from "./deflate.ts";
import { ConnectionClosedError, NotSupportedError, TlsError } from "./errors.ts";
import { defaultLimits, defaultTimeouts, withDefaults, type Limits, type Timeouts } from "./limits.ts";
import { Reader, type ReadOptions } from "./reader.ts";
import { ByteSource, type ByteSink, type Reason } from "./source.ts";
import { secure, withinHandshake, type TlsOptions } from "./tls.ts";
import { TlsRecords } from "./tls-records.ts";
import { acceptTls, type TlsServerOptions } from "./tls-server.ts";
import { isWatched, nextNumber, Tracer, type Trace } from "./trace.ts";
import { isLoopback } from "./url.ts";
import { Writer, type WriteOptions } from "./writer.ts";

/** What any connection can be given, however it is made. */
export interface ConnectionOptions {
  limits?: Partial<Limits> | undefined;
  /** Milliseconds. */
  timeouts?: Partial<Timeouts> | undefined;
  trace?: Trace | undefined;
  /** Makes text of the bytes of a line. Those below 128 must stand for themselves. Default: UTF-8, or latin1 where they are none. */
  decode?: ((bytes: Uint8Array) => string) | undefined;
}

export interface StartTlsOptions {
  signal?: AbortSignal | undefined;
  /** TLS can be taken off again (`endTls`). Default false. */
  removable?: boolean | undefined;
}

/** Where a peer is. */
export interface PeerAddress {
  /** An IP address. */
  readonly address: string;
  readonly port: number;
}

export interface AcceptedOptions extends ConnectionOptions {
  /** What the peer is called in errors and traces; by default its address. */
  host?: string;
  /** Where the peer is, if someone in between says so: a load balancer in front of a server. */
  remote?: PeerAddress;
  /** Called when the connection is gone; a promise for each of thousands costs more. */
  onClosed?: ((connection: Connection) => void) | undefined;
}

function addressOf(stream: Duplex | undefined): PeerAddress | undefined {
  if (!(stream instanceof Socket) || stream.remoteAddress === undefined) return undefined;
  return { address: stream.remoteAddress, port: stream.remotePort ?? 0 };
}

function isLocal(stream: Duplex): boolean {
  if (!(stream instanceof Socket) || stream.connecting) return false;
  // A Unix socket has none.
  return stream.remoteAddress === undefined || isLoopback(stream.remoteAddress);
}

/** Connection is a byte stream to a peer with lines, blocks and exact counts to read, and TLS or DEFLATE in place. */
export class Connection {
  readonly limits: Readonly<Limits>;
  /** @internal */
  readonly reader: Reader;
  readonly #number: number = nextNumber();
  readonly #linesArePublic: boolean;
  // Made when someone listens: idle connections of a server have none.
  #tracer: Tracer | undefined;
  #timeouts: Readonly<Timeouts>;
  #host: string | undefined;
  #peer: string | undefined;
  #socket: Duplex | undefined;
  // The one under the others.
  #raw: Duplex | undefined;
  #source: ByteSource;
  #writer: Writer | undefined;
  #local: boolean | undefined;
  #remote: PeerAddress | undefined;
  #isSecuring = false;
  // Of TLS that can be taken off again, and of what is under it.
  #records: TlsRecords | undefined;
  #plainSource: ByteSource | undefined;
  #isEndingTls = false;
  #destroyed = false;
  #isClosed = false;
  #closed: { readonly promise: Promise<void>; readonly resolve: (() => void) | undefined } | undefined;
  #onClosed: ((connection: Connection) => void) | undefined;
  #closing = false;

  /** @internal Does no I/O: `attach` gives it its socket. Names that are not given are those of the socket. */
  constructor(
    host: string | undefined,
    peer: string | undefined,
    options: ConnectionOptions,
    linesArePublic: boolean = true,
  ) {
    this.#host = host;
    this.#peer = peer;
    this.limits = withDefaults(defaultLimits, options.limits);
    this.#timeouts = withDefaults(defaultTimeouts, options.timeouts);
    this.#linesArePublic = linesArePublic;
    if (options.trace !== undefined) this.trace = options.trace;
    this.reader = new Reader(this);
    if (options.decode !== undefined) this.reader.framer.decode = options.decode;
    this.#source = new ByteSource(this.reader, this);
    this.reader.source = this.#source;
  }

  /**
   * A connection over a stream that is connected already: an accepted socket, or a tunnel of your own. A paused
   * stream is left so until bytes are asked for.
   */
  static over(stream: Duplex, options: AcceptedOptions = {}): Connection {
    // Which lines of a client hold a secret only the server knows: they go to its own trace at most.
    const connection = new Connection(options.host, undefined, options, false);
    connection.#remote = options.remote;
    connection.#onClosed = options.onClosed;
    connection.attach(stream);
    return connection;
  }

  /** @internal For net.connect and tls.connect; the socket so made is then given to `attach` with `onread` true. */
  get onread(): ByteSource["onread"] {
    return this.#source.onread;
  }

  /** @internal `local`: the peer is on this machine, and nothing in between; undefined: see where it is. */
  attach(
    socket: Duplex,
    { onread = false, local }: { onread?: boolean; local?: boolean | undefined } = {},
  ): void {
    this.#socket = socket;
    this.#raw = socket;
    this.#local = local;
    if (socket instanceof Socket) socket.setNoDelay(true);
    if (onread) this.#source.attach(socket);
    else this.#readFrom(socket);
    this.#writer = new Writer(socket, this);
    // A stream of the caller's own may have said so already.
    if (socket.readableEnded || socket.closed) this.#source.end(socket.errored ?? undefined);
    if (socket.closed) this.streamClosed(socket);
    this.#traceTls();
  }

  /** @internal */
  streamClosed(stream: Readable): void {
    if (stream !== this.#socket) return;
    this.writer.fail(() => this.reader.error ?? closedHere());
    this.#isClosed = true;
    this.reader.deadline.close();
    this.#closed?.resolve?.();
    this.#onClosed?.(this);
    this.#tell("closed");
  }

  /** @internal */
  get tracer(): Tracer {
    this.#tracer ??= new Tracer(this, undefined, this.#linesArePublic, this.#number);
    return this.#tracer;
  }

  get #isWatched(): boolean {
    return this.#tracer !== undefined || isWatched();
  }

  #tell(event: string): void {
    if (this.#isWatched) this.tracer.event(event);
  }

  /** Resolves when the connection is gone, for whatever reason. */
  get closed(): Promise<void> {
    if (this.#closed === undefined) {
      let resolve: (() => void) | undefined;
      const promise = new Promise<void>((done) => {
        resolve = done;
      });
      this.#closed = { promise, resolve };
      if (this.#isClosed) resolve?.();
    }
    return this.#closed.promise;
  }

  /** The peer's name as it was asked for; TLS verifies against it. Of an accepted connection its address. */
  get host(): string {
    this.#host ??= this.remoteAddress;
    return this.#host ?? "";
  }

  /** @internal The peer as `host:port`, or the path of a Unix socket. */
  get peer(): string {
    if (this.#peer === undefined) {
      const { remotePort } = this;
      this.#peer = remotePort === undefined ? this.host : `${this.host}:${remotePort}`;
    }
    return this.#peer;
  }

  /** @internal */
  get writer(): Writer {
    if (this.#writer === undefined) throw new Error("the connection has no socket yet");
    return this.#writer;
  }

  /** The socket underneath, for its addresses and its TLS state. Reading or writing it directly breaks the connection. */
  get socket(): Duplex {
    if (this.#socket === undefined) throw new Error("the connection has no socket yet");
    return this.#socket;
  }

  /** The TLS side of the socket, if there is one: protocol, cipher, peer certificate, key material for channel binding. */
  get tls(): TLSSocket | undefined {
    return this.#socket instanceof TLSSocket ? this.#socket : undefined;
  }

  /** The peer's IP address; behind a proxy of ours the proxy's. */
  get remoteAddress(): string | undefined {
    return (this.#remote ?? addressOf(this.#socket) ?? addressOf(this.#raw))?.address;
  }

  /** The peer's port; undefined for a Unix socket. */
  get remotePort(): number | undefined {
    return (this.#remote ?? addressOf(this.#socket) ?? addressOf(this.#raw))?.port;
  }

  /** Our own IP address towards the peer; undefined for a Unix socket. */
  get localAddress(): string | undefined {
    const socket = this.#records === undefined ? this.#socket : this.#raw;
    return socket instanceof Socket ? socket.localAddress : undefined;
  }

  /** Nagle's algorithm (RFC 896) is off unless it is switched on here. */
  setNoDelay(on: boolean): void {
    if (this.#socket instanceof Socket) this.#socket.setNoDelay(on);
  }

  /** Hears of every line from now on, or nothing any more. */
  set trace(trace: Trace | undefined) {
    this.tracer.trace = trace;
  }

  get timeouts(): Readonly<Timeouts> {
    return this.#timeouts;
  }

  /** Changes `timeouts.stall` from the next wait on: protocols give commands and content different times. */
  setStall(milliseconds: number): void {
    this.#timeouts = withDefaults(this.#timeouts, { stall: milliseconds });
  }

  /**
   * True if nobody between can read along: TLS, a Unix socket, or a peer on this machine. A proxy on this machine
   * does not count: it leads elsewhere.
   */
  get confidential(): boolean {
    // Who knows the peer's address from someone in between has someone in between.
    this.#local ??= this.#remote === undefined && this.#raw !== undefined && isLocal(this.#raw);
    return this.tls !== undefined || this.#local;
  }

  /** True once `destroy` was called or the peer is gone. */
  get destroyed(): boolean {
    return this.#destroyed || this.#socket?.destroyed === true;
  }

  /**
   * Reads one line without its end; undefined when the peer ended its side behind a complete line.
   * Rejects with LimitError beyond `lineBytes`, ConnectionClosedError in the middle of a line.
   */
  readLine(options?: ReadOptions): Promise<string | undefined> {
    if (this.#isWatched && this.tracer.active) return this.#readTracedLine(options);
    return this.reader.readLine(options);
  }

  async #readTracedLine(options: ReadOptions | undefined): Promise<string | undefined> {
    const line = await this.reader.readLine(options);
    if (line !== undefined) this.tracer.line("received", line);
    return line;
  }

  /**
   * Reads all the lines that are there, at least one, and undefined as `readLine` does. With many small lines at a time
   * the wait for each costs more than the line.
   */
  readLines(): Promise<readonly string[] | undefined> {
    return this.#isWatched ? this.#readTracedLines() : this.reader.readLines();
  }

  async #readTracedLines(): Promise<readonly string[] | undefined> {
    const lines = await this.reader.readLines();
    for (const line of lines ?? []) this.tracer.line("received", line);
    return lines;
  }

  /** Yields lines up to the end of the peer's side. */
  async *lines(): AsyncGenerator<string, void, void> {
    for (let line = await this.readLine(); line !== undefined; line = await this.readLine()) yield line;
  }

  /** Reads exactly `count` bytes. Rejects with ConnectionClosedError if there are fewer. */
  readExactly(count: number, options?: ReadOptions): Promise<Uint8Array> {
    return this.reader.readExactly(count, options);
  }

  /** Reads a dot-terminated block, dots unstuffed (RFC 5321 4.5.2). */
  readBlock(): Body {
    return this.reader.readBlock();
  }

  /** Reads up to the end of the peer's side. */
  readToEnd(): Body {
    return this.reader.readToEnd();
  }

  /** Sends text (as UTF-8) or bytes; resolves when more may be sent. */
  write(data: string | Uint8Array): Promise<void> {
    return this.writer.write(data);
  }

  /** Sends one line; its end is added. Rejects with ArgumentError if `line` holds CR, LF or NUL. */
  writeLine(line: string): Promise<void> {
    try {
      assertArgument("the line", line);
      if (this.#isWatched) this.tracer.line("sent", line);
    } catch (error) {
      return Promise.reject(error);
    }
    return this.writer.write(`${line}\r\n`);
  }

  /** Sends content as it is, with backpressure. Resolves to its bytes. */
  writeContent(content: Content, options?: WriteOptions): Promise<number> {
    return this.writer.writeContent(content, options);
  }

  /** Sends content as a dot-terminated block (RFC 5321 4.5.2). Resolves to its bytes before stuffing. */
  writeBlock(content: Content, options?: WriteOptions): Promise<number> {
    return this.writer.writeBlock(content, options);
  }

  /** Resolves when the kernel has everything that was sent. */
  flush(): Promise<void> {
    return this.writer.flushed();
  }

  /** Hands the kernel as much as it takes now; true if that was everything. */
  flushNow(): boolean {
    return this.writer.flushNow();
  }

  /**
   * Takes no further request: `readLine`, where it waits for the first byte of a line, gives undefined as though
   * the peer had ended its side. What was begun, or was received already, is still read.
   */
  retire(): void {
    this.reader.retire();
  }

  /** Ends our side behind what was sent; the peer's side stays readable. */
  end(): void {
    this.writer.end();
  }

  /**
   * Puts TLS over the connection (STARTTLS, STLS, AUTH TLS). Rejects with TlsError; a single byte received
   * behind the peer's go-ahead is taken for an attack (`ERR_NETCLI_STARTTLS_INJECTION`, RFC 3207 6).
   */
  startTls(options: TlsOptions = {}, { signal, removable = false }: StartTlsOptions = {}): Promise<void> {
    const plain = this.socket;
    const source = this.#source;
    return this.#upgrade(
      (socket, aborted) => secure(this.#records ?? socket, this.host, options, aborted),
      signal,
      removable ? () => this.#carryRecords(plain, source) : () => source.detach(),
    );
  }

  #carryRecords(plain: Duplex, source: ByteSource): void {
    this.#plainSource = source;
    this.#records = new TlsRecords(plain, source, (reason) => {
      // TLS tells of it itself, unless its own end is expected.
      if (this.#isEndingTls) this.reader.end(reason);
    });
  }

  /**
   * Takes TLS off again, which was put on `removable` (RFC 4217 12.3). The peer agrees when `agree` resolves: what it
   * says behind that is in clear, and so is what we say. If `agree` rejects TLS stays. Rejects with NotSupportedError.
   */
  async endTls(agree: () => Promise<void>): Promise<void> {
    const records = this.#records;
    const plainSource = this.#plainSource;
    if (records === undefined || plainSource === undefined) {
      throw new NotSupportedError("TLS can be taken off only where it was put on for that");
    }
    const secured = this.socket;
    const source = this.#source;
    // Behind its agreement the peer may end TLS at once, which is no end of the connection.
    this.#setEndingTls(records, source, true);
    try {
      await agree();
    } catch (error) {
      this.#setEndingTls(records, source, false);
      throw error;
    }
    try {
      await this.flush();
      this.writer.hold();
      source.detach();
      this.#source = plainSource;
      this.reader.source = plainSource;
      this.#records = undefined;
      // Before TLS ends: it would take the stream underneath with it.
      records.release(this.reader);
      await withinHandshake(this.timeouts.connect, undefined, () => endOf(secured));
    } catch (error) {
      this.#raw?.destroy();
      this.destroy(error as Error);
      throw error;
    }
    this.#socket = this.#raw;
    secured.destroy();
    // While it was not the socket nobody looked.
    if (this.#destroyed) this.socket.destroy();
    if (this.socket.closed) this.streamClosed(this.socket);
    this.writer.redirect(this.socket);
    this.#tell("TLS was taken off");
  }

  #setEndingTls(records: TlsRecords, source: ByteSource, on: boolean): void {
    this.#isEndingTls = on;
    records.mayEnd = on;
    source.hearsEnd = !on;
  }

  /**
   * Puts TLS over an accepted connection, as its server and right after the go-ahead was written. Rejects with
   * TlsError; a single byte received behind the client's command is taken for an attack (RFC 3207 6).
   */
  acceptTls(options: TlsServerOptions, { signal }: { signal?: AbortSignal | undefined } = {}): Promise<void> {
    const source = this.#source;
    return this.#upgrade(
      (socket, aborted) => acceptTls(socket, options, aborted),
      signal,
      () => source.detach(),
    );
  }

  async #upgrade(
    handshake: (socket: Duplex, signal: AbortSignal) => Promise<TLSSocket>,
    signal: AbortSignal | undefined,
    takeOver: () => void,
  ): Promise<void> {
    try {
      await withinHandshake(this.timeouts.connect, signal, (deadline) =>
        this.#redirect(handshake, deadline, takeOver),
      );
    } catch (error) {
      // Whoever destroyed the connection meanwhile has said why.
      const reason = (this.#destroyed ? this.reader.error : undefined) ?? error;
      this.destroy(error as Error);
      throw reason;
    }
  }

  async #redirect(
    handshake: (socket: Duplex, signal: AbortSignal) => Promise<TLSSocket>,
    signal: AbortSignal,
    takeOver: () => void,
  ): Promise<void> {
    const socket = this.socket;
    signal.throwIfAborted();
    if (this.reader.framer.length > 0 || socket.readableLength > 0) {
      this.reader.framer.takeBytes(Infinity);
      throw new TlsError(
        "the peer sent something in clear where TLS was to begin, which an attacker may have put there",
        { code: "ERR_NETCLI_STARTTLS_INJECTION" },
      );
    }
    // Node would wait for a handshake with nobody.
    if (this.reader.ended) throw this.reader.endError("where TLS was to begin");
    this.writer.hold();
    takeOver();
    this.#isSecuring = true;
    const secured = await handshake(socket, signal);
    this.#isSecuring = false;
    this.#socket = secured;
    this.#readFrom(secured);
    this.writer.redirect(secured);
    this.#traceTls();
  }

  #traceTls(): void {
    const { tls } = this;
    if (tls === undefined || !this.#isWatched) return;
    this.tracer.event(`TLS: ${tls.getProtocol() ?? "?"}${tls.isSessionReused() ? ", resumed" : ""}`);
  }

  /** Compresses both directions with raw DEFLATE from here on (RFC 8054, RFC 4978). */
  startDeflate(): void {
    const { inflated, deflated } = deflateInPlace(this.socket, this.#source, this.reader.framer, (error) =>
      this.destroy(error),
    );
    this.#readFrom(inflated);
    this.writer.redirect(deflated);
    this.#tell("DEFLATE");
  }

  /**
   * Makes one zlib stream (RFC 1950) of all that comes from here on, or of all that is sent. What comes is then at its
   * end where that stream is; ended before, or broken, it is a ProtocolError.
   */
  startZlib(direction: "received" | "sent"): void {
    if (direction === "sent") {
      this.writer.redirect(deflateOnly(this.socket));
    } else {
      const { framer, ended } = this.reader;
      // Its end would be taken for that of an empty stream.
      if (ended) throw this.reader.endError("where compressed data was to begin");
      this.#readFrom(inflateInPlace(this.#source, framer, (error) => this.destroy(error)));
    }
    this.#tell("zlib");
  }

  #readFrom(stream: Duplex): void {
    this.#source = new ByteSource(this.reader, this);
    this.#source.attachStream(stream);
    this.reader.source = this.#source;
  }

  /** @internal Takes the incoming bytes away from the reader, as a file transfer does. */
  redirect(sink: ByteSink): void {
    this.#source.redirect(sink);
    this.#source.resume();
  }

  /** @internal Goes on after the sink said that it had no room. */
  resume(): void {
    this.#source.resume();
  }

  /** Ends our side, waits up to `timeouts.close` for the peer to end its own, then cuts. Never rejects. */
  close(): Promise<void> {
    this.beginClose();
    return this.closed;
  }

  /** As `close`, for those who hear of the end otherwise (`onClosed`). */
  beginClose(): void {
    if (this.destroyed || this.#closing) return;
    this.#closing = true;
    this.reader.end(closedHere);
    this.redirect(discard);
    this.writer.end();
    this.reader.deadline.arm(this.timeouts.close, cut, this);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  /**
   * Cuts the connection so that the peer sees that it was cut: the end of a stream may look like its completion. With
   * TLS from the first byte it is ended without TLS's own end, which says the same to peers that look for it.
   */
  reset(error?: Error): void {
    const raw = this.#raw;
    // Where our side was ended already libuv refuses, and Node would then never close the handle.
    const isEnded = this.#socket?.writableEnded === true || raw?.writableEnded === true;
    const canReset = raw instanceof Socket && !(raw instanceof TLSSocket) && !this.#isSecuring;
    if (canReset && !isEnded && !raw.destroyed && !raw.connecting) {
      if (this.#socket === raw) raw.resetAndDestroy();
      else resetWhenDestroyed(raw);
    }
    this.destroy(error);
  }

  /** Cuts the connection at once. Whoever waits for it gets `error`. */
  destroy(error?: Error): void {
    if (this.#destroyed) return;
    this.#destroyed = true;
    // The reason of a signal may be anything.
    const reason: Reason =
      error === undefined
        ? closedHere
        : error instanceof Error
          ? error
          : new ConnectionClosedError("the connection was closed here", { cause: error });
    this.#source.end(reason);
    this.reader.end(reason);
    this.#writer?.fail(reason);
    this.#socket?.destroy();
    // Last: a trace that throws must not keep the connection open.
    if (typeof reason !== "function") this.#tell(reason.message);
  }
}

/** Ends a stream, and waits until it has been said. */
function endOf(stream: Duplex): Promise<void> {
  return new Promise((resolve) => stream.end(() => resolve()));
}

const closedHere = (): Error => new ConnectionClosedError("the connection was closed here");

/** TLS over a socket has to let go of it first: reset under it, Node 20 crashes. It then calls `destroy`. */
function resetWhenDestroyed(socket: Socket): void {
  socket.destroy = () => {
    Reflect.deleteProperty(socket, "destroy");
    return socket.resetAndDestroy();
  };
}

function cut(connection: Connection): void {
  connection.destroy();
}

// What a peer still sends while the connection is being closed is received, or its side could not end.
const scrap = Buffer.allocUnsafeSlow(65_536);
const discard: ByteSink = {
  space: () => scrap,
  received: () => true,
  end: () => undefined,
};
