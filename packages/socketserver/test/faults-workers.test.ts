// Worker processes that are killed at work, or die as soon as they are started: what is lost is theirs alone.
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { ArgumentError } from "@netcli/core-transport";
import { failureOf, tempDir } from "@netcli/test-kit";
import { afterAll, describe, expect, test } from "vitest";
import { ForkingTCPServer, StreamRequestHandler } from "../src/index.ts";
import { askOnce, RawClient } from "./fault-clients.ts";
import { handlers, idle, type Running, startPython } from "./fault-faces.ts";
import { nothingLeft } from "./fault-leaks.ts";

// Most of the time is waiting: the tests wait together.
afterAll(nothingLeft);

const killed = expect.objectContaining({
  name: "WorkerError",
  message: "the worker process died (SIGKILL)",
});

class TwoWorkers extends ForkingTCPServer {
  override maxChildren = 2;
}

/** A client that asks and asks; it notes each reply that is not what it should be. */
class Asking {
  readonly client: RawClient;
  readonly pid: number;
  readonly wrong: string[] = [];
  /** Right replies. */
  count = 0;
  /** Resolves when the connection is over, or `stop` was called. */
  readonly done: Promise<void>;
  #stopped = false;

  private constructor(client: RawClient, pid: number) {
    this.client = client;
    this.pid = pid;
    this.done = this.#ask();
  }

  static async to(port: number): Promise<Asking> {
    const client = await RawClient.to(port);
    return new Asking(client, Number(await client.ask("pid")));
  }

  async #ask(): Promise<void> {
    while (!this.#stopped) {
      const request = `late 20 ${this.pid} ${this.count}`;
      const reply = await this.client.ask(request).catch(() => undefined);
      if (reply === undefined) return;
      if (reply === `re: ${request}`) this.count += 1;
      else this.wrong.push(reply);
    }
  }

  /** Waits for so many further replies. */
  async progress(count: number): Promise<void> {
    const goal = this.count + count;
    while (this.count < goal && !this.client.isOver) await sleep(1);
  }

  stop(): void {
    this.#stopped = true;
  }
}

/** Many of them. */
class Crowd implements AsyncDisposable {
  readonly all: readonly Asking[];

  private constructor(all: readonly Asking[]) {
    this.all = all;
  }

  static async of(size: number, { port }: Running): Promise<Crowd> {
    return new Crowd(await Promise.all(Array.from({ length: size }, () => Asking.to(port))));
  }

  get pids(): readonly number[] {
    return [...new Set(this.all.map(({ pid }) => pid))];
  }

  get wrong(): readonly string[] {
    return this.all.flatMap(({ wrong }) => wrong);
  }

  /** Waits until each has got so many further replies, or is gone. */
  async progress(count: number): Promise<void> {
    await Promise.all(this.all.map((asking) => asking.progress(count)));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const asking of this.all) asking.stop();
    await Promise.all(this.all.map(({ done }) => done));
    for (const { client } of this.all) client[Symbol.dispose]();
  }
}

