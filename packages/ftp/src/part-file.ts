// A file that is being downloaded: beside the one that it is to become, under another name, until it is complete.
import { createHash, randomBytes } from "node:crypto";
import { constants } from "node:fs";
import { type FileHandle, open, rename, rm, stat } from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";
import { ArgumentError } from "@netcli/core-transport";

// File systems allow 255 bytes, and each of these characters has up to 4; half of one has none.
const SHOWN = /^.{0,50}/su;

// Its name can be known in advance: no link that somebody has put there is followed. Windows has no such flag, and
// undefined is as good as 0.
const { O_RDWR, O_CREAT, O_NOFOLLOW } = constants;

// Parts of versions that are open here: two tasks would be in each other's way.
const taken = new Set<string>();

/** PartFile is open from its making to its end, of which it has exactly one: committed, kept or discarded. */
export class PartFile {
  readonly file: FileHandle;
  readonly #target: string;
  // Where it is now, and where it is found another time.
  #path: string;
  readonly #found: string | undefined;

  private constructor(file: FileHandle, target: string, path: string, found: string | undefined) {
    this.file = file;
    this.#target = target;
    this.#path = path;
    this.#found = found;
  }

  /** With a version, the part of it that was kept; else a new one. Rejects with the file system's errors. */
  static async open(target: string, version: string | undefined): Promise<PartFile> {
    const found = version === undefined ? undefined : pathBeside(target, version);
    if (found === undefined || taken.has(found)) {
      const path = pathBeside(target, undefined);
      return new PartFile(await open(path, "wx+"), target, path, undefined);
    }
    taken.add(found);
    try {
      return new PartFile(await open(found, O_RDWR | O_CREAT | O_NOFOLLOW), target, found, found);
    } catch (error) {
      taken.delete(found);
      throw error;
    }
  }

  /** Bytes that are there. */
  async length(): Promise<number> {
    return (await this.file.stat()).size;
  }

  /** Cuts off what is behind so many bytes. */
  async truncate(length: number): Promise<void> {
    await this.file.truncate(length);
  }

  /** Nobody is to find it for now: it will have gaps. */
  async hide(): Promise<void> {
    if (this.#found !== undefined) await this.#move(pathBeside(this.#target, undefined));
  }

  /** It has no gaps any more. */
  async show(): Promise<void> {
    if (this.#found !== undefined) await this.#move(this.#found);
  }

  async #move(path: string): Promise<void> {
    await rename(this.#path, path);
    this.#path = path;
  }

  /** Gives it its name. What had it before is gone then, and not before. */
  async commit(modifiedAt: Date | undefined): Promise<void> {
    if (modifiedAt !== undefined) await this.file.utimes(modifiedAt, modifiedAt);
    await this.file.close();
    await rename(this.#path, this.#target);
    this.#release();
  }

  /** Leaves it for another time, if it can be found then; an empty one is not worth it. */
  async keep(): Promise<void> {
    const { size } = await stat(this.#path).catch(() => ({ size: 0 }));
    if (size === 0 || this.#path !== this.#found) return this.discard();
    await this.file.close().catch(() => undefined);
    this.#release();
  }

  /** Never rejects: something else has failed before. */
  async discard(): Promise<void> {
    await this.file.close().catch(() => undefined);
    await rm(this.#path, { force: true }).catch(() => undefined);
    this.#release();
  }

  #release(): void {
    if (this.#found !== undefined) taken.delete(this.#found);
  }
}

function pathBeside(target: string, version: string | undefined): string {
  const path = resolve(target);
  return join(dirname(path), partName(basename(path), version));
}

/** The name of a part of that file: the same for the same version, and one of its own without. */
export function partName(name: string, version: string | undefined): string {
  const tail = version ?? randomBytes(6).toString("hex");
  return `.${SHOWN.exec(name)?.[0]}.${tail}.part`;
}

/** The path of a part beside that file on the server. */
export function partPath(path: string, version: string | undefined): string {
  const name = path.lastIndexOf("/") + 1;
  return path.slice(0, name) + partName(path.slice(name), version);
}

/** Why parts are left alone where trees are compared. */
export const PART = "it is part of an interrupted transfer";

/** Is that a name that `partName` made? */
export function isPart(name: string): boolean {
  return /^\..*\.(?:[\da-f]{12}|[\da-f]{16})\.part$/.test(name);
}

/** Names a version of a file, so that only parts of the same one are ever put together. */
export function versionOf(path: string, size: number, modifiedAt: Date): string {
  const text = JSON.stringify([path, size, modifiedAt.getTime()]);
  return createHash("sha256").update(text).digest("hex").slice(0, 16);
}

/** Renaming onto a directory would fail, but only after the whole file was transferred. Throws ArgumentError. */
export async function refuseDirectory(path: string): Promise<void> {
  const entry = await stat(path).catch(() => undefined);
  if (entry?.isDirectory() === true) throw new ArgumentError(`"${path}" is a directory; name a file`);
}
