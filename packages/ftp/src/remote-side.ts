// The side of a mirror that is on the server. What it says is not trusted: no name leads out of the tree.
import { listDirectory, type ListOptions } from "./directory.ts";
import { ensureDirectory } from "./ensure.ts";
import { refusalToEnter } from "./enter.ts";
import { factsOf, type FileFacts, unlessRefused } from "./facts.ts";
import { Lineage } from "./lineage.ts";
import type { FtpEntry } from "./listing/entry.ts";
import { isSafeName } from "./listing/safe-name.ts";
import { isPart, PART } from "./part-file.ts";
import { below, inTree, MOST_LINKS } from "./path.ts";
import { removeDirectory } from "./remove.ts";
import type { FtpSession } from "./session.ts";
import type { FtpSessions } from "./sessions.ts";
import { type Folding, type Listing, LOOP, type Node, type Side } from "./side.ts";
import { existsEntry } from "./stat.ts";

// Offsets from UTC are whole quarters of an hour, and at most that many minutes.
const QUARTER_MINUTES = 15;
const MOST_MINUTES = 14 * 60;

// The server may refuse to tell the time of one file, and know that of another.
const SAMPLES = 3;

/** RemoteSide is a directory tree of a server. */
export class RemoteSide implements Side {
  readonly #sessions: FtpSessions;
  readonly #root: string;
  readonly #options: ListOptions;
  readonly #followsLinks: boolean;
  readonly #lineage: Lineage = new Lineage();
  // How many links led to a directory, if any.
  readonly #links: Map<string, number> = new Map();
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
    return inTree(this.#root, path);
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
    const read = (): Promise<FtpEntry[]> =>
      listDirectory(this.#sessions, this.at(path), { ...this.#options, utcOffset: this.#utcOffset }, true);
    const entries = await read();
    if (this.#utcOffset !== undefined) return entries;
    const samples = entries.filter(isSample).slice(0, SAMPLES);
    if (samples.length === 0) return entries;
    this.#utcOffset = (await this.#learnOffset(path, samples)) ?? 0;
    return this.#utcOffset === 0 ? entries : read();
  }

  /** Listings for people are in the server's own time, which the exact time of one file gives away. */
  async #learnOffset(directory: string, samples: readonly FtpEntry[]): Promise<number | undefined> {
    for (const { name, modifiedAt } of samples) {
      const exact = (await this.facts(below(directory, name))).modifiedAt;
      if (exact === undefined || modifiedAt === undefined) continue;
      const minutes = (modifiedAt.getTime() - exact.getTime()) / 60_000;
      const offset = Math.round(minutes / QUARTER_MINUTES) * QUARTER_MINUTES;
      if (Math.abs(offset) <= MOST_MINUTES) return offset;
    }
    return undefined;
  }

  /** What the server tells when it is asked for that file. */
  facts(path: string): Promise<FileFacts> {
    const { signal } = this.#options;
    return this.#sessions.attempt((session) => factsOf(session, this.at(path), { signal }), {
      signal,
      isShared: true,
    });
  }

  /** A node, or why it is none. */
  async #look(directory: string, entry: FtpEntry): Promise<Node | string> {
    const { name, isDoubtful, size, modifiedAt, modifiedPrecision: precision = "second", unique } = entry;
    if (entry.type === "unknown" && name === "") return "the server's line is not understood";
    if (!isSafeName(name)) return "its name can't be used here";
    if (isPart(name)) return PART;
    if (isDoubtful === true) return "its name may hold a line end";
    const path = below(directory, name);
    if (entry.type === "symlink") {
      return this.#followsLinks ? this.#lookBehind(directory, path, name) : "it is a symbolic link";
    }
    const { type } = entry;
    if (type !== "file" && type !== "directory") return "it is neither a file nor a directory";
    if (type === "directory" && unique !== undefined && !this.#lineage.add(path, unique)) return LOOP;
    const links = this.#links.get(directory);
    if (type === "directory" && links !== undefined) this.#links.set(path, links);
    return { name, type, size, modifiedAt, precision };
  }

  /** What is listed of a link is its own. */
  async #lookBehind(directory: string, path: string, name: string): Promise<Node | string> {
    const { signal } = this.#options;
    const refused = await this.#sessions.attempt(
      (session) => refusalToEnter(session, this.at(path), { signal }),
      {
        signal,
      },
    );
    if (refused === undefined) {
      const links = (this.#links.get(directory) ?? 0) + 1;
      if (links > MOST_LINKS) return "it is a symbolic link behind others";
      this.#links.set(path, links);
      return { name, type: "directory", size: undefined, modifiedAt: undefined, precision: "second" };
    }
    const { size, modifiedAt } = await this.facts(path);
    if (size === undefined && modifiedAt === undefined) return "it is a symbolic link that leads nowhere";
    return { name, type: "file", size, modifiedAt, precision: "second" };
  }

  async hasRoot(): Promise<boolean> {
    const { signal } = this.#options;
    const type = await this.#sessions.attempt(
      (session) => existsEntry(this.#sessions, session, this.#root, { signal }),
      { signal },
    );
    return type !== false;
  }

  folding(): Promise<Folding> {
    return Promise.resolve("unknown");
  }

  async makeDirectory(path: string): Promise<void> {
    const { signal } = this.#options;
    const make = (session: FtpSession): Promise<string | undefined> =>
      unlessRefused(session.mkd(this.at(path), { signal }));
    const made = path === "" ? undefined : await this.#sessions.attempt(make, { signal, isShared: true });
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
