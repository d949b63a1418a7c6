// Time limits: one object per connection, re-armed instead of replaced, because a timer per command costs more than
// the command; and a limit for work that is done once.

// setTimeout's own maximum; anything longer means "never".
const LONGEST = 2_147_483_647;

/** All deadlines of one length, the soonest first: one timer for them all, and nothing of their own but a link. */
class DeadlineList {
  readonly milliseconds: number;
  first: Deadline | undefined;
  last: Deadline | undefined;
  #timer: NodeJS.Timeout | undefined;
  #clock: unknown;

  constructor(milliseconds: number) {
    this.milliseconds = milliseconds;
  }

  /** For the first one; all others are due later. */
  start(): void {
    // Tests that set the clock leave timers of their own behind, which never fire.
    if (this.#timer === undefined || this.#clock !== setTimeout) this.#wait(this.milliseconds);
  }

  #wait(milliseconds: number): void {
    clearTimeout(this.#timer);
    this.#clock = setTimeout;
    this.#timer = setTimeout(() => this.#fire(), milliseconds).unref();
  }

  #fire(): void {
    const now = performance.now();
    for (let { first } = this; first !== undefined && first.due <= now; first = this.first) first.expire();
    if (this.first !== undefined) this.#wait(Math.max(Math.ceil(this.first.due - now), 1));
  }

  /** Nobody is left. */
  stop(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    lists.delete(this.milliseconds);
  }
}

const lists: Map<number, DeadlineList> = new Map();

function listOf(milliseconds: number): DeadlineList {
  let list = lists.get(milliseconds);
  if (list === undefined) {
    list = new DeadlineList(milliseconds);
    lists.set(milliseconds, list);
  }
  return list;
}

/** Deadline runs a function unless it is disarmed or armed anew in time. It never keeps the process alive. */
export class Deadline {
  /** When, on the clock of `performance.now`; for the list that it is in. */
  due: number = 0;
  #list: DeadlineList | undefined;
  #before: Deadline | undefined;
  #behind: Deadline | undefined;
  #expire: ((of: never) => void) | undefined;
  #of: unknown;

  get armed(): boolean {
    return this.#expire !== undefined;
  }

  /** Starts the time anew. `expire` is called with `of`: a function for each wait costs more than the wait. */
  arm<T = undefined>(milliseconds: number, expire: (of: T) => void, of?: T): void {
    if (milliseconds > LONGEST) {
      this.#expire = undefined;
      return;
    }
    this.#expire = expire;
    this.#of = of;
    // Whole: V8 keeps another object for a fraction.
    this.due = Math.ceil(performance.now() + milliseconds);
    const current = this.#list;
    if (current?.milliseconds === milliseconds && current.last === this) {
      current.start();
      return;
    }
    this.#unlink();
    const list = listOf(milliseconds);
    const { last } = list;
    this.#list = list;
    this.#before = last;
    if (last === undefined) list.first = this;
    else last.#behind = this;
    list.last = this;
    list.start();
  }

  #unlink(): void {
    const list = this.#list;
    if (list === undefined) return;
    const before = this.#before;
    const behind = this.#behind;
    if (before === undefined) list.first = behind;
    else before.#behind = behind;
    if (behind === undefined) list.last = before;
    else behind.#before = before;
    this.#list = undefined;
    this.#before = undefined;
    this.#behind = undefined;
    if (list.first === undefined) list.stop();
  }

  /** Its time is up; says nothing if it was disarmed. */
  expire(): void {
    this.#unlink();
    const expire = this.#expire;
    this.#expire = undefined;
    expire?.(this.#of as never);
  }

  /** It stays in its list, so that the next `arm` is cheap; its time then finds nothing to do. */
  disarm(): void {
    this.#expire = undefined;
  }

  /** Disarms it for good. */
  close(): void {
    this.#expire = undefined;
    this.#unlink();
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
