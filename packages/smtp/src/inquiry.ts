// What a server can be asked besides taking mail (RFC 5321 4.1.1.6 to 4.1.1.9).
import type { VerbOptions } from "@netcli/core-transport";
import { rawCommand, smtpCommand } from "./command.ts";
import { SmtpControl } from "./control.ts";
import { assertPositive } from "./errors.ts";
import type { SmtpReply } from "./reply.ts";

/** SmtpInquiry is a session without its verbs for mail. Nothing goes out behind these before they are answered (RFC 2920). */
export abstract class SmtpInquiry extends SmtpControl {
  /**
   * Sends any command and resolves to its reply, whatever the code. Not for commands with content behind them.
   */
  async docmd(command: string, args: string = "", options: VerbOptions = {}): Promise<SmtpReply> {
    return this.askAlone(rawCommand(args === "" ? command : `${command} ${args}`), options);
  }

  /** @internal Sends a command that is answered with 2yz, else rejects with ReplyError. */
  protected async expectAlone(
    verb: string,
    args: readonly string[],
    options: VerbOptions,
  ): Promise<SmtpReply> {
    const command = smtpCommand(verb, ...args);
    return assertPositive(await this.askAlone(command, options), command);
  }

  /** Does nothing, and shows that the server is there. */
  noop(options: VerbOptions = {}): Promise<SmtpReply> {
    return this.expectAlone("NOOP", [], options);
  }

  /** What the server says about its commands, or about one of them. */
  async help(topic: string = "", options: VerbOptions = {}): Promise<string> {
    return (await this.expectAlone("HELP", [topic], options)).text;
  }

  /** Asks whether there is such a mailbox. Many servers answer 252: they will not tell. */
  verify(address: string, options: VerbOptions = {}): Promise<SmtpReply> {
    return this.expectAlone("VRFY", [address], options);
  }

  /** The same as `verify`. */
  vrfy(address: string, options: VerbOptions = {}): Promise<SmtpReply> {
    return this.verify(address, options);
  }

  /** Asks who is on a mailing list. */
  expn(list: string, options: VerbOptions = {}): Promise<SmtpReply> {
    return this.expectAlone("EXPN", [list], options);
  }
}
