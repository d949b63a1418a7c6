// One control connection: commands are read as they come, also during a transfer, and done one after the other.
import { setImmediate as turn } from "node:timers/promises";
import { type Connection, ConnectionClosedError, type TlsServerOptions } from "@netcli/core-transport";
import type { FtpCommand } from "./command.ts";
import type { DataPort } from "./data-port.ts";
import { type Ending, endAs } from "../ending.ts";
import { Cut, type FtpFault, Gate, replaced, until } from "./faults.ts";
import { RemovableTls } from "./removable-tls.ts";
import { coded, linesOf, type Reply, replyFor } from "./reply.ts";
import type { Shared } from "./shared.ts";
import { State } from "./state.ts";
import type { FtpServerSession, FtpServerTransfer } from "./view.ts";

// Commands that wait until the reader waits, too.
const MOST_WAITING = 100;

// Behind these comes something that is no command, or nothing.
const LAST_WORDS = new Set(["AUTH", "CCC", "QUIT"]);

/** Does one command. */
export type Perform = (session: Session, command: FtpCommand) => Promise<Reply>;

export class Session implements FtpServerSession {
  readonly shared: Shared;
  readonly number: number;
  readonly commands: string[] = [];
  readonly transfers: FtpServerTransfer[] = [];
  readonly ended: Promise<void>;
  /** For handshakes of this session: with `requireSessionReuse` nobody else's TLS sessions can be resumed. */
  readonly tlsOptions: TlsServerOptions | undefined;
  state: State = new State();
  hasBufferSize = false;
  protection: "C" | "P" = "C";
  /** Where the next data connection is to be made. */
  port: DataPort | undefined;
  /** Ends the transfer that is under way. */
  running: AbortController | undefined;
  /** ABOR has come before the transfer that it is to end. */
  isAborted = false;
  /** Of the command that is being done. */
  fault: FtpFault = {};
  /** What is to be done when the reply is sent. */
  afterReply: (() => Promise<void> | void) | undefined;
  readonly #base: Connection;
  readonly #perform: Perform;
  #tls: RemovableTls | undefined;
  // Of the next line: what was read in search of the end of TLS.
  #prefix = "";
  #gate: Gate | undefined;
  #held: string[] = [];
  #isAnswered = false;
  #isOver = false;
  #pending = 0;
  #cutting: Promise<void> | undefined;
  #done: Promise<void> = Promise.resolve();
  readonly #stop = new AbortController();
  // Aborted when the connection is gone.
  readonly #gone = new AbortController();
  // Also when the client has only ended its side: nobody would see what a fault waits for.
  readonly #left = new AbortController();

