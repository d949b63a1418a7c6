// The dialogue of a session: connecting, EHLO, TLS and logging in (RFC 5321 4.1.1.1, RFC 3207, RFC 4954, RFC 2033).
import {
  assertArgument,
  CONNECT,
  connect,
  cutOnAbort,
  Dialogue,
  LimitError,
  NotSupportedError,
  orAborted,
  ProtocolError,
  ReplyError,
  startTlsOptions,
  TlsError,
  type Connection,
  type TlsMode,
  type Turn,
  type VerbOptions,
} from "@netcli/core-transport";
import { hasCredentials, mechanismsFor, type LoginOptions, type Mechanism, type Secret } from "@netcli/sasl";
import { defaultTlsMode, logIn } from "./auth.ts";
import { assertWord, smtpCommand } from "./command.ts";
import { assertPositive } from "./errors.ts";
import { SmtpExtensions } from "./extensions.ts";
import { ownName } from "./name.ts";
import type { SendSettings, SmtpTarget } from "./options.ts";
import { assertOffered } from "./parameters.ts";
import { smtpGrammar, type SmtpReply } from "./reply.ts";
import { xtext } from "./xtext.ts";

// What Postfix and msmtp keep outstanding.
const WINDOW = 100;

// Of what says that a server knows no EHLO (RFC 5321 4.1.4, 4.2.4).
const UNKNOWN = new Set([500, 501, 502, 503, 504, 550]);

/** SmtpControl is a session that can be opened, and be logged in to. */
export abstract class SmtpControl extends Dialogue<SmtpReply> {
  // It holds the password: who prints a session is not to see it.
  readonly #target: SmtpTarget;
  #welcome = "";
  #extensions: SmtpExtensions = new SmtpExtensions();
  #isIntroduced = false;
  // A login may have changed what the server offers.
  #mayOfferMore = false;

  /** @internal */
  protected constructor(connection: Connection, target: SmtpTarget) {
    const { trace, signal } = target;
    super(connection, { grammar: smtpGrammar, quit: smtpCommand("QUIT"), trace, signal });
    this.#target = target;
  }

  /** @internal Connects; and says EHLO, sets TLS up and logs in if it is to be ready for mail, or the target says so. */
  protected static async open<S extends SmtpControl>(
    target: SmtpTarget,
    make: (connection: Connection, target: SmtpTarget) => S,
    isReady: boolean,
  ): Promise<S> {
    const { tls, tickets, tlsOptions } = target;
    const implicit = tls === "implicit" ? { ...(tickets && { tickets }), ...tlsOptions } : false;
    const connection = await connect({ ...target, tls: implicit });
    const session = make(connection, target);
    await session.begin(() => session.#begin(isReady));
    return session;
  }

  async #begin(isReady: boolean): Promise<void> {
    const { tls } = this.#target;
    const greeting = assertPositive(await this.pipeline.greeting(), CONNECT);
    this.#welcome = greeting.text;
    const isAsked = tls === "starttls" || tls === "opportunistic" || hasCredentials(this.#target);
    if (isReady || isAsked) await this.#prepare();
  }

  async #prepare(): Promise<void> {
    const { connection } = this.pipeline;
    const credentials = this.#target;
    await this.ehloOrHeloIfNeeded();
    const mode = credentials.tls ?? defaultTlsMode(credentials, connection);
    if (mode !== "none" && connection.tls === undefined) await this.#secure(mode);
    if (hasCredentials(credentials)) await this.#logIn(credentials, {});
  }

