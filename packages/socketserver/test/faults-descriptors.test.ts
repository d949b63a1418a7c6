// Servers that run out of file descriptors, 5,000 silent clients, and a server's process that is killed.
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, describe, expect, test } from "vitest";
import { askOnce, RawClient, whileTalking } from "./fault-clients.ts";
import { nothingLeft } from "./fault-leaks.ts";
import { descriptorLimit, Program } from "./fault-program.ts";

// Most of the time is waiting: the tests wait together.
afterAll(nothingLeft);

const FEW = 64;
const MANY = 5_000;
const DEADLINE = 500;

/** A client that says hello and waits; it may be sent away at any time. */
async function visitor(port: number): Promise<RawClient> {
  const client = await RawClient.to(port);
  void client.send("hello\r\n");
  return client;
}

function isServed({ text }: RawClient): boolean {
  return text === "re: hello\r\n";
}

/** Waits until this many of them have their answer, or are gone. */
async function settled(clients: readonly RawClient[], count: number): Promise<void> {
  while (clients.filter((client) => isServed(client) || client.isOver).length < count) await sleep(5);
}

describe.concurrent("without a free file descriptor", () => {
  test("serve sheds clients, keeps those it has, and serves again when some have left", async () => {
    await using program = await Program.start({ workers: 0, descriptors: FEW });
    await whileTalking(program.port, async () => {
      const clients = await Promise.all(Array.from({ length: 3 * FEW }, () => visitor(program.port)));
      await settled(clients, clients.length);
      const served = clients.filter(isServed);
      expect(served.length).toBeGreaterThan(10);
      expect(served.length).toBeLessThan(FEW);
      for (const client of served) expect(await client.ask("still here")).toBe("re: still here");
      for (const client of clients) client[Symbol.dispose]();
    });
    const later = await Promise.all(Array.from({ length: 20 }, () => visitor(program.port)));
    await settled(later, later.length);
    expect(later.filter(isServed)).toHaveLength(20);
    for (const client of later) client[Symbol.dispose]();
    while ((await program.report()).stats.active > 0) await sleep(5);
  });

  test("workers take no more connections than they can, and those wait that came too early", async () => {
    await using program = await Program.start({ workers: 2, descriptors: FEW });
    await whileTalking(program.port, async () => {
      const clients: RawClient[] = [];
      // One by one, so that the server itself never has many of them.
      for (let count = 0; count < 2 * FEW; count += 1) {
        const client = await visitor(program.port);
        clients.push(client);
        await Promise.race([settled([client], 1), sleep(5)]);
      }
      const served = clients.filter(isServed);
      const waiting = clients.filter((client) => !isServed(client) && !client.isOver);
      expect(served.length).toBeGreaterThan(20);
      expect(served.length).toBeLessThan(2 * FEW);
      expect(waiting.length).toBeGreaterThan(3);
      for (const client of served) expect(await client.ask("still here")).toBe("re: still here");
      for (const client of served) client[Symbol.dispose]();
      await settled(waiting, waiting.length);
      expect(waiting.filter((client) => !isServed(client))).toEqual([]);
      for (const client of clients) client[Symbol.dispose]();
    });
    expect(await askOnce(program.port, "hello")).toBe("re: hello");
    while ((await program.report()).stats.active > 0) await sleep(5);
    expect((await program.report()).errors).toEqual([]);
  });

  test("a dead worker is replaced, at the cost of those who wait for it with all file descriptors", async () => {
    await using program = await Program.start({ workers: 1, descriptors: FEW });
    const pid = Number(await askOnce(program.port, "pid"));
    // It takes nothing any more, and they pile up until the server has to shed some.
    process.kill(pid, "SIGSTOP");
    const clients = await Promise.all(Array.from({ length: 2 * FEW }, () => visitor(program.port)));
    await settled(clients, 1);
    process.kill(pid, "SIGKILL");
    await settled(clients, clients.length);
    for (const client of clients) client[Symbol.dispose]();
    let answer: string | undefined;
    while (answer === undefined) answer = await askOnce(program.port, "hello").catch(() => undefined);
    expect(answer).toBe("re: hello");
    const { errors } = await program.report();
    expect(errors).toContainEqual(
      expect.stringMatching(/^WorkerError: a worker process could not be started: spawn .* EMFILE$/),
    );
  });
});

test.concurrent("workers do not outlive a server that is killed at work", async () => {
  await using program = await Program.start({ workers: 2 });
  const clients = await Promise.all(Array.from({ length: 20 }, () => RawClient.to(program.port)));
  const pids = new Set(await Promise.all(clients.map(async (client) => Number(await client.ask("pid")))));
  expect(pids.size).toBe(2);
  for (const client of clients) void client.send("late 60000\r\n");
  program.child.kill("SIGKILL");
  // Nobody else has these sockets.
  await Promise.all(clients.map(({ over }) => over));
  for (const client of clients) client[Symbol.dispose]();
});

test.concurrent.each([0, 2])(
  "a process whose server was shut down ends by itself: %d workers",
  async (workers) => {
    await using program = await Program.start({ workers });
    const clients = await Promise.all(Array.from({ length: 20 }, () => RawClient.to(program.port)));
    for (const client of clients) void client.send("hello\r\nhel");
    while (clients.some(({ text }) => text === "")) await sleep(1);
    // They neither end their line nor their side. What is left afterwards, a timer for one, would keep it alive.
    expect(await program.end(DEADLINE)).toBeLessThan(DEADLINE + 1_500);
    expect(program.child.exitCode).toBe(0);
    for (const client of clients) client[Symbol.dispose]();
  },
);

// Those of the test, and of the server; both have some besides.
describe.skipIf(descriptorLimit() < MANY + 200)(
  `${MANY} clients that say nothing`,
  { concurrent: true },
  () => {
    test("are served beside one that talks, cost little, and do not hold up the end", async () => {
      await using program = await Program.start({ workers: 0 });
      const before = await program.report();
      const clients: RawClient[] = [];
      await whileTalking(program.port, async () => {
        while (clients.length < MANY) {
          clients.push(...(await Promise.all(Array.from({ length: 250 }, () => RawClient.to(program.port)))));
        }
        while ((await program.report()).stats.active < MANY + 1) await sleep(5);
        const { memory } = await program.report();
        // Node's own sockets need a few KiB each.
        expect((memory - before.memory) / MANY).toBeLessThan(30_000);
        // In the middle of the crowd: a reply still takes no time.
        const start = performance.now();
        expect(await askOnce(program.port, "hello")).toBe("re: hello");
        expect(performance.now() - start).toBeLessThan(500);
      });
      // They do not end their side either.
      expect(await program.end(DEADLINE)).toBeLessThan(DEADLINE + 1_500);
      await Promise.all(clients.map(({ over }) => over));
      for (const client of clients) client[Symbol.dispose]();
    });
  },
);
