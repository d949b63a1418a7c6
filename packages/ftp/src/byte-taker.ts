// Where the bytes of a transfer go: to a function, or into a Node stream that is the caller's before and after.
import { finished, type Writable } from "node:stream";
import type { Connection } from "@netcli/core-transport";

/** Takes the bytes of a transfer: a function, awaited before more is read, or a Node stream, which is not ended. */
export type ByteTaker = ((chunk: Uint8Array) => unknown) | Writable;

export interface PourOptions {
  /** Bytes at most; the rest is given up. Default: all. */
  length?: number | undefined;
  /** Called with the bytes that the taker has so far. */
  onProgress?: ((bytes: number) => void) | undefined;
}

/**
 * Hands over what comes, up to the end of the peer's side. Resolves to the number of bytes when the taker has
 * them. A stream is waited for no longer once `signal` is aborted.
 */
export async function pour(
  data: Connection,
  taker: ByteTaker,
  signal: AbortSignal,
  options: PourOptions = {},
): Promise<number> {
  if (typeof taker === "function") return pourInto(data, taker, options);
  // Not node:stream's pipeline: it leaves a listener behind on a stream that is not to be ended.
  let failure: Error | undefined;
  let giveUp: ((error: Error) => void) | undefined;
  const fail = (error: Error): void => {
    failure ??= error;
    giveUp?.(failure);
  };
  const write = (chunk: Uint8Array): Promise<void> =>
    new Promise((resolve, reject) => {
      giveUp = reject;
      if (failure !== undefined) throw failure;
      // Of its failure the stream tells by an event, too.
      taker.write(chunk, (error) => {
        if (!error) resolve();
      });
    });
  const stop = finished(taker, { readable: false }, (error) => {
    fail(error ?? new Error("the stream was ended before it had all"));
  });
  signal.addEventListener("abort", () => fail(signal.reason as Error), { once: true });
  try {
    return await pourInto(data, write, options);
  } finally {
    stop();
  }
}

async function pourInto(
  data: Connection,
  take: (chunk: Uint8Array) => unknown,
  { length = Infinity, onProgress }: PourOptions,
): Promise<number> {
  let bytes = 0;
  for await (const chunk of data.readToEnd()) {
    const wanted = chunk.length > length - bytes ? chunk.subarray(0, length - bytes) : chunk;
    bytes += wanted.length;
    await take(wanted);
    onProgress?.(bytes);
    if (bytes === length) break;
  }
  return bytes;
}
