// One FTP connection, one method per verb under the names of Python's ftplib (RFC 959, 2428, 3659, 4217).
import {
  connect,
  ReplyError,
  ReplyPipeline,
  TlsError,
  TlsTickets,
  type CommandLine,
  type Connection,
  type TlsMode,
  type TlsOptions,
  type Turn,
} from "@netcli/core-transport";
import { assertCredentials, defaultTlsMode, logIn } from "./auth.ts";
import { pour, type ByteTaker } from "./byte-taker.ts";
import { ftpCommand, rawCommand } from "./command.ts";
import { assertPositive, CONNECT, refusal } from "./errors.ts";
import { resolveOptions, type FtpOptions, type FtpTarget } from "./options.ts";
import { parseQuotedPath } from "./path.ts";
import { ftpGrammar, type FtpReply } from "./reply.ts";
import { Transfers, type TransferOptions } from "./transfer.ts";

/** What any verb can be given. */
export interface VerbOptions {
  /** Gives up with the signal's reason. The session stays usable. */
  signal?: AbortSignal | undefined;
}

/** What a transfer came to. */
export interface TransferResult {
  /** Bytes moved. */
  readonly bytes: number;
  /** The server's final reply. */
  readonly reply: FtpReply;
}

/** FtpSession is one control connection. Calls wait their turn. A reply that says no rejects with ReplyError. */
export class FtpSession {
  readonly #pipeline: ReplyPipeline<FtpReply>;
  readonly #options: FtpTarget;
  readonly #tlsOptions: TlsOptions;
  readonly #transfers: Transfers;
  #welcome = "";
  #quitting: Promise<void> | undefined;

  private constructor(connection: Connection, options: FtpTarget, tlsOptions: TlsOptions) {
    this.#pipeline = new ReplyPipeline(connection, ftpGrammar);
    // RFC 959 has no pipelining.
    this.#pipeline.window = { commands: 1 };
    this.#options = options;
    this.#tlsOptions = tlsOptions;
    this.#transfers = new Transfers(this.#pipeline, options);
  }

  /**
   * Connects and reads the greeting; with a user in options or URL also sets TLS up, logs in and enters the
   * directory. Rejects with ConnectError, TlsError, TimeoutError, ReplyError or ArgumentError.
   */
  static async connect(options: string | URL | FtpOptions): Promise<FtpSession> {
    const target = resolveOptions(options);
    const { signal, tls, user, password, account, directory } = target;
    const tlsOptions = { tickets: new TlsTickets(), ...target.tlsOptions };
    const connection = await connect({ ...target, tls: tls === "implicit" ? tlsOptions : false });
    const session = new FtpSession(connection, target, tlsOptions);
    return cutOnAbort(connection, signal, async () => {
      try {
        await session.#greet();
        if (user !== undefined) await session.login(user, password, account);
        else if (tls !== undefined) await session.#secure(tls);
        if (user !== undefined && directory !== undefined) await session.cwd(directory);
        return session;
      } catch (error) {
        if (error instanceof ReplyError) await session.quit();
        else session.close();
        throw error;
      }
    });
  }

