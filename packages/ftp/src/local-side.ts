// The side of a mirror that is here. No link is followed unless that was asked for: not even one that leads out of the
// tree and was there before.
import { lstat, mkdir, readdir, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { isSafeName } from "./listing/safe-name.ts";
import { isPart, PART } from "./part-file.ts";
import { below } from "./path.ts";
import type { Listing, Node, Side } from "./side.ts";

/** LocalSide is a directory tree of the file system. */
export class LocalSide implements Side {
  readonly #root: string;
  readonly #followsLinks: boolean;
  // Directories that were entered: a link may lead back to one of them.
  readonly #met: Set<string> = new Set();

  constructor(root: string, followsLinks: boolean) {
    this.#root = root;
    this.#followsLinks = followsLinks;
  }

  /** Where that is on the disk. */
  at(path: string): string {
    return join(this.#root, path);
  }

  async list(path: string): Promise<Listing> {
    const nodes = new Map<string, Node>();
    const skipped: { name: string; reason: string }[] = [];
    for (const name of await readdir(this.at(path))) {
      const found = await this.#look(below(path, name), name);
      if (typeof found === "string") skipped.push({ name, reason: found });
      else nodes.set(name, found);
    }
    return { nodes, skipped, isComplete: true };
  }

  /** A node, or why it is none. */
  async #look(path: string, name: string): Promise<Node | string> {
    // On the server it might be a way to elsewhere.
    if (!isSafeName(name)) return "its name can't be used on the server";
    if (isPart(name)) return PART;
    const facts = await (this.#followsLinks ? stat : lstat)(this.at(path), { bigint: true }).catch(() => undefined);
    if (facts === undefined) return "it can't be read";
    if (facts.isSymbolicLink()) return "it is a symbolic link";
    if (!facts.isDirectory() && !facts.isFile()) return "it is neither a file nor a directory";
    if (facts.isDirectory() && this.#followsLinks) {
      const identity = `${facts.dev}:${facts.ino}`;
      if (this.#met.has(identity)) return "it is a directory that was met before";
      this.#met.add(identity);
    }
    return {
      name,
      type: facts.isDirectory() ? "directory" : "file",
      size: Number(facts.size),
      modifiedAt: facts.mtime,
      precision: "millisecond",
    };
  }

  async makeDirectory(path: string): Promise<void> {
    await mkdir(this.at(path), { recursive: path === "" });
  }

  async remove(path: string): Promise<void> {
    // Links are removed, not followed.
    await rm(this.at(path), { recursive: true });
  }
}
