// What a test sees of a message that an SMTP server has received.

export interface EnvelopeAddress {
  /** Without the angle brackets; empty: the null reverse-path. */
  readonly address: string;
  /** The parameters of MAIL or RCPT by their names in capitals; true: without a value. */
  readonly params: Readonly<Record<string, string | true>>;
}

export interface ReceivedMessage {
  readonly from: EnvelopeAddress;
  /** Those that were accepted. */
  readonly to: readonly EnvelopeAddress[];
  /** Without the dots that DATA adds, with its CRLF. */
  readonly data: Uint8Array;
  /** What the client called itself. */
  readonly clientName: string;
  /** Who was logged in. */
  readonly user: string | undefined;
  readonly isSecure: boolean;
}

/** The mailbox of an address: what stands in front of its domain, without quotes (RFC 5321 4.1.2). */
export function mailboxOf(address: string): string {
  const at = address.lastIndexOf("@");
  const local = at === -1 ? address : address.slice(0, at);
  if (!local.startsWith('"')) return local;
  return local.slice(1, -1).replaceAll(/\\(.)/g, "$1");
}
