// What a test sees of an ESMTP server and of its sessions.
import type { Mailboxes } from "../mailbox.ts";
import type { Ending } from "../ending.ts";
import type { ReceivedMessage } from "./message.ts";

export interface EsmtpMessage extends ReceivedMessage {
  /** The sizes that BDAT has named; undefined: it came with DATA. */
  readonly chunks: readonly number[] | undefined;
  /** Bytes as they went over the wire: with DATA the dots that were added, and the last line. */
  readonly wireBytes: number;
}

/** The server's side of one connection. */
export interface EsmtpServerSession {
  /** Counts the connections of the server, from 1. */
  readonly number: number;
  /** The lines received, without their ends: commands, and responses to AUTH; passwords too. */
  readonly commands: readonly string[];
  /** What the client must not do, and has done: each with its verb in front. */
  readonly violations: readonly string[];
  /** How often the client had got the answer to all that it had sent, and then sent more. */
  readonly flights: number;
  readonly received: readonly EsmtpMessage[];
  /** What the client called itself. */
  readonly clientName: string;
  /** Who is logged in. */
  readonly user: string | undefined;
  readonly isSecure: boolean;
  /** What XCLIENT has said, decoded; undefined: that there is none. */
  readonly attributes: ReadonlyMap<string, string | undefined>;
  /** Resolves when the session is over. */
  readonly ended: Promise<void>;
  /** Sends lines that nobody has asked for, each with an end behind it. */
  say(...lines: readonly string[]): Promise<void>;
  /** Ends the connection behind what was sent. */
  end(how?: Ending): void;
}

/** A running server. */
export interface EsmtpServer extends AsyncDisposable {
  /** Empty for a Unix socket. */
  readonly host: string;
  /** 0 for a Unix socket. */
  readonly port: number;
  readonly path: string | undefined;
  /** `smtp://127.0.0.1:PORT`, or `smtps://…`, `lmtp://…`; empty for a Unix socket. */
  readonly url: string;
  readonly mailboxes: Mailboxes;
  /** All messages that were received whole, the refused ones included. */
  readonly received: readonly EsmtpMessage[];
  /** Of all sessions, in their order. */
  readonly commands: readonly string[];
  /** Of all sessions, in their order. */
  readonly violations: readonly string[];
  /** Of all sessions together. */
  readonly flights: number;
  /** All sessions so far. */
  readonly sessions: readonly EsmtpServerSession[];
  /** What broke: TLS handshakes and bugs of the server or of `reply`; not clients that left. */
  readonly errors: readonly unknown[];
  /**
   * Cuts what is open, and waits for it. The first call rejects with the first error that is a bug of the server or
   * of `reply`; a later one, as at the end of an `await using` block, only waits.
   */
  close(): Promise<void>;
}
