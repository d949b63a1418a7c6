// The sessions of one client: logged in alike, lent to tasks, replaced when they break.
import {
  ConnectError,
  ConnectionClosedError,
  orAborted,
  ReplyError,
  Sessions,
  TimeoutError,
  type SessionsOptions,
  type VerbOptions,
} from "@netcli/core-transport";
import type { FtpFeatures } from "./features.ts";
import { resolveOptions, type FtpOptions, type FtpTarget } from "./options.ts";
import type { FtpReply } from "./reply.ts";
import { FtpSession } from "./session.ts";

/** What a client can be given. */
export interface FtpClientOptions extends FtpOptions, SessionsOptions {}

// How many short tasks share a session, where commands may be sent ahead: so many files are transferred in a row, and then
// measured and named together.
const DEPTH = 6;

// Other temporary refusals are for good: the disk is full (452).
const PASSING = new Set([421, 425, 426, 450, 451]);

/** FtpSessions lends the sessions of a client. */
export class FtpSessions extends Sessions<FtpSession> {
  #features: Promise<FtpFeatures> | undefined;
  // Where a login leads to.
  #home: string | undefined;

  private constructor(target: FtpTarget, options: SessionsOptions) {
    super(options, {
      depth: target.pipelining === "off" ? 1 : DEPTH,
      // A signal given to `connect` is for connecting.
      open: (signal) => FtpSession.connect({ ...target, signal }),
      isPassing,
    });
  }

  /** Opens the first one. */
  static async connect(given: string | URL | FtpClientOptions): Promise<FtpSessions> {
    const resolved = resolveOptions(given);
    const target = { ...resolved, user: resolved.user ?? "anonymous" };
    const options = typeof given === "string" || given instanceof URL ? {} : given;
    const sessions = new FtpSessions(target, options);
    sessions.add(await FtpSession.connect(target));
    return sessions;
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

  /** What the server can; asked once for all sessions. */
  async features(session: FtpSession, options: VerbOptions): Promise<FtpFeatures> {
    // Another session may be asking just now; if it gets no answer, this one may.
    const known = await orAborted(Promise.resolve(this.#features?.catch(() => undefined)), options.signal);
    if (known !== undefined) session.adoptFeatures(known);
    const asking = session.feat(options);
    this.#features = asking;
    return asking;
  }
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
