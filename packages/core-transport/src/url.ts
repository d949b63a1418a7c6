// URLs of servers: RFC 3986 syntax; RFC 1738 (ftp), RFC 5538 (news, nntp), and the customary smtp, lmtp, pop3.
// Not WHATWG's parser: that one drops dot segments, and knows of these schemes only ftp.
import { isIP } from "node:net";
import { domainToASCII } from "node:url";
import { ArgumentError } from "./errors.ts";

const DEFAULT_PORTS = {
  ftp: 21,
  ftps: 990,
  smtp: 25,
  smtps: 465,
  lmtp: 24,
  pop3: 110,
  pop3s: 995,
  nntp: 119,
  nntps: 563,
  news: 119,
} as const;

// RFC 1035 2.3.4, without the root's dot.
const LONGEST_NAME = 253;

/** The schemes that netcli understands. */
export type ServerScheme = keyof typeof DEFAULT_PORTS;

/** A server's URL in parts, percent-decoded, free of control characters. */
export interface ServerUrl {
  readonly scheme: ServerScheme;
  /** A lower-case ASCII name (IDN converted) or an IP address without brackets; empty only for `news:` without a server. */
  readonly host: string;
  /** The port given, or the scheme's own. */
  readonly port: number;
  readonly isPortGiven: boolean;
  readonly user: string | undefined;
  readonly password: string | undefined;
  /**
   * What follows the host, without the slash between: for ftp relative to the login directory, or absolute
   * when it was written with `%2F` in front (RFC 1738 3.2.2); for news a group, a message-id or empty.
   */
  readonly path: string;
}

/** Takes a URL apart. Throws ArgumentError, without repeating a password, if it is not one of ours. */
export function parseServerUrl(url: string | URL): ServerUrl {
  const text = String(url);
  if (/[\p{Cc} ]/u.test(text)) throw new ArgumentError("the URL contains a space or control character");
  const colon = text.indexOf(":");
  const scheme = text.slice(0, Math.max(colon, 0)).toLowerCase();
  if (!Object.hasOwn(DEFAULT_PORTS, scheme)) {
    // What stands there may be a user and a password without a scheme: only what looks like one is repeated.
    const given = /^[a-z][a-z\d+.-]{0,15}$/.test(scheme) ? `, not "${scheme}:"` : "";
    throw new ArgumentError(
      `the URL must begin with one of ${Object.keys(DEFAULT_PORTS).join(":, ")}:${given}`,
    );
  }
  const known = scheme as ServerScheme;
  const rest = text.slice(colon + 1);
  if (rest.includes("#")) throw new ArgumentError('a "#" in the URL must be written as %23');
  if (!rest.startsWith("//")) {
    if (known !== "news") throw new ArgumentError(`"${scheme}:" must be followed by "//" and a host`);
    return {
      scheme: known,
      host: "",
      port: DEFAULT_PORTS.news,
      isPortGiven: false,
      ...none,
      path: decode(rest, "path"),
    };
  }
  const slash = rest.indexOf("/", 2);
  const authority = slash === -1 ? rest.slice(2) : rest.slice(2, slash);
  const at = authority.lastIndexOf("@");
  return {
    scheme: known,
    ...parseHostPort(authority.slice(at + 1), DEFAULT_PORTS[known]),
    ...(at === -1 ? none : parseUserInfo(authority.slice(0, at))),
    path: slash === -1 ? "" : decode(rest.slice(slash + 1), "path"),
  };
}

const none = { user: undefined, password: undefined };

function parseUserInfo(text: string): { user: string; password: string | undefined } {
  const colon = text.indexOf(":");
  if (colon === -1) return { user: decode(text, "user"), password: undefined };
  return { user: decode(text.slice(0, colon), "user"), password: decode(text.slice(colon + 1), "password") };
}

function parseHostPort(text: string, defaultPort: number): Pick<ServerUrl, "host" | "port" | "isPortGiven"> {
  const colon = text.indexOf(":", text.startsWith("[") ? text.indexOf("]") : 0);
  const host = asciiHost(decode(colon === -1 ? text : text.slice(0, colon), "host"));
  // Not repeated: behind an "@" or before a "/" that was not percent-coded, this is a piece of the password.
  if (host === undefined) throw new ArgumentError("the host in the URL is not a host name");
  const digits = colon === -1 ? "" : text.slice(colon + 1);
  if (digits === "") return { host, port: defaultPort, isPortGiven: false };
  const port = /^\d{1,5}$/.test(digits) ? Number(digits) : 0;
  if (port < 1 || port > 65_535) throw new ArgumentError(`the port in the URL must be 1 to 65535`);
  return { host, port, isPortGiven: true };
}

function decode(text: string, part: string): string {
  let decoded: string;
  try {
    decoded = decodeURIComponent(text);
  } catch (cause) {
    throw new ArgumentError(`the ${part} in the URL has a "%" without a UTF-8 character behind it`, {
      cause,
    });
  }
  if (/\p{Cc}/u.test(decoded)) throw new ArgumentError(`the ${part} in the URL contains a control character`);
  return decoded;
}

/**
 * The form of a host that goes to the resolver and into a certificate check: an IP address without brackets,
 * or a lower-case ASCII name (IDN converted). Throws ArgumentError if it is neither.
 */
export function normalizeHost(host: string): string {
  const name = asciiHost(host);
  if (name === undefined) throw new ArgumentError(`"${host.slice(0, LONGEST_NAME)}" is not a host name`);
  return name;
}

function asciiHost(host: string): string | undefined {
  const bare = host.startsWith("[") && host.endsWith("]") ? host.slice(1, -1) : host;
  if (isIP(bare) !== 0) return bare;
  // domainToASCII would cut the name at a slash, drop a line end, decode "%41", and take minutes for a long one.
  if (bare !== host || host.length > LONGEST_NAME || /[\p{Cc}/\\?#%]/u.test(host)) return undefined;
  // It reads other notations of IPv4 ("0x7f.1"), which the resolver of the system may or may not.
  const name = domainToASCII(host);
  // Labels may hold an underscore: such names exist in the wild although RFC 1123 does not allow them.
  return /^[a-z0-9_](?:[a-z0-9._-]{0,252})$/.test(name) ? name : undefined;
}

/** Is that an address of this machine (RFC 1122 3.2.1.3, RFC 4291 2.5.3)? */
export function isLoopback(address: string | undefined): boolean {
  return address !== undefined && (address === "::1" || /^(?:::ffff:)?127\./.test(address));
}

/** Throws ArgumentError unless a connection can be made to that port. */
export function assertPort(port: number): void {
  if (Number.isInteger(port) && port >= 1 && port <= 65_535) return;
  throw new ArgumentError(`a port must be 1 to 65535, not ${port}`);
}
