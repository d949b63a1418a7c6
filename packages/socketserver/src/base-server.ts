// The chain of Python's socketserver.BaseServer: get a request, verify it, process it with a handler object, and
// deal with what goes wrong. What a request is, and where it comes from, the servers below it say.
import { ConnectionClosedError, NetcliError, Queue } from "@netcli/core-transport";
import type { ClientAddress } from "./client-address.ts";
import { LONGEST } from "./timeouts.ts";
import { inWorker, refuseToListen } from "./worker-messages.ts";

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
  // Who waits in `getRequest`.
  readonly #takers: Queue<(received: readonly [Request, ClientAddress] | undefined) => void> = new Queue();
  // A loop ends when there is one more than when it began.
  #shutdowns = 0;
  #closed = false;
  // Whether `serveForever` is with a request, and not waiting for one.
  #busy = false;
  #serving: Promise<void> = Promise.resolve();
  // What `serviceActions` threw.
  #failure: { readonly error: unknown } | undefined;
  // A connection that is cut may be reported by its handler and by whoever cut it, each with an error of its own.
  readonly #reported: WeakSet<object> = new WeakSet();

  constructor(RequestHandlerClass: RequestHandlerClass<Request>) {
    this.RequestHandlerClass = RequestHandlerClass;
  }

  /** Where the server is to listen; once it does, where it listens. */
  abstract get serverAddress(): readonly [string, number] | string;

  /**
   * Puts the server on its address; `serveForever` and `handleRequest` do so by themselves. Rejects with
   * ListenError, ArgumentError, NotSupportedError, or ConnectionClosedError after `serverClose`.
   */
  listen(): Promise<void> {
    if (this.#closed) return Promise.reject(new ConnectionClosedError("the server was closed"));
    this.#listening ??= inWorker() ? refuseToListen() : this.#activate();
    return this.#listening;
  }

  async #activate(): Promise<void> {
    await this.serverActivate();
    if (!this.#closed) return;
    // When `serverClose` was called there was nothing yet that it could close.
    await this.serverClose({ deadline: 0 });
    throw new ConnectionClosedError("the server was closed");
  }

  /** Binds and listens. Called once, by `listen`. */
  async serverActivate(): Promise<void> {}

  /** For subclasses: a request has come. */
  received(request: Request, clientAddress: ClientAddress): void {
    const take = this.#takers.shift();
    if (take === undefined) this.#received.push([request, clientAddress]);
    else take([request, clientAddress]);
  }

  /** Waits for a request; undefined when there is none to be had, as when the wait is given up. */
  async getRequest(): Promise<readonly [Request, ClientAddress] | undefined> {
    return (
      this.#received.shift() ??
      new Promise((resolve) => {
        this.#takers.push(resolve);
      })
    );
  }

  #giveUp(): void {
    for (let take = this.#takers.shift(); take !== undefined; take = this.#takers.shift()) take(undefined);
  }

  /** Handles requests until `shutdown` or `serverClose`. */
  async serveForever({ pollInterval = POLL_INTERVAL }: ServeForeverOptions = {}): Promise<void> {
    this.#serving = this.#serveUntilShutdown(this.#serving, pollInterval);
    await this.#serving;
  }

  async #serveUntilShutdown(before: Promise<void>, pollInterval: number): Promise<void> {
    // Now: a `shutdown` that comes while the server is still being put on its address counts, too.
    const shutdowns = this.#shutdowns;
    // After a `shutdown` from inside a handler the request of that one may not have ended yet.
    await before.catch(() => undefined);
    if (this.#shutdowns !== shutdowns) return;
    try {
      await this.listen();
    } catch (error) {
      // Ended meanwhile, as it was to be.
      if (this.#shutdowns === shutdowns || !(error instanceof ConnectionClosedError)) throw error;
    }
    const isOverridden = this.serviceActions !== BaseServer.prototype.serviceActions;
    const act = (): void => void this.#act();
    const timer = isOverridden ? setInterval(act, Math.min(pollInterval, LONGEST)).unref() : undefined;
    try {
      while (this.#shutdowns === shutdowns) {
        const received = await this.getRequest();
        if (received === undefined) continue;
        this.#busy = true;
        await this.#serve(...received);
        this.#busy = false;
      }
    } finally {
      clearInterval(timer);
    }
    const failure = this.#failure;
    this.#failure = undefined;
    if (failure !== undefined) throw failure.error;
  }

  async #act(): Promise<void> {
    try {
      await this.serviceActions();
    } catch (error) {
      this.#failure ??= { error };
      this.#stop();
    }
  }

  /** Handles one request; calls `handleTimeout` if none comes within `timeout`. */
  async handleRequest(): Promise<void> {
    await this.listen();
    const { timeout = Infinity } = this;
    let isTimeUp = false;
    const expire = (): void => {
      isTimeUp = true;
      this.#giveUp();
    };
    const timer = timeout > LONGEST ? undefined : setTimeout(expire, timeout);
    const shutdowns = this.#shutdowns;
    let received: readonly [Request, ClientAddress] | undefined;
    try {
      for (;;) {
        received = await this.getRequest();
        if (received !== undefined || isTimeUp || this.#shutdowns !== shutdowns) break;
      }
    } finally {
      clearTimeout(timer);
    }
    if (received !== undefined) await this.#serve(...received);
    else if (isTimeUp) await this.handleTimeout();
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

  /** Tells `handleError` what went wrong first, and ends the request. Never rejects. */
  async requestFailed(
    request: Request | undefined,
    clientAddress: ClientAddress,
    error: unknown,
  ): Promise<void> {
    try {
      if (!this.#isReported(request)) {
        this.failedRequests += 1;
        await this.handleError(request, clientAddress, error);
      }
    } catch (again) {
      console.error("netcli: handleError failed:", again);
    }
    try {
      // Whatever handleError did: the request must not stay open.
      if (request !== undefined) await this.closeRequest(request);
    } catch (again) {
      console.error("netcli: closeRequest failed:", again);
    }
  }

  #isReported(request: Request | undefined): boolean {
    if (typeof request !== "object" || request === null) return false;
    if (this.#reported.has(request)) return true;
    this.#reported.add(request);
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

  /** Called every `pollInterval` milliseconds by `serveForever`, which ends with what it throws. */
  serviceActions(): void | Promise<void> {}

  /**
   * Makes `serveForever` return when the request that it processes, if any, has ended. Waits for that only if there
   * is none: a handler may await it. `serverClose` waits for requests.
   */
  async shutdown(): Promise<void> {
    this.#stop();
    // Who called `serveForever` is told if it failed.
    if (!this.#busy) await this.#serving.catch(() => undefined);
  }

  #stop(): void {
    this.#shutdowns += 1;
    this.#giveUp();
  }

  /** Frees the address, for good, and waits for the requests that are being processed. */
  async serverClose(_options?: ServerCloseOptions): Promise<void> {
    this.#closed = true;
    this.#stop();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.shutdown();
    await this.serverClose();
  }
}
