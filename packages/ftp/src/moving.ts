// What is moved over the data connection of one transfer, and whose fault it is when that fails.
import { ConnectionClosedError, TlsError, type Connection } from "@netcli/core-transport";
import type { DataChannel } from "./data-connection.ts";

/** Works on a data connection; the signal says that the transfer has failed. */
export type Move<T> = (data: Connection, gaveUp: AbortSignal) => Promise<T>;

/** Moving goes on while the control connection is waited for. */
export class Moving<T> {
  readonly #channel: DataChannel;
  readonly #move: Move<T>;
  readonly #isPartial: boolean;
  readonly #gaveUp = new AbortController();
  #ready: Promise<Connection> | undefined;
  #result: Promise<T> | undefined;
  #failure: Error | undefined;
  #isEnough = false;
  #sayEnough: () => void = () => undefined;
  /** Resolves when all that was wanted of more is there. */
  readonly enough: Promise<void> = new Promise((resolve) => {
    this.#sayEnough = resolve;
  });

  /** `isPartial`: when `move` is done nothing more is wanted. */
  constructor(channel: DataChannel, move: Move<T>, isPartial: boolean) {
    this.#channel = channel;
    this.#move = move;
    this.#isPartial = isPartial;
  }

  /** Does what comes before, such as TLS; it is begun, but not awaited. */
  prepare(work: (data: Connection) => Promise<Connection>): void {
    this.#ready = this.#channel.connection.then(work).catch((error: Error) => this.#fail(error));
    this.#ready.catch(() => undefined);
  }

  /** Something may have been moved. */
  get isStarted(): boolean {
    return this.#result !== undefined;
  }

  /** Begins, or goes on. */
  start(): Promise<T> {
    this.#result ??= Promise.resolve(this.#ready)
      .then((data) => this.#run(data as Connection))
      .catch((error: Error) => this.#fail(error));
    return this.#result;
  }

  async #run(data: Connection): Promise<T> {
    const result = await this.#move(data, this.#gaveUp.signal);
    this.#isEnough = this.#isPartial;
    if (this.#isPartial) {
      this.#cancel(new ConnectionClosedError("all that was wanted is there"));
      this.#sayEnough();
    }
    // Some servers say their last word only when they have heard the end of TLS, too.
    else data.end();
    return result;
  }

  #fail(error: Error): never {
    this.#failure ??= error;
    // The server hears of it, too, and then says its last word.
    this.#cancel(error);
    throw error;
  }

  #cancel(reason: unknown): void {
    this.#channel.cancel(reason as Error);
  }

  /** All that was wanted of more is there: what the server says to that is no failure. */
  get isEnough(): boolean {
    return this.#isEnough;
  }

  /** What failed first, on the data connection or at its other end, which is ours. */
  get failure(): Error | undefined {
    return this.#failure;
  }

  giveUp(reason: unknown): void {
    this.#cancel(reason);
    this.#gaveUp.abort(reason);
  }

  /** Gives up. Resolves, when nothing is running any more, to what was the matter: with us, or else `error`. */
  async abandon(error: unknown): Promise<unknown> {
    this.giveUp(error);
    // What failed first may come to light only now: the disk is waited for.
    await this.#result?.catch(() => undefined);
    return this.#failure !== undefined && isOurs(this.#failure) ? this.#failure : error;
  }

  /** Closes the data connection. */
  close(): Promise<void> {
    return this.#channel.connection.then(
      (data) => data.close(),
      () => undefined,
    );
  }
}

// If it was our side that failed, that is the cause of what the server says, or does not say any more. If it was
// the server that closed the data connection, it says why.
function isOurs(failure: Error): boolean {
  if (failure instanceof TlsError) return failure.code !== "ERR_NETCLI_TLS";
  // Compressed data that has no end.
  if ((failure.cause as NodeJS.ErrnoException | undefined)?.code === "Z_BUF_ERROR") return false;
  return !(failure instanceof ConnectionClosedError);
}
