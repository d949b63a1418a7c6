// AUTH (RFC 5034): the exchange, whatever the mechanism makes of it.
import type { Exchange } from "../../sasl/mechanism.ts";
import { mechanisms, serverFirst } from "../../sasl/table.ts";
import { Refusal } from "../reply.ts";
import type { Session } from "../session.ts";
import { enter, WRONG } from "./login.ts";
import type { Verb } from "./verb.ts";

// What the mechanisms need; RFC 5034 4 leaves it to them.
const LONGEST_RESPONSE = 12_288;

const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;

function decode(session: Session, text: string): Buffer {
  if (!BASE64.test(text)) throw new Refusal(session.wrong("-ERR That is not base64."));
  return Buffer.from(text, "base64");
}

/** Asks for a response, and waits for it. */
async function ask(session: Session, challenge: Uint8Array): Promise<Buffer> {
  await session.answer(`+ ${Buffer.from(challenge).toString("base64")}`);
  await session.expectWait();
  await session.wire.flush();
  const line = session.isOver ? undefined : await session.wire.readLine();
  // Nobody hears it.
  if (line === undefined) throw new Refusal("-ERR The client has left.");
  session.note(line);
  await session.ask("SASL", line.text);
  if (session.fault.skip === true) throw new Refusal("-ERR Refused.");
  if (line.isBare) throw new Refusal(session.wrong("-ERR That is a CR without LF, or an LF without CR."));
  if (line.bytes > LONGEST_RESPONSE) throw new Refusal(session.wrong("-ERR The line is too long."));
  if (line.text === "*") throw new Refusal("-ERR Given up.");
  return decode(session, line.text);
}

export const auth: Verb = async (session, [named = "", response]) => {
  const name = named.toUpperCase();
  const offered = session.capabilities.parameters("SASL").map((word) => word.toUpperCase());
  const mechanism = mechanisms.get(name);
  if (mechanism === undefined || !offered.includes(name)) {
    return session.wrong("-ERR That mechanism was not offered.");
  }
  if (response !== undefined && serverFirst.has(name)) {
    return session.wrong(`-ERR ${name} has no initial response.`);
  }
  // RFC 5034 4: it stands for an empty one.
  const text = response === "=" ? "" : response;
  const exchange: Exchange = {
    initial: text === undefined ? undefined : decode(session, text),
    ask: (challenge) => ask(session, challenge),
    wrong: (reason) => new Refusal(session.wrong(`-ERR ${reason}`)),
    options: session.shared.options,
    tls: session.connection.tls,
    offered,
  };
  const user = await mechanism(exchange);
  return user === undefined ? WRONG : enter(session, user);
};
