// A stream server: an async function for each connection, with limits, timeouts, TLS, counters and a graceful end.
import { channel } from "node:diagnostics_channel";
import type { Socket } from "node:net";
import {
  type Connection,
  ConnectionClosedError,
  NetcliError,
  type TlsServerOptions,
} from "@netcli/core-transport";
import { Admission, type AdmissionOptions } from "./admission.ts";
import { listen, type Listener, type ListenOptions, type ServerAddress } from "./listener.ts";
import { Service, type ServiceOptions } from "./service.ts";
import { DEADLINE, LONGEST } from "./timeouts.ts";

/** Serves one connection; it is closed, behind what was written, when the promise settles. */
export type ConnectionHandler = (connection: Connection, server: Server) => unknown;

export interface ServeOptions extends ListenOptions, AdmissionOptions, ServiceOptions {
  /** The line that a client gets who is sent away, without its end; over implicit TLS none. */
  refusal?: string | undefined;
  /**
   * Told what a handler rejected with, and why a handshake failed. Default: errors that are no NetcliError, which
   * are bugs of the handler, are printed; the rest is on the channel `netcli.server` and in `stats`.
   */
  onError?: ((error: unknown, connection: Connection | undefined) => void) | undefined;
  /** Shuts the server down when it aborts. */
  signal?: AbortSignal | undefined;
}

/** Numbers since the server was started. */
export interface ServerStats {
  /** Connections that were accepted from the kernel. */
  readonly accepted: number;
  /** Being served. */
  readonly active: number;
  /** Waiting for their turn. */
  readonly queued: number;
  /** Sent away because of a limit. */
  readonly refused: number;
  /** Whose handler rejected, or that broke before it. */
  readonly failed: number;
  readonly bytesReceived: number;
  readonly bytesSent: number;
}

/** What the channel `netcli.server` publishes. */
export interface ServerEvent {
  readonly server: Server;
  readonly kind: "accepted" | "queued" | "refused" | "closed" | "failed";
  /** The client's IP address; empty for a Unix socket. */
  readonly address: string;
  readonly error?: unknown;
}

export interface ShutdownOptions {
  /** Milliseconds that handlers get to finish; what is then still open is cut. Default 10,000. */
  deadline?: number | undefined;
}

const events = channel("netcli.server");

/**
 * Starts a server: `handler` runs once for each connection. Rejects with ListenError, ArgumentError,
 * NotSupportedError, or the signal's reason.
 */
export async function serve(handler: ConnectionHandler, options: ServeOptions = {}): Promise<Server> {
  const server = new Server(handler, options);
  await server.start();
  return server;
}

/** Server accepts connections until `shutdown`. */
export class Server implements AsyncDisposable {
  /** Resolves when the last connection is gone after `shutdown`. */
  readonly closed: Promise<void>;
  readonly #options: ServeOptions;
  readonly #admission: Admission;
  readonly #service: Service;
  readonly #queue: Set<Socket> = new Set();
  #listener: Listener | undefined;
  #markClosed: () => void = () => undefined;
  #shutDown = false;
  #cutAt = Infinity;
  #cutTimer: NodeJS.Timeout | undefined;
  #active = 0;
  #accepted = 0;
  #refused = 0;
  #failed = 0;

