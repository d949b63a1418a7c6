// The sessions of a client: how long they are kept, how often a task is tried again, and how all of it ends.
import { setImmediate as tick, setTimeout as pause } from "node:timers/promises";
import { failureOf, gate } from "@netcli/test-kit";
import { describe, expect, test } from "vitest";
import { ArgumentError, ConnectionClosedError } from "../src/index.ts";
import { refuseUnhandled } from "./grammars.ts";
import { sessionsOf } from "./lendables.ts";

refuseUnhandled();

const passing = new Error("it passes");
const final = new Error("it does not");

/** Long enough for all that needs no time. */
async function settled(): Promise<void> {
  for (let turn = 0; turn < 5; turn += 1) await tick();
}

/** Fails so many times. */
function failing(times: number, error: Error = passing): () => Promise<string> {
  let left = times;
  return () => {
    left -= 1;
    return left < 0 ? Promise.resolve("done") : Promise.reject(error);
  };
}

function timers(): number {
  return process.getActiveResourcesInfo().filter((resource) => resource === "Timeout").length;
}

const once = (): boolean => false;

describe("Sessions", () => {
  test.each([
    { connections: 0 },
    { connections: -1 },
    { connections: 1.5 },
    { connections: NaN },
    { retries: -1 },
    { retries: NaN },
  ])("refuse %j", (options) => {
    expect(() => sessionsOf({}, options)).toThrow(ArgumentError);
  });

  test("open none before there is work, and no more than are wanted", async () => {
    const { sessions, opened } = sessionsOf({ depth: 3 }, { connections: 2 });
    expect(sessions.parallel).toBe(6);
    expect(opened).toHaveLength(0);
    await sessions.use(() => Promise.resolve());
    await sessions.use(() => Promise.resolve());
    expect(opened).toHaveLength(1);
    await Promise.all([sessions.use(() => sessions.use(() => settled())), settled()]);
    expect(opened).toHaveLength(2);
  });

  test("take in one that is open already", async () => {
    const { sessions, opened, another } = sessionsOf();
    const own = another();
    sessions.add(own);
    expect(await sessions.use((session) => Promise.resolve(session))).toBe(own);
    expect(opened).toHaveLength(0);
  });

  test("that are spent are ended politely and replaced, and quit waits for that", async () => {
    const { opened: quitted, open: goOn } = gate();
    const { sessions, opened } = sessionsOf({ isSpent: ({ uses }) => uses >= 2 }, {}, () => quitted);
    const use = (): Promise<unknown> =>
      sessions.use((session) => {
        session.uses += 1;
        return Promise.resolve();
      });
    for (let count = 0; count < 5; count += 1) await use();
    expect(opened.map(({ uses }) => uses)).toEqual([2, 2, 1]);
    expect(opened.map(({ endings }) => endings.join())).toEqual(["quit", "quit", ""]);
    let isOver = false;
    const quitting = sessions.quit().then(() => (isOver = true));
    await settled();
    expect(isOver).toBe(false);
    goOn();
    await quitting;
    expect(opened.map(({ endings }) => endings.join())).toEqual(["quit", "quit", "quit"]);
  });

  test("that are broken are closed, not ended politely", async () => {
    const { sessions, opened } = sessionsOf();
    await sessions.use((session) => {
      session.isOpen = false;
      return Promise.resolve();
    });
    await sessions.use(() => Promise.resolve());
    expect(opened.map(({ endings }) => endings.join())).toEqual(["close", ""]);
  });
});

describe("the idle time", () => {
  test("ends a session that nobody uses, politely and once, and the next task has another one", async () => {
    const { sessions, opened } = sessionsOf({ idleTime: 40 });
    await sessions.use(() => Promise.resolve());
    const begun = performance.now();
    while (opened[0]?.endings.length === 0) await pause(1);
    expect(performance.now() - begun).toBeGreaterThanOrEqual(35);
    await pause(60);
    expect(opened[0]?.endings).toEqual(["quit"]);
    await sessions.use(() => Promise.resolve());
    expect(opened).toHaveLength(2);
    await sessions.quit();
    expect(opened.map(({ endings }) => endings.join())).toEqual(["quit", "quit"]);
  });

  test("begins anew behind each task, and does not end one that works", async () => {
    const { sessions, opened } = sessionsOf({ idleTime: 250, depth: 2 });
    await sessions.use(() => Promise.resolve());
    for (let count = 0; count < 4; count += 1) {
      await pause(80);
      await sessions.use(() => Promise.resolve());
    }
    // Two at a time, of which one is over long before the other.
    const shared = { isShared: true };
    await Promise.all([
      sessions.use(() => pause(400), shared),
      sessions.use(() => Promise.resolve(), shared),
    ]);
    expect(opened).toHaveLength(1);
    expect(opened[0]?.endings).toEqual([]);
    while (opened[0]?.endings.length === 0) await pause(5);
    expect(opened[0]?.endings).toEqual(["quit"]);
  });

  test("also ends one that was taken in and never used", async () => {
    const { sessions, opened, another } = sessionsOf({ idleTime: 30 });
    const own = another();
    sessions.add(own);
    while (own.endings.length === 0) await pause(1);
    expect(own.endings).toEqual(["quit"]);
    expect(opened).toHaveLength(0);
  });

  test("leaves one alone that broke meanwhile", async () => {
    const { sessions, opened } = sessionsOf({ idleTime: 30 });
    await sessions.use((session) => {
      session.isOpen = false;
      return Promise.resolve();
    });
    await pause(60);
    expect(opened[0]?.endings).toEqual([]);
  });

  test.each(["quit", "close"] as const)("keeps nobody waiting behind %s", async (how) => {
    const { sessions } = sessionsOf({ idleTime: 60_000 });
    const before = timers();
    sessions.add(sessionsOf().another());
    await sessions[how]();
    expect(timers()).toBeLessThanOrEqual(before);
  });

  test("is endless if nothing was said", async () => {
    const { sessions, opened } = sessionsOf();
    await sessions.use(() => Promise.resolve());
    await pause(30);
    expect(opened[0]?.endings).toEqual([]);
  });
});

