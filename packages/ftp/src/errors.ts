// Refusals of an FTP server.
import {
  ConnectionClosedError,
  ReplyError,
  type CommandLine,
  type NetcliError,
  type NetcliErrorOptions,
} from "@netcli/core-transport";
import type { FtpReply } from "./reply.ts";

/** The "command" that the greeting answers. */
export const CONNECT: CommandLine = { line: "", shown: "connect" };

/** Throws a refusal unless the code is 2yz or 3yz (RFC 959 4.2). */
export function assertPositive(reply: FtpReply, command: CommandLine): FtpReply {
  if (reply.code >= 200 && reply.code < 400) return reply;
  throw refusal(reply, command);
}

/**
 * The error for a reply that says no, or that makes no sense as an answer to the command. Behind 421 the server
 * closes the connection, whatever was asked: that is no refusal of the command, but of all that follow.
 */
export function refusal(
  reply: FtpReply,
  command: CommandLine,
  options: NetcliErrorOptions = {},
): NetcliError {
  const message = `the server answered "${command.shown}" with: ${reply.lines.join("\n")}`;
  if (reply.code === 421 && command !== CONNECT) {
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

/** The error of a session that was lost while commands were sent ahead to a server of which nobody knew how it takes that. */
export function blamed(error: Error): Error {
  if (!(error instanceof ConnectionClosedError)) return error;
  const { message, lastReply, bytesTransferred } = error;
  const hint = "perhaps it does not stand commands that are sent ahead: in the next session none are";
  const clearer = new ConnectionClosedError(`${message}; ${hint}`, { cause: error, lastReply });
  if (bytesTransferred !== undefined) clearer.bytesTransferred = bytesTransferred;
  return clearer;
}
