// Logging in (RFC 959 5.4) and when to protect it first (RFC 4217).
import { assertMaySendSecret, type Connection, type TlsMode, type Turn } from "@netcli/core-transport";
import { ftpCommand } from "./command.ts";
import { assertPositive } from "./errors.ts";
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
export function isAnonymous(user: string): boolean {
  return ANONYMOUS.has(user.toLowerCase());
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
): Promise<FtpReply> {
  const say = async (verb: string, argument: string): Promise<FtpReply> => {
    const command = ftpCommand(verb, argument);
    return assertPositive(await turn.command(command), command);
  };
  const isSecret = !isAnonymous(user) && password !== "";
  if (isSecret || account !== "") assertMaySendSecret(connection, tls);
  let reply = await say("USER", user);
  if (reply.code === 331)
    reply = await say("PASS", isSecret || password !== "" ? password : ANONYMOUS_PASSWORD);
  if (reply.code === 332) reply = await say("ACCT", account);
  return reply;
}
