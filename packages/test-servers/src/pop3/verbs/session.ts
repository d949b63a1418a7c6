// What is about the session as a whole: its end, what there is in it, its language, and TLS (RFC 2449, 2595, 6856).
import { blockOf } from "../content.ts";
import type { Session } from "../session.ts";
import { Standing } from "../standing.ts";
import { maildropOf } from "./messages.ts";
import type { Verb } from "./verb.ts";

/** Removes what is marked, and where messages don't stay (RFC 2449 6.7) what was retrieved. */
function update(session: Session): number {
  const { shared, user = "" } = session;
  const maildrop = maildropOf(session);
  const stays = session.capabilities.parameters("EXPIRE")[0] !== "0";
  const rows = maildrop.rows.filter((row) => {
    const isMarked = maildrop.find(row.number) === undefined;
    return isMarked || (!stays && maildrop.retrieved.has(row.number));
  });
  for (const { uid } of rows) {
    // Another session may have been faster.
    if (!shared.mailboxes.remove(user, uid)) continue;
    session.deleted.push(uid);
    shared.deleted.push(uid);
  }
  session.unlock();
  session.standing.state = "UPDATE";
  return maildrop.rows.length - rows.length;
}

export const quit: Verb = (session) => {
  session.afterReply = () => session.cut("end");
  if (session.state === "AUTHORIZATION") return "+OK Goodbye.";
  return `+OK Goodbye, ${update(session)} messages are left.`;
};

export const noop: Verb = () => "+OK Nothing done.";

export const rset: Verb = (session) => {
  const maildrop = maildropOf(session);
  maildrop.reset();
  return `+OK ${maildrop.rows.length} messages (${maildrop.size} octets)`;
};

export const capa: Verb = (session) => {
  const { capabilities } = session;
  session.standing.heard = capabilities;
  return { status: "+OK That is what there is:", block: blockOf(capabilities.lines) };
};

export const stls: Verb = (session) => {
  const { tls } = session.shared.options;
  if (session.isSecure) return session.wrong("-ERR TLS is there already.");
  // RFC 6856 2.1.
  if (session.isUtf8) return session.wrong("-ERR STLS does not come behind UTF8.");
  if (tls === undefined) return "-ERR There is no TLS now.";
  session.afterReply = async () => {
    if (session.wire.length > 0) {
      // It may be an attacker's. The violation is noted already.
      await session.cut("end");
      return;
    }
    await session.wire.flush();
    await session.connection.acceptTls(tls);
    session.standing = new Standing();
  };
  return "+OK Go ahead.";
};

export const utf8: Verb = ({ standing }) => {
  standing.isUtf8 = true;
  return "+OK UTF8 it is.";
};

interface Language {
  readonly name: string;
  readonly welcome: string;
}

const LANGUAGES: ReadonlyMap<string, Language> = new Map([
  ["i-default", { name: "English, for everybody", welcome: "This is what you get." }],
  ["en", { name: "English", welcome: "English it is." }],
  ["fr", { name: "Français", welcome: "Français, d'accord." }],
]);

export const lang: Verb = ({ standing }, [tag]) => {
  if (tag === undefined) {
    const rows = [...LANGUAGES].map(([language, { name }]) => `${language} ${name}`);
    return { status: "+OK These are spoken:", block: blockOf(rows) };
  }
  const chosen = tag === "*" ? "i-default" : tag.toLowerCase();
  const language = LANGUAGES.get(chosen);
  if (language === undefined) return "-ERR That language is not spoken here.";
  standing.language = chosen;
  return `+OK ${chosen} ${language.welcome}`;
};
