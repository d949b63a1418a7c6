// What a verb is made of.
import type { Reply } from "../reply.ts";
import type { Session } from "../session.ts";

/** Does what the command asks for; gives or throws the final reply. */
export type Verb = (session: Session, argument: string, verb: string) => Reply | Promise<Reply>;

export interface VerbEntry {
  readonly run: Verb;
  /** False: also for those who are not logged in. */
  readonly login?: false;
  /** It is nothing without an argument. */
  readonly argument?: true;
}
