// What an application does with an SMTP or LMTP server: it sends mails, over one session or several.
import { anySignal, type VerbOptions } from "@netcli/core-transport";
import { address, release, type Addressed, type Mail } from "./mail.ts";
import { resolveOptions, type SmtpTarget } from "./options.ts";
import { Rate } from "./rate.ts";
import type { SendResult } from "./result.ts";
import type { SmtpSession } from "./session.ts";
import { SmtpSessions, type SmtpClientOptions } from "./sessions.ts";

/**
 * SmtpClient sends mails over one or more sessions with a server. Calls at the same time are safe: they share the
 * sessions, and wait when there are none. A mail whose connection broke before anything of the message was sent is
 * tried again (`retries`).
 */
export class SmtpClient {
  readonly #sessions: SmtpSessions;
  readonly #rate: Rate | undefined;
  readonly #isShared: boolean;

  /** @internal */
  protected constructor(sessions: SmtpSessions, rate: Rate | undefined, isShared: boolean) {
    this.#sessions = sessions;
    this.#rate = rate;
    this.#isShared = isShared;
  }

  /**
   * Connects, sets TLS up and logs in. Rejects with ConnectError, TlsError, TimeoutError, ReplyError (greeting or login
   * refused), NotSupportedError (no mechanism to log in with) or ArgumentError.
   */
  static async connect(options: string | URL | SmtpClientOptions): Promise<SmtpClient> {
    return new SmtpClient(...(await open(resolveOptions(options), options)));
  }

  /**
   * Sends a mail. Resolves if one recipient at least gets it: the result says what became of each. Rejects with
   * SendError if nobody does or nobody knows, with ArgumentError or NotSupportedError before anything was sent, with
   * the error of connecting, or with the signal's reason.
   */
  async send(mail: Mail): Promise<SendResult> {
    return this.#sessions.task(async () => {
      mail.signal?.throwIfAborted();
      const addressed = await address(mail);
      try {
        await this.#rate?.pass(anySignal(mail.signal, this.#sessions.closed));
        return await this.#attempt(mail, addressed);
      } finally {
        release(addressed.content);
      }
    });
  }

  #attempt(mail: Mail, { from, to, content }: Addressed): Promise<SendResult> {
    const { from: _from, to: _to, message: _message, ...options } = mail;
    const work = async (session: SmtpSession, progressed: () => void): Promise<SendResult> => {
      try {
        return await session.transact({ from, to, content }, options);
      } catch (error) {
        // A server that takes so many messages in a session, and then ends it, is not broken.
        if (session.taken > 0) progressed();
        throw error;
      }
    };
    return this.#sessions.attempt(work, { signal: mail.signal, isShared: this.#isShared });
  }

  /** Lends a session for its verbs, for as long as the work lasts; no message is sent over it meanwhile. */
  use<T>(work: (session: SmtpSession) => Promise<T>, options: VerbOptions = {}): Promise<T> {
    const lend = async (session: SmtpSession): Promise<T> => {
      try {
        return await work(session);
      } finally {
        // A message of somebody else must not become a part of this one.
        if (session.isMidway && session.isOpen) await session.rset().catch(() => session.quit());
      }
    };
    return this.#sessions.task(() => this.#sessions.use(lend, options));
  }

  /** Says goodbye and closes, when the mails that were begun have been sent. Never rejects. */
  quit(): Promise<void> {
    return this.#sessions.quit();
  }

  /** Closes at once. What is under way rejects. */
  close(): void {
    this.#sessions.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.quit();
  }
}

/** LmtpClient hands mails over to a server that delivers them itself (RFC 2033): it answers for each recipient. */
export class LmtpClient extends SmtpClient {
  /** As SmtpClient's; a Unix socket is given by `path`. */
  static override async connect(options: string | URL | SmtpClientOptions): Promise<LmtpClient> {
    const given = isUrl(options) ? options : { ...options, protocol: "lmtp" as const };
    return new LmtpClient(...(await open(lmtpTarget(given), given)));
  }
}

function lmtpTarget(given: string | URL | SmtpClientOptions): SmtpTarget {
  const target = resolveOptions(given);
  return { ...target, settings: { ...target.settings, protocol: "lmtp" } };
}

type ClientParts = [sessions: SmtpSessions, rate: Rate | undefined, isShared: boolean];

async function open(target: SmtpTarget, given: string | URL | SmtpClientOptions): Promise<ClientParts> {
  const options = isUrl(given) ? {} : given;
  const rate = options.rate && new Rate(options.rate);
  return [await SmtpSessions.connect(target, options), rate, target.settings.pipelining === "full"];
}

function isUrl(options: string | URL | SmtpClientOptions): options is string | URL {
  return typeof options === "string" || options instanceof URL;
}

/** Connects, sends one mail, and says goodbye. Resolves and rejects as `SmtpClient.connect` and `send` do. */
export async function send(options: string | URL | SmtpClientOptions, mail: Mail): Promise<SendResult> {
  const client = await SmtpClient.connect(options);
  try {
    return await client.send(mail);
  } finally {
    await client.quit();
  }
}
