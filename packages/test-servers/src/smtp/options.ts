// What an ESMTP server for tests can be given.
import type { TlsServerOptions } from "@netcli/core-transport";
import type { Mailboxes } from "../mailbox.ts";
import type { EsmtpHook } from "./faults.ts";

/** What a client may have offered to it now. */
export interface OfferContext {
  readonly isSecure: boolean;
  readonly user: string | undefined;
}

export interface EsmtpServerOptions {
  /** The loopback address to listen on. Default 127.0.0.1. */
  readonly host?: string | undefined;
  /** Default: a free one. */
  readonly port?: number | undefined;
  /** A Unix socket instead. */
  readonly path?: string | undefined;
  /** LMTP: LHLO, and a reply for each recipient behind the message (RFC 2033). Default false. */
  readonly lmtp?: boolean | undefined;
  /** What the server calls itself. Default `test.invalid`. */
  readonly name?: string | undefined;
  /** The text of the greeting behind the name; several: so many lines. */
  readonly greeting?: string | readonly string[] | undefined;
  /**
   * Keywords as EHLO offers them, with their parameters ("SIZE 1000", "AUTH PLAIN LOGIN", "LIMITS RCPTMAX=2"): what is
   * not among them is not done. STARTTLS is offered in clear alone, and REQUIRETLS over TLS alone, unless a function
   * says what is offered when. Default: all that the server can do, but for XCLIENT and LIMITS.
   */
  readonly extensions?: readonly string[] | ((context: OfferContext) => readonly string[]) | undefined;
  /** Passwords by user names. */
  readonly users?: Readonly<Record<string, string>> | undefined;
  /** OAuth tokens by user names. Default: the passwords. */
  readonly tokens?: Readonly<Record<string, string>> | undefined;
  /** Whom EXTERNAL logs in. Default: nobody. */
  readonly external?: string | undefined;
  /** Of SCRAM. Default 4,096. */
  readonly iterations?: number | undefined;
  /** `name@anything` goes to `name`; who has no mailbox is refused with 550. Default: for `users`, or for everybody. */
  readonly mailboxes?: Mailboxes | undefined;
  /** Of EXPN: addresses by the names of lists. */
  readonly lists?: Readonly<Record<string, readonly string[]>> | undefined;
  /** The certificate and key for TLS. */
  readonly tls?: TlsServerOptions | undefined;
  /** Default `starttls`. */
  readonly tlsMode?: "implicit" | "starttls" | undefined;
  /** Refuses nearly all in clear, with 530, and offers no AUTH there. Default false. */
  readonly requireTls?: boolean | undefined;
  /** Refuses MAIL without a login, with 530. Default false. */
  readonly requireAuth?: boolean | undefined;
  /** Further connections are refused with 421. Default: no limit. */
  readonly maxConnections?: number | undefined;
  /** Milliseconds that each byte takes each way; not with `port` or `path`. */
  readonly delay?: number | undefined;
  /** Asked about each command, before it is done. */
  readonly reply?: EsmtpHook | undefined;
}
