// Files on the server as streams: to read from, and to write to.
import { PassThrough, Readable, Writable } from "node:stream";
import type { WritableStream } from "node:stream/web";
import {
  anySignal,
  ArgumentError,
  assertArgument,
  ConnectionClosedError,
  orAborted,
  ProtocolError,
  type VerbOptions,
} from "@netcli/core-transport";
import { pour, type ByteTaker } from "./byte-taker.ts";
import type { TransferProgress } from "./progress.ts";
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

/** What takes the bytes of one transfer; it need not be waited for once that was given up. */
type Taking = (gaveUp: AbortSignal) => ByteTaker;

/** Hands the bytes of a file over. Tries again only while nobody has any of them. */
export async function pourFile(
  sessions: FtpSessions,
  path: string,
  taker: ByteTaker | WritableStream<Uint8Array>,
  options: PourFileOptions,
): Promise<TransferResult> {
  if (!("getWriter" in taker)) return pourOut(sessions, path, () => taker, options);
  // A web stream is written to by its writer, which is given back.
  const writer = taker.getWriter();
  try {
    const taking: Taking = (gaveUp) => (chunk) => orAborted(writer.write(chunk), gaveUp);
    return await pourOut(sessions, path, taking, options);
  } finally {
    writer.releaseLock();
  }
}

async function pourOut(
  sessions: FtpSessions,
  path: string,
  taking: Taking,
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
  return sessions.attempt(
    async (session) => {
      const asking = factsOf(session, path, { signal });
      asking.then(
        (told) => (facts = told),
        () => undefined,
      );
      const { result, reply } = await session.move(
        "RETR",
        path,
        (data, gaveUp) => pour(data, taking(gaveUp), gaveUp, { length, onProgress: report }),
        { rest: start, signal, isPartial: end < Infinity },
      );
      const { size } = await asking;
      // Behind the end of a range a refusal is no failure; in front of it, it is.
      const isCut = result < length && reply.code >= 300;
      assertNotCut(path, start + result, isCut ? end : Math.min(size ?? 0, end));
      // All of it instead of its end.
      if (start > 0 && result === size)
        throw new ProtocolError(`"${path}" came from its first byte, not from ${start}`);
      return { bytes: result, reply };
    },
    { signal, canRepeat: () => handed === 0 },
  );
}

function assertRange(start: number, end: number): void {
  const isRange =
    Number.isSafeInteger(start) && start >= 0 && (end === Infinity || Number.isSafeInteger(end));
  if (!isRange || end <= start) throw new ArgumentError(`there are no bytes from ${start} to ${end}`);
}

// A cut stream may look complete (RFC 959 3.4; with TLS, too, to Node).
function assertNotCut(path: string, bytes: number, size: number): void {
  if (bytes >= size) return;
  const error = new ConnectionClosedError(`"${path}" ended at byte ${bytes} of ${size}`);
  error.bytesTransferred = bytes;
  throw error;
}

/** A file to read from. It ends when the server has said that all was sent. */
export function openFile(sessions: FtpSessions, path: string, options: OpenOptions): Readable {
  const ending = ended(sessions, options.signal);
  let goOn: (() => void) | undefined;
  const stream = new Readable({
    read: () => goOn?.(),
    destroy(error, done) {
      ending.end(error);
      done(error);
    },
  });
  const taking: Taking = (gaveUp) => (chunk) => {
    if (stream.destroyed || stream.push(chunk)) return undefined;
    const wanted = new Promise<void>((resolve) => {
      goOn = resolve;
    });
    return orAborted(wanted, gaveUp);
  };
  pourOut(sessions, path, taking, { ...options, signal: ending.signal }).then(
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
  const upload = new FileUpload(sessions, content, path, { ...options, signal: ending.signal });
  // What it leaves on the server when it is given up is removed before the client has quit.
  const uploading = sessions.task(() => upload.run());
  // What was written last waits for room.
  let waiting: ((error?: Error | null) => void) | undefined;
  const goOn = (error?: Error | null): void => {
    const done = waiting;
    waiting = undefined;
    done?.(error);
  };
  content.on("drain", () => goOn());
  const stream = new Writable({
    write(chunk: Uint8Array, _encoding, done) {
      waiting = done;
      if (content.write(chunk)) goOn();
    },
    final(done) {
      content.end();
      uploading.then(() => done(), done);
    },
    destroy(error, done) {
      const reason = ending.end(error);
      // An end of it would be taken for the end of the file.
      content.destroy(reason);
      goOn(reason);
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
): { signal: AbortSignal; end: (error: Error | null) => Error } {
  const own = new AbortController();
  return {
    signal: anySignal(own.signal, ending, given),
    end(error) {
      const reason = error ?? new DOMException("the stream was given up", "AbortError");
      own.abort(reason);
      return reason;
    },
  };
}
