// Keeps a second process away from a file, with another file beside it; and tells what a process that died was at.
import { randomUUID } from "node:crypto";
import { link, open, readFile, rename, rm, type FileHandle } from "node:fs/promises";
import { hostname } from "node:os";
import { ExitCode, FileError } from "./exit-code.ts";

// Room for the longest: a note replaces the one before.
const NOTE_CHARACTERS = 48;

interface Owner {
  readonly pid: number;
  readonly host: string;
  readonly note: string;
}

/** FileLock is a file `NAME.lock`, with which other mail programs keep away from NAME, too. */
export class FileLock {
  /** What the process noted last that had the lock and died; undefined: it was free. */
  readonly left: string | undefined;
  readonly #path: string;
  readonly #file: FileHandle;
  readonly #noteAt: number;

  private constructor(path: string, file: FileHandle, noteAt: number, left: string | undefined) {
    this.#path = path;
    this.#file = file;
    this.#noteAt = noteAt;
    this.left = left;
  }

  /** Rejects with FileError if another process has it. */
  static async take(path: string): Promise<FileLock> {
    const lock = `${path}.lock`;
    const left = await removeLeft(lock);
    // The last word makes it different from all others.
    const head = `${process.pid} ${hostname()} ${randomUUID()} `;
    const file = await open(lock, "wx", 0o600).catch(async (error: NodeJS.ErrnoException) => {
      throw error.code === "EEXIST" ? await taken(path, lock) : error;
    });
    const owned = new FileLock(lock, file, Buffer.byteLength(head), left);
    try {
      await file.write(`${head}${" ".repeat(NOTE_CHARACTERS)}\n`, 0);
    } catch (error) {
      await owned.release();
      throw error;
    }
    return owned;
  }

  /** For whoever comes after us if we die. */
  async note(text: string): Promise<void> {
    await this.#file.write(text.padEnd(NOTE_CHARACTERS), this.#noteAt);
    await this.#file.datasync();
  }

  async release(): Promise<void> {
    await this.#file.close();
    await rm(this.#path, { force: true });
  }
}

/** Takes the lock of a process away that has died; resolves to its note. */
async function removeLeft(lock: string): Promise<string | undefined> {
  const text = await readFile(lock, "utf8").catch(() => "");
  const owner = readOwner(text);
  if (owner === undefined || owner.host !== hostname() || isAlive(owner.pid)) return undefined;
  const aside = `${lock}.${randomUUID()}`;
  // Somebody else may have been quicker.
  await rename(lock, aside).catch(() => undefined);
  const moved = await readFile(aside, "utf8").catch(() => "");
  if (moved !== "" && moved !== text) await link(aside, lock).catch(() => undefined);
  await rm(aside, { force: true });
  return moved === text ? owner.note : undefined;
}

async function taken(path: string, lock: string): Promise<FileError> {
  const owner = readOwner(await readFile(lock, "utf8").catch(() => ""));
  const who = owner === undefined ? "another program" : `process ${owner.pid} on ${owner.host}`;
  return new FileError(`${path} is in use: ${lock} belongs to ${who}`, ExitCode.notNow);
}

/** Undefined: another program made it. */
function readOwner(text: string): Owner | undefined {
  const [, pid, host, note] = /^(\d{1,10}) (\S+) [\da-f-]{36} (.*)\n$/.exec(text) ?? [];
  if (pid === undefined || host === undefined || note === undefined) return undefined;
  return { pid: Number(pid), host, note: note.trim() };
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // Somebody else's.
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}
