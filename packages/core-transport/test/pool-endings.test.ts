// The end of a pool, politely or at once: every task hears of it once, and nothing is left running.
import { getEventListeners } from "node:events";
import { setImmediate as tick } from "node:timers/promises";
import { failureOf, gate } from "@netcli/test-kit";
import { describe, expect, test } from "vitest";
import { ConnectionClosedError } from "../src/index.ts";
import { refuseUnhandled } from "./grammars.ts";
import { heldPool, type PoolFixture, roomyPool, type Session } from "./pools.ts";

refuseUnhandled();

const everywhere = { sessions: Infinity };

/** Tells whether a promise has resolved. */
function watch(promise: Promise<unknown>): () => boolean {
  let isOver = false;
  void promise.then(() => (isOver = true));
  return () => isOver;
}

function lends({ pool }: PoolFixture): Promise<unknown> {
  return failureOf(pool.use(() => Promise.resolve("lent")));
}

function ended({ sessions }: PoolFixture): string[] {
  return sessions.map(({ endings }) => endings.join());
}

describe("quit", () => {
  test("ends idle sessions politely, each once, and waits for that", async () => {
    const { opened: quitted, open: goOn } = gate();
    const quit = async ({ endings }: Session): Promise<void> => {
      endings.push("quit");
      await quitted;
    };
    const fixture = roomyPool(2, everywhere, { quit });
    const tasks = ["a", "b"].map((name) => fixture.task(name));
    for (const { end } of tasks) end();
    await Promise.all(tasks.map(({ done }) => done));
    const quitting = fixture.pool.quit();
    const isOver = watch(quitting);
    void fixture.pool.quit();
    await fixture.settled();
    expect([isOver(), ended(fixture)]).toEqual([false, ["quit", "quit"].slice(0, fixture.sessions.length)]);
    goOn();
    await quitting;
  });

  test("of a pool that has nothing resolves at once", async () => {
    const { pool, openings } = heldPool(1);
    await pool.quit();
    expect(openings).toEqual([]);
  });

  test("waits for tasks that have begun, and for those that wait", async () => {
    const fixture = roomyPool(1, everywhere);
    const [a, b, c] = ["a", "b", "c"].map((name) => fixture.task(name));
    await tick();
    await tick();
    const quitting = fixture.pool.quit();
    const isOver = watch(quitting);
    a?.end();
    await a?.done;
    expect(isOver()).toBe(false);
    b?.fail(new Error("it failed"));
    await fixture.settled();
    expect([isOver(), ended(fixture)]).toEqual([false, [""]]);
    c?.end();
    expect(await c?.done).toBe("c");
    await quitting;
    expect(ended(fixture)).toEqual(["quit"]);
  });

  test("ends sessions that nobody waits for while others are busy", async () => {
    const fixture = roomyPool(2, everywhere);
    const [a, b] = ["a", "b"].map((name) => fixture.task(name));
    await tick();
    await tick();
    const quitting = fixture.pool.quit();
    b?.end();
    await b?.done;
    await tick();
    expect(ended(fixture)).toEqual(["", "quit"]);
    a?.end();
    await quitting;
    expect(ended(fixture)).toEqual(["quit", "quit"]);
  });

  test("waits for a task whose session broke and was replaced", async () => {
    const fixture = roomyPool(1, everywhere, { depth: 2 });
    const a = fixture.task("a", { isShared: true });
    await tick();
    await tick();
    (fixture.sessions[0] as Session).isUsable = false;
    const b = fixture.task("b");
    b.end();
    await b.done;
    const isOver = watch(fixture.pool.quit());
    await fixture.settled();
    expect(isOver()).toBe(false);
    a.end();
    await a.done;
    await fixture.settled();
    expect([isOver(), ended(fixture)]).toEqual([true, ["close", "quit"]]);
  });

  test("lets tasks have the sessions that are being opened for them", async () => {
    const fixture = heldPool(2);
    const { openings, task, pool, settled } = fixture;
    const [a, b] = ["a", "b"].map((name) => task(name));
    const quitting = pool.quit();
    openings[0]?.succeed();
    expect(await settled()).toEqual(["a1"]);
    expect(openings.map(({ signal }) => signal.aborted)).toEqual([false, false]);
    const failure = new Error("full");
    openings[1]?.fail(failure);
    a?.end();
    expect(await settled()).toEqual(["b1"]);
    b?.end();
    await quitting;
    expect(ended(fixture)).toEqual(["quit"]);
  });

  test("breaks openings off that nobody waits for, and ends what they still give", async () => {
    const fixture = heldPool(3);
    const { openings, task, pool, settled } = fixture;
    const [a, b, c] = ["a", "b", "c"].map((name) => task(name));
    openings[0]?.succeed();
    await settled();
    const quitting = pool.quit();
    const isOver = watch(quitting);
    for (const done of [a, b]) {
      done?.end();
      await done?.done;
    }
    await settled();
    expect(openings.map(({ signal }) => signal.aborted)).toEqual([true, true, true]);
    c?.end();
    await c?.done;
    openings[1]?.fail(openings[1].signal.reason as Error);
    await settled();
    expect(isOver()).toBe(false);
    openings[2]?.succeed();
    await quitting;
    expect(ended(fixture)).toEqual(["quit", "quit"]);
  });

  test("passes on why the last session could not be opened", async () => {
    const { openings, task, pool } = heldPool(1);
    const a = task("a");
    const quitting = pool.quit();
    const failure = new Error("full");
    openings[0]?.fail(failure);
    expect(await failureOf(a.done)).toBe(failure);
    await quitting;
  });

  test("lets no task come any more", async () => {
    const fixture = roomyPool(1, everywhere);
    const a = fixture.task("a");
    const quitting = fixture.pool.quit();
    expect(await lends(fixture)).toBeInstanceOf(ConnectionClosedError);
    a.end();
    await quitting;
    expect(await lends(fixture)).toBeInstanceOf(ConnectionClosedError);
    await fixture.pool.quit();
  });
});

