// What is done with one accepted socket, from the PROXY header to its last byte; in the server's own process or in
// a worker's.
import type { Socket } from "node:net";
import {
  type AcceptedOptions,
  acceptTls,
  ArgumentError,
  Connection,
  ConnectionClosedError,
  defaultLimits,
  defaultTimeouts,
  type Limits,
  type PeerAddress,
  serverContext,
  TimeoutError,
  type TlsServerOptions,
  type Trace,
  withDefaults,
  within,
} from "@netcli/core-transport";
import { defaultServerTimeouts, LONGEST, type ServerTimeouts } from "./timeouts.ts";
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
  /** Serves a client, until the promise settles if it returns one. */
  handle(connection: Connection): unknown;
  /** A socket is closed. */
  ended(socket: Socket, counted: string | undefined): void;
  /** A client at that address may be served; `leave` is its counterpart. */
  enter(address: string): boolean;
  leave(address: string): void;
  refuse(socket: Socket, address: string): void;
  failed(error: unknown, connection: Connection | undefined, address: string): void;
}

/** A socket that is being served. */
class Served {
  readonly socket: Socket;
  /** The address under which the server counts it. */
  readonly counted: string | undefined;
  connection: Connection | undefined;
  /** The address that was counted behind a proxy. */
  entered: string | undefined;
  /** Why it was cut off here. */
  cut: Error | undefined;
  handlerEnded = false;
  closed = false;
  timers: NodeJS.Timeout[] | undefined;

  constructor(socket: Socket, counted: string | undefined) {
    this.socket = socket;
    this.counted = counted;
  }
}

const nothing = (): void => undefined;

function peerOf({ remoteAddress, remotePort }: Socket): PeerAddress {
  return { address: remoteAddress ?? "", port: remotePort ?? 0 };
}

/** A TCP socket that was reset has no peer any more; a Unix socket has no addresses at all. */
function isGone({ remoteAddress, localAddress }: Socket): boolean {
  return remoteAddress === undefined && localAddress !== undefined;
}

function isPromise(value: unknown): value is PromiseLike<unknown> {
  return typeof (value as PromiseLike<unknown> | undefined)?.then === "function";
}

