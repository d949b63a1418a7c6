// AUTH (RFC 4954): the exchange, whatever the mechanism makes of it.
import type { Exchange } from "../../sasl/mechanism.ts";
import { mechanisms, serverFirst } from "../../sasl/table.ts";
import { Refusal, type Reply } from "../reply.ts";
import type { Session } from "../session.ts";
import type { Verb } from "./verb.ts";

const LONGEST_RESPONSE = 12_288;

const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;

function decode(session: Session, text: string): Buffer {
  if (!BASE64.test(text)) throw new Refusal(session.wrong("501 5.5.2 That is not base64."));
  return Buffer.from(text, "base64");
}

/** Asks for a response, and waits for it. */
async function ask(session: Session, challenge: Uint8Array): Promise<Buffer> {
  await session.answer(`334 ${Buffer.from(challenge).toString("base64")}`);
  await session.expectWait();
  await session.wire.flush();
  const line = session.isOver ? undefined : await session.wire.readLine();
  // Nobody hears it.
  if (line === undefined) throw new Refusal("421 4.4.2 The client has left.");
  session.note(line);
  await session.ask("SASL", line.text);
  if (session.fault.skip === true) throw new Refusal("535 5.7.8 Refused.");
  if (line.isBare) throw new Refusal(session.wrong("500 5.5.2 A CR without LF, or an LF without CR."));
  if (line.bytes > LONGEST_RESPONSE) throw new Refusal(session.wrong("500 5.5.6 The line is too long."));
  if (line.text === "*") throw new Refusal("501 5.7.0 Given up.");
  return decode(session, line.text);
}

function exchangeOf(session: Session, initial: Buffer | undefined): Exchange {
  const { options } = session.shared;
  return {
    initial,
    ask: (challenge) => ask(session, challenge),
    wrong: (text) => new Refusal(session.wrong(`501 5.5.2 ${text}`)),
    options,
    tls: session.connection.tls,
    offered: session.state.extensions.parameters("AUTH"),
  };
}

export const auth: Verb = async (session, argument): Promise<Reply> => {
  const { state } = session;
  if (state.user !== undefined) return session.wrong("503 5.5.1 Someone is logged in already.");
  if (state.transaction !== undefined) return session.wrong("503 5.5.1 There is a transaction.");
  const [named = "", response, ...more] = argument.split(" ");
  const name = named.toUpperCase();
  if (more.length > 0) return session.wrong("501 5.5.4 AUTH takes a mechanism, and perhaps a response.");
  const mechanism = mechanisms.get(name);
  const isOffered = state.extensions.parameters("AUTH").includes(name);
  if (mechanism === undefined || !isOffered)
    return session.wrong("504 5.5.4 That mechanism was not offered.");
  if (response !== undefined && serverFirst.has(name)) {
    return session.wrong(`501 5.7.0 ${name} has no initial response.`);
  }
  // RFC 4954 4: it stands for an empty one.
  const initial = response === "=" ? Buffer.alloc(0) : response;
  const first = typeof initial === "string" ? decode(session, initial) : initial;
  const user = await mechanism(exchangeOf(session, first));
  if (user === undefined) return "535 5.7.8 That is not right.";
  state.user = user;
  return "235 2.7.0 Logged in.";
};
