// One POP3 connection, one method per verb under the names of Python's poplib (RFC 1939): the maildrop.
import {
  ConnectionClosedError,
  orAborted,
  ProtocolError,
  TimeoutError,
  within,
  type Connection,
  type VerbOptions,
} from "@netcli/core-transport";
import { assertNumber, pop3Command } from "./command.ts";
import { Pop3Control } from "./control.ts";
import { Pop3ReplyError } from "./errors.ts";
import { Pop3Inquiry } from "./inquiry.ts";
import { resolveOptions, type Pop3Options, type Pop3Target } from "./options.ts";
import type { Pop3Reply } from "./reply.ts";
import { Retrieved } from "./retrieved.ts";
import { parseLast, parseSizeRow, parseStat, parseUidRow, type MessageRow, type UidRow } from "./rows.ts";

export interface RetrieveOptions extends VerbOptions {
  /** Bytes, as far as known: how many messages are asked for at once depends on it. */
  expectedBytes?: number | undefined;
}

// A maildrop of a million messages takes some 100 MB for its rows.
const MOST_MESSAGES = 1_000_000;

/** Pop3Session is one connection. Calls wait their turn. "-ERR" rejects with Pop3ReplyError. */
export class Pop3Session extends Pop3Inquiry {
  // Messages that the server will remove at QUIT.
  #marked = 0;

  /**
   * Connects and reads the greeting; with credentials also sets TLS up and opens the maildrop. Rejects with ConnectError,
   * TlsError, TimeoutError, Pop3ReplyError, NotSupportedError or ArgumentError.
   */
  static async connect(options: string | URL | Pop3Options): Promise<Pop3Session> {
    const make = (connection: Connection, target: Pop3Target): Pop3Session =>
      new Pop3Session(connection, target);
    return Pop3Control.open(resolveOptions(options), make);
  }

  /** Messages in the maildrop, and their bytes together. */
  async stat(options: VerbOptions = {}): Promise<{ count: number; size: number }> {
    return this.#read(parseStat, (await this.expect(pop3Command("STAT"), options)).text);
  }

  /** The size of one message. */
  list(message: number, options?: VerbOptions): Promise<MessageRow>;
  /** The sizes of all messages, but for those marked as deleted. */
  list(message?: undefined, options?: VerbOptions): Promise<MessageRow[]>;
  async list(message?: number, options: VerbOptions = {}): Promise<MessageRow | MessageRow[]> {
    return this.#rows("LIST", message, parseSizeRow, options);
  }

  /** The unique id of one message. */
  uidl(message: number, options?: VerbOptions): Promise<UidRow>;
  /** The unique ids of all messages, but for those marked as deleted. */
  uidl(message?: undefined, options?: VerbOptions): Promise<UidRow[]>;
  async uidl(message?: number, options: VerbOptions = {}): Promise<UidRow | UidRow[]> {
    return this.#rows("UIDL", message, parseUidRow, options);
  }

  async #rows<R extends { readonly number: number }>(
    verb: string,
    message: number | undefined,
    parse: (line: string) => R,
    options: VerbOptions,
  ): Promise<R | R[]> {
    if (message !== undefined) {
      const command = pop3Command(verb, assertNumber("the message", message));
      const { text } = await this.expect(command, options);
      return this.#read((line) => rowOf(message, parse(line)), text);
    }
    return this.askRows(pop3Command(verb), (line) => this.#read(parse, line), MOST_MESSAGES, options);
  }

  /** A server whose numbers can't be read would have us delete the wrong message. */
  #read<R>(parse: (text: string) => R, text: string): R {
    try {
      return parse(text);
    } catch (error) {
      this.pipeline.connection.destroy(error as Error);
      throw error;
    }
  }

  /** A message, as bytes, dots unstuffed. Resolves when it begins to come. */
  async retr(message: number, options: RetrieveOptions = {}): Promise<Retrieved> {
    return this.#retrieve("RETR", [assertNumber("the message", message)], options);
  }

  /** The header of a message, and so many lines of its body. */
  async top(message: number, lines: number, options: RetrieveOptions = {}): Promise<Retrieved> {
    const args = [assertNumber("the message", message), assertNumber("lines", lines, 0)];
    return this.#retrieve("TOP", args, options);
  }

  async #retrieve(verb: string, args: readonly number[], options: RetrieveOptions): Promise<Retrieved> {
    const { reply, block } = await this.askBlock(pop3Command(verb, ...args), options);
    // RFC 1939's examples have it, nobody must.
    const size = /^(\d{1,15}) octets\b/i.exec(reply.text)?.[1];
    return new Retrieved(block, size === undefined ? undefined : Number(size));
  }

  /** Marks a message as deleted; it is when `quit` has succeeded. */
  async dele(message: number, options: VerbOptions = {}): Promise<Pop3Reply> {
    const command = pop3Command("DELE", assertNumber("the message", message));
    // Before it is answered: the answer may not come any more.
    this.#marked += 1;
    try {
      return await this.expect(command, options);
    } catch (error) {
      if (error instanceof Pop3ReplyError) this.#marked -= 1;
      throw error;
    }
  }

  /** Takes all marks away. */
  async rset(options: VerbOptions = {}): Promise<Pop3Reply> {
    const reply = await this.expect(pop3Command("RSET"), options);
    this.#marked = 0;
    return reply;
  }

  /** The highest number that was retrieved in any session (RFC 1460); few servers still know. */
  async last(options: VerbOptions = {}): Promise<number> {
    return this.#read(parseLast, (await this.expect(pop3Command("LAST"), options)).text);
  }

  /** Removing takes as long as it takes. */
  protected override get quitTimeout(): number {
    return this.#marked > 0 ? this.pipeline.connection.timeouts.reply : super.quitTimeout;
  }

  protected override hearGoodbye(reply: Pop3Reply | undefined): void {
    if (this.#marked === 0 || reply?.isOk === true) return;
    if (reply !== undefined) throw new Pop3ReplyError(reply, pop3Command("QUIT"));
    throw new ConnectionClosedError(
      `QUIT was not answered: of the ${this.#marked} messages marked as deleted nobody knows which are`,
      { cause: this.pipeline.error },
    );
  }

  /** Takes all marks away and closes: nothing is deleted. Never rejects. */
  async abort(): Promise<void> {
    const { close } = this.pipeline.connection.timeouts;
    const late = (): Error => new TimeoutError("RSET was not answered", "close", close);
    const reset = (signal: AbortSignal): Promise<unknown> =>
      orAborted(this.askAlone(pop3Command("RSET"), {}), signal);
    if (this.isOpen && this.#marked > 0) await within(close, late, undefined, reset).catch(() => undefined);
    this.close();
  }
}

/** Throws ProtocolError if that is not what was asked for. */
function rowOf<R extends { readonly number: number }>(message: number, row: R): R {
  if (row.number === message) return row;
  throw new ProtocolError(`the server was asked about message ${message}, and answered about ${row.number}`);
}
