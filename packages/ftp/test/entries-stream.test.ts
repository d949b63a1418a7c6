// FtpClient.entries: in little memory, at the pace of whoever wants them.
import { setImmediate as turn } from "node:timers/promises";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { ConnectionClosedError, ReplyError } from "@netcli/core-transport";
import { failureOf } from "@netcli/test-kit";
import { expect, test } from "vitest";
import { refuseUnhandled } from "./fixtures.ts";
import { lying } from "./lying-ftp.ts";
import { all, fileLine, listOnly, withTrees } from "./trees.ts";

refuseUnhandled();

setFlagsFromString("--expose-gc");
const collectGarbage = runInNewContext("gc") as () => void;

function* many(count: number): Generator<string> {
  const most = 1_000;
  for (let at = 0; at < count; at += most) {
    yield Array.from({ length: Math.min(most, count - at) }, (_, index) =>
      fileLine(`file ${at + index}`),
    ).join("");
  }
}

test.each([{}, listOnly])("gives what list gives (%o)", async (features) => {
  await using fixture = await withTrees({ "r/a": "1", "r/b/c": "2", "r/l": { to: "a" } }, { features });
  const { client } = fixture;
  expect(await all(client.entries("r"))).toEqual(await client.list("r"));
  expect(await all(client.entries("r/b"))).toHaveLength(1);
  expect(await all(client.entries())).toHaveLength(1);
  expect(await failureOf(all(client.entries("nowhere")))).toBeInstanceOf(ReplyError);
});

test("a million entries need little memory, and a consumer that is slow holds the server back", async () => {
  const count = 1_000_000;
  await using liar = await lying({ list: () => many(count) });
  await all(liar.client.entries("warm"));
  collectGarbage();
  const before = process.memoryUsage().heapUsed;
  let most = 0;
  let seen = 0;
  for await (const { name } of liar.client.entries("r")) {
    if (name !== `file ${seen}`) throw new Error(`${name} is not the one with number ${seen}`);
    seen += 1;
    if (seen % 100_000 !== 50_000) continue;
    await turn();
    collectGarbage();
    most = Math.max(most, process.memoryUsage().heapUsed - before);
  }
  expect(seen).toBe(count);
  expect(most).toBeLessThan(16 * 1_048_576);
}, 120_000);

test("an end in the middle breaks the listing off, and the session goes on", async () => {
  await using liar = await lying({ list: (path) => (path === "r" ? many(500_000) : fileLine("a")) });
  const { client } = liar;
  let seen = 0;
  for await (const _ of client.entries("r")) {
    seen += 1;
    if (seen === 10) break;
  }
  expect(await client.list("other")).toHaveLength(1);
  const entries = client.entries("r");
  await entries.next();
  await entries.return();
  expect(await client.list("other")).toHaveLength(1);
});

test.each([1, 2])(
  "other calls go on inside the loop, with %d connections",
  async (connections) => {
    await using liar = await lying(
      { list: (path) => (path === "r" ? many(20_000) : fileLine("a")) },
      { connections },
    );
    const { client } = liar;
    let seen = 0;
    let found = 0;
    for await (const { name } of client.entries("r")) {
      if (seen % 4_000 === 0) found += (await client.list(name)).length;
      seen += 1;
    }
    expect([seen, found]).toEqual([20_000, 5]);
  },
  30_000,
);

test("two at the same time go on side by side with one connection", async () => {
  await using liar = await lying({ list: () => many(20_000) }, { connections: 1 });
  const [one, other] = [liar.client.entries("a"), liar.client.entries("b")];
  for (let index = 0; index < 20_000; index += 1) {
    expect((await one.next()).value?.name).toBe((await other.next()).value?.name);
  }
  expect([(await one.next()).done, (await other.next()).done]).toEqual([true, true]);
}, 30_000);

test("an abort rejects at once with the reason, and the session goes on", async () => {
  await using liar = await lying({ list: (path) => (path === "r" ? many(500_000) : fileLine("a")) });
  const { client } = liar;
  const abort = new AbortController();
  const reason = new Error("no more");
  const names: string[] = [];
  const loop = async (): Promise<void> => {
    for await (const { name } of client.entries("r", { signal: abort.signal })) {
      names.push(name);
      if (names.length === 3) abort.abort(reason);
    }
  };
  expect(await failureOf(loop())).toBe(reason);
  expect(names).toHaveLength(3);
  expect(await failureOf(all(client.entries("r", { signal: abort.signal })))).toBe(reason);
  expect(await client.list("other")).toHaveLength(1);
});

test.each(["quit", "close"] as const)("%s in the middle rejects", async (how) => {
  await using liar = await lying({ list: () => many(500_000) });
  const { client } = liar;
  const loop = async (): Promise<void> => {
    let ending: Promise<void> | undefined;
    for await (const _ of client.entries("r")) ending ??= Promise.resolve(client[how]());
    await ending;
  };
  expect(await failureOf(loop())).toBeInstanceOf(ConnectionClosedError);
});

test("a listing without an end fits into memory or rejects, also when others wait", async () => {
  const piece = "type=file; a\r\n".repeat(500);
  function* endless(): Generator<string> {
    for (;;) yield piece;
  }
  await using liar = await lying(
    { list: (path) => (path === "r" ? endless() : fileLine("a")) },
    { connections: 1 },
  );
  const loop = async (): Promise<void> => {
    for await (const { name } of liar.client.entries("r")) await liar.client.list(name);
  };
  expect(await failureOf(loop())).toMatchObject({ code: "ERR_NETCLI_LIMIT" });
}, 60_000);

test("what breaks before the first entry is tried again, and later rejects", async () => {
  let broken = 0;
  await using fixture = await withTrees(
    Object.fromEntries(Array.from({ length: 3_000 }, (_, index) => [`r/${index}`, ""])),
    {
      onCommand: ({ verb }) => {
        if (verb !== "MLSD") return undefined;
        broken += 1;
        return broken < 3
          ? { data: { cut: { after: 0, end: "reset" } }, end: "reset" }
          : broken === 4
            ? { data: { cut: { after: 150_000, end: "reset" } }, end: "reset" }
            : undefined;
      },
    },
  );
  expect(await all(fixture.client.entries("r"))).toHaveLength(3_000);
  expect(broken).toBe(3);
  expect(await failureOf(all(fixture.client.entries("r")))).toMatchObject({ reply: { code: 426 } });
}, 30_000);
