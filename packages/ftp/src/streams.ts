// Files on the server as streams: to read from, and to write to.
import { PassThrough, Readable, Writable } from "node:stream";
import type { WritableStream } from "node:stream/web";
import { ArgumentError, assertArgument, ConnectionClosedError } from "@netcli/core-transport";
import { anySignal } from "./abort.ts";
import { pour, type ByteTaker } from "./byte-taker.ts";
import type { VerbOptions } from "./control.ts";
import type { TransferProgress } from "./download.ts";
import { factsOf, type FileFacts } from "./facts.ts";
import type { TransferResult } from "./session.ts";
import type { FtpSessions } from "./sessions.ts";
import { FileUpload, type UploadOptions } from "./upload.ts";

export interface OpenOptions extends VerbOptions {
  /** The first byte. Default 0. */
  start?: number | undefined;
  /** The byte behind the last. Default: to the end. */
  end?: number | undefined;
}

export interface PourFileOptions extends OpenOptions {
  onProgress?: ((progress: TransferProgress) => void) | undefined;
}

/** Hands the bytes of a file over. Tries again only while nobody has any of them. */
export async function pourFile(
  sessions: FtpSessions,
  path: string,
  taker: ByteTaker | WritableStream<Uint8Array>,
  { start = 0, end = Infinity, onProgress, signal }: PourFileOptions,
): Promise<TransferResult> {
  assertArgument("the remote path", path);
  assertRange(start, end);
  const length = end - start;
  let handed = 0;
  let facts: FileFacts | undefined;
  const report = (bytes: number): void => {
    handed = bytes;
    onProgress?.({ bytes: start + bytes, total: facts?.size });
  };
  return withTaker(taker, (take) =>
    sessions.attempt(
      async (session) => {
        const asking = factsOf(session, path, { signal });
        asking.then(
          (told) => (facts = told),
          () => undefined,
        );
        const { result, reply } = await session.move(
          "RETR",
          path,
          (data, gaveUp) => pour(data, take, gaveUp, { length, onProgress: report }),
          { rest: start, signal, isPartial: end < Infinity },
        );
        const { size = 0 } = await asking;
        assertNotCut(path, start + result, Math.min(size, end));
        return { bytes: result, reply };
      },
      { signal, canRepeat: () => handed === 0 },
    ),
  );
}

function assertRange(start: number, end: number): void {
  const isRange = Number.isSafeInteger(start) && start >= 0 && (end === Infinity || Number.isSafeInteger(end));
  if (!isRange || end <= start) throw new ArgumentError(`there are no bytes from ${start} to ${end}`);
}

// A cut stream may look complete (RFC 959 3.4; with TLS, too, to Node).
function assertNotCut(path: string, bytes: number, size: number): void {
  if (bytes >= size) return;
  const error = new ConnectionClosedError(`"${path}" ended at byte ${bytes} of ${size}`);
  error.bytesTransferred = bytes;
  throw error;
}

/** A web stream is written to by its writer, which is given back. */
async function withTaker<T>(
  taker: ByteTaker | WritableStream<Uint8Array>,
  work: (taker: ByteTaker) => Promise<T>,
): Promise<T> {
  if (!("getWriter" in taker)) return work(taker);
  const writer = taker.getWriter();
  try {
    return await work((chunk) => writer.write(chunk));
  } finally {
    writer.releaseLock();
  }
}

/** A file to read from. It ends when the server has said that all was sent. */
export function openFile(sessions: FtpSessions, path: string, options: OpenOptions): Readable {
  const ending = ended(sessions, options.signal);
  let goOn: (() => void) | undefined;
  const stream = new Readable({
    read: () => goOn?.(),
    destroy(error, done) {
      ending.end(error);
      goOn?.();
      done(error);
    },
  });
  const take = (chunk: Uint8Array): Promise<void> | undefined => {
    if (stream.destroyed || stream.push(chunk)) return undefined;
    return new Promise((resolve) => {
      goOn = resolve;
    });
  };
  pourFile(sessions, path, take, { ...options, signal: ending.signal }).then(
    () => stream.push(null),
    (error: Error) => stream.destroy(error),
  );
  return stream;
}

/** A file to write to. It finishes when the file is complete, and under its name. */
export function createFile(sessions: FtpSessions, path: string, options: UploadOptions): Writable {
  const ending = ended(sessions, options.signal);
  const content = new PassThrough();
  // Whoever reads it is told by the signal, too.
  content.on("error", () => undefined);
  const uploading = new FileUpload(sessions, content, path, { ...options, signal: ending.signal }).run();
  const stream = new Writable({
    write(chunk: Uint8Array, _encoding, done) {
      if (content.write(chunk)) done();
      else content.once("drain", done);
    },
    final(done) {
      content.end();
      uploading.then(() => done(), done);
    },
    destroy(error, done) {
      ending.end(error);
      // An end of it would be taken for the end of the file.
      content.destroy(error ?? undefined);
      const finish = (): void => done(error);
      uploading.then(finish, finish);
    },
  });
  uploading.catch((error: Error) => stream.destroy(error));
  return stream;
}

/** A signal that is aborted with the caller's, with the client, or when a stream is destroyed. */
function ended(
  { ending }: FtpSessions,
  given: AbortSignal | undefined,
): { signal: AbortSignal; end: (error: Error | null) => void } {
  const own = new AbortController();
  return {
    signal: anySignal(own.signal, ending, given),
    end: (error) => own.abort(error ?? new DOMException("the stream was given up", "AbortError")),
  };
}
