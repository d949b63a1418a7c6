// One connection: commands are done one after the other, and answered when the client waits for it.
import { randomBytes } from "node:crypto";
import { type Connection, ConnectionClosedError } from "@netcli/core-transport";
import { type Ending, endAs } from "../ending.ts";
import { Wire, type WireLine } from "../wire.ts";
import { type Capabilities, capabilitiesOf } from "./capabilities.ts";
import { faultOf, type Pop3Fault } from "./faults.ts";
import { Output } from "./output.ts";
import { statusOf } from "./quirks.ts";
import { type Reply, Refusal, textOf, withKnownCode } from "./reply.ts";
import type { Shared } from "./shared.ts";
import { type Pop3State, Standing } from "./standing.ts";
import type { Pop3ServerSession } from "./view.ts";

/** Does one command. */
export type Perform = (session: Session, verb: string, line: WireLine) => Promise<Reply>;

// Replies wait for what else the client has to say, but no more bytes of them than that.
const MOST_HELD = 262_144;

export class Session implements Pop3ServerSession {
  readonly shared: Shared;
  readonly number: number;
  readonly connection: Connection;
  readonly wire: Wire;
  readonly commands: string[] = [];
  readonly violations: string[] = [];
  readonly deleted: string[] = [];
  readonly ended: Promise<void>;
  /** Of APOP; empty: there is none. */
  readonly timestamp: string;
  standing: Standing = new Standing();
  /** Of what is being done. */
  fault: Pop3Fault = {};
  /** What is to be done when the reply is sent. */
  afterReply: (() => Promise<void> | void) | undefined;
  readonly #perform: Perform;
  readonly #output: Output;
  // Bytes of replies so far, sent or not.
  #position = 0;
  #verb = "CONNECT";
  // What the client can't know to be refused, because it has not waited, is no mistake.
  #refusedIn = -1;
  // The client has no more to say before it is answered.
  #isAwaited = false;
  #isOver = false;
  #isClosed = false;
  #markEnded: () => void = () => undefined;

  constructor(connection: Connection, shared: Shared, number: number, perform: Perform) {
    const { apop = false } = shared.options;
    this.connection = connection;
    this.shared = shared;
    this.number = number;
    this.#perform = perform;
    this.#output = new Output(connection, (how) => this.#close(how));
    this.wire = new Wire(connection, (bytes) => this.#output.write(bytes));
    const own = apop ? `<${number}.${randomBytes(6).toString("hex")}@${shared.name}>` : "";
    this.timestamp = typeof apop === "string" ? apop : own;
    this.ended = new Promise((resolve) => {
      this.#markEnded = resolve;
    });
  }

  get flights(): number {
    return this.wire.flights;
  }

  get state(): Pop3State {
    return this.standing.state;
  }

  get user(): string | undefined {
    return this.standing.user;
  }

  get isUtf8(): boolean {
    return this.standing.isUtf8;
  }

  get language(): string {
    return this.standing.language;
  }

  get isSecure(): boolean {
    return this.connection.tls !== undefined;
  }

  get isOver(): boolean {
    return this.#isOver;
  }

  /** What there is now. */
  get capabilities(): Capabilities {
    const { state, isSecure, user } = this;
    return capabilitiesOf(this.shared.options, { state, isSecure, user });
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
      await this.#greet();
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
      this.unlock();
      this.#markEnded();
    }
  }

  async #greet(): Promise<void> {
    const { greeting = `${this.shared.name} POP3 ready` } = this.shared.options;
    await this.ask("CONNECT", "");
    // A client that does not wait writes a turn or two after its connection was accepted here.
    if ((await this.wire.hasMore()) || (await this.wire.hasMore())) {
      this.blame("something came before the greeting");
    }
    const words = [greeting, this.timestamp].filter((word) => word !== "");
    await this.answer(`+OK ${words.join(" ")}`);
    await this.wire.flush();
  }

  async #do(line: WireLine): Promise<void> {
    const verb = /^[a-z][a-z0-9]*/i.exec(line.text)?.[0].toUpperCase() ?? "";
    this.note(line);
    await this.ask(verb, line.text);
    this.afterReply = undefined;
    this.#isAwaited = false;
    await this.answer(await this.#replyTo(verb, line));
    const isMuch = this.#position - this.#output.taken > MOST_HELD;
    if (this.#isAwaited || isMuch) await this.wire.flush();
    if (!this.#isOver && this.fault.stall !== true) await this.#followUp();
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

  /** Asks the test what is to go wrong with what comes next. Rejects if the connection closes before that is known. */
  async ask(verb: string, line: string): Promise<void> {
    this.#verb = verb;
    const closed = this.connection.closed.then(() => {
      throw new ConnectionClosedError("the client has left");
    });
    this.fault = faultOf(await Promise.race([this.shared.options.reply?.(verb, line, this), closed]));
  }

  /** Answers, or does what the test wants instead. */
  async answer(reply: Reply): Promise<void> {
    const { raw = "", stall = false, cut, split, end } = this.fault;
    if (cut !== undefined) this.#output.cut(cut, this.#position);
    if (split !== undefined) this.#output.split(split, this.#position);
    const replacement = this.#replacement();
    if (replacement === undefined) this.#answerWell(reply);
    else this.#hold(replacement);
    this.#hold(raw);
    if (stall) this.wire.mute();
    if (end !== undefined) await this.cut(end);
  }

  /** What is said instead. */
  #replacement(): string | undefined {
    const { reply } = this.fault;
    if (reply === undefined || reply === null) return reply === null ? "" : undefined;
    const lines = typeof reply === "string" ? reply.split("\n") : reply;
    if (lines[0]?.startsWith("-") === true) this.#refusedIn = this.flights;
    return lines.map((line) => `${line}\r\n`).join("");
  }

  #answerWell(reply: Reply): void {
    const { status, block } = typeof reply === "string" ? { status: reply, block: "" } : reply;
    if (status.startsWith("-")) this.#refusedIn = this.flights;
    const known = withKnownCode(status, this.capabilities);
    this.#hold(`${statusOf(known, this.#verb, this.shared.options.quirks ?? {})}\r\n`);
    this.#hold(block);
  }

  #hold(bytes: string | Uint8Array): void {
    this.wire.hold(bytes);
    this.#position += Buffer.byteLength(bytes);
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

  /** Others may open the maildrop. */
  unlock(): void {
    const { user } = this.standing;
    if (this.standing.state === "TRANSACTION" && user !== undefined) this.shared.open.delete(user);
  }

  async say(...lines: readonly string[]): Promise<void> {
    for (const line of lines) this.#hold(`${line}\r\n`);
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
    await this.#close(how);
  }

  async #close(how: Ending): Promise<void> {
    if (this.#isClosed) return;
    this.#isOver = true;
    this.#isClosed = true;
    await endAs(how, this.connection);
    this.wire.stop();
  }
}
