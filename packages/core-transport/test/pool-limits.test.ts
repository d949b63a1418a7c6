// What a pool learns about a server that lets nobody in any more.
import { failureOf } from "@netcli/test-kit";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { refuseUnhandled } from "./grammars.ts";
import { heldPool, roomyPool } from "./pools.ts";

refuseUnhandled();

describe("a server that refuses a further session", () => {
  beforeEach(() => {
    vi.useFakeTimers({ toFake: ["performance"] });
  });

  afterEach(() => {
    vi.useRealTimers();
  });

  test("lets no task fail: they wait for the sessions that are there", async () => {
    for (const room of [1, 2, 3]) {
      const { pool, refusals, sessions } = roomyPool(5, { sessions: room });
      let busy = 0;
      let most = 0;
      const names = Array.from({ length: 40 }, (_, at) => at);
      const work = async (name: number): Promise<number> => {
        busy += 1;
        most = Math.max(most, busy);
        await new Promise(setImmediate);
        busy -= 1;
        return name;
      };
      expect(await Promise.all(names.map((name) => pool.use(() => work(name))))).toEqual(names);
      expect([most, sessions.length, pool.limit, refusals()]).toEqual([room, room, room, 5 - room]);
      await pool.quit();
    }
  });

  test("is not asked again for a minute, and then once", async () => {
    const { pool, task, settled, refusals } = roomyPool(3, { sessions: 1 });
    for (const name of ["a", "b"]) task(name);
    await settled();
    await settled();
    expect([refusals(), pool.limit]).toEqual([1, 1]);
    vi.advanceTimersByTime(59_999);
    task("c");
    await settled();
    await settled();
    expect([refusals(), pool.limit]).toEqual([1, 1]);
    vi.advanceTimersByTime(1);
    expect(pool.limit).toBe(3);
    task("d");
    await settled();
    await settled();
    await settled();
    expect(refusals()).toBe(3);
    expect(pool.limit).toBe(1);
    vi.advanceTimersByTime(59_999);
    expect(pool.limit).toBe(1);
  });

  test("is believed to have room again when it had after the minute", async () => {
    const room = { sessions: 1 };
    const { pool, task, begun, settled, sessions } = roomyPool(2, room);
    for (const name of ["a", "b"]) task(name);
    await settled();
    await settled();
    room.sessions = 2;
    vi.advanceTimersByTime(60_000);
    task("c");
    await settled();
    await settled();
    expect(begun).toEqual(["a1", "b2"]);
    expect(sessions).toHaveLength(2);
    expect(pool.limit).toBe(2);
  });

  test("is known by its last answer when sessions are opened side by side", async () => {
    const { pool, openings, task, settled } = heldPool(4);
    for (const name of ["a", "b", "c", "d"]) task(name);
    expect(openings).toHaveLength(4);
    openings[0]?.fail(new Error("full"));
    openings[3]?.fail(new Error("full"));
    await settled();
    expect(pool.limit).toBe(2);
    openings[1]?.succeed();
    openings[2]?.succeed();
    expect(await settled()).toEqual(["a1", "b2"]);
    expect(openings).toHaveLength(4);
    expect(pool.limit).toBe(2);
  });
});

describe("a server that refuses the only session", () => {
  const full = new Error("full");

  test("is heard by the task that waits first, and asked again for each of the others", async () => {
    const { openings, task, settled } = heldPool(1);
    const [a, b, c] = ["a", "b", "c"].map((name) => task(name));
    openings[0]?.fail(full);
    expect(await failureOf(a?.done as Promise<string>)).toBe(full);
    expect(openings).toHaveLength(2);
    const other = new Error("still full");
    openings[1]?.fail(other);
    expect(await failureOf(b?.done as Promise<string>)).toBe(other);
    openings[2]?.succeed();
    expect(await settled()).toEqual(["c1"]);
    c?.end();
    expect(await c?.done).toBe("c");
  });

  test("is asked for one at a time as long as it lets nobody in", async () => {
    const { pool, openings, task, settled } = heldPool(3);
    const tasks = ["a", "b", "c", "d", "e"].map((name) => task(name));
    for (const { fail } of openings.slice()) fail(full);
    expect(await failureOf(tasks[0]?.done as Promise<string>)).toBe(full);
    await settled();
    expect(openings).toHaveLength(4);
    openings[3]?.fail(full);
    expect(await failureOf(tasks[1]?.done as Promise<string>)).toBe(full);
    await settled();
    expect(openings).toHaveLength(5);
    // Whoever was shut does not say how many it stands when it is open.
    openings[4]?.succeed();
    expect(await settled()).toEqual(["c1"]);
    expect(pool.limit).toBe(3);
    expect(openings).toHaveLength(7);
  });

  test("is told nothing new by a task that was given up", async () => {
    const { openings, task, settled } = heldPool(1);
    const reason = new Error("enough");
    const controller = new AbortController();
    const a = task("a", { signal: controller.signal });
    controller.abort(reason);
    openings[0]?.fail(full);
    expect(await failureOf(a.done)).toBe(reason);
    await settled();
    expect(openings).toHaveLength(1);
    const b = task("b");
    openings[1]?.succeed();
    expect(await settled()).toEqual(["b1"]);
    b.end();
  });

  test("may refuse before it gives a promise", async () => {
    const { task } = heldPool(2, {
      open: () => {
        throw full;
      },
    });
    const tasks = ["a", "b", "c"].map((name) => task(name));
    expect(await Promise.all(tasks.map(({ done }) => failureOf(done)))).toEqual([full, full, full]);
  });
});
