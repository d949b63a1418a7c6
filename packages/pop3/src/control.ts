// The dialogue of a session: connecting, CAPA, TLS and logging in (RFC 1939 4, RFC 2449, RFC 2595 4, RFC 5034).
import {
  assertArgument,
  CONNECT,
  connect,
  cutOnAbort,
  Dialogue,
  LimitError,
  NotSupportedError,
  ProtocolError,
  startTlsOptions,
  TlsError,
  type BlockReply,
  type Body,
  type CommandLine,
  type CommandOptions,
  type Connection,
  type TlsMode,
  type Turn,
  type VerbOptions,
} from "@netcli/core-transport";
import { hasCredentials, type LoginOptions, type Mechanism, type Secret } from "@netcli/sasl";
import { logIn, logInByApop, logInBySasl, timestampOf } from "./auth.ts";
import { Pop3Capabilities } from "./capabilities.ts";
import { pop3Command } from "./command.ts";
import { assertOk, Pop3ReplyError } from "./errors.ts";
import type { Pop3Target } from "./options.ts";
import { pop3Grammar, type Pop3Reply } from "./reply.ts";

// Measured on Dovecot at 40 ms: 64 messages in flight are nearly as fast as all of them, 16 take twice as long.
const WINDOW = { commands: 128, blocks: 64 };

const CAPA = pop3Command("CAPA");

/** Pop3Control is a session that can be opened, and be logged in to. */
export abstract class Pop3Control extends Dialogue<Pop3Reply> {
  // It holds the password: who prints a session is not to see it.
  readonly #target: Pop3Target;
  #welcome = "";
  #capabilities: Pop3Capabilities = new Pop3Capabilities();
  #isAsked = false;

  /** @internal */
  protected constructor(connection: Connection, target: Pop3Target) {
    const { trace, signal } = target;
    super(connection, { grammar: pop3Grammar, quit: pop3Command("QUIT"), trace, signal });
    this.#target = target;
  }

