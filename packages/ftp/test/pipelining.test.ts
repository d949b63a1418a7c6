// The same calls with all kinds of pipelining, against servers that take it in all ways: the same results.
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { failureOf } from "@netcli/test-kit";
import { describe, expect, test } from "vitest";
import { FtpSession } from "../src/index.ts";
import { identity, nowhere, pattern, refuseUnhandled } from "./fixtures.ts";
import { fetched, onOwnServer, tester } from "./own-server.ts";

refuseUnhandled();

const kinds = ["off", "safe", "full"] as const;
const servers = ["queue", "late", "discard", "close"] as const;

async function everything(
  pipelining: (typeof kinds)[number],
  server: (typeof servers)[number],
  tls: boolean,
): Promise<unknown[]> {
  await using fixture = await onOwnServer(
    { pipelining: server, ...(tls ? { tls: identity, requireSessionReuse: true } : {}) },
    { pipelining, tls: tls ? "starttls" : "none" },
  );
  const { session, put } = fixture;
  await mkdir(join(fixture.server.root, "dir"));
  await put("a", pattern(100_000));
  await put("b", "one\ntwo\n");
  // None of these waits for another one.
  const results = await Promise.allSettled([
    session.pwd(),
    fetched(session, "a").then((content) => content.equals(pattern(100_000))),
    session.size("a"),
    session.nlst(),
    session.cwd("none"),
    fetched(session, "none"),
    fetched(session, "b").then(String),
    session.storBinary("STOR c", pattern(70_000)),
    session.size("c"),
    session.cwd("dir"),
    session.pwd(),
    session.storBinary("STOR d", "inside"),
    session.nlst(),
    session.rename("d", "e"),
    session.cdup(),
    session.nlst("dir"),
    session.delete("dir/e"),
    session.rmd("dir"),
    session.nlst(),
  ]);
  expect(fixture.server.errors).toEqual([]);
  return results.map((each) => (each.status === "fulfilled" ? each.value : String(each.reason)));
}

describe("the results are the same", () => {
  test.each(servers.flatMap((server) => [[server, false] as const, [server, true] as const]))(
    "on a server with pipelining %s, TLS %s, whether and how we pipeline",
    async (server, tls) => {
      const [off, safe, full] = await Promise.all(kinds.map((kind) => everything(kind, server, tls)));
      expect(off?.slice(0, 6)).toEqual([
        "/",
        true,
        100_000,
        ["a", "b", "dir"],
        expect.stringContaining("550"),
        expect.stringContaining("550"),
      ]);
      expect(off?.at(-1)).toEqual(["a", "b", "c"]);
      expect(safe).toEqual(off);
      expect(full).toEqual(off);
    },
  );
});

test.each(["discard", "close"] as const)("off is what a server stands that would %s", async (pipelining) => {
  await using fixture = await onOwnServer({ pipelining }, { pipelining: "off" });
  const { session, put, server } = fixture;
  await put("a", pattern(1_000));
  const results = await Promise.all([
    session.pwd(),
    session.noop(),
    fetched(session, "a"),
    session.size("a"),
    session.nlst(),
    session.cwd("/"),
    session.rename("a", "b"),
    session.hash("b"),
  ]);
  expect(results).toMatchObject(["/", { code: 200 }, { length: 1_000 }, 1_000, ["a"], { code: 250 }, {}, {}]);
  expect(server.errors).toEqual([]);
});

test("off waits for the answer also where the caller has given up", async () => {
  await using fixture = await onOwnServer(
    { pipelining: "close", onCommand: ({ verb }) => (verb === "STAT" ? { wait: gone } : undefined) },
    { pipelining: "off" },
  );
  const { session } = fixture;
  const controller = new AbortController();
  const stat = failureOf(session.stat(undefined, { signal: controller.signal }));
  const pwd = session.pwd();
  controller.abort("enough");
  const gone = stat;
  expect(await stat).toBe("enough");
  expect(await pwd).toBe("/");
});

test.each(kinds)("a wrong password is one, pipelining %s", async (pipelining) => {
  await using fixture = await onOwnServer();
  const { host, port } = fixture.server;
  const wrong = { host, port, ...tester, password: "wrong", tls: "none", pipelining } as const;
  expect(await failureOf(FtpSession.connect(wrong))).toMatchObject({
    command: "PASS ****",
    reply: { code: 530 },
  });
  expect(fixture.server.commands.at(-1)).toBe("QUIT");
});

test("binary stays binary behind another login, TYPE by hand, and a TYPE whose answer nobody heard", async () => {
  await using fixture = await onOwnServer();
  const { session, put } = fixture;
  const content = Buffer.from("a\nb\n");
  await put("a", content);
  expect(await fetched(session, "a")).toEqual(content);
  // RFC 959 leaves the type as it is, and this server does not.
  await session.login("tester", "secret");
  expect(await fetched(session, "a")).toEqual(content);
  await session.voidCmd("TYPE A");
  expect(await fetched(session, "a")).toEqual(content);
  const controller = new AbortController();
  const failing = failureOf(session.type("A", { signal: controller.signal }));
  controller.abort("enough");
  expect(await failing).toBe("enough");
  expect(await fetched(session, "a")).toEqual(content);
  expect(await session.retrBinary("RETR a", nowhere)).toMatchObject({ bytes: 4 });
});

test("a size is that of binary, whatever is in the queue before it", async () => {
  await using fixture = await onOwnServer();
  const { session, put, since } = fixture;
  await put("a", "a\nb\n");
  await session.type("I");
  const commands = since();
  const sizes = await Promise.all([
    session.size("a"),
    session.nlst().then(() => session.size("a")),
    session.size("a"),
    session.type("A").then(() => session.size("a")),
    session.size("a"),
  ]);
  expect(sizes).toEqual([4, 4, 4, 4, 4]);
  expect(commands().filter((line) => line === "TYPE I").length).toBeGreaterThan(1);
});

test("what was asked for ahead is not used where the protection has changed meanwhile", async () => {
  await using fixture = await onOwnServer({ tls: identity }, { tls: "starttls" });
  const { session, put, server } = fixture;
  await put("a", pattern(10));
  const [one, , two, , three] = await Promise.all([
    fetched(session, "a"),
    session.protC(),
    fetched(session, "a"),
    session.protP(),
    fetched(session, "a"),
  ]);
  expect([one, two, three].map(({ length }) => length)).toEqual([10, 10, 10]);
  expect(server.sessions[0]?.transfers.map(({ isSecure }) => isSecure)).toEqual([true, false, true]);
});
