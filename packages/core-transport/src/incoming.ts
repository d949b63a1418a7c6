// One connection that the peer makes to us (FTP's active mode, RFC 959 PORT): a port that is open for that long only.
import { createServer, type Server, type Socket } from "node:net";
import { ArgumentError, ConnectError, ConnectionClosedError, TimeoutError } from "./errors.ts";
import { Connection, type AcceptedOptions } from "./connection.ts";
import { defaultTimeouts } from "./limits.ts";
import { within } from "./deadline.ts";
import { assertPort } from "./url.ts";

export interface IncomingOptions extends AcceptedOptions {
  /** The IP address of this machine to listen on. */
  address: string;
  /** The ports to choose from, first and last; by default any free one. */
  ports?: readonly [first: number, last: number] | undefined;
  /** The IP address that the connection must come from; others are closed. */
  from: string;
}

/** Incoming is a port on which one connection is awaited. */
export class Incoming {
  readonly port: number;
  readonly #server: Server;
  readonly #timeout: number;
  readonly #arrived: Promise<Connection>;
  #isAccepted = false;
  #give: { resolve: (connection: Connection) => void; reject: (error: Error) => void } | undefined;

  /** @internal Use `expectConnection`. */
  constructor(server: Server, port: number, options: IncomingOptions) {
    this.#server = server;
    this.port = port;
    this.#timeout = options.timeouts?.connect ?? defaultTimeouts.connect;
    this.#arrived = new Promise((resolve, reject) => {
      this.#give = { resolve, reject };
    });
    // Who has closed this does not wait any more.
    this.#arrived.catch(() => undefined);
    server.on("connection", (socket) => this.#receive(socket, options));
  }

  #receive(socket: Socket, options: IncomingOptions): void {
    if (bare(socket.remoteAddress ?? "") !== bare(options.from)) {
      // Whoever guesses the port could steal the data, or slip some in.
      socket.on("error", () => undefined).destroy();
      return;
    }
    this.#server.close();
    this.#give?.resolve(Connection.over(socket, options));
  }

  /**
   * Waits for the connection. Rejects with TimeoutError (phase `connect`) after `timeouts.connect`, or what `close`
   * was given.
   */
  async accept(): Promise<Connection> {
    const milliseconds = this.#timeout;
    const message = `the server made no connection to port ${this.port} within ${milliseconds} ms`;
    const expired = (): Error => new TimeoutError(message, "connect", milliseconds);
    const connection = await within(milliseconds, expired, undefined, (signal) => {
      signal.addEventListener("abort", () => this.close(signal.reason as Error), { once: true });
      return this.#arrived;
    });
    this.#isAccepted = true;
    return connection;
  }

  /** Closes the port, and the connection if it is there and `accept` has not given it away. */
  close(reason: Error = new ConnectionClosedError("the port was closed here")): void {
    this.#server.close();
    this.#give?.reject(reason);
    void this.#arrived.then(
      (connection) => {
        if (!this.#isAccepted) connection.reset(reason);
      },
      () => undefined,
    );
  }
}

function bare(address: string): string {
  return address.replace(/^::ffff:/, "");
}

/** Opens a port for one connection. Rejects with ConnectError if none can be had, or ArgumentError. */
export async function expectConnection(options: IncomingOptions): Promise<Incoming> {
  const [first, last] = options.ports ?? [0, 0];
  if (options.ports !== undefined) {
    assertPort(first);
    assertPort(last);
    if (first > last) throw new ArgumentError(`the ports ${first} to ${last} are none`);
  }
  let failure: NodeJS.ErrnoException | undefined;
  for (let port = first; port <= last; port += 1) {
    const server = createServer({ allowHalfOpen: true });
    try {
      await listening(server, options.address, port);
      const address = server.address();
      const given = typeof address === "object" && address !== null ? address.port : port;
      return new Incoming(server, given, options);
    } catch (error) {
      failure = error as NodeJS.ErrnoException;
      if (failure.code !== "EADDRINUSE") break;
    }
  }
  throw new ConnectError(`no port to listen on: ${failure?.message}`, {
    cause: failure,
    systemCode: failure?.code,
  });
}

function listening(server: Server, host: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen({ host, port, backlog: 1 }, () => {
      server.off("error", reject);
      server.on("error", () => undefined);
      resolve();
    });
  });
}
