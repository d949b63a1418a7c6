// TLS (RFC 3207), and a client in front of the client (XCLIENT, as Postfix describes it).
import { isIP } from "node:net";
import type { Session } from "../session.ts";
import type { Verb } from "./verb.ts";

export const starttls: Verb = (session) => {
  const { tls } = session.shared.options;
  if (session.isSecure) return session.wrong("503 5.5.1 TLS is there already.");
  if (tls === undefined) return "454 4.7.0 There is no TLS now.";
  session.afterReply = async () => {
    if (session.wire.length > 0) {
      // RFC 3207 6: it may be an attacker's. The violation is noted already.
      await session.cut("end");
      return;
    }
    await session.wire.flush();
    await session.connection.acceptTls(tls);
    session.reset();
  };
  return "220 2.0.0 Go ahead.";
};

const ATTRIBUTES: ReadonlySet<string> = new Set([
  "NAME",
  "ADDR",
  "PORT",
  "PROTO",
  "HELO",
  "LOGIN",
  "DESTADDR",
  "DESTPORT",
]);

/** Undefined: there is no such value. */
function decode(value: string): string | undefined {
  if (/^\[(?:UNAVAILABLE|TEMPUNAVAIL)\]$/i.test(value)) return undefined;
  return value.replaceAll(/\+([0-9A-F]{2})/g, (_whole, digits: string) =>
    String.fromCharCode(Number.parseInt(digits, 16)),
  );
}

function isRight(name: string, value: string | undefined): boolean {
  if (value === undefined) return true;
  if (name.endsWith("ADDR")) return isIP(value.replace(/^IPV6:/i, "")) !== 0;
  if (name.endsWith("PORT")) return /^\d{1,5}$/.test(value);
  return name === "PROTO" ? /^(?:SMTP|ESMTP)$/i.test(value) : value !== "";
}

/** What is said of the client, by name; undefined: it can't be read. */
function attributesOf(session: Session, argument: string): Map<string, string | undefined> | undefined {
  const offered = session.state.extensions.parameters("XCLIENT");
  const attributes = new Map<string, string | undefined>();
  for (const word of argument.split(" ")) {
    const [whole, keyword = "", encoded = ""] = /^([a-z]+)=([!-~]+)$/i.exec(word) ?? [];
    const name = keyword.toUpperCase();
    const value = decode(encoded);
    const isKnown = whole !== undefined && ATTRIBUTES.has(name) && offered.includes(name);
    if (!isKnown || !isRight(name, value)) return undefined;
    attributes.set(name, value);
  }
  return attributes;
}

export const xclient: Verb = (session, argument) => {
  if (session.state.transaction !== undefined) return session.wrong("503 5.5.1 There is a transaction.");
  const attributes = attributesOf(session, argument);
  if (attributes === undefined) return session.wrong("501 5.5.4 That is no attribute that was offered.");
  for (const [name, value] of attributes) session.attributes.set(name, value);
  session.afterReply = async () => {
    const login = session.attributes.get("LOGIN");
    session.reset();
    session.state.user = login;
    await session.greet();
  };
  // The greeting is the reply.
  return [];
};
