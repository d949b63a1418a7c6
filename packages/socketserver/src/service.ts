// What is done with one accepted socket, from the PROXY header to its last byte; in the server's own process or in
// a worker's.
import type { Socket } from "node:net";
import {
  acceptTls,
  ArgumentError,
  Connection,
  type ConnectionOptions,
  type Limits,
  serverContext,
  TimeoutError,
  type TimeoutPhase,
  type TlsServerOptions,
  type Trace,
  withDefaults,
  within,
} from "@netcli/core-transport";
import { defaultServerTimeouts, type ServerTimeouts } from "./timeouts.ts";
import { type ProxyProtocolOptions, readProxyHeader, TrustedProxies } from "./trusted-proxies.ts";

export interface ServiceOptions {
  /** The certificate and key to show. */
  tls?: TlsServerOptions | undefined;
  /** TLS from the first byte, or when the handler calls `connection.acceptTls(server.tls)`. Default `implicit`. */
  tlsMode?: "implicit" | "starttls" | undefined;
  /** Takes the client's address from load balancers in front. Default: from nobody. */
  proxyProtocol?: ProxyProtocolOptions | undefined;
  /** Milliseconds. */
  timeouts?: Partial<ServerTimeouts> | undefined;
  limits?: Partial<Limits> | undefined;
  /** Called for each line, secrets of clients included: what is one only the protocol knows. */
  trace?: Trace | undefined;
}

export interface ServiceEvents {
  /** Serves a client until its promise settles. */
  handle(connection: Connection): unknown;
  /** A client at that address may be served; `leave` is its counterpart. */
  enter(address: string): boolean;
  leave(address: string): void;
  refuse(socket: Socket): void;
  failed(error: unknown, connection: Connection | undefined): void;
}

/** A socket that is being served. */
interface Open {
  readonly socket: Socket;
  connection: Connection | undefined;
  /** The address that was counted behind a proxy. */
  entered: string | undefined;
  /** Stops waiting for the handler. */
  abandon: (error: Error) => void;
  /** Why it was cut off here. */
  cut: Error | undefined;
}

const nothing = (): void => undefined;

// setTimeout's own maximum; anything longer means "never".
const LONGEST = 2_147_483_647;

export class Service {
  readonly timeouts: Readonly<ServerTimeouts>;
  readonly #connectionOptions: ConnectionOptions;
  readonly #startsSecure: boolean;
  readonly #proxies: TrustedProxies | undefined;
  readonly #events: ServiceEvents;
  readonly #open: Set<Open> = new Set();
  #tls: TlsServerOptions | undefined;
  #retired = false;
  #bytesReceived = 0;
  #bytesSent = 0;

  /** Throws ArgumentError. */
  constructor(options: ServiceOptions, events: ServiceEvents) {
    const { tlsMode = "implicit", proxyProtocol, limits, trace } = options;
    if (tlsMode !== "implicit" && tlsMode !== "starttls") {
      throw new ArgumentError(`tlsMode must be "implicit" or "starttls", not "${String(tlsMode)}"`);
    }
    this.timeouts = withDefaults(defaultServerTimeouts, options.timeouts);
    const { handshake, idle, close } = this.timeouts;
    this.#connectionOptions = { limits, trace, timeouts: { connect: handshake, stall: idle, close } };
    this.#events = events;
    this.#startsSecure = options.tls !== undefined && tlsMode === "implicit";
    this.#proxies = proxyProtocol === undefined ? undefined : new TrustedProxies(proxyProtocol);
    this.tls = options.tls;
  }

  get tls(): TlsServerOptions | undefined {
    return this.#tls;
  }

