// The sockets of datagram servers, whatever carries the datagrams.
import { ConnectError, type Datagram, type DatagramOptions, openDatagram } from "@netcli/core-transport";
import type { ClientAddress } from "./client-address.ts";
import { ListenError } from "./errors.ts";
import { assertReusePort } from "./listener.ts";

/** DatagramSocket is what a handler answers through. */
export interface DatagramSocket {
  /** Sends one datagram. Rejects with ArgumentError if it is too large, ConnectError, or ConnectionClosedError. */
  send(data: string | Uint8Array, to: ClientAddress): Promise<void>;
}

/** The server's side of it. */
export interface BoundDatagramSocket extends DatagramSocket {
  readonly address: ClientAddress;
  /** Datagrams that came faster than they were taken, and were dropped. */
  readonly dropped: number;
  /** Takes the next datagram. Rejects with ConnectionClosedError after `close`. */
  receive(): Promise<{ readonly data: Uint8Array; readonly from: ClientAddress }>;
  close(): Promise<void>;
}

/** Opens a UDP socket to serve on. Rejects with ListenError, ArgumentError or NotSupportedError. */
export async function openUdp(options: DatagramOptions): Promise<UdpSocket> {
  if (options.reusePort === true) assertReusePort();
  try {
    return new UdpSocket(await openDatagram({ ...options, host: options.host ?? "127.0.0.1" }));
  } catch (cause) {
    if (!(cause instanceof ConnectError)) throw cause;
    throw new ListenError(cause.message, { cause, systemCode: cause.systemCode });
  }
}

export class UdpSocket implements BoundDatagramSocket {
  /** Known when it is closed, too. */
  readonly address: ClientAddress;
  readonly #datagram: Datagram;

  constructor(datagram: Datagram) {
    this.#datagram = datagram;
    const { address, port } = datagram.address;
    this.address = [address, port];
  }

  get dropped(): number {
    return this.#datagram.dropped;
  }

  async receive(): Promise<{ data: Uint8Array; from: ClientAddress }> {
    for (;;) {
      try {
        const { data, from } = await this.#datagram.receive();
        return { data, from: [from.address, from.port] };
      } catch (error) {
        // An answer of ours that could not be delivered is no reason to stop.
        if (!(error instanceof ConnectError)) throw error;
      }
    }
  }

  send(data: string | Uint8Array, [host, port]: ClientAddress): Promise<void> {
    return this.#datagram.send(data, { host, port });
  }

  close(): Promise<void> {
    return this.#datagram.close();
  }
}
