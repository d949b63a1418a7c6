// Who is there (RFC 959 4.1.1).
import type { FtpUser } from "../options.ts";
import type { Reply } from "../reply.ts";
import type { Session } from "../session.ts";
import { State } from "../state.ts";
import type { Verb } from "./verb.ts";

const TESTER: Readonly<Record<string, FtpUser>> = { tester: { password: "secret" } };
const WRONG = "530 Login incorrect.";

function isGuest({ shared, state }: Session): boolean {
  const { anonymous = true } = shared.options;
  return anonymous && /^(?:anonymous|ftp)$/i.test(state.name ?? "");
}

function accountOf({ shared, state }: Session): FtpUser | undefined {
  const { users = TESTER } = shared.options;
  return state.name !== undefined && Object.hasOwn(users, state.name) ? users[state.name] : undefined;
}

function admit(session: Session): Reply {
  const { shared, state } = session;
  const { maxLogins = Infinity } = shared.options;
  const others = shared.sessions.filter(({ user }) => user !== undefined);
  if (others.length >= maxLogins) return "530 Too many users are logged in.";
  state.needsAccount = false;
  state.user = state.name;
  return "230 Logged in.";
}

export const user: Verb = (session, name) => {
  const { requireTls = false } = session.shared.options;
  if (requireTls && !session.isSecure) return "530 AUTH TLS comes first.";
  session.state = new State();
  session.state.name = name;
  return isGuest(session) ? "331 Any password will do." : "331 The password, please.";
};

export const pass: Verb = (session, password) => {
  const { state } = session;
  if (state.name === undefined) return "503 USER comes first.";
  if (isGuest(session)) return admit(session);
  const account = accountOf(session);
  if (account?.password !== password) return WRONG;
  if (account.account === undefined) return admit(session);
  state.needsAccount = true;
  return "332 The account, please.";
};

export const acct: Verb = (session, name) => {
  if (session.state.user !== undefined) return "202 No account is needed.";
  if (!session.state.needsAccount) return "503 USER and PASS come first.";
  return accountOf(session)?.account === name ? admit(session) : WRONG;
};

/** TLS stays as it is (RFC 4217 5). */
export const rein: Verb = async (session) => {
  session.state = new State();
  await session.dropPort();
  return "220 Ready for a new user.";
};

export const quit: Verb = (session) => {
  session.afterReply = () => session.end();
  return "221 Goodbye.";
};
