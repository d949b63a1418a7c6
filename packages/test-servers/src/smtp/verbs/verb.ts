// What a verb is made of.
import type { Reply } from "../reply.ts";
import type { Session } from "../session.ts";

/** Does what the command asks for; gives or throws the reply. */
export type Verb = (session: Session, argument: string, verb: string) => Reply | Promise<Reply>;

export interface VerbEntry {
  readonly run: Verb;
  /** False: also before EHLO. */
  readonly hello?: false;
  /** True: it is nothing without one; false: it has none. */
  readonly argument?: boolean;
  /** It has to be offered, under its own name or this one. */
  readonly isExtension?: true;
  readonly extension?: string;
  /** Nothing may come behind it before it is answered. */
  readonly isLast?: true;
  /** Its argument may be UTF-8; it looks itself whether it may now. */
  readonly isUtf8?: true;
}
