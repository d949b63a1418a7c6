// The end of a client: politely behind its tasks, or at once, whoever waits for whatever.
import { setImmediate as tick } from "node:timers/promises";
import { ConnectionClosedError } from "@netcli/core-transport";
import { failureOf, gate, tempDir } from "@netcli/test-kit";
import type { FtpServerOptions } from "@netcli/test-servers";
import { describe, expect, test } from "vitest";
import { FileDownload } from "../src/download.ts";
import { FtpSessions } from "../src/sessions.ts";
import { pattern, refuseUnhandled } from "./fixtures.ts";
import { tester } from "./own-server.ts";
import { type SeveralFixture, several } from "./several.ts";

refuseUnhandled();

const big = 20_000_000;

/** The server answers that command when the test says so. */
function holding(held: string): { server: FtpServerOptions; asked: Promise<void>; goOn: () => void } {
  const { opened: asked, open: ask } = gate();
  const { opened: wait, open: goOn } = gate();
  const onCommand: FtpServerOptions["onCommand"] = ({ verb }) => {
    if (verb !== held) return undefined;
    ask();
    return { wait };
  };
  return { server: { onCommand }, asked, goOn };
}

describe("quit", () => {
  test("waits for tasks under way and for those that wait, and says goodbye in each session", async () => {
    const { server, asked, goOn } = holding("RETR");
    await using fixture = await several(server, { connections: 2 });
    await fixture.put("file", "content");
    const fetching = ["file", "file", "file", "file"].map((name) => fixture.fetch(name));
    await asked;
    let isOver = false;
    const quitting = fixture.client.quit().then(() => (isOver = true));
    await tick();
    expect(isOver).toBe(false);
    goOn();
    expect((await Promise.all(fetching)).map(String)).toEqual(Array(4).fill("content"));
    await quitting;
    expect(fixture.count("QUIT")).toBe(2);
  });

  test("waits for a task that is between two tries", async () => {
    let tries = 0;
    const onCommand: FtpServerOptions["onCommand"] = ({ verb }) => {
      if (verb !== "MLST") return undefined;
      tries += 1;
      return tries < 3 ? { skip: true, reply: null, end: "reset" } : undefined;
    };
    await using fixture = await several({ onCommand });
    await fixture.put("file", "content");
    const asking = fixture.client.stat("file");
    await fixture.server.sessions[0]?.ended;
    for (let turns = 0; turns < 10; turns += 1) await tick();
    await fixture.client.quit();
    expect(await asking).toMatchObject({ name: "file" });
    expect(tries).toBe(3);
  });

  test("lets no task come any more, and each hears so at once", async () => {
    await using fixture = await several();
    const { client, fetch } = fixture;
    await client.quit();
    const refused = [
      client.list(),
      client.stat("file"),
      client.ensureDir("directory"),
      client.removeTree("directory"),
      client.use((session) => session.noop()),
      client.upload(Buffer.from("content"), "file"),
      fetch("file"),
    ];
    const begun = performance.now();
    for (const task of refused) expect(await failureOf(task)).toBeInstanceOf(ConnectionClosedError);
    // Less than the pause before another try.
    expect(performance.now() - begun).toBeLessThan(100);
    await client.quit();
    client.close();
    expect(fixture.server.sessions).toHaveLength(1);
  });

  test("twice at the same time is one", async () => {
    const { server, asked, goOn } = holding("RETR");
    await using fixture = await several(server);
    await fixture.put("file", "content");
    const fetching = fixture.fetch("file");
    await asked;
    const quitting = [fixture.client.quit(), fixture.client.quit()];
    goOn();
    await Promise.all([...quitting, fetching]);
    expect(fixture.count("QUIT")).toBe(1);
  });

  test("comes at the end of a block", async () => {
    await using fixture = await several();
    await fixture.put("file", "content");
    {
      await using client = fixture.client;
      void client.list();
    }
    expect(fixture.server.commands.slice(-2)).toEqual(["MLSD", "QUIT"]);
  });

  test("does not wait for an opening that leads nowhere", async () => {
    const { opened: wait, open } = gate();
    const onCommand: FtpServerOptions["onCommand"] = ({ verb }, { number }) =>
      verb === "CONNECT" && number > 1 ? { wait } : undefined;
    await using fixture = await several({ onCommand }, { connections: 2 });
    await fixture.put("file", "content");
    await Promise.all(["file", "file"].map((name) => fixture.fetch(name)));
    await fixture.client.quit();
    open();
    expect(fixture.count("QUIT")).toBe(1);
  });
});

