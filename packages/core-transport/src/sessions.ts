// The sessions of one client: alike, lent to tasks, replaced when they break.
import { ArgumentError, ConnectionClosedError } from "./errors.ts";
import { Pool, type UseOptions } from "./pool.ts";
import { retry } from "./retry.ts";

/** What a client can be given, whatever its protocol. */
export interface SessionsOptions {
  /**
   * Sessions at most, opened when there is work for them. If the server lets fewer in, that is learnt. Default 1.
   */
  connections?: number | undefined;
  /**
   * How often a task is tried again, in a row and without progress in between, when the connection broke or the
   * server was short of something. Default 2.
   */
  retries?: number | undefined;
}

/** What sessions must be able to do to be lent. */
export interface Lendable {
  readonly isOpen: boolean;
  quit(): Promise<void>;
  close(): void;
}

/** How the sessions of a protocol are. */
export interface SessionsKind<S extends Lendable> {
  /** Short tasks at most that share a session. */
  readonly depth: number;
  readonly open: (signal: AbortSignal) => Promise<S>;
  /** May a task that failed with this error succeed on another try? */
  readonly isPassing: (error: unknown) => boolean;
  /** Has it done enough? It is then ended politely, and another one opened. Default: never. */
  readonly isSpent?: (session: S) => boolean;
  /** Milliseconds after which a session that nobody uses is ended politely. Default: never. */
  readonly idleTime?: number | undefined;
}

/** How something is done that may be done again. */
export interface AttemptOptions extends UseOptions {
  /** False once it can't be: what was taken from a stream is gone. */
  canRepeat?: (() => boolean) | undefined;
}

/** Sessions lends the sessions of a client. */
export class Sessions<S extends Lendable> {
  readonly #pool: Pool<S>;
  readonly #retries: number;
  readonly #isPassing: (error: unknown) => boolean;
  readonly #isSpent: (session: S) => boolean;
  readonly #idleTime: number;
  readonly #ending: AbortController = new AbortController();
  // Tasks that work with a session, and what waits for there being none.
  readonly #users: Map<S, number> = new Map();
  readonly #idling: Map<S, NodeJS.Timeout> = new Map();
  // Those that are being ended politely while the client goes on, and those that have been.
  readonly #leaving: Map<S, Promise<void>> = new Map();
  readonly #left: WeakSet<S> = new WeakSet();
  /** Tasks that can be under way at once without waiting for each other. */
  readonly parallel: number;
  // Tasks under way, and who waits for their end.
  #tasks = 0;
  #onIdle: (() => void) | undefined;
  #quitting: Promise<void> | undefined;