describe("an attempt", () => {
  test.each([0, 1, 2])("is made %i times more", async (retries) => {
    const { sessions } = sessionsOf({}, { retries });
    let tries = 0;
    const counted = (work: () => Promise<string>) => (): Promise<string> => {
      tries += 1;
      return work();
    };
    expect(await sessions.attempt(counted(failing(retries)))).toBe("done");
    expect(tries).toBe(retries + 1);
    tries = 0;
    expect(await failureOf(sessions.attempt(counted(failing(retries + 1))))).toBe(passing);
    expect(tries).toBe(retries + 1);
  });

  test("is made anew when it has come further", async () => {
    const { sessions } = sessionsOf({}, { retries: 1 });
    const work = failing(3);
    const done = sessions.attempt((_session, progressed) => {
      progressed();
      return work();
    });
    expect(await done).toBe("done");
  });

  test("is not made anew for what does not pass, or can't be done again, or when all is over", async () => {
    const { sessions } = sessionsOf({}, { retries: 2 });
    expect(await failureOf(sessions.attempt(failing(1, final)))).toBe(final);
    expect(await failureOf(sessions.attempt(failing(1), { canRepeat: once }))).toBe(passing);
    const signal = AbortSignal.abort("enough");
    expect(await failureOf(sessions.attempt(failing(1), { signal }))).toBe("enough");
    const closing = sessions.attempt(() => {
      sessions.close();
      return Promise.reject(passing);
    });
    expect(await failureOf(closing)).toBe(passing);
  });

  test("has another session where the one before broke", async () => {
    const { sessions, opened } = sessionsOf({}, { retries: 1 });
    const work = failing(1);
    await sessions.attempt((session) => {
      session.isOpen = opened.length > 1;
      return work();
    });
    expect(opened.map(({ endings }) => endings.join())).toEqual(["close", ""]);
  });
});

describe("the end", () => {
  test("by quit comes behind tasks that have begun, and takes no more", async () => {
    const { sessions, opened } = sessionsOf({}, { retries: 1 });
    const { opened: wait, open: goOn } = gate();
    const work = failing(1);
    const task = sessions.task(async () => {
      await wait;
      return sessions.attempt(work);
    });
    let isOver = false;
    const quitting = sessions.quit().then(() => (isOver = true));
    expect(sessions.quit()).toBeInstanceOf(Promise);
    expect(await failureOf(sessions.task(() => Promise.resolve()))).toBeInstanceOf(ConnectionClosedError);
    await settled();
    expect([isOver, sessions.ending.aborted, sessions.closed.aborted]).toEqual([false, true, false]);
    goOn();
    expect(await task).toBe("done");
    await quitting;
    expect(opened.map(({ endings }) => endings.join())).toEqual(["quit"]);
  });

  test("by close is at once, for those as well that were leaving, and for who waits for a quit", async () => {
    const never = new Promise<void>(() => undefined);
    const { sessions, opened } = sessionsOf({ isSpent: ({ uses }) => uses > 0 }, {}, () => never);
    await sessions.use((session) => {
      session.uses = 1;
      return Promise.resolve();
    });
    const using = sessions.use(() => never);
    const waiting = failureOf(sessions.use(() => never));
    void using;
    await settled();
    const quitting = sessions.quit();
    sessions.close();
    expect(await waiting).toBeInstanceOf(ConnectionClosedError);
    expect(sessions.closed.aborted).toBe(true);
    expect(opened.map(({ endings }) => endings.join())).toEqual(["quit,close", "close"]);
    void quitting;
    expect(await failureOf(sessions.use(() => Promise.resolve()))).toBeInstanceOf(ConnectionClosedError);
  });
});
