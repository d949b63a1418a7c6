// FtpClient.mirror: one tree becomes like the other.
import { mkdir, rm, stat, utimes } from "node:fs/promises";
import { join } from "node:path";
import { ArgumentError, ReplyError } from "@netcli/core-transport";
import { failureOf } from "@netcli/test-kit";
import { describe, expect, test } from "vitest";
import type { MirrorProgress } from "../src/index.ts";
import { refuseUnhandled } from "./fixtures.ts";
import { type Direction, mirror, NOTHING, sides, SITUATIONS } from "./mirrors.ts";
import { growing, MODIFIED, plant, type Tree, withTrees } from "./trees.ts";

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

describe.each(SITUATIONS)("%s, with %s", (direction, _how, serverOptions) => {
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

test.each(["download", "upload"] as const)(
  "%s forgives two seconds, which FAT does not tell apart",
  async (direction) => {
    await using fixture = await withTrees({});
    const { from, to } = sides(fixture, direction);
    await plant(from, { close: "1", later: "1" });
    await plant(to, { close: "2", later: "2" });
    for (const [name, seconds] of [
      ["close", 2],
      ["later", 3],
    ] as const) {
      const time = new Date(MODIFIED.getTime() - seconds * 1_000);
      await utimes(join(to, name), time, time);
    }
    expect(await mirror(fixture, direction)).toMatchObject({
      unchanged: 1,
      transferred: [{ path: "later" }],
    });
  },
);

test("copies have the time of the original, unless that is not wanted", async () => {
  await using fixture = await withTrees({ "r/a": "2" });
  await mirror(fixture, "download");
  expect((await stat(join(fixture.local, "a"))).mtime).toEqual(MODIFIED);
  await mirror(fixture, "upload", { remote: "u" });
  expect((await stat(join(fixture.server.root, "u/a"))).mtime).toEqual(MODIFIED);
  await mirror(fixture, "download", { preserveTime: false, compare: "always" });
  expect((await stat(join(fixture.local, "a"))).mtimeMs).toBeGreaterThan(Date.now() - 60_000);
});
