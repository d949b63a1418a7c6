// Refusals of an FTP server.
import {
  ConnectionClosedError,
  refusalOf,
  type CommandLine,
  type NetcliError,
  type NetcliErrorOptions,
} from "@netcli/core-transport";
import type { FtpReply } from "./reply.ts";

/** Throws a refusal unless the code is 2yz or 3yz (RFC 959 4.2). */
export function assertPositive(reply: FtpReply, command: CommandLine): FtpReply {
  if (reply.code >= 200 && reply.code < 400) return reply;
  throw refusal(reply, command);
}

/** The error for a reply that says no, or that makes no sense. Behind 421 the server closes the connection. */
export function refusal(reply: FtpReply, command: CommandLine, options?: NetcliErrorOptions): NetcliError {
  return refusalOf(reply, command, 421, options);
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
