// The side of a mirror that is here. No link is followed unless that was asked for: not even one that leads out of the
// tree and was there before.
import type { BigIntStats } from "node:fs";
import { lstat, mkdir, readdir, rm, stat } from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";
import { swapped } from "./folding.ts";
import { Lineage } from "./lineage.ts";
import { isSafeName } from "./listing/safe-name.ts";
import { isPart, PART } from "./part-file.ts";
import { below } from "./path.ts";
import { type Folding, type Listing, LOOP, type Node, type Side } from "./side.ts";

/** LocalSide is a directory tree of the file system. */
export class LocalSide implements Side {
  readonly #root: string;
  readonly #followsLinks: boolean;
  readonly #lineage: Lineage = new Lineage();
  #folding: Promise<Folding> | undefined;

  /** `folding`: default is to find out. */
  constructor(root: string, followsLinks: boolean, folding?: Folding) {
    this.#root = root;
    this.#followsLinks = followsLinks;
    if (folding !== undefined) this.#folding = Promise.resolve(folding);
  }

  /** Where that is on the disk. */
  at(path: string): string {
    return join(this.#root, path);
  }

  async list(path: string): Promise<Listing> {
    const nodes = new Map<string, Node>();
    const skipped: { name: string; reason: string }[] = [];
    const names = await readdir(this.at(path));
    if (path === "" && this.#followsLinks) this.#note(path, await stat(this.#root, { bigint: true }));
    for (const name of names) {
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
    const facts = await (this.#followsLinks ? stat : lstat)(this.at(path), { bigint: true }).catch(
      () => undefined,
    );
    if (facts === undefined) return "it can't be read";
    if (facts.isSymbolicLink()) return "it is a symbolic link";
    if (!facts.isDirectory() && !facts.isFile()) return "it is neither a file nor a directory";
    if (facts.isDirectory() && this.#followsLinks && !this.#note(path, facts)) return LOOP;
    return {
      name,
      type: facts.isDirectory() ? "directory" : "file",
      size: Number(facts.size),
      modifiedAt: facts.mtime,
      precision: "millisecond",
    };
  }

  /** False: a link leads back to it. */
  #note(path: string, { dev, ino }: BigIntStats): boolean {
    return this.#lineage.add(path, `${dev}:${ino}`);
  }

  async hasRoot(): Promise<boolean> {
    return (await lstat(this.#root).catch(() => undefined)) !== undefined;
  }

  folding(): Promise<Folding> {
    this.#folding ??= this.#findFolding();
    return this.#folding;
  }

  /** Is the root there under another name, too? */
  async #findFolding(): Promise<Folding> {
    const root = resolve(this.#root);
    const other = swapped(basename(root));
    const [facts, others] = await Promise.all(
      [root, other === undefined ? root : join(dirname(root), other)].map((path) =>
        lstat(path, { bigint: true }).catch(() => undefined),
      ),
    );
    const platform = process.platform === "win32" || process.platform === "darwin" ? "yes" : "no";
    if (other === undefined || facts === undefined) return platform;
    return facts.dev === others?.dev && facts.ino === others.ino ? "yes" : "no";
  }

  async makeDirectory(path: string): Promise<void> {
    await mkdir(this.at(path), { recursive: path === "" });
  }

  async remove(path: string): Promise<void> {
    // Links are removed, not followed.
    await rm(this.at(path), { recursive: true });
  }
}
