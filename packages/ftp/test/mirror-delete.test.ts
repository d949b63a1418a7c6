// FtpClient.mirror and what is in the way of it, or is none of its business.
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import type { MirrorOptions } from "../src/index.ts";
import { refuseUnhandled } from "./fixtures.ts";
import { mirror, NOTHING, pathsOf, sides, SITUATIONS } from "./mirrors.ts";
import { growing, plant, withTrees } from "./trees.ts";

refuseUnhandled();

describe.each(SITUATIONS)("%s, with %s", (direction, _how, serverOptions) => {
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
    expect(pathsOf(done.skipped)).toEqual(["swap"]);
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

  test("leaves what is in its place if the filter does not want that, or the original was skipped", async () => {
    await using fixture = await withTrees({}, serverOptions);
    const { from, to } = sides(fixture, direction);
    await plant(from, { swap: "1", link: { to: "swap" } });
    await plant(to, { "swap/f": "2", link: "3" });
    const result = await mirror(fixture, direction, { delete: true, filter: ({ type }) => type === "file" });
    expect(result).toMatchObject({ transferred: [], deleted: [], failed: [] });
    expect(result.skipped).toEqual([
      { path: "link", reason: "it is a symbolic link" },
      { path: "swap", reason: "a directory is in its place" },
    ]);
    expect(await growing(to)).toEqual({ swap: null, "swap/f": "2", link: "3" });
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
    expect(pathsOf(result.skipped)).toEqual(["d/up", "file", "gone", "stale", "way"]);
    const followed = await mirror(fixture, direction, { symlinks: "follow" });
    expect(followed.failed).toEqual([]);
    expect(pathsOf(followed.transferred)).toEqual(expect.arrayContaining(["file", "way/e"]));
    expect(pathsOf(followed.skipped)).toContain("gone");
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
    expect(pathsOf(again.transferred)).toEqual(expect.arrayContaining(["f", "file"]));
  });

  test("leaves parts of interrupted transfers alone, and says so", async () => {
    await using fixture = await withTrees({}, serverOptions);
    const { from, to } = sides(fixture, direction);
    const part = ".name.0123456789abcdef.part";
    await plant(from, { [part]: "1", f: "2" });
    await plant(to, { f: "2", ".other.0123456789ab.part": "3" });
    const result = await mirror(fixture, direction, { delete: true });
    expect(result).toMatchObject({ unchanged: 1, deleted: [], transferred: [] });
    expect(pathsOf(result.skipped)).toEqual([part, ".other.0123456789ab.part"]);
  });
});

test("a link that leads back to the root here is none to follow", async () => {
  await using fixture = await withTrees({});
  await plant(fixture.local, { f: "1", "d/up": { to: ".." }, "d/e": "2", way: { to: "d" } });
  const result = await mirror(fixture, "upload", { symlinks: "follow" });
  expect(pathsOf(result.transferred)).toEqual(["d/e", "f", "way/e"]);
  expect(pathsOf(result.skipped)).toEqual(["d/up", "way/up"]);
});
