// Does one command: finds its verb, and asks whether it may be used now and in this way.
import type { WireLine } from "../wire.ts";
import type { Reply } from "./reply.ts";
import type { Session } from "./session.ts";
import { verbs } from "./verbs/table.ts";
import type { VerbEntry } from "./verbs/verb.ts";

const NOT_ASCII = /[^\0-\x7f]/;

/** Octets of a command with its end (RFC 2449 4). */
const LONGEST = 255;

export async function perform(session: Session, verb: string, line: WireLine): Promise<Reply> {
  // Before CAPA a client can't know what there is.
  const mayGoOn = session.standing.heard?.has("PIPELINING") === true;
  const reply = session.fault.skip === true ? skip(session, verb) : await dispatch(session, verb, line);
  if ((verbs.get(verb)?.isLast === true || !mayGoOn) && !session.isOver) await session.expectWait();
  return reply;
}

/** RFC 1939 6: behind QUIT the connection ends, whatever is answered. */
function skip(session: Session, verb: string): Reply {
  if (verb === "QUIT") session.afterReply = () => session.cut("end");
  return "+OK Done.";
}

async function dispatch(session: Session, verb: string, { text, bytes, isBare }: WireLine): Promise<Reply> {
  const entry = verbs.get(verb);
  if (isBare) return session.wrong("-ERR That is a CR without LF, or an LF without CR.");
  if (entry === undefined || !/^[a-z0-9]+(?: |$)/i.test(text)) return session.wrong("-ERR Unknown command.");
  if (bytes > LONGEST) return session.wrong("-ERR The line is too long.");
  const refusal = missing(session, verb, entry) ?? misplaced(session, verb, entry);
  if (refusal !== undefined) return refusal;
  const argument = text.slice(verb.length + 1);
  const isRight = entry.argument.test(argument) && text.length !== verb.length + 1;
  if (!isRight) return session.wrong(`-ERR That is not ${entry.usage}.`);
  if (NOT_ASCII.test(text) && !mayBeUtf8(session, entry)) return session.wrong("-ERR That is not ASCII.");
  return entry.run(session, argument === "" ? [] : argument.split(" "), argument);
}

/** Says that the server does not have it. */
function missing(session: Session, verb: string, { capability, isMissing }: VerbEntry): Reply | undefined {
  if (isMissing?.(session) === true) return "-ERR Unknown command.";
  if (capability === undefined || session.capabilities.has(capability)) return undefined;
  const { requireTls = false } = session.shared.options;
  if (requireTls && !session.isSecure && ["USER", "SASL"].includes(capability)) {
    return "-ERR STLS comes first.";
  }
  const reply = `-ERR There is no ${verb} here.`;
  // Who has not asked does not know.
  return session.standing.heard === undefined ? reply : session.wrong(reply);
}

function misplaced(session: Session, verb: string, { state }: VerbEntry): Reply | undefined {
  if (state === undefined || state === session.state) return undefined;
  const reply = `-ERR ${verb} belongs into another state.`;
  return session.hasRefused ? reply : session.wrong(reply);
}

function mayBeUtf8({ capabilities }: Session, { isUtf8 }: VerbEntry): boolean {
  return isUtf8 === true && capabilities.parameters("UTF8").includes("USER");
}
