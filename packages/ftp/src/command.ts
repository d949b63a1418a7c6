// FTP command lines (RFC 959 5.3), and which of their arguments are secrets.
import { ArgumentError, commandLine, type CommandLine } from "@netcli/core-transport";
import type { FtpEncoding } from "./encoding.ts";

// Verbs whose arguments may be shown. Of all others, also unknown ones, only the verb is.
const SHOWN = new Set(
  (
    "ABOR ALLO APPE AUTH AVBL CCC CDUP CLNT COMB CPSV CSID CWD DELE EPRT EPSV FEAT HASH HELP HOST LANG LIST " +
    "MDTM MFF MFMT MKD MLSD MLST MODE NLST NOOP OPTS PASV PBSZ PORT PRET PROT PWD QUIT RANG REIN REST RETR " +
    "RMD RNFR RNTO SIZE SMNT SSCN STAT STOR STOU STRU SYST TYPE USER XCRC XCUP XCWD XMD5 XMKD XPWD XRMD XSHA " +
    "XSHA1 XSHA256 XSHA512"
  ).split(" "),
);

/** Builds the commands of a session, whose names are in its encoding. */
export class FtpCommands {
  readonly #encode: ((text: string) => Uint8Array) | undefined;

  constructor(encoding: FtpEncoding | undefined) {
    this.#encode = encoding && ((text) => encoding.encode(text));
  }

  /** Throws ArgumentError if an argument would break the line, or can't be encoded. */
  of(verb: string, ...args: readonly string[]): CommandLine {
    const secret = !SHOWN.has(verb.toUpperCase());
    const encode = this.#encode;
    if (encode === undefined) return commandLine(verb, args, { secret });
    return commandLine(verb, args, {
      secret,
      encode: (text) => {
        try {
          return encode(text);
        } catch (cause) {
          // The encoder may say what it was given.
          const what = secret ? `the argument of ${verb}` : `"${text}"`;
          throw new ArgumentError(
            `the encoding can't express ${what}; nothing was sent`,
            secret ? {} : { cause },
          );
        }
      },
    });
  }

  /** Takes a whole line as ftplib's methods do ("RETR name"). */
  raw(line: string): CommandLine {
    // A tab is no separator in FTP, but what is behind one may be a secret all the same.
    const space = line.search(/[ \t]/);
    return space === -1 ? this.of(line) : this.of(line.slice(0, space), line.slice(space + 1));
  }
}

const ascii = new FtpCommands(undefined);

/** Builds a command that holds no name, or one in UTF-8. Throws ArgumentError if an argument would break the line. */
export function ftpCommand(verb: string, ...args: readonly string[]): CommandLine {
  return ascii.of(verb, ...args);
}