  /** For the handshakes that begin from now on. Throws ArgumentError, and keeps what was set, if it can't be used. */
  set tls(options: TlsServerOptions | undefined) {
    if (options !== undefined) serverContext(options);
    else if (this.#startsSecure) throw new ArgumentError("a server that began with TLS can't go on without");
    this.#tls = options;
  }

  get bytesReceived(): number {
    let bytes = this.#bytesReceived;
    for (const { socket } of this.#open) bytes += socket.bytesRead;
    return bytes;
  }

  get bytesSent(): number {
    let bytes = this.#bytesSent;
    for (const { socket } of this.#open) bytes += socket.bytesWritten;
    return bytes;
  }

  /** Whether the client's address is to come from a PROXY header. */
  isBehindProxy(socket: Socket): boolean {
    return this.#proxies?.includes(socket) === true;
  }

  /** Serves one socket. Resolves when it is closed; never rejects. */
  async serve(socket: Socket): Promise<void> {
    const open: Open = {
      socket,
      connection: undefined,
      entered: undefined,
      abandon: nothing,
      cut: undefined,
    };
    this.#open.add(open);
    const timer = this.#limit(open, "total");
    try {
      const needsMore = this.#proxies !== undefined || this.#startsSecure;
      const connection = needsMore
        ? await this.#prepare(open)
        : Connection.over(socket, this.#connectionOptions);
      open.connection = connection;
      if (connection !== undefined) await this.#handle(open, connection);
    } catch (error) {
      this.#events.failed(open.cut ?? error, open.connection);
    }
    // Polite even where the handler failed: what it had written is the client's.
    if (open.connection !== undefined) await open.connection.close();
    clearTimeout(timer);
    this.#bytesReceived += socket.bytesRead;
    this.#bytesSent += socket.bytesWritten;
    if (open.entered !== undefined) this.#events.leave(open.entered);
    this.#open.delete(open);
  }

  /** PROXY header and TLS, within one deadline; undefined if the client's address has connections enough. */
  #prepare(open: Open): Promise<Connection | undefined> {
    const { socket } = open;
    // What the network says about it comes to whoever reads; this one is for the time between.
    socket.on("error", nothing);
    const { handshake } = this.timeouts;
    const expired = (): Error =>
      new TimeoutError(`no PROXY header and TLS within ${handshake} ms`, "handshake", handshake);
    return within(handshake, expired, undefined, async (signal) => {
      try {
        const remote = this.isBehindProxy(socket) ? await readProxyHeader(socket, signal) : undefined;
        const address = remote?.address;
        if (address !== undefined && !this.#events.enter(address)) {
          this.#events.refuse(socket);
          return undefined;
        }
        open.entered = address;
        const tls = this.#startsSecure ? this.#tls : undefined;
        const stream = tls === undefined ? socket : await acceptTls(socket, tls, signal);
        const options = this.#connectionOptions;
        return Connection.over(stream, remote === undefined ? options : { ...options, remote });
      } catch (error) {
        socket.destroy();
        throw error;
      }
    });
  }

  async #handle(open: Open, connection: Connection): Promise<void> {
    if (this.#retired) connection.retire();
    const timer = this.#limit(open, "handler");
    try {
      await new Promise<unknown>((resolve, reject) => {
        open.abandon = reject;
        // Async: what the handler throws at once is a rejection like any other.
        (async () => this.#events.handle(connection))().then(resolve, reject);
      });
    } finally {
      clearTimeout(timer);
    }
    if (!connection.destroyed) await connection.flush();
  }

  #limit(open: Open, phase: TimeoutPhase & keyof ServerTimeouts): NodeJS.Timeout | undefined {
    const milliseconds = this.timeouts[phase];
    if (milliseconds > LONGEST) return undefined;
    const what = phase === "total" ? "the connection lasted" : "the handler took";
    return setTimeout(() => {
      this.#cut(open, new TimeoutError(`${what} longer than ${milliseconds} ms`, phase, milliseconds));
    }, milliseconds).unref();
  }

  /** Takes no further request from any connection. */
  retire(): void {
    this.#retired = true;
    this.retireOpen();
  }

  /** Takes no further request from the connections that are open now. */
  retireOpen(): void {
    for (const { connection } of this.#open) connection?.retire();
  }

  /** Cuts all connections, whatever their handlers do. */
  cut(error: Error): void {
    for (const open of this.#open) this.#cut(open, error);
  }

  #cut(open: Open, error: Error): void {
    open.cut ??= error;
    if (open.connection === undefined) open.socket.destroy();
    else open.connection.destroy(error);
    open.abandon(error);
  }
}
