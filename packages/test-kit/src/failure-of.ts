// For tests of failures.

/** What the promise rejects with; throws if it resolves. */
export async function failureOf(promise: Promise<unknown>): Promise<unknown> {
  const failed = Symbol("failed");
  let reason: unknown;
  const result = await promise.catch((error: unknown) => {
    reason = error;
    return failed;
  });
  if (result !== failed) throw new Error("it did not fail");
  return reason;
}
