// Sessions with one server: opened when they are needed, lent to tasks, and opened again when they break.
import { setMaxListeners } from "node:events";
import { ConnectionClosedError } from "./errors.ts";
import { Queue } from "./queue.ts";

// A server that refused a further session may have room again.
const LEARNT_MILLISECONDS = 60_000;

export interface PoolOptions<S> {
  /** Sessions at most. */
  readonly size: number;
  /** Tasks at most that share a session, if they say that they may. */
  readonly depth: number;
  readonly open: (signal: AbortSignal) => Promise<S>;
  readonly isUsable: (session: S) => boolean;
  /** Ends a session politely; never rejects. */
  readonly quit: (session: S) => Promise<void>;
  /** Ends a session at once. */
  readonly close: (session: S) => void;
}

export interface UseOptions {
  /** Other tasks may work with the session meanwhile. Default false. */
  isShared?: boolean | undefined;
  /** Called when others wait and no session is free. */
  onWanted?: (() => void) | undefined;
  /** Gives up waiting with the signal's reason; the work itself is not touched. */
  signal?: AbortSignal | undefined;
}

interface Waiting<S> {
  readonly isShared: boolean;
  readonly onWanted: (() => void) | undefined;
  readonly begin: (place: Place<S>) => void;
  readonly reject: (error: Error) => void;
}

/** A session, and who works with it. */
interface Place<S> {
  readonly session: S;
  readonly tasks: Set<Waiting<S>>;
  /** Nobody else may come. */
  isTaken: boolean;
}

/**
 * Pool lends sessions in the order in which tasks came. How many the server stands is learnt: where it refuses one
 * more, tasks wait for those that are there. Only a task for which there is none at all hears why.
 */
export class Pool<S> {
  readonly #options: PoolOptions<S>;
  readonly #places: Set<Place<S>> = new Set();
  readonly #waiting: Queue<Waiting<S>> = new Queue();
  readonly #closing: AbortController = new AbortController();
  // Aborted when nobody can need another session any more.
  readonly #enough: AbortController = new AbortController();
  #opening = 0;
  // Tasks that work, also with sessions that broke meanwhile.
  #working = 0;
  #learnt = Infinity;
  #learntAt = 0;
  // It let nobody in: what it said meanwhile was no limit.
  #isShut = false;
  #ended: (() => void) | undefined;
  #quitting: Promise<void> | undefined;

  constructor(options: PoolOptions<S>) {
    this.#options = options;
  }

