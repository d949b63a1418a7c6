// Refusals of an SMTP server, and what became of a message that was not delivered to all.
import {
  NetcliError,
  refusalOf,
  ReplyError,
  type CommandLine,
  type NetcliErrorOptions,
} from "@netcli/core-transport";
import { isPositive, type SmtpReply } from "./reply.ts";
import type { RecipientResult } from "./result.ts";

/** The "command" that the reply behind the message answers. */
export const MESSAGE: CommandLine = { line: "", shown: "the message" };

/** Throws a refusal unless the code is 2yz. */
export function assertPositive(reply: SmtpReply, command: CommandLine): SmtpReply {
  if (isPositive(reply)) return reply;
  throw refusal(reply, command);
}

/** The error for a reply that says no, or that makes no sense. Behind 421 the server closes the connection. */
export function refusal(reply: SmtpReply, command: CommandLine, options?: NetcliErrorOptions): NetcliError {
  return refusalOf(reply, command, 421, options);
}

/** How far a transaction came: the sender, the recipients, the go-ahead for the message, or the message itself. */
export type SendPhase = "mail" | "rcpt" | "data" | "message";

/**
 * SendError: a transaction was begun, and nobody gets the message, or nobody knows; with `onPartial: "throw"` also if
 * not everybody does. Its `cause` is the error underneath: ReplyError, ConnectionClosedError, TimeoutError, or what the
 * source of the message threw.
 */
export class SendError extends NetcliError {
  static override readonly kind: string = "SendError";
  readonly phase: SendPhase;
  /** What became of each recipient, in the order given. */
  readonly recipients: readonly RecipientResult[];
  /** The server may have taken the message for some of them: to send it again may deliver it twice. */
  readonly mayHaveBeenSent: boolean;
  /** The same may succeed later. */
  readonly isTemporary: boolean;
  /** The same will fail again. */
  readonly isPermanent: boolean;

  constructor(
    phase: SendPhase,
    recipients: readonly RecipientResult[],
    cause: Error,
    /** Bytes of the message that were handed to the connection. */
    bytesTransferred: number = 0,
  ) {
    super(cause.message, "ERR_NETCLI_SEND", { cause });
    this.phase = phase;
    this.recipients = recipients;
    this.mayHaveBeenSent = recipients.some(({ status }) => status === "unknown" || status === "accepted");
    const refusals = recipients.flatMap(({ status, reply }) =>
      status === "refused" && reply !== undefined ? [reply] : [],
    );
    this.isPermanent =
      refusals.length > 0 ? refusals.every(isFinal) : cause instanceof ReplyError && cause.isPermanent;
    this.isTemporary = !this.isPermanent;
    this.bytesTransferred = bytesTransferred;
  }
}

function isFinal({ code }: SmtpReply): boolean {
  return code >= 500;
}
