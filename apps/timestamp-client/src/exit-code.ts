// What went wrong, for a script as a number and for a person as a sentence.
import { ArgumentError, ConnectError, NetcliError, TimeoutError } from "@netcli/core-transport";

export const ExitCode = {
  answered: 0,
  usage: 2,
  unreachable: 3,
  unanswered: 8,
  interrupted: 130,
} as const;

export type ExitCode = (typeof ExitCode)[keyof typeof ExitCode];

/** Sorts an error into one of the exit codes. Throws it again if it is a mistake of ours. */
export function exitCodeOf(error: unknown): ExitCode {
  if (!(error instanceof NetcliError)) throw error;
  if (error instanceof ArgumentError) return ExitCode.usage;
  const isOfConnecting =
    error instanceof ConnectError || (error instanceof TimeoutError && error.phase === "connect");
  return isOfConnecting ? ExitCode.unreachable : ExitCode.unanswered;
}
