// The directory that is served: paths as clients see them, and as the disk does. Nothing leads out of it. What is
// asked of the disk without content is asked synchronously: that takes microseconds, and a thread hundreds of them.
import { lstatSync, mkdtempSync, readdirSync, readlinkSync, realpathSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, posix, sep } from "node:path";
import type { ListEntry } from "./listing.ts";
import { Refusal } from "./reply.ts";

const OUTSIDE = "550 That leads out of the directory that is served.";

function isMissing(error: unknown): boolean {
  return (error as NodeJS.ErrnoException).code === "ENOENT";
}

export class Tree {
  /** Without links in it. */
  readonly root: string;
  readonly #isOurs: boolean;

  /** The given directory, or a new one that `close` removes. */
  constructor(root: string | undefined) {
    this.root = realpathSync.native(root ?? mkdtempSync(join(tmpdir(), "netcli-ftp-")));
    this.#isOurs = root === undefined;
  }

  close(): void {
    if (this.#isOurs) rmSync(this.root, { recursive: true, force: true });
  }

  /** Where a path of the disk is for the client; undefined: outside. */
  #visible(path: string): string | undefined {
    if (path === this.root) return "/";
    if (!path.startsWith(this.root + sep)) return undefined;
    return path.slice(this.root.length).replaceAll(sep, "/");
  }

  /** The name itself, for what is done to a link and not to what it leads to; its directory exists. */
  name(path: string): string {
    if (path === "/") return this.root;
    const directory = realpathSync.native(join(this.root, dirname(path)));
    if (this.#visible(directory) === undefined) throw new Refusal(OUTSIDE);
    return join(directory, posix.basename(path));
  }

  /** What is there, or what can be made there. */
  file(path: string): string {
    const name = this.name(path);
    let target: string;
    try {
      target = realpathSync.native(name);
    } catch (error) {
      // A link that leads nowhere would be followed when the file is made.
      if (!isMissing(error) || this.#isLink(name)) throw error;
      return name;
    }
    if (this.#visible(target) === undefined) throw new Refusal(OUTSIDE);
    return target;
  }

  #isLink(name: string): boolean {
    return lstatSync(name, { throwIfNoEntry: false })?.isSymbolicLink() === true;
  }

  /** Is that a directory, or a link to one? */
  isDirectory(path: string): boolean {
    return statSync(this.file(path)).isDirectory();
  }

  /** One entry, which need not be there for much longer. */
  entry(path: string, shown: string = posix.basename(path)): ListEntry {
    const place = this.name(path);
    const stats = lstatSync(place);
    const isLink = stats.isSymbolicLink();
    return {
      name: shown,
      type: stats.isDirectory() ? "directory" : isLink ? "link" : stats.isFile() ? "file" : "other",
      size: stats.size,
      modified: stats.mtime,
      mode: stats.mode & 0o7777,
      links: stats.nlink,
      unique: `${stats.dev.toString(16)}g${stats.ino.toString(16)}`,
      ...(isLink ? { target: this.#shownTarget(readlinkSync(place)) } : {}),
    };
  }

  #shownTarget(target: string): string {
    return target.startsWith(sep) ? (this.#visible(target) ?? "?") : target;
  }

  /** What is in a directory, in the order of its names. */
  entries(path: string): ListEntry[] {
    const entries: ListEntry[] = [];
    for (const name of readdirSync(this.file(path)).toSorted()) {
      try {
        entries.push(this.entry(posix.join(path, name)));
      } catch (error) {
        if (!isMissing(error)) throw error;
      }
    }
    return entries;
  }
}

/** The absolute path that a client means; ".." leads up to the root and no further. */
export function resolvePath(directory: string, path: string): string {
  return posix.resolve("/", directory, path);
}
