// SMTP command lines (RFC 5321 4.1.1), and which of their arguments are secrets.
import { ArgumentError, commandLine, type CommandLine } from "@netcli/core-transport";

// Verbs whose arguments may be shown. Of all others, also unknown ones, only the verb is.
const SHOWN = new Set(
  (
    "ATRN BDAT DATA EHLO ETRN EXPN HELO HELP LHLO MAIL NOOP QUIT RCPT RSET SAML SEND SOML STARTTLS TURN VRFY " +
    "XCLIENT XFORWARD"
  ).split(" "),
);

const CONTROL = /[\p{Cc}]/u;

/** Builds a command. Throws ArgumentError if an argument holds a control character, before anything is sent. */
export function smtpCommand(verb: string, ...args: readonly string[]): CommandLine {
  const given = args.filter((argument) => argument !== "");
  const secret = !SHOWN.has(verb.toUpperCase());
  const command = commandLine(verb, given, { secret });
  // Control characters other than CR, LF and NUL end no line, but servers differ about what they are (RFC 5321 4.1.2).
  if (CONTROL.test(command.line as string)) {
    throw new ArgumentError(`the argument of ${verb} contains a control character; nothing was sent`);
  }
  return command;
}

/** Takes a whole line, "VRFY name". */
export function rawCommand(line: string): CommandLine {
  const space = line.search(/[ \t]/);
  if (space !== -1) return smtpCommand(line.slice(0, space), line.slice(space + 1));
  const command = smtpCommand(line);
  // What is no verb may be a password, which answers AUTH in a line of its own.
  return SHOWN.has(line.toUpperCase()) ? command : { ...command, shown: "****" };
}

/** Throws ArgumentError unless the text is one word of printable ASCII: what stands alone between spaces. */
export function assertWord(name: string, text: string): string {
  if (/^[!-~]+$/.test(text)) return text;
  throw new ArgumentError(`${name} must be printable ASCII without spaces; nothing was sent`);
}
