// What --new remembers: a file with the unique ids of an account.
import { mkdir, readFile } from "node:fs/promises";
import { homedir } from "node:os";
import { dirname, isAbsolute, join } from "node:path";
import { FileSeenStore, type SeenStore } from "@netcli/pop3";
import { fileNameOf } from "./account.ts";
import type { Settings } from "./arguments.ts";
import { FileError } from "./exit-code.ts";
import { FileLock } from "./file-lock.ts";

/** State is the file, opened, and kept from others. */
export class State {
  readonly seen: SeenStore;
  readonly #store: FileSeenStore;
  readonly #lock: FileLock;

  private constructor(store: FileSeenStore, lock: FileLock) {
    this.seen = store;
    this.#store = store;
    this.#lock = lock;
  }

  /** Rejects with FileError if another process has it, or it is something else. */
  static async open({ state, account }: Pick<Settings, "state" | "account">): Promise<State> {
    const path = state ?? join(usualFolder(), fileNameOf(account));
    if (state === undefined) await mkdir(dirname(path), { recursive: true, mode: 0o700 });
    const lock = await FileLock.take(path);
    try {
      await assertOurs(path);
      return new State(await FileSeenStore.open(path), lock);
    } catch (error) {
      await lock.release();
      throw error;
    }
  }

  async close(): Promise<void> {
    await this.#store.close();
    await this.#lock.release();
  }
}

/** As the XDG Base Directory Specification has it: what is not absolute counts for nothing. */
function usualFolder(): string {
  const { XDG_STATE_HOME: given = "" } = process.env;
  return join(isAbsolute(given) ? given : join(homedir(), ".local", "state"), "mail-fetch");
}

/** Ids that are no longer in the maildrop are taken out of the file: lines of another kind would go with them. */
async function assertOurs(path: string): Promise<void> {
  const text = await readFile(path, "utf8").catch(() => "");
  if (/[^\n!-~\u0080-\uFFFF]/.test(text)) throw new FileError(`${path} is not a file of --new`);
}
