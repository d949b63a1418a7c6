// Refusals of servers whose replies are codes of three digits: FTP, SMTP, NNTP.
import type { CommandLine } from "./argument.ts";
import { ConnectionClosedError, ReplyError, type NetcliError, type NetcliErrorOptions } from "./errors.ts";
import type { CodeReply } from "./reply.ts";

/** The "command" that the greeting answers. */
export const CONNECT: CommandLine = { line: "", shown: "connect" };

/**
 * The error for a reply that says no, or that makes no sense as an answer to the command. Behind a code with which the
 * server closes the connection, whatever was asked, it is no refusal of the command, but of all that follow.
 */
export function refusalOf(
  reply: CodeReply,
  command: CommandLine,
  closing: number,
  options: NetcliErrorOptions = {},
): NetcliError {
  const message = `the server answered "${command.shown}" with: ${reply.lines.join("\n")}`;
  if (reply.code === closing && command !== CONNECT) {
    return new ConnectionClosedError(message, { ...options, lastReply: reply });
  }
  const details = {
    reply,
    command: command.shown,
    isTemporary: reply.code >= 400 && reply.code < 500,
    isPermanent: reply.code >= 500,
  };
  return new ReplyError(message, details, options);
}
