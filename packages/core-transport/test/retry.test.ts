// Trying again: how often, after which pauses, and when not.
import { getEventListeners } from "node:events";
import { syncBuiltinESMExports } from "node:module";
import timers, { setImmediate as tick } from "node:timers/promises";
import { failureOf } from "@netcli/test-kit";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { retry, type RetryOptions } from "../src/index.ts";
import { refuseUnhandled } from "./grammars.ts";
import { nothingLeft } from "./leaks.ts";

refuseUnhandled();

const passing = new Error("for now");
const lasting = new Error("for good");
const reason = new Error("enough");

const options: RetryOptions = { retries: 2, isPassing: (error) => error === passing };

/** Work that fails so often. */
function failing(times: number) {
  return vi.fn<() => Promise<string>>(async () => {
    times -= 1;
    if (times >= 0) throw passing;
    return "done";
  });
}

describe("retry", () => {
  const pauses: number[] = [];

  beforeEach(() => {
    pauses.length = 0;
    // Fake timers leave promises of timers alone.
    vi.spyOn(timers, "setTimeout").mockImplementation(async <T>(milliseconds = 0, value?: T) => {
      pauses.push(milliseconds);
      return value;
    });
    syncBuiltinESMExports();
  });

  afterEach(() => {
    vi.restoreAllMocks();
    syncBuiltinESMExports();
  });

  test("does work once that succeeds", async () => {
    const work = failing(0);
    expect(await retry(work, options)).toBe("done");
    expect(work).toHaveBeenCalledTimes(1);
    expect(pauses).toEqual([]);
  });

  test.each([0, 1, 2, 5])("tries again %i times, and no more", async (retries) => {
    const enough = failing(retries);
    expect(await retry(enough, { ...options, retries })).toBe("done");
    expect(enough).toHaveBeenCalledTimes(retries + 1);
    const tooFew = failing(retries + 1);
    expect(await failureOf(retry(tooFew, { ...options, retries }))).toBe(passing);
    expect(tooFew).toHaveBeenCalledTimes(retries + 1);
    // None behind the last failure.
    expect(pauses).toHaveLength(2 * retries);
  });

  test("does not try again what fails for good, and does not wait either", async () => {
    const work = vi.fn<() => Promise<never>>().mockRejectedValue(lasting);
    expect(await failureOf(retry(work, options))).toBe(lasting);
    expect(work).toHaveBeenCalledTimes(1);
    expect(pauses).toEqual([]);
    work.mockRejectedValueOnce(passing);
    expect(await failureOf(retry(work, options))).toBe(lasting);
    expect(work).toHaveBeenCalledTimes(3);
    expect(pauses).toHaveLength(1);
  });

  test("tries again what throws before it gives a promise", async () => {
    const work = vi.fn<() => Promise<string>>().mockImplementationOnce(() => {
      throw passing;
    });
    await retry(work, options);
    expect(work).toHaveBeenCalledTimes(2);
  });

  test.each([
    ["at most", 1, [250, 500, 1000, 2000, 4000, 8000, 10_000, 10_000]],
    ["at least", 0, [125, 250, 500, 1000, 2000, 4000, 5000, 5000]],
  ])("waits longer and longer, but not for ever: %s", async (_how, random, expected) => {
    vi.spyOn(Math, "random").mockReturnValue(random);
    await retry(failing(8), { ...options, retries: 8 });
    expect(pauses).toEqual(expected);
  });

  test("never waits longer, however often it has failed", async () => {
    await retry(failing(1_100), { ...options, retries: Infinity });
    expect(pauses).toHaveLength(1_100);
    expect(Math.max(...pauses)).toBeLessThanOrEqual(10_000);
    expect(Math.min(...pauses.slice(6))).toBeGreaterThanOrEqual(5_000);
  });

  test("counts and waits from the beginning again when the work has come further", async () => {
    vi.spyOn(Math, "random").mockReturnValue(1);
    let tries = 0;
    const work = async (progressed: () => void): Promise<never> => {
      tries += 1;
      if (tries === 3 || tries === 4) progressed();
      throw passing;
    };
    expect(await failureOf(retry(work, options))).toBe(passing);
    expect(pauses).toEqual([250, 500, 250, 250, 500]);
    expect(tries).toBe(6);
  });

  test("does not try again without retries, whatever was achieved", async () => {
    const work = vi.fn<(progressed: () => void) => Promise<never>>(async (progressed) => {
      progressed();
      throw passing;
    });
    expect(await failureOf(retry(work, { ...options, retries: 0 }))).toBe(passing);
    expect(work).toHaveBeenCalledTimes(1);
  });

  test("rejects with what isPassing throws", async () => {
    const isPassing = (): never => {
      throw lasting;
    };
    expect(await failureOf(retry(failing(1), { ...options, isPassing }))).toBe(lasting);
  });
});

describe("a signal of retry", () => {
  test.each([1, 2])(
    "ends a pause with its reason, be it number %i, and leaves nothing behind",
    async (which) => {
      const controllers = [new AbortController(), new AbortController(), new AbortController()];
      const signals = [undefined, ...controllers.map(({ signal }) => signal)];
      const work = failing(Infinity);
      const failure = failureOf(retry(work, { ...options, signals }));
      await tick();
      controllers[which]?.abort(reason);
      expect(await failure).toBe(reason);
      expect(work).toHaveBeenCalledTimes(1);
      for (const { signal } of controllers) expect(getEventListeners(signal, "abort")).toEqual([]);
      await nothingLeft();
    },
  );

  test("leaves no listener behind when the work succeeds after all", async () => {
    const { signal } = new AbortController();
    expect(await retry(failing(1), { ...options, signals: [signal] })).toBe("done");
    expect(getEventListeners(signal, "abort")).toEqual([]);
  });

  test("that has ended the work lets its failure through, and no other try", async () => {
    const controller = new AbortController();
    const work = vi.fn<() => Promise<never>>(async () => {
      controller.abort(reason);
      throw passing;
    });
    expect(await failureOf(retry(work, { ...options, signals: [controller.signal] }))).toBe(passing);
    expect(work).toHaveBeenCalledTimes(1);
  });
});
