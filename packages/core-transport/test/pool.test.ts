// Lending sessions: in order, no more than needed, shared where that is allowed, and never one that is broken.
import { failureOf } from "@netcli/test-kit";
import { describe, expect, test } from "vitest";
import { refuseUnhandled } from "./grammars.ts";
import { heldPool, roomyPool } from "./pools.ts";

refuseUnhandled();

const everywhere = { sessions: Infinity };

describe("a pool", () => {
  test("opens nothing before there is a task, and then one session for each up to its size", async () => {
    const { openings, task, settled } = heldPool(2);
    await settled();
    expect(openings).toHaveLength(0);
    task("a");
    await settled();
    expect(openings).toHaveLength(1);
    task("b");
    task("c");
    await settled();
    expect(openings).toHaveLength(2);
  });

  test("lends a session that is free before it opens another one", async () => {
    const { sessions, task, settled } = roomyPool(3, everywhere);
    for (const name of ["a", "b", "c"]) {
      const { done, end } = task(name);
      end();
      expect(await done).toBe(name);
    }
    await settled();
    expect(sessions).toHaveLength(1);
  });

  test("takes in a session that is open, and lends it at once to who waits", async () => {
    const { pool, task, begun, settled } = heldPool(1);
    task("a");
    pool.add({ number: 7, isUsable: true, endings: [] });
    expect(begun).toEqual(["a7"]);
    expect(await settled()).toEqual([]);
  });

  test("begins tasks in the order in which they came, whichever session is free first", async () => {
    const { openings, begun, task, settled } = heldPool(2);
    const tasks = ["a", "b", "c", "d", "e"].map((name) => task(name));
    openings[1]?.succeed();
    await settled();
    openings[0]?.succeed();
    expect(await settled()).toEqual(["b2"]);
    expect(begun).toEqual(["a1", "b2"]);
    tasks[1]?.end();
    expect(await settled()).toEqual(["c2"]);
    tasks[0]?.end();
    expect(await settled()).toEqual(["d1"]);
    tasks[2]?.end();
    expect(await settled()).toEqual(["e2"]);
  });

  test("has a session free again before the caller goes on, also behind a failure", async () => {
    const { pool, sessions } = roomyPool(2, everywhere);
    const failure = new Error("it failed");
    expect(await pool.use(async ({ number }) => number)).toBe(1);
    expect(await failureOf(pool.use(() => Promise.reject(failure)))).toBe(failure);
    expect(await pool.use(async ({ number }) => number)).toBe(1);
    expect(sessions).toHaveLength(1);
  });

  test("takes work that throws before it gives a promise for work that fails", async () => {
    const { pool, task, sessions } = roomyPool(1, everywhere);
    const failure = new Error("at once");
    const work = (): never => {
      throw failure;
    };
    const holding = task("a");
    const failing = failureOf(pool.use(work));
    const behind = task("b");
    holding.end();
    // Who let it go is not to blame.
    expect(await holding.done).toBe("a");
    expect(await failing).toBe(failure);
    behind.end();
    expect(await behind.done).toBe("b");
    expect(await failureOf(pool.use(work))).toBe(failure);
    expect(sessions).toHaveLength(1);
    await pool.quit();
  });

  test("lets work ask for another session", async () => {
    const { pool } = roomyPool(2, everywhere);
    const both = await pool.use(async (one) => [one.number, await pool.use(async ({ number }) => number)]);
    expect(both).toEqual([1, 2]);
  });
});

describe("a session that is not usable any more", () => {
  test("is closed and replaced", async () => {
    const { sessions, task, settled, begun } = roomyPool(2, everywhere);
    const tasks = ["a", "b"].map((name) => task(name));
    await settled();
    await settled();
    for (const { end } of tasks) end();
    await settled();
    for (const session of sessions) session.isUsable = false;
    task("c");
    task("d");
    await settled();
    await settled();
    expect(begun).toEqual(["a1", "b2", "c3", "d4"]);
    expect(sessions.map(({ endings }) => endings)).toEqual([["close"], ["close"], [], []]);
  });

  test("is not lent to others, and is replaced, while a task still has it", async () => {
    const { sessions, task, settled, begun } = roomyPool(1, everywhere, { depth: 2 });
    const first = task("a", { isShared: true });
    await settled();
    await settled();
    (sessions[0] as { isUsable: boolean }).isUsable = false;
    task("b", { isShared: true });
    await settled();
    await settled();
    expect(begun).toEqual(["a1", "b2"]);
    first.end();
    expect(await first.done).toBe("a");
    expect(sessions.map(({ endings }) => endings)).toEqual([["close"], []]);
  });
});

describe("tasks that share a session", () => {
  const shared = { isShared: true };

  test("are as many as its depth says, with whoever has the fewest others", async () => {
    const { pool, task, begun, settled } = heldPool(2, { depth: 3 });
    pool.add({ number: 1, isUsable: true, endings: [] });
    pool.add({ number: 2, isUsable: true, endings: [] });
    const tasks = ["a", "b", "c", "d", "e", "f", "g"].map((name) => task(name, shared));
    expect(begun).toEqual(["a1", "b2", "c1", "d2", "e1", "f2"]);
    tasks[3]?.end();
    expect(await settled()).toEqual(["g2"]);
  });

  test("open another session only when none has room", async () => {
    const { openings, task, settled } = heldPool(2, { depth: 2 });
    task("a", shared);
    await settled();
    openings[0]?.succeed();
    expect(await settled()).toEqual(["a1"]);
    task("b", shared);
    expect(openings).toHaveLength(1);
    task("c", shared);
    expect(openings).toHaveLength(2);
    openings[1]?.succeed();
    expect(await settled()).toEqual(["c2"]);
  });

  test("never have it with one that wants it alone, whichever came first", async () => {
    const { pool, task, begun, settled } = heldPool(1, { depth: 3 });
    pool.add({ number: 1, isUsable: true, endings: [] });
    const alone = task("a");
    const others = ["b", "c"].map((name) => task(name, shared));
    expect(begun).toEqual(["a1"]);
    alone.end();
    expect(await settled()).toEqual(["b1", "c1"]);
    const last = task("d");
    others[0]?.end();
    expect(await settled()).toEqual([]);
    others[1]?.end();
    expect(await settled()).toEqual(["d1"]);
    last.end();
    expect(await last.done).toBe("d");
  });

  test("do not pass one that waits for it alone", async () => {
    const { pool, task, begun, settled } = heldPool(1, { depth: 2 });
    pool.add({ number: 1, isUsable: true, endings: [] });
    const first = task("a", shared);
    const alone = task("b");
    const later = task("c", shared);
    expect(begun).toEqual(["a1"]);
    first.end();
    expect(await settled()).toEqual(["b1"]);
    alone.end();
    expect(await settled()).toEqual(["c1"]);
    later.end();
    expect(await later.done).toBe("c");
  });
});
