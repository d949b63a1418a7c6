// One command and its reply: what callers may ask for, and the record the pipeline keeps of it.
import type { Body } from "./body.ts";
import type { CommandLine } from "./argument.ts";
import type { Reply } from "./reply.ts";

export interface CommandOptions<R extends Reply> {
  /**
   * Called for each reply that comes before the final one (FTP's 1yz). If it returns a promise, the time for
   * the next reply begins when that settles.
   */
  onPreliminary?: ((reply: R) => Promise<unknown> | undefined) | undefined;
  /** Milliseconds instead of `timeouts.reply`. */
  timeout?: number | undefined;
  /** Gives up with the signal's reason: a command not yet sent is withdrawn, of one that was the reply is dropped. */
  signal?: AbortSignal | undefined;
}

export interface BlockOptions<R extends Reply> extends CommandOptions<R> {
  /** Does a block follow this reply? The same code may bring one or not, by command (NNTP's 211). */
  hasBlock: (reply: R) => boolean;
  /** Size of the block in bytes, as far as known, for the window. */
  expectedBytes?: number | undefined;
}

/** A reply, and the block behind it if it has one. */
export interface BlockReply<R extends Reply> {
  readonly reply: R;
  readonly block: Body | undefined;
}

/** One expected reply. */
export interface Exchange<R extends Reply> {
  /** Undefined where the reply is not one to a command, as the greeting. */
  readonly command: CommandLine | undefined;
  readonly options: CommandOptions<R> & Partial<BlockOptions<R>>;
  readonly phase: "greeting" | "reply";
  readonly resolve: (reply: R, block: Body | undefined) => void;
  readonly reject: (error: Error) => void;
  onAbort: (() => void) | undefined;
  /** The caller was answered already; the reply is still to be received. */
  settled: boolean;
}

/** Claims the right to answer the caller: true once. */
export function settle<R extends Reply>(exchange: Exchange<R>): boolean {
  if (exchange.settled) return false;
  exchange.settled = true;
  if (exchange.onAbort !== undefined) exchange.options.signal?.removeEventListener("abort", exchange.onAbort);
  return true;
}
