// Sessions that break, while nobody has them or in the middle of a task: who notices, and how often it is tried again.
import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { setImmediate as tick } from "node:timers/promises";
import { ConnectionClosedError, ReplyError } from "@netcli/core-transport";
import { failureOf, gate, tempDir } from "@netcli/test-kit";
import type { FtpServerOptions, FtpServerSession } from "@netcli/test-servers";
import { describe, expect, test } from "vitest";
import { pattern, refuseUnhandled } from "./fixtures.ts";
import { type SeveralFixture, several } from "./several.ts";

refuseUnhandled();

/** Long enough for all to be heard that is on its way on this machine. */
async function turns(): Promise<void> {
  for (let turn = 0; turn < 10; turn += 1) await tick();
}

describe("a session that the server ends while nobody has it", () => {
  const ways: [string, (session: FtpServerSession) => Promise<void> | void][] = [
    ["with 421 and its end", (session) => session.say("421 Too long.").then(() => session.end())],
    ["with its end alone", (session) => session.end()],
    ["with a reset", (session) => session.end("reset")],
    ["with 421 and a reset", (session) => session.say("421 Too long.").then(() => session.end("reset"))],
    ["with 421, and its end when it likes", (session) => session.say("421 Too long.")],
  ];

  test.each(ways)("%s is replaced unnoticed", async (_how, end) => {
    // Whoever notices would have to try again.
    await using fixture = await several({}, { retries: 0, connections: 2 });
    const { client, server, put, fetch } = fixture;
    await put("file", "content");
    expect((await Promise.all(["file", "file"].map((name) => fetch(name)))).map(String)).toEqual([
      "content",
      "content",
    ]);
    const ended = server.sessions.slice();
    for (const session of ended) await end(session);
    // The client hears of it when it has its turn to read.
    await turns();
    expect((await Promise.all(["file", "file"].map((name) => fetch(name)))).map(String)).toEqual([
      "content",
      "content",
    ]);
    expect(server.sessions).toHaveLength(2 + ended.length);
    await client.quit();
  });

  test("because it was idle for too long is replaced unnoticed", async () => {
    await using fixture = await several({ idleTimeout: 500 }, { retries: 0 });
    const { server, put, fetch } = fixture;
    await put("file", "content");
    await server.sessions[0]?.ended;
    await tick();
    expect(String(await fetch("file"))).toBe("content");
    expect(server.sessions).toHaveLength(2);
  });

  test("in the moment in which it is lent is replaced, and the task tried again", async () => {
    await using fixture = await several();
    const { server, put, fetch } = fixture;
    await put("file", "content");
    server.sessions[0]?.end("reset");
    expect(String(await fetch("file"))).toBe("content");
    expect(server.sessions).toHaveLength(2);
  });
});

/** The server cuts so many transfers in their middle. */
function cutting(times: number, after: number): { server: FtpServerOptions; cuts: () => number } {
  let cuts = 0;
  const onCommand: FtpServerOptions["onCommand"] = ({ verb }) => {
    if (verb !== "RETR" || cuts >= times) return undefined;
    cuts += 1;
    return { data: { cut: { after, end: "end" } }, reply: null, end: "reset" };
  };
  return { server: { onCommand }, cuts: () => cuts };
}

const breaking: FtpServerOptions["onCommand"] = ({ verb }) =>
  verb === "MLST" ? { skip: true, reply: null, end: "reset" } : undefined;

