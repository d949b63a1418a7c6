// FTP command lines (RFC 959 5.3), and which of their arguments are secrets.
import { commandLine, type CommandLine } from "@netcli/core-transport";

// Verbs whose arguments may be shown. Of all others, also unknown ones, only the verb is.
const SHOWN = new Set(
  (
    "ABOR ALLO APPE AUTH CCC CDUP CLNT CWD DELE EPRT EPSV FEAT HASH HELP HOST LANG LIST MDTM MFMT MKD MLSD MLST " +
    "MODE NLST NOOP OPTS PASV PBSZ PORT PROT PWD QUIT RANG REIN REST RETR RMD RNFR RNTO SIZE SMNT STAT STOR " +
    "STOU STRU SYST TYPE USER XCRC XCUP XCWD XMD5 XMKD XPWD XRMD XSHA XSHA1 XSHA256 XSHA512"
  ).split(" "),
);

/** Builds a command. Throws ArgumentError if an argument would break the line. */
export function ftpCommand(verb: string, ...args: readonly string[]): CommandLine {
  return commandLine(verb, args, { secret: !SHOWN.has(verb.toUpperCase()) });
}

/** Takes a whole line as ftplib's methods do ("RETR name"). */
export function rawCommand(line: string): CommandLine {
  // A tab is no separator in FTP, but what is behind one may be a secret all the same.
  const space = line.search(/[ \t]/);
  return space === -1 ? ftpCommand(line) : ftpCommand(line.slice(0, space), line.slice(space + 1));
}
