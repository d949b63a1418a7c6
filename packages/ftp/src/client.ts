// What an application does with an FTP server, in plain English, over one session or several.
import type { VerbOptions } from "@netcli/core-transport";
import type { Readable, Writable } from "node:stream";
import type { WritableStream } from "node:stream/web";
import type { ByteTaker } from "./byte-taker.ts";
import { entriesIn, listDirectory, type ListOptions } from "./directory.ts";
import { FileDownload, type DownloadOptions } from "./download.ts";
import type { FileResult } from "./progress.ts";
import { ensureDirectory } from "./ensure.ts";
import type { FtpEntry, FtpEntryType } from "./listing/entry.ts";
import { mirrorTree } from "./mirror.ts";
import type { MirrorOptions, MirrorResult } from "./mirror-options.ts";
import { removeDirectory } from "./remove.ts";
import type { FtpSession, TransferResult } from "./session.ts";
import { FtpSessions, type FtpClientOptions } from "./sessions.ts";
import { existsEntry, statEntry } from "./stat.ts";
import { createFile, openFile, type OpenOptions, pourFile, type PourFileOptions } from "./streams.ts";
import { FileUpload, type UploadOptions, type UploadSource } from "./upload.ts";
import { walkTree, type WalkItem, type WalkOptions } from "./walk.ts";

/**
 * FtpClient does tasks over one or more sessions with a server, anonymous unless a user is given. Relative paths are
 * from the directory of the URL or options. Calls at the same time are safe: they share the sessions, and wait when
 * there are none. A task whose connection breaks is tried again (`retries`).
 */
export class FtpClient {
  readonly #sessions: FtpSessions;

  private constructor(sessions: FtpSessions) {
    this.#sessions = sessions;
  }

  /**
   * Connects, logs in and enters the directory of the URL or options. Rejects with ConnectError, TlsError,
   * TimeoutError, ReplyError (login or directory refused) or ArgumentError.
   */
  static async connect(options: string | URL | FtpClientOptions): Promise<FtpClient> {
    return new FtpClient(await FtpSessions.connect(options));
  }

  /**
   * Lends a session for its verbs, for as long as the work lasts; no other task uses it meanwhile. It comes in the
   * directory of the client, and may be left in another one. With one connection a task of the client inside the work
   * would wait for the work to end.
   */
  use<T>(work: (session: FtpSession) => Promise<T>, options: VerbOptions = {}): Promise<T> {
    return this.#sessions.task(() => this.#sessions.lend(work, options));
  }

  /**
   * Downloads a file. It is written beside `target` under another name, and renamed when the server has said
   * that all was sent and every byte is there; until then a file of that name stays what it was.
   * Rejects with ReplyError, the errors of a broken connection, ProtocolError (`verify` found another hash), or the
   * file system's own.
   */
  download(remotePath: string, target: string, options?: DownloadOptions): Promise<FileResult>;
  /** Hands the bytes of a file to a stream, which is not ended, or to a function, which is awaited. */
  download(
    remotePath: string,
    target: ByteTaker | WritableStream<Uint8Array>,
    options?: PourFileOptions,
  ): Promise<TransferResult>;
  async download(
    remotePath: string,
    target: string | ByteTaker | WritableStream<Uint8Array>,
    options: DownloadOptions & PourFileOptions = {},
  ): Promise<FileResult | TransferResult> {
    return this.#sessions.task<FileResult | TransferResult>(() =>
      typeof target === "string"
        ? new FileDownload(this.#sessions, remotePath, target, options).run()
        : pourFile(this.#sessions, remotePath, target, options),
    );
  }

  /**
   * Uploads a file, or content that is bytes, a stream, or a function that gives either. It is stored beside
   * `remotePath` under another name, and renamed when the server has said that it has all, and has as many bytes
   * where it can tell; until then a file of that name stays what it was. A stream can't be sent again if the
   * connection breaks. Rejects with ReplyError, ProtocolError (the server has something else), the errors of a broken
   * connection, the file system's or the source's own.
   */
  async upload(source: UploadSource, remotePath: string, options: UploadOptions = {}): Promise<FileResult> {
    return this.#sessions.task(() => new FileUpload(this.#sessions, source, remotePath, options).run());
  }

  /** A file, or some of its bytes, as a stream. A session is taken until it has ended or was destroyed. */
  open(remotePath: string, options: OpenOptions = {}): Readable {
    return openFile(this.#sessions, remotePath, options);
  }

  /**
   * A stream that becomes a file: under its name when the stream has finished. A stream that is destroyed leaves
   * nothing behind. A session is taken until then.
   */
  create(remotePath: string, options: UploadOptions = {}): Writable {
    return createFile(this.#sessions, remotePath, options);
  }

  /**
   * The entries of a directory, by default of the current one: with all the facts that the server can tell, or else
   * read from the listing that it makes for people, in whichever of some thirty dialects. The directory itself and its
   * parent are left out. A line that nobody understands is an entry of unknown type without a name.
   */
  list(path?: string, options: ListOptions = {}): Promise<FtpEntry[]> {
    return this.#sessions.task(() => listDirectory(this.#sessions, path, options));
  }

  /**
   * The same, one by one as they come, in little memory. It takes a session; when others wait for one, what is left of
   * the listing is read into memory.
   */
  entries(path?: string, options: ListOptions = {}): AsyncGenerator<FtpEntry, void, void> {
    return entriesIn(this.#sessions, path, options);
  }

  /** All entries of a directory tree, level by level. Their names come from the server: see `isSafeName`. */
  walk(path: string = "", options: WalkOptions = {}): AsyncGenerator<WalkItem, void, void> {
    return walkTree(this.#sessions, path, options);
  }

  /** What there is under that path. Rejects with ReplyError if there is nothing. */
  stat(path: string, options: ListOptions = {}): Promise<FtpEntry> {
    const work = (session: FtpSession): Promise<FtpEntry> =>
      statEntry(this.#sessions, session, path, options);
    return this.#sessions.task(() => this.#sessions.attempt(work, options));
  }

  /** The type of what there is under that path; false if there is nothing. */
  exists(path: string, options: ListOptions = {}): Promise<FtpEntryType | false> {
    const work = (session: FtpSession): Promise<FtpEntryType | false> =>
      existsEntry(this.#sessions, session, path, options);
    return this.#sessions.task(() => this.#sessions.attempt(work, options));
  }

  /** Makes a directory, and those above it, unless they are there. */
  ensureDir(path: string, options: VerbOptions = {}): Promise<void> {
    return this.#sessions.task(() => ensureDirectory(this.#sessions, path, options));
  }

  /**
   * Removes a directory and all in it; links are removed, not followed. What can't be removed keeps nothing else from
   * being; rejects then with the first ReplyError.
   */
  removeTree(path: string, options: VerbOptions = {}): Promise<void> {
    return this.#sessions.task(() => removeDirectory(this.#sessions, path, options));
  }

  /**
   * Makes a directory tree here like one on the server, or the other way round. Names from the server never lead out
   * of the tree, and links that are there are not followed. What happens to one file is in the result; rejects only if
   * a root can't be read or made, with the signal's reason, or if nothing works any more.
   */
  mirror(options: MirrorOptions): Promise<MirrorResult> {
    return this.#sessions.task(() => mirrorTree(this.#sessions, options));
  }

  /** Says goodbye and closes, when the tasks that were begun have ended. Never rejects. */
  quit(): Promise<void> {
    return this.#sessions.quit();
  }

  /** Closes at once. What is under way rejects. */
  close(): void {
    this.#sessions.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.quit();
  }
}
