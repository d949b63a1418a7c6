// A datagram server: a function for each datagram, over UDP or a Unix socket.
import { ArgumentError, ConnectionClosedError, NetcliError } from "@netcli/core-transport";
import type { ClientAddress } from "./client-address.ts";
import { type BoundDatagramSocket, openUdp } from "./datagram-socket.ts";
import type { ServerAddress } from "./listener.ts";
import type { ShutdownOptions } from "./server.ts";
import { DEADLINE, LONGEST } from "./timeouts.ts";
import { openUnixDatagram } from "./unix-datagram.ts";

/** Handles one datagram; what it returns, or resolves to, is sent back. Further ones go through `server.send`. */
export type DatagramHandler = (
  data: Uint8Array,
  from: ClientAddress,
  server: DatagramServer,
) => string | Uint8Array | undefined | void | Promise<string | Uint8Array | undefined | void>;

export interface ServeDatagramOptions {
  /** The name or IP address of this machine to listen on. Default `127.0.0.1`; `0.0.0.0` and `::` mean all. */
  host?: string | undefined;
  /** Default 0: a free one, to be read from `address`. */
  port?: number | undefined;
  /** The path of a Unix socket instead; needs the package `unix-dgram`. */
  path?: string | undefined;
  /** Lets several processes listen on the same port; the kernel spreads the datagrams. Node.js 22.12 or newer. */
  reusePort?: boolean | undefined;
  /** Bytes; larger datagrams are dropped and counted. Default 65,535: none. */
  maxPacketSize?: number | undefined;
  /** Handlers that run at a time; further datagrams wait, and beyond 1,024 are dropped and counted. Default: no limit. */
  maxConcurrent?: number | undefined;
  /** Told what a handler rejected with, and why an answer could not be sent. Default: errors that are no NetcliError are printed. */
  onError?: ((error: unknown, from: ClientAddress) => void) | undefined;
  /** Shuts the server down when it aborts. */
  signal?: AbortSignal | undefined;
}

/** Numbers since the server was started. */
export interface DatagramStats {
  readonly received: number;
  /** Being handled. */
  readonly active: number;
  /** Thrown away because they came too fast or were too large. */
  readonly dropped: number;
  /** Whose handler rejected, or whose answer could not be sent. */
  readonly failed: number;
}

const LARGEST = 65_535;

/** Starts a datagram server. Rejects with ListenError, ArgumentError, NotSupportedError, or the signal's reason. */
export async function serveDatagram(
  handler: DatagramHandler,
  options: ServeDatagramOptions = {},
): Promise<DatagramServer> {
  const { signal, path, host, port, reusePort, maxPacketSize = LARGEST, maxConcurrent = Infinity } = options;
  signal?.throwIfAborted();
  for (const [name, value] of Object.entries({ maxPacketSize, maxConcurrent })) {
    // Not `value <= 0`: that lets NaN through.
    if (!(value > 0)) throw new ArgumentError(`${name} must be a number above 0, not ${value}`);
  }
  if (path !== undefined && (host !== undefined || port !== undefined)) {
    throw new ArgumentError('"path" goes without "host" and "port"');
  }
  const socket = path === undefined ? await openUdp({ host, port, reusePort }) : await openUnixDatagram(path);
  const server = new DatagramServer(handler, socket, options);
  const onAbort = (): void => void server.shutdown();
  signal?.addEventListener("abort", onAbort, { once: true });
  void server.closed.then(() => signal?.removeEventListener("abort", onAbort));
  if (signal?.aborted === true) {
    await server.shutdown();
    throw signal.reason;
  }
  return server;
}

/** DatagramServer hands datagrams to its function until `shutdown`. */
export class DatagramServer implements AsyncDisposable {
  /** Where it listens. */
  readonly address: ServerAddress;
  /** Resolves when the last handler has ended after `shutdown`. */
  readonly closed: Promise<void>;
  readonly #handler: DatagramHandler;
  readonly #socket: BoundDatagramSocket;
  readonly #options: ServeDatagramOptions;
  #active = 0;
  #received = 0;
  #oversized = 0;
  #failed = 0;
  #shutDown = false;
  // Called when a handler has ended.
  #ended: () => void = () => undefined;

  /** @internal Use `serveDatagram`. */
  constructor(handler: DatagramHandler, socket: BoundDatagramSocket, options: ServeDatagramOptions) {
    this.#handler = handler;
    this.#socket = socket;
    this.#options = options;
    const [address, port] = socket.address;
    this.address = { address, port };
    this.closed = this.#run();
  }

  get stats(): DatagramStats {
    return {
      received: this.#received,
      active: this.#active,
      dropped: this.#oversized + this.#socket.dropped,
      failed: this.#failed,
    };
  }

  /** Sends a datagram. Rejects with ArgumentError if it is too large, ConnectError, or ConnectionClosedError. */
  send(data: string | Uint8Array, to: ClientAddress): Promise<void> {
    return this.#socket.send(data, to);
  }

  async #run(): Promise<void> {
    const { maxConcurrent = Infinity, maxPacketSize = LARGEST } = this.#options;
    try {
      while (!this.#shutDown) {
        const { data, from } = await this.#socket.receive();
        if (this.#shutDown) break;
        if (data.length > maxPacketSize) {
          this.#oversized += 1;
          continue;
        }
        this.#received += 1;
        void this.#handle(data, from);
        while (this.#active >= maxConcurrent && !this.#shutDown) await this.#handlerEnd();
      }
    } catch (error) {
      if (!(error instanceof ConnectionClosedError)) throw error;
    }
  }

  /** Resolves when a handler has ended, or after so many milliseconds. */
  #handlerEnd(milliseconds: number = LONGEST): Promise<void> {
    return new Promise((resolve) => {
      const before = this.#ended;
      const timer = setTimeout(resolve, Math.min(milliseconds, LONGEST));
      this.#ended = () => {
        this.#ended = () => undefined;
        before();
        clearTimeout(timer);
        resolve();
      };
    });
  }

  async #handle(data: Uint8Array, from: ClientAddress): Promise<void> {
    this.#active += 1;
    try {
      const answer = await this.#handler(data, from, this);
      if (answer !== undefined) await this.#socket.send(answer, from);
    } catch (error) {
      this.#fail(error, from);
    }
    this.#active -= 1;
    this.#ended();
  }

  #fail(error: unknown, from: ClientAddress): void {
    this.#failed += 1;
    try {
      const { onError } = this.#options;
      if (onError !== undefined) onError(error, from);
      else if (!(error instanceof NetcliError)) console.error("netcli: a datagram handler failed:", error);
    } catch (again) {
      console.error("netcli: onError failed:", again);
    }
  }

  /** Takes no further datagram, waits for the handlers, and frees the address. */
  async shutdown({ deadline = DEADLINE }: ShutdownOptions = {}): Promise<void> {
    this.#shutDown = true;
    const end = performance.now() + deadline;
    while (this.#active > 0) {
      const left = end - performance.now();
      if (left <= 0) break;
      await this.#handlerEnd(left);
    }
    await this.#socket.close();
    this.#ended();
    await this.closed;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.shutdown();
  }
}
