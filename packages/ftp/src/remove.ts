// Removing a directory tree of the server.
import {
  ArgumentError,
  assertArgument,
  LimitError,
  ReplyError,
  type VerbOptions,
} from "@netcli/core-transport";
import { forEach } from "./crew.ts";
import { listDirectory } from "./directory.ts";
import type { FtpEntry } from "./listing/entry.ts";
import { below, isRemoteName, levelsOf } from "./path.ts";
import type { FtpReply } from "./reply.ts";
import type { FtpSession } from "./session.ts";
import type { FtpSessions } from "./sessions.ts";
import { existsEntry, statEntry } from "./stat.ts";

// Commands that wait for their answers, at most.
const AHEAD = 64;

// Twice what Linux takes: a tree that seems to go deeper leads back into itself.
const LONGEST_PATH = 8_192;

/**
 * Removes a directory and all in it; links are removed, not followed, also where the root is one. What can't be removed
 * keeps nothing else from being. Rejects then with the first ReplyError.
 */
export async function removeDirectory(
  sessions: FtpSessions,
  root: string,
  { signal }: VerbOptions,
): Promise<void> {
  assertArgument("the directory", root);
  // Some servers take backslashes for slashes.
  const names = root.split(/[/\\]/).filter((name) => name !== "" && name !== ".");
  const path = levelsOf(root).at(-1);
  if (path === undefined || names.length === 0 || names.at(-1) === "..") {
    throw new ArgumentError(`"${root}" is no directory below another one`);
  }
  const { type, isDoubtful } = await sessions.attempt(
    (session) => statEntry(sessions, session, path, { signal }),
    { signal },
  );
  // Where it is not clear what it is, RMD does no harm.
  const isClear = isDoubtful !== true;
  await new Removal(sessions, path, isClear && type === "directory", signal).run(
    isClear && type === "symlink",
  );
}

/** Removal is one call of `removeTree`. */
class Removal {
  readonly #sessions: FtpSessions;
  readonly #root: string;
  readonly #signal: AbortSignal | undefined;
  readonly #directories: string[] = [];
  readonly #met: Set<string> = new Set();
  #level: string[];
  #refusal: ReplyError | undefined;

  constructor(sessions: FtpSessions, root: string, isDirectory: boolean, signal: AbortSignal | undefined) {
    this.#sessions = sessions;
    this.#root = root;
    this.#level = isDirectory ? [root] : [];
    this.#signal = signal;
  }

  async run(isLink: boolean): Promise<void> {
    while (this.#level.length > 0) {
      const level = this.#level;
      this.#level = [];
      this.#directories.push(...level);
      await forEach(level, this.#sessions.parallel, (path) => this.#empty(path));
    }
    await this.#sessions.attempt((session) => this.#finish(session, isLink), { signal: this.#signal });
    if (this.#refusal !== undefined) throw this.#refusal;
  }

  /** Deletes what is in a directory, and notes the directories in it. */
  async #empty(directory: string): Promise<void> {
    const files: string[] = [];
    for (const entry of await this.#list(directory)) {
      const { name, type, isDoubtful, unique } = entry;
      // RMD will be refused, and so the caller hears of it.
      if (!isRemoteName(name) || isDoubtful === true) continue;
      const path = below(directory, name);
      if (type !== "directory") files.push(path);
      else if (unique === undefined || !this.#met.has(unique)) this.#level.push(path);
      if (type === "directory" && unique !== undefined) this.#met.add(unique);
    }
    await this.#sessions.attempt(
      (session) => forEach(files, AHEAD, (path) => this.#try(session.delete(path, this.#options))),
      {
        signal: this.#signal,
        isShared: true,
      },
    );
  }

  get #options(): VerbOptions {
    return { signal: this.#signal };
  }

  async #list(directory: string): Promise<FtpEntry[]> {
    if (directory.length > LONGEST_PATH) {
      throw new LimitError(`"${this.#root}" has more levels than a tree can have`, "levels");
    }
    const listing = listDirectory(this.#sessions, directory, this.#options, true);
    if (directory === this.#root) return listing;
    return (await this.#try(listing)) ?? [];
  }

  /** Undefined if the server refuses. */
  async #try<T>(work: Promise<T>): Promise<T | undefined> {
    try {
      return await work;
    } catch (error) {
      // With 421 the connection ends; on another one it may be done.
      if (!(error instanceof ReplyError) || (error.reply as FtpReply).code === 421) throw error;
      this.#refusal ??= error;
      return undefined;
    }
  }

  /** Removes the directories: those below others first, the root last. */
  async #finish(session: FtpSession, isLink: boolean): Promise<void> {
    const options = this.#options;
    const root = this.#root;
    const [, ...inner] = this.#directories;
    let isGone = false;
    const removeRoot = async (): Promise<void> => {
      isGone =
        (await this.#try(isLink ? session.delete(root, options) : session.rmd(root, options))) !== undefined;
    };
    const removals = inner.toReversed().map((path) => () => this.#try(session.rmd(path, options)));
    await forEach([...removals, removeRoot], AHEAD, (remove: () => Promise<unknown>) => remove());
    // What was done before a connection broke is refused when it is done again.
    isGone ||= (await existsEntry(this.#sessions, session, root, options)) === false;
    if (isGone) this.#refusal = undefined;
  }
}
