// Python's TCPServer and UnixStreamServer: a request is a connection, and one is served at a time.
import { type Connection, NotSupportedError, type TlsServerOptions } from "@netcli/core-transport";
import type { AdmissionOptions } from "./admission.ts";
import { BaseServer, type RequestHandlerClass, type ServerCloseOptions } from "./base-server.ts";
import { type ClientAddress, clientAddressOf } from "./client-address.ts";
import type { ListenOptions } from "./listener.ts";
import { DEADLINE } from "./timeouts.ts";
import { Server, type ServerStats } from "./server.ts";
import type { ServiceOptions } from "./service.ts";

/** What stream servers can be given beside their address and their handler. */
export interface StreamServerOptions extends AdmissionOptions, ServiceOptions {
  /** The line that a client gets who is sent away, without its end; over implicit TLS none. */
  refusal?: string | undefined;
}

const nothing = (): void => undefined;

/** StreamServer is what TCPServer and UnixStreamServer have in common. */
export abstract class StreamServer extends BaseServer<Connection> {
  /** Connections that the kernel keeps until they are accepted (Python: 5). */
  requestQueueSize: number = 511;
  /** Always set on TCP, by libuv (Python's default: false). */
  allowReuseAddress: boolean = true;
  /** Whether sockets are handed to worker processes, which then do all that is done with a connection. */
  readonly handsOver: boolean = false;
  readonly options: StreamServerOptions;
  readonly #target: ListenOptions;
  // To the server below a connection is served until this resolves.
  readonly #ends: Map<Connection, { readonly promise: Promise<void>; readonly resolve: () => void }> =
    new Map();
  // Accepted, and not yet taken by `getRequest`.
  readonly #waiting: Set<Connection> = new Set();
  #server: Server | undefined;

  constructor(
    target: ListenOptions,
    RequestHandlerClass: RequestHandlerClass<Connection>,
    options: StreamServerOptions,
  ) {
    super(RequestHandlerClass);
    this.#target = target;
    this.options = options;
  }

  /** @internal */
  get server(): Server | undefined {
    return this.#server;
  }

  /** What is done with each connection, here or in a worker process. */
  get serviceOptions(): ServiceOptions {
    const { tls, tlsMode, proxyProtocol, timeouts, limits, trace } = this.options;
    return { tls, tlsMode, proxyProtocol, timeouts, limits, trace };
  }

  /** What has happened so far; undefined before `listen`. Bytes are not counted in worker processes. */
  get stats(): ServerStats | undefined {
    return this.#server && { ...this.#server.stats, failed: this.failedRequests };
  }

  /** The certificate and key shown to clients; what is set here counts for the handshakes that begin later. */
  get tls(): TlsServerOptions | undefined {
    return this.#server === undefined ? this.options.tls : this.#server.tls;
  }

  /** Throws ArgumentError, and keeps what was set, if it can't be used. */
  set tls(options: TlsServerOptions | undefined) {
    if (this.handsOver && this.#server !== undefined) {
      throw new NotSupportedError("worker processes keep the certificate with which they were started");
    }
    if (this.#server !== undefined) this.#server.tls = options;
    this.options.tls = options;
  }

  override async serverActivate(): Promise<void> {
    if (!this.allowReuseAddress) {
      throw new NotSupportedError(
        "Node.js always sets SO_REUSEADDR on TCP; allowReuseAddress can't be false",
      );
    }
    const { maxConnections, overflow, maxQueued, maxPerAddress, refusal } = this.options;
    const server = new Server((connection) => this.#accept(connection), {
      maxConnections,
      overflow,
      maxQueued,
      maxPerAddress,
      refusal,
      ...(this.handsOver ? {} : this.serviceOptions),
      ...this.#target,
      backlog: this.requestQueueSize,
      reusePort: this.allowReusePort,
      onError: (error, connection) => void this.requestFailed(connection, clientAddressOf(connection), error),
    });
    await server.start(this.handsOver);
    this.#server = server;
  }

  #accept(connection: Connection): Promise<void> {
    this.#waiting.add(connection);
    this.received(connection, clientAddressOf(connection));
    let resolve = nothing;
    const promise = new Promise<void>((settle) => {
      resolve = settle;
    });
    this.#ends.set(connection, { promise, resolve });
    return promise;
  }

  override async getRequest(): Promise<readonly [Connection, ClientAddress] | undefined> {
    const received = await super.getRequest();
    if (received === undefined) return undefined;
    this.#waiting.delete(received[0]);
    if (!received[0].destroyed) return received;
    await this.closeRequest(received[0]);
    return undefined;
  }

  /** A handler that goes on although its connection was cut holds up nobody. */
  override async processRequest(connection: Connection, clientAddress: ClientAddress): Promise<void> {
    const cut = this.#ends.get(connection)?.promise;
    await Promise.race([super.processRequest(connection, clientAddress), cut]);
  }

  override async shutdownRequest(connection: Connection): Promise<void> {
    if (!connection.destroyed) await connection.flush();
    await this.closeRequest(connection);
  }

  override async closeRequest(connection: Connection): Promise<void> {
    await connection.close();
    this.#ends.get(connection)?.resolve();
    this.#ends.delete(connection);
  }

  /**
   * As in Python; and the connections that are being processed take no further request, so that one that is idle
   * does not hold it up.
   */
  override async shutdown(): Promise<void> {
    for (const connection of this.#ends.keys()) if (!this.#waiting.has(connection)) connection.retire();
    await super.shutdown();
  }

  override async serverClose({ deadline = DEADLINE }: ServerCloseOptions = {}): Promise<void> {
    await super.serverClose();
    for (const connection of this.#waiting) void this.closeRequest(connection);
    await this.#server?.shutdown({ deadline: this.blockOnClose ? deadline : 0 });
  }
}

/** TCPServer serves one TCP connection at a time; `ThreadingTCPServer` serves all at once. */
export class TCPServer extends StreamServer {
  readonly #wanted: readonly [host: string, port: number];

  /** `""` as host means all IPv4 addresses of this machine, port 0 a free one. */
  constructor(
    serverAddress: readonly [host: string, port: number],
    RequestHandlerClass: RequestHandlerClass<Connection>,
    options: StreamServerOptions = {},
  ) {
    const [host, port] = serverAddress;
    super({ host: host === "" ? "0.0.0.0" : host, port }, RequestHandlerClass, options);
    this.#wanted = serverAddress;
  }

  override get serverAddress(): readonly [host: string, port: number] {
    if (this.server === undefined) return this.#wanted;
    const { address, port } = this.server.address;
    return [address, port];
  }
}

/** UnixStreamServer serves one connection to a Unix socket at a time. */
export class UnixStreamServer extends StreamServer {
  /** The path of the socket; with a NUL in front an abstract one (Linux). */
  readonly serverAddress: string;

  constructor(
    serverAddress: string,
    RequestHandlerClass: RequestHandlerClass<Connection>,
    options: StreamServerOptions = {},
  ) {
    super({ path: serverAddress }, RequestHandlerClass, options);
    this.serverAddress = serverAddress;
  }
}
