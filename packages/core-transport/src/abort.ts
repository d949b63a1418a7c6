// Giving up on a signal: at once where the rest can be left to itself, and with the connection where it cannot.
import { setMaxListeners } from "node:events";
import type { Connection } from "./connection.ts";

/** Waits, but no longer than until the signal is aborted; rejects then with its reason. */
export function orAborted<T>(work: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (signal === undefined) return work;
  return new Promise((resolve, reject) => {
    const giveUp = (): void => reject(signal.reason as Error);
    if (signal.aborted) giveUp();
    else signal.addEventListener("abort", giveUp, { once: true });
    void work.then(resolve, reject).then(() => signal.removeEventListener("abort", giveUp));
  });
}

/** Does what cannot be left halfway: an abort cuts the connection. Rejects then with the signal's reason. */
export async function cutOnAbort<T>(
  connection: Connection,
  signal: AbortSignal | undefined,
  work: () => Promise<T>,
): Promise<T> {
  const cut = (): void => connection.destroy(signal?.reason as Error);
  signal?.addEventListener("abort", cut, { once: true });
  try {
    return await work();
  } catch (error) {
    throw signal?.aborted === true ? signal.reason : error;
  } finally {
    signal?.removeEventListener("abort", cut);
  }
}

/** A signal that is aborted with the first of these. Any number of tasks may listen to it. */
export function anySignal(...signals: readonly (AbortSignal | undefined)[]): AbortSignal {
  const signal = AbortSignal.any(signals.filter((one) => one !== undefined));
  setMaxListeners(0, signal);
  return signal;
}
