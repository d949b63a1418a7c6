// Time limits: one timer per connection, re-armed instead of replaced, because a timer per command costs more than
// the command; and one for work that is done once.

// setTimeout's own maximum; anything longer means "never".
const LONGEST = 2_147_483_647;

/** Deadline runs a function unless it is disarmed or armed anew in time. It never keeps the process alive. */
export class Deadline {
  #timer: NodeJS.Timeout | undefined;
  #milliseconds = 0;
  #expire: (() => void) | undefined;

  get armed(): boolean {
    return this.#expire !== undefined;
  }

  /** Starts the time anew. */
  arm(milliseconds: number, expire: () => void): void {
    if (milliseconds > LONGEST) {
      this.#expire = undefined;
      return;
    }
    this.#expire = expire;
    if (this.#timer !== undefined && milliseconds === this.#milliseconds) {
      this.#timer.refresh();
      return;
    }
    clearTimeout(this.#timer);
    this.#milliseconds = milliseconds;
    this.#timer = setTimeout(() => {
      const expired = this.#expire;
      this.#expire = undefined;
      expired?.();
    }, milliseconds).unref();
  }

  /** The timer itself goes on, so that the next `arm` is a cheap refresh; it then finds nothing to do. */
  disarm(): void {
    this.#expire = undefined;
  }

  /** Frees the timer for good. */
  close(): void {
    this.#expire = undefined;
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }
}

/**
 * Runs work that has to settle in time. The signal it gets is aborted with `expired()` when the time is up, or
 * with the reason of `signal`.
 */
export async function within<T>(
  milliseconds: number,
  expired: () => Error,
  signal: AbortSignal | undefined,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const controller = new AbortController();
  const timer = setTimeout(() => controller.abort(expired()), Math.min(milliseconds, LONGEST));
  const cancel = (): void => controller.abort(signal?.reason);
  signal?.addEventListener("abort", cancel, { once: true });
  if (signal?.aborted === true) cancel();
  try {
    return await work(controller.signal);
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener("abort", cancel);
  }
}
