// What an FTP server for tests can be given.
import type { TlsServerOptions } from "@netcli/core-transport";
import type { FtpCommand } from "./command.ts";
import type { FtpFault } from "./faults.ts";
import type { FtpFeatures } from "./features.ts";
import type { ListEntry } from "./listing.ts";
import type { FtpServerSession } from "./view.ts";

export interface FtpUser {
  readonly password: string;
  /** Asked for behind the password, with 332. */
  readonly account?: string | undefined;
}

/** Says what the server does wrong with a command, before it does anything; undefined: nothing. */
export type FtpHook = (
  command: FtpCommand,
  session: FtpServerSession,
) => FtpFault | undefined | void | PromiseLike<FtpFault | undefined | void>;

export interface FtpServerOptions {
  /** The loopback address to listen on. Default 127.0.0.1. */
  readonly host?: string | undefined;
  /** Default: a free one. */
  readonly port?: number | undefined;
  /** The directory that is served. Default: one of its own, removed at the end. */
  readonly root?: string | undefined;
  /** Who may log in. Default: "tester" with the password "secret". */
  readonly users?: Readonly<Record<string, FtpUser>> | undefined;
  /** Takes "anonymous" and "ftp" with any password. Default true. */
  readonly anonymous?: boolean | undefined;
  /** The certificate and key for TLS. */
  readonly tls?: TlsServerOptions | undefined;
  /** `starttls`: with AUTH TLS; `implicit`: from the first byte. Default `starttls`. */
  readonly tlsMode?: "implicit" | "starttls" | undefined;
  /** Refuses logins without TLS (530) and transfers in clear (521). Default false. */
  readonly requireTls?: boolean | undefined;
  /** Refuses data connections (522) that do not resume a TLS session of their own control connection, as vsftpd does. */
  readonly requireSessionReuse?: boolean | undefined;
  /** The text of the greeting, without codes; several: so many lines. */
  readonly greeting?: string | readonly string[] | undefined;
  /** Switches off what the server can do. Default: all is on but CCC and PRET. */
  readonly features?: FtpFeatures | undefined;
  /** How LIST shows an entry. Default `unix`. */
  readonly listing?: "unix" | "dos" | ((entry: ListEntry) => string) | undefined;
  /** What replies and listings are sent in. What comes is understood in both. Default `utf8`. */
  readonly encoding?: "utf8" | "latin1" | undefined;
  /** Further connections are refused with 421. Default: no limit. */
  readonly maxConnections?: number | undefined;
  /** Further logins are refused with 530. Default: no limit. */
  readonly maxLogins?: number | undefined;
  /** The IPv4 address in 227 replies. Default: the true one. */
  readonly pasvAddress?: string | undefined;
  /** The ports for data connections, first and last; not with `delay`. Default: any free one. */
  readonly passivePorts?: readonly [first: number, last: number] | undefined;
  /**
   * Commands that come before the one in front of them is answered. `queue`: each is answered in its turn;
   * `discard`: they are dropped; `close`: the connection is closed, and nothing answered; `late`: they are answered
   * in their turn, but all replies are sent together. Default `queue`. What comes during a transfer is answered
   * behind it in any case.
   */
  readonly pipelining?: "queue" | "discard" | "close" | "late" | undefined;
  /** Milliseconds without a command, when none is under way, until the session ends with 421. Default: no limit. */
  readonly idleTimeout?: number | undefined;
  /** Milliseconds that a transfer waits for its data connection until it is refused with 425. Default 10 s. */
  readonly dataTimeout?: number | undefined;
  /**
   * Milliseconds that each byte takes each way, on control and data connections; `delayedRelay` of test-kit says
   * how true that is. An active data connection that can't be made fails with 426 instead of 425.
   */
  readonly delay?: number | undefined;
  /** Asked about each command, and about the connection itself (verb `CONNECT`). */
  readonly onCommand?: FtpHook | undefined;
}
