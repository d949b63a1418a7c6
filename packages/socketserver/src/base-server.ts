// The chain of Python's socketserver.BaseServer: get a request, verify it, process it with a handler object, and
// deal with what goes wrong. What a request is, and where it comes from, the servers below it say.
import { ArgumentError, NetcliError, Queue } from "@netcli/core-transport";
import type { ClientAddress } from "./client-address.ts";
import { inWorker } from "./worker-messages.ts";

/** What a server calls, in this order; `finish` also after `handle` has failed. */
export interface RequestHandler {
  setup(): void | Promise<void>;
  handle(): void | Promise<void>;
  finish(): void | Promise<void>;
}

/** A class of which an object is made for each request: `BaseRequestHandler`, or one below it. */
export interface RequestHandlerClass<Request> {
  new (request: Request, clientAddress: ClientAddress, server: BaseServer<Request>): RequestHandler;
  /** Where worker processes find the class: `static readonly module = import.meta.url` (`ForkingMixIn`). */
  readonly module?: string;
}

export interface ServeForeverOptions {
  /** Milliseconds between calls of `serviceActions`, if that is overridden. Default 500. */
  pollInterval?: number;
}

export interface ServerCloseOptions {
  /** Milliseconds that requests get to end; what is then still open is cut. Default 10,000. */
  deadline?: number;
}

const POLL_INTERVAL = 500;

// Or each worker process would start workers of its own, without end.
function refuseToListen(): Promise<never> {
  const message =
    "a worker process imported a module that starts a server; put the handler into a module of its own";
  return Promise.reject(new ArgumentError(message));
}

/** BaseServer is what all servers of Python's socketserver have in common. */
export abstract class BaseServer<Request> implements AsyncDisposable {
  readonly RequestHandlerClass: RequestHandlerClass<Request>;
  /** Milliseconds that `handleRequest` waits; undefined: for ever. */
  timeout: number | undefined = undefined;
  /** Whether `serverClose` waits for the requests that are being processed; else it cuts them off. */
  blockOnClose: boolean = true;
  /** Lets several processes listen on the same port (Node.js 22.12 or newer). */
  allowReusePort: boolean = false;
  /** Requests whose handler failed. */
  failedRequests: number = 0;
  #listening: Promise<void> | undefined;
  readonly #received: Queue<readonly [Request, ClientAddress]> = new Queue();
  // Whoever waits in `getRequest`.
  #take: ((received: readonly [Request, ClientAddress] | undefined) => void) | undefined;
  #stopped = true;
  #serving: Promise<void> = Promise.resolve();
  // A connection that is cut may be reported by its handler and by whoever cut it.
  readonly #reported: WeakSet<object> = new WeakSet();

  constructor(RequestHandlerClass: RequestHandlerClass<Request>) {
    this.RequestHandlerClass = RequestHandlerClass;
  }

  /** Where the server is to listen; once it does, where it listens. */
  abstract get serverAddress(): readonly [string, number] | string;

  /**
   * Puts the server on its address; `serveForever` and `handleRequest` do so by themselves. Rejects with
   * ListenError, ArgumentError or NotSupportedError.
   */
  listen(): Promise<void> {
    this.#listening ??= inWorker() ? refuseToListen() : this.serverActivate();
    return this.#listening;
  }

  /** Binds and listens. Called once, by `listen`. */
  async serverActivate(): Promise<void> {}

  /** For subclasses: a request has come. */
  received(request: Request, clientAddress: ClientAddress): void {
    const take = this.#take;
    this.#take = undefined;
    if (take === undefined) this.#received.push([request, clientAddress]);
    else take([request, clientAddress]);
  }

  /** Waits for a request; undefined when the wait is given up. */
  async getRequest(): Promise<readonly [Request, ClientAddress] | undefined> {
    return (
      this.#received.shift() ??
      new Promise((resolve) => {
        this.#take = resolve;
      })
    );
  }