describe("close", () => {
  test("rejects what waits, closes what is open, breaks off what is being opened", async () => {
    const fixture = heldPool(2);
    const { openings, task, pool, settled } = fixture;
    const controller = new AbortController();
    const [a, b, c] = ["a", "b", "c"].map((name) => task(name, { signal: controller.signal }));
    openings[0]?.succeed();
    await settled();
    pool.close();
    expect(await failureOf(b?.done as Promise<string>)).toBeInstanceOf(ConnectionClosedError);
    expect(await failureOf(c?.done as Promise<string>)).toBeInstanceOf(ConnectionClosedError);
    expect(ended(fixture)).toEqual(["close"]);
    expect(openings[1]?.signal.aborted).toBe(true);
    expect(pool.closed.aborted).toBe(true);
    expect(getEventListeners(controller.signal, "abort")).toEqual([]);
    // What works with a session hears of it from that.
    const lost = new Error("the connection was closed");
    a?.fail(lost);
    expect(await failureOf(a?.done as Promise<string>)).toBe(lost);
    // Too late to be of use to anybody.
    openings[1]?.succeed();
    await settled();
    pool.close();
    expect(ended(fixture)).toEqual(["close", "close"]);
  });

  test("closes a session that is brought later", async () => {
    const { pool, sessions } = heldPool(1);
    pool.close();
    const late: Session = { number: 1, isUsable: true, endings: [] };
    pool.add(late);
    expect([late.endings, sessions]).toEqual([["close"], []]);
  });

  test("lets no task come any more", async () => {
    const fixture = roomyPool(1, everywhere);
    fixture.pool.close();
    expect(await lends(fixture)).toBeInstanceOf(ConnectionClosedError);
    expect(fixture.sessions).toEqual([]);
  });

  test.each(["before", "behind"])("%s quit leaves nothing to wait for", async (when) => {
    const fixture = heldPool(2);
    const { openings, task, pool, settled } = fixture;
    task("a");
    openings[0]?.succeed();
    await settled();
    const b = task("b");
    const quitting = when === "behind" ? pool.quit() : undefined;
    pool.close();
    await (quitting ?? pool.quit());
    expect(await failureOf(b.done)).toBeInstanceOf(ConnectionClosedError);
    expect(ended(fixture)).toEqual(["close"]);
  });

  test("cuts sessions short that are being ended politely", async () => {
    const { opened: never } = gate();
    const quit = ({ endings }: Session): Promise<void> => (endings.push("quit"), never);
    const fixture = roomyPool(1, everywhere, { quit });
    const a = fixture.task("a");
    a.end();
    await a.done;
    const quitting = fixture.pool.quit();
    fixture.pool.close();
    await quitting;
    expect(ended(fixture)).toEqual(["quit,close"]);
  });

  test("inside work that has just begun closes what that has, too", async () => {
    const fixture = heldPool(1);
    const { pool } = fixture;
    const session: Session = { number: 1, isUsable: true, endings: [] };
    pool.add(session);
    const work = async (): Promise<string> => {
      pool.close();
      return "done";
    };
    const behind = pool.use(work).then(() => lends(fixture));
    expect(await behind).toBeInstanceOf(ConnectionClosedError);
    expect(session.endings).toEqual(["close"]);
  });
});
