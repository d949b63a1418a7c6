// One SMTP or LMTP connection, one method per verb under the names of Python's smtplib (RFC 5321, 2033, 3030): mail.
import { isUint8Array } from "node:util/types";
import {
  cutOnAbort,
  orAborted,
  outcomeOf,
  ProtocolError,
  type CommandLine,
  type Connection,
  type Content,
  type Turn,
  type VerbOptions,
} from "@netcli/core-transport";
import { parseAddress, reversePath } from "./address.ts";
import { saysYes, type Answer } from "./answer.ts";
import { Outgoing } from "./body.ts";
import { smtpCommand } from "./command.ts";
import { SmtpControl } from "./control.ts";
import { assertPositive, MESSAGE, refusal } from "./errors.ts";
import { SmtpInquiry } from "./inquiry.ts";
import { address, release } from "./mail.ts";
import { resolveOptions, type SmtpOptions, type SmtpTarget } from "./options.ts";
import { listOf, orderOf, type Order, type Recipients, type SendOptions } from "./order.ts";
import {
  assertOffered,
  mailParameters,
  rcptParameters,
  type MailOptions,
  type RcptOptions,
} from "./parameters.ts";
import { isPositive, type SmtpReply } from "./reply.ts";
import type { SendResult } from "./result.ts";
import { sendBlock } from "./sending.ts";
import { Transaction } from "./transaction.ts";

/** What the server says to a message: with LMTP one reply for each recipient that it had accepted. */
export interface MessageReply extends SmtpReply {
  /** In the order of the recipients; with SMTP just one. */
  readonly replies: readonly SmtpReply[];
}

export interface DataOptions extends VerbOptions {
  /** Called with the bytes of the message handed to the connection so far. */
  onProgress?: ((bytes: number) => void) | undefined;
}

const DATA = smtpCommand("DATA");

/** SmtpSession is one connection. Calls wait their turn. A reply that says no rejects with ReplyError. */
export class SmtpSession extends SmtpInquiry {
  // Settles when the message before was answered.
  #before: Promise<unknown> = Promise.resolve();
  // What the server says to the recipients of the message that was begun.
  #recipients: Promise<Answer>[] = [];
  #isMidway = false;
  #messages = 0;
  #taken = 0;
  /** @internal By performance.now(). */
  readonly openedAt: number = performance.now();

  /**
   * Connects and reads the greeting; with credentials, or `tls` other than `none` and `implicit`, also says EHLO, sets
   * TLS up and logs in. Rejects with ConnectError, TlsError, TimeoutError, ReplyError, NotSupportedError or ArgumentError.
   */
  static async connect(options: string | URL | SmtpOptions): Promise<SmtpSession> {
    return SmtpSession.openFor(resolveOptions(options), false);
  }

  /** @internal `isReady`: mail can be sent. */
  static async openFor(target: SmtpTarget, isReady: boolean): Promise<SmtpSession> {
    const make = (connection: Connection, resolved: SmtpTarget): SmtpSession =>
      new SmtpSession(connection, resolved);
    return SmtpControl.open(target, make, isReady);
  }

  /** Messages that were begun here by `sendMail`, `sendMessage` or a client. */
  get messages(): number {
    return this.#messages;
  }

  /** @internal Messages that the server has taken, of those. */
  get taken(): number {
    return this.#taken;
  }

  /** @internal A message was begun by `mail`, and not ended. */
  get isMidway(): boolean {
    return this.#isMidway;
  }

  /** Begins a message; "" is nobody who wants to hear of it again. */
  async mail(from: string, { signal, ...options }: MailOptions & VerbOptions = {}): Promise<SmtpReply> {
    const { path, needsUtf8 } = reversePath(from);
    const smtputf8 = options.smtputf8 ?? needsUtf8;
    const parameters = mailParameters({ ...options, smtputf8 }, this.extensions);
    this.#recipients = [];
    this.#isMidway = true;
    return this.#expect(smtpCommand("MAIL", `FROM:<${path}>`, ...parameters), { signal });
  }

