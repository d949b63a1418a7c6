// MODE Z: data connections that are compressed (draft-preston-ftpext-deflate).
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ProtocolError, ReplyError } from "@netcli/core-transport";
import { failureOf } from "@netcli/test-kit";
import { describe, expect, test } from "vitest";
import { FtpClient } from "../src/index.ts";
import { identity, loggedIn, nowhere, pattern, refuseUnhandled, tlsOptions } from "./fixtures.ts";
import { fetched, onOwnServer, tester } from "./own-server.ts";

refuseUnhandled();

const text = "a line that comes again\n".repeat(50_000);

describe.each([
  ["off", "none"],
  ["safe", "none"],
  ["full", "none"],
  ["safe", "starttls"],
] as const)("with compression, pipelining %s and TLS %s", (pipelining, tls) => {
  test("all that goes over data connections is the same, and MODE Z is said once", async () => {
    await using fixture = await onOwnServer(
      tls === "none" ? {} : { tls: identity, requireSessionReuse: true },
      { compress: true, pipelining, tls },
    );
    const { session, put, get, since } = fixture;
    const commands = since();
    await put("a", text);
    await put("empty", "");
    const results = await Promise.all([
      fetched(session, "a").then(String),
      fetched(session, "empty").then(String),
      session.storBinary("STOR b", text),
      session.storBinary("STOR none", ""),
      session.nlst(),
      session.mlsd().then((entries) => entries.length),
      session.retrBinary("RETR b", nowhere, { rest: text.length - 5 }),
      session.append("b", "more"),
    ]);
    expect(results).toMatchObject([
      text,
      "",
      { bytes: text.length },
      { bytes: 0 },
      ["a", "b", "empty", "none"],
      6,
      { bytes: 5 },
      { bytes: 4 },
    ]);
    expect(String(await get("b"))).toBe(`${text}more`);
    expect(commands().filter((line) => line.startsWith("MODE"))).toEqual(["MODE Z"]);
    expect(fixture.server.errors).toEqual([]);
  });
});

test("files are downloaded and uploaded, and progress counts their bytes", async () => {
  await using fixture = await onOwnServer({}, {});
  const { host, port } = fixture.server;
  const directory = await mkdtemp(join(tmpdir(), "netcli-compress-"));
  try {
    await using client = await FtpClient.connect({ host, port, ...tester, tlsOptions, compress: true });
    await writeFile(join(directory, "a"), pattern(3_000_000));
    const progress: number[] = [];
    const onProgress = ({ bytes }: { bytes: number }): void => void progress.push(bytes);
    expect(await client.upload(join(directory, "a"), "a", { onProgress })).toMatchObject({
      bytes: 3_000_000,
    });
    expect(progress.at(-1)).toBe(3_000_000);
    expect(await client.download("a", join(directory, "b"), { onProgress })).toMatchObject({
      bytes: 3_000_000,
    });
    expect(progress.at(-1)).toBe(3_000_000);
    expect((await readFile(join(directory, "b"))).equals(pattern(3_000_000))).toBe(true);
    expect(fixture.server.commands).toContain("MODE Z");
  } finally {
    await rm(directory, { recursive: true });
  }
});

test("far fewer bytes go over the wire", async () => {
  let bytes = 0;
  await using fixture = await onOwnServer({
    onCommand: ({ verb }) =>
      verb === "RETR" ? { data: { alter: (chunk) => ((bytes += chunk.length), chunk) } } : undefined,
  });
  const { session, put } = fixture;
  await put("a", text);
  await session.mode("Z");
  expect(await session.retrBinary("RETR a", nowhere)).toMatchObject({ bytes: text.length });
  expect(bytes).toBeLessThan(text.length / 50);
});

describe("what a server offers", () => {
  test("not stays unasked, and plain", async () => {
    await using fixture = await onOwnServer({ features: { "MODE Z": false } }, { compress: true });
    const { session, put, server } = fixture;
    await put("a", text);
    expect(String(await fetched(session, "a"))).toBe(text);
    expect(server.commands.filter((line) => line.startsWith("MODE"))).toEqual([]);
  });

  test("and refuses then is plain", async () => {
    await using fixture = await onOwnServer(
      { onCommand: ({ verb }) => (verb === "MODE" ? { skip: true, reply: "504 not today" } : undefined) },
      { compress: true },
    );
    const { session, put, server } = fixture;
    await put("a", text);
    for (let times = 0; times < 2; times += 1) expect(String(await fetched(session, "a"))).toBe(text);
    expect(server.commands.filter((line) => line.startsWith("MODE"))).toEqual(["MODE Z"]);
  });

  test("not at all, because it knows no FEAT, is plain", async () => {
    await using fixture = await onOwnServer({ features: { FEAT: false } }, { compress: true });
    await fixture.put("a", text);
    expect(String(await fetched(fixture.session, "a"))).toBe(text);
  });
});

