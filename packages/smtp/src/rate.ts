// How many messages may be begun in a stretch of time.
import { setTimeout as pause } from "node:timers/promises";
import { ArgumentError } from "@netcli/core-transport";

export interface RateLimit {
  readonly messages: number;
  /** Milliseconds. */
  readonly per: number;
}

/** Rate lets those who come pass in their order, no more of them in any stretch of time than its limit. */
export class Rate {
  readonly #limit: RateLimit;
  // When the last ones passed or will pass, as many as the limit allows at a time.
  readonly #passes: number[] = [];

  /** Throws ArgumentError. */
  constructor(limit: RateLimit) {
    if (!(Number.isInteger(limit.messages) && limit.messages > 0 && limit.per > 0)) {
      throw new ArgumentError("rate must have a whole number of messages above 0, and milliseconds above 0");
    }
    this.#limit = limit;
  }

  /** Resolves when it is the caller's turn; rejects with the reason of the signal, and has then used it up. */
  async pass(signal: AbortSignal): Promise<void> {
    const { messages, per } = this.#limit;
    const now = performance.now();
    const before = this.#passes.length < messages ? undefined : this.#passes.shift();
    const at = Math.max(now, (before ?? -Infinity) + per);
    this.#passes.push(at);
    if (at > now) await pause(at - now, undefined, { signal }).catch(() => signal.throwIfAborted());
  }
}