  /** @internal Connects; with credentials also sets TLS up and logs in. */
  protected static async open<S extends Pop3Control>(
    target: Pop3Target,
    make: (connection: Connection, target: Pop3Target) => S,
  ): Promise<S> {
    const { tls, tlsOptions = {} } = target;
    const connection = await connect({ ...target, tls: tls === "implicit" ? tlsOptions : false });
    const session = make(connection, target);
    await session.begin(() => session.#begin());
    return session;
  }

  async #begin(): Promise<void> {
    const { tls } = this.#target;
    const greeting = assertOk(await this.pipeline.greeting(), CONNECT);
    this.#welcome = greeting.text;
    if (tls === "starttls" || tls === "opportunistic" || hasCredentials(this.#target)) await this.#prepare();
  }

  async #prepare(): Promise<void> {
    const { connection } = this.pipeline;
    const target = this.#target;
    await this.#inTurn((turn) => this.#learnIfNeeded(turn), undefined);
    const mode = target.tls ?? (connection.confidential ? "opportunistic" : "starttls");
    if (mode !== "none" && connection.tls === undefined) await this.#secure(mode);
    if (!hasCredentials(target)) return;
    if (target.utf8 === true && this.#capabilities.has("UTF8")) await this.utf8();
    await this.#logIn(target, {});
  }

  /** Puts TLS over the connection, if the server can or it has to be. */
  async #secure(mode: TlsMode): Promise<void> {
    const { host } = this.pipeline.connection;
    // A server that knows no CAPA may know STLS.
    if (mode === "opportunistic" && !this.#capabilities.has("STLS")) return;
    try {
      await this.stls();
    } catch (cause) {
      if (!(cause instanceof Pop3ReplyError)) throw cause;
      if (mode === "opportunistic") return;
      throw new TlsError(
        `${host} refuses STLS, and no password was sent; does this port want tls: "implicit"? tls: "none" would go on in clear`,
        { cause },
      );
    }
    await this.#inTurn((turn) => this.#learnIfNeeded(turn), undefined);
  }

  protected get isSerial(): boolean {
    return this.#target.pipelining === "off" || !this.#capabilities.has("PIPELINING");
  }

  /** The server's greeting, without "+OK". */
  get welcome(): string {
    return this.#welcome;
  }

  /** What the server has said to CAPA; empty before that, and behind STLS until it is asked again. */
  get capabilities(): Pop3Capabilities {
    return this.#capabilities;
  }

  /** @internal Sends a command that may bring a block. Rejects with Pop3ReplyError. */
  protected async askBlock(
    command: CommandLine,
    { expectedBytes, ...options }: CommandOptions<Pop3Reply> & { expectedBytes?: number | undefined },
  ): Promise<BlockReply<Pop3Reply> & { block: NonNullable<BlockReply<Pop3Reply>["block"]> }> {
    const { reply, block } = await this.pipeline.block(command, {
      ...options,
      hasBlock: ({ isOk }) => isOk,
      expectedBytes,
    });
    if (block === undefined) throw new Pop3ReplyError(reply, command);
    return { reply, block };
  }

  /** @internal What is made of the lines of a block. Rejects with LimitError for more than `most`. */
  protected async askRows<R>(
    command: CommandLine,
    parse: (line: string) => R,
    most: number,
    options: VerbOptions,
  ): Promise<R[]> {
    const { block } = await this.askBlock(command, options);
    return this.#rowsOf(block, command, parse, most);
  }

  async #rowsOf<R>(
    block: Body,
    command: CommandLine,
    parse: (line: string) => R,
    most: number,
  ): Promise<R[]> {
    const rows: R[] = [];
    try {
      for await (const lines of block.lineBatches()) {
        for (const line of lines) if (line !== "") rows.push(parse(line));
        if (rows.length > most) {
          throw new LimitError(
            `the server answered "${command.shown}" with more than ${most} lines`,
            "replyLines",
          );
        }
      }
      return rows;
    } catch (error) {
      // The rest of the answer is of no use to anybody.
      this.pipeline.connection.destroy(error as Error);
      throw error;
    }
  }

  /** @internal Sends a command. Rejects with Pop3ReplyError. */
  protected async expect(command: CommandLine, options: VerbOptions): Promise<Pop3Reply> {
    return assertOk(await this.pipeline.command(command, options), command);
  }

  /** Learns what the server can (RFC 2449), which may be more behind STLS and the login. */
  async capa(options: VerbOptions = {}): Promise<Pop3Capabilities> {
    const { replyLines } = this.pipeline.connection.limits;
    return this.#learn(await this.askRows(CAPA, asItIs, replyLines, options));
  }

  #learn(lines: readonly string[]): Pop3Capabilities {
    this.#capabilities = new Pop3Capabilities(lines);
    this.#isAsked = true;
    return this.#capabilities;
  }

  /** Asks what the server can, if that was not asked; it may not know the question. */
  async #learnIfNeeded(turn: Turn<Pop3Reply>): Promise<void> {
    if (this.#isAsked) return;
    this.#isAsked = true;
    const { block } = await turn.block(CAPA, { hasBlock: ({ isOk }) => isOk });
    if (block === undefined) return;
    this.#learn(await this.#rowsOf(block, CAPA, asItIs, this.pipeline.connection.limits.replyLines));
  }

