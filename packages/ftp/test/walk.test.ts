// FtpClient.walk: level by level, whatever the consumer and the server do meanwhile.
import { ConnectionClosedError, ReplyError } from "@netcli/core-transport";
import { failureOf, gate } from "@netcli/test-kit";
import { describe, expect, test } from "vitest";
import type { WalkItem } from "../src/index.ts";
import { refuseUnhandled } from "./fixtures.ts";
import { all, listOnly, type Tree, withTrees } from "./trees.ts";

refuseUnhandled();

const tree: Tree = {
  "r/a/aa/x": "1",
  "r/a/ab": null,
  "r/b/ba/y": "2",
  "r/c": "3",
  "r/link": { to: "a" },
  "r/z/za/zb/zc": "4",
};

const ORDER = [
  "a",
  "b",
  "c",
  "link",
  "z",
  "a/aa",
  "a/ab",
  "b/ba",
  "z/za",
  "a/aa/x",
  "b/ba/y",
  "z/za/zb",
  "z/za/zb/zc",
];

const paths = (items: readonly WalkItem[]): string[] => items.map(({ path }) => path);

describe.each([
  ["facts", {}],
  ["a listing for people", listOnly],
])("a walk by %s", (_how, features) => {
  test.each([1, 3])("goes level by level over %d connections", async (connections) => {
    await using fixture = await withTrees(tree, { features }, { connections });
    const items = await all(fixture.client.walk("r"));
    expect(paths(items)).toEqual(ORDER);
    expect(items.map(({ depth }) => depth)).toEqual(ORDER.map((path) => path.split("/").length));
    expect(items.find(({ path }) => path === "a/aa/x")?.entry).toMatchObject({
      name: "x",
      type: "file",
      size: 1,
    });
    expect(items.find(({ path }) => path === "link")?.entry.type).toBe("symlink");
  });

  test.each(["", ".", "/", "/r/..", "r/../"])("may begin at %j", async (root) => {
    await using fixture = await withTrees(tree, { features });
    expect(paths(await all(fixture.client.walk(root, { maxDepth: 2 })))).toEqual([
      "r",
      ...["a", "b", "c", "link", "z"].map((name) => `r/${name}`),
    ]);
  });

  test("looks no deeper than maxDepth, nor into what the filter leaves out", async () => {
    await using fixture = await withTrees(tree, { features });
    const { client, since } = fixture;
    expect(paths(await all(client.walk("r", { maxDepth: 1 })))).toEqual(ORDER.slice(0, 5));
    const commands = since();
    const items = await all(
      client.walk("r", {
        filter: async ({ path, depth }) => path !== "b" && !(depth === 3 && path.endsWith("x")),
      }),
    );
    expect(paths(items)).toEqual(ORDER.filter((path) => !path.startsWith("b") && path !== "a/aa/x"));
    expect(commands(features === listOnly ? "LIST" : "MLSD").filter((line) => line.includes("r/b"))).toEqual(
      [],
    );
  });

  test("follows links to directories if it is told to, and loops of them not for ever", async () => {
    await using fixture = await withTrees(
      { ...tree, "r/a/up": { to: ".." }, "r/gone": { to: "nowhere" } },
      { features },
    );
    const items = paths(await all(fixture.client.walk("r", { symlinks: "follow" })));
    expect(items).toContain("link/aa");
    expect(items).toContain("a/up/link/up/c");
    expect(items.length).toBeLessThan(2_000);
    const most = Math.max(
      ...items.map((path) => path.split("/").filter((name) => /^(?:up|link)$/.test(name)).length),
    );
    expect(most).toBe(5);
  });

  test("rejects where there is nothing, or no directory", async () => {
    await using fixture = await withTrees(tree, { features });
    expect(await failureOf(all(fixture.client.walk("nowhere")))).toBeInstanceOf(ReplyError);
    expect(await failureOf(all(fixture.client.walk("r/c")))).toBeInstanceOf(ReplyError);
    expect(await fixture.client.exists("r/c")).toBe("file");
  });
});

