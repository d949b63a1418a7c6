// Walking through a directory tree of the server.
import { assertArgument } from "@netcli/core-transport";
import { anySignal } from "./abort.ts";
import { existsEntry, listDirectory, type ListOptions } from "./directory.ts";
import type { FtpEntry } from "./listing/entry.ts";
import { below, isRemoteName } from "./path.ts";
import type { FtpSessions } from "./sessions.ts";

/** An entry somewhere in a tree. */
export interface WalkItem {
  /** From the root of the walk, with slashes between names. */
  readonly path: string;
  readonly entry: FtpEntry;
  /** 1 in the root itself. */
  readonly depth: number;
}

export interface WalkOptions extends ListOptions {
  /** How many levels are looked into at most; what is deeper is not listed. Default 100. */
  maxDepth?: number | undefined;
  /** False leaves an item out, and what is below it. */
  filter?: ((item: WalkItem) => boolean | Promise<boolean>) | undefined;
  /** `follow`: a link to a directory is looked into, too. Default `skip`: it is an item, and no more. */
  symlinks?: "skip" | "follow" | undefined;
}

// No tree that people make is as deep; one that leads back into itself has no end.
const MOST_LEVELS = 100;

// The same for links on one path: two that lead to their own directory double the tree with every level.
const MOST_LINKS = 8;

interface Directory {
  /** From the root; "" is the root itself. */
  readonly path: string;
  readonly depth: number;
  /** Links on the way. */
  readonly links: number;
  listing: Promise<FtpEntry[]> | undefined;
}

/**
 * Goes through a tree, level by level; directories ahead are listed while the caller works. One whose name leads
 * elsewhere, or that was met before (its "unique" fact), is not looked into.
 */
export async function* walkTree(
  sessions: FtpSessions,
  root: string,
  options: WalkOptions,
): AsyncGenerator<WalkItem, void, void> {
  assertArgument("the directory", root);
  const left = new AbortController();
  const { maxDepth = MOST_LEVELS, filter, symlinks = "skip", signal: given, ...reading } = options;
  const signal = anySignal(given, left.signal);
  const met = new Set<string>();
  const pending: Directory[] = [{ path: "", depth: 1, links: 0, listing: undefined }];
  const list = (directory: Directory): Promise<FtpEntry[]> => {
    const path = directory.path === "" ? root : below(root, directory.path);
    directory.listing ??= listDirectory(sessions, path, { ...reading, signal }, true);
    // It is awaited when it is its turn.
    directory.listing.catch(() => undefined);
    return directory.listing;
  };
  const isEntered = async ({ path, entry }: WalkItem, links: number): Promise<boolean> => {
    if (!isRemoteName(entry.name) || entry.isDoubtful === true) return false;
    const leadsIn =
      entry.type === "symlink" && symlinks === "follow" && links < MOST_LINKS
        ? await leadsToDirectory(sessions, below(root, path), { ...reading, signal })
        : entry.type === "directory";
    if (!leadsIn || (entry.unique !== undefined && met.has(entry.unique))) return false;
    if (entry.unique !== undefined) met.add(entry.unique);
    return true;
  };
  try {
    for (let next = pending.shift(); next !== undefined; next = pending.shift()) {
      const { path: directory, depth, links } = next;
      const listing = list(next);
      for (const ahead of pending.slice(0, sessions.parallel - 1)) void list(ahead);
      for (const entry of await listing) {
        const item = { path: below(directory, entry.name), entry, depth };
        if ((await filter?.(item)) === false) continue;
        yield item;
        if (depth >= maxDepth || !(await isEntered(item, links))) continue;
        const more = entry.type === "symlink" ? 1 : 0;
        pending.push({ path: item.path, depth: depth + 1, links: links + more, listing: undefined });
      }
    }
  } finally {
    left.abort(new DOMException("nobody walks on", "AbortError"));
  }
}

function leadsToDirectory(sessions: FtpSessions, path: string, options: ListOptions): Promise<boolean> {
  return sessions.attempt(
    async (session) => (await existsEntry(sessions, session, path, options)) === "directory",
    { signal: options.signal },
  );
}
