// What an application does with an FTP server, in plain English.
import { randomBytes } from "node:crypto";
import { open, rename, rm, stat, type FileHandle } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import {
  ArgumentError,
  assertArgument,
  ConnectionClosedError,
  type Content,
  ProtocolError,
  receiveFile,
  ReplyError,
  sendFile,
} from "@netcli/core-transport";
import { entriesOf } from "./listing/entries.ts";
import type { FtpEntry } from "./listing/entry.ts";
import type { ListingReaderOptions } from "./listing/reader.ts";
import { resolveOptions, type FtpOptions } from "./options.ts";
import { finishSending, FtpSession, type TransferResult } from "./session.ts";

/** How far a transfer is. */
export interface TransferProgress {
  /** Bytes moved so far. */
  readonly bytes: number;
  /** Bytes in all; undefined if the server does not tell. */
  readonly total: number | undefined;
}

export interface DownloadOptions {
  /** Called now and then, and at the end. */
  onProgress?: ((progress: TransferProgress) => void) | undefined;
  /** Breaks off with the signal's reason; what was received is removed. The client stays usable. */
  signal?: AbortSignal | undefined;
}

export interface UploadOptions {
  /** Called now and then, and at the end. */
  onProgress?: ((progress: TransferProgress) => void) | undefined;
  /** Breaks off with the signal's reason; what was stored is deleted. The client stays usable. */
  signal?: AbortSignal | undefined;
}

/** How listings without facts are read; times in them are the server's own. */
export interface ListOptions extends Pick<ListingReaderOptions, "now" | "utcOffset" | "parser"> {
  /** Breaks off with the signal's reason. The client stays usable. */
  signal?: AbortSignal | undefined;
}

/** FtpClient is a logged-in connection to a server, anonymous unless a user is given. */
export class FtpClient {
  readonly #session: FtpSession;

  private constructor(session: FtpSession) {
    this.#session = session;
  }

  /**
   * Connects, logs in and enters the directory of the URL or options. Rejects with ConnectError, TlsError,
   * TimeoutError, ReplyError (login or directory refused) or ArgumentError.
   */
  static async connect(options: string | URL | FtpOptions): Promise<FtpClient> {
    const target = resolveOptions(options);
    return new FtpClient(await FtpSession.connect({ ...target, user: target.user ?? "anonymous" }));
  }

