// What an application does with an FTP server, in plain English.
import { randomBytes } from "node:crypto";
import { open, rename, rm, stat } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { ArgumentError, ConnectionClosedError, receiveFile, ReplyError } from "@netcli/core-transport";
import { resolveOptions, type FtpOptions } from "./options.ts";
import { FtpSession, type TransferResult } from "./session.ts";

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
  const shown = basename(path).slice(0, SHOWN_CHARACTERS);
  return join(dirname(path), `.${shown}.${randomBytes(6).toString("hex")}.part`);
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
