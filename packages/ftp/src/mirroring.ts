// The course of a mirror: directory by directory, what one side has and the other lacks.
import { Crew, forEach } from "./crew.ts";
import type { Copies } from "./copies.ts";
import { folded } from "./folding.ts";
import { MirrorReport } from "./mirror-report.ts";
import type { MirrorOptions, MirrorResult } from "./mirror-options.ts";
import { below, MOST_LEVELS } from "./path.ts";
import { emptyListing, type Listing, type Node, type Side } from "./side.ts";

interface Directory {
  readonly path: string;
  /** There is nothing in it yet on the side that is changed. */
  readonly isNew: boolean;
}

interface Found {
  readonly path: string;
  readonly type: Node["type"];
}

export interface MirroringOptions {
  /** Directories at the same time. */
  readonly parallel: number;
  /** Ends the tasks that are under way. */
  readonly stop: AbortController;
}

/** Mirroring is one call of `mirror`. */
export class Mirroring {
  readonly #from: Side;
  readonly #to: Side;
  readonly #copies: Copies;
  readonly #options: MirrorOptions;
  readonly #parallel: number;
  readonly #stop: AbortController;
  readonly #crew: Crew;
  readonly #report: MirrorReport;
  readonly #extraneous: Found[] = [];

  constructor(
    from: Side,
    to: Side,
    copies: Copies,
    options: MirrorOptions,
    { parallel, stop }: MirroringOptions,
  ) {
    this.#from = from;
    this.#to = to;
    this.#copies = copies;
    this.#options = options;
    this.#parallel = parallel;
    this.#stop = stop;
    this.#report = new MirrorReport(stop, options.signal);
    this.#crew = new Crew(options.concurrency ?? parallel);
  }

