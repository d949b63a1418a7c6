// One big file over several sessions: each fetches a part of it.
import type { FileHandle } from "node:fs/promises";
import { anySignal, ConnectionClosedError, receiveFile } from "@netcli/core-transport";
import type { TransferProgress } from "./progress.ts";
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

/** What came of it. */
export interface SegmentsResult {
  /** The place up to which all bytes are there, without a gap. */
  readonly end: number;
  /** Why it is not the end. */
  readonly failure?: unknown;
}

/** Fetches so many parts at the same time, into the places where they belong. Never rejects. */
export async function fetchSegments(
  sessions: FtpSessions,
  path: string,
  file: FileHandle,
  { start, end, count, onProgress, signal }: SegmentsOptions,
): Promise<SegmentsResult> {
  const segments = cut(start, end, count);
  const failed = new AbortController();
  const stop = anySignal(signal, failed.signal);
  const report = (): void => {
    const missing = segments.reduce((sum, segment) => sum + Math.max(segment.end - segment.position, 0), 0);
    onProgress?.({ bytes: end - missing, total: end });
  };
  const fetching = segments.map(async (segment) => {
    const isLast = segment === segments.at(-1);
    try {
      await fetchSegment(sessions, path, file, segment, { isLast, report, signal: stop });
    } catch (error) {
      failed.abort(error);
    }
  });
  await Promise.all(fetching);
  // More than there is comes from a server that begins at the first byte whatever it was told.
  if (segments.some((segment) => segment.position > segment.end)) return { end: 0 };
  const gap = segments.find((segment) => segment.position < segment.end);
  return gap === undefined ? { end } : { end: gap.position, failure: stop.reason };
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

interface SegmentOptions {
  readonly isLast: boolean;
  readonly report: () => void;
  readonly signal: AbortSignal;
}

async function fetchSegment(
  sessions: FtpSessions,
  path: string,
  file: FileHandle,
  segment: Segment,
  { isLast, report, signal }: SegmentOptions,
): Promise<void> {
  await sessions.attempt(
    async (session, progressed) => {
      const { position, end } = segment;
      const onProgress = (moved: number): void => {
        segment.position = position + moved;
        report();
      };
      // What the last one brings has an end of its own, which shows whether it began at the right place.
      const length = isLast ? undefined : end - position;
      const options = { position, length, onProgress, signal };
      try {
        const { result } = await session.move("RETR", path, (data) => receiveFile(data, file, options), {
          rest: position,
          signal,
          isPartial: !isLast,
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
