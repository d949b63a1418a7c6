// Giving a file on the server the name of another one. Some systems rename onto nothing only: what is there gives way
// then, and comes back if that was for nothing.
import { ReplyError } from "@netcli/core-transport";
import type { VerbOptions } from "./control.ts";
import { unlessRefused } from "./facts.ts";
import { partPath } from "./part-file.ts";
import type { FtpSession } from "./session.ts";
import type { FtpSessions } from "./sessions.ts";
import { existsEntry } from "./stat.ts";

/** Replacement is one renaming, over as many tries as it takes. */
export class Replacement {
  readonly #sessions: FtpSessions;
  readonly #from: string;
  readonly #to: string;
  // Where the file that had the name may be meanwhile.
  #aside: string | undefined;

  constructor(sessions: FtpSessions, from: string, to: string) {
    this.#sessions = sessions;
    this.#from = from;
    this.#to = to;
  }

  /** Rejects with ReplyError if the server refuses; what was there is then to be had by `undo`. */
  async run(session: FtpSession, options: VerbOptions): Promise<void> {
    try {
      await session.rename(this.#from, this.#to, options);
    } catch (error) {
      if (!(error instanceof ReplyError) || !error.command.startsWith("RNTO")) throw error;
      await this.#makeRoom(session, error, options);
      await session.rename(this.#from, this.#to, options);
    }
    if (this.#aside === undefined) return;
    await unlessRefused(session.delete(this.#aside, options));
    this.#aside = undefined;
  }

  /** Renaming, and not deleting: where nothing can be renamed, nothing is lost. */
  async #makeRoom(session: FtpSession, refused: ReplyError, options: VerbOptions): Promise<void> {
    if ((await existsEntry(this.#sessions, session, this.#to, options)) !== "file") throw refused;
    const aside = partPath(this.#to, undefined);
    // It may have happened also where the answer does not come.
    const before = this.#aside;
    this.#aside = aside;
    try {
      await session.rename(this.#to, aside, options);
    } catch (error) {
      if (!(error instanceof ReplyError)) throw error;
      this.#aside = before;
      throw refused;
    }
  }

  /** Puts back what was there. Rejects as `rename` does. */
  async undo(session: FtpSession, options: VerbOptions): Promise<void> {
    if (this.#aside !== undefined) await session.rename(this.#aside, this.#to, options);
    this.#aside = undefined;
  }
}
