// The reply pipeline: commands out, replies back, matched in order. Not awaiting is pipelining: what callers
// send in one turn of the event loop leaves in one write.
import type { CommandLine } from "./argument.ts";
import type { Body } from "./body.ts";
import type { Connection } from "./connection.ts";
import type { Content } from "./content.ts";
import { Deadline } from "./deadline.ts";
import { ConnectionClosedError, LimitError, ProtocolError, TimeoutError, TlsError } from "./errors.ts";
import {
  settle,
  type BlockOptions,
  type BlockReply,
  type CommandOptions,
  type Exchange,
} from "./exchange.ts";
import { Outbox, type WaitingTurn, type Window } from "./outbox.ts";
import { Queue } from "./queue.ts";
import type { Outcome } from "./reader.ts";
import type { Reply, ReplyGrammar } from "./reply.ts";
import type { WriteOptions, Writer } from "./writer.ts";

// Read ahead of a caller who has not begun to read a block, while nobody waits for what is behind it.
const UNREAD_BYTES = 65_536;

/**
 * Turn is the sole right to send: no other command goes out until the task it was given to has settled.
 * What the turn sends is not held back by the window.
 */
export interface Turn<R extends Reply> {
  command(line: CommandLine, options?: CommandOptions<R>): Promise<R>;
  block(line: CommandLine, options: BlockOptions<R>): Promise<BlockReply<R>>;
  /** A further reply without a command of its own, as behind the content of SMTP's DATA. Ask before you send the content. */
  expect(options?: CommandOptions<R>): Promise<R>;
  /** Sends content as it is. A failure midway ends the connection: the peer cannot know where the content ended. */
  writeContent(content: Content, options?: WriteOptions): Promise<number>;
  /** Sends content as a dot-terminated block; else as `writeContent`. */
  writeBlock(content: Content, options?: WriteOptions): Promise<number>;
}

/**
 * ReplyPipeline gives each reply to the oldest unanswered command. One framing error, unexpected reply or lost
 * connection ends it: all that is under way settles exactly once, and the connection is destroyed.
 */
export class ReplyPipeline<R extends Reply> {
  readonly connection: Connection;
  readonly #grammar: ReplyGrammar<R>;
  readonly #outbox: Outbox<R> = new Outbox((exchange) => this.#send(exchange));
  readonly #unanswered: Queue<Exchange<R>> = new Queue();
  readonly #deadline: Deadline = new Deadline();
  // What the deadline was armed for.
  #timed: Exchange<R> | Body | undefined;
  // The reply being received.
  #lines: string[] = [];
  #characters = 0;
  // The block being received, and what asked for it.
  #block: Body | undefined;
  #blockOf: Exchange<R> | undefined;
  // Our own work, such as sending content, during which no reply is due.
  #resting = 0;
  #lastReply: R | undefined;
  #error: Error | undefined;

  constructor(connection: Connection, grammar: ReplyGrammar<R>) {
    this.connection = connection;
    this.#grammar = grammar;
    this.#listen();
  }

  /** Sets how much may be under way; what is not named gets its default. `{ commands: 1 }` turns pipelining off. */
  set window(window: Partial<Window>) {
    this.#outbox.window = window;
  }

  /** The last reply received, asked for or not. */
  get lastReply(): R | undefined {
    return this.#lastReply;
  }

  /** Why the pipeline ended; undefined while it works. */
  get error(): Error | undefined {
    return this.#error;
  }

  /** Waits for the reply that the server sends by itself when a client connects. */
  greeting(options: CommandOptions<R> = {}): Promise<R> {
    return new Promise((resolve, reject) => {
      this.#send(this.#exchange(undefined, options, resolve, reject, "greeting"));
    });
  }

  /**
   * Sends a command and resolves to its reply, whatever the code. Rejects with ConnectionClosedError,
   * TimeoutError, ProtocolError or LimitError, which end the pipeline, or with the signal's reason.
   */
  command(line: CommandLine, options: CommandOptions<R> = {}): Promise<R> {
    return new Promise((resolve, reject) => {
      this.#outbox.add(this.#exchange(line, options, resolve, reject));
    });
  }

  /** As `command`, for replies that may bring a block. The block must be read, or cancelled, for later replies to come. */
  block(line: CommandLine, options: BlockOptions<R>): Promise<BlockReply<R>> {
    return new Promise((resolve, reject) => {
      const answer = (reply: R, block: Body | undefined): void => resolve({ reply, block });
      this.#outbox.add(this.#exchange(line, options, answer, reject));
    });
  }

