// FtpClient.mirror: one tree becomes like the other.
import { mkdir, rm, stat, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { ArgumentError, ReplyError } from "@netcli/core-transport";
import { failureOf } from "@netcli/test-kit";
import { describe, expect, test } from "vitest";
import type { MirrorOptions, MirrorProgress, MirrorResult } from "../src/index.ts";
import { refuseUnhandled } from "./fixtures.ts";
import { growing, listOnly, MODIFIED, plant, type Tree, type TreeFixture, withTrees } from "./trees.ts";

refuseUnhandled();

const tree: Tree = {
  a: "content of a",
  "b/c": "",
  "b/d/e": "eee",
  "b/empty": null,
  " odd -name ": "x",
  "größe/日本": "yy",
};

const FILES = [" odd -name ", "a", "b/c", "b/d/e", "größe/日本"];
const BYTES = 12 + 3 + 1 + 2;

const NOTHING: MirrorResult = {
  transferred: [],
  unchanged: 0,
  directories: [],
  deleted: [],
  skipped: [],
  failed: [],
  bytes: 0,
};

type Direction = MirrorOptions["direction"];

/** Where the tree is that is copied, and the one that is made like it. */
function sides({ server, local }: TreeFixture, direction: Direction): { from: string; to: string } {
  const remote = join(server.root, "r");
  return direction === "download" ? { from: remote, to: local } : { from: local, to: remote };
}

function mirror(
  fixture: TreeFixture,
  direction: Direction,
  options: Partial<MirrorOptions> = {},
): Promise<MirrorResult> {
  return fixture.client.mirror({ direction, remote: "r", local: fixture.local, ...options });
}

describe.each<[Direction, string, object]>([
  ["download", "facts", {}],
  ["download", "a listing for people", { features: listOnly }],
  ["upload", "facts", {}],
  ["upload", "a listing for people", { features: listOnly }],
  ["upload", "no way to set times", { features: { ...listOnly, MFMT: 502, MDTM: 502 } }],
])("%s, with %s", (direction, _how, serverOptions) => {
  test.each([
    [1, undefined],
    [1, 1],
    [3, undefined],
    [2, 20],
  ])(
    "copies all over %d connections (concurrency %s), and the second time nothing",
    async (connections, concurrency) => {
      await using fixture = await withTrees({}, serverOptions, { connections });
      const { from, to } = sides(fixture, direction);
      await plant(from, tree);
      const options = concurrency === undefined ? {} : { concurrency };
      const expected = {
        ...NOTHING,
        transferred: FILES.map((path) => ({ path, bytes: expect.any(Number) as number })),
        directories: ["b", "b/d", "b/empty", "größe"],
        bytes: BYTES,
      };
      expect(await mirror(fixture, direction, { ...options, dryRun: true })).toEqual(expected);
      expect(await stat(to).catch(() => undefined)).toBeUndefined();
      expect(await mirror(fixture, direction, options)).toEqual(expected);
      expect(await growing(to)).toEqual(await growing(from));
      for (const again of [{}, { delete: true }, { compare: "size" as const }, { dryRun: true }]) {
        expect(await mirror(fixture, direction, { ...options, ...again })).toEqual({
          ...NOTHING,
          unchanged: 5,
        });
      }
      expect(await growing(to)).toEqual(await growing(from));
    },
  );

  test("copies what has another size, or is newer, and says so beforehand", async () => {
    await using fixture = await withTrees({}, serverOptions);
    const { from, to } = sides(fixture, direction);
    await plant(from, { size: "long", newer: "newx", older: "oldx", same: "same" });
    await plant(to, { size: "short", newer: "xnew", older: "xold", same: "same" });
    await utimes(join(from, "newer"), new Date(), new Date());
    await utimes(join(from, "older"), 0, 0);
    const expected = { transferred: [{ path: "newer" }, { path: "size" }], unchanged: 2, bytes: 8 };
    expect(await mirror(fixture, direction, { dryRun: true })).toMatchObject(expected);
    expect(await mirror(fixture, direction)).toMatchObject(expected);
    expect(await growing(to)).toEqual({ size: "long", newer: "newx", older: "xold", same: "same" });
    expect(await mirror(fixture, direction, { compare: "size" })).toMatchObject({ unchanged: 4 });
    expect(await mirror(fixture, direction, { compare: "hash" })).toMatchObject({
      transferred: [{ path: "older" }],
      unchanged: 3,
    });
    expect(await mirror(fixture, direction, { compare: "always" })).toMatchObject({
      unchanged: 0,
      bytes: 16,
    });
  });

  test("leaves what is in its place, and with delete removes it", async () => {
    await using fixture = await withTrees({}, serverOptions);
    const { from, to } = sides(fixture, direction);
    await plant(from, { file: "1", "directory/f": "2", z: "3" });
    await plant(to, { "file/old": "x", directory: "y", extra: "z", "more/of/it": "x" });
    expect(await mirror(fixture, direction)).toMatchObject({
      transferred: [{ path: "z" }],
      directories: [],
      deleted: [],
      skipped: [
        { path: "directory", reason: "a file is in its place" },
        { path: "file", reason: "a directory is in its place" },
      ],
    });
    const expected = {
      ...NOTHING,
      transferred: [
        { path: "directory/f", bytes: 1 },
        { path: "file", bytes: 1 },
      ],
      directories: ["directory"],
      unchanged: 1,
      deleted: ["directory", "extra", "file", "more"],
      bytes: 2,
    };
    const before = await growing(to);
    expect(await mirror(fixture, direction, { delete: true, dryRun: true })).toEqual(expected);
    expect(await growing(to)).toEqual(before);
    expect(await mirror(fixture, direction, { delete: true })).toEqual(expected);
    expect(await growing(to)).toEqual(await growing(from));
  });

  test("leaves alone what the filter does not want, on both sides", async () => {
    await using fixture = await withTrees({}, serverOptions);
    const { from, to } = sides(fixture, direction);
    await plant(from, {
      "a.log": "1",
      b: "2",
      "sub/c.log": "3",
      "sub/d": "4",
      "no/e": "5",
      "was.log/x": "6",
      swap: "7",
    });
    await plant(to, {
      "old.log": "x",
      old: "y",
      "gone/f.log": "z",
      "gone/g": "z",
      "gone/h/i": "z",
      "away/j": "z",
      "no/k": "z",
      "swap/l.log": "z",
      "swap/m": "z",
    });
    const seen = new Set<string>();
    const filter: MirrorOptions["filter"] = async ({ path, type }) => {
      seen.add(`${type} ${path}`);
      return !path.endsWith(".log") && path !== "no";
    };
    const expected = {
      ...NOTHING,
      transferred: [
        { path: "b", bytes: 1 },
        { path: "sub/d", bytes: 1 },
      ],
      directories: ["sub"],
      deleted: ["away", "gone/g", "gone/h", "old", "swap/m"],
      skipped: [],
      bytes: 2,
    };
    const told = await mirror(fixture, direction, { delete: true, filter, dryRun: true });
    const done = await mirror(fixture, direction, { delete: true, filter });
    expect(told).toEqual(done);
    expect({ ...done, skipped: [] }).toEqual(expected);
    expect(done.skipped.map(({ path }) => path)).toEqual(["swap"]);
    expect(await growing(to)).toEqual({
      b: "2",
      sub: null,
      "sub/d": "4",
      "old.log": "x",
      gone: null,
      "gone/f.log": "z",
      no: null,
      "no/k": "z",
      swap: null,
      "swap/l.log": "z",
    });
    expect(seen).toContain("directory was.log");
    expect(seen).not.toContain("file was.log/x");
  });

  test("leaves links alone on both sides, and follows them if it is told to", async () => {
    await using fixture = await withTrees({ outside: null, "outside/f": "mine" }, serverOptions);
    const { from, to } = sides(fixture, direction);
    await plant(fixture.directory.path, { "outside/f": "mine" });
    await plant(from, {
      f: "1",
      file: { to: "f" },
      "d/e": "2",
      way: { to: "d" },
      "d/up": { to: ".." },
      gone: { to: "none" },
    });
    await plant(to, { stale: { to: "../outside" } });
    const result = await mirror(fixture, direction, { delete: true });
    expect(result).toMatchObject({ transferred: [{ path: "d/e" }, { path: "f" }], deleted: [], failed: [] });
    expect(result.skipped.map(({ path }) => path)).toEqual(["d/up", "file", "gone", "stale", "way"]);
    const followed = await mirror(fixture, direction, { symlinks: "follow" });
    expect(followed.failed).toEqual([]);
    expect(followed.transferred.map(({ path }) => path)).toEqual(expect.arrayContaining(["file", "way/e"]));
    expect(followed.skipped.map(({ path }) => path)).toContain("gone");
    expect(await growing(to)).toMatchObject({
      f: "1",
      file: "1",
      "d/e": "2",
      "way/e": "2",
      stale: { to: "../outside" },
    });
    // What a link leads to has changed.
    await writeFile(join(from, "f"), "much longer");
    const again = await mirror(fixture, direction, { symlinks: "follow" });
    expect(again.transferred.map(({ path }) => path)).toEqual(expect.arrayContaining(["f", "file"]));
  });

  test("leaves parts of interrupted transfers alone, and says so", async () => {
    await using fixture = await withTrees({}, serverOptions);
    const { from, to } = sides(fixture, direction);
    const part = ".name.0123456789abcdef.part";
    await plant(from, { [part]: "1", f: "2" });
    await plant(to, { f: "2", ".other.0123456789ab.part": "3" });
    const result = await mirror(fixture, direction, { delete: true });
    expect(result).toMatchObject({ unchanged: 1, deleted: [], transferred: [] });
    expect(result.skipped.map(({ path }) => path)).toEqual([part, ".other.0123456789ab.part"]);
  });

  test("tells of each file how it begins and that it is done", async () => {
    await using fixture = await withTrees({}, serverOptions, { connections: 2 });
    const { from } = sides(fixture, direction);
    await plant(from, { ...tree, big: "x".repeat(1_000_000) });
    const news = new Map<string, MirrorProgress[]>();
    const onProgress = (each: MirrorProgress): void => {
      news.set(each.path, [...(news.get(each.path) ?? []), each]);
    };
    const { transferred } = await mirror(fixture, direction, { onProgress });
    expect([...news.keys()].toSorted()).toEqual([...FILES, "big"].toSorted());
    for (const { path, bytes } of transferred) {
      const told = news.get(path) ?? [];
      expect(told[0]).toMatchObject({ bytes: 0, done: false });
      expect(told.map(({ done }) => done)).toEqual([...told.slice(1).map(() => false), true]);
      expect(told.at(-1)).toMatchObject({ bytes, total: bytes, done: true });
      expect(told.map((each) => each.bytes)).toEqual(
        told.map((each) => each.bytes).toSorted((one, other) => one - other),
      );
    }
    news.clear();
    await mirror(fixture, direction, { onProgress });
    await mirror(fixture, direction, { onProgress, dryRun: true, compare: "always" });
    expect(news.size).toBe(0);
  });
});

test.each(["download", "upload"] as const)(
  "%s of 500 files in 50 directories",
  async (direction) => {
    await using fixture = await withTrees({}, {}, { connections: 4 });
    const { from, to } = sides(fixture, direction);
    const many = Object.fromEntries(
      Array.from({ length: 500 }, (_, index) => [`d${index % 50}/f${index}`, `${index}`]),
    );
    await plant(from, many);
    expect(await mirror(fixture, direction)).toMatchObject({
      failed: [],
      transferred: { length: 500 },
      directories: { length: 50 },
    });
    expect(await growing(to)).toEqual(await growing(from));
    await rm(join(from, "d7"), { recursive: true });
    expect(await mirror(fixture, direction, { delete: true })).toEqual({
      ...NOTHING,
      unchanged: 490,
      deleted: ["d7"],
    });
  },
  60_000,
);

describe("the roots", () => {
  test("that are not there, or are files, reject", async () => {
    await using fixture = await withTrees({ file: "1", "r/a": "2" });
    await plant(fixture.directory.path, { file: "1", "l/a": "2" });
    const { client, directory } = fixture;
    const local = directory.file("l");
    for (const dryRun of [false, true]) {
      expect(
        await failureOf(client.mirror({ direction: "download", remote: "none", local, dryRun })),
      ).toBeInstanceOf(ReplyError);
      expect(
        await failureOf(client.mirror({ direction: "download", remote: "file", local, dryRun })),
      ).toBeInstanceOf(ReplyError);
      expect(
        await failureOf(
          client.mirror({ direction: "download", remote: "r", local: directory.file("file"), dryRun }),
        ),
      ).toMatchObject({ code: "ENOTDIR" });
      expect(
        await failureOf(
          client.mirror({ direction: "upload", remote: "r", local: directory.file("none"), dryRun }),
        ),
      ).toMatchObject({ code: "ENOENT" });
      expect(
        await failureOf(client.mirror({ direction: "upload", remote: "file", local, dryRun })),
      ).toBeInstanceOf(ReplyError);
    }
  });

  test("are made where they are not there, with what is above them", async () => {
    await using fixture = await withTrees({ "r/a": "2" });
    const local = fixture.directory.file("x/y/z");
    expect(await mirror(fixture, "download", { local })).toMatchObject({ transferred: [{ path: "a" }] });
    expect(await mirror(fixture, "upload", { local, remote: "/u/v/w/" })).toMatchObject({
      transferred: [{ path: "a" }],
    });
    expect(await growing(join(fixture.server.root, "u"))).toEqual({ v: null, "v/w": null, "v/w/a": "2" });
  });

  test.each(["", ".", "/", "up/.."])("may be %j on the server", async (remote) => {
    await using fixture = await withTrees({ "r/a": "2", up: null });
    expect(await mirror(fixture, "download", { remote })).toMatchObject({
      transferred: [{ path: "r/a" }],
      directories: ["r", "up"],
    });
    await rm(join(fixture.local, "r"), { recursive: true });
    expect(await mirror(fixture, "upload", { remote, delete: true })).toMatchObject({
      deleted: ["r"],
      failed: [],
    });
    expect(await growing(fixture.server.root)).toEqual({ up: null });
  });

  test("may be above the directory of the client", async () => {
    await using fixture = await withTrees({ "r/a/old/f": "2", "r/b": null }, {}, { directory: "/r/b" });
    await mkdir(fixture.local);
    expect(await mirror(fixture, "upload", { remote: "../a", delete: true })).toMatchObject({
      deleted: ["old"],
      failed: [],
    });
  });
});

test("what is no option of mirror is refused", async () => {
  await using fixture = await withTrees({ r: null });
  for (const bad of [
    { concurrency: 0 },
    { concurrency: Number.NaN },
    { concurrency: 1.5 },
    { compare: "time" as "size" },
    { direction: "sideways" as Direction },
    { symlinks: "copy" as "skip" },
  ]) {
    expect(await failureOf(mirror(fixture, "download", bad))).toBeInstanceOf(ArgumentError);
  }
});

test("copies have the time of the original, unless that is not wanted", async () => {
  await using fixture = await withTrees({ "r/a": "2" });
  await mirror(fixture, "download");
  expect((await stat(join(fixture.local, "a"))).mtime).toEqual(MODIFIED);
  await mirror(fixture, "upload", { remote: "u" });
  expect((await stat(join(fixture.server.root, "u/a"))).mtime).toEqual(MODIFIED);
  await mirror(fixture, "download", { preserveTime: false, compare: "always" });
  expect((await stat(join(fixture.local, "a"))).mtimeMs).toBeGreaterThan(Date.now() - 60_000);
});
