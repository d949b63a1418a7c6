// What went wrong, for a script as a number and for a person as a sentence.
import { isUnreachable, PasswordError, sentenceOf } from "@netcli/command-line";
import { ArgumentError, NetcliError, ReplyError } from "@netcli/core-transport";

export const ExitCode = {
  saved: 0,
  usage: 2,
  unreachable: 3,
  loginRefused: 4,
  noDirectory: 5,
  unreadable: 6,
  unwritable: 7,
  broken: 8,
  interrupted: 130,
} as const;

export type ExitCode = (typeof ExitCode)[keyof typeof ExitCode];

// Too many users, and data connections that did not come about or broke (RFC 959 4.2): says nothing about the file.
const CONNECTION_TROUBLE = /^42[156]/;

/** What to tell about an error. */
export interface Failure {
  readonly code: ExitCode;
  readonly text: string;
}

/** What an error is about. */
export interface Subject {
  readonly host: string;
  readonly path: string;
  /** False: there was no login yet. */
  readonly isLoggedIn: boolean;
}

/** MissingError: what the URL names is not there, or is not what it was taken for. */
export class MissingError extends Error {
  readonly code: ExitCode;

  constructor(message: string, code: ExitCode) {
    super(message);
    this.code = code;
  }
}

/** Sorts an error into one of the exit codes. Behind the login it may be one of a data connection. */
export function describeFailure(error: unknown, subject: Subject): Failure {
  const text = sentenceOf(error);
  if (error instanceof MissingError) return { code: error.code, text };
  if (error instanceof ReplyError) return describeRefusal(error, subject);
  if (error instanceof PasswordError) return { code: ExitCode.loginRefused, text };
  if (error instanceof ArgumentError) return { code: ExitCode.usage, text };
  if (isUnreachable(error) && !subject.isLoggedIn) return { code: ExitCode.unreachable, text };
  if (error instanceof NetcliError) return { code: ExitCode.broken, text };
  return { code: ExitCode.unwritable, text: `cannot save the file: ${text}` };
}

function describeRefusal(error: ReplyError, { host, path }: Subject): Failure {
  const { command, reply } = error;
  const words = reply.text.replaceAll("\n", " ");
  const [, verb, argument = path] = /^(\S+)(?: (.*))?$/.exec(command) ?? [];
  switch (verb) {
    case "connect":
      return { code: ExitCode.unreachable, text: `${host} refuses: ${words}` };
    case "USER":
    case "PASS":
    case "ACCT":
      return { code: ExitCode.loginRefused, text: `cannot log in to ${host}: ${words}` };
    case "RETR":
      if (CONNECTION_TROUBLE.test(reply.lines[0] ?? "")) break;
      return { code: ExitCode.unreadable, text: `cannot read "${argument}": ${words}` };
    case "LIST":
    case "MLSD":
      if (CONNECTION_TROUBLE.test(reply.lines[0] ?? "")) break;
      return { code: ExitCode.noDirectory, text: `cannot list "${argument}": ${words}` };
  }
  return { code: ExitCode.broken, text: sentenceOf(error) };
}
