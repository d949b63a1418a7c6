// The control connection of a session: connecting, TLS, and logging in (RFC 959, 4217, 7151).
import {
  CONNECT,
  connect,
  type Connection,
  ConnectionClosedError,
  cutOnAbort,
  outcomeOf,
  ReplyError,
  TimeoutError,
  TlsError,
  type TlsMode,
  type TlsOptions,
  TlsTickets,
  type Turn,
  type VerbOptions,
} from "@netcli/core-transport";
import { defaultTlsMode, logIn, loginCommands, type LoginCommands } from "./auth.ts";
import { Burst, type Asker } from "./burst.ts";
import { ftpCommand } from "./command.ts";
import { FtpDialogue } from "./dialogue.ts";
import { assertPositive, blamed, refusal } from "./errors.ts";
import type { FtpTarget } from "./options.ts";
import { assertProtected, isTooEarly } from "./protection.ts";
import type { FtpReply } from "./reply.ts";

// Commands without a data connection, once the server has let us in; all servers that were tried queue them.
const WINDOW = 32;

/** How TLS is spoken: with a server of something else, to which someone has led us, on no account (ALPN, ALPACA). */
interface SessionTls {
  readonly control: TlsOptions;
  readonly data: TlsOptions;
}

type Make<S> = (connection: Connection, target: FtpTarget, tls: SessionTls) => S;

/** One login. */
interface Login {
  readonly commands: LoginCommands;
  /** Data connections are to be protected. */
  readonly isSecure: boolean;
  readonly signal: AbortSignal | undefined;
}

// What says that a command came in the wrong order, or was no command.
const OUT_OF_STEP = new Set([500, 501, 502, 503]);

/** FtpControl is a session without its verbs for files. */
export abstract class FtpControl extends FtpDialogue {
  readonly #tls: SessionTls;
  #welcome = "";

  /** @internal */
  protected constructor(connection: Connection, target: FtpTarget, tls: SessionTls) {
    super(connection, target);
    this.#tls = tls;
  }

  /** @internal Connects, and makes the session by `make`. */
  protected static async open<S extends FtpControl>(target: FtpTarget, make: Make<S>): Promise<S> {
    const { trust, signal } = target;
    const wasTried = trust.mayTry;
    try {
      return await FtpControl.#openOnce(target, make);
    } catch (error) {
      const isLost = error instanceof ConnectionClosedError || error instanceof TimeoutError;
      // A server that does not stand what was sent ahead: nothing was done yet, and now it is asked step by step.
      if (!wasTried || trust.mayTry || !isLost || signal?.aborted === true) throw error;
      return FtpControl.#openOnce(target, make);
    }
  }