  /**
   * Puts TLS over the connection (RFC 2595). What was known of the server is forgotten: ask again. Rejects with
   * Pop3ReplyError if it will not, with TlsError. Aborted midway, it ends the session.
   */
  async stls({ signal }: VerbOptions = {}): Promise<void> {
    const { connection } = this.pipeline;
    const command = pop3Command("STLS");
    await this.#inTurn(async (turn) => {
      assertOk(await turn.command(command), command);
      this.#capabilities = new Pop3Capabilities();
      this.#isAsked = false;
      this.pipeline.window = { commands: 1 };
      const { tls, tlsOptions } = this.#target;
      await connection.startTls(startTlsOptions(connection, tls, tlsOptions));
    }, signal);
  }

  /** Does what others have to wait for, and what can't be left midway. */
  #inTurn<T>(work: (turn: Turn<Pop3Reply>) => Promise<T>, signal: AbortSignal | undefined): Promise<T> {
    const { connection } = this.pipeline;
    return this.pipeline.exclusive((turn) => cutOnAbort(connection, signal, () => work(turn)), signal);
  }

  /** Names the maildrop. */
  async user(name: string, options: VerbOptions = {}): Promise<Pop3Reply> {
    return this.expect(pop3Command("USER", name), options);
  }

  /**
   * Opens the maildrop named before. The password goes out over TLS only, unless the server is on this machine or
   * `tls: "none"` was given: rejects with TlsError before.
   */
  async pass(password: string, { signal }: VerbOptions = {}): Promise<Pop3Reply> {
    const command = pop3Command("PASS", password);
    return this.#enter(async (turn) => assertOk(await turn.command(command), command), signal);
  }

  /**
   * Opens a maildrop with a digest (RFC 1939 7), which is no secret any more: see the option `apop`. Rejects with
   * NotSupportedError if the greeting has nothing to hash.
   */
  async apop(user: string, password: string, { signal }: VerbOptions = {}): Promise<Pop3Reply> {
    const timestamp = timestampOf(this.#welcome);
    if (timestamp === undefined)
      throw new NotSupportedError("the server's greeting has no timestamp for APOP");
    assertArgument("the password", password);
    return this.#enter((turn) => logInByApop(turn, user, password, timestamp), signal, true);
  }

  /** Opens the maildrop named before as its owner on another machine (RFC 1081): nobody allows that today. */
  async rpop(user: string, { signal }: VerbOptions = {}): Promise<Pop3Reply> {
    const command = pop3Command("RPOP", user);
    return this.#enter(async (turn) => assertOk(await turn.command(command), command), signal, true);
  }

  /**
   * Opens a maildrop with the strongest means that the server offers. Rejects with NotSupportedError if there is none,
   * with Pop3ReplyError, or with TlsError before a password would go out in clear.
   */
  async login(user: string, password: Secret, options: VerbOptions = {}): Promise<Pop3Reply> {
    assertArgument("the user", user);
    if (typeof password === "string") assertArgument("the password", password);
    return this.#logIn({ user, password, sasl: this.#target.sasl }, options);
  }

  #logIn(options: LoginOptions, { signal }: VerbOptions): Promise<Pop3Reply> {
    const { tls, host, port, apop = false } = this.#target;
    const { connection } = this.pipeline;
    const timestamp = apop ? timestampOf(this.#welcome) : undefined;
    const work = async (turn: Turn<Pop3Reply>): Promise<Pop3Reply> => {
      await this.#learnIfNeeded(turn);
      const capabilities = this.#capabilities;
      return logIn(turn, options, { connection, tls, host, port, capabilities, timestamp, signal });
    };
    return this.#enter(work, signal, true);
  }

  /** Opens the maildrop with a mechanism of @netcli/sasl, or of your own. */
  async auth(mechanism: Mechanism, { signal }: VerbOptions = {}): Promise<Pop3Reply> {
    const isSecret = mechanism.isPlaintextEquivalent;
    return this.#enter(
      (turn) => logInBySasl(turn, [mechanism], this.#capabilities, signal),
      signal,
      !isSecret,
    );
  }

  async #enter(
    work: (turn: Turn<Pop3Reply>) => Promise<Pop3Reply>,
    signal: AbortSignal | undefined,
    isSafe: boolean = false,
  ): Promise<Pop3Reply> {
    const { connection } = this.pipeline;
    if (!isSafe && !connection.confidential && this.#target.tls !== "none") {
      throw new TlsError(
        `${connection.host} has no TLS, so the password was not sent; tls: "none" would send it in clear`,
      );
    }
    const reply = await this.#inTurn(async (turn) => {
      try {
        return await work(turn);
      } catch (error) {
        // A server that does not know the password, or makes no sense: nothing that it says can be relied on.
        if (error instanceof ProtocolError || error instanceof LimitError) connection.destroy(error);
        throw error;
      }
    }, signal);
    if (!this.isSerial) this.pipeline.window = WINDOW;
    return reply;
  }

  /** Allows UTF-8 in headers of messages, and in names (RFC 6856); before the login. */
  utf8(options: VerbOptions = {}): Promise<Pop3Reply> {
    return this.expect(pop3Command("UTF8"), options);
  }
}

function asItIs(line: string): string {
  return line;
}
