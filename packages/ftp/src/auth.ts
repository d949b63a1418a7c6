// Logging in (RFC 959 5.4) and when to protect it first (RFC 4217).
import {
  assertArgument,
  assertMaySendSecret,
  type CommandLine,
  type Connection,
  type TlsMode,
} from "@netcli/core-transport";
import type { Asker } from "./burst.ts";
import { FtpCommands } from "./command.ts";
import { assertPositive, refusal } from "./errors.ts";
import type { FtpEncoding } from "./encoding.ts";
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

/** The commands of a login. */
export interface LoginCommands {
  readonly user: CommandLine;
  readonly password: CommandLine;
  readonly account: CommandLine;
  /** Something in them may not be overheard. */
  readonly isSecret: boolean;
  /** There is a password that can be sent before it is asked for. */
  readonly hasPassword: boolean;
}

/** Throws ArgumentError if one of them would break its line or can't be encoded, before the first of them is sent. */
export function loginCommands(
  codec: FtpEncoding | undefined,
  { user, password, account }: Credentials,
): LoginCommands {
  assertArgument("the user", user);
  assertArgument("the password", password);
  assertArgument("the account", account);
  const commands = new FtpCommands(codec);
  const isGuest = password === "" && isAnonymous(user);
  return {
    user: commands.of("USER", user),
    password: commands.of("PASS", isGuest ? ANONYMOUS_PASSWORD : password),
    account: commands.of("ACCT", account),
    isSecret: account !== "" || (password !== "" && !isAnonymous(user)),
    hasPassword: password !== "" || isGuest,
  };
}

/** When to use TLS where nothing was said. */
export function defaultTlsMode(user: string, connection: Connection): TlsMode {
  if (isAnonymous(user)) return "none";
  return connection.confidential ? "opportunistic" : "starttls";
}

/**
 * Sends USER, and PASS and ACCT as the server asks for them; PASS right behind USER if it may be ahead. Throws
 * ReplyError, or TlsError before a secret would go over the wire in clear.
 */
export async function logIn(
  asker: Asker,
  connection: Connection,
  { tls, isAhead }: { readonly tls: TlsMode | undefined; readonly isAhead: boolean },
  commands: LoginCommands,
  signal: AbortSignal | undefined,
): Promise<FtpReply> {
  if (commands.isSecret) assertMaySendSecret(connection, tls);
  let command = commands.user;
  const asking = asker.command(command, { signal });
  // Both in one packet. A server that wants no password says so (230), and then that this one is out of order.
  const early = isAhead && commands.hasPassword ? asker.command(commands.password, { signal }) : undefined;
  early?.catch(() => undefined);
  let reply = assertPositive(await asking, command);
  const wantsPassword = reply.code === 331;
  const answer = wantsPassword ? await (early ?? asker.command(commands.password, { signal })) : await early;
  if (wantsPassword && answer !== undefined) {
    command = commands.password;
    reply = assertPositive(answer, command);
  }
  if (reply.code === 332) {
    command = commands.account;
    reply = assertPositive(await asker.command(command, { signal }), command);
  }
  // What still asks for more has not let us in.
  if (reply.code >= 300) throw refusal(reply, command);
  return reply;
}
