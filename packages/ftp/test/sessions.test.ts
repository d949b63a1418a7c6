// A client with several sessions: how many there are, what they are asked, and in which directory they are lent.
import { getEventListeners } from "node:events";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { ArgumentError, ReplyError } from "@netcli/core-transport";
import { failureOf } from "@netcli/test-kit";
import { type FtpServerOptions, startFtpServer } from "@netcli/test-servers";
import { describe, expect, test } from "vitest";
import { FtpClient, type FtpClientOptions } from "../src/index.ts";
import { pattern, refuseUnhandled } from "./fixtures.ts";
import { tester } from "./own-server.ts";
import { type SeveralFixture, several } from "./several.ts";

refuseUnhandled();

const names = Array.from({ length: 50 }, (_, at) => `file${at}`);
const contentOf = (name: string): Buffer => pattern(20_000 + 1_000 * Number(name.slice(4)));

async function putAll({ put }: SeveralFixture): Promise<void> {
  for (const name of names) await put(name, contentOf(name));
}

async function fetchAll({ fetch }: SeveralFixture): Promise<void> {
  const contents = await Promise.all(names.map((name) => fetch(name)));
  for (const [at, content] of contents.entries())
    expect(content.equals(contentOf(names[at] as string))).toBe(true);
}

describe("FtpClient.connect", () => {
  test.each<[string, Partial<FtpClientOptions>]>([
    ["no connections", { connections: 0 }],
    ["less than none", { connections: -1 }],
    ["a half one", { connections: 1.5 }],
    ["no number of them", { connections: NaN }],
    ["endless ones", { connections: Infinity }],
    ["text", { connections: "2" as unknown as number }],
    ["negative retries", { retries: -1 }],
    ["no number of retries", { retries: NaN }],
  ])("refuses %s before it connects", async (_what, options) => {
    await using server = await startFtpServer();
    const { host, port } = server;
    expect(await failureOf(FtpClient.connect({ host, port, ...options }))).toBeInstanceOf(ArgumentError);
    expect(server.sessions).toHaveLength(0);
  });

  test("opens one session, whatever is allowed", async () => {
    await using fixture = await several({}, { connections: 8 });
    await fixture.put("file", "content");
    for (let times = 0; times < 5; times += 1) expect(String(await fixture.fetch("file"))).toBe("content");
    expect(fixture.server.sessions).toHaveLength(1);
  });

  test("forgets its signal when it has connected", async () => {
    const controller = new AbortController();
    await using fixture = await several({}, { connections: 2, signal: controller.signal });
    await fixture.put("file", "content");
    controller.abort();
    const both = await Promise.all(["file", "file"].map((name) => fixture.fetch(name)));
    expect(both.map(String)).toEqual(["content", "content"]);
    expect(fixture.server.sessions).toHaveLength(2);
  });
});

describe("many downloads at the same time", () => {
  test.each([1, 3])("share %i connections", async (connections) => {
    await using fixture = await several({}, { connections });
    await putAll(fixture);
    await fetchAll(fixture);
    expect(fixture.server.sessions).toHaveLength(connections);
    for (const { transfers } of fixture.server.sessions) expect(transfers.length).toBeGreaterThan(0);
    await fixture.client.quit();
    expect(fixture.count("QUIT")).toBe(connections);
  });

  test.each<[string, FtpServerOptions]>([
    ["accepts", { maxConnections: 2 }],
    ["lets in", { maxLogins: 2 }],
  ])("are content with two connections where the server %s no more", async (_what, options) => {
    await using fixture = await several(options, { connections: 3, retries: 0 });
    await putAll(fixture);
    await fetchAll(fixture);
    const used = fixture.server.sessions.filter(({ transfers }) => transfers.length > 0);
    expect(used).toHaveLength(2);
    await fetchAll(fixture);
    // It was asked for a third one once.
    expect(fixture.server.sessions.length - used.length).toBeLessThanOrEqual(1);
  });

  test("may have one signal, which ends them all and is then not listened to any more", async () => {
    const warnings: Error[] = [];
    const hear = (warning: Error): void => void warnings.push(warning);
    process.on("warning", hear);
    await using fixture = await several({}, { connections: 3 });
    await putAll(fixture);
    const controller = new AbortController();
    const { signal } = controller;
    const reason = new Error("enough");
    const first = fixture.fetch("file0", { signal });
    const others = Promise.allSettled(names.map((name) => fixture.fetch(name, { signal })));
    await first;
    controller.abort(reason);
    const outcomes = new Set(
      (await others).map((outcome) => (outcome.status === "rejected" ? outcome.reason : "")),
    );
    expect(outcomes).toContain(reason);
    expect(outcomes.size).toBeLessThanOrEqual(2);
    process.off("warning", hear);
    expect(getEventListeners(signal, "abort")).toEqual([]);
    expect(warnings).toEqual([]);
  });

  test("are not disturbed by one that is refused or given up", async () => {
    await using fixture = await several({}, { connections: 2 });
    await putAll(fixture);
    const reason = new Error("enough");
    const failing = [
      failureOf(fixture.fetch("missing")),
      failureOf(fixture.fetch("file0", { signal: AbortSignal.abort(reason) })),
    ];
    await fetchAll(fixture);
    expect(await failing[0]).toMatchObject({ reply: { code: 550 } });
    expect(await failing[1]).toBe(reason);
    expect(fixture.server.sessions).toHaveLength(2);
  });
});