describe.concurrent("a worker that is killed while 200 connections have requests in flight", () => {
  test("takes its own connections with it, and no other; it is replaced", async () => {
    await using server = await startPython(TwoWorkers, handlers.Talk);
    let lost = 0;
    {
      await using crowd = await Crowd.of(200, server);
      const [victim = 0, ...rest] = crowd.pids;
      expect(rest).toHaveLength(1);
      const theirs = crowd.all.filter(({ pid }) => pid === victim);
      const others = crowd.all.filter(({ pid }) => pid !== victim);
      lost = theirs.length;
      // Each gets its share; whoever is quicker may get a few more.
      expect(Math.abs(theirs.length - others.length)).toBeLessThan(80);
      await crowd.progress(2);
      process.kill(victim, "SIGKILL");
      await Promise.all(theirs.map(({ client }) => client.over));
      await crowd.progress(3);
      expect(others.filter(({ client }) => client.isOver)).toEqual([]);
      expect(crowd.wrong).toEqual([]);
      // The successor gets what comes next, because it has least to do.
      let pid = victim;
      while (crowd.pids.includes(pid)) pid = Number(await askOnce(server.port, "pid"));
    }
    await idle(server);
    expect(server.errors).toEqual(Array.from({ length: lost }, () => killed));
  });

  test("may be all of them: who comes next waits for their successors", async () => {
    await using server = await startPython(TwoWorkers, handlers.Talk);
    {
      await using before = await Crowd.of(200, server);
      await before.progress(1);
      for (const pid of before.pids) process.kill(pid, "SIGKILL");
      await using later = await Crowd.of(20, server);
      await Promise.all(before.all.map(({ client }) => client.over));
      await later.progress(2);
      expect([...before.wrong, ...later.wrong]).toEqual([]);
      expect(later.all.filter(({ pid, client }) => before.pids.includes(pid) || client.isOver)).toEqual([]);
    }
    await idle(server);
    expect(server.errors).toEqual(Array.from({ length: 200 }, () => killed));
  });

  test("loses none of those that were on their way to it", async () => {
    await using server = await startPython(ForkingTCPServer, handlers.Talk);
    const pid = Number(await askOnce(server.port, "pid"));
    // It takes nothing any more: the first connection stays between the processes, the others in the server.
    process.kill(pid, "SIGSTOP");
    const answers = Array.from({ length: 20 }, (_, index) => askOnce(server.port, `request ${index}`));
    while ((server.stats()?.active ?? 0) < answers.length) await sleep(1);
    process.kill(pid, "SIGKILL");
    expect(await Promise.all(answers)).toEqual(answers.map((_, index) => `re: request ${index}`));
    await idle(server);
  });

  test("costs nobody an answer but those whom it was serving, however often it happens", async () => {
    await using server = await startPython(TwoWorkers, handlers.Talk);
    let lost = 0;
    const wrong: string[] = [];
    const visit = async (): Promise<void> => {
      const request = `late 1 ${Math.random()}`;
      const reply = await askOnce(server.port, request).catch(() => undefined);
      if (reply === undefined) lost += 1;
      else if (reply !== `re: ${request}`) wrong.push(reply);
    };
    for (let round = 0; round < 3; round += 1) {
      const victim = Number(await askOnce(server.port, "pid"));
      const visits = Array.from({ length: 100 }, visit);
      await sleep(5 * round);
      process.kill(victim, "SIGKILL");
      await Promise.all(visits);
    }
    await idle(server);
    expect(wrong).toEqual([]);
    // Some had their answer, but not yet their end.
    expect(lost).toBeLessThanOrEqual(server.errors.length);
    expect(server.errors).toEqual(server.errors.map(() => killed));
    expect(lost).toBeLessThan(200);
  });
});

describe.concurrent("a worker that dies as soon as it is started", () => {
  test("is started again later and later, and serves once it can", async () => {
    await using directory = await tempDir();
    const url = new URL("fixtures/fault-crashes.mjs", import.meta.url);
    url.searchParams.set("directory", directory.path);
    class Crashing extends StreamRequestHandler {
      static readonly module = url.href;
    }
    const starts = (): number[] =>
      readFileSync(directory.file("loaded"), "utf8").trim().split("\n").map(Number);
    await using server = await startPython(ForkingTCPServer, Crashing);
    expect(await askOnce(server.port, "hello")).toBe("re: hello");
    expect(starts()).toHaveLength(1);
    writeFileSync(directory.file("broken"), "");
    const pid = Number(await askOnce(server.port, "pid"));
    await idle(server);
    process.kill(pid, "SIGKILL");
    const waiting = askOnce(server.port, "still there?");
    while (starts().length < 3) await sleep(10);
    rmSync(directory.file("broken"));
    expect(await waiting).toBe("re: still there?");
    const [, first = 0, second = 0, third = 0, ...rest] = starts();
    expect(rest).toEqual([]);
    // At least 200 ms, then twice that; starting a process takes a while, too.
    expect(second - first).toBeGreaterThanOrEqual(190);
    expect(third - second).toBeGreaterThanOrEqual(390);
    await idle(server);
    expect(server.errors.map(String)).toEqual([
      expect.stringContaining("exit code 7"),
      expect.stringContaining("exit code 7"),
    ]);
  });
});

test("a handler's module that starts a server and does not wait for it is refused all the same", async () => {
  class Listening extends StreamRequestHandler {
    static readonly module = new URL("fixtures/fault-listens.mjs", import.meta.url).href;
  }
  const error = await failureOf(startPython(ForkingTCPServer, Listening));
  expect(error).toBeInstanceOf(ArgumentError);
  expect((error as Error).message).toMatch(/imported a module that starts a server/);
});
