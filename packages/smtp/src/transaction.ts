// One message over one session: MAIL, RCPT and DATA or BDAT, together where the server allows it, and what became of each
// recipient (RFC 5321 3.3, RFC 2920, RFC 3030, RFC 2033).
import {
  outcomeOf,
  ProtocolError,
  type CommandLine,
  type ReplyPipeline,
  type Turn,
} from "@netcli/core-transport";
import { saysNo, saysYes, type Answer } from "./answer.ts";
import { Outgoing } from "./body.ts";
import { smtpCommand } from "./command.ts";
import { MESSAGE, refusal, SendError, type SendPhase } from "./errors.ts";
import type { SendSettings } from "./options.ts";
import type { Order } from "./order.ts";
import { isPositive, type SmtpReply } from "./reply.ts";
import { sendResult, type RecipientResult, type RecipientStatus, type SendResult } from "./result.ts";
import { sendBlock, sendChunks, type Sending } from "./sending.ts";

// What Postfix and msmtp keep outstanding: a server that reads nothing while it can't write would block.
const DEPTH = 100;

const DATA = smtpCommand("DATA");
const RSET = smtpCommand("RSET");

/** What a session lends to a transaction. */
export interface TransactionPlace {
  readonly pipeline: ReplyPipeline<SmtpReply>;
  readonly settings: SendSettings;
  readonly isSerial: boolean;
  /** Settles when the message before was answered. */
  readonly before: Promise<unknown>;
}

/** How far a transaction has come that is given up. */
interface Begun {
  readonly turn: Turn<SmtpReply>;
  /** The answer to DATA, if that was sent ahead. */
  readonly goAhead: Answer | undefined;
  /** The server has taken the sender. */
  readonly isOpen: boolean;
  /** It has taken no recipient. */
  readonly isNobody: boolean;
}

/** Transaction sends one message, once. */
export class Transaction {
  readonly #place: TransactionPlace;
  readonly #order: Order;
  readonly #content: Outgoing;
  #phase: SendPhase = "mail";
  // The next message may be begun before this one is answered.
  #isOverlapped = false;
  // What was said about each recipient, in their order; in the end what was said about the message.
  #answers: readonly (Answer | undefined)[] = [];
  #isConcluded = false;

  constructor(place: TransactionPlace, order: Order) {
    this.#place = place;
    this.#order = order;
    this.#content = new Outgoing(order.content);
  }

  /** Ends the session because the caller gives up; gives the error to tell. */
  giveUp(reason: Error): Error {
    void this.#cut();
    return this.#content.isAtEnd ? this.#failure(reason) : reason;
  }

  /** Not before the message before this one was answered. */
  async #cut(): Promise<void> {
    const { before, pipeline } = this.#place;
    await before;
    pipeline.connection.destroy(this.#order.signal?.reason as Error);
  }

  /** Resolves when the next message may be begun. Rejects with SendError, or with the signal's reason. */
  async send(turn: Turn<SmtpReply>): Promise<{ readonly answering: Promise<readonly Answer[]> }> {
    const { pipeline, isSerial, settings } = this.#place;
    const { isChunked, onProgress } = this.#order;
    await this.#offer(turn);
    this.#phase = "message";
    const isLmtp = settings.protocol === "lmtp";
    const sending: Sending = {
      pipeline,
      turn,
      content: this.#content,
      replies: isLmtp ? this.#answers.filter(saysYes).length : 1,
      timeout: settings.messageTimeout,
      onProgress,
    };
    try {
      const answering = isChunked
        ? Promise.resolve(await sendChunks(sending, isSerial))
        : Promise.all(await sendBlock(sending));
      this.#isOverlapped = !isSerial && settings.pipelining === "full" && !settings.findings.refusesOverlap;
      if (!this.#isOverlapped) await answering;
      return { answering };
    } catch (error) {
      throw this.#failure(error as Error);
    }
  }

  /** Names the sender and the recipients, and asks for the go-ahead. Throws SendError. */
  async #offer(turn: Turn<SmtpReply>): Promise<void> {
    const { mail, recipients, needsAll, isChunked } = this.#order;
    const { isSerial } = this.#place;
    const ask = (command: CommandLine): Promise<Answer> => outcomeOf(turn.command(command));
    const depth = isSerial ? 1 : DEPTH;
    const asking = [ask(mail)];
    let isRefused = false;
    void asking[0]?.then((answer) => {
      isRefused = !saysYes(answer);
    });
    for (const { rcpt } of recipients) {
      // Not for one that is there already: what is asked for without waiting leaves in one write.
      if (asking.length >= depth) await asking[asking.length - depth];
      if (isRefused) break;
      asking.push(ask(rcpt));
    }
    const isAhead = !isSerial && !isChunked && !needsAll && !isRefused;
    const askingAhead = isAhead ? ask(DATA) : undefined;
    const [sender, ...answers] = await Promise.all(asking);
    const goAhead = await askingAhead;
    await this.#stopIfAborted();
    const isNobody = !answers.some(saysYes);
    const end = { turn, goAhead, isOpen: saysYes(sender), isNobody };
    if (!saysYes(sender)) throw await this.#giveUp(sender, mail, end);
    this.#phase = "rcpt";
    this.#answers = answers;
    // What is no refusal either counts more than one.
    const broken = answers.findIndex((answer) => !saysYes(answer) && !saysNo(answer));
    const refused = broken === -1 ? answers.findIndex(saysNo) : broken;
    if (refused !== -1 && (needsAll || isNobody || broken !== -1)) {
      throw await this.#giveUp(answers[refused], (recipients[refused] ?? { rcpt: mail }).rcpt, end);
    }
    if (isChunked) return;
    this.#phase = "data";
    const answer = goAhead ?? (await ask(DATA));
    if (answer.value?.code !== 354) throw await this.#giveUp(answer, DATA, end);
    await this.#stopIfAborted();
  }

