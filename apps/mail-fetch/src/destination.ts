// Where messages go.
import type { MaildropRow } from "@netcli/pop3";

export interface Destination {
  /** What is done with messages: "saved", "shown". */
  readonly verb: string;
  /** Takes a message. Resolves when it can't be lost any more; rejects when nothing of it was left behind. */
  take(row: MaildropRow, content: AsyncIterable<Uint8Array>): Promise<void>;
  close(): Promise<void>;
}