  /** Names a recipient. */
  async rcpt(to: string, { signal, ...options }: RcptOptions & VerbOptions = {}): Promise<SmtpReply> {
    const { path } = parseAddress(to);
    const command = smtpCommand("RCPT", `TO:<${path}>`, ...rcptParameters(options, this.extensions));
    const asking = this.#expect(command, { signal });
    this.#recipients.push(outcomeOf(asking));
    return asking;
  }

  /** Gives the message up that was begun. */
  async rset(options: VerbOptions = {}): Promise<SmtpReply> {
    this.#recipients = [];
    this.#isMidway = false;
    return this.#expect(smtpCommand("RSET"), options);
  }

  async #expect(command: CommandLine, options: VerbOptions): Promise<SmtpReply> {
    return assertPositive(await this.ask(command, options), command);
  }

  /**
   * Sends the message to the recipients named before: line ends become CRLF, dots are stuffed. Rejects with ReplyError
   * if the server takes it for nobody. Aborted midway, it ends the session.
   */
  async data(content: Content, { signal, onProgress }: DataOptions = {}): Promise<MessageReply> {
    const { pipeline, settings } = this;
    const recipients = this.#takeRecipients();
    const work = async (turn: Turn<SmtpReply>): Promise<readonly Answer[]> => {
      const reply = await turn.command(DATA, { signal });
      if (reply.code !== 354) throw refusal(reply, DATA);
      const replies = await this.#repliesFor(recipients);
      const timeout = settings.messageTimeout;
      const sending = { pipeline, turn, content: new Outgoing(content), replies, timeout, onProgress };
      return Promise.all(await sendBlock(sending));
    };
    const reply = messageReply(await this.#cutOnAbort(work, signal));
    this.#isMidway = false;
    return reply;
  }

  /**
   * Sends a part of the message as it is (RFC 3030), the last one with `last`; behind that the server says what it makes
   * of the whole. Rejects with NotSupportedError if the server does not offer CHUNKING.
   */
  async bdat(
    part: string | Uint8Array,
    { last = false, signal }: VerbOptions & { last?: boolean | undefined } = {},
  ): Promise<MessageReply> {
    assertOffered(this.extensions, "CHUNKING");
    const { settings } = this;
    const bytes = isUint8Array(part) ? part : Buffer.from(part, "utf8");
    const command = smtpCommand("BDAT", String(bytes.length), ...(last ? ["LAST"] : []));
    const timeout = last ? settings.messageTimeout : undefined;
    const recipients = last ? this.#takeRecipients() : [];
    const work = async (turn: Turn<SmtpReply>): Promise<{ answering: Promise<readonly Answer[]> }> => {
      const replies = await this.#repliesFor(recipients);
      const answers = [turn.command(command, { timeout })];
      for (let more = 1; more < replies; more += 1) answers.push(turn.expect({ timeout }));
      const answering = Promise.all(answers.map((answer) => outcomeOf(answer)));
      await turn.writeContent(bytes, { signal });
      // Parts may follow each other (RFC 3030 4.2).
      if (last || this.isSerial) await answering;
      return { answering };
    };
    const { answering } = await this.#cutOnAbort(work, signal);
    return messageReply(await orAborted(answering, signal));
  }

  /** Those of the message that ends now: the next one may be begun before this one is answered. */
  #takeRecipients(): readonly Promise<Answer>[] {
    const recipients = this.#recipients;
    this.#recipients = [];
    return recipients;
  }

  /** RFC 2033 4.2: each recipient that was accepted has a reply of its own. */
  async #repliesFor(recipients: readonly Promise<Answer>[]): Promise<number> {
    if (this.settings.protocol !== "lmtp") return 1;
    return Math.max(1, (await Promise.all(recipients)).filter(saysYes).length);
  }

  #cutOnAbort<T>(work: (turn: Turn<SmtpReply>) => Promise<T>, signal: AbortSignal | undefined): Promise<T> {
    const { connection } = this.pipeline;
    return this.pipeline.exclusive((turn) => cutOnAbort(connection, signal, () => work(turn)), signal);
  }

  /**
   * Sends a message, whose bytes stay as they are but for line ends and dots, to recipients; says EHLO before if that was
   * not said. Resolves if one of them gets it; rejects with SendError if nobody does, with ArgumentError or
   * NotSupportedError before anything was sent. `rcptOptions` are for all of them.
   */
  async sendMail(
    from: string,
    to: Recipients,
    message: Content,
    options: SendOptions = {},
    rcptOptions: RcptOptions = {},
  ): Promise<SendResult> {
    return this.transact({ from, to: withOptions(to, rcptOptions), content: message }, options);
  }

  /** As `sendMail`; sender and recipients are by default those of the header, whose Bcc is left out. */
  async sendMessage(
    message: Content,
    from?: string,
    to?: Recipients,
    options: SendOptions = {},
    rcptOptions: RcptOptions = {},
  ): Promise<SendResult> {
    const addressing = address({ message, from, to });
    const addressed = addressing.then((one) => ({ ...one, to: withOptions(one.to, rcptOptions) }));
    try {
      return await this.transact(addressed, options);
    } finally {
      addressing.then(({ content }) => release(content)).catch(() => undefined);
    }
  }

  /** @internal */
  transact(addressed: ToSend | Promise<ToSend>, options: SendOptions): Promise<SendResult> {
    const { signal } = options;
    const before = this.#before;
    // Those that wait for their turn count, too.
    this.#messages += 1;
    let transaction: Transaction | undefined;
    const send = async (): Promise<SendResult> => {
      const begun = await this.pipeline.exclusive(async (turn) => {
        transaction = await this.#begin(turn, before, await addressed, options);
        const { answering } = await transaction.send(turn);
        return { transaction, answering };
      }, signal);
      const result = begun.transaction.conclude(await begun.answering);
      this.#taken += 1;
      return result;
    };
    const sending = send();
    this.#before = outcomeOf(sending);
    if (signal === undefined) return sending;
    return new Promise((resolve, reject) => {
      const giveUp = (): void => {
        if (transaction !== undefined) reject(transaction.giveUp(signal.reason as Error));
      };
      signal.addEventListener("abort", giveUp, { once: true });
      void sending.then(resolve, reject).then(() => signal.removeEventListener("abort", giveUp));
    });
  }

  async #begin(
    turn: Turn<SmtpReply>,
    before: Promise<unknown>,
    { from, to, content }: ToSend,
    options: SendOptions,
  ): Promise<Transaction> {
    const { pipeline, settings } = this;
    const { connection } = pipeline;
    const make = (): Order =>
      orderOf({ extensions: this.extensions, settings, connection }, from, to, content, options);
    const order = await this.withExtensions(turn, make, { signal: options.signal });
    return new Transaction({ pipeline, settings, isSerial: this.isSerial, before }, order);
  }
}

/** A message and its envelope. */
interface ToSend {
  readonly from: string;
  readonly to: Recipients;
  readonly content: Content;
}

function withOptions(to: Recipients, options: RcptOptions): Recipients {
  return listOf(to).map((recipient) => ({ ...options, ...recipient }));
}

/** Rejects if all said no. */
function messageReply(answers: readonly Answer[]): MessageReply {
  const lost = answers.find(({ error }) => error !== undefined)?.error;
  if (lost !== undefined) throw lost;
  const replies = answers.flatMap(({ value }) => (value === undefined ? [] : [value]));
  const [first] = replies;
  if (first === undefined) throw new ProtocolError("the message was not answered");
  const taken = replies.find(isPositive);
  if (taken === undefined) throw refusal(first, MESSAGE);
  return { ...taken, replies };
}
