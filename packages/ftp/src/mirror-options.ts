// What a mirror is asked for, and what it tells.
import type { ListOptions } from "./directory.ts";
import type { Verify } from "./verify.ts";

/** A file or directory of the tree that is copied, or one that would be deleted. */
export interface MirrorItem {
  /** From the root, with slashes between names. */
  readonly path: string;
  readonly type: "file" | "directory";
  readonly size: number | undefined;
  readonly modifiedAt: Date | undefined;
}

export interface MirrorProgress {
  readonly path: string;
  /** Bytes of this file that are there. */
  readonly bytes: number;
  readonly total: number | undefined;
  /** Nothing more will come about it. */
  readonly done: boolean;
  /** Why it was not copied; comes with `done`. */
  readonly error: Error | undefined;
}

export interface MirrorOptions extends ListOptions {
  /** `download`: the local tree becomes like the remote one; `upload`: the other way round. */
  direction: "download" | "upload";
  /** The root of the tree on the server. */
  remote: string;
  /** The root of the tree here. */
  local: string;
  /** Deletes what the tree that is copied does not have. What was skipped or filtered out is left. Default false. */
  delete?: boolean | undefined;
  /** False leaves an item out, and what is below it. */
  filter?: ((item: MirrorItem) => boolean | Promise<boolean>) | undefined;
  /**
   * Which files are copied: those of another size, or older than the original (`size-time`); only those of another
   * size; those whose hash differs; or all. Default `size-time`.
   */
  compare?: "size-time" | "size" | "hash" | "always" | undefined;
  /** Only tells what would be done. Default false. */
  dryRun?: boolean | undefined;
  /** How many files are copied at the same time. Default: as many as the sessions can. */
  concurrency?: number | undefined;
  /** `follow`: links are taken for what they lead to. Default `skip`. */
  symlinks?: "skip" | "follow" | undefined;
  /** Keeps the part of a file that could not be copied whole, and goes on from it another time. Default false. */
  resume?: boolean | undefined;
  /** Gives copies the time of the original. Default true. */
  preserveTime?: boolean | undefined;
  /** Compares hashes of what was copied. Default false. */
  verify?: Verify | undefined;
  /** Called when a file begins, now and then, and when it ends, well or not. */
  onProgress?: ((progress: MirrorProgress) => void) | undefined;
}

/** What was done, or would be done in a dry run, and what was not. Paths are from the root. */
export interface MirrorResult {
  readonly transferred: readonly { readonly path: string; readonly bytes: number }[];
  /** Files that needed no copy. */
  readonly unchanged: number;
  /** Directories that were made. */
  readonly directories: readonly string[];
  readonly deleted: readonly string[];
  /** What is there and can't or may not be copied. */
  readonly skipped: readonly { readonly path: string; readonly reason: string }[];
  readonly failed: readonly { readonly path: string; readonly error: Error }[];
  /** Of all that was transferred. */
  readonly bytes: number;
}
