// One big file over several sessions: each fetches a part of it.
import type { FileHandle } from "node:fs/promises";
import { ConnectionClosedError, receiveFile } from "@netcli/core-transport";
import { anySignal } from "./abort.ts";
import type { TransferProgress } from "./download.ts";
import type { FtpSessions } from "./sessions.ts";

/** Which part of a file is fetched, and how. */
export interface SegmentsOptions {
  /** The first byte. */
  readonly start: number;
  /** The one behind the last. */
  readonly end: number;
  readonly count: number;
  readonly onProgress: ((progress: TransferProgress) => void) | undefined;
  readonly signal: AbortSignal | undefined;
}

interface Segment {
  /** The next byte to fetch. */
  position: number;
  readonly end: number;
}

// Less is sooner there than another data connection.
const LEAST_BYTES = 1_048_576;

/**
 * Fetches so many parts at the same time. If that fails, the file is left with those bytes that have no gap before
 * them.
 */
export async function fetchSegments(
  sessions: FtpSessions,
  path: string,
  file: FileHandle,
  { start, end, count, onProgress, signal }: SegmentsOptions,
): Promise<void> {
  const segments = cut(start, end, count);
  const failed = new AbortController();
  const stop = anySignal(signal, failed.signal);
  const report = (): void => {
    const missing = segments.reduce((sum, segment) => sum + segment.end - segment.position, 0);
    onProgress?.({ bytes: end - missing, total: end });
  };
  const fetching = segments.map(async (segment) => {
    try {
      await fetchSegment(sessions, path, file, segment, report, stop);
    } catch (error) {
      failed.abort(error);
      throw error;
    }
  });
  const outcomes = await Promise.allSettled(fetching);
  if (outcomes.every(({ status }) => status === "fulfilled")) return;
  const gap = segments.find(({ position, end: last }) => position < last);
  await file.truncate(gap?.position ?? end);
  throw stop.reason;
}

function cut(start: number, end: number, count: number): Segment[] {
  const most = Math.max(Math.floor((end - start) / LEAST_BYTES), 1);
  const length = Math.ceil((end - start) / Math.min(count, most));
  const segments: Segment[] = [];
  for (let position = start; position < end; position += length) {
    segments.push({ position, end: Math.min(position + length, end) });
  }
  return segments;
}

async function fetchSegment(
  sessions: FtpSessions,
  path: string,
  file: FileHandle,
  segment: Segment,
  report: () => void,
  signal: AbortSignal,
): Promise<void> {
  await sessions.attempt(
    async (session, progressed) => {
      const { position, end } = segment;
      const onProgress = (moved: number): void => {
        segment.position = position + moved;
        report();
      };
      const options = { position, length: end - position, onProgress, signal };
      try {
        const { result } = await session.move("RETR", path, (data) => receiveFile(data, file, options), {
          rest: position,
          signal,
          isPartial: true,
        });
        segment.position = position + result;
      } finally {
        if (segment.position > position) progressed();
      }
      if (segment.position < end) {
        throw new ConnectionClosedError(`"${path}" ended at byte ${segment.position} of ${end}`);
      }
    },
    { signal },
  );
}
