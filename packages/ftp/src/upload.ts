// Uploading one file: on the server it is complete, or what was there before.
import { open, type FileHandle } from "node:fs/promises";
import {
  assertArgument,
  chunksOf,
  type Content,
  ProtocolError,
  ReplyError,
  sendFile,
} from "@netcli/core-transport";
import type { VerbOptions } from "./control.ts";
import type { FileResult, TransferProgress } from "./download.ts";
import { unlessRefused } from "./facts.ts";
import type { FtpHash } from "./hash.ts";
import { partPath, refuseDirectory, versionOf } from "./part-file.ts";
import { Replacement } from "./replacement.ts";
import type { FtpReply } from "./reply.ts";
import { finishSending, type FtpSession } from "./session.ts";
import type { FtpSessions } from "./sessions.ts";
import { assertSame, hashFor, type Verify } from "./verify.ts";

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

/** A local file by its path, bytes, a stream, or a function that gives the content, again for another try. */
export type UploadSource = string | Exclude<Content, string> | (() => Exclude<Content, string>);

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
  #file: FileHandle | undefined;
  #total: number | undefined;
  #modifiedAt: Date | undefined;
  // Of the file when it was opened.
  #version = "";
  // Where it is stored until it is complete.
  #partPath = "";
  #replacement: Replacement | undefined;
  #resumedFrom: number | undefined;
  #reported: number | undefined;
  // Something may be there that nobody wants if this fails.
  #isBegun = false;
  // Of a stream.
  #isTaken = false;

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
    try {
      await this.#prepare();
      return await this.#sessions.attempt((session, progressed) => this.#try(session, progressed), {
        signal,
        isShared: this.#isShared,
        canRepeat: () => !this.#isTaken,
      });
    } catch (error) {
      await this.#leave(error);
      throw error;
    } finally {
      await this.#file?.close();
    }
  }

  async #prepare(): Promise<void> {
    const { resume = false, atomic = true } = this.#options;
    if (typeof this.#source === "string") {
      await refuseDirectory(this.#source);
      this.#file = await open(this.#source);
      const { size, mtime } = await this.#file.stat();
      this.#total = size;
      this.#modifiedAt = mtime;
      this.#version = versionOf(this.#path, size, mtime);
    }
    if (!atomic) {
      this.#partPath = this.#path;
      return;
    }
    const version = resume && this.#file !== undefined ? this.#version : undefined;
    this.#partPath = partPath(this.#path, version);
    this.#replacement = new Replacement(this.#sessions, this.#partPath, this.#path);
  }

  async #try(session: FtpSession, progressed: () => void): Promise<FileResult> {
    try {
      return await this.#store(session, progressed);
    } catch (error) {
      // Nothing else is lent where the client is to end, and nothing is tried again.
      if (this.#options.signal?.aborted === true && session.isOpen) await this.#clean(session, error);
      throw error;
    }
  }

  async #store(session: FtpSession, progressed: () => void): Promise<FileResult> {
    const { signal, verify = false } = this.#options;
    const algorithm =
      verify === false || this.#file === undefined
        ? undefined
        : hashFor(verify, await this.#sessions.features(session, { signal }));
    const start = await this.#storedBytes(session);
    this.#resumedFrom ??= start;
    if (start > 0) progressed();
    const isThere = start > 0 && start === this.#total;
    const { bytes, reply } = isThere ? { bytes: start, reply: undefined } : await this.#send(session, start);
    const hash = await this.#assertStored(session, bytes, algorithm);
    if (this.#reported !== bytes) this.#report(bytes);
    await this.#finish(session);
    return { bytes, resumedFrom: this.#resumedFrom, modifiedAt: this.#modifiedAt, hash, reply };
  }

  /** How much of a local file the server has from before. */
  async #storedBytes(session: FtpSession): Promise<number> {
    const { signal, resume = false } = this.#options;
    if (this.#file === undefined || !(resume || this.#isBegun)) return 0;
    const size = (await unlessRefused(session.size(this.#partPath, { signal }))) ?? 0;
    return size > (this.#total ?? 0) ? 0 : size;
  }

  #report(bytes: number): void {
    this.#reported = bytes;
    this.#options.onProgress?.({ bytes, total: this.#total });
  }

  /** Resolves to all bytes that are there then. */
  async #send(session: FtpSession, start: number): Promise<Stored> {
    const file = this.#file;
    this.#isBegun = true;
    if (file !== undefined) return this.#sendFile(session, file, start);
    const { signal } = this.#options;
    const onProgress = (bytes: number): void => this.#report(bytes);
    return session.store(this.#partPath, this.#content(), { onProgress, signal });
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
          this.#assertAsLong(position + moved);
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

  /** What has become longer is sent as it is now. */
  #assertAsLong(bytes: number): void {
    const total = this.#total ?? 0;
    if (bytes < total) throw new Error(`the file here has become shorter: it had ${total} bytes, now ${bytes}`);
  }

  #content(): Exclude<Content, string> {
    const source = this.#source as Exclude<UploadSource, string>;
    if (typeof source === "function") return source();
    return source instanceof Uint8Array ? source : this.#taking(source);
  }

  // Until it is read from, a stream can be sent over another session.
  async *#taking(source: Exclude<Content, string>): AsyncGenerator<Uint8Array, void, void> {
    this.#isTaken = true;
    yield* chunksOf(source);
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
    if (algorithm === undefined || this.#file === undefined) return undefined;
    return assertSame(session, this.#partPath, this.#file, algorithm, { signal });
  }

  /** Sets the time and gives the file its name, in one round trip. */
  async #finish(session: FtpSession): Promise<void> {
    const { signal, preserveTime = true } = this.#options;
    const modifiedAt = preserveTime ? this.#modifiedAt : undefined;
    const canSetTime =
      modifiedAt !== undefined && (await this.#sessions.features(session, { signal })).has("MFMT");
    const timed = canSetTime ? unlessRefused(session.mfmt(this.#partPath, modifiedAt, { signal })) : undefined;
    await Promise.all([timed, this.#replacement?.run(session, { signal })]);
  }

  async #leave(error: unknown): Promise<void> {
    if (!this.#isBegun) return;
    const signal = AbortSignal.timeout(CLEANING_MILLISECONDS);
    // The server may not be there.
    await this.#sessions
      .use((session) => this.#clean(session, error, { signal }), { signal })
      .catch(() => undefined);
  }

  /** Leaves what was there before, and what is of use another time. */
  async #clean(
    session: FtpSession,
    error: unknown,
    options: VerbOptions = { signal: AbortSignal.timeout(CLEANING_MILLISECONDS) },
  ): Promise<void> {
    if (this.#replacement === undefined) return;
    try {
      await unlessRefused(this.#replacement.undo(session, options));
      if (!(await this.#isOfUse(error))) await unlessRefused(session.delete(this.#partPath, options));
      this.#isBegun = false;
    } catch {
      // What was the matter before is what the caller is told.
    }
  }

  async #isOfUse(error: unknown): Promise<boolean> {
    if (this.#options.resume !== true || this.#file === undefined || error instanceof ProtocolError) return false;
    const { size, mtime } = await this.#file.stat();
    return versionOf(this.#path, size, mtime) === this.#version;
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