  async #greet(): Promise<void> {
    const reply = await this.#pipeline.greeting();
    assertPositive(reply, CONNECT);
    this.#welcome = reply.text;
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
    const { connection } = this.#pipeline;
    const { tls } = this.#options;
    const { signal } = options;
    assertCredentials({ user, password, account });
    await this.#secure(tls ?? defaultTlsMode(user, connection), options);
    return this.#pipeline.exclusive(
      (turn) => logIn(turn, connection, tls, { user, password, account }, signal),
      signal,
    );
  }

  /** Brings the session to where the mode wants it; once there, does nothing. */
  async #secure(mode: TlsMode, options: VerbOptions = {}): Promise<void> {
    const { connection } = this.#pipeline;
    if (mode === "none" || this.#transfers.protection !== undefined) return;
    try {
      // It is there already with implicit TLS, and after an attempt that got no further.
      if (connection.tls === undefined) await this.#startTls(options);
      await this.#protectData(options);
    } catch (cause) {
      if (!(cause instanceof ReplyError)) throw cause;
      if (mode === "opportunistic" && connection.tls === undefined) return;
      throw new TlsError(`${cause.message}; nothing secret was sent`, { cause });
    }
  }

  /**
   * Puts TLS over the control connection and protects data connections too (RFC 4217 4, 9). Aborted midway, it ends
   * the session.
   */
  async authTls(options: VerbOptions = {}): Promise<void> {
    await this.#startTls(options);
    await this.#protectData(options);
  }

  #startTls({ signal }: VerbOptions): Promise<void> {
    const { connection } = this.#pipeline;
    const command = ftpCommand("AUTH", "TLS");
    const upgrade = async (turn: Turn<FtpReply>): Promise<void> => {
      const reply = await turn.command(command);
      if (reply.code !== 234) throw refusal(reply, command);
      await connection.startTls(this.#tlsOptions);
    };
    return this.#pipeline.exclusive((turn) => cutOnAbort(connection, signal, () => upgrade(turn)), signal);
  }

  async #protectData(options: VerbOptions): Promise<void> {
    await this.voidCmd("PBSZ 0", options);
    await this.voidCmd("PROT P", options);
    this.#transfers.protection = this.#tlsOptions;
  }

  /** Sends any command and resolves to its reply, whatever the code. Not for commands with a data connection. */
  async sendCmd(line: string, options: VerbOptions = {}): Promise<FtpReply> {
    return this.#pipeline.command(rawCommand(line), options);
  }

  /** Sends any command that is answered with 2yz. */
  async voidCmd(line: string, options: VerbOptions = {}): Promise<FtpReply> {
    return this.#expect(rawCommand(line), options, 200, 299);
  }

  async #expect(
    command: CommandLine,
    options: VerbOptions,
    from: number,
    to: number = from,
  ): Promise<FtpReply> {
    const reply = await this.#pipeline.command(command, options);
    if (reply.code < from || reply.code > to) throw refusal(reply, command);
    return reply;
  }

  /** The current directory. */
  async pwd(options: VerbOptions = {}): Promise<string> {
    return parseQuotedPath((await this.#expect(ftpCommand("PWD"), options, 257)).text);
  }

  /** Changes the directory; `..` goes up with CDUP where the server knows it. */
  async cwd(path: string, options: VerbOptions = {}): Promise<FtpReply> {
    if (path === "..") {
      const command = ftpCommand("CDUP");
      const reply = await this.#pipeline.command(command, options);
      if (reply.code !== 500 && reply.code !== 502) return assertPositive(reply, command);
    }
    return this.#expect(ftpCommand("CWD", path === "" ? "." : path), options, 200, 299);
  }

  /** Size of a file in bytes as it would be transferred (RFC 3659 4); undefined if the server does not tell. */
  async size(path: string, options: VerbOptions = {}): Promise<number | undefined> {
    const command = ftpCommand("SIZE", path);
    return this.#pipeline.exclusive(async (turn) => {
      // In type A some servers refuse, others count every line once more.
      await this.#transfers.useBinary(turn, options.signal);
      const reply = assertPositive(await turn.command(command, options), command);
      const size = reply.code === 213 && /^\s*\d+\s*$/.test(reply.text) ? Number(reply.text) : undefined;
      return Number.isSafeInteger(size) ? size : undefined;
    }, options.signal);
  }

  /**
   * Retrieves a file in binary with a whole command, "RETR name", as ftplib's retrbinary does. Resolves when the
   * server has said that all was sent and `taker` has it all.
   */
  async retrBinary(
    command: string,
    taker: ByteTaker,
    options: TransferOptions = {},
  ): Promise<TransferResult> {
    const { result, reply } = await this.#transfers.run(
      rawCommand(command),
      (data, gaveUp) => pour(data, taker, gaveUp),
      options,
    );
    return { bytes: result, reply };
  }

  /** @internal Retrieves a file over a data connection that `move` reads. */
  async retrieve<T>(
    path: string,
    move: (data: Connection) => Promise<T>,
    options: TransferOptions,
  ): Promise<{ result: T; reply: FtpReply }> {
    return this.#transfers.run(ftpCommand("RETR", path), move, options);
  }

  /** Does nothing, and shows that the server is there. */
  noop(options: VerbOptions = {}): Promise<FtpReply> {
    return this.voidCmd("NOOP", options);
  }

  /** Says QUIT when all before it is done, waits up to `timeouts.close` for the answer, and closes. Never rejects. */
  quit(): Promise<void> {
    this.#quitting ??= this.#quit();
    return this.#quitting;
  }

  async #quit(): Promise<void> {
    const { connection, error } = this.#pipeline;
    if (error === undefined) {
      const timeout = connection.timeouts.close;
      await this.#pipeline.command(ftpCommand("QUIT"), { timeout }).catch(() => undefined);
    }
    await connection.close();
  }

  /** Closes at once. What is under way rejects. */
  close(): void {
    this.#pipeline.connection.destroy();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.quit();
  }
}

/** Does what cannot be left halfway: an abort cuts the connection. Rejects then with the signal's reason. */
async function cutOnAbort<T>(
  connection: Connection,
  signal: AbortSignal | undefined,
  work: () => Promise<T>,
): Promise<T> {
  const cut = (): void => connection.destroy(signal?.reason as Error);
  signal?.addEventListener("abort", cut, { once: true });
  try {
    return await work();
  } catch (error) {
    throw signal?.aborted === true ? signal.reason : error;
  } finally {
    signal?.removeEventListener("abort", cut);
  }
}
