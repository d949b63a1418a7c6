// Data connections: a port for one of them (passive), or the client's port (active). TLS begins at once where it is
// wanted: clients begin with it before or behind the 150, and what has come already could not be taken back.
import { setImmediate as turn, setTimeout as wait } from "node:timers/promises";
import { connect, type Connection, type TlsServerOptions } from "@netcli/core-transport";
import { ListenError, serve, type Server } from "@netcli/socketserver";
import { type DelayedRelay, delayedRelay } from "@netcli/test-kit";

export interface DataLink {
  readonly connection: Connection;
  /** Settles when TLS is there; without TLS at once. */
  readonly secured: Promise<void>;
  /** The transfer is over: what was written is delivered, and the connection closed. */
  readonly release: () => void;
}

export interface DataPort {
  readonly port: number;
  /** The one connection, once it is there. Rejects if it can't be made. */
  readonly link: () => Promise<DataLink>;
  /** Closes the port; an open connection is cut. */
  close(): Promise<void>;
}

export interface DataPortOptions {
  readonly host: string;
  /** The control connection's other end: nobody else may connect, nor be connected to. */
  readonly peer: string;
  readonly tls: TlsServerOptions | undefined;
  /** The other end is a server, too, and has its side of TLS already. */
  readonly isTlsClient: boolean;
  readonly delay: number;
}

const nothing = (): void => undefined;

function bare(address: string = ""): string {
  return address.replace(/^::ffff:(?=\d+\.)/, "");
}

/** Is that the same address? A server that listens on IPv6 may see IPv4 clients in a form of their own. */
export function sameAddress(one: string | undefined, other: string | undefined): boolean {
  return bare(one) === bare(other);
}

function secure(connection: Connection, { tls, isTlsClient }: DataPortOptions): Promise<void> {
  if (tls !== undefined && isTlsClient) {
    // Such a server has nothing to know the other one by.
    const secured = connection.startTls({ insecure: true });
    secured.catch(() => undefined);
    return secured;
  }
  // A turn later: what ends in the turn in which the handshake is done ends, for Python, in the middle of a message.
  const secured = tls === undefined ? Promise.resolve() : connection.acceptTls(tls).then(() => turn());
  // Who gives the transfer up does not wait for it.
  secured.catch(() => undefined);
  return secured;
}

/** Opens a port for one connection; of a range the first one that is free. Rejects with ListenError. */
export async function passivePort(
  options: DataPortOptions,
  [first, last]: readonly [number, number] = [0, 0],
): Promise<DataPort> {
  const { host, peer, delay } = options;
  let arrived: (link: DataLink) => void = nothing;
  const link = new Promise<DataLink>((resolve) => {
    arrived = resolve;
  });
  const handler = (connection: Connection, port: Server): Promise<void> | undefined => {
    if (!sameAddress(connection.remoteAddress, peer)) {
      connection.reset();
      return undefined;
    }
    const secured = secure(connection, options);
    // One is all that is accepted; it may last.
    void port.shutdown({ deadline: Infinity });
    return new Promise((release) => {
      arrived({ connection, secured, release });
    });
  };
  // What breaks a transfer its session sees.
  const listening = { host, timeouts: { idle: Infinity }, onError: () => undefined };
  let server: Server | undefined;
  for (let port = first; server === undefined; port += 1) {
    try {
      server = await serve(handler, { ...listening, port });
    } catch (error) {
      if (!(error instanceof ListenError) || port >= last) throw error;
    }
  }
  const { port } = server.address;
  const relay = delay === 0 ? undefined : await delayedRelay({ host, port, milliseconds: delay, once: true });
  const shutDown = server.shutdown.bind(server, { deadline: 0 });
  return {
    port: relay?.port ?? port,
    link: () => link,
    async close() {
      await Promise.all([shutDown(), relay?.close()]);
    },
  };
}

/** Leads to the client's own port. */
export function activePort(port: number, options: DataPortOptions): DataPort {
  const { peer, delay } = options;
  const closing = new AbortController();
  let connection: Connection | undefined;
  let relay: DelayedRelay | undefined;
  const link = async (): Promise<DataLink> => {
    if (delay > 0) relay = await delayedRelay({ host: peer, port, milliseconds: delay, once: true });
    const target = { host: peer, port: relay?.port ?? port, timeouts: { stall: Infinity } };
    const connected = await connect({ ...target, signal: closing.signal });
    connection = connected;
    const secured = secure(connected, options);
    // The relay accepts at once; over a long way it takes a round trip.
    if (delay > 0) await wait(2 * delay);
    return { connection, secured, release: () => void connected.close() };
  };
  return {
    port,
    link,
    async close() {
      closing.abort();
      connection?.destroy();
      await relay?.close();
    },
  };
}
