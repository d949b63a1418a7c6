// Replies (RFC 1939 3), with response codes where they are known (RFC 2449 8, RFC 3206).
import type { Capabilities } from "./capabilities.ts";

interface BlockReply {
  readonly status: string;
  /** As it goes over the wire, with the dot at its end. */
  readonly block: Uint8Array;
}

/** One line without its end, or a line with a block behind it. */
export type Reply = string | BlockReply;

// RFC 3206 announces these by a capability of their own.
const AUTH_CODE = /^(-ERR )\[(?:AUTH|SYS\/TEMP|SYS\/PERM)\] /;
const CODE = /^(-ERR )\[[A-Z][A-Z0-9/-]*\] /;

/** Without a code that the client does not know of. */
export function withKnownCode(status: string, capabilities: Capabilities): string {
  const unknown = AUTH_CODE.test(status) ? "AUTH-RESP-CODE" : "RESP-CODES";
  return capabilities.has(unknown) ? status : status.replace(CODE, "$1");
}

/** What it says to people. */
export function textOf(status: string): string {
  return status.replace(/^(?:\+OK|-ERR) /, "").replace(/^\[[^\]]+\] /, "");
}

/** Thrown by what says no. */
export class Refusal extends Error {
  readonly reply: string;

  constructor(reply: string) {
    super(reply);
    this.reply = reply;
  }
}