  constructor(connection: Connection, shared: Shared, number: number, perform: Perform) {
    this.#base = connection;
    this.#perform = perform;
    this.shared = shared;
    this.number = number;
    const { tls, requireSessionReuse } = shared.options;
    // Another object is another secret for tickets.
    this.tlsOptions = tls !== undefined && requireSessionReuse === true ? { ...tls } : tls;
    void connection.closed.then(() => {
      this.#gone.abort(new ConnectionClosedError("the connection is closed"));
      this.#leave();
    });
    this.ended = connection.closed.then(() => this.#done);
  }

  /** Where lines are read and written. */
  get connection(): Connection {
    return this.#tls?.connection ?? this.#base;
  }

  get user(): string | undefined {
    return this.#gone.signal.aborted ? undefined : this.state.user;
  }

  get isSecure(): boolean {
    return this.connection.tls !== undefined;
  }

  /** Serves the client until one of both has enough. */
  async run(): Promise<void> {
    const { tlsMode, greeting = "ready" } = this.shared.options;
    try {
      // Before anything is awaited: the client's first words must not be read.
      if (tlsMode === "implicit" && this.tlsOptions !== undefined) {
        await this.startTls(this.tlsOptions);
      }
      const texts = typeof greeting === "string" ? [greeting] : greeting;
      this.#enqueue(this.shared.reader.connected(), () => coded(220, texts));
      await this.#readAll();
      this.#leave();
    } finally {
      await Promise.all([this.#done, this.#cutting]);
      await this.dropPort();
      await this.#tls?.connection.close();
    }
  }

  #leave(): void {
    const reason = new ConnectionClosedError("the client has ended the session");
    this.#left.abort(reason);
    this.running?.abort(reason);
  }

  async #readAll(): Promise<void> {
    while (!this.#isOver) {
      const line = await this.#nextLine();
      if (line === undefined) return;
      this.commands.push(line);
      this.shared.commands.push(line);
      const command = this.shared.reader.read(line);
      const { pipelining = "queue" } = this.shared.options;
      const isPipelined = this.#pending > 0 && this.running === undefined;
      if (isPipelined && pipelining === "close") this.end();
      else if (!isPipelined || pipelining !== "discard")
        this.#enqueue(command, () => this.#perform(this, command));
      if (command.verb === "ABOR" && this.shared.features.has("ABOR")) this.#abort(isPipelined);
      if (LAST_WORDS.has(command.verb) || this.#pending > MOST_WAITING) await this.#done;
    }
  }

  /** Ends the transfer that is under way, or the one that is about to be. */
  #abort(isPipelined: boolean): void {
    this.running?.abort();
    this.isAborted = isPipelined;
  }

  async #nextLine(): Promise<string | undefined> {
    const { idleTimeout } = this.shared.options;
    const sayGoodbye = (): void => {
      if (this.#pending > 0) return;
      void this.say("421 Nothing was said for too long.")
        .catch(() => undefined)
        .then(() => this.end());
    };
    const timer = idleTimeout === undefined ? undefined : setInterval(sayGoodbye, idleTimeout);
    try {
      const line = await this.connection.readLine({ signal: this.#stop.signal });
      const prefix = this.#prefix;
      this.#prefix = "";
      return line === undefined ? undefined : prefix + line;
    } catch (error) {
      if (this.#stop.signal.aborted) return undefined;
      throw error;
    } finally {
      clearInterval(timer);
    }
  }

  #enqueue(command: FtpCommand, work: () => Reply | Promise<Reply>): void {
    this.#pending += 1;
    this.#done = this.#done
      .then(() => this.#do(command, work))
      .catch((error: unknown) => this.#fail(error))
      .then(() => {
        this.#pending -= 1;
      });
  }

  async #do(command: FtpCommand, work: () => Reply | Promise<Reply>): Promise<void> {
    const { pipelining = "queue", onCommand } = this.shared.options;
    // What came together is seen together.
    if (pipelining !== "queue" && command.verb !== "CONNECT") await turn();
    if (this.#isOver) return;
    this.#isAnswered = false;
    this.afterReply = undefined;
    this.fault = (await until(Promise.resolve(onCommand?.(command, this)), this.#gone.signal)) ?? {};
    const { wait, control, skip, replyWhen, end } = this.fault;
    if (control !== undefined) this.#gate = new Gate(control, this.#left.signal);
    if (wait !== undefined) await until(wait, this.#left.signal);
    const reply = skip === true ? "200 Done." : await this.#replyOf(work);
    if (typeof replyWhen === "object") await until(replyWhen, this.#left.signal);
    await this.finish(reply);
    if (pipelining === "late" && (this.#pending === 1 || this.afterReply !== undefined))
      await this.#sendHeld();
    await this.#followUp();
    if (end !== undefined) this.end(end);
  }

  async #followUp(): Promise<void> {
    await this.afterReply?.();
  }

  async #replyOf(work: () => Reply | Promise<Reply>): Promise<Reply> {
    try {
      return await work();
    } catch (error) {
      const reply = replyFor(error);
      if (reply !== undefined) return reply;
      throw error;
    }
  }

  #fail(error: unknown): void {
    if (!(error instanceof ConnectionClosedError)) this.shared.errors.push(error);
    if (this.#isOver) return;
    this.#isOver = true;
    this.#base.destroy();
  }

  /** Sends the 1yz reply of a transfer. */
  preliminary(reply: Reply): Promise<void> {
    return this.#send(replaced(reply, this.fault.preliminary));
  }

  /** Sends the final reply to the command, unless that was done already. */
  async finish(reply: Reply): Promise<void> {
    if (this.#isAnswered) return;
    this.#isAnswered = true;
    await this.#send(replaced(reply, this.fault.reply));
  }

  say(...lines: readonly string[]): Promise<void> {
    return this.#write(lines);
  }

  async #send(reply: Reply): Promise<void> {
    if (this.shared.options.pipelining !== "late") await this.#write(linesOf(reply));
    else this.#held.push(...linesOf(reply));
    // Nobody sends the content before its 150.
    if (this.running !== undefined) await this.#sendHeld();
  }

  async #sendHeld(): Promise<void> {
    const lines = this.#held;
    this.#held = [];
    await this.#write(lines);
  }

  async #write(lines: readonly string[]): Promise<void> {
    if (lines.length === 0) return;
    if (this.#isOver) throw new ConnectionClosedError("the session was ended here");
    // In names a line feed travels as NUL.
    const text = lines.map((line) => `${line.replaceAll("\n", "\0")}\r\n`).join("");
    const bytes = Buffer.from(text, this.shared.options.encoding ?? "utf8");
    if (this.#gate === undefined) {
      await this.connection.write(bytes);
      return;
    }
    try {
      for await (const piece of this.#gate.pass(bytes)) await this.connection.write(piece);
    } catch (error) {
      if (!(error instanceof Cut)) throw error;
      this.end(error.how);
      throw new ConnectionClosedError("a fault has ended the session");
    }
  }

  /** Closes the port that no transfer has used. */
  async dropPort(): Promise<void> {
    const { port } = this;
    if (port === undefined) return;
    this.port = undefined;
    await port.close();
    this.shared.ports.delete(port);
  }

  /** Speaks TLS from here on; in a way that can be undone where CCC is on. */
  async startTls(options: TlsServerOptions): Promise<void> {
    if (this.shared.features.has("CCC")) this.#tls = await RemovableTls.over(this.#base, options);
    else await this.#base.acceptTls(options);
  }

  /** False: TLS is there to stay. */
  get canEndTls(): boolean {
    return this.#tls !== undefined;
  }

  /** Speaks in clear again, as soon as the reply is sent. */
  endTls(): void {
    this.#tls?.expectEnd();
    this.afterReply = async () => {
      this.#prefix = (await this.#tls?.end()) ?? "";
      this.#tls = undefined;
    };
  }

  end(how: Ending = "end"): void {
    this.#isOver = true;
    // The server closes it when the reader has stopped.
    if (how === "end") this.#stop.abort();
    else this.#cutting ??= this.#cut(how);
  }

  async #cut(how: Ending): Promise<void> {
    await this.connection.flush().catch(() => undefined);
    await endAs(how, this.#base);
  }
}