  /**
   * Runs a task that no other command may interrupt: one after which nothing may be sent at first (STARTTLS,
   * AUTH), or with content behind it (DATA, POST). It begins when all before it was sent, not answered.
   */
  exclusive<T>(task: (turn: Turn<R>) => Promise<T>, signal?: AbortSignal): Promise<T> {
    return new Promise((resolve, reject) => {
      signal?.throwIfAborted();
      if (this.#error !== undefined) throw this.#error;
      const waiting: WaitingTurn = {
        begin: async () => {
          signal?.removeEventListener("abort", withdraw);
          await task(this.#turn).then(resolve, reject);
        },
        reject,
      };
      const withdraw = (): void => {
        if (this.#outbox.withdraw(waiting)) reject(signal?.reason as Error);
      };
      signal?.addEventListener("abort", withdraw, { once: true });
      this.#outbox.add(waiting);
    });
  }

  // The server owes no reply before the work is done, and the work has watches of its own.
  async #restDuring(work: Promise<unknown>): Promise<void> {
    this.#resting += 1;
    this.#watch();
    await work.catch(() => undefined);
    this.#resting -= 1;
    this.#watch();
  }

  readonly #turn: Turn<R> = {
    command: (line, options = {}) =>
      new Promise((resolve, reject) => {
        this.#send(this.#exchange(line, options, resolve, reject));
      }),
    block: (line, options) =>
      new Promise((resolve, reject) => {
        const answer = (reply: R, block: Body | undefined): void => resolve({ reply, block });
        this.#send(this.#exchange(line, options, answer, reject));
      }),
    expect: (options = {}) =>
      new Promise((resolve, reject) => {
        this.#send(this.#exchange(undefined, options, resolve, reject));
      }),
    writeContent: (content, options = {}) =>
      this.#write(options.signal, (writer) => writer.writeContent(content, options)),
    writeBlock: (content, options = {}) =>
      this.#write(options.signal, (writer) => writer.writeBlock(content, options)),
  };

  #exchange(
    command: CommandLine | undefined,
    options: CommandOptions<R> & Partial<BlockOptions<R>>,
    resolve: (reply: R, block: Body | undefined) => void,
    reject: (error: Error) => void,
    phase: "greeting" | "reply" = "reply",
  ): Exchange<R> {
    if (this.#error !== undefined) throw this.#error;
    const { signal } = options;
    const exchange: Exchange<R> = {
      command,
      resolve,
      reject,
      onPreliminary: options.onPreliminary,
      hasBlock: options.hasBlock,
      expectedBytes: options.expectedBytes ?? 0,
      timeout: options.timeout ?? this.connection.timeouts[phase],
      phase,
      signal,
      onAbort: undefined,
      settled: false,
    };
    if (signal !== undefined) {
      signal.throwIfAborted();
      exchange.onAbort = () => {
        this.#outbox.withdraw(exchange);
        if (settle(exchange)) reject(signal.reason as Error);
      };
      signal.addEventListener("abort", exchange.onAbort, { once: true });
    }
    return exchange;
  }

  #send(exchange: Exchange<R>): void {
    const { reader, writer, tracer } = this.connection;
    const idle = this.#unanswered.length === 0 && this.#block === undefined;
    if (exchange.command !== undefined) {
      if (idle && reader.framer.length > 0) {
        this.#fail(new ProtocolError("the server sent something that nobody asked for"));
      }
      if (this.#error !== undefined) {
        if (settle(exchange)) exchange.reject(this.#error);
        return;
      }
      const { line, shown } = exchange.command;
      if (tracer.active) tracer.line("sent", shown);
      if (typeof line === "string") {
        writer.push(`${line}\r\n`);
      } else {
        writer.push(line);
        writer.push("\r\n");
      }
    }
    this.#unanswered.push(exchange);
    this.#outbox.sent(exchange);
    if (idle) this.#watch();
    // A block that its caller leaves unread may now be kept in memory, for this one's reply to come.
    else if (this.#block !== undefined) reader.wake();
  }

  async #write<T>(signal: AbortSignal | undefined, write: (writer: Writer) => Promise<T>): Promise<T> {
    const cancel = (): void => {
      this.#fail(
        new ConnectionClosedError("sending was cancelled in the middle of the content", {
          cause: signal?.reason,
          lastReply: this.#lastReply,
        }),
      );
    };
    signal?.addEventListener("abort", cancel, { once: true });
    const writing = write(this.connection.writer);
    void this.#restDuring(writing);
    try {
      return await writing;
    } catch (error) {
      if (signal?.aborted === true) {
        cancel();
        throw signal.reason;
      }
      this.#fail(error as Error);
      throw error;
    } finally {
      signal?.removeEventListener("abort", cancel);
    }
  }

  /** Arms the deadline for what the server owes us now; our own sending and our caller's reading do not count. */
  #watch(): void {
    const first = this.#unanswered.first;
    const timed = this.#block ?? first;
    if (timed === undefined || this.#resting > 0 || this.#error !== undefined) {
      this.#timed = undefined;
      this.#deadline.disarm();
    } else if (this.#timed !== timed) {
      this.#timed = timed;
      if (this.#block === undefined) this.#watchReply(first as Exchange<R>);
      else this.#watchUnread(this.#block);
    }
  }

