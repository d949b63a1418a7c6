// How many messages may be begun in a stretch of time.
import { setTimeout as pause } from "node:timers/promises";
import { ArgumentError, orAborted } from "@netcli/core-transport";

export interface RateLimit {
  readonly messages: number;
  /** Milliseconds. */
  readonly per: number;
}

/** Rate lets those who come pass in their order, no more of them in any stretch of time than its limit. */
export class Rate {
  readonly #limit: RateLimit;
  // When the last ones passed, as many as the limit allows at a time.
  readonly #passes: number[] = [];
  #last: Promise<unknown> = Promise.resolve();

  /** Throws ArgumentError. */
  constructor(limit: RateLimit) {
    if (!(Number.isInteger(limit.messages) && limit.messages > 0 && limit.per > 0)) {
      throw new ArgumentError("rate must have a whole number of messages above 0, and milliseconds above 0");
    }
    this.#limit = limit;
  }

  /** Resolves when it is the caller's turn; rejects with the reason of the signal, and has then not used it up. */
  pass(signal: AbortSignal): Promise<void> {
    const passing = this.#last.then(() => this.#pass(signal));
    this.#last = passing.catch(() => undefined);
    return orAborted(passing, signal);
  }

  async #pass(signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    const { messages, per } = this.#limit;
    const first = this.#passes.length < messages ? undefined : this.#passes[0];
    const wait = first === undefined ? 0 : Math.ceil(first + per - performance.now());
    if (wait > 0) await pause(wait, undefined, { signal }).catch(() => signal.throwIfAborted());
    // Only now: timers may be late.
    if (first !== undefined) this.#passes.shift();
    this.#passes.push(performance.now());
  }
}
