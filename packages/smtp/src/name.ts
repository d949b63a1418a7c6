// What we call ourselves towards a server (RFC 5321 4.1.4): a name with a domain, or else our address.
import { isIPv6 } from "node:net";
import { hostname } from "node:os";

const DOMAIN = /^(?=.{1,253}$)[a-z0-9-]+(?:\.[a-z0-9-]+)+$/i;

/** `localAddress`: ours towards the server; undefined over a Unix socket. */
export function ownName(localAddress: string | undefined): string {
  const host = hostname();
  if (DOMAIN.test(host)) return host;
  if (localAddress === undefined) return "localhost";
  // "fe80::1%eth0": the zone means nothing elsewhere.
  const address = localAddress.replace(/%.*$/, "").replace(/^::ffff:(?=\d+\.)/, "");
  return isIPv6(address) ? `[IPv6:${address}]` : `[${address}]`;
}
