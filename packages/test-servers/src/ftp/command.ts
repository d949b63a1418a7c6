// Command lines (RFC 959 5.3), as they come.

export interface FtpCommand {
  /** In capitals; for the connection itself, which is answered by the greeting, "CONNECT". */
  readonly verb: string;
  /** What stands behind the first space. */
  readonly argument: string;
  /** The line without its end. */
  readonly line: string;
  /** How many commands with that verb the server has got with this one, in all sessions. */
  readonly nth: number;
}

// Telnet's IP and Synch in front of ABOR (RFC 959 4.1.3), read as latin1 because they are no UTF-8. The last byte
// of Synch is urgent data, which Node drops.
const TELNET = /^[\u00F2\u00F4\u00FF]+/;

/** Counts the verbs and takes lines apart. */
export class CommandReader {
  readonly #counts: Map<string, number> = new Map();

  read(line: string): FtpCommand {
    const bare = line.replace(TELNET, "");
    const space = bare.indexOf(" ");
    const verb = (space === -1 ? bare : bare.slice(0, space)).toUpperCase();
    // A line feed in a name travels as NUL, as with wu-ftpd and vsftpd.
    const argument = space === -1 ? "" : bare.slice(space + 1).replaceAll("\0", "\n");
    return { verb, argument, line, nth: this.#count(verb) };
  }

  connected(): FtpCommand {
    return { verb: "CONNECT", argument: "", line: "", nth: this.#count("CONNECT") };
  }

  #count(verb: string): number {
    const nth = (this.#counts.get(verb) ?? 0) + 1;
    this.#counts.set(verb, nth);
    return nth;
  }
}
