// What a test sees of a POP3 server and of its sessions.
import type { Ending } from "../ending.ts";
import type { Mailboxes } from "../mailbox.ts";
import type { Pop3State } from "./standing.ts";

/** The server's side of one connection. */
export interface Pop3ServerSession {
  /** Counts the connections of the server, from 1. */
  readonly number: number;
  /** The lines received, without their ends: commands, and responses to AUTH; passwords too. */
  readonly commands: readonly string[];
  /** What the client must not do, and has done: each with its verb in front. */
  readonly violations: readonly string[];
  /** How often the client had got the answer to all that it had sent, and then sent more. */
  readonly flights: number;
  /** `UPDATE` from QUIT after a login on. */
  readonly state: Pop3State;
  /** Who is logged in. */
  readonly user: string | undefined;
  readonly isSecure: boolean;
  /** UTF8 was said (RFC 6856). */
  readonly isUtf8: boolean;
  /** What LANG has chosen; `i-default` before. */
  readonly language: string;
  /** The UIDs of what this session has removed from the mailbox. */
  readonly deleted: readonly string[];
  /** Resolves when the session is over. */
  readonly ended: Promise<void>;
  /** Sends lines that nobody has asked for, each with an end behind it. */
  say(...lines: readonly string[]): Promise<void>;
  /** Ends the connection behind what was sent. */
  end(how?: Ending): void;
}

/** A running server. */
export interface Pop3Server extends AsyncDisposable {
  readonly host: string;
  readonly port: number;
  /** `pop3://127.0.0.1:PORT`, or `pop3s://…`. */
  readonly url: string;
  readonly mailboxes: Mailboxes;
  /** Of all sessions, in their order. */
  readonly commands: readonly string[];
  /** Of all sessions, in their order. */
  readonly violations: readonly string[];
  /** Of all sessions together. */
  readonly flights: number;
  /** The UIDs of what was really removed, in its order. */
  readonly deleted: readonly string[];
  /** All sessions so far. */
  readonly sessions: readonly Pop3ServerSession[];
  /** What broke: TLS handshakes and bugs of the server or of `reply`; not clients that left. */
  readonly errors: readonly unknown[];
  /**
   * Cuts what is open, and waits for it. The first call rejects with the first error that is a bug of the server or
   * of `reply`; a later one, as at the end of an `await using` block, only waits.
   */
  close(): Promise<void>;
}
