// Mail addresses as MAIL and RCPT take them (RFC 5321 4.1.2, RFC 6531 3.3): what stands between "<" and ">".
import { isIPv4, isIPv6 } from "node:net";
import { domainToASCII, domainToUnicode } from "node:url";
import { ArgumentError } from "@netcli/core-transport";

/** Address is a mail address that is safe to send. */
export interface Address {
  /** The part before the "@" as it was written: quotes are kept. */
  readonly local: string;
  /** A lower-case name in ASCII (IDN converted), an address literal such as `[IPv6:::1]`, or nothing. */
  readonly domain: string | undefined;
  /** The local part is not ASCII: only a server that offers SMTPUTF8 takes it. */
  readonly needsUtf8: boolean;
  /** What goes between "<" and ">". */
  readonly path: string;
}

// RFC 5321 4.5.3.1; the path's 256 bytes count "<" and ">".
const LONGEST_LOCAL = 64;
const LONGEST_PATH = 254;

// In UTF-16 units. A domain may be shorter in ASCII than it was before; what is looked at below must be short.
const LONGEST_TEXT = 1_024;

// U+FFFD is what a decoder left of bytes that it could not read: the address was another one.
const FORBIDDEN = /[\p{Cc}\p{Cs}\p{Zl}\p{Zp}\ufffd]/u;

const QUOTED = /^"(?:[^"\\]|\\[ -~])*"/u;
const DOT_ATOM = /^[^\s"(),.:;<>@[\\\]]+(?:\.[^\s"(),.:;<>@[\\\]]+)*/u;

// RFC 1123 knows no underscores, but the wild does.
const LABEL = /^(?!-)[\w\P{ASCII}-]{1,63}(?<!-)$/u;
const NON_ASCII = /\P{ASCII}/u;

const NULL_PATH: Address = { local: "", domain: undefined, needsUtf8: false, path: "" };

/**
 * Takes an address apart: a local part, mostly with a domain. Throws ArgumentError for all else: names, angle
 * brackets, comments, routes, blanks outside quotes, control characters, and domains that mean another one.
 */
export function parseAddress(text: string): Address {
  if (text.length > LONGEST_TEXT) throw refused(text, `it is longer than ${LONGEST_PATH} bytes`);
  const forbidden = FORBIDDEN.exec(text)?.[0];
  if (forbidden !== undefined) throw refused(text, `it contains ${shown(forbidden)}`);
  const local = (QUOTED.exec(text) ?? DOT_ATOM.exec(text))?.[0];
  if (local === undefined) throw refused(text, "it does not begin with a local part");
  const next = text[local.length];
  if (next !== undefined && next !== "@") {
    throw refused(text, `${shown(next)} can't stand at position ${local.length + 1}`);
  }
  if (Buffer.byteLength(local) > LONGEST_LOCAL) {
    throw refused(text, `its local part is longer than ${LONGEST_LOCAL} bytes`);
  }
  const domain = next === undefined ? undefined : parseDomain(text, text.slice(local.length + 1));
  const path = domain === undefined ? local : `${local}@${domain}`;
  if (Buffer.byteLength(path) > LONGEST_PATH) throw refused(text, `it is longer than ${LONGEST_PATH} bytes`);
  return { local, domain, needsUtf8: NON_ASCII.test(local), path };
}

/** The sender of a mail: as above, or "" where nobody wants to hear of it again (RFC 5321 4.5.5). */
export function reversePath(from: string): Address {
  return from === "" ? NULL_PATH : parseAddress(from);
}

/** Text for an error: short, and nothing in it that a terminal or a log would act upon. */
export function shown(text: string): string {
  const short = text.length > 80 ? `${text.slice(0, 80)}...` : text;
  const safe = short.replaceAll(
    /[\p{C}\p{Zl}\p{Zp}]/gu,
    (character) => `\\u{${character.codePointAt(0)?.toString(16)}}`,
  );
  return `"${safe}"`;
}

function refused(text: string, why: string): ArgumentError {
  return new ArgumentError(`${shown(text)} is not a mail address: ${why}; nothing was sent`);
}

function parseDomain(text: string, domain: string): string {
  if (domain.startsWith("[")) {
    const literal = addressLiteral(domain);
    if (literal === undefined)
      throw refused(text, "between the brackets is no IPv4 address, and no IPv6: with one");
    return literal;
  }
  const labels = domain.split(".");
  return labels.map((label) => parseLabel(text, label)).join(".");
}

function addressLiteral(domain: string): string | undefined {
  const ipv6 = /^\[IPv6:([\da-f:.]+)\]$/i.exec(domain)?.[1];
  if (ipv6 !== undefined) return isIPv6(ipv6) ? `[IPv6:${ipv6.toLowerCase()}]` : undefined;
  return domain.endsWith("]") && isIPv4(domain.slice(1, -1)) ? domain : undefined;
}

// One label at a time, and no ASCII one: domainToASCII would make 127.0.0.1 of "0x7f.1".
function parseLabel(text: string, label: string): string {
  if (!LABEL.test(label)) {
    throw refused(text, label === "" ? "its domain lacks a label" : `${shown(label)} can't be in a domain`);
  }
  if (!NON_ASCII.test(label)) return label.toLowerCase();
  const ascii = domainToASCII(label);
  if (!/^xn--[\w-]{1,59}$/.test(ascii) || domainToUnicode(ascii) !== fold(label) || hidesAscii(label)) {
    throw refused(text, `${shown(label)} is no name, or stands for another one, or is too long`);
  }
  return ascii;
}

/** The one change to a name that surprises nobody: lower case, in one spelling. */
function fold(label: string): string {
  // Each by itself, as IDNA does: toLowerCase has another sigma for the end of a word.
  return Array.from(label, (character) => character.toLowerCase())
    .join("")
    .normalize();
}

/** Is there something that only looks otherwise, such as the sign for kelvin, which is a "k"? */
function hidesAscii(label: string): boolean {
  return Array.from(label).some(
    (character) => NON_ASCII.test(character) && /\p{ASCII}/u.test(fold(character)),
  );
}
