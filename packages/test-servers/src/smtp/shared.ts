// What the sessions of one server have in common.
import type { Mailboxes } from "../mailbox.ts";
import type { EsmtpServerOptions } from "./options.ts";
import type { EsmtpMessage, EsmtpServerSession } from "./view.ts";

export interface Shared {
  readonly options: EsmtpServerOptions;
  readonly name: string;
  readonly mailboxes: Mailboxes;
  readonly commands: string[];
  readonly violations: string[];
  readonly received: EsmtpMessage[];
  readonly errors: unknown[];
  readonly sessions: EsmtpServerSession[];
}
