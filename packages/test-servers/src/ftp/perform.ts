// Does one command: finds its verb, and asks whether it may be done now.
import type { FtpCommand } from "./command.ts";
import type { FtpVerb } from "./features.ts";
import type { Reply } from "./reply.ts";
import type { Session } from "./session.ts";
import { verbs } from "./verbs/table.ts";

export async function perform(session: Session, command: FtpCommand): Promise<Reply> {
  const { state, shared } = session;
  const { verb, argument } = command;
  const entry = Object.hasOwn(verbs, verb) ? verbs[verb as FtpVerb] : undefined;
  if (entry === undefined) return "500 Unknown command.";
  const name = verb as FtpVerb;
  if (!shared.features.has(name)) return `${shared.features.refusal(name)} ${verb} is not done here.`;
  if (entry.login !== false && state.user === undefined) return "530 Log in with USER and PASS first.";
  if (entry.argument === true && argument === "") return `501 ${verb} needs an argument.`;
  // RNTO is the very next command, or it is too late (RFC 959 5.4).
  if (verb !== "RNTO") state.renameFrom = undefined;
  else if (state.renameFrom === undefined) return "503 RNFR comes first.";
  return entry.run(session, argument, verb);
}
