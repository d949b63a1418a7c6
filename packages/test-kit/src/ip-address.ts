// IP addresses between their text and their octets, for certificates and for SOCKS (RFC 4291, 2.2).
import { isIPv4, isIPv6 } from "node:net";
import { URL } from "node:url";

/** The 4 or 16 octets of an address literal. */
export function addressOctets(text: string): Buffer {
  if (isIPv4(text)) return Buffer.from(text.split(".").map(Number));
  const [head = "", tail] = canonical(text).split("::");
  const before = groups(head);
  const after = groups(tail ?? "");
  const zeros = Array.from({ length: 8 - before.length - after.length }, () => 0);
  return Buffer.from([...before, ...zeros, ...after].flatMap((group) => [group >> 8, group & 0xff]));
}

export function addressText(octets: Buffer): string {
  if (octets.length === 4) return octets.join(".");
  return canonical((octets.toString("hex").match(/.{4}/g) ?? []).join(":"));
}

export function isLoopback(address: string): boolean {
  if (isIPv4(address)) return address.startsWith("127.");
  return isIPv6(address) && canonical(address) === "::1";
}

/** The address as it stands in a URL, where IPv6 needs brackets. */
export function urlHost(address: string): string {
  return isIPv6(address) ? `[${address}]` : address;
}

// The URL parser knows every spelling, an embedded IPv4 tail among them, and writes hexadecimal groups only.
function canonical(ipv6: string): string {
  return new URL(`http://[${ipv6}]/`).hostname.slice(1, -1);
}

function groups(text: string): number[] {
  return text === "" ? [] : text.split(":").map((group) => Number.parseInt(group, 16));
}
