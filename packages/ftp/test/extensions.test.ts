// Verbs that not all servers have, and what is done about servers that have them not.
import { mkdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { ArgumentError, NotSupportedError, ProtocolError, ReplyError } from "@netcli/core-transport";
import type { FtpServerOptions } from "@netcli/test-servers";
import { failureOf } from "@netcli/test-kit";
import { describe, expect, test } from "vitest";
import type { FtpOptions } from "../src/index.ts";
import { loggedIn, nowhere, pattern, refuseUnhandled } from "./fixtures.ts";
import { fetched, onOwnServer } from "./own-server.ts";

refuseUnhandled();

describe("a server", () => {
  test("is told of the client and of the language", async () => {
    await using fixture = await onOwnServer();
    const { session, since } = fixture;
    const commands = since();
    expect(await session.clnt("netcli 1")).toMatchObject({ code: 200 });
    expect(await session.lang("en")).toMatchObject({ code: 200 });
    expect(await session.lang()).toMatchObject({ code: 200 });
    expect(await failureOf(session.lang("xx"))).toMatchObject({ reply: { code: 504 } });
    const facts = await session.csid({ Name: "netcli", Version: "1" });
    expect([...facts]).toEqual([
      ["Name", "netcli test server"],
      ["Version", "1"],
      ["CaseSensitive", "1"],
      ["DirSep", "/"],
    ]);
    expect(commands()).toEqual([
      "CLNT netcli 1",
      "LANG en",
      "LANG",
      "LANG xx",
      "CSID Name=netcli; Version=1;",
    ]);
    expect(await failureOf(session.csid({ Name: "a;b" }))).toBeInstanceOf(ArgumentError);
    expect(await failureOf(session.clnt("a\r\nb"))).toBeInstanceOf(ArgumentError);
  });

  test("is asked for room, and whether there is some", async () => {
    await using fixture = await onOwnServer();
    const { session } = fixture;
    expect(await session.allo(1_000_000)).toMatchObject({ code: 202 });
    expect(await session.avbl()).toBeGreaterThan(0);
    expect(await session.avbl("/")).toBeGreaterThan(0);
    expect(await failureOf(session.avbl("none"))).toBeInstanceOf(ReplyError);
    for (const bytes of [-1, 0.5, NaN, Infinity]) {
      expect(await failureOf(session.allo(bytes))).toBeInstanceOf(ArgumentError);
    }
  });

  test("that says no number of bytes has said nothing", async () => {
    await using fixture = await onOwnServer({
      onCommand: ({ verb }) => (verb === "AVBL" ? { skip: true, reply: "213 plenty" } : undefined),
    });
    expect(await failureOf(fixture.session.avbl())).toBeInstanceOf(ProtocolError);
  });

  test("joins parts into one", async () => {
    await using fixture = await onOwnServer();
    const { session, put, get } = fixture;
    for (const part of ["a 1", "a 2", "a 3"]) await put(part, part);
    expect(await session.combine("a", ["a 1", "a 2", "a 3"])).toMatchObject({ code: 250 });
    expect(String(await get("a"))).toBe("a 1a 2a 3");
    expect(await session.nlst()).toEqual(["a"]);
    expect(await failureOf(session.combine("b", ['a"1']))).toBeInstanceOf(ArgumentError);
  });
});

/** The options that are set behind FEAT. */
async function sent(features: FtpServerOptions["features"], options: Partial<FtpOptions>): Promise<string[]> {
  await using fixture = await onOwnServer({ features }, options);
  const { session, server } = fixture;
  await session.feat();
  await session.noop();
  return server.commands.filter((line) => line.startsWith("OPTS"));
}

describe("UTF8", () => {
  test("is switched on where it is offered, once, and nobody waits for it", async () => {
    expect(await sent({}, {})).toEqual(["OPTS UTF8 ON"]);
    expect(await sent({ UTF8: false }, {})).toEqual([]);
    expect(await sent({}, { encoding: "latin1" })).toEqual([]);
    // There somebody would wait.
    expect(await sent({}, { pipelining: "off" })).toEqual([]);
  });

  test("may be refused", async () => {
    await using fixture = await onOwnServer({
      onCommand: ({ verb }) => (verb === "OPTS" ? { skip: true, reply: "504 always on" } : undefined),
    });
    const { session, put } = fixture;
    await session.feat();
    await put("ü", "content");
    expect(String(await fetched(session, "ü"))).toBe("content");
  });
});

describe("EPSV ALL", () => {
  test("leaves nothing but EPSV", async () => {
    await using fixture = await onOwnServer({}, { active: true });
    const { session, put, since } = fixture;
    await put("a", pattern(10));
    expect(await fetched(session, "a")).toHaveLength(10);
    const commands = since();
    await session.epsvAll();
    expect(await fetched(session, "a")).toHaveLength(10);
    expect(commands()).toEqual(["EPSV ALL", "EPSV", "RETR a"]);
    session.setPasv(false);
    expect(await failureOf(fetched(session, "a"))).toBeInstanceOf(NotSupportedError);
  });

  test("has no PASV behind an EPSV that is refused", async () => {
    await using fixture = await onOwnServer({
      onCommand: ({ verb, argument }) =>
        verb === "EPSV" && argument === "" ? { skip: true, reply: "500 what" } : undefined,
    });
    const { session, put, since } = fixture;
    await put("a", pattern(10));
    await session.epsvAll();
    const commands = since();
    expect(await failureOf(fetched(session, "a"))).toMatchObject({ command: "EPSV" });
    expect(commands()).toEqual(["TYPE I", "EPSV"]);
  });

  test("that a server refuses changes nothing", async () => {
    await using fixture = await onOwnServer({ features: { EPSV: false } });
    const { session, put } = fixture;
    await put("a", pattern(10));
    expect(await failureOf(session.epsvAll())).toBeInstanceOf(ReplyError);
    expect(await fetched(session, "a")).toHaveLength(10);
  });
});

describe.each(["off", "safe", "full"] as const)("a server that wants PRET, pipelining %s,", (pipelining) => {
  test("hears it before each data connection", async () => {
    await using fixture = await onOwnServer({ features: { PRET: true } }, { pipelining });
    const { session, put, since } = fixture;
    await put("a", pattern(100));
    await session.feat();
    const commands = since();
    const results = await Promise.all([
      fetched(session, "a"),
      session.storBinary("STOR b", "b"),
      session.nlst(),
      session.retrBinary("RETR a", nowhere, { rest: 90 }),
    ]);
    expect(results).toMatchObject([{ length: 100 }, { bytes: 1 }, ["a", "b"], { bytes: 10 }]);
    expect(commands().filter((line) => line.startsWith("PRET"))).toEqual([
      "PRET RETR a",
      "PRET STOR b",
      "PRET NLST",
      "PRET RETR a",
    ]);
    expect(commands().filter((line) => line === "EPSV")).toHaveLength(4);
  });

  test("hears it also where nobody has asked for FEAT, and says what it refuses", async () => {
    await using fixture = await onOwnServer({ features: { PRET: true } }, { pipelining });
    const { session, put } = fixture;
    await put("a", pattern(100));
    expect(await fetched(session, "a")).toHaveLength(100);
    expect(await failureOf(session.retrBinary("SITE X", nowhere))).toMatchObject({ reply: { code: 504 } });
    expect(await fetched(session, "a")).toHaveLength(100);
  });
});

describe("the time of a file", () => {
  const time = new Date("2021-02-03T04:05:06Z");
  const noMfmt = { MFMT: false };
  const noMff = { ...noMfmt, MFF: false };

  test.each([
    ["MFMT", {}, "ready", "MFMT 20210203040506 a b"],
    ["MFF", noMfmt, "ready", "MFF Modify=20210203040506; a b"],
    ["MDTM", noMff, "(vsFTPd 3.0.3)", "MDTM 20210203040506 a b"],
    ["SITE UTIME", noMff, "ready", "SITE UTIME 20210203040506 a b"],
  ])("is set with %s where there is that", async (_, features, greeting, command) => {
    await using fixture = await onOwnServer({ features, greeting });
    const { session, put, server } = fixture;
    await put("a b", "content");
    await session.utime("a b", time);
    expect((await stat(join(server.root, "a b"))).mtime).toEqual(time);
    expect(server.commands.at(-1)).toBe(command);
    await expect(session.utime("none", time)).rejects.toMatchObject({ reply: { code: 550 } });
  });

  test("is set where the answer is that of vsftpd", async () => {
    await using fixture = await onOwnServer({
      features: noMff,
      greeting: "(vsFTPd 3.0.3)",
      onCommand: ({ verb }) => (verb === "MDTM" ? { reply: "213 File modification time set." } : undefined),
    });
    const { session, put, server } = fixture;
    await put("a", "content");
    expect(await session.utime("a", time)).toMatchObject({ code: 213 });
    expect((await stat(join(server.root, "a"))).mtime).toEqual(time);
  });

  test("is not set where there is no way, and where MDTM only tells it", async () => {
    await using without = await onOwnServer({ features: { ...noMff, "SITE UTIME": false } });
    await without.put("a", "content");
    expect(await failureOf(without.session.utime("a", time))).toBeInstanceOf(NotSupportedError);
    await using telling = await onOwnServer({
      features: { ...noMff, "MDTM set": false },
      greeting: "(vsFTPd 3.0.3)",
    });
    await telling.put("20210203040506 a", "content");
    expect(await failureOf(telling.session.utime("a", time))).toBeInstanceOf(NotSupportedError);
    expect(await failureOf(telling.session.utime("a", new Date(NaN)))).toBeInstanceOf(ArgumentError);
  });
});

describe("a listing over the control connection", () => {
  test.each(["unix", "dos"] as const)("has entries, listed as %s, in one round trip", async (listing) => {
    await using fixture = await onOwnServer({ listing });
    const { session, put, server, since } = fixture;
    await mkdir(join(server.root, "dir"));
    await put("a b", "content");
    const commands = since();
    expect(await session.statDir()).toMatchObject([
      { name: "a b", size: 7, type: "file" },
      { name: "dir", type: "directory" },
    ]);
    expect(await session.statDir("dir")).toEqual([]);
    expect(commands()).toEqual(["STAT .", "STAT dir"]);
    expect(await failureOf(session.statDir("none"))).toBeInstanceOf(ReplyError);
  });

  test.each([
    ["213-Status follows:", "", "213 End of status"],
    ["211-Status of .:", " ", "211 End"],
    ["213-STAT", "213-", "213 End."],
    ["213-STAT", "213- ", "213 End."],
  ])("is understood between %j and its end, with %j before each line", async (first, before, last) => {
    await using fixture = await loggedIn(async (ftp) => {
      await ftp.expect("STAT ./-x");
      await ftp.say(
        first,
        `${before}total 4`,
        `${before}drwxr-xr-x    2 1000     1000         4096 Nov 20  2020 .`,
        `${before}-rw-r--r--    1 1000     1000         1234 Nov 20  2020 a b`,
        last,
      );
    });
    const entries = await fixture.session.statDir("-x");
    expect(entries).toMatchObject([
      { name: ".", special: "current" },
      { name: "a b", size: 1_234 },
    ]);
  });
});
