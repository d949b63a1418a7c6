// What the two sides of a mirror have in common: a directory tree here, and one on the server.
import type { TimePrecision } from "./listing/entry.ts";

/** What is in a directory of a tree. */
export interface Node {
  readonly name: string;
  readonly type: "file" | "directory";
  /** Bytes; undefined if nobody tells. */
  readonly size: number | undefined;
  readonly modifiedAt: Date | undefined;
  readonly precision: TimePrecision;
}

/** What a directory was found to have. */
export interface Listing {
  readonly nodes: ReadonlyMap<string, Node>;
  /** What is there and can't be mirrored, and why. */
  readonly skipped: readonly { readonly name: string; readonly reason: string }[];
  /** All names are known. */
  readonly isComplete: boolean;
}

/** Are names the same that differ in case? `unknown` may be either. */
export type Folding = "yes" | "no" | "unknown";

/** A directory tree. Paths are from its root, with slashes; "" is the root itself. */
export interface Side {
  readonly list: (path: string) => Promise<Listing>;
  /** Is there a root, of whatever kind? */
  readonly hasRoot: () => Promise<boolean>;
  readonly folding: () => Promise<Folding>;
  /** Makes a directory; the root with all that is above it. */
  readonly makeDirectory: (path: string) => Promise<void>;
  /** Removes a file, or a directory with all in it. */
  readonly remove: (path: string, type: Node["type"]) => Promise<void>;
}

/** Why a directory is left alone. */
export const LOOP = "it is one of the directories above it";

const EMPTY: Listing = { nodes: new Map(), skipped: [], isComplete: true };

/** The listing of what is not there. */
export function emptyListing(): Listing {
  return EMPTY;
}
