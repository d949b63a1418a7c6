// Every verb against a server that does what the RFCs say: done, and refused.
import { createHash } from "node:crypto";
import { chmod, mkdir, readdir, stat, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { ArgumentError, NotSupportedError, ReplyError } from "@netcli/core-transport";
import { failureOf } from "@netcli/test-kit";
import { describe, expect, test } from "vitest";
import type { FtpSession } from "../src/index.ts";
import { nowhere, pattern, refuseUnhandled } from "./fixtures.ts";
import { fetched, onOwnServer } from "./own-server.ts";

refuseUnhandled();

describe("a verb is done by the server:", () => {
  test("directories are made, entered, left, renamed and removed", async () => {
    await using fixture = await onOwnServer();
    const { session, server } = fixture;
    expect(await session.mkd('a "b" c')).toBe('/a "b" c');
    expect(await session.cwd('a "b" c')).toMatchObject({ code: 250 });
    expect(await session.pwd()).toBe('/a "b" c');
    expect(await session.cdup()).toMatchObject({ code: 250 });
    expect(await session.pwd()).toBe("/");
    expect(await session.rename('a "b" c', "d")).toMatchObject({ code: 250 });
    expect(await readdir(server.root)).toEqual(["d"]);
    expect(await session.rmd("d")).toMatchObject({ code: 250 });
    expect(await readdir(server.root)).toEqual([]);
  });

  test("files are stored, appended to, stored under a new name, retrieved and deleted", async () => {
    await using fixture = await onOwnServer();
    const { session, get } = fixture;
    const content = pattern(200_000);
    expect(await session.storBinary("STOR a b", content)).toMatchObject({
      bytes: 200_000,
      reply: { code: 226 },
    });
    expect((await get("a b")).equals(content)).toBe(true);
    expect((await fetched(session, "a b")).equals(content)).toBe(true);
    expect(await session.append("a b", "more")).toMatchObject({ bytes: 4 });
    expect((await get("a b")).subarray(200_000).toString()).toBe("more");
    expect(await session.storUnique("one")).toMatchObject({ bytes: 3, name: "unique.1" });
    expect(await session.storUnique("two", "a b")).toMatchObject({ name: "a b.1" });
    expect((await get("a b.1")).toString()).toBe("two");
    expect(await session.delete("a b.1")).toMatchObject({ code: 250 });
    expect(await session.nlst()).toEqual(["a b", "unique.1"]);
  });

  test("an upload begins where it is told to", async () => {
    await using fixture = await onOwnServer();
    const { session, put, get } = fixture;
    await put("a", "0123456789");
    expect(await session.storBinary("STOR a", "abc", { rest: 4 })).toMatchObject({ bytes: 3 });
    expect((await get("a")).toString()).toMatch(/^0123abc/);
  });

  test("an upload tells how far it is", async () => {
    await using fixture = await onOwnServer();
    const progress: number[] = [];
    const onProgress = (bytes: number): void => void progress.push(bytes);
    await fixture.session.storBinary("STOR a", [pattern(10), pattern(20)], { onProgress });
    expect(progress).toEqual([10, 30]);
  });

  test("what is known of a file is told, and changed", async () => {
    await using fixture = await onOwnServer();
    const { session, server, put } = fixture;
    await put("a b", pattern(1_234));
    expect(await session.size("a b")).toBe(1_234);
    const time = new Date("2021-02-03T04:05:06Z");
    await utimes(join(server.root, "a b"), time, time);
    expect(await session.mdtm("a b")).toEqual(time);
    const later = new Date("2022-12-31T23:59:59.999Z");
    expect(await session.mfmt("a b", later)).toMatchObject({ code: 213 });
    expect(await session.mdtm("a b")).toEqual(new Date("2022-12-31T23:59:59Z"));
    expect(await session.chmod("a b", 0o640)).toMatchObject({ code: 200 });
    expect((await stat(join(server.root, "a b"))).mode & 0o7777).toBe(0o640);
    await session.chmod("a b", 0o7);
    expect((await stat(join(server.root, "a b"))).mode & 0o7777).toBe(0o7);
    await chmod(join(server.root, "a b"), 0o600);
    expect(await session.stat("a b")).toMatchObject([expect.stringMatching(/1234 .* a b$/)]);
  });

  test("the server tells about itself", async () => {
    await using fixture = await onOwnServer({ greeting: ["hello", "there"] });
    const { session } = fixture;
    expect(session.welcome).toBe("hello\nthere");
    expect(await session.syst()).toBe("UNIX Type: L8");
    expect(await session.help()).toContain("RETR");
    expect(await session.help("RETR")).toBe("It does what the RFCs say.");
    expect((await session.stat()).join()).toContain("Logged in as tester");
    expect(await session.opts("UTF8", "ON")).toMatchObject({ code: 200 });
    expect(await session.site("HELP")).toMatchObject({ code: 214 });
    expect(await session.noop()).toMatchObject({ code: 200 });
    expect(await session.sendCmd("ALLO 17")).toMatchObject({ code: 202 });
    const features = await session.feat();
    expect(features.has("mfmt")).toBe(true);
    expect(features.canRestart).toBe(true);
    expect(features.facts).toContain("modify");
    expect(features.hashes[0]).toBe("SHA-256");
  });

  test("features are asked for once, and again behind another login", async () => {
    await using fixture = await onOwnServer();
    const { session, since } = fixture;
    const commands = since();
    expect(await session.feat()).toBe(await session.feat());
    expect(commands()).toEqual(["FEAT"]);
    await session.login("anonymous");
    await session.feat();
    expect(commands().filter((line) => line === "FEAT")).toHaveLength(2);
  });

  test("features are known also where the code stands before each, and not where the server is busy", async () => {
    await using fixture = await onOwnServer({
      onCommand: ({ verb, nth }) => {
        if (verb !== "FEAT") return undefined;
        const reply =
          nth === 1 ? "450 Later." : ["211-Features:", "211-AUTH TLS", "211-MDTM", " SIZE", "211 End"];
        return { skip: true, reply };
      },
    });
    expect(await failureOf(fixture.session.feat())).toMatchObject({ command: "FEAT", isTemporary: true });
    const features = await fixture.session.feat();
    expect([...features.entries()]).toEqual([
      ["AUTH", "TLS"],
      ["MDTM", ""],
      ["SIZE", ""],
    ]);
  });

  test("a server that knows no FEAT has no features", async () => {
    await using fixture = await onOwnServer({ features: { FEAT: 502 } });
    const features = await fixture.session.feat();
    expect([...features.entries()]).toEqual([]);
    expect([features.has("SIZE"), features.parameters("MLST"), features.facts]).toEqual([
      false,
      undefined,
      [],
    ]);
  });

  test("listings have names, and lines for people, with options of ls or without", async () => {
    await using fixture = await onOwnServer();
    const { session, server, put, since } = fixture;
    await mkdir(join(server.root, "dir"));
    await put("dir/größe", "12345");
    await put("file", "1");
    expect(await session.nlst()).toEqual(["dir", "file"]);
    expect(await session.nlst("dir")).toEqual(["dir/größe"]);
    expect(await session.dir()).toHaveLength(2);
    const commands = since();
    const [line] = await session.dir("dir", { flags: "-la" });
    expect(line).toMatch(/^-rw.* 5 .* größe$/);
    expect(commands().at(-1)).toBe("LIST -la dir");
  });

  test("the host is named before USER, and only then", async () => {
    await using fixture = await onOwnServer({}, { virtualHost: "ftp.example.org", tls: "none" });
    expect(fixture.server.commands).toEqual(["HOST ftp.example.org", "USER tester", "PASS secret"]);
    expect(await failureOf(fixture.session.host("other.example.org"))).toMatchObject({
      reply: { code: 503 },
    });
  });

  test("the account is sent where it is asked for", async () => {
    const users = { ada: { password: "p4ss", account: "42" } };
    await using fixture = await onOwnServer(
      { users },
      { user: "ada", password: "p4ss", account: "42", tls: "none" },
    );
    expect(fixture.server.commands).toEqual(["USER ada", "PASS p4ss", "ACCT 42"]);
  });
});

describe("hash", () => {
  const content = pattern(100_000);
  const sha256 = createHash("sha256").update(content).digest("hex");
  const md5 = createHash("md5").update(content).digest("hex");

  test.each([
    [undefined, {}, "SHA-256", sha256, ["FEAT", "OPTS UTF8 ON", "TYPE I", "OPTS HASH SHA-256", "HASH a b"]],
    ["md5", {}, "MD5", md5, ["FEAT", "OPTS UTF8 ON", "TYPE I", "OPTS HASH MD5", "HASH a b"]],
    [undefined, { HASH: false }, "SHA-256", sha256, ["FEAT", "OPTS UTF8 ON", "TYPE I", "XSHA256 a b"]],
    ["MD5", { HASH: false }, "MD5", md5, ["FEAT", "OPTS UTF8 ON", "TYPE I", "XMD5 a b"]],
  ] as const)("of %j on a server with %j is %s", async (wanted, features, algorithm, value, sent) => {
    await using fixture = await onOwnServer({ features });
    await fixture.put("a b", content);
    const commands = fixture.since();
    expect(await fixture.session.hash("a b", wanted)).toEqual({ algorithm, value });
    expect(commands()).toEqual(sent);
    // What is set stays set.
    expect(await fixture.session.hash("a b", wanted)).toEqual({ algorithm, value });
    expect(commands()).toEqual([...sent, sent.at(-1)]);
  });

  test("of CRC32 comes with its leading zeros", async () => {
    await using fixture = await onOwnServer({
      features: { HASH: false },
      onCommand: ({ verb }) => (verb === "XCRC" ? { skip: true, reply: "250 XCRC A1B2C" } : undefined),
    });
    expect(await fixture.session.hash("a", "crc32")).toEqual({ algorithm: "CRC32", value: "000a1b2c" });
  });

  test("that the server does not have is refused before anything but FEAT is sent", async () => {
    await using fixture = await onOwnServer({ features: { HASH: false, XSHA512: false } });
    const commands = fixture.since();
    expect(await failureOf(fixture.session.hash("a", "SHA-512"))).toBeInstanceOf(NotSupportedError);
    expect(commands()).toEqual(["FEAT"]);
  });

  test("that is none in the reply is a ProtocolError", async () => {
    await using fixture = await onOwnServer({
      onCommand: ({ verb }) =>
        verb === "HASH" ? { skip: true, reply: "213 SHA-256 0-4 beef a" } : undefined,
    });
    expect(await failureOf(fixture.session.hash("a"))).toMatchObject({ code: "ERR_NETCLI_PROTOCOL" });
  });
});

describe("a verb that the server refuses rejects with ReplyError, and the session goes on:", () => {
  const modified = new Date("2020-01-02T03:04:05Z");
  const refused: [string, (session: FtpSession) => Promise<unknown>][] = [
    ["CWD none", (session) => session.cwd("none")],
    ["MKD file", (session) => session.mkd("file")],
    ["RMD none", (session) => session.rmd("none")],
    ["RMD full", (session) => session.rmd("full")],
    ["DELE none", (session) => session.delete("none")],
    ["RNFR none", (session) => session.rename("none", "other")],
    ["RNTO full/no/such", (session) => session.rename("file", "full/no/such")],
    ["SIZE none", (session) => session.size("none")],
    ["MDTM none", (session) => session.mdtm("none")],
    ["MFMT 20200102030405 none", (session) => session.mfmt("none", modified)],
    ["SITE ****", (session) => session.chmod("none", 0o644)],
    ["HASH none", (session) => session.hash("none")],
    ["STAT none", (session) => session.stat("none")],
    ["NLST none", (session) => session.nlst("none")],
    ["LIST none", (session) => session.dir("none")],
    ["RETR none", (session) => session.retrBinary("RETR none", nowhere)],
    ["RETR none", (session) => session.retrLines("RETR none", nowhere)],
    ["STOR full", (session) => session.storBinary("STOR full", "a")],
    ["STOR full", (session) => session.storLines("STOR full", "a")],
    ["APPE full", (session) => session.append("full", "a")],
    ["STOU no/such", (session) => session.storUnique("a", "no/such")],
    ["RETR none", (session) => session.transferCmd("RETR none")],
    ["HELP NONE", (session) => session.help("NONE")],
    ["OPTS NONE", (session) => session.opts("NONE")],
    ["SITE ****", (session) => session.site("NONE")],
    ["HOST late", (session) => session.host("late")],
    ["PBSZ 0", (session) => session.protP()],
    ["PROT C", (session) => session.protC()],
    ["AUTH TLS", (session) => session.authTls()],
    ["PASS ****", (session) => session.login("tester", "wrong")],
  ];

  test.each(refused)("%s", async (command, call) => {
    await using fixture = await onOwnServer();
    const { session, server, put } = fixture;
    await put("file", "content");
    await mkdir(join(server.root, "full"));
    await writeFile(join(server.root, "full", "file"), "");
    const error = await failureOf(call(session));
    expect(error).toBeInstanceOf(ReplyError);
    expect(error).toMatchObject({ command });
    if (command.startsWith("PASS")) await session.login("tester", "secret");
    expect(await fetched(session, "file")).toEqual(Buffer.from("content"));
  });

  test.each([
    ["mode", 0o10000],
    ["mode", -1],
    ["mode", 0.5],
    ["mode", Number.NaN],
  ])("chmod refuses the %s %d by a rejection before anything is sent", async (_what, mode) => {
    await using fixture = await onOwnServer();
    const commands = fixture.since();
    expect(await failureOf(fixture.session.chmod("a", mode))).toBeInstanceOf(ArgumentError);
    expect(commands()).toEqual([]);
  });

  test("mfmt refuses a date that is none, or that has no four digits for its year, by a rejection", async () => {
    await using fixture = await onOwnServer();
    const commands = fixture.since();
    for (const date of [new Date(Number.NaN), new Date(8.64e15), new Date(-1e15)]) {
      expect(await failureOf(fixture.session.mfmt("a", date))).toBeInstanceOf(ArgumentError);
    }
    expect(commands()).toEqual([]);
  });
});