  static async #openOnce<S extends FtpControl>(target: FtpTarget, make: Make<S>): Promise<S> {
    const { signal, tls, codec, allowCcc = false } = target;
    const tickets = new TlsTickets();
    const tlsOptions = { tickets, ALPNProtocols: ["ftp"], ...target.tlsOptions };
    // Some servers refuse "ftp-data", others "ftp" there: none is what all stand.
    const dataTlsOptions = { tickets: tlsOptions.tickets, ...target.tlsOptions };
    const isRemovable = tls === "implicit" && allowCcc;
    const connection = await connect({
      ...target,
      tls: tls === "implicit" && !isRemovable ? tlsOptions : false,
      ...(codec === undefined ? {} : { decode: (bytes: Uint8Array) => codec.decode(bytes) }),
    });
    const session = make(connection, target, { control: tlsOptions, data: dataTlsOptions });
    return cutOnAbort(connection, signal, async () => {
      try {
        if (isRemovable) await connection.startTls(tlsOptions, { removable: true });
        await session.#begin();
        return session;
      } catch (error) {
        if (error instanceof ReplyError) await session.quit();
        else session.close();
        throw error;
      }
    });
  }

  async #begin(): Promise<void> {
    const { tls, user, password, account, directory, virtualHost } = this.target;
    const greeting = assertPositive(await this.pipeline.greeting(), CONNECT);
    this.#welcome = greeting.text;
    this.target.trust.meet(greeting.text);
    if (user === undefined) {
      if (tls !== undefined && (await this.#secure(tls)))
        assertProtected(await outcomeOf(this.protP()), true);
      return;
    }
    if (virtualHost !== undefined) {
      await this.#secure(tls ?? defaultTlsMode(user, this.pipeline.connection));
      await this.host(virtualHost);
    }
    await this.login(user, password, account);
    if (directory !== undefined) await this.cwd(directory);
  }

  abstract cwd(path: string, options?: VerbOptions): Promise<FtpReply>;

  /** The server's greeting, without codes. */
  get welcome(): string {
    return this.#welcome;
  }

  /**
   * Logs in, anonymously by default. A password goes out over TLS only, unless the server is on this machine or
   * `tls: "none"` was given: rejects with TlsError before it is sent. Aborted while TLS is set up, it ends the session.
   */
  async login(
    user: string = "anonymous",
    password: string = "",
    account: string = "",
    options: VerbOptions = {},
  ): Promise<FtpReply> {
    const { trust, codec, tls } = this.target;
    const { signal } = options;
    const commands = loginCommands(codec, { user, password, account });
    const isSecure = await this.#secure(tls ?? defaultTlsMode(user, this.pipeline.connection), options);
    const login: Login = { commands, isSecure, signal };
    const reply = await this.pipeline.exclusive(async (turn) => {
      const early = trust.mayTry ? await this.#logInAhead(turn, login) : undefined;
      return early ?? this.#logIn(turn, false, login);
    }, signal);
    // Some servers answer in order what comes in one packet, but not what comes while they are at work.
    this.pipeline.window = { commands: this.isSerial ? 1 : WINDOW, isBatched: trust.mode !== "full" };
    this.transfers.settings.forgetUser();
    return reply;
  }

  /** Logs in with commands that go out together. Undefined: the server did not take them so, and wants it step by step. */
  async #logInAhead(turn: Turn<FtpReply>, login: Login): Promise<FtpReply | undefined> {
    const { trust } = this.target;
    const burst = new Burst(this.pipeline, turn);
    const logging = outcomeOf(this.#logIn(burst, true, login));
    const isInStep = await burst.end();
    const { value, error } = await logging;
    if (!isInStep || (trust.isUntried && burst.length > 1 && isMisunderstood(error))) {
      trust.refuse();
      return undefined;
    }
    if (burst.isAnswered) trust.prove();
    if (value !== undefined) return value;
    if (!trust.isUntried || !burst.wasCut || this.isClosedHere) throw error;
    trust.refuse();
    throw blamed(error);
  }

  /** Protects data connections, if the control connection is, and logs in. */
  async #logIn(asker: Asker, isAhead: boolean, login: Login): Promise<FtpReply> {
    const { connection } = this.pipeline;
    const { tls } = this.target;
    const { commands, isSecure, signal } = login;
    const needsProtection = isSecure && this.transfers.protection === undefined;
    // In one packet with what follows.
    const protecting = needsProtection ? outcomeOf(this.#protect(asker, isAhead, signal)) : undefined;
    if (!isAhead) assertProtected(await protecting);
    const logging = await outcomeOf(logIn(asker, connection, { tls, isAhead }, commands, signal));
    const protection = await protecting;
    // A server that will not protect the data may leave without a word on the login that was sent along.
    if (!(logging.error instanceof ReplyError)) assertProtected(protection);
    if (logging.value === undefined) throw logging.error;
    if (isTooEarly(protection)) assertProtected(await outcomeOf(this.#protect(asker, isAhead, signal)), true);
    return logging.value;
  }

  /** Puts TLS over the control connection if the mode wants it; true if it is there. */
  async #secure(mode: TlsMode, options: VerbOptions = {}): Promise<boolean> {
    const { connection } = this.pipeline;
    if (mode === "none") return false;
    if (connection.tls !== undefined) return true;
    try {
      await this.#startTls(options);
      return true;
    } catch (cause) {
      if (!(cause instanceof ReplyError)) throw cause;
      if (mode === "opportunistic") return false;
      throw new TlsError(`${cause.message}; nothing secret was sent`, { cause });
    }
  }

  /**
   * Puts TLS over the control connection and protects data connections too (RFC 4217 4, 9). Aborted midway, it ends
   * the session.
   */
  async authTls(options: VerbOptions = {}): Promise<void> {
    await this.#startTls(options);
    await this.protP(options);
  }

  #startTls({ signal }: VerbOptions): Promise<void> {
    const { connection } = this.pipeline;
    const command = ftpCommand("AUTH", "TLS");
    const upgrade = async (turn: Turn<FtpReply>): Promise<void> => {
      const reply = await turn.command(command);
      if (reply.code !== 234) throw refusal(reply, command);
      await connection.startTls(this.#tls.control, { removable: this.target.allowCcc });
    };
    return this.pipeline.exclusive((turn) => cutOnAbort(connection, signal, () => upgrade(turn)), signal);
  }

  /** Protects data connections (RFC 2228 PBSZ, PROT); needs TLS on the control connection. */
  async protP({ signal }: VerbOptions = {}): Promise<void> {
    return this.pipeline.exclusive((turn) => this.#protect(turn, !this.isSerial, signal), signal);
  }

  async #protect(asker: Asker, isAhead: boolean, signal: AbortSignal | undefined): Promise<void> {
    const size = ftpCommand("PBSZ", "0");
    const protection = ftpCommand("PROT", "P");
    const sized = asker.command(size, { signal });
    if (!isAhead) assertPositive(await sized, size);
    const protecting = asker.command(protection, { signal });
    protecting.catch(() => undefined);
    assertPositive(await sized, size);
    assertPositive(await protecting, protection);
    this.transfers.protection = this.#tls.data;
  }

  /** Leaves data connections unprotected: what is transferred can be read and changed on the way. */
  async protC({ signal }: VerbOptions = {}): Promise<void> {
    const command = ftpCommand("PROT", "C");
    await this.pipeline.exclusive(async (turn) => {
      assertPositive(await turn.command(command, { signal }), command);
      this.transfers.protection = undefined;
    }, signal);
  }

  /**
   * Speaks in clear again on the control connection, for routers that have to read along; data connections stay
   * protected (RFC 4217 12.3). Needs `allowCcc`. Aborted midway, it ends the session.
   */
  async ccc({ signal }: VerbOptions = {}): Promise<void> {
    const { connection } = this.pipeline;
    const command = ftpCommand("CCC");
    const clear = (turn: Turn<FtpReply>): Promise<void> =>
      connection.endTls(async () => {
        const reply = await turn.command(command);
        if (reply.code < 200 || reply.code > 299) throw refusal(reply, command);
      });
    await this.pipeline.exclusive((turn) => cutOnAbort(connection, signal, () => clear(turn)), signal);
  }

  /** Names the server that is meant, where one address has several; before `login` (RFC 7151). */
  host(name: string, options: VerbOptions = {}): Promise<FtpReply> {
    return this.voidCmd(`HOST ${name}`, options);
  }
}

/** Has the server taken a password that was sent ahead for something else? */
function isMisunderstood(error: Error | undefined): boolean {
  if (!(error instanceof ReplyError)) return false;
  const { code } = error.reply as FtpReply;
  return error.command.startsWith("PASS") && OUT_OF_STEP.has(code);
}
