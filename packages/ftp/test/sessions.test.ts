// A client with several sessions: how many there are, and what they are asked.
import { getEventListeners } from "node:events";
import { ArgumentError } from "@netcli/core-transport";
import { failureOf, gate } from "@netcli/test-kit";
import { type FtpServerOptions, startFtpServer } from "@netcli/test-servers";
import { describe, expect, test } from "vitest";
import { FtpClient, type FtpClientOptions } from "../src/index.ts";
import { FtpSessions } from "../src/sessions.ts";
import { pattern, refuseUnhandled } from "./fixtures.ts";
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

  test("logs each session in, be it anonymously", async () => {
    await using server = await startFtpServer();
    const { host, port } = server;
    const client = await FtpClient.connect({ host, port, connections: 2 });
    await client.use(() => client.use((session) => session.noop()));
    expect(server.sessions.map(({ user }) => user)).toEqual(["anonymous", "anonymous"]);
    await client.quit();
  });

  test("has short tasks share a session, unless commands are not to be sent ahead", async () => {
    await using server = await startFtpServer();
    const { host, port } = server;
    for (const pipelining of ["off", "safe"] as const) {
      const sessions = await FtpSessions.connect({ host, port, connections: 2, pipelining });
      const { opened: wait, open } = gate();
      let begun = 0;
      const work = (): Promise<void> => {
        begun += 1;
        if (begun === sessions.parallel) open();
        return wait;
      };
      const tasks = Array.from({ length: 50 }, () => sessions.use(work, { isShared: true }));
      await wait;
      expect(begun).toBe(sessions.parallel);
      expect(sessions.parallel > 2).toBe(pipelining === "safe");
      await Promise.all(tasks);
      await sessions.quit();
    }
    expect(server.sessions).toHaveLength(4);
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
