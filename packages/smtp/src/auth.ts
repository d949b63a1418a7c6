// Logging in (RFC 4954): how SASL's messages go over SMTP, and when TLS has to come first.
import type { CommandLine, Connection, TlsMode, Turn } from "@netcli/core-transport";
import {
  authenticate,
  decodeBase64,
  hasCredentials,
  lineExchange,
  type Mechanism,
  type RefusalReason,
  type ServerStep,
} from "@netcli/sasl";
import { refusal } from "./errors.ts";
import type { SmtpTarget } from "./options.ts";
import type { SmtpReply } from "./reply.ts";

// RFC 4954 4: a line with an initial response keeps to RFC 5321's length, of which two bytes are its end.
const LONGEST_LINE = 510;

/**
 * When to use TLS where nothing was said. Between us and a server on this machine is nobody, but some of them let nobody
 * log in without it.
 */
export function defaultTlsMode(target: SmtpTarget, connection: Connection): TlsMode {
  if (hasCredentials(target)) return connection.confidential ? "opportunistic" : "starttls";
  return connection.confidential ? "none" : "opportunistic";
}

/** Tries the mechanisms over a turn of the dialogue; resolves to the reply with which the server lets us in. */
export async function logIn(
  turn: Turn<SmtpReply>,
  mechanisms: readonly Mechanism[],
  signal: AbortSignal | undefined,
): Promise<SmtpReply> {
  let accepted: SmtpReply | undefined;
  const send = async (line: CommandLine, command: CommandLine): Promise<ServerStep> => {
    const reply = await turn.command(line);
    if (reply.code === 334) return { kind: "challenge", data: decodeBase64(reply.text) };
    if (reply.code === 235) {
      accepted = reply;
      return { kind: "accepted" };
    }
    // The connection ends with it, whatever we would try next.
    if (reply.code === 421) throw refusal(reply, command);
    const toError = (options: ErrorOptions): Error => refusal(reply, command, options);
    return { kind: "refused", reason: reasonOf(reply), toError };
  };
  const exchange = lineExchange({ verb: "AUTH", longestLine: LONGEST_LINE, emptyResponse: "", send });
  await authenticate(mechanisms, exchange, { signal });
  if (accepted === undefined) throw new Error("a mechanism was accepted without a reply");
  return accepted;
}

/** RFC 4954 4 and 6: which refusals are about the mechanism, and not about who we are. */
function reasonOf({ code }: SmtpReply): RefusalReason {
  if (code < 500) return "temporary";
  return (code >= 500 && code <= 504) || code === 534 || code === 538
    ? "mechanism-refused"
    : "wrong-credentials";
}
