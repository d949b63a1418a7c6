// A pool whose sessions do nothing: when they open, break and end is up to the test.
import { setImmediate as tick } from "node:timers/promises";
import { gate } from "@netcli/test-kit";
import { Pool, type PoolOptions, type UseOptions } from "../src/index.ts";

export interface Session {
  readonly number: number;
  isUsable: boolean;
  /** How it was ended, as often as it was. */
  readonly endings: ("quit" | "close")[];
}

/** One try to open a session. */
interface Opening {
  readonly signal: AbortSignal;
  readonly succeed: () => Session;
  readonly fail: (error: Error) => void;
}

export interface PoolFixture {
  readonly pool: Pool<Session>;
  readonly openings: readonly Opening[];
  readonly sessions: readonly Session[];
  /** Names of tasks in the order in which they began, with the number of their session. */
  readonly begun: readonly string[];
  /** Begins a task that lasts until `end` or `fail`. */
  readonly task: (name: string, options?: UseOptions) => Task;
  /** The names of the tasks that begin from now on until nothing moves any more. */
  readonly settled: () => Promise<readonly string[]>;
}

interface Task {
  readonly done: Promise<string>;
  readonly end: () => void;
  readonly fail: (error: Error) => void;
  /** How often it heard that others wait. */
  readonly wanted: () => number;
}

/** Sessions open when the test says so. */
export function heldPool(size: number, options: Partial<PoolOptions<Session>> = {}): PoolFixture {
  const openings: Opening[] = [];
  const sessions: Session[] = [];
  const begun: string[] = [];
  const open = (signal: AbortSignal): Promise<Session> =>
    new Promise((resolve, reject) => {
      const succeed = (): Session => {
        const session: Session = { number: sessions.length + 1, isUsable: true, endings: [] };
        sessions.push(session);
        resolve(session);
        return session;
      };
      openings.push({ signal, succeed, fail: reject });
    });
  const pool = new Pool<Session>({
    size,
    depth: 1,
    open,
    isUsable: ({ isUsable }) => isUsable,
    quit: async ({ endings }) => void endings.push("quit"),
    close: ({ endings }) => void endings.push("close"),
    ...options,
  });
  const task = (name: string, given: UseOptions = {}): Task => {
    const { opened: ended, open: end } = gate();
    let failure: Error | undefined;
    let wanted = 0;
    const onWanted = (): void => void (wanted += 1);
    const done = pool.use(
      async ({ number }) => {
        begun.push(`${name}${number}`);
        await ended;
        if (failure !== undefined) throw failure;
        return name;
      },
      { onWanted, ...given },
    );
    done.catch(() => undefined);
    const fail = (error: Error): void => {
      failure = error;
      end();
    };
    return { done, end, fail, wanted: () => wanted };
  };
  const settled = async (): Promise<readonly string[]> => {
    const before = begun.length;
    await tick();
    return begun.slice(before);
  };
  return { pool, openings, sessions, begun, task, settled };
}

/** A server that lets so many sessions in, at once; `room` can be changed. */
export function roomyPool(
  size: number,
  room: { sessions: number },
  options: Partial<PoolOptions<Session>> = {},
): PoolFixture & { readonly refusals: () => number } {
  let number = 0;
  let refusals = 0;
  const sessions: Session[] = [];
  const open = async (): Promise<Session> => {
    await tick();
    const inside = sessions.filter(({ isUsable, endings }) => isUsable && endings.length === 0).length;
    if (inside >= room.sessions) {
      refusals += 1;
      throw new Error(`no room for another one (${refusals})`);
    }
    number += 1;
    const session: Session = { number, isUsable: true, endings: [] };
    sessions.push(session);
    return session;
  };
  return { ...heldPool(size, { open, ...options }), sessions, refusals: () => refusals };
}
