// What became of a message.
import type { SmtpReply } from "./reply.ts";

/**
 * `accepted`: the server has taken the message for this recipient, and answers for it from now on. `refused`: it said
 * no. `unsent`: it never had the message as a whole. `unknown`: it had the message, and the connection was lost before
 * it said what it made of it.
 */
export type RecipientStatus = "accepted" | "refused" | "unsent" | "unknown";

export interface RecipientResult {
  readonly address: string;
  readonly status: RecipientStatus;
  /** What the server said last about this recipient; undefined if it said nothing. */
  readonly reply: SmtpReply | undefined;
}

/** A message that was taken, for one recipient at least. */
export interface SendResult {
  /** In the order given. */
  readonly recipients: readonly RecipientResult[];
  /** Their addresses. */
  readonly accepted: readonly string[];
  readonly refused: readonly RecipientResult[];
  /** The reply to the message; of LMTP's, which has one for each recipient, the first that says yes. */
  readonly reply: SmtpReply;
  /** By which the server knows the message, where it says that in one of the usual ways; for its log. */
  readonly queueId: string | undefined;
  /** Bytes of the message, before line ends were repaired and dots stuffed. */
  readonly bytes: number;
}

// Postfix; Exim; Sendmail; Dovecot's LMTP; Exchange.
const QUEUE_IDS = [
  /\bqueued as ([\w.-]+)/i,
  /\bid=([\w.-]+)/,
  /^([\w.-]+) Message accepted for delivery/i,
  /^<[^>]*> ([\w+/=]+)[\w:]* Saved\b/,
  /^<?([^\s<>]+)>? .*\bQueued mail for delivery/i,
];

export function sendResult(
  recipients: readonly RecipientResult[],
  reply: SmtpReply,
  bytes: number,
): SendResult {
  return {
    recipients,
    accepted: recipients.filter(({ status }) => status === "accepted").map(({ address }) => address),
    refused: recipients.filter(({ status }) => status === "refused"),
    reply,
    queueId: queueIdOf(reply.text),
    bytes,
  };
}

function queueIdOf(text: string): string | undefined {
  // What is longer is none, and may be made to keep the expressions busy.
  const line = text.slice(0, 256);
  for (const pattern of QUEUE_IDS) {
    const id = pattern.exec(line)?.[1];
    if (id !== undefined) return id;
  }
  return undefined;
}
