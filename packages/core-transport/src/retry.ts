// Doing something again that a broken connection has interrupted.
import { setTimeout as pause } from "node:timers/promises";

// The first pause; each is twice as long as the one before, up to the longest.
const FIRST_MILLISECONDS = 250;
const LONGEST_MILLISECONDS = 10_000;

export interface RetryOptions {
  /** Failures in a row, without progress in between, after which one more is the last. */
  readonly retries: number;
  /** May it be different next time? */
  readonly isPassing: (error: unknown) => boolean;
  /** Each of them ends it. */
  readonly signals?: readonly (AbortSignal | undefined)[] | undefined;
}

/**
 * Does the work until it succeeds, or fails for good; waits longer and longer in between. The work says when it has
 * come further than ever before. Rejects with the last failure, or the reason of a signal.
 */
export async function retry<T>(
  work: (progressed: () => void) => Promise<T>,
  { retries, isPassing, signals = [] }: RetryOptions,
): Promise<T> {
  let failures = 0;
  const progressed = (): void => {
    failures = 0;
  };
  for (;;) {
    try {
      return await work(progressed);
    } catch (error) {
      const signal = AbortSignal.any(signals.filter((one) => one !== undefined));
      if (signal.aborted || failures >= retries || !isPassing(error)) throw error;
      const most = Math.min(FIRST_MILLISECONDS * 2 ** failures, LONGEST_MILLISECONDS);
      failures += 1;
      // Not all clients that one server has thrown out at the same moment.
      await pause(most * (0.5 + Math.random() / 2), undefined, { signal }).catch(() =>
        signal.throwIfAborted(),
      );
    }
  }
}
