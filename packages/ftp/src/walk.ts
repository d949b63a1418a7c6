// Walking through a directory tree of the server.
import { anySignal, assertArgument } from "@netcli/core-transport";
import { listDirectory, type ListOptions } from "./directory.ts";
import { refusalToEnter } from "./enter.ts";
import type { FtpEntry } from "./listing/entry.ts";
import { below, inTree, isRemoteName, MOST_LEVELS, MOST_LINKS } from "./path.ts";
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

interface Directory {
  /** From the root; "" is the root itself. */
  readonly path: string;
  readonly depth: number;
  /** Links on the way. */
  readonly links: number;
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
  const listings = new Map<Directory, Promise<FtpEntry[]>>();
  const list = (directory: Directory): Promise<FtpEntry[]> => {
    const path = inTree(root, directory.path);
    const listing = listings.get(directory) ?? listDirectory(sessions, path, { ...reading, signal }, true);
    listings.set(directory, listing);
    // It is awaited when it is its turn.
    listing.catch(() => undefined);
    return listing;
  };
  const isEntered = async ({ path, entry }: WalkItem, links: number): Promise<boolean> => {
    if (!isRemoteName(entry.name) || entry.isDoubtful === true) return false;
    const isFollowed = entry.type === "symlink" && symlinks === "follow" && links < MOST_LINKS;
    if (isFollowed) return leadsIn(sessions, inTree(root, path), signal);
    if (entry.type !== "directory" || (entry.unique !== undefined && met.has(entry.unique))) return false;
    if (entry.unique !== undefined) met.add(entry.unique);
    return true;
  };
  try {
    let level: Directory[] = [{ path: "", depth: 1, links: 0 }];
    while (level.length > 0) {
      const next: Directory[] = [];
      for (const [index, directory] of level.entries()) {
        const { path, depth, links } = directory;
        const listing = list(directory);
        for (const ahead of level.slice(index + 1, index + sessions.parallel)) void list(ahead);
        for (const entry of await listing) {
          const item = { path: below(path, entry.name), entry, depth };
          if ((await filter?.(item)) === false) continue;
          yield item;
          if (depth >= maxDepth || !(await isEntered(item, links))) continue;
          next.push({ path: item.path, depth: depth + 1, links: links + (entry.type === "symlink" ? 1 : 0) });
        }
        listings.delete(directory);
      }
      level = next;
    }
  } finally {
    left.abort(new DOMException("nobody walks on", "AbortError"));
    await Promise.allSettled(listings.values());
  }
}

function leadsIn(sessions: FtpSessions, path: string, signal: AbortSignal): Promise<boolean> {
  return sessions.attempt(
    async (session) => (await refusalToEnter(session, path, { signal })) === undefined,
    {
      signal,
    },
  );
}
