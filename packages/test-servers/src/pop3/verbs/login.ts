// Who the client is (RFC 1939 7), and what it gets with that: a maildrop (RFC 2449 6.5, 8.1).
import { createHash } from "node:crypto";
import { isSame } from "../../sasl/mechanism.ts";
import { Maildrop } from "../maildrop.ts";
import type { Reply } from "../reply.ts";
import type { Session } from "../session.ts";
import type { Verb } from "./verb.ts";

export const WRONG = "-ERR [AUTH] That is not right.";

function passwordOf({ shared }: Session, user: string): string | undefined {
  const { users = {} } = shared.options;
  return Object.hasOwn(users, user) ? users[user] : undefined;
}

/** Opens the maildrop of someone who has shown who it is. */
export function enter(session: Session, user: string): Reply {
  const { shared, standing } = session;
  if (!shared.mailboxes.has(user)) return "-ERR [SYS/PERM] There is no such maildrop.";
  const [delay = "0"] = session.capabilities.parameters("LOGIN-DELAY");
  const now = performance.now();
  if (now - (shared.logins.get(user) ?? -Infinity) < Number(delay) * 1_000) {
    return "-ERR [LOGIN-DELAY] That is too soon.";
  }
  if (shared.options.lock === true && shared.open.has(user)) {
    return "-ERR [IN-USE] The maildrop is open elsewhere.";
  }
  shared.open.add(user);
  shared.logins.set(user, now);
  const maildrop = new Maildrop(shared.mailboxes.messagesOf(user));
  Object.assign(standing, { state: "TRANSACTION", user, maildrop });
  return `+OK ${maildrop.rows.length} messages (${maildrop.size} octets)`;
}

export const user: Verb = ({ standing }, _words, name) => {
  standing.claimed = name;
  return "+OK Go on.";
};

export const pass: Verb = (session, _words, password) => {
  const { claimed } = session.standing;
  session.standing.claimed = undefined;
  if (claimed === undefined) {
    const reply = "-ERR USER comes first.";
    return session.hasRefused ? reply : session.wrong(reply);
  }
  return passwordOf(session, claimed) === password ? enter(session, claimed) : WRONG;
};

export const apop: Verb = (session, [name = "", digest = ""]) => {
  const password = passwordOf(session, name);
  if (password === undefined) return WRONG;
  const expected = createHash("md5").update(`${session.timestamp}${password}`).digest();
  return isSame(expected, Buffer.from(digest, "hex")) ? enter(session, name) : WRONG;
};
