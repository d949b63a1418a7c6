// Tasks that wait for a session: who hears of them, and what their signals do.
import { getEventListeners } from "node:events";
import { failureOf } from "@netcli/test-kit";
import { describe, expect, test } from "vitest";
import { refuseUnhandled } from "./grammars.ts";
import { heldPool } from "./pools.ts";

refuseUnhandled();

describe("onWanted", () => {
  test("tells those who have sessions when others wait and no more can be opened", async () => {
    const { openings, task, settled } = heldPool(2);
    const [a, b] = ["a", "b"].map((name) => task(name));
    for (const { succeed } of openings) succeed();
    await settled();
    expect([a?.wanted(), b?.wanted()]).toEqual([0, 0]);
    const c = task("c");
    expect([a?.wanted(), b?.wanted(), c.wanted()]).toEqual([1, 1, 0]);
    a?.end();
    await settled();
    expect(c.wanted()).toBe(0);
  });

  test("tells nobody while a session is being opened for who waits, but if that fails", async () => {
    const { openings, task, settled } = heldPool(2);
    const a = task("a");
    openings[0]?.succeed();
    await settled();
    task("b");
    await settled();
    expect(a.wanted()).toBe(0);
    openings[1]?.fail(new Error("full"));
    await settled();
    expect(a.wanted()).toBe(1);
  });

  test("tells at once when more wait than sessions are being opened", async () => {
    const { openings, task, settled } = heldPool(2);
    const a = task("a");
    openings[0]?.succeed();
    await settled();
    task("b");
    task("c");
    expect(openings).toHaveLength(2);
    expect(a.wanted()).toBe(1);
  });

  test("tells who begins that others wait already", async () => {
    const { openings, task, settled } = heldPool(1);
    const a = task("a");
    task("b");
    openings[0]?.succeed();
    await settled();
    expect(a.wanted()).toBe(1);
  });
});

describe("a signal", () => {
  const reason = new Error("enough");

  test("that is aborted already keeps a task from waiting, and from opening anything", async () => {
    const { openings, task } = heldPool(1);
    expect(await failureOf(task("a", { signal: AbortSignal.abort(reason) }).done)).toBe(reason);
    expect(openings).toHaveLength(0);
  });

  test("takes a task out of the queue, wherever it stands, and leaves no listener behind", async () => {
    const { pool, task, begun, settled } = heldPool(1, { depth: 2 });
    pool.add({ number: 1, isUsable: true, endings: [] });
    const controller = new AbortController();
    const { signal } = controller;
    const first = task("a", { isShared: true });
    const given = task("b", { signal });
    task("c", { isShared: true });
    const later = task("d", { signal });
    expect(getEventListeners(signal, "abort")).toHaveLength(2);
    controller.abort(reason);
    // Those behind have room now that the one who wanted it alone is gone.
    expect(begun).toEqual(["a1", "c1"]);
    expect(await failureOf(given.done)).toBe(reason);
    expect(await failureOf(later.done)).toBe(reason);
    expect(getEventListeners(signal, "abort")).toHaveLength(0);
    first.end();
    expect(await settled()).toEqual([]);
  });

  test("does nothing to a task that has begun, and is not listened to any more", async () => {
    const { pool, task, settled } = heldPool(1);
    pool.add({ number: 1, isUsable: true, endings: [] });
    const controller = new AbortController();
    const a = task("a", { signal: controller.signal });
    expect(getEventListeners(controller.signal, "abort")).toHaveLength(0);
    controller.abort(reason);
    await settled();
    a.end();
    expect(await a.done).toBe("a");
  });

  test("leaves a session that is being opened for a task to the next one", async () => {
    const { openings, task, settled } = heldPool(1);
    const controller = new AbortController();
    const a = task("a", { signal: controller.signal });
    controller.abort(reason);
    expect(await failureOf(a.done)).toBe(reason);
    openings[0]?.succeed();
    await settled();
    task("b");
    expect(await settled()).toEqual([]);
    expect(openings).toHaveLength(1);
  });

  test("may be the same for any number of tasks", async () => {
    const warnings: Error[] = [];
    const hear = (warning: Error): void => void warnings.push(warning);
    process.on("warning", hear);
    const { pool, task, settled } = heldPool(1);
    const { signal } = new AbortController();
    const tasks = Array.from({ length: 50 }, (_, at) => task(String(at), { signal }));
    await settled();
    process.off("warning", hear);
    expect(warnings).toEqual([]);
    pool.close();
    await Promise.all(tasks.map(({ done }) => failureOf(done)));
  });

  test("is not listened to by a task that was refused", async () => {
    const { openings, pool, task, settled } = heldPool(1);
    const { signal } = new AbortController();
    const a = task("a", { signal });
    openings[0]?.fail(reason);
    expect(await failureOf(a.done)).toBe(reason);
    const b = task("b", { signal });
    await settled();
    pool.close();
    await failureOf(b.done);
    expect(getEventListeners(signal, "abort")).toHaveLength(0);
  });
});
