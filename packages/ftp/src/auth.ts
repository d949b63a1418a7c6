// Logging in (RFC 959 5.4) and when to protect it first (RFC 4217).
import {
  assertArgument,
  assertMaySendSecret,
  type CommandLine,
  type Connection,
  type TlsMode,
  type Turn,
} from "@netcli/core-transport";
import { ftpCommand } from "./command.ts";
import { assertPositive, refusal } from "./errors.ts";
import type { FtpReply } from "./reply.ts";

/** Who logs in; what a server does not ask for is not sent. */
export interface Credentials {
  readonly user: string;
  readonly password: string;
  readonly account: string;
}

// RFC 1635: the name, its common synonym, and an address that tells nothing.
const ANONYMOUS = new Set(["anonymous", "ftp"]);
const ANONYMOUS_PASSWORD = "anonymous@";

/** Is that user's password no secret? */
function isAnonymous(user: string): boolean {
  return ANONYMOUS.has(user.toLowerCase());
}

/** Throws ArgumentError if one of them would break its line, before the first of them is sent. */
export function assertCredentials(credentials: {
  readonly [K in keyof Credentials]?: string | undefined;
}): void {
  const { user = "", password = "", account = "" } = credentials;
  assertArgument("the user", user);
  assertArgument("the password", password);
  assertArgument("the account", account);
}

/** When to use TLS where nothing was said. */
export function defaultTlsMode(user: string, connection: Connection): TlsMode {
  if (isAnonymous(user)) return "none";
  return connection.confidential ? "opportunistic" : "starttls";
}

/**
 * Sends USER, and PASS and ACCT as the server asks for them. Throws ReplyError, or TlsError before a secret
 * would go over the wire in clear.
 */
export async function logIn(
  turn: Turn<FtpReply>,
  connection: Connection,
  tls: TlsMode | undefined,
  { user, password, account }: Credentials,
  signal: AbortSignal | undefined,
): Promise<FtpReply> {
  let command = ftpCommand("USER", user);
  const say = async (next: CommandLine): Promise<FtpReply> => {
    command = next;
    return assertPositive(await turn.command(command, { signal }), command);
  };
  const isSecret = !isAnonymous(user) && password !== "";
  if (isSecret || account !== "") assertMaySendSecret(connection, tls);
  let reply = await say(command);
  if (reply.code === 331) {
    const guest = password === "" && isAnonymous(user);
    reply = await say(ftpCommand("PASS", guest ? ANONYMOUS_PASSWORD : password));
  }
  if (reply.code === 332) reply = await say(ftpCommand("ACCT", account));
  // What still asks for more has not let us in.
  if (reply.code >= 300) throw refusal(reply, command);
  return reply;
}
