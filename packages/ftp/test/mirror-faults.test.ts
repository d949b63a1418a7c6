// FtpClient.mirror where something fails: a file, a directory, the connection, the server, the disk.
import { readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { failureOf, tempDir } from "@netcli/test-kit";
import { describe, expect, test } from "vitest";
import type { MirrorOptions, MirrorProgress, MirrorResult } from "../src/index.ts";
import { pattern, refuseUnhandled } from "./fixtures.ts";
import { lying } from "./lying-ftp.ts";
import { pathsOf } from "./mirrors.ts";
import {
  directoryLine,
  fileLine,
  growing,
  listOnly,
  plant,
  type Tree,
  type TreeFixture,
  withTrees,
} from "./trees.ts";

refuseUnhandled();

const tree: Tree = { "r/a": "1", "r/b": "2", "r/c": "3", "r/d/e": "4", "r/f/g": "5" };

function download(
  fixture: Pick<TreeFixture, "client" | "local">,
  options: Partial<MirrorOptions> = {},
): Promise<MirrorResult> {
  return fixture.client.mirror({ direction: "download", remote: "r", local: fixture.local, ...options });
}

function doubting({ path }: { path: string }): boolean {
  if (path === "d/e") throw new Error("what is this");
  return true;
}

describe("a file that fails", () => {
  test("on the server is told of, and the others come", async () => {
    const told: MirrorProgress[] = [];
    await using fixture = await withTrees(
      { ...tree, [`r/${"n".repeat(252)}`]: "6" },
      {
        onCommand: ({ line }) => {
          if (line === "RETR r/a") return { skip: true, reply: "550 no" };
          if (line === "RETR r/d/e") return { skip: true, reply: "553 no" };
          return undefined;
        },
      },
    );
    // Something stands where the part would go.
    await plant(fixture.local, { b: null });
    const result = await download(fixture, { onProgress: (each) => void told.push(each) });
    expect(pathsOf(result.failed)).toEqual(["a", "d/e"]);
    expect(pathsOf(result.skipped)).toEqual(["b"]);
    expect(pathsOf(result.transferred)).toEqual(["c", "f/g", "n".repeat(252)]);
    expect(result.failed[0]?.error).toMatchObject({ command: "RETR r/a" });
    expect(told.filter(({ done }) => done)).toHaveLength(5);
    expect(await readdir(fixture.local)).not.toContain("a");
  });

  test("on the disk is told of, and the others come", async () => {
    await using directory = await tempDir();
    const long = "x".repeat(300);
    await using liar = await lying({ list: () => fileLine(long) + fileLine("good") });
    const result = await download({ client: liar.client, local: directory.file("l") });
    expect(result.failed).toMatchObject([{ path: long, error: { code: "ENAMETOOLONG" } }]);
    expect(pathsOf(result.transferred)).toEqual(["good"]);
    expect(await readdir(directory.file("l"))).toEqual(["good"]);
  });

  test("here is told of, and the others go", async () => {
    await using fixture = await withTrees(
      {},
      {
        onCommand: ({ line }) => (/^STOR .*refused/.test(line) ? { skip: true, reply: "553 no" } : undefined),
      },
    );
    await plant(fixture.local, { a: "1", gone: "2", refused: "3", "z/z": "4" });
    const result = await fixture.client.mirror({
      direction: "upload",
      remote: "r",
      local: fixture.local,
      filter: async ({ path }) => {
        if (path === "gone") await rm(join(fixture.local, path));
        return true;
      },
    });
    expect(result.failed).toMatchObject([{ path: "gone", error: { code: "ENOENT" } }, { path: "refused" }]);
    expect(await growing(join(fixture.server.root, "r"))).toEqual({ a: "1", z: null, "z/z": "4" });
  });
});

describe("a listing that fails", () => {
  test.each<[string, object, string]>([
    ["is refused", { skip: true, reply: "550 no" }, "MLSD"],
    ["is cut", { data: { cut: { after: 30, end: "reset" } }, reply: "426 cut" }, "MLSD"],
    ["is cut at its very end", { reply: "451 disk error" }, "MLSD"],
    ["of people is refused", { skip: true, reply: "550 no" }, "LIST"],
    ["of people is cut", { data: { cut: { after: 30, end: "reset" } }, reply: "426 cut" }, "LIST"],
    [
      "of people could not be read",
      {
        data: { alter: () => new Uint8Array(0) },
        reply: "226 Transfer done (but failed to open directory).",
      },
      "LIST",
    ],
  ])("because it %s deletes nothing", async (_how, fault, verb) => {
    await using fixture = await withTrees(
      tree,
      {
        features: verb === "LIST" ? listOnly : {},
        onCommand: ({ line }) => (line === `${verb} r/d` ? fault : undefined),
      },
      { retries: 0 },
    );
    const before = { "d/mine": "1", "d/sub/mine": "2", e: "3", "f/x": "4" };
    await plant(fixture.local, before);
    const result = await download(fixture, { delete: true });
    expect(pathsOf(result.failed)).toEqual(["d"]);
    expect(result.deleted).toEqual(["e", "f/x"]);
    expect(await growing(join(fixture.local, "d"))).toEqual({ mine: "1", sub: null, "sub/mine": "2" });
  });

  test("of the root rejects and deletes nothing, also where the server says 226 to what is not there", async () => {
    for (const hasFacts of [true, false]) {
      await using directory = await tempDir();
      const local = directory.file("l");
      await plant(local, { a: "mine" });
      await using liar = await lying({
        hasFacts,
        list: () => (hasFacts ? undefined : ""),
        answer: (command) => (command === "CWD r" ? "550 no" : undefined),
      });
      await failureOf(download({ client: liar.client, local }, { delete: true }));
      expect(await growing(local)).toEqual({ a: "mine" });
    }
  });

  test("in part because nobody understands a line deletes nothing there", async () => {
    await using directory = await tempDir();
    const local = directory.file("l");
    await plant(local, { a: "mine", "d/b": "mine" });
    await using liar = await lying({
      list: (path) => (path === "r" ? `${directoryLine("d")}${directoryLine("e")}what is this\r\n` : ""),
    });
    const result = await download({ client: liar.client, local }, { delete: true });
    expect(result.deleted).toEqual(["d/b"]);
    expect(pathsOf(result.skipped)).toEqual(["e", "what is this"]);
  });
});

describe("a connection that breaks", () => {
  test.each([1, 3])(
    "in the middle of files again and again does no harm (%d connections)",
    async (connections) => {
      const big = pattern(300_000);
      const files = Object.fromEntries(Array.from({ length: 12 }, (_, index) => [`r/f${index}`, big]));
      let broken = 0;
      await using fixture = await withTrees(
        files,
        {
          onCommand: ({ verb, nth }) => {
            if (verb !== "RETR" || nth % 3 !== 2) return undefined;
            broken += 1;
            return { data: { cut: { after: 100_000, end: "reset" } }, end: "reset" };
          },
        },
        { connections },
      );
      const result = await download(fixture);
      expect(result).toMatchObject({ failed: [], transferred: { length: 12 }, bytes: 3_600_000 });
      expect(broken).toBeGreaterThan(3);
      expect((await readdir(fixture.local)).toSorted()).toEqual(
        Object.keys(files)
          .map((path) => path.slice(2))
          .toSorted(),
      );
    },
    30_000,
  );

  test("in the middle of uploads leaves nothing half under its name", async () => {
    await using fixture = await withTrees(
      {},
      {
        onCommand: ({ verb, nth }) =>
          verb === "STOR" && nth % 3 === 1
            ? { data: { cut: { after: 1_000, end: "reset" } }, end: "reset" }
            : undefined,
      },
      // Who shares a session breaks with it.
      { retries: 6 },
    );
    const files = Object.fromEntries(Array.from({ length: 6 }, (_, index) => [`f${index}`, pattern(50_000)]));
    await plant(fixture.local, files);
    const result = await fixture.client.mirror({ direction: "upload", remote: "r", local: fixture.local });
    expect(result).toMatchObject({ failed: [], transferred: { length: 6 } });
    expect(await growing(join(fixture.server.root, "r"))).toEqual(await growing(fixture.local));
  }, 30_000);

  test("for good leaves the part for another time, with resume", async () => {
    let isBroken = true;
    await using fixture = await withTrees(
      { "r/f": pattern(500_000) },
      {
        onCommand: ({ verb }) =>
          verb === "RETR" && isBroken
            ? { data: { cut: { after: 200_000, end: "reset" } }, end: "reset" }
            : undefined,
      },
      { retries: 0 },
    );
    expect(pathsOf((await download(fixture, { resume: true })).failed)).toEqual(["f"]);
    expect(await readdir(fixture.local)).toEqual([expect.stringMatching(/^\.f\.[\da-f]{16}\.part$/)]);
    isBroken = false;
    const rests = fixture.since();
    expect(await download(fixture, { resume: true, delete: true })).toMatchObject({
      bytes: 500_000,
      deleted: [],
    });
    expect(rests("REST")).toHaveLength(1);
    expect(await readdir(fixture.local)).toEqual(["f"]);
  });
});

test("a filter that throws is the failure of its directory, and deletes nothing there", async () => {
  await using fixture = await withTrees(tree);
  await plant(fixture.local, { "d/mine": "1" });
  const result = await download(fixture, { filter: doubting, delete: true });
  expect(result.failed).toMatchObject([{ path: "d", error: { message: "what is this" } }]);
  expect(result.deleted).toEqual([]);
});
