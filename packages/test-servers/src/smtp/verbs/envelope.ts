// MAIL and RCPT (RFC 5321 4.1.1.2, 4.1.1.3).
import { type Path, readPath } from "../address.ts";
import { mailboxOf } from "../message.ts";
import { readParameters } from "../parameters.ts";
import { Refusal } from "../reply.ts";
import type { Session } from "../session.ts";
import { Transaction } from "../state.ts";
import type { Verb } from "./verb.ts";

const NOT_ASCII = /[^\0-\x7f]/;

function pathOf(session: Session, argument: string, preposition: "FROM:" | "TO:"): Path {
  const isRight = argument.slice(0, preposition.length).toUpperCase() === preposition;
  const path = isRight ? readPath(argument.slice(preposition.length)) : undefined;
  if (path === undefined) throw new Refusal(session.wrong("501 5.1.3 That is no address in angle brackets."));
  return path;
}

function paramsOf(session: Session, verb: "MAIL" | "RCPT", text: string): Record<string, string | true> {
  const parsed = readParameters(verb, text, session.state.extensions);
  if ("wrong" in parsed) throw new Refusal(session.wrong(parsed.wrong));
  return parsed.params;
}

/** RFC 9422: offered limits are to be kept. */
function keepLimit(session: Session, name: string, count: number, reply: string): void {
  if (count > session.state.extensions.limit(name)) throw new Refusal(session.wrong(reply));
}

export const mail: Verb = (session, argument) => {
  const { state } = session;
  if (state.transaction !== undefined) return session.wrong("503 5.5.1 There is a transaction already.");
  const { address, rest } = pathOf(session, argument, "FROM:");
  const params = paramsOf(session, "MAIL", rest);
  const isUtf8 = params["SMTPUTF8"] === true;
  if (NOT_ASCII.test(argument) && !isUtf8) return session.wrong("553 5.6.7 That is not ASCII.");
  if (/^BINARYMIME$/i.test(String(params["BODY"])) && !state.extensions.has("BINARYMIME")) {
    return session.wrong("501 5.5.4 BINARYMIME was not offered.");
  }
  if (Number(params["SIZE"] ?? 0) > state.extensions.size) return "552 5.3.4 That is too large.";
  keepLimit(session, "MAILMAX", state.transactions + 1, "452 4.5.3 No more messages in this session.");
  state.transactions += 1;
  state.transaction = new Transaction({ address, params });
  return "250 2.1.0 Sender noted.";
};

export const rcpt: Verb = (session, argument) => {
  const { transaction } = session.state;
  if (transaction === undefined) {
    const reply = "503 5.5.1 MAIL comes first.";
    return session.hasRefused ? reply : session.wrong(reply);
  }
  if (transaction.chunks.length > 0) return session.wrong("503 5.5.1 The message has begun.");
  const { address, rest } = pathOf(session, argument, "TO:");
  if (address === "") return session.wrong("501 5.1.3 The null path is no recipient.");
  if (NOT_ASCII.test(argument) && !transaction.isUtf8) return session.wrong("553 5.6.7 That is not ASCII.");
  const params = paramsOf(session, "RCPT", rest);
  keepLimit(session, "RCPTMAX", transaction.to.length + 1, "452 4.5.3 Too many recipients.");
  const domains = new Set([...transaction.to.map((to) => to.address), address].map(domainOf));
  keepLimit(session, "RCPTDOMAINMAX", domains.size, "452 4.5.3 Too many domains.");
  if (!session.shared.mailboxes.has(mailboxOf(address))) return "550 5.1.1 There is no such mailbox.";
  transaction.to.push({ address, params });
  return "250 2.1.5 Recipient noted.";
};

function domainOf(address: string): string {
  return address.slice(address.lastIndexOf("@") + 1).toLowerCase();
}