  #watchReply({ timeout, phase, command }: Exchange<R>): void {
    this.#deadline.arm(timeout, () => {
      const what = command === undefined ? `no ${phase}` : `no reply to "${command.shown}"`;
      const hint = phase === "greeting" ? "; a server that expects TLS from the start is silent, too" : "";
      this.#fail(new TimeoutError(`${what} within ${timeout} ms${hint}`, phase, timeout));
    });
  }

  // Whoever waits for a reply behind a block that nobody reads would wait for ever.
  #watchUnread(block: Body): void {
    this.#deadline.arm(this.connection.timeouts.stall, () => {
      if (block.unclaimed && !block.wants && this.#unanswered.length > 0) {
        this.#fail(
          new LimitError(
            "a block was left unread although other commands wait behind it; read or cancel it",
            "unreadBytes",
          ),
        );
      } else if (block === this.#block) {
        this.#watchUnread(block);
      }
    });
  }

  #listen(): void {
    this.connection.reader.demand({ attempt: () => this.#receive(), stalls: false });
  }

  #receive(): Outcome {
    const { reader } = this.connection;
    if (this.#error !== undefined) return "settled";
    try {
      while (this.#block === undefined) {
        const line = reader.framer.takeLine();
        if (line === undefined) {
          if (reader.ended) throw this.#endError();
          this.#refuseTls();
          break;
        }
        this.#take(line);
      }
    } catch (error) {
      this.#fail(error as Error);
      return "settled";
    }
    if (this.#outbox.length > 0) this.#outbox.sendWaiting();
    this.#watch();
    return this.#block === undefined ? "waiting" : "settled";
  }

  #take(line: string): void {
    const { limits, tracer } = this.connection;
    if (tracer.active) tracer.line("received", line);
    const lines = this.#lines;
    lines.push(line);
    this.#characters += line.length;
    if (lines.length > limits.replyLines) {
      throw new LimitError(`the server sent a reply of more than ${limits.replyLines} lines`, "replyLines");
    }
    if (this.#characters > limits.replyBytes) {
      throw new LimitError(`the server sent a reply of more than ${limits.replyBytes} bytes`, "replyBytes");
    }
    if (!this.#grammar.isLast(line, lines[0] as string)) return;
    this.#lines = [];
    this.#characters = 0;
    this.#answer(this.#grammar.parse(lines));
  }

  #answer(reply: R): void {
    this.#lastReply = reply;
    const exchange = this.#unanswered.first;
    const isClosing = this.#grammar.isClosing?.(reply) === true;
    if (exchange === undefined) {
      if (isClosing) throw this.#endError();
      throw new ProtocolError(
        `the server sent a reply that nobody asked for: ${reply.lines[0]?.slice(0, 80)}`,
      );
    }
    if (this.#grammar.isPreliminary?.(reply) === true) {
      const work = exchange.settled ? undefined : exchange.onPreliminary?.(reply);
      if (work !== undefined) void this.#restDuring(work);
      return;
    }
    this.#unanswered.shift();
    if (exchange.hasBlock?.(reply) === true) this.#receiveBlock(exchange);
    else this.#outbox.answered(exchange);
    if (settle(exchange)) exchange.resolve(reply, this.#block);
    else this.#block?.cancel();
    if (isClosing) throw this.#endError();
  }

  #receiveBlock(exchange: Exchange<R>): void {
    this.#blockOf = exchange;
    this.#block = this.connection.reader.readBlock({
      onEnd: (error) => this.#onBlockEnd(error),
      unreadBytes: () => (this.#unanswered.length > 0 ? this.connection.limits.unreadBytes : UNREAD_BYTES),
    });
  }

  #onBlockEnd(error?: Error): void {
    if (this.#blockOf !== undefined) this.#outbox.answered(this.#blockOf);
    this.#block = undefined;
    this.#blockOf = undefined;
    if (error === undefined) this.#listen();
    else this.#fail(error);
  }

  #endError(): ConnectionClosedError | Error {
    const reply = this.#lastReply;
    const words = reply === undefined ? "" : `; its last words were "${reply.lines.at(-1)}"`;
    const waiting = this.#unanswered.first?.command?.shown;
    const where = waiting === undefined ? "" : ` instead of answering "${waiting}"`;
    const end = this.connection.reader.endError(`${where.trim()}${words}`.trim());
    if (!(end instanceof ConnectionClosedError)) return end;
    return new ConnectionClosedError(end.message, { cause: end.cause, lastReply: reply });
  }

  // A TLS alert or handshake record (RFC 8446 5.1) where a greeting should be.
  #refuseTls(): void {
    if (this.#unanswered.first?.phase !== "greeting") return;
    const [type, version] = this.connection.reader.framer.peek(2);
    if ((type === 0x15 || type === 0x16) && version === 0x03) {
      throw new TlsError(
        `${this.connection.host} speaks TLS from the start on this port; use tls: "implicit"`,
      );
    }
  }

  #fail(error: Error): void {
    if (this.#error !== undefined) return;
    this.#error = error;
    this.#deadline.close();
    this.connection.destroy(error);
    for (let next = this.#unanswered.shift(); next !== undefined; next = this.#unanswered.shift()) {
      if (settle(next)) next.reject(error);
    }
    this.#outbox.fail(error);
  }
}
