// Verbs that tell something, or nothing (RFC 5321 4.1.1.6 to 4.1.1.9).
import { mailboxOf } from "../message.ts";
import { coded, type Reply } from "../reply.ts";
import type { Session } from "../session.ts";
import type { Verb } from "./verb.ts";

const NOT_ASCII = /[^\0-\x7f]/;

/** The name that is asked for. RFC 6531 3.7.4.2: SMTPUTF8 behind it allows answers in UTF-8, and names too. */
function nameOf(session: Session, argument: string): string | undefined {
  const isUtf8 = / SMTPUTF8$/i.test(argument) && session.state.extensions.has("SMTPUTF8");
  const name = isUtf8 ? argument.slice(0, -" SMTPUTF8".length) : argument;
  return !isUtf8 && NOT_ASCII.test(name) ? undefined : name;
}

export const vrfy: Verb = (session, argument) => {
  const name = nameOf(session, argument);
  if (name === undefined) return session.wrong("553 5.6.7 That is not ASCII, and there is no SMTPUTF8.");
  const mailbox = mailboxOf(name.replaceAll(/[<>]/g, ""));
  if (!session.shared.mailboxes.has(mailbox)) return "550 5.1.1 There is no such user.";
  return `250 2.1.5 <${mailbox}@${session.shared.name}>`;
};

export const expn: Verb = (session, argument): Reply => {
  const name = nameOf(session, argument);
  if (name === undefined) return session.wrong("553 5.6.7 That is not ASCII, and there is no SMTPUTF8.");
  const { lists = {} } = session.shared.options;
  const members = Object.hasOwn(lists, name) ? lists[name] : undefined;
  if (members === undefined || members.length === 0) return "550 5.1.1 There is no such list.";
  return coded(
    "250 2.1.5",
    members.map((member) => `<${member}>`),
  );
};

export const help: Verb = (session, topic): Reply => {
  if (!session.state.extensions.has("HELP")) return "502 5.5.1 There is no help.";
  return coded("214 2.0.0", topic === "" ? ["This is a server for tests.", "Ask about a verb."] : [topic]);
};

export const noop: Verb = () => "250 2.0.0 Nothing done.";
