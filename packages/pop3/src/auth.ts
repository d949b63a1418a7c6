// Logging in to a maildrop: SASL over POP3 (RFC 5034), APOP and USER with PASS (RFC 1939 7).
import { createHash } from "node:crypto";
import { assertMaySendSecret, NotSupportedError, type CommandLine, type Turn } from "@netcli/core-transport";
import {
  authenticate,
  decodeBase64,
  lineExchange,
  mechanismsFor,
  strengths,
  type LoginOptions,
  type LoginPlace,
  type Mechanism,
  type RefusalReason,
  type ServerStep,
} from "@netcli/sasl";
import { pop3Command } from "./command.ts";
import type { Pop3Capabilities } from "./capabilities.ts";
import { assertOk, Pop3ReplyError } from "./errors.ts";
import type { Pop3Reply } from "./reply.ts";

// RFC 5034 4: with an initial response too, of which two bytes are the line's end.
const LONGEST_LINE = 253;

/** What a login can do with a server. */
export interface LoginMeans extends LoginPlace {
  readonly capabilities: Pop3Capabilities;
  /** Of the greeting, if APOP may be used. */
  readonly timestamp: string | undefined;
  readonly signal: AbortSignal | undefined;
}

/** Logs in with the best that the server has for what we are given. Throws Pop3ReplyError, NotSupportedError, TlsError. */
export async function logIn(
  turn: Turn<Pop3Reply>,
  options: LoginOptions,
  means: LoginMeans,
): Promise<Pop3Reply> {
  const { capabilities, timestamp, signal } = means;
  let mechanisms: readonly Mechanism[];
  try {
    mechanisms = mechanismsFor(capabilities.sasl, options, means);
  } catch (error) {
    if (!(error instanceof NotSupportedError) || !canSayPassword(options)) throw error;
    const { user, password } = options;
    const secret = typeof password === "function" ? await password() : password;
    if (timestamp !== undefined) return logInByApop(turn, user, secret, timestamp);
    assertMaySendSecret(means.connection, means.tls);
    return logInByPassword(turn, user, secret, capabilities.has("PIPELINING"));
  }
  return logInBySasl(turn, mechanisms, capabilities, signal);
}

/** Is there a user and a password, and may the password itself be sent? */
function canSayPassword(
  options: LoginOptions,
): options is LoginOptions & { user: string; password: NonNullable<LoginOptions["password"]> } {
  const { user, password, authzid = "", sasl = {} } = options;
  const { minimum = "none", mechanisms } = sasl;
  const isStrongEnough = strengths.indexOf(minimum) <= strengths.indexOf("plaintext");
  return (
    user !== undefined &&
    password !== undefined &&
    authzid === "" &&
    isStrongEnough &&
    mechanisms === undefined
  );
}

/** The server has sent a digest's salt, and knows the password itself. */
export async function logInByApop(
  turn: Turn<Pop3Reply>,
  user: string,
  password: string,
  timestamp: string,
): Promise<Pop3Reply> {
  const digest = createHash("md5").update(timestamp).update(password, "utf8").digest("hex");
  const command = pop3Command("APOP", user, digest);
  return assertOk(await turn.command(command), command);
}

async function logInByPassword(
  turn: Turn<Pop3Reply>,
  user: string,
  password: string,
  isAhead: boolean,
): Promise<Pop3Reply> {
  const name = pop3Command("USER", user);
  const secret = pop3Command("PASS", password);
  const naming = turn.command(name);
  const early = isAhead ? turn.command(secret) : undefined;
  early?.catch(() => undefined);
  assertOk(await naming, name);
  return assertOk(await (early ?? turn.command(secret)), secret);
}

/** Tries the mechanisms; resolves to the reply with which the server lets us in. */
export async function logInBySasl(
  turn: Turn<Pop3Reply>,
  mechanisms: readonly Mechanism[],
  capabilities: Pop3Capabilities,
  signal: AbortSignal | undefined,
): Promise<Pop3Reply> {
  let accepted: Pop3Reply | undefined;
  const send = async (line: CommandLine, command: CommandLine, isSecretOut: boolean): Promise<ServerStep> => {
    const reply = await turn.command(line);
    if (reply.challenge !== undefined) return { kind: "challenge", data: decodeBase64(reply.challenge) };
    if (reply.isOk) {
      accepted = reply;
      return { kind: "accepted" };
    }
    const toError = (options: ErrorOptions): Error => new Pop3ReplyError(reply, command, options);
    return { kind: "refused", reason: reasonOf(reply, isSecretOut, capabilities), toError };
  };
  const exchange = lineExchange({ verb: "AUTH", longestLine: LONGEST_LINE, emptyResponse: "", send });
  await authenticate(mechanisms, exchange, { signal });
  if (accepted === undefined) throw new Error("a mechanism was accepted without a reply");
  return accepted;
}

/** RFC 3206; a server that does not know it says no to the credentials once it has them. */
function reasonOf(reply: Pop3Reply, isSecretOut: boolean, capabilities: Pop3Capabilities): RefusalReason {
  const { responseCode } = reply;
  if (responseCode === "AUTH") return "wrong-credentials";
  if (responseCode === "SYS/TEMP" || responseCode === "IN-USE" || responseCode === "LOGIN-DELAY")
    return "temporary";
  if (capabilities.has("AUTH-RESP-CODE")) return "mechanism-refused";
  return isSecretOut ? "wrong-credentials" : "mechanism-refused";
}

/** What APOP hashes, from the greeting (RFC 1939 7): only what is a msg-id, as RFC 5322 has them. */
export function timestampOf(greeting: string): string | undefined {
  const start = greeting.indexOf("<");
  const end = greeting.indexOf(">", start);
  if (start === -1 || end === -1) return undefined;
  const timestamp = greeting.slice(start, end + 1);
  return /^<[!-;=?A-~]+@[!-;=?A-~]+>$/.test(timestamp) ? timestamp : undefined;
}
