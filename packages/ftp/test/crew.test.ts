// Tasks side by side: no more than allowed, in their order, and what happens when one fails.
import { setImmediate as tick } from "node:timers/promises";
import { failureOf, gate } from "@netcli/test-kit";
import { describe, expect, test } from "vitest";
import { Crew, forEach } from "../src/crew.ts";
import { refuseUnhandled } from "./fixtures.ts";

refuseUnhandled();

const failure = new Error("it failed");

/** Tasks that last until they are told to end. */
function tasks() {
  const begun: string[] = [];
  const ends = new Map<string, (error?: Error) => void>();
  const task = (name: string) => (): Promise<void> => {
    begun.push(name);
    return new Promise((resolve, reject) => {
      ends.set(name, (error) => (error === undefined ? resolve() : reject(error)));
    });
  };
  const end = async (name: string, error?: Error): Promise<void> => {
    ends.get(name)?.(error);
    await tick();
  };
  return { begun, task, end };
}

describe("a crew", () => {
  test("has so many tasks under way, and begins the next when one has ended", async () => {
    const { begun, task, end } = tasks();
    const crew = new Crew(2);
    await crew.add(task("a"));
    await crew.add(task("b"));
    const adding = crew.add(task("c"));
    await tick();
    expect(begun).toEqual(["a", "b"]);
    await end("b");
    await adding;
    expect(begun).toEqual(["a", "b", "c"]);
  });

  test("has no more under way when many are added at the same moment, and begins them in order", async () => {
    const { begun, task, end } = tasks();
    const crew = new Crew(2);
    const names = ["a", "b", "c", "d", "e"];
    const adding = names.map((name) => crew.add(task(name)));
    await tick();
    expect(begun).toEqual(["a", "b"]);
    for (const [at, name] of names.entries()) {
      await end(name);
      expect(begun).toEqual(names.slice(0, at + 3));
    }
    await Promise.all(adding);
    await crew.done();
  });

  test("is done when all have ended, and at once when there are none", async () => {
    const { task, end } = tasks();
    const crew = new Crew(3);
    await crew.done();
    for (const name of ["a", "b"]) await crew.add(task(name));
    let isDone = false;
    const done = crew.done().then(() => (isDone = true));
    await end("a");
    expect(isDone).toBe(false);
    await end("b");
    await done;
  });

  test("begins nothing behind a failure, not even what waits, and waits for what is under way", async () => {
    const { begun, task, end } = tasks();
    const crew = new Crew(2);
    for (const name of ["a", "b"]) await crew.add(task(name));
    const waiting = failureOf(crew.add(task("c")));
    let isDone = false;
    const done = failureOf(crew.done()).finally(() => (isDone = true));
    await end("a", failure);
    expect(await waiting).toBe(failure);
    expect(await failureOf(crew.add(task("d")))).toBe(failure);
    expect([isDone, begun]).toEqual([false, ["a", "b"]]);
    await end("b", new Error("another one"));
    expect(await done).toBe(failure);
  });

  test("takes a task that throws before it gives a promise for one that fails", async () => {
    const crew = new Crew(1);
    await crew.add(() => {
      throw failure;
    });
    expect(await failureOf(crew.done())).toBe(failure);
  });

  test("keeps a failure that is undefined", async () => {
    const crew = new Crew(1);
    await crew.add(() => Promise.reject());
    expect(await crew.done().catch((error: unknown) => ["rejected", error])).toEqual(["rejected", undefined]);
  });
});

describe("forEach", () => {
  test("does the same to all, so many at a time", async () => {
    let busy = 0;
    let most = 0;
    const met: number[] = [];
    const items = [1, 2, 3, 4, 5, 6, 7];
    await forEach(items, 3, async (item) => {
      busy += 1;
      most = Math.max(most, busy);
      await tick();
      busy -= 1;
      met.push(item);
    });
    expect([met, most]).toEqual([items, 3]);
    await forEach([], 3, () => Promise.reject(failure));
  });

  test("rejects with the first failure, when all that had begun have ended", async () => {
    const { opened, open } = gate();
    const met: number[] = [];
    let isOver = false;
    const running = forEach([1, 2, 3], 2, async (item) => {
      met.push(item);
      await (item === 1 ? tick() : opened);
      throw item === 1 ? failure : new Error("another one");
    });
    const failing = failureOf(running).finally(() => (isOver = true));
    await tick();
    await tick();
    expect([met, isOver]).toEqual([[1, 2], false]);
    open();
    expect(await failing).toBe(failure);
  });

  test("rejects with the failure of the last one", async () => {
    expect(await failureOf(forEach([1], 2, () => Promise.reject(failure)))).toBe(failure);
  });

  test("rejects with what the items throw, when all that had begun have ended", async () => {
    let isOver = false;
    function* items(): Generator<number> {
      yield 1;
      throw failure;
    }
    const work = async (): Promise<void> => {
      await tick();
      isOver = true;
    };
    expect(await failureOf(forEach(items(), 2, work))).toBe(failure);
    expect(isOver).toBe(true);
  });
});
