// What went wrong, for a script as a number and for a person as a sentence.
import { isUnreachable, PasswordError, sentenceOf } from "@netcli/command-line";
import {
  ArgumentError,
  ConnectionClosedError,
  NetcliError,
  NotSupportedError,
  type Reply,
  ReplyError,
} from "@netcli/core-transport";
import { SendError } from "@netcli/smtp";

export const ExitCode = {
  sent: 0,
  refused: 1,
  usage: 2,
  unreachable: 3,
  loginRefused: 4,
  partlyRefused: 5,
  unreadable: 6,
  broken: 8,
  unknown: 9,
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

/** InputError: what is to be sent is not there, or is not what it was taken for. */
export class InputError extends Error {
  readonly code: ExitCode;

  constructor(message: string, code: ExitCode) {
    super(message);
    this.code = code;
  }
}

/** Sorts an error into one of the exit codes. */
export function describeFailure(error: unknown, subject: Subject): Failure {
  const text = sentenceOf(error);
  if (error instanceof InputError) return { code: error.code, text };
  if (error instanceof SendError) return describeSending(error);
  if (error instanceof ReplyError) return describeRefusal(error, subject);
  if (error instanceof PasswordError) return { code: ExitCode.loginRefused, text };
  if (error instanceof ArgumentError) return { code: ExitCode.usage, text };
  if (error instanceof NotSupportedError) {
    // Before the login nothing else is asked of the server than a way to log in.
    return { code: subject.isLoggedIn ? ExitCode.refused : ExitCode.loginRefused, text };
  }
  if (isUnreachable(error)) return { code: ExitCode.unreachable, text };
  if (error instanceof NetcliError) {
    return { code: isAnsweredNotNow(error) ? ExitCode.notNow : ExitCode.broken, text };
  }
  return { code: ExitCode.unreadable, text: `cannot read the message: ${text}` };
}

function describeRefusal({ command, reply, isTemporary }: ReplyError, { host }: Subject): Failure {
  const words = reply.text.replaceAll("\n", " ");
  const [verb] = command.split(" ", 1);
  const code = isTemporary ? ExitCode.notNow : undefined;
  if (verb === "AUTH") {
    return { code: code ?? ExitCode.loginRefused, text: `cannot log in to ${host}: ${words}` };
  }
  return { code: code ?? ExitCode.unreachable, text: `${host} refuses: ${words}` };
}

function describeSending(error: SendError): Failure {
  const { mayHaveBeenSent, recipients, cause, isPermanent } = error;
  const text = sentenceOf(error);
  if (mayHaveBeenSent) return { code: ExitCode.unknown, text: `the message may have been sent: ${text}` };
  if (!(cause instanceof NetcliError)) {
    return { code: ExitCode.unreadable, text: `the message was not sent, it can't be read: ${text}` };
  }
  if (recipients.some(({ status }) => status === "refused")) {
    const code = isPermanent ? ExitCode.refused : ExitCode.notNow;
    return { code, text: `nobody gets the message: ${text}` };
  }
  const code = isAnsweredNotNow(cause) ? ExitCode.notNow : ExitCode.broken;
  return { code, text: `the message was not sent: ${text}` };
}

/** Has the server said, before the connection ended, that it is busy (421) or the like? */
function isAnsweredNotNow(error: NetcliError): boolean {
  const last: Reply | undefined = error instanceof ConnectionClosedError ? error.lastReply : undefined;
  return last?.lines[0]?.startsWith("4") === true;
}
