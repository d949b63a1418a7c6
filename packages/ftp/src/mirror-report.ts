// What has become of a mirror so far, and whether it is of use to go on.
import { ConnectError, TimeoutError } from "@netcli/core-transport";
import type { MirrorResult } from "./mirror-options.ts";

// That many failures without any success in between are no matter of single files; a server that is not there weighs
// more than one that refuses.
const MOST_FAILURES_IN_A_ROW = 20;
const WEIGHT_OF_SILENCE = 7;

/** MirrorReport is what one call of `mirror` tells in the end. */
export class MirrorReport {
  readonly #stop: AbortController;
  readonly #signal: AbortSignal | undefined;
  readonly #transferred: { path: string; bytes: number }[] = [];
  readonly #directories: string[] = [];
  readonly #deleted: string[] = [];
  readonly #skipped: { path: string; reason: string }[] = [];
  readonly #failed: { path: string; error: Error }[] = [];
  #unchanged = 0;
  #failuresInARow = 0;

  /** `stop` ends the tasks that are under way, `signal` says that they were ended. */
  constructor(stop: AbortController, signal: AbortSignal | undefined) {
    this.#stop = stop;
    this.#signal = signal;
  }

  get result(): MirrorResult {
    const transferred = this.#transferred.toSorted(byPath);
    return {
      transferred,
      unchanged: this.#unchanged,
      directories: this.#directories.toSorted(),
      deleted: this.#deleted.toSorted(),
      skipped: this.#skipped.toSorted(byPath),
      failed: this.#failed.toSorted(byPath),
      bytes: transferred.reduce((sum, { bytes }) => sum + bytes, 0),
    };
  }

  transfer(path: string, bytes: number): void {
    this.#transferred.push({ path, bytes });
    this.#failuresInARow = 0;
  }

  leaveUnchanged(): void {
    this.#unchanged += 1;
    this.#failuresInARow = 0;
  }

  make(directory: string): void {
    this.#directories.push(directory);
  }

  delete(...paths: readonly string[]): void {
    this.#deleted.push(...paths);
  }

  skip(path: string, reason: string): void {
    this.#skipped.push({ path, reason });
  }

  /** Lets the others go on; throws where that is of no use. */
  fail(path: string, error: unknown): void {
    this.#signal?.throwIfAborted();
    const isSilent = error instanceof ConnectError || error instanceof TimeoutError;
    this.#failuresInARow += isSilent ? WEIGHT_OF_SILENCE : 1;
    if (this.#failuresInARow > MOST_FAILURES_IN_A_ROW) {
      this.#stop.abort(error);
      throw error;
    }
    this.#failed.push({ path, error: error as Error });
  }
}

function byPath(one: { path: string }, other: { path: string }): number {
  return one.path < other.path ? -1 : 1;
}
