// The reply pipeline: commands out, replies back, matched in order. Not awaiting is pipelining: what callers
// send in one turn of the event loop leaves in one write. Its receiving half is in reply-receiver.ts.
import type { CommandLine } from "./argument.ts";
import type { Body } from "./body.ts";
import type { Connection } from "./connection.ts";
import type { Content } from "./content.ts";
import { ArgumentError, ConnectionClosedError, NetcliError } from "./errors.ts";
import {
  settle,
  type BlockOptions,
  type BlockReply,
  type CommandOptions,
  type Exchange,
} from "./exchange.ts";
import { Outbox, type WaitingGroup, type WaitingTurn, type Window } from "./outbox.ts";
import type { Reply, ReplyGrammar } from "./reply.ts";
import { ReplyReceiver } from "./reply-receiver.ts";
import type { WriteOptions, Writer } from "./writer.ts";

// Shared: an object per command is not free.
const NO_OPTIONS = Object.freeze({});

/**
 * Turn is the sole right to send: no other command goes out until the task it was given to has settled.
 * What the turn sends is not held back by the window.
 */
export interface Turn<R extends Reply> {
  command(line: CommandLine, options?: CommandOptions<R>): Promise<R>;
  block(line: CommandLine, options: BlockOptions<R>): Promise<BlockReply<R>>;
  /** A further reply without a command of its own, as behind the content of SMTP's DATA. Ask before you send the content. */
  expect(options?: CommandOptions<R>): Promise<R>;
  /**
   * Rejects with `error` what is unanswered, for a server that has dropped commands: what it says next answers what is
   * sent next. Find out first, by a further command, that it has no more to say.
   */
  abandon(error: Error): void;
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
  readonly #outbox: Outbox<R> = new Outbox((exchange) => this.#send(exchange));
  readonly #receiver: ReplyReceiver<R>;
  // Those who wait for content of theirs to be sent.
  readonly #writing: Set<(error: Error) => void> = new Set();
  #error: Error | undefined;

  constructor(connection: Connection, grammar: ReplyGrammar<R>) {
    this.connection = connection;
    this.#receiver = new ReplyReceiver(connection, grammar, this.#outbox, (error) => this.#fail(error));
  }

  /** Sets how much may be under way; what is not named gets its default. `{ commands: 1 }` turns pipelining off. */
  set window(window: Partial<Window>) {
    this.#outbox.window = window;
  }

  /** The last reply received, asked for or not. */
  get lastReply(): R | undefined {
    return this.#receiver.lastReply;
  }

  /** Why the pipeline ended; undefined while it works. */
  get error(): Error | undefined {
    return this.#error;
  }

  /** Waits for the reply that the server sends by itself when a client connects. */
  greeting(options: CommandOptions<R> = NO_OPTIONS): Promise<R> {
    return new Promise((resolve, reject) => {
      this.#send(this.#exchange(undefined, options, resolve, reject, "greeting"));
      this.#receiver.start();
    });
  }

  /**
   * Sends a command and resolves to its reply, whatever the code. Rejects with ConnectionClosedError,
   * TimeoutError, ProtocolError or LimitError, which end the pipeline, or with the signal's reason.
   */
  command(line: CommandLine, options: CommandOptions<R> = NO_OPTIONS): Promise<R> {
    return new Promise((resolve, reject) => {
      this.#queue(this.#exchange(line, options, resolve, reject));
    });
  }

  /** As `command`, for replies that may bring a block. The block must be read, or cancelled, for later replies to come. */
  block(line: CommandLine, options: BlockOptions<R>): Promise<BlockReply<R>> {
    return this.#askForBlock(line, options, (exchange) => this.#queue(exchange));
  }

