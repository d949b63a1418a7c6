// The course of a mirror: directory by directory, what one side has and the other lacks.
import { Crew, forEach } from "./crew.ts";
import type { Copies } from "./copies.ts";
import type { MirrorOptions, MirrorResult } from "./mirror.ts";
import { below } from "./path.ts";
import { emptyListing, type Listing, type Node, type Side } from "./side.ts";

// That many failures without any success in between are no matter of single files.
const MOST_FAILURES_IN_A_ROW = 20;

interface Directory {
  readonly path: string;
  /** There is nothing in it yet on the side that is changed. */
  readonly isNew: boolean;
}

interface Found {
  readonly path: string;
  readonly type: Node["type"];
}

/** Mirroring is one call of `mirror`. */
export class Mirroring {
  readonly #from: Side;
  readonly #to: Side;
  readonly #copies: Copies;
  readonly #options: MirrorOptions;
  readonly #parallel: number;
  readonly #crew: Crew;
  readonly #transferred: { path: string; bytes: number }[] = [];
  readonly #directories: string[] = [];
  readonly #deleted: string[] = [];
  readonly #skipped: { path: string; reason: string }[] = [];
  readonly #failed: { path: string; error: Error }[] = [];
  readonly #extraneous: Found[] = [];
  #unchanged = 0;
  #failuresInARow = 0;

  constructor(from: Side, to: Side, copies: Copies, options: MirrorOptions, parallel: number) {
    this.#from = from;
    this.#to = to;
    this.#copies = copies;
    this.#options = options;
    this.#parallel = parallel;
    this.#crew = new Crew(options.concurrency ?? parallel);
  }

  async run(): Promise<MirrorResult> {
    try {
      const source = await this.#from.list("");
      const target = await this.#rootOfTarget();
      for (let level = await this.#compare("", source, target); level.length > 0;) {
        const next: Directory[] = [];
        await forEach(level, this.#parallel, async (directory) => {
          next.push(...(await this.#visit(directory)));
        });
        level = next;
      }
    } finally {
      await this.#crew.done();
    }
    // At the end, and only what was seen to be missing: a listing that failed says nothing.
    await forEach(this.#extraneous, this.#parallel, (found) => this.#remove(found));
    const transferred = this.#transferred.toSorted(byPath);
    return {
      transferred,
      unchanged: this.#unchanged,
      directories: this.#directories.toSorted(),
      deleted: this.#deleted.toSorted(),
      skipped: this.#skipped.toSorted(byPath),
      failed: this.#failed.toSorted(byPath),
      bytes: transferred.reduce((sum, { bytes }) => sum + bytes, 0),
    };
  }

  async #rootOfTarget(): Promise<Listing> {
    try {
      return await this.#to.list("");
    } catch (error) {
      this.#options.signal?.throwIfAborted();
      if (this.#options.dryRun === true) return emptyListing();
      // If it is there and can't be read, this says so.
      await this.#to.makeDirectory("").catch(() => {
        throw error;
      });
      return emptyListing();
    }
  }

  /** Resolves to the directories that are to be visited next. */
  async #visit({ path, isNew }: Directory): Promise<Directory[]> {
    try {
      const [source, target] = await Promise.all([
        this.#from.list(path),
        isNew ? emptyListing() : this.#to.list(path),
      ]);
      return await this.#compare(path, source, target);
    } catch (error) {
      this.#fail(path, error);
      return [];
    }
  }

  async #compare(path: string, source: Listing, target: Listing): Promise<Directory[]> {
    for (const { name, reason } of source.skipped) this.#skip(below(path, name), reason);
    const next: Directory[] = [];
    for (const node of source.nodes.values()) {
      const item = below(path, node.name);
      if (!(await this.#isWanted(item, node))) continue;
      const inPlace = await this.#clear(item, node, target);
      if (inPlace === "blocked") continue;
      if (node.type === "file") await this.#bring(item, node, inPlace);
      else if (inPlace !== undefined || (await this.#make(item))) {
        next.push({ path: item, isNew: inPlace === undefined });
      }
    }
    if (this.#options.delete === true && source.isComplete) await this.#collect(path, source, target);
    return next;
  }

  async #isWanted(path: string, { type, size, modifiedAt }: Node): Promise<boolean> {
    const { filter } = this.#options;
    return filter === undefined || filter({ path, type, size, modifiedAt });
  }

  /** What is on the other side already; out of the way if it is of another kind, and may be deleted. */
  async #clear(path: string, node: Node, target: Listing): Promise<Node | "blocked" | undefined> {
    const blocked = target.skipped.find(({ name }) => name === node.name);
    const inPlace = target.nodes.get(node.name);
    if (blocked !== undefined) this.#skip(path, `what is in its place is left: ${blocked.reason}`);
    else if (inPlace === undefined || inPlace.type === node.type) return inPlace;
    else if (this.#options.delete !== true) this.#skip(path, `a ${inPlace.type} is in its place`);
    else if (await this.#remove({ path, type: inPlace.type })) return undefined;
    return "blocked";
  }

  async #make(path: string): Promise<boolean> {
    try {
      if (this.#options.dryRun !== true) await this.#to.makeDirectory(path);
      this.#directories.push(path);
      return true;
    } catch (error) {
      this.#fail(path, error);
      return false;
    }
  }

  /** Waits until the crew has a hand free, so that a large tree does not pile up. */
  async #bring(path: string, node: Node, inPlace: Node | undefined): Promise<void> {
    const { dryRun = false, onProgress } = this.#options;
    await this.#crew.add(async () => {
      const total = node.size;
      let bytes = 0;
      let hasBegun = false;
      try {
        if (inPlace !== undefined && (await this.#copies.isSame(path, node, inPlace))) {
          this.#unchanged += 1;
          return;
        }
        hasBegun = !dryRun;
        if (hasBegun) onProgress?.({ path, bytes, total, done: false });
        bytes = dryRun ? (total ?? 0) : await this.#copies.copy(path, node);
        this.#transferred.push({ path, bytes });
        this.#failuresInARow = 0;
      } catch (error) {
        this.#fail(path, error);
      } finally {
        if (hasBegun) onProgress?.({ path, bytes, total, done: true });
      }
    });
  }

  /** What the other side has and this one does not. */
  async #collect(path: string, source: Listing, target: Listing): Promise<void> {
    const known = new Set([...source.nodes.keys(), ...source.skipped.map(({ name }) => name)]);
    for (const node of target.nodes.values()) {
      if (known.has(node.name)) continue;
      const item = below(path, node.name);
      if (await this.#isWanted(item, node)) this.#extraneous.push({ path: item, type: node.type });
    }
  }

  async #remove({ path, type }: Found): Promise<boolean> {
    try {
      if (this.#options.dryRun !== true) await this.#to.remove(path, type);
      this.#deleted.push(path);
      return true;
    } catch (error) {
      this.#fail(path, error);
      return false;
    }
  }

  #skip(path: string, reason: string): void {
    this.#skipped.push({ path, reason });
  }

  /** Goes on with the others, unless that is of no use. */
  #fail(path: string, error: unknown): void {
    this.#options.signal?.throwIfAborted();
    this.#failuresInARow += 1;
    if (this.#failuresInARow > MOST_FAILURES_IN_A_ROW) throw error;
    this.#failed.push({ path, error: error as Error });
  }
}

function byPath(one: { path: string }, other: { path: string }): number {
  return one.path < other.path ? -1 : 1;
}
