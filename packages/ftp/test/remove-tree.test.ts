// FtpClient.removeTree: all below a directory and nothing else.
import { join } from "node:path";
import { ReplyError } from "@netcli/core-transport";
import { failureOf } from "@netcli/test-kit";
import { describe, expect, test } from "vitest";
import { refuseUnhandled } from "./fixtures.ts";
import { lying } from "./lying-ftp.ts";
import { directoryLine, fileLine, growing, listOnly, type Tree, withTrees } from "./trees.ts";

refuseUnhandled();

const outside: Tree = { outside: null, "outside/f": "mine" };
const tree: Tree = {
  ...outside,
  "t/a/b/c/f": "1",
  "t/a/f": "2",
  "t/empty": null,
  "t/link": { to: "../outside" },
  "t/file link": { to: "../outside/f" },
  "t/dangling": { to: "nowhere" },
  "t/-R": "3",
  "t/ spaces ": "4",
  "t/%41*[x]": "5",
  "t/größe/日本": "6",
};

describe.each([
  ["facts", {}],
  ["a listing for people", listOnly],
])("with %s", (_how, features) => {
  test.each(["t", "t/", "./t", "/t", "/t/.", "outside/../t"])(
    "removes %j with all in it, and follows no link",
    async (root) => {
      await using fixture = await withTrees(tree, { features });
      await fixture.client.removeTree(root);
      expect(await growing(fixture.server.root)).toEqual(outside);
    },
  );

  test.each(["way", "way/", "way/."])(
    "removes a link that is the root, %j, and not what it leads to",
    async (root) => {
      await using fixture = await withTrees({ ...outside, way: { to: "outside" } }, { features });
      await fixture.client.removeTree(root);
      expect(await growing(fixture.server.root)).toEqual(outside);
    },
  );

  test("leaves a file that is the root, and rejects", async () => {
    await using fixture = await withTrees(outside, { features });
    expect(await failureOf(fixture.client.removeTree("outside/f"))).toBeInstanceOf(ReplyError);
    expect(await failureOf(fixture.client.removeTree("nowhere"))).toBeInstanceOf(ReplyError);
    expect(await growing(fixture.server.root)).toEqual(outside);
  });

  test("removes what it can where a file refuses, and rejects with that", async () => {
    await using fixture = await withTrees(tree, {
      features,
      onCommand: ({ line }) => (line === "DELE t/a/f" ? { skip: true, reply: "550 busy" } : undefined),
    });
    expect(await failureOf(fixture.client.removeTree("t"))).toMatchObject({ command: "DELE t/a/f" });
    expect(await growing(fixture.server.root)).toEqual({ ...outside, t: null, "t/a": null, "t/a/f": "2" });
  });

  test("removes what it can where a directory is closed, and rejects with that", async () => {
    await using fixture = await withTrees(tree, {
      features,
      onCommand: ({ line }) =>
        /^(?:MLSD|LIST) t\/a$/.test(line) ? { skip: true, reply: "550 no" } : undefined,
    });
    expect(await failureOf(fixture.client.removeTree("t"))).toMatchObject({
      message: expect.stringContaining("t/a"),
    });
    expect(Object.keys(await growing(join(fixture.server.root, "t"))).toSorted()).toEqual([
      "a",
      "a/b",
      "a/b/c",
      "a/b/c/f",
      "a/f",
    ]);
  });

  test.each([1, 2, 5])("goes on where connections break (%d times)", async (times) => {
    let broken = 0;
    await using fixture = await withTrees(
      tree,
      {
        features,
        onCommand: ({ verb, nth }) => {
          if (broken === times || !["MLSD", "LIST", "DELE", "RMD"].includes(verb) || nth % 2 === 0)
            return undefined;
          broken += 1;
          // It is done, and nobody hears of it.
          return { reply: null, end: "reset" };
        },
      },
      { retries: 5 },
    );
    await fixture.client.removeTree("t");
    expect(broken).toBe(times);
    expect(await growing(fixture.server.root)).toEqual(outside);
  });
});

test("rejects where the directory holds what the server hides", async () => {
  await using fixture = await withTrees(
    { "t/f": "1", "t/.htaccess": "2" },
    {
      features: listOnly,
      listing: ({ name }) =>
        name === ".htaccess" ? "total 1" : `${name === "t" ? "d" : "-"}rw-r--r-- 1 a b 1 Jan 1 2024 ${name}`,
    },
  );
  expect(await failureOf(fixture.client.removeTree("t"))).toMatchObject({ command: "RMD t" });
  expect(await growing(fixture.server.root)).toEqual({ t: null, "t/.htaccess": "2" });
});

test("aborted, rejects with the reason and leaves the client usable", async () => {
  const abort = new AbortController();
  const reason = new Error("stop");
  await using fixture = await withTrees(tree, {
    onCommand: ({ verb }) => void (verb === "DELE" && abort.abort(reason)),
  });
  expect(await failureOf(fixture.client.removeTree("t", { signal: abort.signal }))).toBe(reason);
  expect(await fixture.client.exists("t")).toBe("directory");
});

test("removes a thousand levels", async () => {
  const levels = 1_000;
  await using liar = await lying({
    list: (path) => (path.length < 2 * levels - 1 ? directoryLine("d") : "") + fileLine("f"),
  });
  await liar.client.removeTree("d");
  expect(liar.commands.filter((command) => command.startsWith("DELE"))).toHaveLength(levels);
  const removed = liar.commands.filter((command) => command.startsWith("RMD"));
  expect(removed).toHaveLength(levels);
  expect(
    removed.every((command, index) => index === 0 || command.length < (removed[index - 1] ?? "").length),
  ).toBe(true);
}, 60_000);

test("sends what it removes in few round trips", async () => {
  const delay = 40;
  const wide: Tree = Object.fromEntries(
    Array.from({ length: 4 }, (_, directory) =>
      Array.from({ length: 25 }, (_none, file) => [`t/d${directory}/f${file}`, "x"] as const),
    ).flat(),
  );
  await using fixture = await withTrees(wide, { delay }, { connections: 1 });
  await fixture.client.list("");
  const begin = performance.now();
  await fixture.client.removeTree("t");
  const trips = (performance.now() - begin) / (2 * delay);
  expect(await growing(fixture.server.root)).toEqual({});
  // One by one they would be 105, and the listings ten more.
  expect(trips).toBeLessThan(30);
}, 20_000);