describe("what the server can", () => {
  test("is asked once for all sessions, however many want to know it at the same time", async () => {
    await using fixture = await several({}, { connections: 3 });
    await fixture.put("directory/file", "content");
    const lists = await Promise.all(Array.from({ length: 9 }, () => fixture.client.list("directory")));
    for (const entries of lists) expect(entries.map(({ name }) => name)).toEqual(["file"]);
    expect(fixture.server.sessions).toHaveLength(3);
    expect(fixture.count("FEAT")).toBe(1);
    await fixture.client.stat("directory");
    expect(fixture.count("FEAT")).toBe(1);
  });

  test("is asked again when the session broke that asked, or who asked gave up", async () => {
    const controller = new AbortController();
    let asked = 0;
    const server: FtpServerOptions = {
      onCommand: ({ verb }) => {
        if (verb !== "FEAT") return undefined;
        asked += 1;
        if (asked === 1) controller.abort(new Error("enough"));
        return asked === 2 ? { skip: true, reply: null, end: "reset" } : undefined;
      },
    };
    await using fixture = await several(server, { connections: 3, pipelining: "off" });
    await fixture.put("directory/file", "content");
    const { client } = fixture;
    const given = failureOf(client.list("directory", { signal: controller.signal }));
    const lists = await Promise.all([client.list("directory"), client.list("directory")]);
    expect(await given).toMatchObject({ message: "enough" });
    for (const entries of lists) expect(entries.map(({ name }) => name)).toEqual(["file"]);
    expect(asked).toBeLessThanOrEqual(4);
    await client.list("directory");
    expect(asked).toBeLessThanOrEqual(4);
  });
});

async function inDirectories(options: FtpServerOptions = {}): Promise<SeveralFixture> {
  const fixture = await several(options);
  await fixture.put("home/file", "at home");
  await fixture.put("home/below/file", "below");
  return fixture;
}

const withoutPwd: FtpServerOptions["onCommand"] = ({ verb }) =>
  verb === "PWD" ? { reply: "550 No." } : undefined;

describe("a session that is lent", () => {
  const ways: [string, (fixture: SeveralFixture) => Promise<unknown>][] = [
    ["by CWD", ({ client }) => client.use((session) => session.cwd("home/below"))],
    ["by CDUP", ({ client }) => client.use(async (session) => (await session.cwd("home"), session.cdup()))],
    [
      "by work that fails behind it",
      ({ client }) =>
        failureOf(
          client.use(async (session) => {
            await session.cwd("home");
            await session.cwd("missing");
          }),
        ),
    ],
  ];

  test.each(ways)("comes back into its directory when that was left %s", async (_how, leave) => {
    await using fixture = await inDirectories();
    for (let times = 0; times < 2; times += 1) {
      await leave(fixture);
      expect(String(await fixture.fetch("home/file"))).toBe("at home");
      expect(await fixture.client.use((session) => session.pwd())).toBe("/");
    }
    expect(fixture.server.sessions).toHaveLength(1);
  });

  test("comes back into the directory of the options", async () => {
    await using first = await inDirectories();
    const { host, port } = first.server;
    const client = await FtpClient.connect({ host, port, ...tester, tls: "none", directory: "home" });
    await client.use((session) => session.cwd("below"));
    expect((await client.list()).map(({ name }) => name).toSorted()).toEqual(["below", "file"]);
    await client.quit();
  });

  test("is not lent again when the server does not say where it was", async () => {
    await using fixture = await inDirectories({ onCommand: withoutPwd });
    expect(await fixture.client.use((session) => session.cwd("home"))).toMatchObject({ code: 250 });
    expect(String(await fixture.fetch("home/file"))).toBe("at home");
    expect(fixture.server.sessions).toHaveLength(2);
    expect(fixture.server.sessions[0]?.commands.at(-1)).toBe("QUIT");
  });

  test("is not lent again when it can't come back", async () => {
    await using fixture = await inDirectories();
    const { host, port, root } = fixture.server;
    const client = await FtpClient.connect({ host, port, ...tester, tls: "none", directory: "home/below" });
    await client.use(async (session) => {
      await session.cwd("/");
      await rm(join(root, "home/below"), { recursive: true });
    });
    // The new one can't go there either, and that is what the next one hears.
    expect(await failureOf(client.list())).toBeInstanceOf(ReplyError);
    await client.quit();
  });

  test.each(["close", "quit"] as const)("may be ended (%s) by the work, and is replaced", async (how) => {
    await using fixture = await inDirectories();
    await fixture.client.use(async (session) => {
      await session.cwd("home");
      await session[how]();
    });
    expect(String(await fixture.fetch("home/file"))).toBe("at home");
    expect(fixture.server.sessions).toHaveLength(2);
  });

  test("is free again although a transfer was begun that nobody finished", async () => {
    await using fixture = await inDirectories();
    await fixture.put("big", pattern(30_000_000));
    const failure = new Error("out of the middle of it");
    const work = fixture.client.use(async (session) => {
      await session.transferCmd("RETR big");
      throw failure;
    });
    expect(await failureOf(work)).toBe(failure);
    expect(String(await fixture.fetch("home/file"))).toBe("at home");
    await fixture.client.quit();
  });

  test("is lent to nobody else meanwhile", async () => {
    await using fixture = await inDirectories();
    let isLent = false;
    const using = fixture.client.use(async (session) => {
      isLent = true;
      await session.cwd("home");
      await session.noop();
      isLent = false;
    });
    expect(String(await fixture.fetch("home/file"))).toBe("at home");
    expect(isLent).toBe(false);
    await using;
  });

  test("is not waited for longer than the signal says", async () => {
    await using fixture = await inDirectories();
    const reason = new Error("enough");
    const controller = new AbortController();
    await fixture.client.use(async () => {
      const waiting = failureOf(fixture.client.use(() => Promise.resolve(), { signal: controller.signal }));
      controller.abort(reason);
      expect(await waiting).toBe(reason);
    });
  });
});
