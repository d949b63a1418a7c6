// How a session begins, begins anew and ends (RFC 5321 4.1.1.1, RFC 2033 4.1).
import { isDomain } from "../address.ts";
import { Extensions } from "../extensions.ts";
import { coded, type Reply } from "../reply.ts";
import type { Session } from "../session.ts";
import type { Verb } from "./verb.ts";

function begin(session: Session, name: string, verb: "EHLO" | "HELO" | "LHLO"): Reply {
  const { state, shared } = session;
  const isLmtp = shared.options.lmtp === true;
  if ((verb === "LHLO") !== isLmtp) {
    return session.wrong(`500 5.5.1 ${isLmtp ? "LHLO is said here." : "That is for LMTP."}`);
  }
  if (!isDomain(name)) return session.wrong("501 5.5.4 That is no domain and no address literal.");
  state.hello = verb;
  state.clientName = name;
  state.transaction = undefined;
  if (verb === "HELO") {
    state.extensions = new Extensions([]);
    return `250 ${shared.name}`;
  }
  session.offer();
  return coded("250", [shared.name, ...state.extensions.lines]);
}

export const ehlo: Verb = (session, name) => begin(session, name, "EHLO");

export const helo: Verb = (session, name) => begin(session, name, "HELO");

export const lhlo: Verb = (session, name) => begin(session, name, "LHLO");

export const rset: Verb = ({ state }) => {
  state.transaction = undefined;
  return "250 2.0.0 Forgotten.";
};

export const quit: Verb = (session) => {
  session.afterReply = () => session.cut("end");
  return "221 2.0.0 Goodbye.";
};
