// What is in a maildrop: LIST and UIDL together, checked against each other.
import { outcomeOf, ProtocolError, type VerbOptions } from "@netcli/core-transport";
import { Pop3ReplyError } from "./errors.ts";
import type { MaildropRow } from "./message.ts";
import type { Pop3Session } from "./session.ts";

/**
 * The messages of a maildrop in their order. Rejects with ProtocolError if a message has no id although others have,
 * or two have the same: who takes an id for a message would lose one of them, or fetch it for ever.
 */
export async function listMaildrop(session: Pop3Session, options: VerbOptions): Promise<MaildropRow[]> {
  const [sizes, ids] = await Promise.all([
    session.list(undefined, options),
    outcomeOf(session.uidl(undefined, options)),
  ]);
  if (ids.error !== undefined && !(ids.error instanceof Pop3ReplyError)) throw ids.error;
  const uids = new Map(ids.value?.map(({ number, uid }) => [number, uid]));
  if (uids.size < (ids.value?.length ?? 0)) throw broken("a message has more than one unique id");
  const seen = new Set<string>();
  const numbers = new Set<number>();
  for (const { number } of sizes) {
    if (numbers.has(number)) throw broken(`message ${number} is listed twice`);
    numbers.add(number);
    if (ids.value === undefined) continue;
    const uid = uids.get(number);
    if (uid === undefined) throw broken(`message ${number} has no unique id`);
    if (seen.has(uid)) throw broken(`two messages have the unique id ${JSON.stringify(uid)}`);
    seen.add(uid);
  }
  return sizes.map(({ number, size }) => ({ number, size, uid: uids.get(number) }));
}

function broken(what: string): ProtocolError {
  return new ProtocolError(`${what}: this maildrop can't be relied on`, { code: "ERR_NETCLI_UIDL" });
}
