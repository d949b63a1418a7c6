// Sessions that are lent to a caller: nobody else has them meanwhile, and they come back as they were.
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { ReplyError } from "@netcli/core-transport";
import { failureOf } from "@netcli/test-kit";
import type { FtpServerOptions } from "@netcli/test-servers";
import { describe, expect, test } from "vitest";
import { FtpClient } from "../src/index.ts";
import { pattern, refuseUnhandled } from "./fixtures.ts";
import { tester } from "./own-server.ts";
import { type SeveralFixture, several } from "./several.ts";

refuseUnhandled();

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

  test("is asked where it was only once", async () => {
    await using fixture = await inDirectories();
    for (const path of ["home", "home/below"]) await fixture.client.use((session) => session.cwd(path));
    expect(fixture.server.commands.slice(-5)).toEqual([
      "PWD",
      "CWD home",
      "CWD /",
      "CWD home/below",
      "CWD /",
    ]);
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
