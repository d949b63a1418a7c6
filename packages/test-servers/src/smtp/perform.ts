// Does one command: finds its verb, and asks whether it may be used now and in this way.
import { longestLine } from "./parameters.ts";
import type { Reply } from "./reply.ts";
import type { Session } from "./session.ts";
import { verbs } from "./verbs/table.ts";
import type { WireLine } from "../wire.ts";

const NOT_ASCII = /[^\0-\x7f]/;

// RFC 3207 4.
const IN_CLEAR: ReadonlySet<string> = new Set(["EHLO", "HELO", "LHLO", "NOOP", "QUIT", "STARTTLS"]);

export async function perform(session: Session, verb: string, line: WireLine): Promise<Reply> {
  // The octets of a chunk come in any case (RFC 3030 2).
  const isDone = session.fault.skip !== true || verb === "BDAT";
  const reply = isDone ? await dispatch(session, verb, line) : "250 2.0.0 Done.";
  // RFC 2920 3.1: some change what comes next.
  const isLast = verbs.get(verb)?.isLast === true || !session.state.extensions.has("PIPELINING");
  if (isLast && !session.isOver) await session.expectWait();
  return reply;
}

async function dispatch(session: Session, verb: string, line: WireLine): Promise<Reply> {
  const { state, shared } = session;
  const { lmtp = false, requireTls = false, requireAuth = false } = shared.options;
  const argument = argumentOf(line.text);
  const entry = verbs.get(verb);
  if (line.isBare) return session.wrong("500 5.5.2 A CR without LF, or an LF without CR.");
  if (entry === undefined || argument === undefined) return session.wrong("500 5.5.2 Unknown command.");
  if (line.bytes > longestLine(verb, state.extensions))
    return session.wrong("500 5.5.6 The line is too long.");
  if (NOT_ASCII.test(line.text) && entry.isUtf8 !== true)
    return session.wrong("500 5.5.2 That is not ASCII.");
  if (session.isClosed && verb !== "QUIT") return session.wrong("503 5.5.1 There is no service here.");
  const { extension = verb } = entry;
  if (entry.isExtension === true && !state.extensions.has(extension)) {
    return session.wrong(`502 5.5.1 ${extension} was not offered.`);
  }
  if (requireTls && !session.isSecure && !IN_CLEAR.has(verb)) return "530 5.7.0 STARTTLS comes first.";
  if (entry.hello !== false && state.hello === undefined) {
    return session.wrong(`503 5.5.1 ${lmtp ? "LHLO" : "EHLO"} comes first.`);
  }
  if (requireAuth && state.user === undefined && verb === "MAIL") return "530 5.7.0 AUTH comes first.";
  if (entry.argument === false && argument !== "") {
    return session.wrong(`501 5.5.4 ${verb} takes no argument.`);
  }
  if (entry.argument === true && argument === "")
    return session.wrong(`501 5.5.4 ${verb} needs an argument.`);
  return entry.run(session, argument, verb);
}

/** What stands behind the verb and one space. Undefined: something else stands behind the verb. */
function argumentOf(text: string): string | undefined {
  const [, space, argument = ""] = /^[a-z]+(?:( )(.+))?$/i.exec(text) ?? [];
  if (space === undefined) return /^[a-z]+$/i.test(text) ? "" : undefined;
  return argument.endsWith(" ") ? undefined : argument;
}