  async run(): Promise<MirrorResult> {
    try {
      await this.#copyAll();
      // At the end, and only what was seen to be missing: a listing that failed says nothing.
      await forEach(this.#extraneous, this.#parallel, async (found) => {
        this.#report.delete(...(await this.#remove(found)));
      });
    } catch (error) {
      this.#stop.abort(error);
      throw error;
    }
    return this.#report.result;
  }

  async #copyAll(): Promise<void> {
    const source = await this.#from.list("");
    const target = await this.#rootOfTarget();
    try {
      for (let level = await this.#compare("", source, target); level.length > 0;) {
        const next: Directory[] = [];
        await forEach(level, this.#parallel, async (directory) => {
          next.push(...(await this.#visit(directory)));
        });
        level = next;
      }
    } catch (error) {
      this.#stop.abort(error);
      throw error;
    } finally {
      await this.#crew.done();
    }
  }

  async #rootOfTarget(): Promise<Listing> {
    try {
      return await this.#to.list("");
    } catch (error) {
      this.#options.signal?.throwIfAborted();
      if (await this.#to.hasRoot()) throw error;
      if (this.#options.dryRun !== true) await this.#to.makeDirectory("");
      return emptyListing();
    }
  }

  /** Resolves to the directories that are to be visited next. */
  async #visit({ path, isNew }: Directory): Promise<Directory[]> {
    try {
      const listings = [
        this.#from.list(path),
        isNew ? Promise.resolve(emptyListing()) : this.#to.list(path),
      ] as const;
      // If one fails, the other one is not left running.
      await Promise.allSettled(listings);
      const [source, target] = await Promise.all(listings);
      return await this.#compare(path, source, target);
    } catch (error) {
      this.#report.fail(path, error);
      return [];
    }
  }

  async #compare(path: string, source: Listing, target: Listing): Promise<Directory[]> {
    for (const { name, reason } of source.skipped) this.#report.skip(below(path, name), reason);
    const isFolding = (await this.#to.folding()) === "yes";
    const keyOf = (name: string): string => (isFolding ? folded(name) : name);
    const inPlace = new Map([...target.nodes.values()].map((node) => [keyOf(node.name), node]));
    const blocked = new Map(target.skipped.map(({ name, reason }) => [keyOf(name), reason]));
    const taken = new Map<string, string>();
    const next: Directory[] = [];
    for (const node of source.nodes.values()) {
      const item = below(path, node.name);
      if (!(await this.#isWanted(item, node))) continue;
      const key = keyOf(node.name);
      const other = taken.get(key);
      const reason = blocked.get(key);
      if (other !== undefined) this.#report.skip(item, `here it has the same name as "${other}"`);
      else if (reason !== undefined) this.#report.skip(item, `what is in its place is left: ${reason}`);
      else next.push(...(await this.#put(item, node, inPlace.get(key))));
      taken.set(key, other ?? node.name);
    }
    if (this.#options.delete === true && source.isComplete) await this.#collect(path, source, target);
    return next;
  }

  async #isWanted(path: string, { type, size, modifiedAt }: Node): Promise<boolean> {
    const { filter } = this.#options;
    return filter === undefined || filter({ path, type, size, modifiedAt });
  }

  /** Resolves to the directory, if it is one that is to be visited. */
  async #put(path: string, node: Node, inPlace: Node | undefined): Promise<Directory[]> {
    const isOther = inPlace !== undefined && inPlace.type !== node.type;
    if (isOther && !(await this.#clear(path, inPlace))) return [];
    const same = isOther ? undefined : inPlace;
    if (node.type === "file") {
      await this.#bring(path, node, same);
      return [];
    }
    if (path.split("/").length >= MOST_LEVELS) {
      this.#report.skip(path, "it is too many levels deep");
      return [];
    }
    const isThere = same !== undefined || (await this.#make(path));
    return isThere ? [{ path, isNew: same === undefined }] : [];
  }

  /** Gets what is of another kind out of the way, if it may be deleted. */
  async #clear(path: string, inPlace: Node): Promise<boolean> {
    const { type } = inPlace;
    if (this.#options.delete !== true || !(await this.#isWanted(path, inPlace))) {
      this.#report.skip(path, `a ${type} is in its place`);
      return false;
    }
    const deleted = await this.#remove({ path, type });
    this.#report.delete(...deleted);
    const isClear = deleted.includes(path);
    if (!isClear) this.#report.skip(path, `a ${type} is in its place`);
    return isClear;
  }

  async #make(path: string): Promise<boolean> {
    try {
      if (this.#options.dryRun !== true) await this.#to.makeDirectory(path);
      this.#report.make(path);
      return true;
    } catch (error) {
      this.#report.fail(path, error);
      return false;
    }
  }

  /** Waits until the crew has a hand free, so that a large tree does not pile up. */
  async #bring(path: string, node: Node, inPlace: Node | undefined): Promise<void> {
    const { dryRun = false, onProgress } = this.#options;
    await this.#crew.add(async () => {
      const total = node.size;
      let progress = { bytes: 0, total };
      let hasBegun = false;
      let failure: Error | undefined;
      try {
        if (inPlace !== undefined && (await this.#copies.isSame(path, node, inPlace))) {
          this.#report.leaveUnchanged();
          return;
        }
        hasBegun = !dryRun;
        const report = (news: typeof progress): void => {
          progress = news;
          onProgress?.({ path, ...news, done: false, error: undefined });
        };
        if (hasBegun) report(progress);
        const bytes = dryRun ? (total ?? 0) : await this.#copies.copy(path, node, report);
        progress = { ...progress, bytes };
        this.#report.transfer(path, bytes);
      } catch (error) {
        failure = error as Error;
        this.#report.fail(path, error);
      } finally {
        if (hasBegun) onProgress?.({ path, ...progress, done: true, error: failure });
      }
    });
  }

  /** What the other side has and this one does not. */
  async #collect(path: string, source: Listing, target: Listing): Promise<void> {
    const names = [...source.nodes.keys(), ...source.skipped.map(({ name }) => name)];
    const known = new Set(names);
    const folding = await this.#to.folding();
    const similar = folding === "no" ? known : new Set(names.map(folded));
    for (const { name, reason } of target.skipped) {
      if (!known.has(name)) this.#report.skip(below(path, name), reason);
    }
    for (const node of target.nodes.values()) {
      const item = below(path, node.name);
      if (known.has(node.name) || !(await this.#isWanted(item, node))) continue;
      // It is the very file that has just been copied, or may be.
      if (!similar.has(folded(node.name)) || folding === "no")
        this.#extraneous.push({ path: item, type: node.type });
      else if (folding === "unknown") this.#report.skip(item, "its name differs in case only");
    }
  }

  /** Resolves to what is gone. */
  async #remove(found: Found): Promise<string[]> {
    const { path, type } = found;
    try {
      const { dryRun, filter } = this.#options;
      if (filter !== undefined && type === "directory") return await this.#prune(path);
      if (dryRun !== true) await this.#to.remove(path, type);
      return [path];
    } catch (error) {
      this.#report.fail(path, error);
      return [];
    }
  }

  /** Removes a directory but for what is filtered out, and what leads to it. */
  async #prune(path: string): Promise<string[]> {
    const { nodes, skipped, isComplete } = await this.#to.list(path);
    const gone: string[] = [];
    let isEmpty = isComplete && skipped.length === 0;
    for (const node of nodes.values()) {
      const item = below(path, node.name);
      const inner = (await this.#isWanted(item, node))
        ? await this.#remove({ path: item, type: node.type })
        : [];
      gone.push(...inner);
      isEmpty &&= inner.includes(item);
    }
    if (!isEmpty) return gone;
    if (this.#options.dryRun !== true) await this.#to.remove(path, "directory");
    return [path];
  }
}
