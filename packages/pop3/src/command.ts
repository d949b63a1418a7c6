// POP3 command lines (RFC 1939 3), and which of their arguments are secrets.
import { ArgumentError, commandLine, type CommandLine } from "@netcli/core-transport";

// Verbs whose arguments may be shown. Of all others, also unknown ones, only the verb is.
const SHOWN = new Set(
  "CAPA DELE LANG LAST LIST NOOP QUIT RETR RPOP RSET STAT STLS TOP UIDL USER UTF8 XTND".split(" "),
);

/** Builds a command. Throws ArgumentError if an argument would break the line. */
export function pop3Command(verb: string, ...args: readonly (string | number)[]): CommandLine {
  return commandLine(verb, args.map(String), { secret: !SHOWN.has(verb.toUpperCase()) });
}

/** Takes a whole line, "RETR 1". */
export function rawCommand(line: string): CommandLine {
  const space = line.search(/[ \t]/);
  if (space !== -1) return pop3Command(line.slice(0, space), line.slice(space + 1));
  const command = pop3Command(line);
  // What is no verb may be a password, which answers AUTH in a line of its own.
  return SHOWN.has(line.toUpperCase()) ? command : { ...command, shown: "****" };
}

/** Throws ArgumentError unless that can be the number of a message, or of lines. */
export function assertNumber(name: string, value: number, least: number = 1): number {
  if (Number.isSafeInteger(value) && value >= least) return value;
  throw new ArgumentError(`${name} must be a whole number from ${least}, not ${value}`);
}
