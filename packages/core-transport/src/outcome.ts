// What became of some work, for those who ask for several things at once and look at the answers later.

export type Outcome<T> =
  | { readonly value: T; readonly error?: undefined }
  | { readonly value?: undefined; readonly error: Error };

/** Waits for what becomes of it; never rejects. */
export function outcomeOf<T>(work: Promise<T>): Promise<Outcome<T>> {
  return work.then(
    (value) => ({ value }),
    (error: Error) => ({ error }),
  );
}
