// Where a server says that a data connection is to be made: the answers to EPSV (RFC 2428 3) and PASV (RFC 959 4.1.2).
import { ProtocolError } from "@netcli/core-transport";
import { bareAddress } from "./active-command.ts";

/**
 * The port in a 229 reply: `(|||6446|)`, where the bar may be any printable character (RFC 2428 3).
 * Throws ProtocolError.
 */
export function parseEpsvPort(text: string): number {
  const open = text.indexOf("(");
  const close = text.indexOf(")", open);
  const inside = open === -1 || close === -1 ? "" : text.slice(open + 1, close);
  const bar = inside[0] ?? "";
  const [before, network, address, port, after, ...rest] = inside.split(bar);
  const isWellFormed = before === "" && network === "" && address === "" && after === "" && rest.length === 0;
  return checkPort(isWellFormed ? port : undefined, text);
}

/**
 * The port in a 227 reply: the last two of six numbers (RFC 959 4.1.2). The address before them is ignored: behind
 * NAT it is wrong, and a hostile server would have us connect to third parties (CVE-2021-4189).
 * Throws ProtocolError.
 */
export function parsePasvPort(text: string): number {
  const [, , , , high, low] = numbersIn(text);
  if (high === undefined || low === undefined || high > 255 || low > 255) return checkPort(undefined, text);
  return checkPort(String(high * 256 + low), text);
}

/** The address in a 227 reply: the first four of six numbers. */
function parsePasvAddress(text: string): string {
  return numbersIn(text).slice(0, 4).join(".");
}

function numbersIn(text: string): number[] {
  return /(?<!\d)\d{1,3}(?:,\d{1,3}){5}(?!\d)/.exec(text)?.[0].split(",").map(Number) ?? [];
}

function checkPort(digits: string | undefined, text: string): number {
  const port = /^\d{1,5}$/.test(digits ?? "") ? Number(digits) : 0;
  if (port >= 1 && port <= 65_535) return port;
  throw new ProtocolError(`the server names no port to connect to: ${JSON.stringify(text.slice(0, 80))}`);
}

/** Is that the same address? Over IPv6 sockets IPv4 peers have a form of their own. */
function isSameAddress(one: string | undefined, other: string | undefined): boolean {
  return one !== undefined && other !== undefined && bareAddress(one) === bareAddress(other);
}

/** Throws ProtocolError unless the address in a 227 reply is that of the server that sent it. */
export function assertOwnAddress(text: string, peer: string | undefined): void {
  const named = parsePasvAddress(text);
  if (isSameAddress(named, peer)) return;
  throw new ProtocolError(`the server at ${peer} names ${named} for the data connection`);
}
