// What went wrong, for a script as a number and for a person as a sentence.
import {
  ArgumentError,
  ConnectError,
  NetcliError,
  ReplyError,
  TimeoutError,
  TlsError,
} from "@netcli/core-transport";
import { PasswordError } from "./password.ts";
import type { Target } from "./target.ts";

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

// Up to the login the host could not be reached, afterwards the connection broke.
const FIRST_PHASES = new Set(["connect", "tls", "greeting"]);

/** Sorts an error into one of the exit codes. */
export function describeFailure(error: unknown, target: Target): { code: ExitCode; text: string } {
  const text = error instanceof Error ? error.message : String(error);
  if (error instanceof ReplyError) return describeRefusal(error, target);
  if (error instanceof PasswordError) return { code: ExitCode.loginRefused, text };
  if (error instanceof ArgumentError) return { code: ExitCode.usage, text };
  if (
    error instanceof ConnectError ||
    error instanceof TlsError ||
    (error instanceof TimeoutError && FIRST_PHASES.has(error.phase))
  ) {
    return { code: ExitCode.unreachable, text };
  }
  if (error instanceof NetcliError) return { code: ExitCode.broken, text };
  return { code: ExitCode.unwritable, text: `cannot save the file: ${text}` };
}

function describeRefusal(
  { command, reply, message }: ReplyError,
  target: Target,
): { code: ExitCode; text: string } {
  const { host, directory, file } = target;
  switch (command.split(" ", 1)[0]) {
    case "connect":
      return { code: ExitCode.unreachable, text: `${host} refuses: ${reply.text}` };
    case "USER":
    case "PASS":
    case "ACCT":
      return { code: ExitCode.loginRefused, text: `cannot log in to ${host}: ${reply.text}` };
    case "CWD":
      return { code: ExitCode.noDirectory, text: `no such directory "${directory}": ${reply.text}` };
    case "RETR":
      return { code: ExitCode.unreadable, text: `cannot read "${file}": ${reply.text}` };
    default:
      return { code: ExitCode.broken, text: message };
  }
}
