// Data connections: passive mode (RFC 2428 EPSV, RFC 959 PASV) and their protection (RFC 4217).
import { connect, ProtocolError, type Connection, type ConnectOptions } from "@netcli/core-transport";
import type { FtpReply } from "./reply.ts";

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
  const numbers = /(?<!\d)\d{1,3}(?:,\d{1,3}){5}(?!\d)/.exec(text)?.[0].split(",").map(Number);
  const [, , , , high, low] = numbers ?? [];
  if (high === undefined || low === undefined || high > 255 || low > 255) return checkPort(undefined, text);
  return checkPort(String(high * 256 + low), text);
}

function checkPort(digits: string | undefined, text: string): number {
  const port = /^\d{1,5}$/.test(digits ?? "") ? Number(digits) : 0;
  if (port >= 1 && port <= 65_535) return port;
  throw new ProtocolError(`the server names no port to connect to: ${JSON.stringify(text.slice(0, 80))}`);
}

/** How passive mode is asked for; the first way that the server understood is kept. */
export type PassiveCommand = "EPSV" | "PASV";

/** The port in the reply to a passive command. */
export function passivePort(command: PassiveCommand, reply: FtpReply): number {
  return command === "EPSV" ? parseEpsvPort(reply.text) : parsePasvPort(reply.text);
}

/**
 * Connects to `port` of the machine that the control connection leads to, the same way as that one. The name
 * stays that of the server, so that TLS verifies and resumes the same identity, but its address is pinned.
 */
export function connectData(
  control: Connection,
  options: Omit<ConnectOptions, "tls">,
  port: number,
): Promise<Connection> {
  const address = control.remoteAddress;
  return connect({
    ...options,
    port,
    localPort: undefined,
    tls: false,
    ...(options.proxy === undefined && address !== undefined
      ? {
          lookup: (_host, { all }, callback) => {
            const family = address.includes(":") ? 6 : 4;
            if (all === true) callback(null, [{ address, family }]);
            else callback(null, address, family);
          },
        }
      : {}),
  });
}
