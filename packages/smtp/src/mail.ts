// A mail as an application has it: its envelope may be in its header.
import { parseAddress, reversePath } from "./address.ts";
import { recipientsOf, senderOf } from "./envelope.ts";
import { splitHeader, type SplitMessage } from "./header.ts";
import type { Message } from "./message-source.ts";
import { listOf, type Recipients, type SendOptions } from "./order.ts";

export interface Mail extends SendOptions {
  /** The sender in the envelope: "name@example.com", or "" for none. Default: Sender or From of the header. */
  from?: string | undefined;
  /** The recipients in the envelope. Default: To, Cc and Bcc of the header. */
  to?: Recipients | undefined;
  /** The message as it is to be sent, header and all, without Bcc: that is left out in any case. */
  message: Message;
}

/** A mail whose envelope is known. */
export interface Addressed {
  readonly from: string;
  readonly to: Recipients;
  readonly content: SplitMessage["content"];
}

/** Takes the envelope from the header where it is not given, and Bcc out of it. Throws ArgumentError. */
export async function address({
  from,
  to,
  message,
}: Pick<Mail, "from" | "to" | "message">): Promise<Addressed> {
  // Before anything is read.
  if (from !== undefined) reversePath(from);
  if (to !== undefined) for (const recipient of listOf(to)) parseAddress(recipient.address);
  const { fields, content } = await splitHeader(typeof message === "function" ? await message() : message);
  try {
    return { from: from ?? senderOf(fields), to: to ?? recipientsOf(fields), content };
  } catch (error) {
    release(content);
    throw error;
  }
}

/** Gives up a stream that nobody will read to its end. Not to be waited for: it may never give what it was asked for. */
export function release(content: SplitMessage["content"]): void {
  if (!(content instanceof Uint8Array)) content.return?.().catch(() => undefined);
}
