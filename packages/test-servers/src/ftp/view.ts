// What a test sees of a server and of its sessions.
import type { Ending } from "../ending.ts";

/** A transfer whose data connection was made. */
export interface FtpServerTransfer {
  readonly verb: string;
  readonly isSecure: boolean;
  /** It resumed a TLS session. */
  readonly isResumed: boolean;
  /** Bytes of content moved so far, as they are on the disk or in the listing. */
  readonly bytes: number;
}

/** The server's side of one control connection. */
export interface FtpServerSession {
  /** Counts the connections of the server, from 1. */
  readonly number: number;
  /** The lines received, without their ends; passwords too. */
  readonly commands: readonly string[];
  readonly transfers: readonly FtpServerTransfer[];
  /** Who is logged in, as long as the connection is there. */
  readonly user: string | undefined;
  /** The control connection speaks TLS. */
  readonly isSecure: boolean;
  /** Resolves when the session is over, its transfer included. */
  readonly ended: Promise<void>;
  /** Sends lines that nobody has asked for, each with an end behind it. */
  say(...lines: readonly string[]): Promise<void>;
  /** Ends the control connection behind what was sent. */
  end(how?: Ending): void;
}

/** A running server. */
export interface FtpServer extends AsyncDisposable {
  readonly host: string;
  readonly port: number;
  /** `ftp://127.0.0.1:PORT`, or `ftps://…` with implicit TLS. */
  readonly url: string;
  /** The directory that is served. */
  readonly root: string;
  /** The lines received in all sessions, in their order. */
  readonly commands: readonly string[];
  /** All sessions so far. */
  readonly sessions: readonly FtpServerSession[];
  /** What broke: TLS handshakes, lines that were too long, and bugs of the server; not clients that left. */
  readonly errors: readonly unknown[];
  /**
   * Cuts what is open, and waits for it. The first call rejects with the first error that is a bug of the server or
   * of `onCommand`; a later one, as at the end of an `await using` block, only waits.
   */
  close(): Promise<void>;
}
