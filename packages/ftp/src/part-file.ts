// A file that is being downloaded: beside the one that it is to become, under another name, until it is complete.
import { createHash, randomBytes } from "node:crypto";
import { constants } from "node:fs";
import { type FileHandle, open, rename, rm, stat } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { ArgumentError } from "@netcli/core-transport";

// File systems allow 255 bytes, and each of these has up to 3.
const SHOWN_CHARACTERS = 50;

// Its name can be known in advance: no link that somebody has put there is followed. Windows has no such flag.
const { O_RDWR, O_CREAT, O_NOFOLLOW = 0 } = constants;

/** PartFile is open from its making to its end, of which it has exactly one: committed, kept or discarded. */
export class PartFile {
  readonly file: FileHandle;
  readonly #path: string;
  readonly #target: string;

  private constructor(file: FileHandle, path: string, target: string) {
    this.file = file;
    this.#path = path;
    this.#target = target;
  }

  /** With a version, the part of it that was kept; else a new one. Rejects with the file system's errors. */
  static async open(target: string, version: string | undefined): Promise<PartFile> {
    const path = join(dirname(target), partName(basename(target), version));
    const file = await open(path, version === undefined ? "wx+" : O_RDWR | O_CREAT | O_NOFOLLOW);
    return new PartFile(file, path, target);
  }

  /** Bytes that are there. */
  async length(): Promise<number> {
    return (await this.file.stat()).size;
  }

  /** Cuts off what is behind so many bytes. */
  async truncate(length: number): Promise<void> {
    if ((await this.length()) > length) await this.file.truncate(length);
  }

  /** Gives it its name. What had it before is gone then, and not before. */
  async commit(modifiedAt: Date | undefined): Promise<void> {
    if (modifiedAt !== undefined) await this.file.utimes(modifiedAt, modifiedAt);
    await this.file.close();
    await rename(this.#path, this.#target);
  }

  /** Leaves it for another time; an empty one is not worth it. */
  async keep(): Promise<void> {
    if ((await this.length().catch(() => 0)) === 0) return this.discard();
    await this.file.close().catch(() => undefined);
  }

  async discard(): Promise<void> {
    await this.file.close().catch(() => undefined);
    await rm(this.#path, { force: true });
  }
}

/** The name of a part of that file: the same for the same version, and one of its own without. */
export function partName(name: string, version: string | undefined): string {
  const tail = version ?? randomBytes(6).toString("hex");
  return `.${name.slice(0, SHOWN_CHARACTERS)}.${tail}.part`;
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
