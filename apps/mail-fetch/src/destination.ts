// Where messages go.
import type { MaildropRow } from "@netcli/pop3";

export interface Destination {
  /** What is done with messages: "saved", "shown". */
  readonly verb: string;
  /** Whether they are on the disk then. */
  readonly isLasting: boolean;
  /** Takes a message. Resolves when it can't be lost any more; rejects when nothing is left that looks like a whole one. */
  take(row: MaildropRow, content: AsyncIterable<Uint8Array>): Promise<void>;
  close(): Promise<void>;
}
