// What a POP3 server for tests can be given.
import type { Mailboxes } from "../mailbox.ts";
import type { Credentials } from "../sasl/mechanism.ts";
import type { Pop3Hook } from "./faults.ts";
import type { Pop3Quirks } from "./quirks.ts";
import type { Pop3State } from "./standing.ts";

/** Where a client stands that asks what there is. */
export interface CapabilityContext {
  readonly state: Pop3State;
  readonly isSecure: boolean;
  readonly user: string | undefined;
}

export interface Pop3ServerOptions extends Credentials {
  /** The loopback address to listen on. Default 127.0.0.1. */
  readonly host?: string | undefined;
  /** Default: a free one. */
  readonly port?: number | undefined;
  /** What the server calls itself. Default `test.invalid`. */
  readonly name?: string | undefined;
  /** The text of the greeting, behind `+OK` and in front of what APOP needs. */
  readonly greeting?: string | undefined;
  /** Passwords by user names. Default: `tester`, whose password is `secret`. */
  readonly users?: Readonly<Record<string, string>> | undefined;
  /** What is handed out, by user names. Default: empty ones for `users`. */
  readonly mailboxes?: Mailboxes | undefined;
  /**
   * Lines as CAPA lists them ("SASL PLAIN", "LOGIN-DELAY 60", "EXPIRE 0"): a command that belongs to one that is not
   * among them is refused. STLS is there in clear and before the login alone, unless a function says what is there
   * when. Default: all that the server can do, but for LOGIN-DELAY.
   */
  readonly capabilities?: readonly string[] | ((context: CapabilityContext) => readonly string[]) | undefined;
  /** A text: the timestamp, as it stands in the greeting. Default false: the greeting has none. */
  readonly apop?: boolean | string | undefined;
  /** A maildrop that is open in one session is refused to others, with [IN-USE]. Default false. */
  readonly lock?: boolean | undefined;
  /** Messages with UTF-8 in their header are refused without UTF8 (RFC 6856 4). Default false: they are sent. */
  readonly requireUtf8?: boolean | undefined;
  /** Default `starttls`. */
  readonly tlsMode?: "implicit" | "starttls" | undefined;
  /** Refuses logins in clear. Default false. */
  readonly requireTls?: boolean | undefined;
  /** Further connections are refused. Default: no limit. */
  readonly maxConnections?: number | undefined;
  /** Milliseconds that each byte takes each way; not with `port`. */
  readonly delay?: number | undefined;
  /** What the server does otherwise than it should, each time. */
  readonly quirks?: Pop3Quirks | undefined;
  /** Asked about each command, before it is done. */
  readonly reply?: Pop3Hook | undefined;
}
