// Which messages a caller has had already: for maildrops whose messages stay on the server.
import { open, readFile, rename, type FileHandle } from "node:fs/promises";
import { ArgumentError } from "@netcli/core-transport";

/** SeenStore remembers unique ids. One store is for one maildrop. */
export interface SeenStore {
  has(uid: string): boolean | Promise<boolean>;
  /** Called when the caller is done with a message. */
  add(uid: string): void | Promise<void>;
  /** Called with all ids that are in the maildrop: others will not come back. */
  keepOnly?(uids: ReadonlySet<string>): void | Promise<void>;
}

/**
 * FileSeenStore keeps the ids in a text file, one in a line. An id that `add` has resolved for is on the disk; a line
 * that was not written to its end counts for nothing. For one process at a time.
 */
export class FileSeenStore implements SeenStore {
  readonly #path: string;
  readonly #uids: Set<string>;
  #file: FileHandle;
  // Writes come one after the other.
  #writing: Promise<void> = Promise.resolve();

  private constructor(path: string, uids: Set<string>, file: FileHandle) {
    this.#path = path;
    this.#uids = uids;
    this.#file = file;
  }

  /** Reads the file, or begins one. Rejects with the file system's errors. */
  static async open(path: string): Promise<FileSeenStore> {
    const text = await readFile(path, "utf8").catch((error: NodeJS.ErrnoException) => {
      if (error.code === "ENOENT") return "";
      throw error;
    });
    const end = text.lastIndexOf("\n") + 1;
    const uids = new Set(
      text
        .slice(0, end)
        .split(/\r?\n/)
        .filter((uid) => uid !== ""),
    );
    const file = await open(path, "a", 0o600);
    // What is left of a line that was cut short must not become a part of the next one.
    if (end < text.length) await file.truncate(Buffer.byteLength(text.slice(0, end)));
    return new FileSeenStore(path, uids, file);
  }

  has(uid: string): boolean {
    return this.#uids.has(uid);
  }

  add(uid: string): Promise<void> {
    if (/[\r\n]/.test(uid)) return Promise.reject(new ArgumentError("a unique id has no line ends"));
    return this.#write(async () => {
      if (this.#uids.has(uid)) return;
      await this.#file.appendFile(`${uid}\n`);
      await this.#file.datasync();
      this.#uids.add(uid);
    });
  }

  /** Forgets all others. The file is replaced at once by a new one, or not at all. */
  keepOnly(uids: ReadonlySet<string>): Promise<void> {
    return this.#write(async () => {
      const kept = [...this.#uids].filter((uid) => uids.has(uid));
      if (kept.length === this.#uids.size) return;
      const part = `${this.#path}.part`;
      const file = await open(part, "w", 0o600);
      try {
        await file.writeFile(kept.map((uid) => `${uid}\n`).join(""));
        await file.sync();
      } finally {
        await file.close();
      }
      await rename(part, this.#path);
      await this.#file.close();
      this.#file = await open(this.#path, "a", 0o600);
      this.#uids.clear();
      for (const uid of kept) this.#uids.add(uid);
    });
  }

  #write(work: () => Promise<void>): Promise<void> {
    const writing = this.#writing.then(work);
    this.#writing = writing.catch(() => undefined);
    return writing;
  }

  /** Closes the file when all is written. */
  async close(): Promise<void> {
    await this.#writing;
    await this.#file.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}
