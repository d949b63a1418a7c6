// What happens to a message that is there whole, and what the client is told of it.
import { type EnvelopeAddress, mailboxOf } from "./message.ts";
import type { Session } from "./session.ts";
import type { Transaction } from "./state.ts";
import type { EsmtpMessage } from "./view.ts";

export type Content = Pick<EsmtpMessage, "data" | "chunks" | "wireBytes">;

/** Ends the transaction. `known`: what the client has been told already. */
export async function finish(
  session: Session,
  transaction: Transaction,
  content: Content,
  known?: "accepted" | "refused",
): Promise<void> {
  const { state, shared } = session;
  const { clientName, user, extensions } = state;
  const { from, to } = transaction;
  state.transaction = undefined;
  const data = new Uint8Array(content.data);
  const message: EsmtpMessage = { from, to, ...content, data, clientName, user, isSecure: session.isSecure };
  session.received.push(message);
  shared.received.push(message);
  if (known === "accepted") deliver(session, message, to);
  if (known !== undefined) return;
  const isTooLarge = content.data.length > extensions.size;
  const good = `250 2.0.0 Ok: queued as ${shared.received.length.toString(16).toUpperCase().padStart(8, "0")}`;
  const reply = isTooLarge ? "552 5.3.4 That is too large." : good;
  const decide = async (line: string, recipients: readonly EnvelopeAddress[]): Promise<void> => {
    await session.ask(".", line);
    if (!isTooLarge && session.fault.skip !== true) deliver(session, message, recipients);
    await session.answer(reply);
  };
  if (shared.options.lmtp === true) {
    // RFC 2033 4.2: in the order of their RCPT.
    for (const recipient of to) if (!session.isOver) await decide(recipient.address, [recipient]);
  } else {
    await decide(".", to);
  }
}

function deliver(
  { shared }: Session,
  { from, to, data }: EsmtpMessage,
  recipients: readonly EnvelopeAddress[],
): void {
  const envelope = { from: from.address, to: to.map(({ address }) => address) };
  for (const { address } of recipients) shared.mailboxes.deliver(mailboxOf(address), data, envelope);
}