  /** @internal Use `serve`. */
  constructor(handler: ConnectionHandler, options: ServeOptions) {
    this.#options = options;
    this.#admission = new Admission(options);
    this.#service = new Service(options, {
      handle: (connection) => handler(connection, this),
      ended: (socket, counted) => this.#onEnd(socket, counted),
      enter: (address) => this.#admission.enter(address),
      leave: (address) => this.#admission.leave(address),
      refuse: (socket, address) => this.#refuse(socket, address),
      failed: (error, connection, address) => this.#fail(error, connection, address),
    });
    this.closed = new Promise((resolve) => {
      this.#markClosed = resolve;
    });
  }

  /** @internal `paused`: sockets are not read from before someone asks for bytes. */
  async start(paused: boolean = false): Promise<void> {
    const { signal } = this.#options;
    signal?.throwIfAborted();
    const accepted = (socket: Socket): void => this.#accept(socket);
    const failed = (error: Error): void => this.#fail(error, undefined, "");
    this.#listener = await listen(this.#options, { accepted, failed }, paused);
    const onAbort = (): void => void this.shutdown();
    signal?.addEventListener("abort", onAbort, { once: true });
    void this.closed.then(() => signal?.removeEventListener("abort", onAbort));
    if (signal?.aborted === true) {
      await this.shutdown();
      throw signal.reason;
    }
  }

  /** Where it listens. */
  get address(): ServerAddress {
    if (this.#listener === undefined) throw new Error("the server does not listen yet");
    return this.#listener.address;
  }

  get stats(): ServerStats {
    return {
      accepted: this.#accepted,
      active: this.#active,
      queued: this.#queue.size,
      refused: this.#refused,
      failed: this.#failed,
      bytesReceived: this.#service.bytesReceived,
      bytesSent: this.#service.bytesSent,
    };
  }

  /** The certificate and key shown to clients; what is set here counts for the handshakes that begin later. */
  get tls(): TlsServerOptions | undefined {
    return this.#service.tls;
  }

  /** Throws ArgumentError, and keeps what was set, if it can't be used. */
  set tls(options: TlsServerOptions | undefined) {
    this.#service.tls = options;
  }

  #accept(socket: Socket): void {
    this.#accepted += 1;
    const address = this.#countedAddress(socket);
    const isFull = this.#active >= this.#admission.maxConnections;
    if (this.#shutDown || (isFull && this.#queue.size >= this.#admission.maxQueued)) {
      this.#refuse(socket);
    } else if (address !== undefined && !this.#admission.enter(address)) {
      this.#refuse(socket);
    } else if (isFull) {
      this.#enqueue(socket, address);
    } else {
      this.#publish("accepted", socket);
      this.#serve(socket, address);
    }
  }

  #enqueue(socket: Socket, address: string | undefined): void {
    this.#queue.add(socket);
    this.#publish("queued", socket);
    socket.on("error", () => undefined);
    // Gone before its turn.
    socket.once("close", () => {
      if (this.#queue.delete(socket) && address !== undefined) this.#admission.leave(address);
    });
  }

  #serve(socket: Socket, address: string | undefined): void {
    this.#active += 1;
    this.#service.serve(socket, address);
  }

  #onEnd(socket: Socket, address: string | undefined): void {
    this.#active -= 1;
    if (address !== undefined) this.#admission.leave(address);
    this.#publish("closed", socket);
    const [next] = this.#queue;
    if (next !== undefined) {
      this.#queue.delete(next);
      this.#serve(next, this.#countedAddress(next));
    } else if (this.#shutDown && this.#active === 0) {
      this.#end();
    }
  }

  /**
   * None for a Unix socket, where nobody knows who is who. And behind a proxy they all seem to come from one: those
   * are counted when the header is read.
   */
  #countedAddress(socket: Socket): string | undefined {
    if (!this.#admission.countsAddresses || this.#service.isBehindProxy(socket)) return undefined;
    return socket.remoteAddress;
  }

  #refuse(socket: Socket, address?: string): void {
    this.#refused += 1;
    this.#publish("refused", socket, address);
    const { refusal, tls, tlsMode = "implicit" } = this.#options;
    const saysWhy = refusal !== undefined && (tls === undefined || tlsMode === "starttls");
    socket.on("error", () => undefined);
    // What the client has sent is received, or closing would reset the connection and the line be lost.
    socket.resume();
    socket.end(saysWhy ? `${refusal}\r\n` : "");
    const { close } = this.#service.timeouts;
    if (close > LONGEST) return;
    const timer = setTimeout(() => socket.destroy(), close).unref();
    socket.once("close", () => clearTimeout(timer));
  }

  #fail(error: unknown, connection: Connection | undefined, address: string): void {
    this.#failed += 1;
    if (events.hasSubscribers) {
      events.publish({ server: this, kind: "failed", address, error } satisfies ServerEvent);
    }
    try {
      const { onError } = this.#options;
      if (onError !== undefined) onError(error, connection);
      else if (!(error instanceof NetcliError)) console.error("netcli: a connection handler failed:", error);
    } catch (again) {
      console.error("netcli: onError failed:", again);
    }
  }

  #publish(kind: ServerEvent["kind"], socket: Socket, known?: string): void {
    if (!events.hasSubscribers) return;
    const address = known ?? socket.remoteAddress ?? "";
    events.publish({ server: this, kind, address } satisfies ServerEvent);
  }

  /**
   * Accepts no more, sends away who waits, and ends each connection when its handler asks for a further request
   * (`connection.retire`) or returns. Resolves when all are gone; may be called again, with a shorter deadline.
   */
  async shutdown({ deadline = DEADLINE }: ShutdownOptions = {}): Promise<void> {
    if (!this.#shutDown) {
      this.#shutDown = true;
      this.#listener?.close();
      for (const socket of this.#queue) {
        this.#queue.delete(socket);
        this.#refuse(socket);
      }
      this.#service.retire();
    }
    const cutAt = performance.now() + deadline;
    if (this.#active === 0) {
      this.#end();
    } else if (cutAt < this.#cutAt) {
      this.#cutAt = cutAt;
      clearTimeout(this.#cutTimer);
      const error = new ConnectionClosedError("the server was shut down");
      if (deadline <= LONGEST) this.#cutTimer = setTimeout(() => this.#service.cut(error), deadline);
    }
    await this.closed;
  }

  #end(): void {
    clearTimeout(this.#cutTimer);
    this.#markClosed();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.shutdown();
  }
}
