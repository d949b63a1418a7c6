// The dialogue on a control connection: any command and its reply, and the end of it (RFC 959 4.2, 5.4).
import {
  printable,
  ReplyPipeline,
  type CommandLine,
  type Connection,
  type Trace,
  type Turn,
} from "@netcli/core-transport";
import { orAborted } from "./abort.ts";
import { FtpCommands, ftpCommand } from "./command.ts";
import { refusal } from "./errors.ts";
import type { FtpTarget } from "./options.ts";
import { ftpGrammar, type FtpReply } from "./reply.ts";
import { Transfers } from "./transfer.ts";

/** What any verb can be given. */
export interface VerbOptions {
  /** Gives up with the signal's reason. The session stays usable. */
  signal?: AbortSignal | undefined;
}

/** @internal What a session is made of. */
export interface SessionParts {
  readonly pipeline: ReplyPipeline<FtpReply>;
  readonly transfers: Transfers;
  readonly commands: FtpCommands;
  readonly target: FtpTarget;
}

/** FtpDialogue is a session that only passes commands on. */
export abstract class FtpDialogue {
  /** @internal */
  protected readonly pipeline: ReplyPipeline<FtpReply>;
  /** @internal */
  protected readonly transfers: Transfers;
  /** @internal */
  protected readonly commands: FtpCommands;
  // It holds the password: who prints a session is not to see it.
  readonly #target: FtpTarget;
  #quitting: Promise<void> | undefined;
  #isClosedHere = false;

  /** @internal */
  protected constructor(connection: Connection, target: FtpTarget) {
    this.pipeline = new ReplyPipeline(connection, ftpGrammar);
    // Nothing is sent ahead before we are in: a server may refuse us with one reply and close.
    this.pipeline.window = { commands: 1 };
    this.#target = target;
    this.transfers = new Transfers(this.pipeline, target);
    this.commands = new FtpCommands(target.codec);
  }

  /** @internal */
  protected get target(): FtpTarget {
    return this.#target;
  }

  /** @internal For what two sessions do together. */
  get parts(): SessionParts {
    const { pipeline, transfers, commands, target } = this;
    return { pipeline, transfers, commands, target };
  }

  /** @internal No command may go out before the one in front of it is answered. */
  protected get isSerial(): boolean {
    return this.target.trust.isSerial;
  }

  /** @internal Makes text of the bytes of names. */
  protected get decode(): ((bytes: Uint8Array) => string) | undefined {
    const { codec } = this.target;
    return codec && ((bytes) => codec.decode(bytes));
  }

  /** @internal It was not the server who ended it. */
  protected get isClosedHere(): boolean {
    return this.#isClosedHere || this.target.signal?.aborted === true;
  }

  /** False once the connection is gone, or about to be. */
  get isOpen(): boolean {
    return this.pipeline.error === undefined && this.#quitting === undefined;
  }

  /** @internal Sends a command in its turn, without pipelining when the one before is answered. */
  protected async ask(command: CommandLine, { signal }: VerbOptions): Promise<FtpReply> {
    if (!this.isSerial) return this.pipeline.command(command, { signal });
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
      if (/^(?:TYPE|MODE|REIN)\b/i.test(line)) this.transfers.settings.forget();
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

  /** Does nothing, and shows that the server is there. */
  noop(options: VerbOptions = {}): Promise<FtpReply> {
    return this.voidCmd("NOOP", options);
  }

  /** 0: silent. 1 and more: each line of the dialogue goes to the console, secrets replaced. */
  setDebugLevel(level: number): void {
    const { trace } = this.target;
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
    this.#isClosedHere = true;
    this.pipeline.connection.destroy();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.quit();
  }
}
