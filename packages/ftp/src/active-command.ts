// Commands that say where a data connection is to be made: EPRT (RFC 2428 2) and PORT (RFC 959 4.1.2).
import type { CommandLine } from "@netcli/core-transport";
import { ftpCommand } from "./command.ts";

/** Without the name of a network interface of ours (fe80::1%eth0), and IPv4 as such. */
export function bareAddress(address: string): string {
  return address.replace(/^::ffff:(?=\d+\.)/i, "").replace(/%.*$/, "");
}

export function eprtCommand(address: string, port: number): CommandLine {
  const bare = bareAddress(address);
  return ftpCommand("EPRT", `|${bare.includes(":") ? 2 : 1}|${bare}|${port}|`);
}

/** For IPv4. */
export function portCommand(address: string, port: number): CommandLine {
  return ftpCommand("PORT", [...bareAddress(address).split("."), port >> 8, port & 255].join(","));
}
