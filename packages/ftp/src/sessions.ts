// The sessions of one client: logged in alike, lent to tasks, replaced when they break.
import {
  ArgumentError,
  ConnectError,
  ConnectionClosedError,
  orAborted,
  Pool,
  ReplyError,
  retry,
  TimeoutError,
  type VerbOptions,
} from "@netcli/core-transport";
import type { FtpFeatures } from "./features.ts";
import { resolveOptions, type FtpOptions, type FtpTarget } from "./options.ts";
import type { FtpReply } from "./reply.ts";
import { FtpSession } from "./session.ts";

/** What a client can be given. */
export interface FtpClientOptions extends FtpOptions {
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

// How many short tasks share a session, where commands may be sent ahead: so many files are transferred in a row, and then
// measured and named together.
const DEPTH = 6;

// Other temporary refusals are for good: the disk is full (452).
const PASSING = new Set([421, 425, 426, 450, 451]);

/** How a session is lent. */
export interface LendOptions extends VerbOptions {
  /** Other tasks may use it meanwhile: for short ones. */
  isShared?: boolean | undefined;
  /** Called when others wait for a session and there is none. */
  onWanted?: (() => void) | undefined;
}

/** How something is done that may be done again. */
export interface AttemptOptions extends LendOptions {
  /** False once it can't be: what was taken from a stream is gone. */
  canRepeat?: (() => boolean) | undefined;
}

/** FtpSessions lends the sessions of a client. */
export class FtpSessions {
  readonly #pool: Pool<FtpSession>;
  readonly #retries: number;
  /** Tasks that can be under way at once without waiting for each other. */
  readonly parallel: number;
  readonly #ending: AbortController = new AbortController();
  #features: Promise<FtpFeatures> | undefined;
  // Where a login leads to.
  #home: string | undefined;
  // Tasks under way, and who waits for their end.
  #tasks = 0;
  #onIdle: (() => void) | undefined;
  #quitting: Promise<void> | undefined;

  private constructor(target: FtpTarget, connections: number, retries: number) {
    this.#retries = retries;
    const depth = target.pipelining === "off" ? 1 : DEPTH;
    this.parallel = connections * depth;
    this.#pool = new Pool({
      size: connections,
      depth,
      // A signal given to `connect` is for connecting.
      open: (signal) => FtpSession.connect({ ...target, signal }),
      isUsable: (session) => session.isOpen,
      quit: (session) => session.quit(),
      close: (session) => session.close(),
    });
  }

  /** Opens the first one. */
  static async connect(given: string | URL | FtpClientOptions): Promise<FtpSessions> {
    const { connections = 1, retries = 2 } = given instanceof URL || typeof given === "string" ? {} : given;
    if (!Number.isInteger(connections) || connections < 1) {
      throw new ArgumentError(`connections must be a whole number above 0, not ${connections}`);
    }
    if (!(retries >= 0)) throw new ArgumentError(`retries must be a number from 0, not ${retries}`);
    const target = resolveOptions(given);
    const user = target.user ?? "anonymous";
    const first = await FtpSession.connect({ ...target, user });
    const sessions = new FtpSessions({ ...target, user }, connections, retries);
    sessions.#pool.add(first);
    return sessions;
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

  /** Lends a session to a caller, who may leave it in another directory. */
  lend<T>(work: (session: FtpSession) => Promise<T>, options: VerbOptions): Promise<T> {
    return this.use(async (session) => {
      const asking = this.#home === undefined ? session.pwd() : Promise.resolve(this.#home);
      asking.catch(() => undefined);
      try {
        return await work(session);
      } finally {
        await this.#takeBack(session, asking);
      }
    }, options);
  }

  async #takeBack(session: FtpSession, asking: Promise<string>): Promise<void> {
    // All commands would wait for a transfer that nobody goes on with.
    session.parts.transfers.abort(new DOMException("the session was given back", "AbortError"));
    try {
      this.#home = await asking;
      await session.cwd(this.#home);
    } catch {
      // Nobody else can rely on where it is.
      await session.quit();
    }
  }

  /** Lends a session for as long as the work lasts. */
  use<T>(work: (session: FtpSession) => Promise<T>, options: LendOptions = {}): Promise<T> {
    return this.#pool.use(work, options);
  }

  /** Does the same again, with another session if need be, when the connection broke. */
  attempt<T>(
    work: (session: FtpSession, progressed: () => void) => Promise<T>,
    { canRepeat, ...options }: AttemptOptions = {},
  ): Promise<T> {
    const trying = (progressed: () => void): Promise<T> =>
      this.use((session) => work(session, progressed), options);
    return this.#during(() =>
      retry(trying, {
        retries: this.#retries,
        isPassing: (error) => !this.#pool.isEnded && isPassing(error) && canRepeat?.() !== false,
        signals: [options.signal, this.#pool.closed],
      }),
    );
  }

  /** What the server can; asked once for all sessions. */
  async features(session: FtpSession, options: VerbOptions): Promise<FtpFeatures> {
    // Another session may be asking just now; if it gets no answer, this one may.
    const known = await orAborted(Promise.resolve(this.#features?.catch(() => undefined)), options.signal);
    if (known !== undefined) session.adoptFeatures(known);
    const asking = session.feat(options);
    this.#features = asking;
    return asking;
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
    this.#quitting ??= this.#idle().then(() => this.#pool.quit());
    return this.#quitting;
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
    this.#onIdle?.();
  }
}

function endedError(): ConnectionClosedError {
  return new ConnectionClosedError("the client was closed");
}

/** May the same succeed on another try? */
function isPassing(error: unknown): boolean {
  if (error instanceof ReplyError) {
    const { code } = error.reply as FtpReply;
    // The same user was let in before: the server may not know yet that the session before this one is gone.
    return PASSING.has(code) || /^(?:USER|PASS|ACCT)\b/.test(error.command);
  }
  return (
    error instanceof ConnectionClosedError || error instanceof TimeoutError || error instanceof ConnectError
  );
}
