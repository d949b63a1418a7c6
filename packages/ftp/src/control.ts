// The control connection of a session: connecting, TLS, logging in, and commands as such (RFC 959, 4217, 7151).
import {
  connect,
  printable,
  ReplyError,
  ReplyPipeline,
  TlsError,
  TlsTickets,
  type CommandLine,
  type Connection,
  type TlsMode,
  type TlsOptions,
  type Trace,
  type Turn,
} from "@netcli/core-transport";
import { cutOnAbort, orAborted } from "./abort.ts";
import { defaultTlsMode, logIn, loginCommands } from "./auth.ts";
import { FtpCommands, ftpCommand } from "./command.ts";
import { assertPositive, CONNECT, refusal } from "./errors.ts";
import type { FtpTarget } from "./options.ts";
import { assertProtected, isTooEarly, settle } from "./protection.ts";
import { ftpGrammar, type FtpReply } from "./reply.ts";
import { Transfers } from "./transfer.ts";

/** What any verb can be given. */
export interface VerbOptions {
  /** Gives up with the signal's reason. The session stays usable. */
  signal?: AbortSignal | undefined;
}

// Commands without a data connection, once the server has let us in; all servers that were tried queue them.
const WINDOW = 16;

/** FtpControl is a session without its verbs for files. */
export abstract class FtpControl {
  /** @internal */
  protected readonly pipeline: ReplyPipeline<FtpReply>;
  /** @internal */
  protected readonly transfers: Transfers;
  /** @internal */
  protected readonly commands: FtpCommands;
  readonly #options: FtpTarget;
  readonly #tlsOptions: TlsOptions;
  #welcome = "";
  #quitting: Promise<void> | undefined;

  /** @internal */
  protected constructor(connection: Connection, options: FtpTarget, tlsOptions: TlsOptions) {
    this.pipeline = new ReplyPipeline(connection, ftpGrammar);
    // Nothing is sent ahead before we are in: a server may refuse us with one reply and close.
    this.pipeline.window = { commands: 1 };
    this.#options = options;
    this.#tlsOptions = tlsOptions;
    this.transfers = new Transfers(this.pipeline, options);
    this.commands = new FtpCommands(options.codec);
  }

