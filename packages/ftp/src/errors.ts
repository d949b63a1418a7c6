// Refusals of an FTP server.
import { ReplyError, type CommandLine } from "@netcli/core-transport";
import type { FtpReply } from "./reply.ts";

/** Throws ReplyError unless the code is 2yz or 3yz (RFC 959 4.2). */
export function assertPositive(reply: FtpReply, command: CommandLine): FtpReply {
  if (reply.code >= 200 && reply.code < 400) return reply;
  throw refusal(reply, command);
}

/** The error for a reply that says no, or that makes no sense as an answer to the command. */
export function refusal(reply: FtpReply, command: CommandLine): ReplyError<FtpReply> {
  return new ReplyError(`the server answered "${command.shown}" with: ${reply.lines.join("\n")}`, {
    reply,
    command: command.shown,
    isTemporary: reply.code >= 400 && reply.code < 500,
    isPermanent: reply.code >= 500,
  });
}
