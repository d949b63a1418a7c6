// The dialogue of commands and replies on one connection: what the sessions of all protocols have alike.
import { cutOnAbort, orAborted } from "./abort.ts";
import type { CommandLine } from "./argument.ts";
import type { Connection } from "./connection.ts";
import type { CommandOptions } from "./exchange.ts";
import { ReplyPipeline, type Turn } from "./pipeline.ts";
import type { Reply, ReplyGrammar } from "./reply.ts";
import { printable, type Trace } from "./trace.ts";

/** What any verb can be given. */
export interface VerbOptions {
  /** Gives up with the signal's reason. The session stays usable. */
  signal?: AbortSignal | undefined;
}

/** What a dialogue must know of its protocol and its caller. */
export interface DialogueOptions<R extends Reply> {
  readonly grammar: ReplyGrammar<R>;
  /** Says goodbye. */
  readonly quit: CommandLine;
  readonly trace?: Trace | undefined;
  /** The caller's, for the whole session. */
  readonly signal?: AbortSignal | undefined;
}

/** Dialogue passes commands on, and ends. */
export abstract class Dialogue<R extends Reply> {
  protected readonly pipeline: ReplyPipeline<R>;
  // Options of a session hold passwords: who prints one is not to see them.
  readonly #options: DialogueOptions<R>;
  #quitting: Promise<void> | undefined;
  #isClosedHere = false;

  protected constructor(connection: Connection, options: DialogueOptions<R>) {
    this.pipeline = new ReplyPipeline(connection, options.grammar);
    // Nothing is sent ahead before we are in: a server may refuse us with one reply and close.
    this.pipeline.window = { commands: 1 };
    this.#options = options;
  }

  /** No command may go out before the one in front of it is answered. */
  protected abstract get isSerial(): boolean;

  /** It was not the server who ended it. */
  protected get isClosedHere(): boolean {
    return this.#isClosedHere || this.#options.signal?.aborted === true;
  }

  /** Does what comes first; if that fails, the session is over. An abort cuts it off. */
  protected begin(work: () => Promise<void>): Promise<void> {
    return cutOnAbort(this.pipeline.connection, this.#options.signal, async () => {
      try {
        await work();
      } catch (error) {
        if (this.isOpen) await this.quit();
        else this.close();
        throw error;
      }
    });
  }

  /** False once the connection is gone, or about to be. */
  get isOpen(): boolean {
    return this.pipeline.error === undefined && this.#quitting === undefined;
  }

  /** Sends a command in its turn, without pipelining when the one before is answered. */
  protected async ask(command: CommandLine, options: CommandOptions<R>): Promise<R> {
    return this.isSerial ? this.askAlone(command, options) : this.pipeline.command(command, options);
  }

  /** Sends a command behind which nothing may be sent before it is answered. */
  protected async askAlone(command: CommandLine, { signal, ...options }: CommandOptions<R>): Promise<R> {
    return new Promise((resolve, reject) => {
      const task = async (turn: Turn<R>): Promise<void> => {
        const replying = turn.command(command, options);
        orAborted(replying, signal).then(resolve, reject);
        // Who has given up is told, but the next one waits.
        await replying;
      };
      this.pipeline.exclusive(task, signal).catch(reject);
    });
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

  /** Says QUIT when all before it is done, waits up to `timeouts.close` for the answer, and closes. */
  quit(): Promise<void> {
    this.#quitting ??= this.#quit();
    return this.#quitting;
  }

  async #quit(): Promise<void> {
    const { connection, error } = this.pipeline;
    let reply: R | undefined;
    if (error === undefined) {
      // Nothing goes out behind it.
      const saying = this.askAlone(this.#options.quit, { timeout: this.quitTimeout });
      reply = await saying.catch(() => undefined);
    }
    await connection.close();
    this.hearGoodbye(reply);
  }

  /** Milliseconds for the answer to QUIT. */
  protected get quitTimeout(): number {
    return this.pipeline.connection.timeouts.close;
  }

  /** What it means if QUIT was answered so, or not at all; what this throws `quit` rejects with. */
  protected hearGoodbye(_reply: R | undefined): void {}

  /** Closes at once. What is under way rejects. */
  close(): void {
    this.#isClosedHere = true;
    this.pipeline.connection.destroy();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.quit();
  }
}