  /** Puts TLS over the connection, if the server can or it has to be. */
  async #secure(mode: TlsMode): Promise<void> {
    const { host } = this.pipeline.connection;
    if (!this.#extensions.has("STARTTLS")) {
      if (mode === "opportunistic") return;
      throw new TlsError(
        `${host} offers no STARTTLS, and nothing was sent; does this port want tls: "implicit"? tls: "none" would go on in clear`,
      );
    }
    try {
      await this.startTls();
    } catch (cause) {
      if (!(cause instanceof ReplyError)) throw cause;
      if (mode === "opportunistic") return;
      throw new TlsError(`${cause.message}; nothing secret was sent`, { cause });
    }
    await this.ehloOrHeloIfNeeded();
  }

  /** @internal */
  protected get settings(): SendSettings {
    return this.#target.settings;
  }

  protected get isSerial(): boolean {
    return this.settings.pipelining === "off" || !this.#extensions.has("PIPELINING");
  }

  /** The server's greeting, without codes. */
  get welcome(): string {
    return this.#welcome;
  }

  /** What the server has said to EHLO or LHLO; empty before that, and behind STARTTLS until it is asked again. */
  get extensions(): SmtpExtensions {
    return this.#extensions;
  }

  /** Does the server offer that extension? Case does not matter. */
  hasExtn(name: string): boolean {
    return this.#extensions.has(name);
  }

  /** Introduces us to a server that knows no EHLO. */
  helo(name?: string, options: VerbOptions = {}): Promise<SmtpReply> {
    return this.#inTurn((turn) => this.#introduce(turn, "HELO", options, name), options);
  }

  /** Introduces us, and learns what the server can (`extensions`). */
  ehlo(name?: string, options: VerbOptions = {}): Promise<SmtpReply> {
    return this.#inTurn((turn) => this.#introduce(turn, "EHLO", options, name), options);
  }

  /** EHLO of LMTP (RFC 2033 4.1). */
  lhlo(name?: string, options: VerbOptions = {}): Promise<SmtpReply> {
    return this.#inTurn((turn) => this.#introduce(turn, "LHLO", options, name), options);
  }

  /** Says EHLO, HELO to a server that does not know it, or LHLO with LMTP, unless one of them was said. */
  ehloOrHeloIfNeeded(options: VerbOptions = {}): Promise<void> {
    return this.#inTurn((turn) => this.#introduceIfNeeded(turn, options), options);
  }

  /** Does what others have to wait for. */
  #inTurn<T>(work: (turn: Turn<SmtpReply>) => Promise<T>, { signal }: VerbOptions): Promise<T> {
    return this.pipeline.exclusive(work, signal);
  }

  async #introduce(
    turn: Turn<SmtpReply>,
    verb: string,
    { signal }: VerbOptions,
    name: string | undefined,
  ): Promise<SmtpReply> {
    const own = name ?? this.#target.name ?? ownName(this.pipeline.connection.localAddress);
    const command = smtpCommand(verb, assertWord("the name", own));
    const replying = turn.command(command);
    // Who has given up is told, but what the server says to it counts.
    const reply = assertPositive(await orAborted(replying, signal), command);
    this.#extensions = verb === "HELO" ? new SmtpExtensions() : new SmtpExtensions(reply);
    this.#isIntroduced = true;
    this.#mayOfferMore = false;
    this.pipeline.window = { commands: this.isSerial ? 1 : WINDOW };
    return reply;
  }

  async #introduceIfNeeded(turn: Turn<SmtpReply>, options: VerbOptions): Promise<void> {
    if (this.#isIntroduced) return;
    if (this.settings.protocol === "lmtp") {
      await this.#introduce(turn, "LHLO", options, undefined);
      return;
    }
    try {
      await this.#introduce(turn, "EHLO", options, undefined);
    } catch (error) {
      if (!(error instanceof ReplyError) || !UNKNOWN.has((error.reply as SmtpReply).code)) throw error;
      await this.#introduce(turn, "HELO", options, undefined);
    }
  }

  /**
   * @internal Does what needs an extension; if it is missing, asks a server that has let us in since then once more, as
   * some offer more behind that.
   */
  protected async withExtensions<T>(turn: Turn<SmtpReply>, work: () => T, options: VerbOptions): Promise<T> {
    await this.#introduceIfNeeded(turn, options);
    try {
      return work();
    } catch (error) {
      if (!(error instanceof NotSupportedError) || !this.#mayOfferMore) throw error;
    }
    this.#isIntroduced = false;
    await this.#introduceIfNeeded(turn, options);
    return work();
  }

  /** What was learnt may be wrong from now on (RFC 3207 4.2). */
  #forget(): void {
    this.#extensions = new SmtpExtensions();
    this.#isIntroduced = false;
    this.pipeline.window = { commands: 1 };
  }

  /**
   * Puts TLS over the connection (RFC 3207). The server has to be asked again what it can. Rejects with ReplyError if
   * it will not, with TlsError. Aborted midway, it ends the session.
   */
  async startTls({ signal }: VerbOptions = {}): Promise<void> {
    const { connection } = this.pipeline;
    const command = smtpCommand("STARTTLS");
    const upgrade = async (turn: Turn<SmtpReply>): Promise<void> => {
      assertPositive(await turn.command(command), command);
      this.#forget();
      const { tls, tickets, tlsOptions } = this.#target;
      await connection.startTls({
        ...(tickets && { tickets }),
        ...startTlsOptions(connection, tls, tlsOptions),
      });
    };
    await this.pipeline.exclusive((turn) => cutOnAbort(connection, signal, () => upgrade(turn)), signal);
  }

  /**
   * Logs in with the strongest mechanism that the server offers. A password goes out over TLS only, unless the server
   * is on this machine or `tls: "none"` was given. Rejects with NotSupportedError if there is no mechanism for that,
   * or with ReplyError.
   */
  async login(user: string, password: Secret, options: VerbOptions = {}): Promise<SmtpReply> {
    assertArgument("the user", user);
    if (typeof password === "string") assertArgument("the password", password);
    return this.#logIn({ user, password, sasl: this.#target.sasl }, options);
  }

  #logIn(credentials: LoginOptions, options: VerbOptions): Promise<SmtpReply> {
    const { connection } = this.pipeline;
    const choose = async (turn: Turn<SmtpReply>): Promise<readonly Mechanism[]> => {
      await this.#introduceIfNeeded(turn, options);
      const { tls, host, port } = this.#target;
      return mechanismsFor(this.#extensions.authMechanisms, credentials, { connection, tls, host, port });
    };
    return this.#authenticate(choose, options);
  }

  /** Logs in with a mechanism of @netcli/sasl, or of your own. */
  async auth(mechanism: Mechanism, options: VerbOptions = {}): Promise<SmtpReply> {
    const { connection } = this.pipeline;
    if (mechanism.isPlaintextEquivalent && !connection.confidential && this.#target.tls !== "none") {
      throw new TlsError(`${mechanism.name} needs TLS; nothing was sent`);
    }
    return this.#authenticate(async () => [mechanism], options);
  }

  async #authenticate(
    choose: (turn: Turn<SmtpReply>) => Promise<readonly Mechanism[]>,
    { signal }: VerbOptions,
  ): Promise<SmtpReply> {
    const { connection } = this.pipeline;
    const work = async (turn: Turn<SmtpReply>): Promise<SmtpReply> => {
      try {
        const reply = await logIn(turn, await choose(turn), signal);
        this.#mayOfferMore = true;
        return reply;
      } catch (error) {
        // A server that does not know the password, or makes no sense: nothing that it says can be relied on.
        if (error instanceof ProtocolError || error instanceof LimitError) connection.destroy(error);
        throw error;
      }
    };
    return this.pipeline.exclusive((turn) => cutOnAbort(connection, signal, () => work(turn)), signal);
  }

  /**
   * Tells a relay that trusts us on whose behalf we speak: Postfix's XCLIENT. `{ ADDR: "192.0.2.1", NAME: "host" }`;
   * the server begins anew behind it. Rejects with NotSupportedError if it is not offered.
   */
  async xclient(attributes: Readonly<Record<string, string>>, options: VerbOptions = {}): Promise<SmtpReply> {
    const args = Object.entries(attributes).map(
      ([name, value]) => `${assertWord("the attribute", name)}=${xtext(value)}`,
    );
    const command = smtpCommand("XCLIENT", ...args);
    return this.#inTurn(async (turn) => {
      await this.withExtensions(turn, () => assertOffered(this.#extensions, "XCLIENT"), options);
      const reply = assertPositive(await turn.command(command, options), command);
      this.#forget();
      return reply;
    }, options);
  }
}