describe("the mode", () => {
  test("can be set by hand, both ways, and a refusal is one", async () => {
    await using fixture = await onOwnServer();
    const { session, put, server } = fixture;
    await put("a", text);
    await session.mode("Z");
    expect(String(await fetched(session, "a"))).toBe(text);
    await session.mode("S");
    expect(String(await fetched(session, "a"))).toBe(text);
    expect(server.commands.filter((line) => line.startsWith("MODE"))).toEqual(["MODE Z", "MODE S"]);
    await using plain = await onOwnServer({ features: { "MODE Z": false } });
    expect(await failureOf(plain.session.mode("Z"))).toMatchObject({ reply: { code: 504 } });
    await plain.put("a", text);
    expect(String(await fetched(plain.session, "a"))).toBe(text);
  });

  test("is what it was behind another login, and one by hand that nobody was told of is undone", async () => {
    await using fixture = await onOwnServer();
    const { session, put } = fixture;
    await put("a", text);
    await session.mode("Z");
    await session.login("tester", "secret");
    expect(String(await fetched(session, "a"))).toBe(text);
    await session.mode("S");
    await session.voidCmd("MODE Z");
    expect(String(await fetched(session, "a"))).toBe(text);
  });

  test("is that of a data connection that is handed out", async () => {
    await using fixture = await onOwnServer();
    const { session, put, get } = fixture;
    await put("a", "one\ntwo\n");
    await session.type("I");
    await session.mode("Z");
    const down = await session.transferCmd("RETR a");
    const lines: string[] = [];
    for await (const line of down.connection.lines()) lines.push(line);
    expect(await down.finish()).toMatchObject({ code: 226 });
    expect(lines).toEqual(["one", "two"]);
    const up = await session.transferCmd("STOR b");
    await up.connection.write("content");
    expect(await up.finish()).toMatchObject({ code: 226 });
    expect(String(await get("b"))).toBe("content");
  });
});

describe("compressed data", () => {
  test.each([0, 1, 500])("that ends behind %d bytes is no file, whatever the server says", async (after) => {
    await using fixture = await onOwnServer({
      onCommand: ({ verb }) =>
        verb === "RETR" ? { data: { cut: { after, end: "end" } }, reply: "226 done" } : undefined,
    });
    const { session, put } = fixture;
    await put("a", pattern(100_000));
    await session.mode("Z");
    expect(await failureOf(session.retrBinary("RETR a", nowhere))).toBeInstanceOf(ProtocolError);
    expect(await session.pwd()).toBe("/");
  });

  test("that ends early, and for a reason, is told by that", async () => {
    await using fixture = await onOwnServer({
      onCommand: ({ verb }) =>
        verb === "RETR" ? { data: { cut: { after: 500, end: "end" } }, reply: "451 the disk" } : undefined,
    });
    const { session, put } = fixture;
    await put("a", pattern(100_000));
    await session.mode("Z");
    const error = await failureOf(session.retrBinary("RETR a", nowhere));
    expect(error).toBeInstanceOf(ReplyError);
    expect(error).toMatchObject({ reply: { code: 451 } });
  });

  test("that is broken is no file", async () => {
    await using fixture = await onOwnServer({
      onCommand: ({ verb }) =>
        verb === "RETR" ? { data: { alter: (chunk) => chunk.map((byte) => byte ^ 1) } } : undefined,
    });
    const { session, put } = fixture;
    await put("a", pattern(100_000));
    await session.mode("Z");
    expect(await failureOf(session.retrBinary("RETR a", nowhere))).toBeInstanceOf(ProtocolError);
    expect(await session.pwd()).toBe("/");
  });

  test("that is none is no file", async () => {
    await using fixture = await loggedIn(async (ftp) => {
      await ftp.answer("MODE Z", "200 compressed");
      await ftp.answer("TYPE I", "200 binary");
      await ftp.give("a", Buffer.from("in clear"));
      await ftp.prove();
    });
    const { session } = fixture;
    await session.mode("Z");
    expect(await failureOf(session.retrBinary("RETR a", nowhere))).toBeInstanceOf(ProtocolError);
    expect(await session.pwd()).toBe("/here");
  });

  test("can be aborted, and the session works", async () => {
    const controller = new AbortController();
    await using fixture = await onOwnServer();
    const { session, put } = fixture;
    await put("a", Buffer.alloc(50_000_000));
    await session.mode("Z");
    const take = (): void => controller.abort("enough");
    expect(await failureOf(session.retrBinary("RETR a", take, { signal: controller.signal }))).toBe("enough");
    await put("b", text);
    expect(String(await fetched(session, "b"))).toBe(text);
  });
});