describe("a task whose connection breaks", () => {
  const size = 400_000;

  async function download({ client, put }: SeveralFixture): Promise<unknown> {
    await put("big", pattern(size));
    await using directory = await tempDir();
    return await client.download("big", directory.file("big"));
  }

  test.each([0, 1, 2])(
    "is tried again %i times, with another session, as long as that gets it no further",
    async (retries) => {
      const enough = cutting(retries, 0);
      await using fixture = await several(enough.server, { retries });
      expect(await download(fixture)).toMatchObject({ bytes: size });
      expect(fixture.server.sessions).toHaveLength(retries + 1);
      const tooMany = cutting(retries + 1, 0);
      await using other = await several(tooMany.server, { retries });
      expect(await failureOf(download(other))).toBeInstanceOf(ConnectionClosedError);
      expect(other.count(/^RETR/)).toBe(retries + 1);
    },
  );

  test("is tried again more often when each try gets it further", async () => {
    const { server, cuts } = cutting(5, 60_000);
    await using fixture = await several(server, { retries: 1 });
    expect(await download(fixture)).toMatchObject({ bytes: size });
    expect(cuts()).toBe(5);
    expect(fixture.count(/^REST/)).toBe(5);
  });

  test("is not tried again when the server has refused it for good", async () => {
    await using fixture = await several();
    const { client, count } = fixture;
    expect(await failureOf(client.stat("missing"))).toBeInstanceOf(ReplyError);
    expect(await failureOf(fixture.fetch("missing"))).toBeInstanceOf(ReplyError);
    expect([count(/^MLST/), count(/^RETR/), fixture.server.sessions.length]).toEqual([1, 1, 1]);
  });

  test.each([
    [421, 2],
    [425, 2],
    [426, 2],
    [450, 2],
    [451, 2],
    [452, 1],
    [500, 1],
    [530, 1],
    [550, 1],
    [552, 1],
  ])("or is answered with %i is tried %i times", async (code, tries) => {
    const end = code === 421 ? "end" : undefined;
    const onCommand: FtpServerOptions["onCommand"] = ({ verb }) =>
      verb === "RETR" ? { skip: true, reply: `${code} No.`, end } : undefined;
    await using fixture = await several({ onCommand }, { retries: 1 });
    await failureOf(fixture.fetch("file"));
    expect(fixture.count("RETR file")).toBe(tries);
    expect(fixture.server.sessions).toHaveLength(code === 421 ? 2 : 1);
  });

  test.each([
    ["PASS", 530],
    ["USER", 550],
    ["CONNECT", 421],
  ])(
    "is tried again when the server does not let it in again at once: %s is answered with %i",
    async (refused, code) => {
      let refusals = 0;
      const onCommand: FtpServerOptions["onCommand"] = ({ verb }, { number }) => {
        if (verb !== refused || number !== 2) return undefined;
        refusals += 1;
        return { skip: true, reply: `${code} Too many.`, end: "end" };
      };
      await using fixture = await several({ onCommand });
      await fixture.put("file", "content");
      fixture.server.sessions[0]?.end();
      await fixture.server.sessions[0]?.ended;
      expect(String(await fixture.fetch("file"))).toBe("content");
      expect([refusals, fixture.server.sessions.length]).toEqual([1, 3]);
    },
  );

  test("is not tried again when it was work of the caller's own", async () => {
    await using fixture = await several();
    let calls = 0;
    const work = fixture.client.use(async (session) => {
      calls += 1;
      fixture.server.sessions[0]?.end("reset");
      await session.noop();
      await session.noop();
    });
    expect(await failureOf(work)).toBeInstanceOf(ConnectionClosedError);
    expect(calls).toBe(1);
    await fixture.client.use((session) => session.noop());
  });

  test("is not tried again once the client was closed", async () => {
    const { opened: asked, open: ask } = gate();
    const onCommand: FtpServerOptions["onCommand"] = ({ verb }) => {
      if (verb !== "MLST") return undefined;
      ask();
      return { skip: true, reply: null };
    };
    await using fixture = await several({ onCommand }, { retries: 5 });
    const failing = failureOf(fixture.client.stat("file"));
    await asked;
    fixture.client.close();
    expect(await failing).toBeInstanceOf(ConnectionClosedError);
    expect(fixture.server.sessions).toHaveLength(1);
  });

  test("stops waiting for the next try when the client is closed, or the caller has enough", async () => {
    await using fixture = await several({ onCommand: breaking }, { retries: 1_000 });
    const controller = new AbortController();
    const reason = new Error("enough");
    const { client, server } = fixture;
    const given = failureOf(client.stat("file", { signal: controller.signal }));
    const closed = failureOf(client.stat("file"));
    const settled: string[] = [];
    void given.then(() => settled.push("given"));
    void closed.then(() => settled.push("closed"));
    await server.sessions[0]?.ended;
    await turns();
    // In the pause, which lasts for more than a hundred milliseconds.
    controller.abort(reason);
    await turns();
    expect(settled).toEqual(["given"]);
    while (server.sessions[1] === undefined) await tick();
    await server.sessions[1].ended;
    await turns();
    client.close();
    await turns();
    expect(settled).toEqual(["given", "closed"]);
    expect(await given).toBe(reason);
    expect(await closed).toBeInstanceOf(ConnectionClosedError);
  });

  test("is tried again when the server does not answer in time", async () => {
    let asked = 0;
    const onCommand: FtpServerOptions["onCommand"] = ({ verb }) => {
      if (verb !== "MLST") return undefined;
      asked += 1;
      return asked === 1 ? { reply: null } : undefined;
    };
    await using fixture = await several({ onCommand }, { timeouts: { reply: 1_000 } });
    await fixture.put("file", "content");
    expect(await fixture.client.stat("file")).toMatchObject({ name: "file" });
    expect([asked, fixture.server.sessions.length]).toEqual([2, 2]);
  });

  test("is tried again when there was no way to the server for a while", async () => {
    let isDown = false;
    let refusals = 0;
    const proxy = async ({ host, port }: { host: string; port: number }): Promise<Socket> => {
      if (isDown) {
        refusals += 1;
        isDown = refusals < 2;
        throw new Error("no way");
      }
      const socket = connect(port, host);
      await once(socket, "connect");
      return socket;
    };
    await using fixture = await several({}, { proxy });
    isDown = true;
    fixture.server.sessions[0]?.end();
    await fixture.server.sessions[0]?.ended;
    expect(await fixture.client.list()).toEqual([]);
    expect(refusals).toBe(2);
  });

  test("hears why when the server can't be reached any more", async () => {
    await using fixture = await several({}, { retries: 1 });
    await fixture.server.close();
    expect(await failureOf(fixture.client.list())).toMatchObject({ systemCode: "ECONNREFUSED" });
  });

  test.each([
    ["is tried again when none of a stream was read yet", 0],
    ["fails when something of a stream was read", 100_000],
  ])("%s", async (_what, after) => {
    await using fixture = await several(cutting(1, after).server);
    await fixture.put("big", pattern(size));
    const chunks: Buffer[] = [];
    const reading = fixture.client.open("big").forEach((chunk: Buffer) => void chunks.push(chunk));
    const outcome = await reading.catch((error: Error) => error);
    const bytes = Buffer.concat(chunks);
    expect(outcome instanceof ConnectionClosedError).toBe(after > 0);
    expect(bytes.equals(pattern(after > 0 ? after : size))).toBe(true);
  });
});