  /** Sessions at most, as far as is known now. */
  get limit(): number {
    const isStillTrue = performance.now() - this.#learntAt < LEARNT_MILLISECONDS;
    return Math.min(this.#options.size, isStillTrue ? this.#learnt : Infinity);
  }

  /** No more tasks are taken. */
  get isEnded(): boolean {
    return this.#quitting !== undefined || this.#closing.signal.aborted;
  }

  /** Aborted when it is closed. */
  get closed(): AbortSignal {
    return this.#closing.signal;
  }

  /** Takes in a session that is open already. */
  add(session: S): void {
    if (this.#closing.signal.aborted) this.#options.close(session);
    else this.#places.add({ session, tasks: new Set(), isTaken: false });
    this.#serve();
  }

  /** Lends a session to a task, as soon as there is one. Rejects as the task does, or as opening does. */
  use<T>(
    work: (session: S) => Promise<T>,
    { isShared = false, onWanted, signal }: UseOptions = {},
  ): Promise<T> {
    return new Promise((resolve, reject) => {
      signal?.throwIfAborted();
      if (this.isEnded) throw endedError();
      // Any number of tasks may have the same one.
      if (signal !== undefined) setMaxListeners(0, signal);
      const waiting: Waiting<S> = {
        isShared,
        onWanted,
        reject: (error) => {
          signal?.removeEventListener("abort", withdraw);
          reject(error);
        },
        begin: (place) => {
          signal?.removeEventListener("abort", withdraw);
          place.tasks.add(waiting);
          place.isTaken = !isShared;
          this.#working += 1;
          // What it throws at once is its own failure, too.
          const working = (async () => work(place.session))();
          const release = (): void => this.#release(place, waiting);
          // The session is free before the caller goes on.
          working.then(release, release);
          working.then(resolve, reject);
        },
      };
      const withdraw = (): void => {
        if (!this.#waiting.remove(waiting)) return;
        reject(signal?.reason as Error);
        this.#serve();
      };
      signal?.addEventListener("abort", withdraw, { once: true });
      this.#waiting.push(waiting);
      this.#serve();
    });
  }

  #release(place: Place<S>, waiting: Waiting<S>): void {
    place.tasks.delete(waiting);
    place.isTaken = false;
    this.#working -= 1;
    this.#serve();
  }

  #serve(): void {
    for (let first = this.#waiting.first; first !== undefined; first = this.#waiting.first) {
      const place = this.#placeFor(first);
      if (place === undefined) break;
      this.#waiting.shift();
      first.begin(place);
    }
    while (this.#isLacking && this.#places.size + this.#opening < this.limit) void this.#open();
    if (this.#isLacking) this.#want();
    if (this.#quitting !== undefined) this.#endIdle();
  }

  get #isLacking(): boolean {
    return this.#waiting.length > this.#opening;
  }

  /** A free session; else, for a task that shares, the one with the fewest others. */
  #placeFor({ isShared }: Waiting<S>): Place<S> | undefined {
    let best: Place<S> | undefined;
    for (const place of this.#places) {
      if (!this.#options.isUsable(place.session)) {
        this.#places.delete(place);
        this.#options.close(place.session);
      } else if (place.tasks.size === 0) {
        return place;
      } else if (isShared && !place.isTaken && place.tasks.size < (best?.tasks.size ?? this.#options.depth)) {
        best = place;
      }
    }
    return best;
  }

  async #open(): Promise<void> {
    this.#opening += 1;
    let session: S;
    try {
      session = await this.#options.open(this.#enough.signal);
    } catch (error) {
      this.#opening -= 1;
      this.#learn(error as Error);
      this.#serve();
      return;
    }
    this.#opening -= 1;
    if (!this.#options.isUsable(session)) {
      // Opened again at once, and so on, it would never end.
      this.#options.close(session);
      this.#learn(new ConnectionClosedError("the session was over as soon as it was open"));
      this.#serve();
      return;
    }
    if (this.#isShut) this.#learnt = Infinity;
    this.#isShut = false;
    this.add(session);
  }

  #learn(error: Error): void {
    const others = this.#places.size + this.#opening;
    if (others > 0) {
      this.#learnt = others;
      this.#learntAt = performance.now();
    } else {
      this.#isShut = true;
      this.#waiting.shift()?.reject(error);
    }
  }

  #want(): void {
    for (const { tasks } of this.#places) for (const { onWanted } of tasks) onWanted?.();
  }

  /** Ends all sessions politely, when the tasks that came before have ended. Never rejects. */
  quit(): Promise<void> {
    if (this.#closing.signal.aborted) return Promise.resolve();
    this.#quitting ??= new Promise((resolve) => {
      this.#ended = resolve;
    });
    this.#serve();
    return this.#quitting;
  }

  #endIdle(): void {
    if (this.#waiting.length > 0) return;
    this.#enough.abort(endedError());
    for (const place of this.#places) {
      // It counts until it has ended, but nobody comes any more.
      if (place.isTaken || place.tasks.size > 0) continue;
      place.isTaken = true;
      void this.#options.quit(place.session).then(() => {
        this.#places.delete(place);
        this.#endIdle();
      });
    }
    if (this.#places.size + this.#opening + this.#working === 0) this.#ended?.();
  }

  /** Ends all sessions at once: what is under way, or waits, rejects. */
  close(): void {
    const error = endedError();
    this.#closing.abort(error);
    this.#enough.abort(error);
    for (let next = this.#waiting.shift(); next !== undefined; next = this.#waiting.shift())
      next.reject(error);
    for (const { session } of this.#places) this.#options.close(session);
    this.#places.clear();
    this.#ended?.();
  }
}

function endedError(): ConnectionClosedError {
  return new ConnectionClosedError("the client was closed");
}
