// The sessions of one client: logged in alike, lent to messages, replaced when they break or have done enough.
import {
  ArgumentError,
  ConnectError,
  ConnectionClosedError,
  ReplyError,
  Sessions,
  TimeoutError,
  TlsTickets,
  type SessionsOptions,
} from "@netcli/core-transport";
import { SendError } from "./errors.ts";
import type { SmtpOptions, SmtpTarget } from "./options.ts";
import { SmtpSession } from "./session.ts";
import type { RateLimit } from "./rate.ts";

/** What a client can be given. */
export interface SmtpClientOptions extends SmtpOptions, SessionsOptions {
  /** After so many messages a session is replaced by a new one. Default 100; a server may say less (RFC 9422). */
  messagesPerSession?: number | undefined;
  /** Milliseconds after which a session is replaced by a new one. Default: none. */
  sessionAge?: number | undefined;
  /** Milliseconds without work after which a session is ended. Default 60,000. */
  idleTime?: number | undefined;
  /** How many messages are sent in a stretch of time; others wait. Default: as many as there are. */
  rate?: RateLimit | undefined;
}

// As nodemailer, and what servers commonly count in hundreds.
const MESSAGES = 100;

// Servers wait for five minutes (RFC 5321 4.5.3.2.7), routers in between for less.
const IDLE_MILLISECONDS = 60_000;

// What Node's timers can count.
const LONGEST_MILLISECONDS = 2_147_483_647;

// How many messages share a session where the next one's envelope may follow this one's content.
const DEPTH = 4;

/** SmtpSessions lends the sessions of a client. */
export class SmtpSessions extends Sessions<SmtpSession> {
  private constructor(target: SmtpTarget, options: SmtpClientOptions) {
    const { messagesPerSession = MESSAGES, sessionAge = Infinity, idleTime = IDLE_MILLISECONDS } = options;
    for (const [name, value] of Object.entries({ messagesPerSession, sessionAge, idleTime })) {
      if (!(value > 0)) throw new ArgumentError(`${name} must be a number above 0, not ${value}`);
    }
    super(options, {
      depth: target.settings.pipelining === "full" ? DEPTH : 1,
      // A signal given to `connect` is for connecting.
      open: (signal) => SmtpSession.openFor({ ...target, signal }, true),
      isPassing,
      isSpent: ({ messages, extensions, openedAt }) => {
        const most = Math.min(messagesPerSession, extensions.limits.get("MAILMAX") ?? Infinity);
        // One that has done nothing is as good as the next one.
        return messages > 0 && (messages >= most || performance.now() - openedAt >= sessionAge);
      },
      idleTime: idleTime > LONGEST_MILLISECONDS ? Infinity : idleTime,
    });
  }

  /** Opens the first one. Throws ArgumentError before. */
  static async connect(target: SmtpTarget, options: SmtpClientOptions): Promise<SmtpSessions> {
    // What one session has agreed on with the server saves the next one a part of the handshake.
    const shared = { ...target, tickets: new TlsTickets() };
    const sessions = new SmtpSessions(shared, options);
    sessions.add(await SmtpSession.openFor(shared, true));
    return sessions;
  }
}

/** May the same succeed on another try, without the message being delivered twice? */
function isPassing(error: unknown): boolean {
  if (error instanceof SendError) {
    return error.phase !== "message" && !error.mayHaveBeenSent && isLost(error.cause);
  }
  // A server that is busy says so as soon as we come.
  if (error instanceof ReplyError) return error.isTemporary && error.command === "connect";
  return isLost(error);
}

function isLost(error: unknown): boolean {
  return (
    error instanceof ConnectionClosedError || error instanceof TimeoutError || error instanceof ConnectError
  );
}
