// The answers to PBSZ and PROT, which may be on their way while the login is (RFC 4217 9).
import { ReplyError, TlsError, type Outcome } from "@netcli/core-transport";
import type { FtpReply } from "./reply.ts";

/** Did the server want us to log in first? */
export function isTooEarly(protection: Outcome<void> | undefined): boolean {
  const { error } = protection ?? {};
  return error instanceof ReplyError && (error.reply as FtpReply).code === 530;
}

/** Throws unless data connections are protected, or it was too early to ask. */
export function assertProtected(protection: Outcome<void> | undefined, isLast: boolean = false): void {
  const { error } = protection ?? {};
  if (error === undefined || (!isLast && isTooEarly(protection))) return;
  if (!(error instanceof ReplyError)) throw error;
  throw new TlsError(`${error.message}; what is transferred would go in clear`, { cause: error });
}
