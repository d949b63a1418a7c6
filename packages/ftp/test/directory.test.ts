// What FtpClient says about single paths, and how it makes directories: with facts, and from listings for people.
import { ReplyError } from "@netcli/core-transport";
import { failureOf } from "@netcli/test-kit";
import { beforeAll, afterAll, describe, expect, test } from "vitest";
import { refuseUnhandled } from "./fixtures.ts";
import { lying } from "./lying-ftp.ts";
import { growing, listOnly, MODIFIED, type Tree, type TreeFixture, withTrees } from "./trees.ts";

refuseUnhandled();

const tree: Tree = {
  "d/f": "12345",
  "d/.hidden": "1",
  "d/.secret/f": "1",
  "d/way": { to: "." },
  "d/gone": { to: "nowhere" },
  "d/empty": null,
  'd/"odd" -x %41 [a]*': "12",
  "d/größe": "123",
  "d/ lead": "1234",
};

/** Hides what begins with a dot. */
const hiding = {
  features: listOnly,
  listing: ({ name, type, size }: { name: string; type: string; size: number }): string => {
    const first = { directory: "d", link: "l" }[type] ?? "-";
    return name.startsWith(".") ? "total 1" : `${first}rw-r--r-- 1 a b ${size} May  6 2024 ${name}`;
  },
};

describe.each([
  ["facts", {}],
  ["a listing for people", { features: listOnly }],
  ["facts that it offers and does not tell", { features: { MLSD: 502 } }],
  ["facts, pipelining off", {}],
] as const)("a server with %s", (how, options) => {
  let fixture: TreeFixture;
  beforeAll(async () => {
    // Of MLST itself it is only said.
    const onCommand = how.includes("offers")
      ? {
          onCommand: ({ verb }: { verb: string }) =>
            verb === "MLST" ? { skip: true, reply: "502 no" } : undefined,
        }
      : {};
    fixture = await withTrees(
      tree,
      { ...options, ...onCommand },
      { pipelining: how.endsWith("off") ? "off" : "safe" },
    );
  });
  afterAll(() => fixture[Symbol.asyncDispose]());

  test.each([
    ["d", "directory", "d"],
    ["d/", "directory", "d"],
    ["/d", "directory", "d"],
    ["/d//", "directory", "d"],
    ["./d", "directory", "d"],
    ["", "directory", ""],
    [".", "directory", "."],
    ["/", "directory", ""],
    ["..", "directory", ".."],
    ["d/f", "file", "f"],
    ["d/.hidden", "file", ".hidden"],
    ["d/.secret", "directory", ".secret"],
    ["d/way", "symlink", "way"],
    ["d/gone", "symlink", "gone"],
    ['d/"odd" -x %41 [a]*', "file", '"odd" -x %41 [a]*'],
    ["d/größe", "file", "größe"],
    ["d/ lead", "file", " lead"],
    ["d/way/f", "file", "f"],
  ] as const)("knows what %j is", async (path, type, name) => {
    const entry = await fixture.client.stat(path);
    expect(entry).toMatchObject({ type, name });
    expect(entry.special).toBeUndefined();
    expect(await fixture.client.exists(path)).toBe(type);
  });

  test("knows size and time of a file", async () => {
    const { size, modifiedAt = new Date(0) } = await fixture.client.stat("d/f");
    expect(size).toBe(5);
    expect(Math.abs(modifiedAt.getTime() - MODIFIED.getTime())).toBeLessThan(86_400_000);
  });

  test.each(["nowhere", "nowhere/f", "d/f/g", "/nowhere/"])("knows that there is no %j", async (path) => {
    expect(await failureOf(fixture.client.stat(path))).toBeInstanceOf(ReplyError);
    expect(await fixture.client.exists(path)).toBe(false);
    expect(await failureOf(fixture.client.list(path))).toBeInstanceOf(ReplyError);
  });

  test("lists directories, and nothing but directories", async () => {
    const names = Object.keys(tree).filter((path) => path !== "d/.secret/f");
    const expected = [...names.map((path) => path.slice(2)), ".secret"].toSorted();
    for (const path of ["d", "/d/", "d/way", "d/way/."]) {
      expect((await fixture.client.list(path)).map(({ name }) => name).toSorted()).toEqual(expected);
    }
    expect(await fixture.client.list("d/empty")).toEqual([]);
    expect(await failureOf(fixture.client.list("d/f"))).toBeInstanceOf(ReplyError);
  });

  test("makes directories, whatever of them is there", async () => {
    const { client, server } = fixture;
    for (const path of [
      "m/a/b",
      "m/a/b/",
      "/m/a/c",
      "./m//d",
      "m/ e ",
      "d/way/new",
      "d/way",
      "",
      "/",
      ".",
      "m/..",
    ]) {
      await client.ensureDir(path);
    }
    expect(Object.keys(await growing(`${server.root}/m`)).toSorted()).toEqual([
      " e ",
      "a",
      "a/b",
      "a/c",
      "d",
    ]);
    expect(await client.exists("d/new")).toBe("directory");
    for (const path of ["d/f", "d/f/g", "d/f/g/h", "d/gone"]) {
      expect(await failureOf(client.ensureDir(path))).toBeInstanceOf(ReplyError);
    }
    await client.removeTree("d/new");
  });
});

