// FtpClient.mirror between systems that do not agree on names, or on the time.
import { mkdir, readdir, stat, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { Copies } from "../src/copies.ts";
import { folded, swapped } from "../src/folding.ts";
import type { MirrorOptions, MirrorResult } from "../src/index.ts";
import { LocalSide } from "../src/local-side.ts";
import { Mirroring } from "../src/mirroring.ts";
import { RemoteSide } from "../src/remote-side.ts";
import { FtpSessions } from "../src/sessions.ts";
import { refuseUnhandled } from "./fixtures.ts";
import { pathsOf } from "./mirrors.ts";
import { tester } from "./own-server.ts";
import { growing, listOnly, plant, type TreeFixture, withTrees } from "./trees.ts";

refuseUnhandled();

/** Paths with composed characters, whichever there were. */
function composed(items: readonly { readonly path: string }[]): string[] {
  return pathsOf(items).map((path) => path.normalize("NFC"));
}

/** Downloads to a file system that takes names for the same that differ in case. */
async function folding(fixture: TreeFixture, given: Partial<MirrorOptions> = {}): Promise<MirrorResult> {
  const { host, port } = fixture.server;
  const sessions = await FtpSessions.connect({ host, port, ...tester, tls: "none" });
  const stop = new AbortController();
  const options: MirrorOptions = {
    direction: "download",
    remote: "r",
    local: fixture.local,
    ...given,
    signal: stop.signal,
  };
  const here = new LocalSide(fixture.local, false, "yes");
  const there = new RemoteSide(sessions, "r", false, options);
  const copies = new Copies(sessions, here, there, options);
  try {
    return await new Mirroring(there, here, copies, options, { parallel: 3, stop }).run();
  } finally {
    await sessions.quit();
  }
}

describe("a file system that does not tell capitals from small letters", () => {
  test("gets one of two files that would be the same there, and the other one is told of", async () => {
    await using fixture = await withTrees({
      "r/README": "1",
      "r/readme": "2",
      "r/Sub/a": "3",
      "r/sub/b": "4",
      "r/é": "5",
      "r/e\u0301": "6",
    });
    const result = await folding(fixture);
    expect(composed(result.transferred)).toEqual(["README", "Sub/a", "é"]);
    expect(composed(result.skipped)).toEqual(["readme", "sub", "é"]);
    expect(result.directories).toEqual(["Sub"]);
  });

  test("keeps what has just been copied under a name that differs in case", async () => {
    await using fixture = await withTrees({ "r/README": "1", "r/same": "2" });
    await plant(fixture.local, { readme: "1", same: "2", old: "3" });
    const result = await folding(fixture, { delete: true });
    expect(result).toMatchObject({ unchanged: 2, deleted: ["old"], skipped: [] });
  });

  test("has a link in the way whatever its case", async () => {
    await using fixture = await withTrees({ "r/DIR/a": "1" });
    await plant(fixture.directory.path, { outside: null, "tree/dir": { to: "../outside" } });
    const result = await folding(fixture);
    expect(pathsOf(result.skipped)).toEqual(["DIR"]);
    expect(await growing(fixture.directory.file("outside"))).toEqual({});
  });
});

test("names that may be the same somewhere", () => {
  for (const [one, other] of [
    ["A", "a"],
    ["É", "e\u0301"],
    ["ſ", "S"],
    ["K", "k"],
    ["straße", "STRASSE"],
  ] as const) {
    expect(folded(one)).toBe(folded(other));
  }
  expect(folded("a")).not.toBe(folded("b"));
  expect(["Tree", "TREE", "tree", "日本", "1-2"].map(swapped)).toEqual([
    "TREE",
    "tree",
    "TREE",
    undefined,
    undefined,
  ]);
});

test("a server may take names for the same that differ in case: nothing that was just stored is deleted", async () => {
  await using fixture = await withTrees({ "r/README": "1", "r/other": "2" });
  await plant(fixture.local, { readme: "3" });
  const result = await fixture.client.mirror({
    direction: "upload",
    remote: "r",
    local: fixture.local,
    delete: true,
  });
  expect(result).toMatchObject({
    transferred: [{ path: "readme" }],
    deleted: ["other"],
    skipped: [{ path: "README" }],
  });
});

test("a file system that tells them apart gets both", async () => {
  await using fixture = await withTrees({ "r/A": "1", "r/a": "2" });
  await plant(fixture.local, { B: "3" });
  const options = { direction: "download", remote: "r", local: fixture.local } as const;
  expect((await fixture.client.mirror(options)).transferred).toHaveLength(2);
  await plant(fixture.server.root, { "r/b": "4" });
  expect(await fixture.client.mirror({ ...options, delete: true })).toMatchObject({
    deleted: ["B"],
    unchanged: 2,
  });
});

test("local names that the server can't be told are told of, and left alone", async () => {
  await using fixture = await withTrees({ "r/kept": "1" });
  const { client, local, server } = fixture;
  await plant(local, { "line\nend": "1", "back\\slash": "2", good: "3", "dir\r/f": "4" });
  await writeFile(Buffer.concat([Buffer.from(`${local}/`), Buffer.of(0xff, 0xfe)]), "5");
  const uploaded = await client.mirror({ direction: "upload", remote: "r", local });
  expect(pathsOf(uploaded.transferred)).toEqual(["good"]);
  expect(uploaded.skipped).toHaveLength(4);
  expect(await growing(join(server.root, "r"))).toEqual({ kept: "1", good: "3" });
  const downloaded = await client.mirror({ direction: "download", remote: "r", local, delete: true });
  expect(downloaded.deleted).toEqual([]);
  expect(await readdir(local)).toHaveLength(6);
});

test("names that the encoding has not fail one by one", async () => {
  await using fixture = await withTrees({}, {}, { encoding: "latin1" });
  await plant(fixture.local, { größe: "1", 日本: "2", "dir日/x": "3" });
  const result = await fixture.client.mirror({ direction: "upload", remote: "r", local: fixture.local });
  expect(pathsOf(result.transferred)).toEqual(["größe"]);
  expect(pathsOf(result.failed)).toEqual(["dir日", "日本"]);
});

const hours = 3_600_000;
const line =
  (offset: (modified: Date) => number) =>
  ({ name, type, size, modified }: { name: string; type: string; size: number; modified: Date }): string => {
    const shown = new Date(modified.getTime() + offset(modified));
    const month = shown.toLocaleString("en", { month: "short", timeZone: "UTC" });
    const clock = shown.toISOString().slice(11, 16);
    return `${type === "directory" ? "d" : "-"}rw-r--r-- 1 a b ${size} ${month} ${shown.getUTCDate()} ${clock} ${name}`;
  };

describe("a server whose listings are in its own time", () => {
  const now = Date.now();

  test.each([9, -8, 5.75, 0])("%d hours ahead is found out", async (ahead) => {
    await using fixture = await withTrees(
      { "r/a": "1", "r/b": "2", "r/d/c": "3" },
      { features: listOnly, listing: line(() => ahead * hours) },
    );
    const { root } = fixture.server;
    for (const name of ["a", "b", "d/c"])
      await utimes(join(root, "r", name), new Date(now - 50 * hours), new Date(now - 50 * hours));
    const options = { direction: "download", remote: "r", local: fixture.local } as const;
    await fixture.client.mirror(options);
    expect((await stat(join(fixture.local, "a"))).mtimeMs).toBeCloseTo(now - 50 * hours, -4);
    const after = fixture.since();
    expect(await fixture.client.mirror(options)).toMatchObject({ unchanged: 3, transferred: [] });
    expect(after("MDTM")).toHaveLength(1);
    await utimes(join(root, "r/a"), new Date(now - 48 * hours), new Date(now - 48 * hours));
    expect(await fixture.client.mirror(options)).toMatchObject({
      unchanged: 2,
      transferred: [{ path: "a" }],
    });
    await utimes(join(fixture.local, "b"), new Date(now - 47 * hours), new Date(now - 47 * hours));
    expect(await fixture.client.mirror({ ...options, direction: "upload" })).toMatchObject({
      unchanged: 2,
      transferred: [{ path: "b" }],
    });
    const asked = fixture.since();
    expect(await fixture.client.mirror({ ...options, direction: "upload" })).toMatchObject({ unchanged: 3 });
    expect(asked("MDTM")).toHaveLength(1);
  });

  test("that jumps in spring is asked again where that matters", async () => {
    const spring = now - 100 * hours;
    await using fixture = await withTrees(
      { "r/a": "1", "r/b": "2" },
      { features: listOnly, listing: line((modified) => (modified.getTime() < spring ? 1 : 2) * hours) },
    );
    const { root } = fixture.server;
    await utimes(join(root, "r/a"), new Date(spring - 5 * hours), new Date(spring - 5 * hours));
    await utimes(join(root, "r/b"), new Date(spring + 5 * hours), new Date(spring + 5 * hours));
    const options = { direction: "download", remote: "r", local: fixture.local } as const;
    await fixture.client.mirror(options);
    expect(await fixture.client.mirror(options)).toMatchObject({ unchanged: 2, transferred: [] });
  });

  test("is asked about another file where it does not tell of one", async () => {
    await using fixture = await withTrees(
      { "r/a": "1", "r/b": "2" },
      {
        features: listOnly,
        listing: line(() => 9 * hours),
        onCommand: ({ line: command }) =>
          command === "MDTM r/a" ? { skip: true, reply: "550 no" } : undefined,
      },
    );
    const { root } = fixture.server;
    await mkdir(fixture.local);
    for (const name of ["a", "b"]) {
      await writeFile(join(fixture.local, name), "x");
      await utimes(join(root, "r", name), new Date(now - 50 * hours), new Date(now - 50 * hours));
      await utimes(join(fixture.local, name), new Date(now - 48 * hours), new Date(now - 48 * hours));
    }
    expect(
      await fixture.client.mirror({ direction: "download", remote: "r", local: fixture.local }),
    ).toMatchObject({ unchanged: 2 });
  });

  test.each([
    ["a day", 23, true],
    ["more than a day", 49, false],
  ])("with dates only is believed to %s", async (_how, later, same) => {
    const day = Date.UTC(2020, 4, 6);
    await using fixture = await withTrees({ "r/a": "1" }, { features: listOnly });
    await plant(fixture.local, { a: "2" });
    await utimes(join(fixture.server.root, "r/a"), new Date(day), new Date(day));
    await utimes(join(fixture.local, "a"), new Date(day + later * hours), new Date(day + later * hours));
    const result = await fixture.client.mirror({ direction: "upload", remote: "r", local: fixture.local });
    expect(result.unchanged).toBe(same ? 1 : 0);
  });
});
