// Python's UDPServer and UnixDatagramServer: a request is a datagram with the socket to answer through, and one is
// served at a time.
import { ConnectionClosedError } from "@netcli/core-transport";
import { BaseServer, type RequestHandlerClass, type ServerCloseOptions } from "./base-server.ts";
import type { ClientAddress } from "./client-address.ts";
import { type BoundDatagramSocket, type DatagramSocket, openUdp } from "./datagram-socket.ts";
import { DEADLINE, LONGEST } from "./timeouts.ts";
import { openUnixDatagram } from "./unix-datagram.ts";

/** A datagram, and the socket to answer through. */
export type DatagramRequest = readonly [data: Uint8Array, socket: DatagramSocket];

/** PacketServer is what UDPServer and UnixDatagramServer have in common. */
export abstract class PacketServer extends BaseServer<DatagramRequest> {
  /** Bytes; larger datagrams are dropped and counted, where Python cuts them off. */
  maxPacketSize: number = 8_192;
  /** Datagrams that were dropped because they were too large. */
  oversized: number = 0;
  #socket: BoundDatagramSocket | undefined;
  #receiving = false;
  // Requests that were taken and have not ended.
  #open = 0;
  readonly #whenIdle: (() => void)[] = [];

  /** Opens the socket. */
  abstract serverBind(): Promise<BoundDatagramSocket>;

  /** The socket, once the server listens. */
  get socket(): BoundDatagramSocket | undefined {
    return this.#socket;
  }

  override async serverActivate(): Promise<void> {
    this.#socket = await this.serverBind();
  }

  override async getRequest(): Promise<readonly [DatagramRequest, ClientAddress] | undefined> {
    // No more is taken from the socket than is asked for: what comes too fast is dropped and counted there.
    if (!this.#receiving) void this.#receive();
    const received = await super.getRequest();
    // Not before: one that comes after `shutdown` is never processed.
    if (received !== undefined) this.#open += 1;
    return received;
  }

  async #receive(): Promise<void> {
    const socket = this.#socket;
    if (socket === undefined) return;
    this.#receiving = true;
    try {
      let received = await socket.receive();
      while (received.data.length > this.maxPacketSize) {
        this.oversized += 1;
        received = await socket.receive();
      }
      this.#receiving = false;
      this.received([received.data, socket], received.from);
    } catch (error) {
      // Closed: nothing will come, and `shutdown` ends the wait.
      if (!(error instanceof ConnectionClosedError)) throw error;
    }
  }

  override closeRequest(_request: DatagramRequest): void {
    this.#open -= 1;
    if (this.#open === 0) for (const idle of this.#whenIdle.splice(0)) idle();
  }

  /** Closes the socket when the requests that are being processed have ended, for they answer through it. */
  override async serverClose({ deadline = DEADLINE }: ServerCloseOptions = {}): Promise<void> {
    await super.serverClose();
    if (this.blockOnClose && this.#open > 0) {
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, Math.min(deadline, LONGEST));
        this.#whenIdle.push(() => {
          clearTimeout(timer);
          resolve();
        });
      });
    }
    await this.#socket?.close();
  }
}

/** UDPServer serves one UDP datagram at a time; `ThreadingUDPServer` does not wait for handlers. */
export class UDPServer extends PacketServer {
  /** SO_REUSEADDR: on Linux several sockets may then have the same port, and the newest gets what comes. */
  allowReuseAddress: boolean = false;
  readonly #wanted: readonly [host: string, port: number];

  /** `""` as host means all IPv4 addresses of this machine, port 0 a free one. */
  constructor(
    serverAddress: readonly [host: string, port: number],
    RequestHandlerClass: RequestHandlerClass<DatagramRequest>,
  ) {
    super(RequestHandlerClass);
    this.#wanted = serverAddress;
  }

  override get serverAddress(): ClientAddress {
    return this.socket?.address ?? this.#wanted;
  }

  override serverBind(): Promise<BoundDatagramSocket> {
    const [host, port] = this.#wanted;
    const { allowReuseAddress: reuseAddress, allowReusePort: reusePort } = this;
    return openUdp({ host: host === "" ? "0.0.0.0" : host, port, reuseAddress, reusePort });
  }
}

/**
 * UnixDatagramServer serves one datagram to a Unix socket at a time. Node.js has no such sockets: `listen` rejects
 * with NotSupportedError unless the package `unix-dgram` is installed beside this one.
 */
export class UnixDatagramServer extends PacketServer {
  /** The path of the socket. */
  readonly serverAddress: string;

  constructor(serverAddress: string, RequestHandlerClass: RequestHandlerClass<DatagramRequest>) {
    super(RequestHandlerClass);
    this.serverAddress = serverAddress;
  }

  override serverBind(): Promise<BoundDatagramSocket> {
    return openUnixDatagram(this.serverAddress);
  }
}
