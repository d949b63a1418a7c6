// Addresses as MAIL and RCPT name them (RFC 5321 4.1.2, RFC 6531 3.3).
import { isIPv4, isIPv6 } from "node:net";

// Octets (RFC 5321 4.5.3.1).
const LONGEST_LOCAL = 64;
const LONGEST_DOMAIN = 255;
const LONGEST_PATH = 256;

const ATOM = /^[\w!#$%&'*+\-/=?^`{|}~\u{80}-\u{10ffff}]+(?:\.[\w!#$%&'*+\-/=?^`{|}~\u{80}-\u{10ffff}]+)*$/u;
const QUOTED = /^"(?:[ !#-[\]-~\u{80}-\u{10ffff}]|\\[ -~])*"$/u;
const LABEL =
  "[A-Za-z0-9\\u{80}-\\u{10ffff}](?:[A-Za-z0-9\\-\\u{80}-\\u{10ffff}]*[A-Za-z0-9\\u{80}-\\u{10ffff}])?";
const DOMAIN = new RegExp(`^${LABEL}(?:\\.${LABEL})*$`, "u");

// A quoted local part may hold what would end the path.
const PATH = /^<((?:[^<>"\s]|"(?:[^"\\]|\\.)*")*)>(?: (.*))?$/;

export interface Path {
  /** Empty: the null reverse-path. */
  readonly address: string;
  /** Parameters, as they stand behind the path. */
  readonly rest: string;
}

function isLiteral(domain: string): boolean {
  const literal = /^\[(?:(IPv6):)?([^[\]\s]+)\]$/i.exec(domain);
  const [, tag, address = ""] = literal ?? [];
  return tag === undefined ? isIPv4(address) : isIPv6(address);
}

/** Whether EHLO may name it: a domain or an address literal. */
export function isDomain(text: string): boolean {
  return Buffer.byteLength(text) <= LONGEST_DOMAIN && (DOMAIN.test(text) || isLiteral(text));
}

function isMailbox(address: string): boolean {
  const at = address.lastIndexOf("@");
  const local = address.slice(0, at);
  if (at === -1 || Buffer.byteLength(local) > LONGEST_LOCAL) return false;
  return (ATOM.test(local) || QUOTED.test(local)) && isDomain(address.slice(at + 1));
}

/** Takes a path in angle brackets off the front. Undefined: there is none. */
export function readPath(text: string): Path | undefined {
  const [path, address, rest = ""] = PATH.exec(text) ?? [];
  if (path === undefined || address === undefined || Buffer.byteLength(address) + 2 > LONGEST_PATH) {
    return undefined;
  }
  // RFC 5321 4.1.1.3: the one address that needs no domain.
  const isRight = address === "" || /^postmaster$/i.test(address) || isMailbox(address);
  return isRight ? { address, rest } : undefined;
}