test("what the listing hides is found all the same", async () => {
  await using fixture = await withTrees(tree, hiding);
  const { client } = fixture;
  expect(await client.stat("d/.hidden")).toMatchObject({ type: "file", size: 1, modifiedAt: MODIFIED });
  expect(await client.exists("d/.secret")).toBe("directory");
  expect(await client.exists("d/.none")).toBe(false);
  expect(await client.use((session) => session.pwd())).toBe("/");
});

test.each([
  ["MLST", {}, false],
  ["LIST", listOnly, "directory"],
  ["LIST or CWD", listOnly, "unknown"],
  ["LIST or CWD or MDTM", listOnly, false],
] as const)("what may not be seen by %s", async (verbs, features, type) => {
  await using fixture = await withTrees(tree, {
    features,
    onCommand: ({ verb, line }) =>
      verbs.split(" or ").includes(verb) && line.includes("d")
        ? { skip: true, reply: "550 Permission denied." }
        : undefined,
  });
  const { client } = fixture;
  expect(await client.exists("d/.secret")).toBe(type);
  expect(await client.use((session) => session.pwd())).toBe("/");
});

test("stat rejects with what is the matter", async () => {
  await using fixture = await withTrees(tree, {
    features: { ...listOnly, SIZE: false },
    onCommand: ({ line }) => (line === "CWD d/x" ? { skip: true, reply: "550 It is elsewhere." } : undefined),
  });
  expect(await failureOf(fixture.client.stat("d/x"))).toMatchObject({
    command: "CWD d/x",
    isPermanent: true,
  });
});

test("stat and exists take one round trip, ensureDir too", async () => {
  const waits: number[] = [];
  await using fixture = await withTrees(tree, { delay: 50 });
  const { client } = fixture;
  await client.exists("d");
  for (const call of [
    () => client.stat("d/f"),
    () => client.exists("nowhere"),
    () => client.ensureDir("x/y/z/u/v/w"),
  ]) {
    const begin = performance.now();
    await call();
    waits.push((performance.now() - begin) / 100);
  }
  for (const wait of waits) expect(wait).toBeLessThan(1.9);
});

test("a listing that is none, though the server says 226, rejects", async () => {
  for (const list of [
    (path: string) => (path === "r" ? "" : undefined),
    (path: string) => (path === "r" ? "-rw-r--r-- 1 a b 3 Jan 1 2024 r\r\n" : undefined),
  ]) {
    await using liar = await lying({
      hasFacts: false,
      list,
      answer: (command) => (command === "CWD r" ? "550 no such directory" : undefined),
    });
    expect(await failureOf(liar.client.list("r"))).toMatchObject({ command: "CWD r" });
  }
});

test("two entries of one name that are not the same are doubtful", async () => {
  await using liar = await lying({
    list: () => "type=file; a\r\ntype=dir; b\r\ntype=file; b\r\ntype=file; c\r\ntype=file; c\r\n",
  });
  const entries = await liar.client.list("r");
  expect(entries.map(({ name, isDoubtful = false }) => [name, isDoubtful])).toEqual([
    ["a", false],
    ["b", true],
    ["b", true],
    ["c", false],
    ["c", false],
  ]);
});

test("a listing without an end is a LimitError", async () => {
  const piece = "type=file; a\r\n".repeat(20_000);
  function* endless(): Generator<string> {
    for (;;) yield piece;
  }
  await using liar = await lying({ list: endless });
  expect(await failureOf(liar.client.list("r"))).toMatchObject({
    code: "ERR_NETCLI_LIMIT",
    limit: "blockBytes",
  });
}, 60_000);
