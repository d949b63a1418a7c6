// UDP (RFC 768): send, and iterate what comes with the address it came from.
import { createSocket, type RemoteInfo, type Socket, type SocketOptions } from "node:dgram";
import { lookup as systemLookup } from "node:dns";
import { isIP } from "node:net";
import { ArgumentError, ConnectError, ConnectionClosedError, NetcliError, TimeoutError } from "./errors.ts";
import { Queue } from "./queue.ts";
import { assertPort, normalizeHost } from "./url.ts";

/** Resolves a name to one address, as node:dns.lookup does. */
export type DatagramLookup = NonNullable<SocketOptions["lookup"]>;

export interface DatagramOptions {
  /** The address of this machine; by default any. */
  host?: string | undefined;
  /** The port of this machine; by default a free one. */
  port?: number | undefined;
  /** 4 unless `host` or `peer` is an IPv6 address. */
  family?: 4 | 6 | undefined;
  /** Send there and nowhere else, and receive from there only. */
  peer?: { readonly host: string; readonly port: number } | undefined;
  /** Received datagrams kept until they are taken; further ones are dropped and counted. Default 1,024. */
  queued?: number | undefined;
  /** SO_REUSEADDR: on Linux several sockets may have the same port, and the newest gets what comes. Default false. */
  reuseAddress?: boolean | undefined;
  /** SO_REUSEPORT: the kernel spreads what comes over all sockets with the same port. Node.js 22.12 or newer. */
  reusePort?: boolean | undefined;
  /** Resolves names instead of the system. */
  lookup?: DatagramLookup | undefined;
  /** Closes the socket; who waits gets the signal's reason. */
  signal?: AbortSignal | undefined;
}

/** A datagram as it was received. */
export interface ReceivedDatagram {
  readonly data: Uint8Array;
  readonly from: { readonly address: string; readonly port: number; readonly family: 4 | 6 };
}

const QUEUED = 1_024;

/** Opens a UDP socket. Rejects with ConnectError if the address can't be had, ArgumentError, or the signal's reason. */
export async function openDatagram(options: DatagramOptions = {}): Promise<Datagram> {
  const { signal, peer, port = 0 } = options;
  signal?.throwIfAborted();
  const host = options.host === undefined ? undefined : normalizeHost(options.host);
  const peerHost = peer === undefined ? undefined : normalizeHost(peer.host);
  if (port !== 0) assertPort(port);
  if (peer !== undefined) assertPort(peer.port);
  const family = options.family ?? (isIP(host ?? peerHost ?? "") === 6 ? 6 : 4);
  const reuse = { reuseAddr: options.reuseAddress === true, reusePort: options.reusePort === true };
  const lookup = skipLiterals(options.lookup ?? systemLookup);
  const socket = createSocket({ type: `udp${family}`, lookup, ...reuse });
  const datagram = new Datagram(socket, options.queued ?? QUEUED, peer !== undefined);
  const onAbort = (): void => void datagram.close(signal?.reason as Error);
  signal?.addEventListener("abort", onAbort, { once: true });
  socket.once("close", () => signal?.removeEventListener("abort", onAbort));
  try {
    await emitted(socket, "listening", () => socket.bind(port, host));
    if (peer !== undefined) await emitted(socket, "connect", () => socket.connect(peer.port, peerHost));
  } catch (cause) {
    await datagram.close();
    signal?.throwIfAborted();
    const { code, message } = cause as NodeJS.ErrnoException;
    throw new ConnectError(`cannot open the UDP socket: ${message}`, { cause, systemCode: code });
  }
  return datagram;
}

// node:dgram asks the resolver for IP addresses, too: a third of the cost of a small datagram.
function skipLiterals(lookup: DatagramLookup): DatagramLookup {
  return (hostname, options, callback) => {
    const family = isIP(hostname);
    if (family === 0) lookup(hostname, options, callback);
    else callback(null, hostname, family);
  };
}

function emitted(socket: Socket, event: "listening" | "connect", begin: () => void): Promise<void> {
  return new Promise((resolve, reject) => {
    const done = (error?: Error): void => {
      socket.off("error", done);
      socket.off("close", onClose);
      socket.off(event, done);
      if (error === undefined) resolve();
      else reject(error);
    };
    const onClose = (): void => done(new ConnectionClosedError("the socket was closed"));
    socket.once("error", done);
    socket.once("close", onClose);
    socket.once(event, done);
    begin();
  });
}