  /** @internal Connects, and makes the session by `make`. */
  protected static async open<S extends FtpControl>(
    target: FtpTarget,
    make: (connection: Connection, target: FtpTarget, tlsOptions: TlsOptions) => S,
  ): Promise<S> {
    const { signal, tls, codec } = target;
    const tlsOptions = { tickets: new TlsTickets(), ...target.tlsOptions };
    const connection = await connect({
      ...target,
      tls: tls === "implicit" ? tlsOptions : false,
      ...(codec === undefined ? {} : { decode: (bytes: Uint8Array) => codec.decode(bytes) }),
    });
    const session = make(connection, target, tlsOptions);
    return cutOnAbort(connection, signal, async () => {
      try {
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
    const { tls, user, password, account, directory, virtualHost } = this.#options;
    const greeting = assertPositive(await this.pipeline.greeting(), CONNECT);
    this.#welcome = greeting.text;
    if (user === undefined) {
      if (tls !== undefined && (await this.#secure(tls))) assertProtected(await settle(this.protP()), true);
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

  /** @internal Makes text of the bytes of names. */
  protected get decode(): ((bytes: Uint8Array) => string) | undefined {
    const { codec } = this.#options;
    return codec && ((bytes) => codec.decode(bytes));
  }

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
    const { connection } = this.pipeline;
    const { tls, pipelining, codec } = this.#options;
    const { signal } = options;
    const commands = loginCommands(codec, { user, password, account });
    const isSecure = await this.#secure(tls ?? defaultTlsMode(user, connection), options);
    const isAhead = pipelining !== "off";
    const reply = await this.pipeline.exclusive(async (turn) => {
      const needsProtection = isSecure && this.transfers.protection === undefined;
      // In one packet with what follows.
      const protecting = needsProtection ? settle(this.#protect(turn, signal)) : undefined;
      if (!isAhead) assertProtected(await protecting);
      const logging = await settle(logIn(turn, connection, { tls, isAhead }, commands, signal));
      const protection = await protecting;
      // A server that will not protect the data may leave without a word on the login that was sent along.
      if (!(logging.error instanceof ReplyError)) assertProtected(protection);
      if (logging.value === undefined) throw logging.error;
      if (isTooEarly(protection)) assertProtected(await settle(this.#protect(turn, signal)), true);
      return logging.value;
    }, signal);
    if (isAhead) this.pipeline.window = { commands: WINDOW };
    // Some servers go back to text, others do not.
    if (!this.transfers.isOfType("A")) this.transfers.forgetType();
    return reply;
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
      await connection.startTls(this.#tlsOptions);
    };
    return this.pipeline.exclusive((turn) => cutOnAbort(connection, signal, () => upgrade(turn)), signal);
  }

  /** Protects data connections (RFC 2228 PBSZ, PROT); needs TLS on the control connection. */
  async protP({ signal }: VerbOptions = {}): Promise<void> {
    return this.pipeline.exclusive((turn) => this.#protect(turn, signal), signal);
  }

  async #protect(turn: Turn<FtpReply>, signal: AbortSignal | undefined): Promise<void> {
    const size = ftpCommand("PBSZ", "0");
    const protection = ftpCommand("PROT", "P");
    const sized = turn.command(size, { signal });
    if (this.#options.pipelining === "off") assertPositive(await sized, size);
    const protecting = turn.command(protection, { signal });
    protecting.catch(() => undefined);
    assertPositive(await sized, size);
    assertPositive(await protecting, protection);
    this.transfers.protection = this.#tlsOptions;
  }

  /** Leaves data connections unprotected: what is transferred can be read and changed on the way. */
  async protC({ signal }: VerbOptions = {}): Promise<void> {
    const command = ftpCommand("PROT", "C");
    await this.pipeline.exclusive(async (turn) => {
      assertPositive(await turn.command(command, { signal }), command);
      this.transfers.protection = undefined;
    }, signal);
  }

  /** @internal Sends a command in its turn, without pipelining when the one before is answered. */
  protected async ask(command: CommandLine, { signal }: VerbOptions): Promise<FtpReply> {
    if (this.#options.pipelining !== "off") return this.pipeline.command(command, { signal });
    return new Promise((resolve, reject) => {
      const task = async (turn: Turn<FtpReply>): Promise<void> => {
        const replying = turn.command(command);
        orAborted(replying, signal).then(resolve, reject);
        // Who has given up is told, but the next one waits.
        await replying;
      };
      this.pipeline.exclusive(task, signal).catch(reject);
    });
  }

  /** Sends any command and resolves to its reply, whatever the code. Not for commands with a data connection. */
  async sendCmd(line: string, options: VerbOptions = {}): Promise<FtpReply> {
    const command = this.commands.raw(line);
    try {
      return await this.ask(command, options);
    } finally {
      if (/^(?:TYPE|REIN)\b/i.test(line)) this.transfers.forgetType();
    }
  }

  /** Sends any command that is answered with 2yz. */
  async voidCmd(line: string, options: VerbOptions = {}): Promise<FtpReply> {
    const reply = await this.sendCmd(line, options);
    if (reply.code < 200 || reply.code > 299) throw refusal(reply, this.commands.raw(line));
    return reply;
  }

  /** @internal Sends a command that is answered with one of these codes, else rejects with ReplyError. */
  protected async expect(
    command: CommandLine,
    options: VerbOptions,
    from: number = 200,
    to: number = from === 200 ? 299 : from,
  ): Promise<FtpReply> {
    const reply = await this.ask(command, options);
    if (reply.code < from || reply.code > to) throw refusal(reply, command);
    return reply;
  }

  /** Names the server that is meant, where one address has several; before `login` (RFC 7151). */
  host(name: string, options: VerbOptions = {}): Promise<FtpReply> {
    return this.voidCmd(`HOST ${name}`, options);
  }

  /** Does nothing, and shows that the server is there. */
  noop(options: VerbOptions = {}): Promise<FtpReply> {
    return this.voidCmd("NOOP", options);
  }

  /** 0: silent. 1 and more: each line of the dialogue goes to the console, secrets replaced. */
  setDebugLevel(level: number): void {
    const { trace } = this.#options;
    const show: Trace = (event) => {
      trace?.(event);
      const { kind, text } = event;
      if (kind !== "event") console.error(`*${kind === "sent" ? "cmd" : "resp"}* ${printable(text)}`);
    };
    this.pipeline.connection.trace = level > 0 ? show : trace;
  }

  /** Says QUIT when all before it is done, waits up to `timeouts.close` for the answer, and closes. Never rejects. */
  quit(): Promise<void> {
    this.#quitting ??= this.#quit();
    return this.#quitting;
  }

  async #quit(): Promise<void> {
    const { connection, error } = this.pipeline;
    if (error === undefined) {
      const timeout = connection.timeouts.close;
      await this.pipeline.command(ftpCommand("QUIT"), { timeout }).catch(() => undefined);
    }
    await connection.close();
  }

  /** Closes at once. What is under way rejects. */
  close(): void {
    this.pipeline.connection.destroy();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.quit();
  }
}
