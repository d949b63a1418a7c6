// One connection to one peer: the socket, what is read from it and what is written to it.
import { Socket } from "node:net";
import type { Duplex } from "node:stream";
import { TLSSocket } from "node:tls";
import type { Body } from "./body.ts";
import { assertArgument } from "./argument.ts";
import type { Content } from "./content.ts";
import { Deadline } from "./deadline.ts";
import { deflateInPlace } from "./deflate.ts";
import { ConnectionClosedError, TlsError } from "./errors.ts";
import { defaultLimits, defaultTimeouts, withDefaults, type Limits, type Timeouts } from "./limits.ts";
import { Reader, type ReadOptions } from "./reader.ts";
import { ByteSource, type ByteSink } from "./source.ts";
import { secure, withinHandshake, type TlsOptions } from "./tls.ts";
import { acceptTls, type TlsServerOptions } from "./tls-server.ts";
import { Tracer, type Trace } from "./trace.ts";
import { isLoopback } from "./url.ts";
import { Writer, type WriteOptions } from "./writer.ts";

/** What any connection can be given, however it is made. */
export interface ConnectionOptions {
  limits?: Partial<Limits> | undefined;
  /** Milliseconds. */
  timeouts?: Partial<Timeouts> | undefined;
  trace?: Trace | undefined;
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
}

function addressOf(stream: Duplex | undefined): PeerAddress | undefined {
  if (!(stream instanceof Socket) || stream.remoteAddress === undefined) return undefined;
  return { address: stream.remoteAddress, port: stream.remotePort ?? 0 };
}

/** Connection is a byte stream to a peer with lines, blocks and exact counts to read, and TLS or DEFLATE in place. */
export class Connection {
  /** The peer's name as it was asked for; TLS verifies against it. */
  readonly host: string;
  readonly limits: Readonly<Limits>;
  /** Resolves when the connection is gone, for whatever reason. */
  readonly closed: Promise<void>;
  /** @internal */
  readonly reader: Reader;
  /** @internal */
  readonly tracer: Tracer;
  readonly #timeouts: Timeouts;
  #socket: Duplex | undefined;
  #source: ByteSource;
  #writer: Writer | undefined;
  #local = false;
  #remote: PeerAddress | undefined;
  #destroyed = false;
  #markClosed: () => void = () => undefined;

  /** @internal Does no I/O: `attach` gives it its socket. */
  constructor(host: string, peer: string, options: ConnectionOptions, linesArePublic: boolean = true) {
    this.host = host;
    this.limits = withDefaults(defaultLimits, options.limits);
    this.#timeouts = withDefaults(defaultTimeouts, options.timeouts);
    this.tracer = new Tracer(peer, options.trace, linesArePublic);
    this.closed = new Promise((resolve) => {
      this.#markClosed = resolve;
    });
    this.reader = new Reader({
      limits: this.limits,
      timeouts: this.#timeouts,
      destroy: (error) => this.destroy(error),
    });
    this.#source = new ByteSource(this.reader);
    this.reader.source = this.#source;
  }

  /**
   * A connection over a stream that is connected already: an accepted socket, or a tunnel of your own. A paused
   * stream is left so until bytes are asked for.
   */
  static over(stream: Duplex, options: AcceptedOptions = {}): Connection {
    const remote = options.remote ?? addressOf(stream);
    const host = options.host ?? remote?.address ?? "";
    const peer = remote === undefined ? host : `${host}:${remote.port}`;
    // Which lines of a client hold a secret only the server knows: they go to its own trace at most.
    const connection = new Connection(host, peer, options, false);
    connection.#remote = options.remote;
    connection.attach(stream, { local: isLoopback(remote?.address) });
    return connection;
  }

  /** @internal For net.connect and tls.connect; the socket so made is then given to `attach` with `onread` true. */
  get onread(): ByteSource["onread"] {
    return this.#source.onread;
  }