/** Datagram is an open UDP socket: an async iterable of what it receives. */
export class Datagram implements AsyncIterable<ReceivedDatagram> {
  readonly #socket: Socket;
  readonly #queued: number;
  readonly #hasPeer: boolean;
  readonly #received: Queue<ReceivedDatagram> = new Queue();
  readonly #takers: Queue<{
    resolve: (datagram: ReceivedDatagram) => void;
    reject: (error: Error) => void;
  }> = new Queue();
  // A lookup may never answer.
  readonly #sending: Set<(error: Error) => void> = new Set();
  #error: Error | undefined;
  #closed: Promise<void> | undefined;
  #dropped = 0;

  /** @internal */
  constructor(socket: Socket, queued: number, hasPeer: boolean) {
    this.#socket = socket;
    this.#queued = queued;
    this.#hasPeer = hasPeer;
    socket.on("message", (data, from) => this.#onMessage(data, from));
    // An ICMP "port unreachable" for an earlier datagram: news for whoever waits, not the end of the socket.
    socket.on("error", (cause: NodeJS.ErrnoException) => {
      this.#takers
        .shift()
        ?.reject(
          new ConnectError(`the peer can't be reached: ${cause.message}`, { cause, systemCode: cause.code }),
        );
    });
  }

  /** Our own address. */
  get address(): { readonly address: string; readonly port: number } {
    return this.#socket.address();
  }

  /** Datagrams received and thrown away because nobody took them in time. */
  get dropped(): number {
    return this.#dropped;
  }

  #onMessage(data: Buffer, { address, port, family }: RemoteInfo): void {
    const datagram: ReceivedDatagram = { data, from: { address, port, family: family === "IPv6" ? 6 : 4 } };
    const taker = this.#takers.shift();
    if (taker !== undefined) taker.resolve(datagram);
    else if (this.#received.length < this.#queued) this.#received.push(datagram);
    else this.#dropped += 1;
  }

  /** Sends one datagram; resolves when the kernel has it. It goes to the `peer` given at the start, or else to `to`. */
  send(data: string | Uint8Array, to?: { readonly host: string; readonly port: number }): Promise<void> {
    return new Promise((resolve, reject) => {
      if (this.#error !== undefined) throw this.#error;
      if ((to === undefined) !== this.#hasPeer) {
        throw new ArgumentError(
          'a datagram goes either to the "peer" of its socket or to an address of its own',
        );
      }
      const sent = (cause: NodeJS.ErrnoException | null): void => {
        this.#sending.delete(reject);
        if (cause === null) resolve();
        else if (cause.code === "EMSGSIZE") reject(new ArgumentError("the datagram is too large", { cause }));
        else reject(new ConnectError(`cannot send: ${cause.message}`, { cause, systemCode: cause.code }));
      };
      if (to === undefined) {
        this.#socket.send(data, sent);
      } else {
        assertPort(to.port);
        this.#socket.send(data, to.port, normalizeHost(to.host), sent);
      }
      this.#sending.add(reject);
    });
  }

  /**
   * Takes the next datagram. Rejects with TimeoutError after `timeout` milliseconds, ConnectError if the network
   * says that a peer can't be reached, ConnectionClosedError when the socket is closed, or the signal's reason.
   */
  receive({ timeout, signal }: { timeout?: number; signal?: AbortSignal } = {}): Promise<ReceivedDatagram> {
    return new Promise((resolve, reject) => {
      signal?.throwIfAborted();
      const datagram = this.#received.shift();
      if (datagram !== undefined) {
        resolve(datagram);
        return;
      }
      if (this.#error !== undefined) throw this.#error;
      const settled = (): void => {
        clearTimeout(timer);
        signal?.removeEventListener("abort", cancel);
      };
      const taker = {
        resolve: (taken: ReceivedDatagram) => {
          settled();
          resolve(taken);
        },
        reject: (error: Error) => {
          settled();
          reject(error);
        },
      };
      const cancel = (): void => {
        if (this.#takers.remove(taker)) taker.reject(signal?.reason as Error);
      };
      const expire = (): void => {
        if (!this.#takers.remove(taker)) return;
        taker.reject(new TimeoutError(`no datagram within ${timeout} ms`, "stall", timeout ?? 0));
      };
      const isTimed = timeout !== undefined && timeout < 2 ** 31;
      const timer = isTimed ? setTimeout(expire, timeout) : undefined;
      signal?.addEventListener("abort", cancel, { once: true });
      this.#takers.push(taker);
    });
  }

  /** Yields datagrams until the socket is closed. */
  async *[Symbol.asyncIterator](): AsyncGenerator<ReceivedDatagram, void, void> {
    for (;;) {
      try {
        yield await this.receive();
      } catch (error) {
        if (error instanceof ConnectionClosedError) return;
        if (!(error instanceof NetcliError) || this.#error !== undefined) throw error;
      }
    }
  }

  /** Closes the socket. Who waits gets `reason`, or ConnectionClosedError. */
  close(reason: Error = new ConnectionClosedError("the socket was closed")): Promise<void> {
    this.#closed ??= new Promise((resolve) => {
      this.#error = reason;
      for (let taker = this.#takers.shift(); taker !== undefined; taker = this.#takers.shift())
        taker.reject(reason);
      for (const reject of this.#sending) reject(reason);
      this.#socket.close(resolve);
    });
    return this.#closed;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}
