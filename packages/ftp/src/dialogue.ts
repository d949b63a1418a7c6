// The dialogue on a control connection: any command and its reply (RFC 959 4.2, 5.4).
import {
  Dialogue,
  type CommandLine,
  type Connection,
  type ReplyPipeline,
  type VerbOptions,
} from "@netcli/core-transport";
import { FtpCommands, ftpCommand } from "./command.ts";
import { refusal } from "./errors.ts";
import type { FtpTarget } from "./options.ts";
import { ftpGrammar, type FtpReply } from "./reply.ts";
import { Transfers } from "./transfer.ts";

/** @internal What a session is made of. */
export interface SessionParts {
  readonly pipeline: ReplyPipeline<FtpReply>;
  readonly transfers: Transfers;
  readonly commands: FtpCommands;
  readonly target: FtpTarget;
}

/** FtpDialogue is a session that only passes commands on. */
export abstract class FtpDialogue extends Dialogue<FtpReply> {
  /** @internal */
  protected readonly transfers: Transfers;
  /** @internal */
  protected readonly commands: FtpCommands;
  // It holds the password: who prints a session is not to see it.
  readonly #target: FtpTarget;

  /** @internal */
  protected constructor(connection: Connection, target: FtpTarget) {
    const { trace, signal } = target;
    super(connection, { grammar: ftpGrammar, quit: ftpCommand("QUIT"), trace, signal });
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

  protected get isSerial(): boolean {
    return this.target.trust.isSerial;
  }

  /** @internal Makes text of the bytes of names. */
  protected get decode(): ((bytes: Uint8Array) => string) | undefined {
    const { codec } = this.target;
    return codec && ((bytes) => codec.decode(bytes));
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
}
