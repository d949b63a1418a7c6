// What went wrong, for a script as a number and for a person as a sentence.
import { isUnreachable, PasswordError, sentenceOf } from "@netcli/command-line";
import { ArgumentError, NetcliError, NotSupportedError } from "@netcli/core-transport";
import { Pop3ReplyError } from "@netcli/pop3";

export const ExitCode = {
  fetched: 0,
  usage: 2,
  unreachable: 3,
  loginRefused: 4,
  notDeleted: 5,
  unreadable: 6,
  unwritable: 7,
  broken: 8,
  notNow: 75,
  interrupted: 130,
} as const;

export type ExitCode = (typeof ExitCode)[keyof typeof ExitCode];

/** What to tell about an error. */
export interface Failure {
  readonly code: ExitCode;
  readonly text: string;
}

/** What an error is about. */
export interface Subject {
  readonly host: string;
  /** False: there was no login yet. */
  readonly isLoggedIn: boolean;
}

/** FileError: a file or directory here is not what is needed. */
export class FileError extends Error {
  readonly code: ExitCode;

  constructor(message: string, code: ExitCode = ExitCode.unwritable) {
    super(message);
    this.code = code;
  }
}

/** Sorts an error into one of the exit codes. */
export function describeFailure(error: unknown, { host, isLoggedIn }: Subject): Failure {
  const text = sentenceOf(error);
  if (error instanceof FileError) return { code: error.code, text };
  if (error instanceof Pop3ReplyError) return describeRefusal(error, host);
  if (error instanceof PasswordError) return { code: ExitCode.loginRefused, text };
  if (error instanceof ArgumentError) return { code: ExitCode.usage, text };
  if (error instanceof NotSupportedError) {
    // Before the login nothing else is asked of the server than a way to log in.
    return { code: isLoggedIn ? ExitCode.unreadable : ExitCode.loginRefused, text };
  }
  if (isUnreachable(error) && !isLoggedIn) return { code: ExitCode.unreachable, text };
  if (error instanceof NetcliError) return { code: ExitCode.broken, text };
  return { code: ExitCode.unwritable, text: `cannot write what was fetched: ${text}` };
}

function describeRefusal({ command, reply, isTemporary }: Pop3ReplyError, host: string): Failure {
  const words = reply.text.replaceAll("\n", " ");
  const [verb = "", argument = ""] = command.split(" ", 2);
  const code = isTemporary ? ExitCode.notNow : undefined;
  switch (verb) {
    case "connect":
      return { code: code ?? ExitCode.unreachable, text: `${host} refuses: ${words}` };
    case "USER":
    case "PASS":
    case "AUTH":
      return { code: code ?? ExitCode.loginRefused, text: `cannot log in to ${host}: ${words}` };
    case "RETR":
    case "TOP":
      return { code: code ?? ExitCode.unreadable, text: `cannot read message ${argument}: ${words}` };
    default:
      return { code: code ?? ExitCode.unreadable, text: `${host} refuses ${verb}: ${words}` };
  }
}
