// What can be asked of a maildrop (RFC 1939 5 and 7), LAST included (RFC 1460).
import { isAscii } from "node:buffer";
import { block, blockOf, headerOf, topOf } from "../content.ts";
import { Maildrop, type Row } from "../maildrop.ts";
import { listedByUidl, listRow, type Pop3Quirks, uidlRow } from "../quirks.ts";
import { Refusal } from "../reply.ts";
import type { Session } from "../session.ts";
import type { Verb } from "./verb.ts";

export function maildropOf({ standing }: Session): Maildrop {
  // It is there from the login on, and these verbs are not done before.
  return standing.maildrop ?? new Maildrop([]);
}

function quirksOf({ shared }: Session): Pop3Quirks {
  return shared.options.quirks ?? {};
}

function rowOf(session: Session, number: string): Row {
  const row = maildropOf(session).find(Number(number));
  if (row === undefined) throw new Refusal("-ERR There is no such message.");
  return row;
}

export const stat: Verb = (session) => {
  const { left, size } = maildropOf(session);
  return `+OK ${left.length} ${size}`;
};

export const list: Verb = (session, [number]) => {
  const quirks = quirksOf(session);
  if (number !== undefined) return `+OK ${listRow(rowOf(session, number), quirks)}`;
  const { left, size } = maildropOf(session);
  const rows = left.map((row) => listRow(row, quirks));
  return { status: `+OK ${rows.length} messages (${size} octets)`, block: blockOf(rows) };
};

export const uidl: Verb = (session, [number]) => {
  const quirks = quirksOf(session);
  const maildrop = maildropOf(session);
  if (number !== undefined) return `+OK ${uidlRow(rowOf(session, number), maildrop, quirks)}`;
  const rows = listedByUidl(maildrop, quirks).map((row) => uidlRow(row, maildrop, quirks));
  return { status: "+OK Unique identifiers follow.", block: blockOf(rows) };
};

function readable(session: Session, number: string): Row {
  const row = rowOf(session, number);
  const isRefused = session.shared.options.requireUtf8 === true && !session.isUtf8;
  // RFC 6856 4.
  if (isRefused && !isAscii(headerOf(row.data))) throw new Refusal("-ERR [UTF8] UTF8 comes first.");
  return row;
}

export const retr: Verb = (session, [number = ""]) => {
  const row = readable(session, number);
  const maildrop = maildropOf(session);
  maildrop.access(row);
  maildrop.retrieved.add(row.number);
  const text = quirksOf(session).noOctets === true ? "The message follows." : `${row.data.length} octets`;
  return { status: `+OK ${text}`, block: block(row.data) };
};

export const top: Verb = (session, [number = "", lines = ""]) => {
  const { data } = readable(session, number);
  return { status: "+OK The top of it follows.", block: block(topOf(data, Number(lines))) };
};

export const dele: Verb = (session, [number = ""]) => {
  maildropOf(session).delete(rowOf(session, number));
  return `+OK Message ${number} is marked.`;
};

export const last: Verb = (session) => `+OK ${maildropOf(session).last}`;