describe("a stream that nobody reads or writes any more", () => {
  type Begin = (fixture: SeveralFixture) => Promise<() => Promise<unknown>>;
  const streams: [string, Begin][] = [
    [
      "open",
      async ({ client, server }) => {
        const stream = client.open("big");
        const failure = failureOf(new Promise((_, reject) => stream.on("error", reject)));
        stream.once("readable", () => undefined);
        while (server.commands.at(-1) !== "RETR big") await tick();
        return () => failure;
      },
    ],
    [
      "create",
      async ({ client, server }) => {
        const stream = client.create("new");
        const failure = failureOf(new Promise((_, reject) => stream.on("error", reject)));
        stream.write("the beginning");
        while (server.sessions[0]?.transfers.length !== 1) await tick();
        return () => failure;
      },
    ],
    [
      "entries",
      async ({ client }) => {
        const entries = client.entries("");
        await entries.next();
        return () => failureOf(entries.next());
      },
    ],
  ];

  describe.each(streams)("(%s)", (_which, begin) => {
    test.each(["quit", "close"] as const)("hears of %s, which does not wait for it", async (end) => {
      await using fixture = await several();
      await fixture.put("big", pattern(big));
      await fixture.put("another", "content");
      const failure = await begin(fixture);
      await fixture.client[end]();
      expect(await failure()).toMatchObject({ message: "the client was closed" });
      await fixture.server.sessions[0]?.ended;
    });
  });
});

describe("close", () => {
  test("rejects what is under way and what waits, at once, and in all sessions", async () => {
    const { server, asked, goOn } = holding("RETR");
    await using fixture = await several(server, { connections: 2 });
    await fixture.put("file", "content");
    const failing = Array.from({ length: 6 }, () => failureOf(fixture.fetch("file")));
    await asked;
    fixture.client.close();
    for (const failure of failing) expect(await failure).toBeInstanceOf(ConnectionClosedError);
    goOn();
    await fixture.client.quit();
    for (const { ended } of fixture.server.sessions) await ended;
    expect(fixture.count("QUIT")).toBe(0);
  });

  test("ends a quit that waits for work which never ends", async () => {
    await using fixture = await several();
    const { opened: lent, open: lend } = gate();
    const { opened: wait, open } = gate();
    let isOver = false;
    const work = fixture.client.use(() => (lend(), wait)).finally(() => (isOver = true));
    await lent;
    const quitting = fixture.client.quit();
    fixture.client.close();
    await quitting;
    await fixture.client.quit();
    expect(isOver).toBe(false);
    open();
    await work;
  });

  test("is heard by those who come later", async () => {
    await using fixture = await several();
    fixture.client.close();
    fixture.client.close();
    expect(await failureOf(fixture.client.list())).toBeInstanceOf(ConnectionClosedError);
    expect(await failureOf(fixture.client.open("file").toArray())).toBeInstanceOf(ConnectionClosedError);
  });
});

function sessionsOn({ server }: SeveralFixture): Promise<FtpSessions> {
  const { host, port } = server;
  return FtpSessions.connect({ host, port, ...tester, tls: "none" });
}

describe("a task of several steps", () => {
  test("has all of them before the client has quit", async () => {
    await using fixture = await several();
    const sessions = await sessionsOn(fixture);
    const steps: string[] = [];
    const running = sessions.task(async () => {
      for (const step of ["first", "second", "third"]) {
        steps.push(await sessions.attempt(async (session) => (await session.noop(), step)));
        await tick();
        await tick();
      }
    });
    const quitting = sessions.quit();
    expect(await failureOf(sessions.task(() => Promise.resolve()))).toBeInstanceOf(ConnectionClosedError);
    await Promise.all([running, quitting]);
    expect(steps).toEqual(["first", "second", "third"]);
    expect(await failureOf(sessions.attempt((session) => session.noop()))).toBeInstanceOf(
      ConnectionClosedError,
    );
  });

  test("may be a download that is verified, which begins with what is here", async () => {
    await using fixture = await several();
    await using directory = await tempDir();
    await fixture.put("big", pattern(big));
    const sessions = await sessionsOn(fixture);
    const download = new FileDownload(sessions, "big", directory.file("big"), { verify: true });
    const [result] = await Promise.all([sessions.task(() => download.run()), sessions.quit()]);
    expect(result).toMatchObject({ bytes: big, hash: { algorithm: "SHA-256" } });
  });

  test.each(["before", "behind"])("is not waited for any more %s close", async (when) => {
    await using fixture = await several();
    const sessions = await sessionsOn(fixture);
    const { opened: wait, open } = gate();
    const running = sessions.task(() => wait);
    const quitting = when === "before" ? sessions.quit() : undefined;
    sessions.close();
    await (quitting ?? sessions.quit());
    open();
    expect(await running).toBeUndefined();
  });

  test("is not waited for when it has failed", async () => {
    await using fixture = await several();
    const sessions = await sessionsOn(fixture);
    const failure = new Error("it failed");
    expect(await failureOf(sessions.task(() => Promise.reject(failure)))).toBe(failure);
    await sessions.quit();
  });
});
