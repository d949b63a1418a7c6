// How fast a transfer is at the moment.

// Long enough for a steady number, short enough to tell soon that nothing comes any more.
const WINDOW_MILLISECONDS = 5_000;
const STEP_MILLISECONDS = 100;

interface Sample {
  readonly at: number;
  readonly bytes: number;
}

/** Speed is taken over the last seconds. Times are in milliseconds. */
export class Speed {
  readonly #samples: Sample[];
  #bytes: number;

  /** `bytes`: how many were there before. */
  constructor(now: number, bytes = 0) {
    this.#samples = [{ at: now, bytes }];
    this.#bytes = bytes;
  }

  update(bytes: number, now: number): void {
    this.#bytes = bytes;
    if (now - (this.#samples.at(-1)?.at ?? 0) >= STEP_MILLISECONDS) this.#samples.push({ at: now, bytes });
  }

  /** Bytes per second. */
  at(now: number): number {
    // The first one is that from which is counted: the last that is older than the window.
    while ((this.#samples[1]?.at ?? Infinity) <= now - WINDOW_MILLISECONDS) this.#samples.shift();
    const { at, bytes } = this.#samples[0] ?? { at: now, bytes: this.#bytes };
    return now <= at ? 0 : ((this.#bytes - bytes) / (now - at)) * 1_000;
  }
}
