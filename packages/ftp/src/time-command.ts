// The command by which a server takes the time of a file (draft-somers-ftp-mfxx MFMT and MFF, and what was there before).
import type { CommandLine } from "@netcli/core-transport";
import type { FtpCommands } from "./command.ts";
import type { FtpFeatures } from "./features.ts";

/** What is known of a server. */
export interface KnownServer {
  readonly features: FtpFeatures;
  readonly welcome: string;
}

// "MDTM time name" asks most servers for the time of a file with both in its name.
function setsByMdtm({ features, welcome }: KnownServer): boolean {
  const parameters = features.parameters("MDTM");
  if (parameters === undefined) return false;
  return /YYYYMMDD/i.test(parameters) || /\bvsftpd\b/i.test(welcome);
}

/** The best command that there is for it, and whether the server has said that it is one. */
export function timeCommand(
  commands: FtpCommands,
  path: string,
  time: string,
  server: KnownServer,
): [command: CommandLine, isSure: boolean] {
  const { features } = server;
  if (features.has("MFMT")) return [commands.of("MFMT", time, path), true];
  if (features.has("MFF")) return [commands.of("MFF", `Modify=${time};`, path), true];
  if (setsByMdtm(server)) return [commands.of("MDTM", time, path), true];
  const isListed = /\bUTIME\b/i.test(features.parameters("SITE") ?? "");
  return [commands.of("SITE", "UTIME", time, path), isListed];
}
