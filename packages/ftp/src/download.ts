// Downloading one file to a file: it is complete, or not there at all.
import {
  ArgumentError,
  assertArgument,
  ConnectionClosedError,
  ProtocolError,
  receiveFile,
  ReplyError,
} from "@netcli/core-transport";
import { factsOf, unlessRefused, versionFrom, type FileFacts } from "./facts.ts";
import type { FtpHash } from "./hash.ts";
import type { FileResult, TransferProgress } from "./progress.ts";
import { PartFile, refuseDirectory } from "./part-file.ts";
import type { FtpReply } from "./reply.ts";
import { fetchSegments } from "./segments.ts";
import type { FtpSession } from "./session.ts";
import type { FtpSessions } from "./sessions.ts";
import { assertSame, hashFor, type Verify } from "./verify.ts";

export interface DownloadOptions {
  /** Called now and then, and at the end. */
  onProgress?: ((progress: TransferProgress) => void) | undefined;
  /** Breaks off with the signal's reason. The client stays usable. */
  signal?: AbortSignal | undefined;
  /**
   * Keeps what was received when the download fails, and goes on from there the next time, if the file on the server
   * still has the same size and time. Default false.
   */
  resume?: boolean | undefined;
  /** How many parts of the file are fetched at the same time, over as many sessions. Default 1. */
  segments?: number | undefined;
  /** Gives the file here the time that it has on the server. Default true. */
  preserveTime?: boolean | undefined;
  /** Compares hashes before the file gets its name. Default false. */
  verify?: Verify | undefined;
}

/** What a tree knows of a file before it is downloaded. */
export interface KnownFile {
  readonly facts?: FileFacts | undefined;
  /** It is short: the session can be shared. */
  readonly isShared?: boolean | undefined;
}

/** FileDownload is one call of `download`, over as many tries as it takes. */
export class FileDownload {
  readonly #sessions: FtpSessions;
  readonly #path: string;
  readonly #target: string;
  readonly #options: DownloadOptions;
  readonly #known: KnownFile;
  #part: PartFile | undefined;
  #facts: FileFacts | undefined;
  #resumedFrom: number | undefined;
  // How far any try has come, and what was last told of it.
  #furthest = 0;
  #reported: number | undefined;
  #algorithm: string | undefined;

  constructor(
    sessions: FtpSessions,
    path: string,
    target: string,
    options: DownloadOptions,
    known: KnownFile = {},
  ) {
    assertArgument("the remote path", path);
    this.#sessions = sessions;
    this.#path = path;
    this.#target = target;
    this.#options = options;
    this.#known = known;
  }

  async run(): Promise<FileResult> {
    const { signal, segments = 1, preserveTime = true } = this.#options;
    if (!Number.isInteger(segments) || segments < 1) {
      throw new ArgumentError(`segments must be a whole number above 0, not ${segments}`);
    }
    await refuseDirectory(this.#target);
    try {
      if (segments > 1) await this.#fetchSegments(segments);
      const reply = await this.#sessions.attempt(
        async (session, progressed) => {
          await this.#chooseHash(session);
          return this.#fetch(session, progressed);
        },
        { signal, isShared: this.#known.isShared },
      );
      const part = this.#part as PartFile;
      const bytes = await part.length();
      const hash = await this.#verify(part);
      const modifiedAt = this.#facts?.modifiedAt;
      if (this.#reported !== bytes) this.#report(bytes);
      await part.commit(preserveTime ? modifiedAt : undefined);
      return { bytes, resumedFrom: this.#resumedFrom ?? 0, modifiedAt, hash, reply };
    } catch (error) {
      await this.#leave(error);
      throw error;
    }
  }

  /** Fetches what is missing. Resolves to the final reply, if anything was. */
  async #fetch(session: FtpSession, progressed: () => void): Promise<FtpReply | undefined> {
    const isFirst = this.#part === undefined;
    if (isFirst && this.#options.resume !== true) {
      // There is nothing to go on from: the transfer need not wait for the answers.
      const part = await this.#openPart(undefined);
      this.#resumedFrom = 0;
      return this.#complete(session, part, 0, this.#ask(session, isFirst), progressed);
    }
    const before = this.#version;
    const asking = this.#ask(session, isFirst);
    await asking;
    const part = await this.#openPart(before);
    const length = await part.length();
    const size = this.#facts?.size;
    const start = length > (size ?? 0) ? 0 : length;
    this.#resumedFrom ??= start;
    this.#furthest = Math.max(this.#furthest, start);
    if (start > 0 && start === size) return undefined;
    if (start < length) await part.truncate(start);
    return this.#complete(session, part, start, asking, progressed);
  }

  async #complete(
    session: FtpSession,
    part: PartFile,
    start: number,
    asking: Promise<void>,
    progressed: () => void,
  ): Promise<FtpReply> {
    try {
      const reply = await this.#receive(session, part, start);
      await asking;
      await this.#assertComplete(part);
      return reply;
    } finally {
      const reached = await part.length();
      if (reached > this.#furthest) progressed();
      this.#furthest = Math.max(this.#furthest, reached);
    }
  }

  /** Asks what the file is now; what a tree knows of it counts on the first try only. */
  #ask(session: FtpSession, isFirst: boolean): Promise<void> {
    const { facts } = this.#known;
    const isKnown = facts !== undefined && isFirst;
    const asking = isKnown ? Promise.resolve(facts) : factsOf(session, this.#path, this.#options);
    const answered = asking.then((told) => {
      this.#facts = told;
    });
    // The transfer fails for the same reason.
    answered.catch(() => undefined);
    return answered;
  }

  get #version(): string | undefined {
    return this.#facts && versionFrom(this.#path, this.#facts);
  }

  async #openPart(before: string | undefined): Promise<PartFile> {
    const version = this.#version;
    // Half of each of two versions would be no file at all.
    if (this.#part !== undefined && (version === undefined || version !== before)) {
      await this.#part.discard();
      this.#part = undefined;
      this.#resumedFrom = undefined;
    }
    this.#part ??= await PartFile.open(this.#target, this.#options.resume === true ? version : undefined);
    return this.#part;
  }

