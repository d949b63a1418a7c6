// The side of a mirror that is on the server. What it says is not trusted: no name leads out of the tree.
import { ensureDirectory, existsEntry, listDirectory, type ListOptions } from "./directory.ts";
import { unlessRefused } from "./facts.ts";
import type { FtpEntry } from "./listing/entry.ts";
import { isSafeName } from "./listing/safe-name.ts";
import { isPart, PART } from "./part-file.ts";
import { below } from "./path.ts";
import { removeDirectory } from "./remove.ts";
import type { FtpSession } from "./session.ts";
import type { FtpSessions } from "./sessions.ts";
import type { Listing, Node, Side } from "./side.ts";

// Offsets from UTC are whole quarters of an hour, and at most that many minutes.
const QUARTER_MINUTES = 15;
const MOST_MINUTES = 14 * 60;

/** RemoteSide is a directory tree of a server. */
export class RemoteSide implements Side {
  readonly #sessions: FtpSessions;
  readonly #root: string;
  readonly #options: ListOptions;
  readonly #followsLinks: boolean;
  readonly #met: Set<string> = new Set();
  #utcOffset: number | undefined;

  constructor(sessions: FtpSessions, root: string, followsLinks: boolean, options: ListOptions) {
    this.#sessions = sessions;
    this.#root = root;
    this.#followsLinks = followsLinks;
    this.#options = options;
    this.#utcOffset = options.utcOffset;
  }

  /** Where that is on the server. */
  at(path: string): string {
    return path === "" ? this.#root : below(this.#root, path);
  }

  async list(path: string): Promise<Listing> {
    const nodes = new Map<string, Node>();
    const skipped: { name: string; reason: string }[] = [];
    let isComplete = true;
    for (const entry of await this.#entries(path)) {
      if (entry.name === "" || entry.isDoubtful === true) isComplete = false;
      const found = await this.#look(path, entry);
      if (typeof found !== "string") nodes.set(found.name, found);
      else skipped.push({ name: entry.name === "" ? entry.raw : entry.name, reason: found });
    }
    return { nodes, skipped, isComplete };
  }

  async #entries(path: string): Promise<FtpEntry[]> {
    const at = this.at(path);
    const read = (): Promise<FtpEntry[]> =>
      listDirectory(this.#sessions, at, { ...this.#options, utcOffset: this.#utcOffset }, true);
    const entries = await read();
    if (this.#utcOffset !== undefined) return entries;
    const sample = entries.find(isSample);
    if (sample?.modifiedAt === undefined) return entries;
    this.#utcOffset = await this.#learnOffset(below(at, sample.name), sample.modifiedAt);
    return this.#utcOffset === 0 ? entries : read();
  }

  /** Listings for people are in the server's own time, which the exact time of one file gives away. */
  async #learnOffset(path: string, listed: Date): Promise<number> {
    const { signal } = this.#options;
    const exact = await this.#sessions.attempt((session) => unlessRefused(session.mdtm(path, { signal })), { signal });
    if (exact === undefined) return 0;
    const minutes = (listed.getTime() - exact.getTime()) / 60_000;
    const offset = Math.round(minutes / QUARTER_MINUTES) * QUARTER_MINUTES;
    return Math.abs(offset) <= MOST_MINUTES ? offset : 0;
  }

  /** A node, or why it is none. */
  async #look(directory: string, entry: FtpEntry): Promise<Node | string> {
    const { name, isDoubtful, size, modifiedAt, modifiedPrecision: precision = "second", unique } = entry;
    if (entry.type === "unknown" && name === "") return "the server's line is not understood";
    if (!isSafeName(name)) return "its name can't be used here";
    if (isPart(name)) return PART;
    if (isDoubtful === true) return "its name may hold a line end";
    const type =
      entry.type === "symlink" && this.#followsLinks
        ? await this.#typeBehind(below(directory, name))
        : entry.type;
    if (type === "symlink") return "it is a symbolic link";
    if (type !== "file" && type !== "directory") return "it is neither a file nor a directory";
    if (type === "directory" && unique !== undefined) {
      if (this.#met.has(unique)) return "it is a directory that was met before";
      this.#met.add(unique);
    }
    // What is listed of a link is its own.
    if (entry.type === "symlink") return { name, type, size: undefined, modifiedAt: undefined, precision };
    return { name, type, size, modifiedAt, precision };
  }

  #typeBehind(path: string): Promise<FtpEntry["type"] | false> {
    const { signal } = this.#options;
    return this.#sessions.attempt(
      (session) => existsEntry(this.#sessions, session, this.at(path), { signal }),
      { signal },
    );
  }

  async makeDirectory(path: string): Promise<void> {
    const { signal } = this.#options;
    const make = (session: FtpSession): Promise<string | undefined> =>
      unlessRefused(session.mkd(this.at(path), { signal }));
    const made =
      path === "" ? undefined : await this.#sessions.attempt(make, { signal, isShared: true });
    // It may be there already, or what is above it not.
    if (made === undefined) await ensureDirectory(this.#sessions, this.at(path), { signal });
  }

  async remove(path: string, type: Node["type"]): Promise<void> {
    const { signal } = this.#options;
    if (type === "directory") return removeDirectory(this.#sessions, this.at(path), { signal });
    await this.#sessions.attempt((session) => session.delete(this.at(path), { signal }), {
      signal,
      isShared: true,
    });
  }
}

/** A file whose time shows the server's clock. */
function isSample({ type, format, modifiedAt, modifiedPrecision, name }: FtpEntry): boolean {
  const isExact = modifiedPrecision === "minute" || modifiedPrecision === "second";
  return type === "file" && format !== "mlsx" && modifiedAt !== undefined && isExact && isSafeName(name);
}