  /** Opens none yet. Throws ArgumentError. */
  constructor({ connections = 1, retries = 2 }: SessionsOptions, kind: SessionsKind<S>) {
    const { depth, open, isPassing, isSpent = () => false, idleTime = Infinity } = kind;
    if (!Number.isInteger(connections) || connections < 1) {
      throw new ArgumentError(`connections must be a whole number above 0, not ${connections}`);
    }
    if (!(retries >= 0)) throw new ArgumentError(`retries must be a number from 0, not ${retries}`);
    this.#retries = retries;
    this.#isPassing = isPassing;
    this.#isSpent = isSpent;
    this.#idleTime = idleTime;
    this.parallel = connections * depth;
    this.#pool = new Pool({
      size: connections,
      depth,
      open,
      isUsable: (session) => session.isOpen && !this.#isSpent(session),
      quit: (session) => session.quit(),
      close: (session) => this.#dismiss(session),
    });
  }

  /** Takes in a session that is open already. */
  add(session: S): void {
    this.#pool.add(session);
    this.#rest(session);
  }

  /** Ends what the pool wants no more: at once if it is broken or all is closed, else politely. */
  #dismiss(session: S): void {
    if (this.#left.has(session) && !this.#pool.closed.aborted) return;
    if (session.isOpen && !this.#pool.closed.aborted) this.#leave(session);
    else session.close();
  }

  #leave(session: S): void {
    this.#left.add(session);
    const leaving = session.quit().then(() => void this.#leaving.delete(session));
    this.#leaving.set(session, leaving);
  }

  /** Nobody uses it any more. */
  #rest(session: S): void {
    if (this.#idleTime === Infinity) return;
    const timer = this.#idling.get(session)?.refresh();
    // What only waits keeps no program running; its connection does.
    if (timer === undefined) {
      this.#idling.set(session, setTimeout(() => this.#tire(session), this.#idleTime).unref());
    }
  }

  #tire(session: S): void {
    if (this.#users.has(session)) return;
    this.#idling.delete(session);
    if (session.isOpen) this.#leave(session);
  }

  /** What an application asks for, over as many sessions and tries as it takes: `quit` waits for it. */
  async task<T>(work: () => Promise<T>): Promise<T> {
    this.ending.throwIfAborted();
    return this.#during(work);
  }

  async #during<T>(work: () => Promise<T>): Promise<T> {
    this.#tasks += 1;
    try {
      return await work();
    } finally {
      this.#tasks -= 1;
      if (this.#tasks === 0) this.#onIdle?.();
    }
  }

  /** Lends a session for as long as the work lasts. */
  use<T>(work: (session: S) => Promise<T>, options: UseOptions = {}): Promise<T> {
    return this.#pool.use((session) => this.#employ(session, work), options);
  }

  async #employ<T>(session: S, work: (session: S) => Promise<T>): Promise<T> {
    this.#users.set(session, (this.#users.get(session) ?? 0) + 1);
    try {
      return await work(session);
    } finally {
      const users = (this.#users.get(session) ?? 1) - 1;
      if (users > 0) {
        this.#users.set(session, users);
      } else {
        this.#users.delete(session);
        this.#rest(session);
      }
    }
  }

  /** Does the same again, with another session if need be, when the connection broke. */
  attempt<T>(
    work: (session: S, progressed: () => void) => Promise<T>,
    { canRepeat, ...options }: AttemptOptions = {},
  ): Promise<T> {
    const trying = (progressed: () => void): Promise<T> =>
      this.use((session) => work(session, progressed), options);
    return this.#during(() =>
      retry(trying, {
        retries: this.#retries,
        isPassing: (error) => !this.#pool.isEnded && this.#isPassing(error) && canRepeat?.() !== false,
        signals: [options.signal, this.#pool.closed],
      }),
    );
  }

  /** Aborted when all is ended at once. */
  get closed(): AbortSignal {
    return this.#pool.closed;
  }

  /** Aborted when the client is to end: for what waits for a consumer that may never come. */
  get ending(): AbortSignal {
    return this.#ending.signal;
  }

  /** Ends all sessions politely, when the tasks that were begun have ended. Never rejects. */
  quit(): Promise<void> {
    this.#ending.abort(endedError());
    this.#quitting ??= this.#idle().then(async () => {
      await this.#pool.quit();
      await Promise.all(this.#leaving.values());
      this.#forget();
    });
    return this.#quitting;
  }

  /** No timer is left running. */
  #forget(): void {
    for (const timer of this.#idling.values()) clearTimeout(timer);
    this.#idling.clear();
  }

  /** Resolves when no task is under way, or all were closed. */
  #idle(): Promise<void> {
    return new Promise((resolve) => {
      this.#onIdle = resolve;
      if (this.#tasks === 0 || this.#pool.isEnded) resolve();
    });
  }

  /** Ends all at once. */
  close(): void {
    this.#ending.abort(endedError());
    this.#pool.close();
    for (const session of this.#leaving.keys()) session.close();
    this.#forget();
    this.#onIdle?.();
  }
}

function endedError(): ConnectionClosedError {
  return new ConnectionClosedError("the client was closed");
}
