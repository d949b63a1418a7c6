// Refusals of a POP3 server.
import { ReplyError, type CommandLine, type NetcliErrorOptions } from "@netcli/core-transport";
import type { Pop3Reply } from "./reply.ts";

// RFC 2449 8.1, RFC 3206: somebody else is in the maildrop, we came too early, or something is broken for the moment.
const TEMPORARY = new Set(["IN-USE", "LOGIN-DELAY", "SYS/TEMP"]);

/** Pop3ReplyError: the server said -ERR. The session stays usable. */
export class Pop3ReplyError extends ReplyError<Pop3Reply> {
  static override readonly kind: string = "Pop3ReplyError";
  /** Why, if the server says so in a way for programs: "IN-USE", "LOGIN-DELAY", "SYS/TEMP", "SYS/PERM", "AUTH". */
  readonly responseCode: string | undefined;

  constructor(reply: Pop3Reply, command: CommandLine, options: NetcliErrorOptions = {}) {
    const { responseCode } = reply;
    const isTemporary = responseCode !== undefined && TEMPORARY.has(responseCode);
    super(
      `the server answered "${command.shown}" with: ${reply.lines.at(-1)}`,
      { reply, command: command.shown, isTemporary, isPermanent: !isTemporary },
      options,
    );
    this.responseCode = responseCode;
  }
}

/** Throws a refusal unless the reply is +OK. */
export function assertOk(reply: Pop3Reply, command: CommandLine): Pop3Reply {
  if (reply.isOk) return reply;
  throw new Pop3ReplyError(reply, command);
}