  /** @internal `local`: the peer is on this machine, and nothing in between. */
  attach(
    socket: Duplex,
    { onread = false, local = false }: { onread?: boolean; local?: boolean } = {},
  ): void {
    this.#socket = socket;
    this.#local = local;
    if (socket instanceof Socket) socket.setNoDelay(true);
    // Errors come to the source; this one is for those after the end.
    socket.on("error", () => undefined);
    socket.once("close", () => this.#onClose(socket));
    if (onread) this.#source.attach(socket);
    else this.#readFrom(socket);
    this.#writer = new Writer(socket, {
      timeouts: this.#timeouts,
      destroy: (error) => this.destroy(error),
    });
    // A stream of the caller's own may have said so already.
    if (socket.readableEnded || socket.closed) this.#source.end(socket.errored ?? undefined);
    if (socket.closed) this.#onClose(socket);
    this.#traceTls();
  }

  #onClose(socket: Duplex): void {
    if (socket !== this.#socket) return;
    this.writer.fail(this.reader.error);
    this.#markClosed();
    this.tracer.event("closed");
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
    return (this.#remote ?? addressOf(this.#socket))?.address;
  }

  /** The peer's port; undefined for a Unix socket. */
  get remotePort(): number | undefined {
    return (this.#remote ?? addressOf(this.#socket))?.port;
  }

  /** Nagle's algorithm (RFC 896) is off unless it is switched on here. */
  setNoDelay(on: boolean): void {
    if (this.#socket instanceof Socket) this.#socket.setNoDelay(on);
  }

  get timeouts(): Readonly<Timeouts> {
    return this.#timeouts;
  }

  /** Changes `timeouts.stall` from the next wait on: protocols give commands and content different times. */
  setStall(milliseconds: number): void {
    this.#timeouts.stall = withDefaults(this.#timeouts, { stall: milliseconds }).stall;
  }

  /**
   * True if nobody between can read along: TLS, a Unix socket, or a peer on this machine. A proxy on this machine
   * does not count: it leads elsewhere.
   */
  get confidential(): boolean {
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
    return this.tracer.active ? this.#readTracedLine(options) : this.reader.readLine(options);
  }

  async #readTracedLine(options: ReadOptions | undefined): Promise<string | undefined> {
    const line = await this.reader.readLine(options);
    if (line !== undefined) this.tracer.line("received", line);
    return line;
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
      this.tracer.line("sent", line);
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
  startTls(options: TlsOptions = {}, { signal }: { signal?: AbortSignal | undefined } = {}): Promise<void> {
    return this.#upgrade((socket, aborted) => secure(socket, this.host, options, aborted), signal);
  }

  /**
   * Puts TLS over an accepted connection, as its server and right after the go-ahead was written. Rejects with
   * TlsError; a single byte received behind the client's command is taken for an attack (RFC 3207 6).
   */
  acceptTls(options: TlsServerOptions, { signal }: { signal?: AbortSignal | undefined } = {}): Promise<void> {
    return this.#upgrade((socket, aborted) => acceptTls(socket, options, aborted), signal);
  }

  async #upgrade(
    handshake: (socket: Duplex, signal: AbortSignal) => Promise<TLSSocket>,
    signal: AbortSignal | undefined,
  ): Promise<void> {
    try {
      await withinHandshake(this.timeouts.connect, signal, (deadline) => this.#redirect(handshake, deadline));
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
    this.writer.hold();
    this.#source.detach();
    const secured = await handshake(socket, signal);
    this.#socket = secured;
    secured.on("error", () => undefined);
    secured.once("close", () => this.#onClose(secured));
    this.#readFrom(secured);
    this.writer.redirect(secured);
    this.#traceTls();
  }

  #traceTls(): void {
    const { tls } = this;
    if (tls === undefined) return;
    this.tracer.event(`TLS: ${tls.getProtocol() ?? "?"}${tls.isSessionReused() ? ", resumed" : ""}`);
  }

  /** Compresses both directions with raw DEFLATE from here on (RFC 8054, RFC 4978). */
  startDeflate(): void {
    const { inflated, deflated } = deflateInPlace(this.socket, this.#source, this.reader.framer, (error) =>
      this.destroy(error),
    );
    this.#readFrom(inflated);
    this.writer.redirect(deflated);
    this.tracer.event("DEFLATE");
  }

  #readFrom(stream: Duplex): void {
    this.#source = new ByteSource(this.reader);
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
  async close(): Promise<void> {
    if (!this.destroyed) {
      this.reader.end(new ConnectionClosedError("the connection was closed here"));
      this.redirect(discard);
      this.writer.end();
      const deadline = new Deadline();
      deadline.arm(this.timeouts.close, () => this.destroy());
      await this.closed;
      deadline.close();
    }
    this.destroy();
    await this.closed;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  /** Cuts the connection at once. Whoever waits for it gets `error`. */
  destroy(error?: Error): void {
    if (this.#destroyed) return;
    this.#destroyed = true;
    // The reason of a signal may be anything.
    const reason =
      error instanceof Error
        ? error
        : new ConnectionClosedError("the connection was closed here", { cause: error });
    this.#source.end(reason);
    this.reader.end(reason);
    this.#writer?.fail(reason);
    this.#socket?.destroy();
    // Last: a trace that throws must not keep the connection open.
    if (error !== undefined) this.tracer.event(reason.message);
  }
}

// What a peer still sends while the connection is being closed is received, or its side could not end.
const scrap = Buffer.allocUnsafeSlow(65_536);
const discard: ByteSink = {
  space: () => scrap,
  received: () => true,
  end: () => undefined,
};
