// What the sessions of one server have in common.
import type { Mailboxes } from "../mailbox.ts";
import type { Pop3ServerOptions } from "./options.ts";
import type { Pop3ServerSession } from "./view.ts";

export interface Shared {
  readonly options: Pop3ServerOptions;
  readonly name: string;
  readonly mailboxes: Mailboxes;
  readonly commands: string[];
  readonly violations: string[];
  readonly deleted: string[];
  readonly errors: unknown[];
  readonly sessions: Pop3ServerSession[];
  /** The users whose maildrops are open. */
  readonly open: Set<string>;
  /** When users have last logged in, in milliseconds. */
  readonly logins: Map<string, number>;
}
