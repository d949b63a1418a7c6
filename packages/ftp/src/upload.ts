// Uploading one file: on the server it is complete, or what was there before.
import { open, type FileHandle } from "node:fs/promises";
import {
  assertArgument,
  type Content,
  ProtocolError,
  ReplyError,
  sendFile,
} from "@netcli/core-transport";
import type { FileResult, TransferProgress } from "./download.ts";
import { unlessRefused } from "./facts.ts";
import type { FtpHash } from "./hash.ts";
import { partName, versionOf } from "./part-file.ts";
import { finishSending, type FtpSession, type TransferResult } from "./session.ts";
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
  /** Keeps what is on the server when the upload of a file fails, and goes on from there the next time. Default false. */
  resume?: boolean | undefined;
  /** Gives a file on the server the time that it has here, if the server lets us. Default true. */
  preserveTime?: boolean | undefined;
  /** Compares hashes before the file gets its name; for files only. Default false. */
  verify?: Verify | undefined;
}

/** A local file by its path, bytes, a stream, or a function that gives the content, again for another try. */
export type UploadSource = string | Exclude<Content, string> | (() => Exclude<Content, string>);

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
  // Where it is stored until it is complete.
  #partPath = "";
  #resumedFrom: number | undefined;
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
      return await this.#sessions.attempt((session, progressed) => this.#store(session, progressed), {
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
    let version: string | undefined;
    if (typeof this.#source === "string") {
      this.#file = await open(this.#source);
      const { size, mtime } = await this.#file.stat();
      this.#total = size;
      this.#modifiedAt = mtime;
      if (resume) version = versionOf(this.#path, size, mtime);
    }
    const name = this.#path.lastIndexOf("/") + 1;
    this.#partPath = atomic
      ? this.#path.slice(0, name) + partName(this.#path.slice(name), version)
      : this.#path;
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
    const sent = start > 0 && start === this.#total ? undefined : await this.#send(session, start);
    const bytes = start + (sent?.bytes ?? 0);
    const hash = await this.#assertStored(session, bytes, algorithm);
    await this.#finish(session);
    return {
      bytes,
      resumedFrom: this.#resumedFrom,
      modifiedAt: this.#modifiedAt,
      hash,
      reply: sent?.reply,
    };
  }

  /** How much of a local file the server has from before. */
  async #storedBytes(session: FtpSession): Promise<number> {
    const { signal, resume = false } = this.#options;
    if (this.#file === undefined || !(resume || this.#isBegun)) return 0;
    const size = (await unlessRefused(session.size(this.#partPath, { signal }))) ?? 0;
    return size > (this.#total ?? 0) ? 0 : size;
  }

  async #send(session: FtpSession, start: number): Promise<TransferResult> {
    const { onProgress, signal } = this.#options;
    const report =
      onProgress && ((bytes: number): void => onProgress({ bytes: start + bytes, total: this.#total }));
    const file = this.#file;
    this.#isBegun = true;
    if (file === undefined) {
      return session.store(this.#partPath, this.#content(), { onProgress: report, signal });
    }
    const send = async (verb: "STOR" | "APPE", rest: number): Promise<TransferResult> => {
      const { result, reply } = await session.move(
        verb,
        this.#partPath,
        async (data) => {
          const bytes = await sendFile(data, file, { position: start, onProgress: report, signal });
          await finishSending(data);
          return bytes;
        },
        { rest, signal },
      );
      return { bytes: result, reply };
    };
    try {
      return await send("STOR", start);
    } catch (error) {
      // Some servers store from the beginning only, but append.
      if (start === 0 || !(error instanceof ReplyError) || !/^(?:REST|STOR)/.test(error.command)) throw error;
      if ((await session.size(this.#partPath, { signal })) !== start) throw error;
      return send("APPE", 0);
    }
  }

  #content(): Exclude<Content, string> {
    const source = this.#source as Exclude<UploadSource, string>;
    if (typeof source === "function") return source();
    this.#isTaken = !(source instanceof Uint8Array);
    return source;
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
    const renamed = this.#partPath === this.#path ? undefined : this.#rename(session);
    await Promise.all([timed, renamed]);
  }

  async #rename(session: FtpSession): Promise<void> {
    const { signal } = this.#options;
    try {
      await session.rename(this.#partPath, this.#path, { signal });
    } catch (error) {
      const isRefused = error instanceof ReplyError && error.command.startsWith("RNTO") && error.isPermanent;
      // Some systems rename onto nothing only.
      if (!isRefused || (await unlessRefused(session.delete(this.#path, { signal }))) === undefined) throw error;
      // From now on it is the only copy.
      this.#isBegun = false;
      await session.rename(this.#partPath, this.#path, { signal });
    }
  }

  async #leave(error: unknown): Promise<void> {
    const isKept = this.#options.resume === true && this.#file !== undefined && !(error instanceof ProtocolError);
    if (!this.#isBegun || isKept || this.#partPath === this.#path) return;
    // It may not be there, and the server neither.
    const signal = AbortSignal.timeout(CLEANING_MILLISECONDS);
    await this.#sessions
      .use((session) => session.delete(this.#partPath, { signal }), { signal })
      .catch(() => undefined);
  }
}
