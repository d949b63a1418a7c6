// Datagrams over Unix sockets, by the native package `unix-dgram`, an optional peer dependency: Node.js has none.
import { rmSync } from "node:fs";
import { setTimeout as pause } from "node:timers/promises";
import { getSystemErrorName } from "node:util";
import {
  ArgumentError,
  ConnectError,
  ConnectionClosedError,
  NotSupportedError,
  Queue,
} from "@netcli/core-transport";
import type { ClientAddress } from "./client-address.ts";
import type { BoundDatagramSocket } from "./datagram-socket.ts";
import { assertPath, listenError, removeStale } from "./listener.ts";

type Datagram = { readonly data: Uint8Array; readonly from: ClientAddress };

/** The part of unix-dgram that is used here. What it has to tell of a call it tells before the call returns. */
interface NativeSocket {
  on(event: "message", listener: (data: Buffer, from: { readonly path: string | null }) => void): void;
  on(event: "error", listener: (error: NativeError) => void): void;
  bind(path: string): void;
  send(
    data: Uint8Array,
    offset: number,
    length: number,
    path: string,
    sent: (error?: NativeError) => void,
  ): void;
  close(): void;
}

/** `code` is the negative number of the system. */
type NativeError = Error & { readonly code: number };

interface UnixDgram {
  createSocket(type: "unix_dgram"): NativeSocket;
}

// As many as core-transport keeps of UDP.
const QUEUED = 1_024;

// unix-dgram cuts off what is longer.
const LARGEST = 65_535;

// Linux keeps 10 datagrams for whoever does not read them; a server must not wait for such a client for ever.
const PATIENCE = 1_000;
const LONGEST_PAUSE = 16;

/** Rejects with NotSupportedError without the native package, ListenError, or ArgumentError. */
export async function openUnixDatagram(path: string): Promise<BoundDatagramSocket> {
  assertPath(path);
  if (path.startsWith("\0")) throw new NotSupportedError("unix-dgram can't use abstract names");
  const unix = await loadNative();
  let bound = bind(unix, path);
  if (bound instanceof Error && (await removeStale(bound, path))) bound = bind(unix, path);
  if (bound instanceof Error) throw listenError({ path }, bound);
  return new UnixDatagramSocket(bound, path);
}

/** A socket at that path, or why there is none. */
function bind(unix: UnixDgram, path: string): NativeSocket | NodeJS.ErrnoException {
  try {
    const native = unix.createSocket("unix_dgram");
    let failure: NodeJS.ErrnoException | undefined;
    native.on("error", (error) => {
      failure = named(error);
    });
    native.bind(path);
    if (failure === undefined) return native;
    native.close();
    return failure;
  } catch (error) {
    return named(error as NativeError);
  }
}

/** The same error with the system's name as its code, as Node has it. */
function named(cause: NativeError): NodeJS.ErrnoException {
  if (!(cause.code < 0)) return new Error(cause.message, { cause });
  const code = getSystemErrorName(cause.code);
  return Object.assign(new Error(code, { cause }), { code });
}

async function loadNative(): Promise<UnixDgram> {
  const name: string = "unix-dgram";
  try {
    const loaded = (await import(name)) as { default: UnixDgram };
    return loaded.default;
  } catch (cause) {
    throw new NotSupportedError(
      "Node.js has no Unix datagram sockets; install the package unix-dgram for them",
      { cause },
    );
  }
}

class UnixDatagramSocket implements BoundDatagramSocket {
  readonly address: ClientAddress;
  dropped: number = 0;
  readonly #native: NativeSocket;
  readonly #received: Queue<Datagram> = new Queue();
  #taker: { resolve: (datagram: Datagram) => void; reject: (error: Error) => void } | undefined;
  #closed = false;

  constructor(native: NativeSocket, path: string) {
    this.#native = native;
    this.address = [path, 0];
    native.on("message", (data, from) => this.#onMessage({ data, from: [from.path ?? "", 0] }));
  }

  #onMessage(datagram: Datagram): void {
    const taker = this.#taker;
    if (datagram.data.length > LARGEST) {
      this.dropped += 1;
    } else if (taker !== undefined) {
      this.#taker = undefined;
      taker.resolve(datagram);
    } else if (this.#received.length < QUEUED) {
      this.#received.push(datagram);
    } else {
      this.dropped += 1;
    }
  }

  receive(): Promise<Datagram> {
    const datagram = this.#received.shift();
    if (datagram !== undefined) return Promise.resolve(datagram);
    if (this.#closed) return Promise.reject(new ConnectionClosedError("the socket was closed"));
    return new Promise((resolve, reject) => {
      this.#taker = { resolve, reject };
    });
  }

  async send(data: string | Uint8Array, [path]: ClientAddress): Promise<void> {
    const bytes = typeof data === "string" ? Buffer.from(data, "utf8") : data;
    if (path === "") throw new ArgumentError("a client without a path can't be answered");
    assertPath(path);
    const end = performance.now() + PATIENCE;
    for (let milliseconds = 1; ; milliseconds = Math.min(2 * milliseconds, LONGEST_PAUSE)) {
      if (this.#closed) throw new ConnectionClosedError("the socket was closed");
      const cause = this.#trySend(bytes, path);
      if (cause === undefined) return;
      if (cause.code === "EMSGSIZE") throw new ArgumentError("the datagram is too large", { cause });
      // Python would wait for as long as it takes. Nothing tells when the client has room again.
      const isFull = cause.code === "EAGAIN" || cause.code === "ENOBUFS";
      if (!isFull || performance.now() > end) {
        throw new ConnectError(`cannot send: ${cause.message}`, { cause, systemCode: cause.code });
      }
      await pause(milliseconds);
    }
  }

  #trySend(bytes: Uint8Array, path: string): NodeJS.ErrnoException | undefined {
    let failure: NodeJS.ErrnoException | undefined;
    this.#native.send(bytes, 0, bytes.length, path, (error) => {
      if (error !== undefined) failure = named(error);
    });
    return failure;
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    this.#taker?.reject(new ConnectionClosedError("the socket was closed"));
    this.#taker = undefined;
    // Before the socket: a server that comes next must not lose its own file.
    try {
      rmSync(this.address[0], { force: true });
    } finally {
      this.#native.close();
    }
  }
}
