// Uploading one file: on the server it is complete, or what was there before.
import type { FileHandle } from "node:fs/promises";
import { assertArgument, ProtocolError, ReplyError, sendFile } from "@netcli/core-transport";
import type { FileResult, TransferProgress } from "./progress.ts";
import { unlessRefused } from "./facts.ts";
import type { FtpHash } from "./hash.ts";
import { Origin, type UploadSource } from "./origin.ts";
import { partPath } from "./part-file.ts";
import { Replacement } from "./replacement.ts";
import type { FtpReply } from "./reply.ts";
import { finishSending, type FtpSession } from "./session.ts";
import type { FtpSessions } from "./sessions.ts";
import { assertSame, hashFor, type Verify } from "./verify.ts";

export type { UploadSource } from "./origin.ts";

export interface UploadOptions {
  /** Called now and then, and at the end. */
  onProgress?: ((progress: TransferProgress) => void) | undefined;
  /** Breaks off with the signal's reason; without `resume` what was stored is deleted. The client stays usable. */
  signal?: AbortSignal | undefined;
  /**
   * Stores under another name beside the right one, and renames when the server has all. Without, the file on the
   * server is incomplete until then: for servers that let nobody rename. Default true.
   */
  atomic?: boolean | undefined;
  /**
   * Keeps what is on the server when the upload of a file fails, and goes on from there the next time, if the file here
   * still has the same size and time. Not `atomic`, nobody can tell what the bytes on the server are of: they are taken
   * for the beginning of this file. Default false.
   */
  resume?: boolean | undefined;
  /** Gives a file on the server the time that it has here, if the server lets us. Default true. */
  preserveTime?: boolean | undefined;
  /** Compares hashes before the file gets its name; for files only. Default false. */
  verify?: Verify | undefined;
}

// What has nothing to do with the place at which to begin: connections, and room.
const ELSEWHERE = new Set([425, 426, 452, 532, 552]);

// So long the caller waits until what was begun is deleted.
const CLEANING_MILLISECONDS = 5_000;

/** FileUpload is one call of `upload`, over as many tries as it takes. */
export class FileUpload {
  readonly #sessions: FtpSessions;
  readonly #source: UploadSource;
  readonly #path: string;
  readonly #options: UploadOptions;
  readonly #isShared: boolean;

  constructor(
    sessions: FtpSessions,
    source: UploadSource,
    path: string,
    options: UploadOptions,
    isShared: boolean = false,
  ) {
    assertArgument("the remote path", path);
    this.#sessions = sessions;
    this.#source = source;
    this.#path = path;
    this.#options = options;
    this.#isShared = isShared;
  }

  async run(): Promise<FileResult> {
    const { signal } = this.#options;
    const origin = await Origin.open(this.#source);
    const storing = new Storing(this.#sessions, origin, this.#path, this.#options);
    try {
      return await this.#sessions.attempt((session, progressed) => storing.try(session, progressed), {
        signal,
        isShared: this.#isShared,
        canRepeat: () => !origin.isTaken,
      });
    } catch (error) {
      await this.#leave(storing, error);
      throw error;
    } finally {
      await origin.close();
    }
  }

  async #leave(storing: Storing, error: unknown): Promise<void> {
    if (!storing.isBegun) return;
    const signal = AbortSignal.timeout(CLEANING_MILLISECONDS);
    // The server may not be there.
    await this.#sessions.use((session) => storing.clean(session, error), { signal }).catch(() => undefined);
  }
}

/** Storing brings a file to its place. */
class Storing {
  readonly #sessions: FtpSessions;
  readonly #origin: Origin;
  readonly #options: UploadOptions;
  // Where it is stored until it is complete.
  readonly #partPath: string;
  readonly #replacement: Replacement | undefined;
  #resumedFrom: number | undefined;
  // How far any try has come, and what was last told of it.
  #furthest: number | undefined;
  #reported: number | undefined;
  #isBegun = false;

  constructor(sessions: FtpSessions, origin: Origin, path: string, options: UploadOptions) {
    const { atomic = true, resume = false } = options;
    this.#sessions = sessions;
    this.#origin = origin;
    this.#options = options;
    this.#partPath = atomic ? partPath(path, resume ? origin.versionFor(path) : undefined) : path;
    this.#replacement = atomic ? new Replacement(sessions, this.#partPath, path) : undefined;
  }

  /** Something may be there that nobody wants if this fails. */
  get isBegun(): boolean {
    return this.#isBegun;
  }

