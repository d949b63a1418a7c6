// The envelope of a message that has none of its own: who sends it to whom, as its header says (RFC 5322 3.6).
import { ArgumentError } from "@netcli/core-transport";
import { parseAddressList } from "./address-list.ts";
import { parseAddress } from "./address.ts";
import type { HeaderField } from "./header.ts";

/** Envelope is what MAIL and RCPT are told. */
export interface Envelope {
  readonly from: string;
  readonly to: readonly string[];
}

const RESENT: ReadonlySet<string> = new Set([
  "resent-date",
  "resent-from",
  "resent-sender",
  "resent-to",
  "resent-cc",
  "resent-bcc",
  "resent-message-id",
]);

/** Both of the following. */
export function envelopeOf(fields: readonly HeaderField[]): Envelope {
  return { from: senderOf(fields), to: recipientsOf(fields) };
}

/** The address in Sender, or else the one in From. Throws ArgumentError unless it is one. */
export function senderOf(fields: readonly HeaderField[]): string {
  const prefix = prefixOf(fields, "from");
  const from = onlyField(fields, `${prefix}From`);
  const sender = onlyField(fields, `${prefix}Sender`);
  const name = sender === undefined ? `${prefix}From` : `${prefix}Sender`;
  const field = sender ?? from;
  if (field === undefined) {
    throw unknown("from", `the header has no ${prefix}From`);
  }
  const addresses = addressesIn(field, name, "from");
  const [address] = addresses;
  if (address === undefined) throw unknown("from", `${name} names no address`);
  if (addresses.length > 1) {
    const why = sender === undefined ? `, and there is no ${prefix}Sender` : "";
    throw unknown("from", `${name} names ${addresses.length} addresses${why}`);
  }
  return address;
}

/** The addresses in To, Cc and Bcc, each of them once. Throws ArgumentError if there is none. */
export function recipientsOf(fields: readonly HeaderField[]): readonly string[] {
  const prefix = prefixOf(fields, "to");
  const byPath = new Map<string, string>();
  for (const name of [`${prefix}To`, `${prefix}Cc`, `${prefix}Bcc`]) {
    for (const address of fieldsNamed(fields, name).flatMap((field) => addressesIn(field, name, "to"))) {
      const { path } = parseAddress(address);
      if (!byPath.has(path)) byPath.set(path, address);
    }
  }
  if (byPath.size === 0) {
    throw unknown("to", `no address is in ${prefix}To, ${prefix}Cc or ${prefix}Bcc of the header`);
  }
  return [...byPath.values()];
}

/** A message that was sent on has fields for that (RFC 5322 3.6.6). Who sent it at first is not asked again. */
function prefixOf(fields: readonly HeaderField[], wanted: "from" | "to"): "" | "Resent-" {
  const resent = fields.map(({ name }) => name).filter((name) => RESENT.has(name));
  // Of two blocks, none says which fields are its own.
  if (new Set(resent).size < resent.length) {
    throw unknown(wanted, "the header has more than one block of Resent- fields");
  }
  return resent.length === 0 ? "" : "Resent-";
}

function fieldsNamed(fields: readonly HeaderField[], name: string): HeaderField[] {
  return fields.filter((field) => field.name === name.toLowerCase());
}

function onlyField(fields: readonly HeaderField[], name: string): HeaderField | undefined {
  const found = fieldsNamed(fields, name);
  if (found.length > 1) throw unknown("from", `the header has ${found.length} ${name} fields`);
  return found[0];
}

function addressesIn(field: HeaderField, name: string, wanted: "from" | "to"): string[] {
  try {
    return parseAddressList(field.value);
  } catch (cause) {
    if (!(cause instanceof ArgumentError)) throw cause;
    throw new ArgumentError(`${name} in the header: ${cause.message}; "${wanted}" may be given instead`, {
      cause,
    });
  }
}

function unknown(wanted: "from" | "to", why: string): ArgumentError {
  return new ArgumentError(`${why}; "${wanted}" must be given; nothing was sent`);
}
