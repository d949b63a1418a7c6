// What is in a maildrop: LIST and UIDL together, checked against each other.
import { outcomeOf, ProtocolError, type VerbOptions } from "@netcli/core-transport";
import { Pop3ReplyError } from "./errors.ts";
import type { MaildropRow } from "./message.ts";
import type { UidRow } from "./rows.ts";
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
  assertDistinct(sizes);
  if (ids.value === undefined) return sizes.map(({ number, size }) => ({ number, size, uid: undefined }));
  assertDistinct(ids.value);
  const known = new Set<string>();
  const find = finderOf(ids.value);
  return sizes.map(({ number, size }, index) => {
    const uid = find(number, index);
    if (uid === undefined) throw broken(`message ${number} has no unique id`);
    if (known.has(uid)) throw broken(`two messages have the unique id ${JSON.stringify(uid)}`);
    known.add(uid);
    return { number, uid, size };
  });
}

/** Throws ProtocolError if a number is there twice. */
function assertDistinct(rows: readonly { readonly number: number }[]): void {
  // Servers list in the order of the numbers.
  if (rows.every(({ number }, index) => index === 0 || number > (rows[index - 1]?.number ?? 0))) return;
  if (new Set(rows.map(({ number }) => number)).size < rows.length) throw broken("a message is listed twice");
}

/** Finds the id of a message: mostly at the same place. */
function finderOf(ids: readonly UidRow[]): (number: number, index: number) => string | undefined {
  let byNumber: Map<number, string> | undefined;
  return (number, index) => {
    const row = ids[index];
    if (row?.number === number) return row.uid;
    byNumber ??= new Map(ids.map((one) => [one.number, one.uid]));
    return byNumber.get(number);
  };
}

function broken(what: string): ProtocolError {
  return new ProtocolError(`${what}: this maildrop can't be relied on`, { code: "ERR_NETCLI_UIDL" });
}
