// One connection: commands are done one after the other, and answered when the client waits for it.
import { type Connection, ConnectionClosedError } from "@netcli/core-transport";
import { type Ending, endAs } from "../ending.ts";
import { type EsmtpFault, faultOf } from "./faults.ts";
import { offer } from "./extensions.ts";
import { coded, linesOf, Refusal, type Reply, textOf, withoutEnhanced } from "./reply.ts";
import type { Shared } from "./shared.ts";
import { State } from "./state.ts";
import type { EsmtpMessage, EsmtpServerSession } from "./view.ts";
import { Wire, type WireLine } from "../wire.ts";

/** Does one command. */
export type Perform = (session: Session, verb: string, line: WireLine) => Promise<Reply>;

export class Session implements EsmtpServerSession {
  readonly shared: Shared;
  readonly number: number;
  readonly connection: Connection;
  readonly wire: Wire;
  readonly commands: string[] = [];
  readonly violations: string[] = [];
  readonly received: EsmtpMessage[] = [];
  readonly attributes: Map<string, string | undefined> = new Map();
  readonly ended: Promise<void>;
  state: State = new State();
  /** Of what is being done. */
  fault: EsmtpFault = {};
  /** What is to be done when the reply is sent. */
  afterReply: (() => Promise<void> | void) | undefined;
  /** The greeting has said no. */
  isClosed = false;
  readonly #perform: Perform;
  #verb = "CONNECT";
  // What the client can't know to be refused, because it has not waited, is no mistake.
  #refusedIn = -1;
  // The client has no more to say before it is answered.
  #isAwaited = false;
  #isOver = false;
  #markEnded: () => void = () => undefined;

  constructor(connection: Connection, shared: Shared, number: number, perform: Perform) {
    this.connection = connection;
    this.wire = new Wire(connection);
    this.shared = shared;
    this.number = number;
    this.#perform = perform;
    this.ended = new Promise((resolve) => {
      this.#markEnded = resolve;
    });
  }

  get flights(): number {
    return this.wire.flights;
  }

  get clientName(): string {
    return this.state.clientName;
  }

  get user(): string | undefined {
    return this.state.user;
  }

  get isSecure(): boolean {
    return this.connection.tls !== undefined;
  }

  get isOver(): boolean {
    return this.#isOver;
  }

  /** A reply of this flight has refused something that later commands rest on. */
  get hasRefused(): boolean {
    return this.#refusedIn === this.flights;
  }

  /** Serves the client until one of both has enough. Never rejects. */
  async run(): Promise<void> {
    const { tls, tlsMode } = this.shared.options;
    try {
      if (tlsMode === "implicit" && tls !== undefined) await this.connection.acceptTls(tls);
      this.wire.start();
      await this.greet();
      while (!this.#isOver) {
        const line = await this.wire.readLine();
        if (line === undefined) break;
        await this.#do(line);
      }
      await this.wire.flush();
    } catch (error) {
      if (!(error instanceof ConnectionClosedError)) this.shared.errors.push(error);
      this.connection.destroy();
    } finally {
      this.#isOver = true;
      this.#markEnded();
    }
  }

  /** Also behind XCLIENT. */
  async greet(): Promise<void> {
    const { options, name } = this.shared;
    await this.ask("CONNECT", "");
    // A client that does not wait writes a turn or two after its connection was accepted here.
    if ((await this.wire.hasMore()) || (await this.wire.hasMore())) {
      this.blame("something came before the greeting");
    }
    const { greeting = "ESMTP ready" } = options;
    const texts = typeof greeting === "string" ? [greeting] : greeting;
    const reply = coded(
      "220",
      texts.map((text, index) => (index === 0 ? `${name} ${text}` : text)),
    );
    this.isClosed = this.fault.skip === true;
    await this.answer(reply);
    await this.wire.flush();
  }

  async #do(line: WireLine): Promise<void> {
    const verb = /^[a-z]*/i.exec(line.text)?.[0].toUpperCase() ?? "";
    this.note(line);
    await this.ask(verb, line.text);
    this.afterReply = undefined;
    this.#isAwaited = false;
    await this.answer(await this.#replyTo(verb, line));
    if (this.#isAwaited) await this.wire.flush();
    if (!this.#isOver) await this.#followUp();
  }

  async #followUp(): Promise<void> {
    await this.afterReply?.();
  }

  async #replyTo(verb: string, line: WireLine): Promise<Reply> {
    try {
      return await this.#perform(this, verb, line);
    } catch (error) {
      if (error instanceof Refusal) return error.reply;
      throw error;
    }
  }

  /** Remembers a line that has come. */
  note({ text }: WireLine): void {
    this.commands.push(text);
    this.shared.commands.push(text);
  }

  /** Asks the test what is to go wrong with what comes next. */
  async ask(verb: string, line: string): Promise<void> {
    this.#verb = verb;
    this.fault = faultOf(await this.shared.options.reply?.(verb, line, this));
  }

  /** Answers, or does what the test wants instead. */
  async answer(reply: Reply): Promise<void> {
    const { reply: replacement, raw, stall = false, end } = this.fault;
    const lines = replacement === null ? [] : linesOf(replacement ?? this.#fitting(reply));
    if (/^[45]/.test(lines[0] ?? "")) this.#refusedIn = this.flights;
    for (const line of lines) this.wire.hold(`${line}\r\n`);
    if (raw !== undefined) this.wire.hold(raw);
    if (stall) this.wire.mute();
    if (end !== undefined) await this.cut(end);
  }

  #fitting(reply: Reply): readonly string[] {
    const lines = linesOf(reply);
    return this.state.extensions.has("ENHANCEDSTATUSCODES") ? lines : withoutEnhanced(lines);
  }

  /** Looks whether the client waits for the reply, as it has to now; it then gets it at once. */
  async expectWait(): Promise<void> {
    this.#isAwaited = true;
    if (await this.wire.hasMore()) this.blame("more came before the reply");
  }

  /** Says what the client must not do, and has done. */
  blame(what: string): void {
    const violation = `${this.#verb}: ${what}`;
    this.violations.push(violation);
    this.shared.violations.push(violation);
  }

  /** A reply to a mistake of the client. */
  wrong(reply: string): string {
    this.blame(textOf(reply));
    return reply;
  }

  /** What the client says from here on comes over TLS, or from someone else: nothing of what was said counts. */
  reset(): void {
    this.state = new State();
  }

  offer(): void {
    const { isSecure, user } = this;
    this.state.extensions = offer(this.shared.options, { isSecure, user });
  }

  async say(...lines: readonly string[]): Promise<void> {
    for (const line of lines) this.wire.hold(`${line}\r\n`);
    await this.wire.flush();
  }

  end(how: Ending = "end"): void {
    void this.cut(how);
  }

  /** Ends the connection behind what was said. */
  async cut(how: Ending): Promise<void> {
    if (this.#isOver) return;
    this.#isOver = true;
    await this.wire.flush().catch(() => undefined);
    await endAs(how, this.connection);
    this.wire.stop();
  }
}
