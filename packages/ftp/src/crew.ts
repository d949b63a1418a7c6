// Tasks side by side, so many at a time.

/** Crew begins tasks in their order. After a failure no further one begins; those under way are waited for. */
export class Crew {
  readonly #size: number;
  #busy = 0;
  #failure: { readonly error: unknown } | undefined;
  #wake: (() => void)[] = [];

  constructor(size: number) {
    this.#size = size;
  }

  /** Resolves when the task has begun. Rejects with the failure of an earlier one. */
  async add(task: () => Promise<unknown>): Promise<void> {
    // Looked at again without a turn in between, or two would take one place.
    while (this.#busy >= this.#size) await this.#change();
    if (this.#failure !== undefined) throw this.#failure.error;
    this.#busy += 1;
    void this.#run(task);
  }

  async #run(task: () => Promise<unknown>): Promise<void> {
    try {
      await task();
    } catch (error) {
      this.#failure ??= { error };
    }
    this.#busy -= 1;
    for (const wake of this.#wake.splice(0)) wake();
  }

  /** Resolves when all have ended. Rejects with the first failure. */
  async done(): Promise<void> {
    while (this.#busy > 0) await this.#change();
    if (this.#failure !== undefined) throw this.#failure.error;
  }

  /** Resolves when a task has ended. */
  #change(): Promise<void> {
    return new Promise((resolve) => {
      this.#wake.push(resolve);
    });
  }
}

/** Does the same to all, so many at a time. Rejects with the first failure, when all that had begun have ended. */
export async function forEach<T>(
  items: Iterable<T>,
  size: number,
  work: (item: T) => Promise<unknown>,
): Promise<void> {
  const crew = new Crew(size);
  try {
    for (const item of items) await crew.add(() => work(item));
  } finally {
    await crew.done();
  }
}