  async try(session: FtpSession, progressed: () => void): Promise<FileResult> {
    try {
      return await this.#store(session, progressed);
    } catch (error) {
      // Nothing else is lent where the client is to end, and nothing is tried again.
      if (this.#options.signal?.aborted === true && session.isOpen) await this.clean(session, error);
      throw error;
    }
  }

  async #store(session: FtpSession, progressed: () => void): Promise<FileResult> {
    const { signal, verify = false } = this.#options;
    const algorithm =
      verify === false || this.#origin.file === undefined
        ? undefined
        : hashFor(verify, await this.#sessions.features(session, { signal }));
    const start = await this.#storedBytes(session);
    this.#resumedFrom ??= start;
    if (start > (this.#furthest ?? start)) progressed();
    this.#furthest = Math.max(this.#furthest ?? 0, start);
    const isThere = start > 0 && start === this.#origin.total;
    const { bytes, reply } = isThere ? { bytes: start, reply: undefined } : await this.#send(session, start);
    const hash = await this.#assertStored(session, bytes, algorithm);
    if (this.#reported !== bytes) this.#report(bytes);
    await this.#finish(session);
    return { bytes, resumedFrom: this.#resumedFrom, modifiedAt: this.#origin.modifiedAt, hash, reply };
  }

  /** How much of a local file the server has from before. */
  async #storedBytes(session: FtpSession): Promise<number> {
    const { signal, resume = false } = this.#options;
    const { file, total = 0 } = this.#origin;
    if (file === undefined || !(resume || this.#isBegun)) return 0;
    const size = (await unlessRefused(session.size(this.#partPath, { signal }))) ?? 0;
    return size > total ? 0 : size;
  }

  #report(bytes: number): void {
    this.#reported = bytes;
    this.#options.onProgress?.({ bytes, total: this.#origin.total });
  }

  /** Resolves to all bytes that are there then. */
  async #send(session: FtpSession, start: number): Promise<Stored> {
    const { file } = this.#origin;
    this.#isBegun = true;
    if (file !== undefined) return this.#sendFile(session, file, start);
    const { signal } = this.#options;
    const onProgress = (bytes: number): void => this.#report(bytes);
    return session.store(this.#partPath, this.#origin.content(), { onProgress, signal });
  }

  async #sendFile(session: FtpSession, file: FileHandle, start: number): Promise<Stored> {
    const { signal } = this.#options;
    const send = async (verb: "STOR" | "APPE", position: number): Promise<Stored> => {
      const onProgress = (moved: number): void => this.#report(position + moved);
      const { result, reply } = await session.move(
        verb,
        this.#partPath,
        async (data) => {
          const moved = await sendFile(data, file, { position, onProgress, signal });
          this.#origin.assertAsLong(position + moved);
          await finishSending(data);
          return moved;
        },
        { rest: verb === "STOR" ? position : 0, signal },
      );
      return { bytes: position + result, reply };
    };
    // Some servers store from the beginning only, but append; others do neither.
    for (const verb of start > 0 ? (["STOR", "APPE"] as const) : []) {
      try {
        return await send(verb, start);
      } catch (error) {
        const size = refusesPlace(error) ? await session.size(this.#partPath, { signal }) : undefined;
        if (size !== start) throw error;
      }
    }
    if (start > 0) this.#resumedFrom = 0;
    return send("STOR", 0);
  }

  /** Throws ProtocolError if the server has something else than what was sent. */
  async #assertStored(
    session: FtpSession,
    bytes: number,
    algorithm: string | undefined,
  ): Promise<FtpHash | undefined> {
    const { signal } = this.#options;
    const size = await unlessRefused(session.size(this.#partPath, { signal }));
    if (size !== undefined && size !== bytes) {
      throw new ProtocolError(`of ${bytes} bytes the server has ${size < bytes ? "only " : ""}${size}`);
    }
    const { file } = this.#origin;
    if (algorithm === undefined || file === undefined) return undefined;
    const comparing = assertSame(session, this.#partPath, file, algorithm, { signal });
    // Not every hash that is offered is there for every file.
    return this.#options.verify === "if-offered" ? unlessRefused(comparing) : comparing;
  }

  /** Sets the time and gives the file its name, in one round trip. */
  async #finish(session: FtpSession): Promise<void> {
    const { signal, preserveTime = true } = this.#options;
    const modifiedAt = preserveTime ? this.#origin.modifiedAt : undefined;
    const features = modifiedAt && (await this.#sessions.features(session, { signal }));
    const timed = features && session.keepTime(this.#partPath, modifiedAt, features, { signal });
    await Promise.all([timed, this.#replacement?.run(session, { signal })]);
  }

  /** Leaves what was there before, and what is of use another time. Never rejects: something else has failed before. */
  async clean(session: FtpSession, error: unknown): Promise<void> {
    if (this.#replacement === undefined) return;
    const options = { signal: AbortSignal.timeout(CLEANING_MILLISECONDS) };
    try {
      await unlessRefused(this.#replacement.undo(session, options));
      if (!(await this.#isOfUse(error))) await unlessRefused(session.delete(this.#partPath, options));
      this.#isBegun = false;
    } catch {
      // The server is gone again.
    }
  }

  async #isOfUse(error: unknown): Promise<boolean> {
    if (this.#options.resume !== true || error instanceof ProtocolError) return false;
    return this.#origin.isUnchanged();
  }
}

/** What the server has, and said to it. */
interface Stored {
  readonly bytes: number;
  readonly reply: FtpReply | undefined;
}

function refusesPlace(error: unknown): boolean {
  if (!(error instanceof ReplyError) || !/^(?:REST|STOR|APPE)\b/.test(error.command)) return false;
  return !ELSEWHERE.has((error.reply as FtpReply).code);
}
