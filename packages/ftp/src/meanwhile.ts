// Replies that come while a transfer runs: which of them is its own, and which answers what was sent meanwhile.
import { orAborted } from "@netcli/core-transport";
import type { FtpReply } from "./reply.ts";

// What answers NOOP, PASV and EPSV, and never a transfer.
const MEANWHILE = new Set([200, 227, 229]);

/** May that be the answer to what was sent during the transfer? Some servers refuse it at once. */
export function isOfOther({ code }: FtpReply, hasBegun: boolean): boolean {
  return MEANWHILE.has(code) || (hasBegun && code >= 400);
}

/** Then the transfer's own reply is among the later ones. */
export async function finalOf(
  first: FtpReply,
  meanwhile: readonly Promise<FtpReply>[],
  signal: AbortSignal,
): Promise<FtpReply> {
  const all = [first, ...(await orAborted(Promise.all(meanwhile), signal))];
  const candidates = all.filter(({ code }) => !MEANWHILE.has(code));
  // Whoever refuses the other command for the transfer's sake ends the transfer later.
  return candidates.find(({ code }) => code < 300) ?? candidates.find(isOfTransfer) ?? candidates[0] ?? first;
}

/** Not one about a command that is unknown, out of order, or early. */
function isOfTransfer({ code, text }: FtpReply): boolean {
  return (code < 500 || code > 504) && !/\b(?:EPSV|PASV|in progress)\b/i.test(text);
}