  async #receive(session: FtpSession, part: PartFile, start: number): Promise<FtpReply> {
    const { signal } = this.#options;
    const onProgress = (moved: number): void => this.#report(start + moved);
    try {
      const { reply } = await session.move(
        "RETR",
        this.#path,
        (data) => receiveFile(data, part.file, { position: start, onProgress, signal }),
        { rest: start, signal },
      );
      const { size = Infinity } = this.#facts ?? {};
      // Some servers begin at the first byte whatever they were told.
      if (start === 0 || (await part.length()) <= size) return reply;
    } catch (error) {
      if (start === 0 || !refusesRest(error)) throw error;
    }
    await part.truncate(0);
    this.#resumedFrom = 0;
    return this.#receive(session, part, 0);
  }

  #report(bytes: number): void {
    this.#reported = bytes;
    this.#options.onProgress?.({ bytes, total: this.#facts?.size });
  }

  async #assertComplete(part: PartFile): Promise<void> {
    const bytes = await part.length();
    const { size } = this.#facts ?? {};
    // More is no harm: it may have grown meanwhile.
    if (size === undefined || bytes >= size) return;
    const error = new ConnectionClosedError(`"${this.#path}" has ${size} bytes, but only ${bytes} came`);
    error.bytesTransferred = bytes;
    throw error;
  }

  /** Several sessions fetch what is missing, if it is known how much that is. */
  async #fetchSegments(count: number): Promise<void> {
    const { signal } = this.#options;
    const sessions = this.#sessions;
    const canRestart = await sessions.attempt(
      async (session) => {
        await this.#chooseHash(session);
        await this.#ask(session, true);
        return (await sessions.features(session, { signal })).canRestart;
      },
      { signal },
    );
    const version = this.#version;
    const size = this.#facts?.size;
    if (!canRestart || version === undefined || size === undefined) return;
    const part = await this.#openPart(version);
    const length = await part.length();
    const start = length > size ? 0 : length;
    this.#resumedFrom = start;
    if (start < length) await part.truncate(start);
    await part.hide();
    const onProgress = ({ bytes }: TransferProgress): void => this.#report(bytes);
    const options = { start, end: size, count, onProgress, signal };
    const { end, failure } = await fetchSegments(sessions, this.#path, part.file, options);
    await part.truncate(end);
    await part.show();
    this.#resumedFrom = Math.min(start, end);
    if (failure !== undefined && !refusesRest(failure)) throw failure;
  }

  /** Before anything is transferred that could not be compared. */
  async #chooseHash(session: FtpSession): Promise<void> {
    const { verify = false, signal } = this.#options;
    if (verify === false) return;
    this.#algorithm = hashFor(verify, await this.#sessions.features(session, { signal }));
  }

  async #verify(part: PartFile): Promise<FtpHash | undefined> {
    const { signal, verify } = this.#options;
    const algorithm = this.#algorithm;
    if (algorithm === undefined) return undefined;
    return this.#sessions.attempt(
      (session) => {
        const comparing = assertSame(session, this.#path, part.file, algorithm, { signal });
        // Not every hash that is offered is there for every file.
        return verify === "if-offered" ? unlessRefused(comparing) : comparing;
      },
      { signal },
    );
  }

  /** What is not what the server has is of no use another time. */
  async #leave(error: unknown): Promise<void> {
    const isGood = this.#version !== undefined && !(error instanceof ProtocolError);
    if (this.#options.resume === true && isGood) await this.#part?.keep();
    else await this.#part?.discard();
  }
}

/** Some servers can't begin in the middle of a file. */
function refusesRest(error: unknown): boolean {
  return error instanceof ReplyError && error.command.startsWith("REST") && error.isPermanent;
}
