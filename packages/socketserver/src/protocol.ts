// Twisted's event-driven face: a Protocol object for each connection is told what happens on it.
import { type Connection, type NetcliError } from "@netcli/core-transport";
import { type ClientAddress, clientAddressOf } from "./client-address.ts";
import type { ServerAddress } from "./listener.ts";
import { serve, type ServeOptions, type Server, type ShutdownOptions } from "./server.ts";

/** Protocol is told what happens on one connection; the methods do nothing. */
export class Protocol {
  #transport: Transport | undefined;

  /** The connection, from `connectionMade` on. */
  get transport(): Transport {
    if (this.#transport === undefined) throw new Error("the protocol has no connection yet");
    return this.#transport;
  }

  /** Called once, by the server. */
  makeConnection(transport: Transport): void {
    this.#transport = transport;
    this.connectionMade();
  }

  connectionMade(): void {}

  /** The bytes, in any pieces in which they came; the memory is the protocol's. */
  dataReceived(_data: Uint8Array): void {}

  /** Called once. Without a reason the connection ended cleanly, on whichever side. */
  connectionLost(_reason: NetcliError | undefined): void {}
}

/** Transport is a protocol's side of its connection. */
export class Transport {
  readonly #connection: Connection;
  #written: Promise<void> = Promise.resolve();
  #resume: (() => void) | undefined;
  #paused: Promise<void> | undefined;
  #disconnecting = false;

  /** @internal */
  constructor(connection: Connection) {
    this.#connection = connection;
  }

  /** True once `loseConnection` or `abortConnection` was called: no more data comes. */
  get disconnecting(): boolean {
    return this.#disconnecting;
  }

  /** True between `pauseProducing` and `resumeProducing`. */
  get paused(): boolean {
    return this.#paused !== undefined;
  }

  /** Sends bytes, or text as UTF-8. A client that does not read what it gets is not read from either. */
  write(data: string | Uint8Array): void {
    this.#written = this.#connection.write(data);
    // A broken connection is told by connectionLost.
    this.#written.catch(() => undefined);
  }

  writeSequence(pieces: Iterable<string | Uint8Array>): void {
    for (const piece of pieces) this.write(piece);
  }

  /** Closes the connection behind what was written. */
  loseConnection(): void {
    if (this.#disconnecting) return;
    this.#disconnecting = true;
    this.resumeProducing();
    void this.#close();
  }

  async #close(): Promise<void> {
    // Fails only where the connection broke, which connectionLost tells.
    if (!this.#connection.destroyed) await this.#connection.flush().catch(() => undefined);
    await this.#connection.close();
  }

  /** Cuts the connection; what was written may be lost. */
  abortConnection(): void {
    this.#disconnecting = true;
    this.resumeProducing();
    this.#connection.destroy();
  }

  /** Where the client is. */
  getPeer(): ClientAddress {
    return clientAddressOf(this.#connection);
  }

  /** Reads no more until `resumeProducing`; what was read already is still delivered. */
  pauseProducing(): void {
    this.#paused ??= new Promise((resolve) => {
      this.#resume = resolve;
    });
  }

  resumeProducing(): void {
    this.#resume?.();
    this.#paused = undefined;
    this.#resume = undefined;
  }

  setTcpNoDelay(on: boolean): void {
    this.#connection.setNoDelay(on);
  }

  /** @internal When the protocol wants more and the client has read what it was sent. */
  async ready(): Promise<void> {
    await this.#written.catch(() => undefined);
    await this.#paused;
  }
}

/** Factory makes a protocol for each connection. */
export class Factory<P extends Protocol = Protocol> {
  /** The class of which `buildProtocol` makes an object. */
  protocol: (new () => P) | undefined;

  static forProtocol<P extends Protocol>(protocol: new () => P): Factory<P> {
    const factory = new Factory<P>();
    factory.protocol = protocol;
    return factory;
  }

  /** Called before the server listens. */
  startFactory(): void {}

  /** Called when it does no more. */
  stopFactory(): void {}

  /** The protocol for a connection from there; undefined: it is closed at once. */
  buildProtocol(_address: ClientAddress): P | undefined {
    return this.protocol === undefined ? undefined : new this.protocol();
  }
}

export interface ListenTCPOptions extends Omit<ServeOptions, "host" | "port"> {
  /** The address to listen on. Default `127.0.0.1`; Twisted's is all. */
  interface?: string | undefined;
}

/** Serves a factory's protocols on a TCP port (0: a free one), or on `path`. Rejects as `serve` does. */
export async function listenTCP(
  port: number,
  factory: Factory,
  { interface: host, ...options }: ListenTCPOptions = {},
): Promise<ListeningPort> {
  factory.startFactory();
  const transports = new Set<Transport>();
  const serving = serve((connection) => runProtocol(connection, factory, transports), {
    ...options,
    ...(options.path === undefined ? { host, port } : {}),
  });
  try {
    return new ListeningPort(await serving, factory, transports);
  } catch (error) {
    factory.stopFactory();
    throw error;
  }
}

async function runProtocol(
  connection: Connection,
  factory: Factory,
  transports: Set<Transport>,
): Promise<void> {
  const protocol = factory.buildProtocol(clientAddressOf(connection));
  if (protocol === undefined) return;
  const transport = new Transport(connection);
  transports.add(transport);
  let reason: unknown;
  try {
    protocol.makeConnection(transport);
    for await (const chunk of connection.readToEnd()) {
      if (transport.disconnecting) break;
      protocol.dataReceived(chunk);
      await transport.ready();
    }
    await connection.flush();
  } catch (error) {
    if (!transport.disconnecting) reason = error;
  }
  transports.delete(transport);
  protocol.connectionLost(reason as NetcliError | undefined);
  if (reason !== undefined) throw reason;
}

/** ListeningPort is a port that a factory listens on. */
export class ListeningPort implements AsyncDisposable {
  readonly #server: Server;
  readonly #factory: Factory;
  readonly #transports: ReadonlySet<Transport>;
  #stopped: Promise<void> | undefined;

  /** @internal */
  constructor(server: Server, factory: Factory, transports: ReadonlySet<Transport>) {
    this.#server = server;
    this.#factory = factory;
    this.#transports = transports;
  }

  getHost(): ServerAddress {
    return this.#server.address;
  }

  /** The server underneath: its counters, its certificate. */
  get server(): Server {
    return this.#server;
  }

  /** Listens no more, and closes the connections behind what was written (Twisted leaves them open). */
  stopListening(options: ShutdownOptions = {}): Promise<void> {
    this.#stopped ??= this.#stop(options);
    return this.#stopped;
  }

  async #stop(options: ShutdownOptions): Promise<void> {
    for (const transport of this.#transports) transport.loseConnection();
    await this.#server.shutdown(options);
    this.#factory.stopFactory();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stopListening();
  }
}
