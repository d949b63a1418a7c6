// Items on their way from one who reads them to one who uses them, in batches.
import { LimitError } from "@netcli/core-transport";

// What is read ahead of a consumer.
const AHEAD = 4_096;

/** Batches lets neither of both get far ahead. */
export class Batches<T> {
  readonly #most: number;
  readonly #weigh: (item: T) => number;
  #batches: T[][] = [];
  #count = 0;
  #weight = 0;
  #isEnded = false;
  #error: Error | undefined;
  #isHurried = false;
  #wake: (() => void) | undefined;
  #goOn: (() => void) | undefined;
  isBegun = false;

  /** `most`: what all that is held may weigh, however much of a hurry there is. */
  constructor(most: number, weigh: (item: T) => number) {
    this.#most = most;
    this.#weigh = weigh;
  }

  /** Waits until there is room, unless there is a hurry. Rejects with LimitError. */
  async put(batch: T[]): Promise<void> {
    if (batch.length === 0) return;
    this.isBegun = true;
    this.#batches.push(batch);
    this.#count += batch.length;
    this.#weight += this.#weightOf(batch);
    this.#wake?.();
    if (this.#weight > this.#most) {
      // Nobody waits until these are used up to hear of it.
      this.#batches = [];
      throw new LimitError(
        "the listing comes faster than it is used, and does not fit into memory",
        "blockBytes",
      );
    }
    if (this.#count < AHEAD || this.#isHurried) return;
    await new Promise<void>((resolve) => {
      this.#goOn = resolve;
    });
  }

  #weightOf(batch: readonly T[]): number {
    return batch.reduce((sum, item) => sum + this.#weigh(item), 0);
  }

  /** From now on all is taken, however much it is. */
  hurry(): void {
    this.#isHurried = true;
    this.#goOn?.();
  }

  end(error?: Error): void {
    this.#isEnded = true;
    this.#error = error;
    this.#wake?.();
  }

  /** Undefined behind the last one. */
  async next(): Promise<T[] | undefined> {
    while (this.#batches.length === 0 && !this.#isEnded) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
    const batch = this.#batches.shift();
    if (batch === undefined && this.#error !== undefined) throw this.#error;
    this.#count -= batch?.length ?? 0;
    this.#weight -= this.#weightOf(batch ?? []);
    if (this.#count < AHEAD) this.#goOn?.();
    return batch;
  }
}
