// How far a transfer between a file here and one on the server is, and what it came to.
import type { FtpHash } from "./hash.ts";
import type { FtpReply } from "./reply.ts";

/** How far a transfer is. */
export interface TransferProgress {
  /** Bytes that are there, those of an earlier try included. */
  readonly bytes: number;
  /** Bytes in all; undefined if nobody can tell. */
  readonly total: number | undefined;
}

/** What a transfer between a file here and one on the server came to. */
export interface FileResult {
  /** Bytes of the file. */
  readonly bytes: number;
  /** How many of them were there from an earlier call. */
  readonly resumedFrom: number;
  /** When the file was last changed, where that is known. */
  readonly modifiedAt: Date | undefined;
  /** The hash that both have; undefined without `verify`. */
  readonly hash: FtpHash | undefined;
  /** The server's final reply; undefined if nothing was left to transfer. */
  readonly reply: FtpReply | undefined;
}
