// Datagrams over Unix sockets, by the native package `unix-dgram`, an optional peer dependency: Node.js has none.
import {
  ArgumentError,
  ConnectError,
  ConnectionClosedError,
  NotSupportedError,
  Queue,
} from "@netcli/core-transport";
import type { ClientAddress } from "./client-address.ts";
import type { BoundDatagramSocket } from "./datagram-socket.ts";
import { ListenError } from "./errors.ts";
import { assertPath } from "./listener.ts";

type Datagram = { readonly data: Uint8Array; readonly from: ClientAddress };

/** The part of unix-dgram that is used here. */
interface NativeSocket {
  on(event: "message", listener: (data: Buffer, from: { path?: string }) => void): void;
  on(event: "error", listener: (error: NodeJS.ErrnoException) => void): void;
  once(event: "listening", listener: () => void): void;
  bind(path: string): void;
  send(
    data: Uint8Array,
    offset: number,
    length: number,
    path: string,
    sent: (error?: NodeJS.ErrnoException) => void,
  ): void;
  close(): void;
}

interface UnixDgram {
  createSocket(type: "unix_dgram"): NativeSocket;
}

// As many as core-transport keeps of UDP.
const QUEUED = 1_024;

/** Rejects with NotSupportedError without the native package, ListenError, or ArgumentError. */
export async function openUnixDatagram(path: string): Promise<BoundDatagramSocket> {
  assertPath(path);
  const native = (await loadNative()).createSocket("unix_dgram");
  await new Promise<void>((resolve, reject) => {
    native.on("error", (cause) => {
      reject(
        new ListenError(`cannot listen on ${path}: ${cause.message}`, { cause, systemCode: cause.code }),
      );
    });
    native.once("listening", resolve);
    native.bind(path);
  });
  return new UnixDatagramSocket(native, path);
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
    this.#taker = undefined;
    if (taker !== undefined) taker.resolve(datagram);
    else if (this.#received.length < QUEUED) this.#received.push(datagram);
    else this.dropped += 1;
  }

  receive(): Promise<Datagram> {
    const datagram = this.#received.shift();
    if (datagram !== undefined) return Promise.resolve(datagram);
    if (this.#closed) return Promise.reject(new ConnectionClosedError("the socket was closed"));
    return new Promise((resolve, reject) => {
      this.#taker = { resolve, reject };
    });
  }

  send(data: string | Uint8Array, [path]: ClientAddress): Promise<void> {
    const bytes = typeof data === "string" ? Buffer.from(data, "utf8") : data;
    if (path === "") return Promise.reject(new ArgumentError("a client without a path can't be answered"));
    if (this.#closed) return Promise.reject(new ConnectionClosedError("the socket was closed"));
    return new Promise((resolve, reject) => {
      this.#native.send(bytes, 0, bytes.length, path, (cause) => {
        if (cause === undefined || cause === null) resolve();
        else reject(new ConnectError(`cannot send: ${cause.message}`, { cause, systemCode: cause.code }));
      });
    });
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    this.#taker?.reject(new ConnectionClosedError("the socket was closed"));
    this.#taker = undefined;
    this.#native.close();
  }
}
