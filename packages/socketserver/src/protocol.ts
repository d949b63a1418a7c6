// Twisted's event-driven face: a Protocol object for each connection is told what happens on it.
import { type Connection, NetcliError } from "@netcli/core-transport";
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

  /** Called once. Without a reason the connection ended cleanly, on whichever side; else with what a method threw, too. */
  connectionLost(_reason: Error | undefined): void {}
}

/** Transport is a protocol's side of its connection. */
export class Transport {
  readonly #connection: Connection;
  #written: Promise<void> = Promise.resolve();
  #resume: (() => void) | undefined;
  #paused: Promise<void> | undefined;
  #closing: Promise<void> | undefined;
  #disconnecting = false;
  #aborted = false;
  #failure: unknown;

  /** @internal */
  constructor(connection: Connection) {
    this.#connection = connection;
    // Who paused for good would never be told that the connection is lost.
    void connection.closed.then(() => this.resumeProducing());
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
    this.#closing = this.#close();
  }

  async #close(): Promise<void> {
    try {
      if (!this.#connection.destroyed) await this.#connection.flush();
    } catch (error) {
      if (!this.#aborted) this.#failure = error;
    }
    await this.#connection.close();
  }

  /** @internal Why what was written before `loseConnection` was not delivered. */
  get failure(): unknown {
    return this.#failure;
  }

  /** Cuts the connection; what was written may be lost. */
  abortConnection(): void {
    this.#aborted = true;
    this.#disconnecting = true;
    this.resumeProducing();
    this.#connection.destroy();
  }

  /** Where the client is. */
  getPeer(): ClientAddress {
    return clientAddressOf(this.#connection);
  }

  /** Delivers no more until `resumeProducing`, and reads little more. */
  pauseProducing(): void {
    if (this.#disconnecting || this.#connection.destroyed) return;
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

  /** @internal When the protocol wants more and the client has read what it was sent, or the connection is closed. */
  async ready(): Promise<void> {
    await this.#written.catch(() => undefined);
    while (this.#paused !== undefined) await this.#paused;
    await this.#closing;
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
    const listening = new ListeningPort(await serving, factory, transports);
    const { signal } = options;
    // The server stops by itself, but knows of no factory and would wait for the protocols.
    const onAbort = (): void => void listening.stopListening();
    signal?.addEventListener("abort", onAbort, { once: true });
    void listening.server.closed.then(() => signal?.removeEventListener("abort", onAbort));
    return listening;
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
      // Paused, or ended, since it asked for this one.
      await transport.ready();
      if (transport.disconnecting) break;
      protocol.dataReceived(chunk);
      // Before the end of the client's side is looked at: who paused may still hold something to answer.
      await transport.ready();
    }
    if (!transport.disconnecting) await connection.flush();
  } catch (error) {
    // That the connection is gone is no news to who ended it.
    if (!(transport.disconnecting && error instanceof NetcliError)) reason = error;
  }
  if (transport.disconnecting) {
    await transport.ready();
    reason ??= transport.failure;
  }
  transports.delete(transport);
  protocol.connectionLost(reason as Error | undefined);
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

  /**
   * Listens no more, and closes the connections behind what was written (Twisted leaves them open). May be called
   * again, with a shorter deadline.
   */
  stopListening(options: ShutdownOptions = {}): Promise<void> {
    for (const transport of this.#transports) transport.loseConnection();
    const closed = this.#server.shutdown(options);
    this.#stopped ??= closed.then(() => this.#factory.stopFactory());
    return this.#stopped;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stopListening();
  }
}