  /** The server may wait for the message now, and take whatever comes for it. */
  async #stopIfAborted(): Promise<void> {
    const { signal } = this.#order;
    if (signal?.aborted !== true) return;
    await this.#cut();
    throw signal.reason;
  }

  /** Leaves the server as it was before this message; gives the error to throw. */
  async #giveUp(
    answer: Answer | undefined,
    command: CommandLine,
    { turn, goAhead, isOpen, isNobody }: Begun,
  ): Promise<Error> {
    const { connection } = this.#place.pipeline;
    if (answer?.value === undefined) return this.#failure(answer?.error ?? new Error("nothing was answered"));
    const reply = answer.value;
    if (reply.code < 400) {
      const broken = new ProtocolError(refusal(reply, command).message);
      connection.destroy(broken);
      return this.#failure(broken);
    }
    // Of one recipient it says nothing about the others.
    const failure = this.#failure(refusal(reply, command), this.#phase === "rcpt" ? undefined : reply);
    if (goAhead?.value?.code === 354) {
      await this.#sendNothing(turn, isNobody);
    } else if (isOpen) {
      const resetting = outcomeOf(turn.command(RSET));
      // What goes out behind it is answered behind it.
      if (this.#place.isSerial) await resetting;
      void resetting.then(({ value }) => {
        if (value !== undefined && !isPositive(value)) connection.destroy(refusal(value, RSET));
      });
    }
    return failure;
  }

  /** The server wants a message that it has refused: an empty one, for nobody, ends that (RFC 2920 3.1). */
  async #sendNothing(turn: Turn<SmtpReply>, isNobody: boolean): Promise<void> {
    const { pipeline, settings } = this.#place;
    if (!isNobody || settings.protocol === "lmtp") {
      pipeline.connection.destroy(new ProtocolError("the server wants a message that it has refused"));
      return;
    }
    const answering = outcomeOf(turn.expect());
    await outcomeOf(turn.writeBlock(""));
    await answering;
  }

  /**
   * Says what became of a message that was answered: it was taken for one recipient at least, or for all if that was
   * asked for. Throws SendError.
   */
  conclude(answers: readonly Answer[]): SendResult {
    let next = 0;
    this.#answers = this.#answers.map((recipient) => {
      if (!saysYes(recipient)) return recipient;
      next += 1;
      // One for all, or one for each.
      return answers[Math.min(next, answers.length) - 1];
    });
    this.#isConcluded = true;
    const results = this.#results();
    const taken = answers.find(saysYes)?.value;
    const lost = answers.find(({ error }) => error !== undefined)?.error;
    // Maybe it was something else, but the next ones shall not be lost in the same way.
    if (lost !== undefined && this.#isOverlapped) this.#place.settings.findings.refusesOverlap = true;
    const isWhole = results.every(({ status }) => status === "accepted");
    if (taken !== undefined && lost === undefined && (isWhole || !this.#order.needsAll)) {
      return sendResult(results, taken, this.#content.bytes);
    }
    throw this.#failure(lost ?? this.#unkind(answers.find((answer) => !saysYes(answer))?.value ?? taken));
  }

  /** The error for a reply to the message that is not what the caller wanted. */
  #unkind(reply: SmtpReply | undefined): Error {
    if (reply === undefined) return new ProtocolError("the message was not answered");
    const error = refusal(reply, MESSAGE);
    if (reply.code >= 400 || isPositive(reply)) return error;
    const broken = new ProtocolError(error.message);
    this.#place.pipeline.connection.destroy(broken);
    return broken;
  }

  /** What became of each recipient; where the server said nothing else, with the reply that refused them all. */
  #results(reply?: SmtpReply): RecipientResult[] {
    return this.#order.recipients.map(({ address }, index) => {
      const answer = this.#answers[index];
      const status = this.#statusOf(answer, reply);
      return { address, status, reply: saysNo(answer) ? answer?.value : (reply ?? answer?.value) };
    });
  }

  #statusOf(answer: Answer | undefined, reply: SmtpReply | undefined): RecipientStatus {
    if (saysNo(answer)) return "refused";
    if (this.#isConcluded && saysYes(answer)) return "accepted";
    if (this.#content.isAtEnd) return "unknown";
    return reply === undefined ? "unsent" : "refused";
  }

  #failure(cause: Error, reply?: SmtpReply): SendError {
    return new SendError(this.#phase, this.#results(reply), cause, this.#content.bytes);
  }
}