  /**
   * Downloads a file. It is written beside `localPath` under another name, and renamed when the server has said
   * that all was sent and every byte is there; until then a file of that name stays what it was.
   * Rejects with ReplyError, the errors of a broken connection, or the file system's own.
   */
  async download(
    remotePath: string,
    localPath: string,
    options: DownloadOptions = {},
  ): Promise<TransferResult> {
    const { onProgress, signal } = options;
    await refuseDirectory(localPath);
    const total = await this.#sizeIfKnown(remotePath, signal);
    const partPath = partPathOf(localPath);
    const file = await open(partPath, "wx");
    try {
      const { result: bytes, reply } = await this.#session.move(
        "RETR",
        remotePath,
        (data) =>
          receiveFile(data, file, { onProgress: (moved) => onProgress?.({ bytes: moved, total }), signal }),
        { signal },
      );
      // More is no harm: it may have grown meanwhile.
      if (total !== undefined && bytes < total) throw truncated(remotePath, bytes, total);
      await file.close();
      await rename(partPath, localPath);
      return { bytes, reply };
    } catch (error) {
      await file.close().catch(() => undefined);
      await rm(partPath, { force: true });
      throw error;
    }
  }

  /**
   * Uploads a file, or content that is bytes or a stream. It is stored beside `remotePath` under another name, and
   * renamed when the server has said that it has all, and has as many bytes where it can tell; until then a file of
   * that name stays what it was. Rejects with ReplyError, ProtocolError (the server has lost some), the errors of a
   * broken connection, the file system's or the source's own.
   */
  async upload(
    source: string | Exclude<Content, string>,
    remotePath: string,
    options: UploadOptions = {},
  ): Promise<TransferResult> {
    assertArgument("the remote path", remotePath);
    const { signal } = options;
    const session = this.#session;
    const partPath = remotePartPathOf(remotePath);
    const file = typeof source === "string" ? await open(source) : undefined;
    try {
      const content = typeof source === "string" ? undefined : source;
      const result = await this.#store(partPath, file, content, options);
      const size = await this.#sizeIfKnown(partPath, signal);
      if (size !== undefined && size !== result.bytes) {
        throw new ProtocolError(`of ${result.bytes} bytes the server has only ${size}`);
      }
      await session.rename(partPath, remotePath, { signal });
      return result;
    } catch (error) {
      // It may not be there, and the connection neither.
      await session.delete(partPath).catch(() => undefined);
      throw error;
    } finally {
      await file?.close();
    }
  }

  async #store(
    path: string,
    file: FileHandle | undefined,
    content: Content | undefined,
    { onProgress, signal }: UploadOptions,
  ): Promise<TransferResult> {
    const total = file === undefined ? undefined : (await file.stat()).size;
    const report = onProgress && ((bytes: number) => onProgress({ bytes, total }));
    if (file === undefined) return this.#session.store(path, content ?? "", { onProgress: report, signal });
    const { result, reply } = await this.#session.move(
      "STOR",
      path,
      async (data) => {
        const bytes = await sendFile(data, file, { onProgress: report, signal });
        await finishSending(data);
        return bytes;
      },
      { signal },
    );
    return { bytes: result, reply };
  }

  /**
   * The entries of a directory, by default of the current one: with all the facts that the server can tell, or else
   * read from the listing that it makes for people, in whichever of some thirty dialects. The directory itself and its
   * parent are left out. A line that nobody understands is an entry of unknown type without a name.
   */
  async list(path?: string, { signal, ...reading }: ListOptions = {}): Promise<FtpEntry[]> {
    const session = this.#session;
    const hasFacts = (await session.feat({ signal })).has("MLST");
    const entries = hasFacts
      ? await session.mlsd(path, { signal })
      : entriesOf(await session.dir(path, { signal }), reading);
    return entries.filter(({ special }) => special === undefined);
  }

  async #sizeIfKnown(path: string, signal: AbortSignal | undefined): Promise<number | undefined> {
    try {
      return await this.#session.size(path, { signal });
    } catch (error) {
      // Servers without SIZE; one that has no such file says so again, and better, to RETR.
      if (error instanceof ReplyError) return undefined;
      throw error;
    }
  }

  /** Says goodbye and closes. Never rejects. */
  quit(): Promise<void> {
    return this.#session.quit();
  }

  /** Closes at once. What is under way rejects. */
  close(): void {
    this.#session.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.quit();
  }
}

// File systems allow 255 bytes, and each of these has up to 3.
const SHOWN_CHARACTERS = 50;

// Another name in the same directory.
function partPathOf(path: string): string {
  return join(dirname(path), partNameOf(basename(path)));
}

// The same on the server, where paths have slashes, if any.
function remotePartPathOf(path: string): string {
  const name = path.lastIndexOf("/") + 1;
  return path.slice(0, name) + partNameOf(path.slice(name));
}

function partNameOf(name: string): string {
  return `.${name.slice(0, SHOWN_CHARACTERS)}.${randomBytes(6).toString("hex")}.part`;
}

// Renaming onto it would fail, but only after the whole file was transferred.
async function refuseDirectory(path: string): Promise<void> {
  const entry = await stat(path).catch(() => undefined);
  if (entry?.isDirectory() === true) throw new ArgumentError(`"${path}" is a directory; name a file`);
}

function truncated(path: string, bytes: number, total: number): ConnectionClosedError {
  const error = new ConnectionClosedError(`"${path}" has ${total} bytes, but only ${bytes} came`);
  error.bytesTransferred = bytes;
  return error;
}
