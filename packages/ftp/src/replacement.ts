// Giving a file on the server the name of another one. Some systems rename onto nothing only: what is there gives way
// then, and comes back if that was for nothing.
import { ReplyError, type VerbOptions } from "@netcli/core-transport";
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
  // Where files that had the name may be meanwhile, the first one first: those behind it are our own.
  #aside: string[] = [];

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
    for (const path of this.#aside) await unlessRefused(session.delete(path, options));
    this.#aside = [];
  }

  /** Renaming, and not deleting: where nothing can be renamed, nothing is lost. */
  async #makeRoom(session: FtpSession, refused: ReplyError, options: VerbOptions): Promise<void> {
    if ((await existsEntry(this.#sessions, session, this.#to, options)) !== "file") throw refused;
    const aside = partPath(this.#to, undefined);
    // It may have happened also where the answer does not come.
    this.#aside.push(aside);
    try {
      await session.rename(this.#to, aside, options);
    } catch (error) {
      if (!(error instanceof ReplyError)) throw error;
      this.#aside.pop();
      throw refused;
    }
  }

  /** Puts back what was there. Rejects as `rename` does. */
  async undo(session: FtpSession, options: VerbOptions): Promise<void> {
    const [first] = this.#aside;
    if (first !== undefined) await session.rename(first, this.#to, options);
    this.#aside = [];
  }
}