  #giveUp(): void {
    this.#take?.(undefined);
    this.#take = undefined;
  }

  /** Handles requests until `shutdown`. */
  async serveForever({ pollInterval = POLL_INTERVAL }: ServeForeverOptions = {}): Promise<void> {
    await this.listen();
    const isOverridden = this.serviceActions !== BaseServer.prototype.serviceActions;
    const timer = isOverridden ? setInterval(() => this.serviceActions(), pollInterval).unref() : undefined;
    this.#stopped = false;
    this.#serving = this.#serveUntilStopped().finally(() => clearInterval(timer));
    await this.#serving;
  }

  async #serveUntilStopped(): Promise<void> {
    while (!this.#stopped) {
      const received = await this.getRequest();
      if (received !== undefined) await this.#serve(...received);
    }
  }

  /** Handles one request; calls `handleTimeout` if none comes within `timeout`. */
  async handleRequest(): Promise<void> {
    await this.listen();
    const { timeout } = this;
    const timer = timeout === undefined ? undefined : setTimeout(() => this.#giveUp(), timeout);
    const received = await this.getRequest();
    clearTimeout(timer);
    if (received === undefined) await this.handleTimeout();
    else await this.#serve(...received);
  }

  async #serve(request: Request, clientAddress: ClientAddress): Promise<void> {
    try {
      if (await this.verifyRequest(request, clientAddress)) await this.processRequest(request, clientAddress);
      else await this.shutdownRequest(request);
    } catch (error) {
      await this.requestFailed(request, clientAddress, error);
    }
  }

  /** Whether to process a request; otherwise a connection is closed. Nothing was read from it yet. */
  verifyRequest(_request: Request, _clientAddress: ClientAddress): boolean | Promise<boolean> {
    return true;
  }

  /** Handles a request and ends it. The next one waits for that; with `ThreadingMixIn` it does not. */
  async processRequest(request: Request, clientAddress: ClientAddress): Promise<void> {
    await this.finishRequest(request, clientAddress);
    await this.shutdownRequest(request);
  }

  /** Makes a handler and lets it handle the request. */
  async finishRequest(request: Request, clientAddress: ClientAddress): Promise<void> {
    const handler = new this.RequestHandlerClass(request, clientAddress, this);
    await handler.setup();
    try {
      await handler.handle();
    } finally {
      await handler.finish();
    }
  }

  /** Ends a request politely: what was written is still delivered. Calls `closeRequest`. */
  shutdownRequest(request: Request): void | Promise<void> {
    return this.closeRequest(request);
  }

  /** Frees what a request holds. */
  closeRequest(_request: Request): void | Promise<void> {}

  /** Tells `handleError` what went wrong, once, and ends the request. Never rejects. */
  async requestFailed(
    request: Request | undefined,
    clientAddress: ClientAddress,
    error: unknown,
  ): Promise<void> {
    try {
      if (!this.#isReported(error)) {
        this.failedRequests += 1;
        await this.handleError(request, clientAddress, error);
      }
      if (request !== undefined) await this.closeRequest(request);
    } catch (again) {
      console.error("netcli: handleError failed:", again);
    }
  }

  #isReported(error: unknown): boolean {
    if (typeof error !== "object" || error === null) return false;
    if (this.#reported.has(error)) return true;
    this.#reported.add(error);
    return false;
  }

  /**
   * Called with what a handler threw; without a request for a connection that failed before there was one. Prints
   * it, in one line if it is the network's or the client's fault.
   */
  handleError(
    _request: Request | undefined,
    [address, port]: ClientAddress,
    error: unknown,
  ): void | Promise<void> {
    const from = port === 0 ? address || "a Unix socket" : `${address}:${port}`;
    const shown = error instanceof NetcliError ? `${error.name}: ${error.message}` : error;
    console.error(`netcli: exception while processing a request from ${from}:`, shown);
  }

  /** Called when `handleRequest` waited for `timeout` milliseconds. Does nothing. */
  handleTimeout(): void | Promise<void> {}

  /** Called every `pollInterval` milliseconds by `serveForever`, if it is overridden. */
  serviceActions(): void {}

  /** Makes `serveForever` return when the request that it processes has ended. May be called from anywhere. */
  async shutdown(): Promise<void> {
    this.#stopped = true;
    this.#giveUp();
    await this.#serving;
  }

  /** Frees the address, and waits for the requests that are being processed. */
  async serverClose(_options?: ServerCloseOptions): Promise<void> {}

  async [Symbol.asyncDispose](): Promise<void> {
    await this.shutdown();
    await this.serverClose();
  }
}