export class Service {
  readonly timeouts: Readonly<ServerTimeouts>;
  readonly #connectionOptions: AcceptedOptions;
  readonly #startsSecure: boolean;
  readonly #proxies: TrustedProxies | undefined;
  readonly #events: ServiceEvents;
  // By connection, as soon as there is one.
  readonly #open: Map<Connection | Socket, Served> = new Map();
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
    this.#connectionOptions = {
      trace,
      onClosed: (connection) => this.#onClosed(connection),
      limits: withDefaults(defaultLimits, limits),
      timeouts: withDefaults(defaultTimeouts, { connect: handshake, stall: idle, close }),
    };
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
    for (const { socket } of this.#open.values()) bytes += socket.bytesRead;
    return bytes;
  }

  get bytesSent(): number {
    let bytes = this.#bytesSent;
    for (const { socket } of this.#open.values()) bytes += socket.bytesWritten;
    return bytes;
  }

  /** Whether the client's address is to come from a PROXY header. */
  isBehindProxy(socket: Socket): boolean {
    return this.#proxies?.includes(socket) === true;
  }

  /**
   * Serves one socket, which the server counts under that address. In callbacks, because each promise and each
   * function that waits is there once for each idle connection.
   */
  serve(socket: Socket, counted?: string): void {
    const served = new Served(socket, counted);
    this.#limit(served, "total");
    if (this.#proxies === undefined && !this.#startsSecure) {
      this.#handle(served, Connection.over(socket, this.#connectionOptions));
      return;
    }
    this.#open.set(socket, served);
    this.#prepare(served).then(
      (connection) => {
        if (connection === undefined) this.#finish(served);
        else this.#handle(served, connection);
        this.#open.delete(socket);
      },
      (error: unknown) => {
        this.#fail(served, error);
        this.#finish(served);
      },
    );
  }

  #fail(served: Served, error: unknown): void {
    const { connection, entered, socket, cut } = served;
    this.#events.failed(cut ?? error, connection, entered ?? peerOf(socket).address);
  }

  #finish(served: Served): void {
    const { socket, entered } = served;
    for (const timer of served.timers ?? []) clearTimeout(timer);
    this.#bytesReceived += socket.bytesRead;
    this.#bytesSent += socket.bytesWritten;
    this.#open.delete(served.connection ?? socket);
    if (entered !== undefined) this.#events.leave(entered);
    this.#events.ended(socket, served.counted);
  }

  /** PROXY header and TLS, within one deadline; undefined if the client's address has connections enough. */
  #prepare(served: Served): Promise<Connection | undefined> {
    const { socket } = served;
    // What the network says about it comes to whoever reads; this one is for the time between.
    socket.on("error", nothing);
    const { handshake } = this.timeouts;
    const expired = (): Error =>
      new TimeoutError(`no PROXY header and TLS within ${handshake} ms`, "handshake", handshake);
    return within(handshake, expired, undefined, async (signal) => {
      try {
        // From whom it came can't be told any more, and so not whether its header is to be believed.
        if (this.#proxies !== undefined && isGone(socket)) {
          throw new ConnectionClosedError("the client was gone before it was served");
        }
        const isBehindProxy = this.isBehindProxy(socket);
        const source = isBehindProxy ? await readProxyHeader(socket, signal) : undefined;
        const address = source?.address;
        if (address !== undefined && !this.#events.enter(address)) {
          this.#events.refuse(socket, address);
          return undefined;
        }
        served.entered = address;
        const tls = this.#startsSecure ? this.#tls : undefined;
        const stream = tls === undefined ? socket : await acceptTls(socket, tls, signal);
        const options = this.#connectionOptions;
        // Said even where the proxy did not say it: the client is not on this machine because its proxy is.
        return Connection.over(
          stream,
          isBehindProxy ? { ...options, remote: source ?? peerOf(socket) } : options,
        );
      } catch (error) {
        socket.destroy();
        throw error;
      }
    });
  }

  #handle(served: Served, connection: Connection): void {
    served.connection = connection;
    this.#open.set(connection, served);
    if (this.#retired) connection.retire();
    this.#limit(served, "handler");
    let result: unknown;
    try {
      result = this.#events.handle(connection);
    } catch (error) {
      this.#onHandlerEnd(served, { error });
      return;
    }
    if (isPromise(result)) {
      Promise.resolve(result).then(
        () => this.#onHandlerEnd(served),
        (error: unknown) => this.#onHandlerEnd(served, { error }),
      );
    } else {
      this.#onHandlerEnd(served);
    }
  }

  /** The handler has ended, or is not waited for any more. */
  #onHandlerEnd(served: Served, failure?: { readonly error: unknown }): void {
    if (served.handlerEnded) return;
    served.handlerEnded = true;
    const { connection } = served;
    if (failure !== undefined) this.#fail(served, failure.error);
    if (connection === undefined) return;
    if (connection.destroyed) {
      // Gone already, or about to be.
      if (served.closed) this.#finish(served);
    } else if (failure !== undefined || connection.flushNow()) {
      // Polite even where the handler failed: what it had written is the client's.
      connection.beginClose();
    } else {
      connection.flush().then(
        () => connection.beginClose(),
        (error: unknown) => {
          this.#fail(served, error);
          connection.beginClose();
        },
      );
    }
  }

  #onClosed(connection: Connection): void {
    const served = this.#open.get(connection);
    if (served === undefined) return;
    served.closed = true;
    if (served.handlerEnded) this.#finish(served);
  }

  #limit(served: Served, phase: "total" | "handler"): void {
    const milliseconds = this.timeouts[phase];
    if (milliseconds > LONGEST) return;
    const what = phase === "total" ? "the connection lasted" : "the handler took";
    const expire = (): void => {
      if (phase === "handler" && served.handlerEnded) return;
      this.#cut(served, new TimeoutError(`${what} longer than ${milliseconds} ms`, phase, milliseconds));
    };
    (served.timers ??= []).push(setTimeout(expire, milliseconds).unref());
  }

  /** Takes no further request from any connection. */
  retire(): void {
    this.#retired = true;
    this.retireOpen();
  }

  /** Takes no further request from the connections that are open now. */
  retireOpen(): void {
    for (const { connection } of this.#open.values()) connection?.retire();
  }

  /** Cuts all connections, whatever their handlers do. */
  cut(error: Error): void {
    for (const served of this.#open.values()) this.#cut(served, error);
  }

  #cut(served: Served, error: Error): void {
    served.cut ??= error;
    if (served.connection === undefined) served.socket.destroy();
    else served.connection.destroy(error);
    if (served.connection !== undefined) this.#onHandlerEnd(served, { error });
  }
}
