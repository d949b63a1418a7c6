// A Maildir (https://cr.yp.to/proto/maildir.html): a file for each message, which appears when it is complete.
import { randomBytes } from "node:crypto";
import { mkdir, open, readdir, rename, rm } from "node:fs/promises";
import { hostname } from "node:os";
import { join } from "node:path";
import type { MaildropRow } from "@netcli/pop3";
import type { Destination } from "./destination.ts";
import { FileError } from "./exit-code.ts";
import { unixLines } from "./unix-lines.ts";

const FOLDERS = ["tmp", "new", "cur"];

export class Maildir implements Destination {
  readonly verb = "saved";
  readonly isLasting = true;
  readonly #path: string;
  #count = 0;

  private constructor(path: string) {
    this.#path = path;
  }

  /** Makes it if it is not there. Rejects with FileError for a directory of something else. */
  static async open(path: string): Promise<Maildir> {
    await mkdir(path, { recursive: true, mode: 0o700 });
    const names = await readdir(path);
    if (names.length > 0 && !FOLDERS.every((folder) => names.includes(folder))) {
      throw new FileError(`${path} is neither a Maildir nor empty`);
    }
    for (const folder of FOLDERS) await mkdir(join(path, folder), { recursive: true, mode: 0o700 });
    return new Maildir(path);
  }

  async take(_row: MaildropRow, content: AsyncIterable<Uint8Array>): Promise<void> {
    const name = this.#uniqueName();
    const part = join(this.#path, "tmp", name);
    const file = await open(part, "wx", 0o600);
    try {
      try {
        for await (const bytes of unixLines(content)) await file.writeFile(bytes);
        await file.sync();
      } finally {
        await file.close();
      }
      await rename(part, join(this.#path, "new", name));
    } catch (error) {
      await rm(part, { force: true });
      throw error;
    }
    await syncDirectory(join(this.#path, "new"));
  }

  /** Nothing of it comes from the server. */
  #uniqueName(): string {
    this.#count += 1;
    const seconds = Math.floor(Date.now() / 1_000);
    const host = hostname().replaceAll("/", "\\057").replaceAll(":", "\\072");
    return `${seconds}.P${process.pid}Q${this.#count}R${randomBytes(8).toString("hex")}.${host}`;
  }

  async close(): Promise<void> {}
}

/** So that the name is on the disk, too. */
async function syncDirectory(path: string): Promise<void> {
  // It can't be opened there.
  if (process.platform === "win32") return;
  const folder = await open(path);
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}
