// What a verb is made of.
import type { Reply } from "../reply.ts";
import type { Session } from "../session.ts";
import type { Pop3State } from "../standing.ts";

/** Does what the command asks for; gives or throws the reply. `words`: its argument at its spaces. */
export type Verb = (session: Session, words: readonly string[], argument: string) => Reply | Promise<Reply>;

export interface VerbEntry {
  readonly run: Verb;
  /** Undefined: before the login and after it. */
  readonly state?: Pop3State;
  /** Without that it is refused. */
  readonly capability?: string;
  /** True: it is not known to this server. */
  readonly isMissing?: (session: Session) => boolean;
  readonly argument: RegExp;
  /** What it looks like when it is right. */
  readonly usage: string;
  /** Nothing may come behind it before it is answered. */
  readonly isLast?: true;
  /** Its argument may be UTF-8 (RFC 6856 2.2). */
  readonly isUtf8?: true;
}