  /**
   * Runs a task that no other command may interrupt: one after which nothing may be sent at first (STARTTLS,
   * AUTH), or with content behind it (DATA, POST). It begins when all before it was sent; with a window of one command, when
   * that was answered, too.
   * The task sends through its turn: what it asked of the pipeline itself would wait for the task to end.
   */
  exclusive<T>(task: (turn: Turn<R>) => Promise<T>, signal?: AbortSignal): Promise<T> {
    return new Promise((resolve, reject) => {
      signal?.throwIfAborted();
      if (this.#error !== undefined) throw this.#error;
      const waiting: WaitingTurn = {
        begin: async () => {
          signal?.removeEventListener("abort", withdraw);
          try {
            resolve(await task(this.#turn));
          } catch (error) {
            reject(error);
          }
        },
        end: () => this.#receiver.wake(),
        reject: (error) => {
          signal?.removeEventListener("abort", withdraw);
          reject(error);
        },
      };
      const withdraw = (): void => {
        if (this.#outbox.withdraw(waiting)) reject(signal?.reason);
      };
      signal?.addEventListener("abort", withdraw, { once: true });
      this.#queue(waiting);
    });
  }

  /**
   * Sends several commands in one write, with no other between them: `send` asks for all of them at once, and does not
   * wait. It is called when it is their turn. Resolves as it does.
   */
  together<T>(send: (turn: Pick<Turn<R>, "command">) => Promise<T>, signal?: AbortSignal): Promise<T> {
    return new Promise((resolve, reject) => {
      signal?.throwIfAborted();
      if (this.#error !== undefined) throw this.#error;
      const group: WaitingGroup = {
        send: () => {
          signal?.removeEventListener("abort", withdraw);
          try {
            resolve(send(this.#turn));
          } catch (error) {
            reject(error);
          }
        },
        reject: (error) => {
          signal?.removeEventListener("abort", withdraw);
          reject(error);
        },
      };
      const withdraw = (): void => {
        if (this.#outbox.withdraw(group)) reject(signal?.reason);
      };
      signal?.addEventListener("abort", withdraw, { once: true });
      this.#queue(group);
    });
  }

  readonly #turn: Turn<R> = {
    command: (line, options = NO_OPTIONS) =>
      new Promise((resolve, reject) => {
        this.#send(this.#exchange(line, options, resolve, reject));
      }),
    block: (line, options) => this.#askForBlock(line, options, (exchange) => this.#send(exchange)),
    expect: (options = NO_OPTIONS) => {
      const reply = new Promise<R>((resolve, reject) => {
        this.#send(this.#exchange(undefined, options, resolve, reject));
      });
      // It is awaited behind the content, whose own failure would leave it unhandled, which ends the process.
      reply.catch(() => undefined);
      return reply;
    },
    abandon: (error) => this.#receiver.abandon(error),
    writeContent: (content, options = {}) =>
      this.#write(options.signal, (writer) => writer.writeContent(content, options)),
    writeBlock: (content, options = {}) =>
      this.#write(options.signal, (writer) => writer.writeBlock(content, options)),
  };

  #askForBlock(
    line: CommandLine,
    options: BlockOptions<R>,
    hand: (exchange: Exchange<R>) => void,
  ): Promise<BlockReply<R>> {
    return new Promise((resolve, reject) => {
      hand(this.#exchange(line, options, (reply, block) => resolve({ reply, block }), reject));
    });
  }

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
      options,
      phase,
      resolve,
      reject,
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

  #queue(item: Exchange<R> | WaitingGroup | WaitingTurn): void {
    this.#outbox.add(item);
    this.#receiver.wake();
    this.#receiver.start();
  }

  #send(exchange: Exchange<R>): void {
    const { command } = exchange;
    if (command !== undefined) this.#receiver.refuseUnasked();
    if (this.#error !== undefined) {
      if (settle(exchange)) exchange.reject(this.#error);
      return;
    }
    // Before anything else can fail: it is then rejected with all the others.
    this.#receiver.expect(exchange);
    try {
      if (command !== undefined) this.#sendLine(command);
    } catch (error) {
      this.#fail(error as Error);
    }
    this.#receiver.wake();
  }

  #sendLine({ line, shown }: CommandLine): void {
    const { writer, tracer } = this.connection;
    if (tracer.active) tracer.line("sent", shown);
    if (typeof line === "string") {
      writer.push(`${line}\r\n`);
    } else {
      writer.push(line);
      writer.push("\r\n");
    }
  }

  async #write<T>(signal: AbortSignal | undefined, write: (writer: Writer) => Promise<T>): Promise<T> {
    if (this.#error !== undefined) throw this.#error;
    const cancel = (): void => {
      this.#fail(
        new ConnectionClosedError("sending was cancelled in the middle of the content", {
          cause: signal?.reason,
          lastReply: this.lastReply,
        }),
      );
    };
    signal?.addEventListener("abort", cancel, { once: true });
    const writing = write(this.connection.writer);
    this.#receiver.restDuring(writing);
    try {
      return await this.#untilFailure(writing);
    } catch (error) {
      if (signal?.aborted === true) {
        cancel();
        throw signal.reason;
      }
      this.#fail(this.#brokenBy(error as Error));
      throw error;
    } finally {
      signal?.removeEventListener("abort", cancel);
    }
  }

  /** What the others are told: the failure of somebody's content is not theirs. */
  #brokenBy(error: Error): Error {
    if (error instanceof NetcliError && !(error instanceof ArgumentError)) return error;
    const { lastReply } = this;
    return new ConnectionClosedError("content that was being sent broke off", { cause: error, lastReply });
  }

  // The source of the content may never give another chunk: who waits for it is told of a failure at once.
  #untilFailure<T>(writing: Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      this.#writing.add(reject);
      const done = (): void => void this.#writing.delete(reject);
      writing.then(resolve, reject).then(done, done);
    });
  }

  #fail(error: Error): void {
    if (this.#error !== undefined) return;
    this.#error = error;
    // Before the connection is destroyed, which makes the reader hand out what it still has.
    this.#receiver.fail(error);
    this.connection.destroy(error);
    for (const stop of this.#writing) stop(error);
    this.#outbox.fail(error);
  }
}