test("a walk that nobody goes on with leaves nothing running, and the session usable", async () => {
  const wide: Tree = Object.fromEntries(Array.from({ length: 30 }, (_, index) => [`r/d${index}/f`, "x"]));
  await using fixture = await withTrees(wide, {}, { connections: 2 });
  const { client, since } = fixture;
  for await (const { path } of client.walk("r")) if (path === "d0/f") break;
  const commands = since();
  expect(await client.exists("r")).toBe("directory");
  expect(commands().filter((line) => !/^(?:MLST|FEAT)/.test(line))).toEqual([]);
});

test("a walk that nobody goes on with does not wait for what is listed ahead", async () => {
  const { opened: never } = gate();
  await using fixture = await withTrees(
    { "r/a/f": "1", "r/b/f": "2" },
    {
      onCommand: ({ line }) =>
        line === "MLSD r/b" ? { data: { cut: { after: 0, wait: never } } } : undefined,
    },
    { connections: 2 },
  );
  for await (const { path } of fixture.client.walk("r")) if (path === "a/f") break;
  expect(await fixture.client.exists("r/b/f")).toBe("file");
});

function noFilter(): boolean {
  throw new Error("no filter");
}

test("a walk whose caller throws ends, too", async () => {
  await using fixture = await withTrees(tree);
  const walk = async (): Promise<void> => {
    for await (const { path } of fixture.client.walk("r")) if (path === "c") throw new Error("enough");
  };
  expect(await failureOf(walk())).toMatchObject({ message: "enough" });
  expect(await failureOf(all(fixture.client.walk("r", { filter: noFilter })))).toMatchObject({
    message: "no filter",
  });
  expect(await fixture.client.list("r")).toHaveLength(5);
});

test("a walk rejects where it may not look, with what it has behind it", async () => {
  await using fixture = await withTrees(tree, {
    onCommand: ({ line }) => (line === "MLSD r/b" ? { skip: true, reply: "550 not for you" } : undefined),
  });
  const seen: string[] = [];
  const walk = async (): Promise<void> => {
    for await (const { path } of fixture.client.walk("r")) seen.push(path);
  };
  expect(await failureOf(walk())).toMatchObject({ command: "MLSD r/b" });
  expect(seen).toEqual([...ORDER.slice(0, 5), "a/aa", "a/ab"]);
});

test("a walk goes on over a new connection where one breaks", async () => {
  let broken = 0;
  await using fixture = await withTrees(tree, {
    onCommand: ({ line }) => {
      if (line !== "MLSD r/b" || broken === 2) return undefined;
      broken += 1;
      return { data: { cut: { after: 10, end: "reset" } }, end: "reset" };
    },
  });
  expect(paths(await all(fixture.client.walk("r")))).toEqual(ORDER);
  expect(broken).toBe(2);
});

test("a walk that is aborted rejects with the reason", async () => {
  await using fixture = await withTrees(tree);
  const reason = new Error("no more");
  const abort = new AbortController();
  const walk = async (): Promise<void> => {
    for await (const { path } of fixture.client.walk("r", { signal: abort.signal })) {
      if (path === "z") abort.abort(reason);
    }
  };
  expect(await failureOf(walk())).toBe(reason);
  expect(await failureOf(all(fixture.client.walk("r", { signal: abort.signal })))).toBe(reason);
  expect(await fixture.client.exists("r")).toBe("directory");
});

test("a walk may use the client between two items, also with one connection", async () => {
  await using fixture = await withTrees(tree, {}, { connections: 1 });
  const found: [string, unknown][] = [];
  for await (const { path } of fixture.client.walk("r"))
    found.push([path, await fixture.client.exists(`r/${path}`)]);
  expect(found.map(([path]) => path)).toEqual(ORDER);
  expect(found.every(([, type]) => type !== false)).toBe(true);
});

test("a walk of a client that was closed rejects", async () => {
  await using fixture = await withTrees(tree);
  const walk = fixture.client.walk("r");
  await walk.next();
  await fixture.client.quit();
  expect(await failureOf(all(walk))).toBeInstanceOf(ConnectionClosedError);
});
