// What hostile names in listings are known to do to clients that walk, mirror or remove trees.
import { readdir, readFile } from "node:fs/promises";
import { ArgumentError } from "@netcli/core-transport";
import { failureOf, tempDir } from "@netcli/test-kit";
import { describe, expect, test } from "vitest";
import { isSafeName } from "../src/index.ts";
import { refuseUnhandled } from "./fixtures.ts";
import { lie, lying } from "./lying-ftp.ts";
import { all, directoryLine, fileLine, growing, plant } from "./trees.ts";

refuseUnhandled();

// No one of these is a file in the directory that was listed.
const LEADING_OUT = [
  "../x",
  "../../../../../../tmp/x",
  "/etc/cron.d/x",
  "..\\x",
  "..\\..\\x",
  "a/../../x",
  "sub/x",
  "\\\\server\\share\\x",
  "file:///etc/passwd",
  "x\0y",
  "x\ry",
  "x\u001b[2Jy",
  "x\u0085y",
  "x\u007fy",
];

// Odd, and harmless here.
const ODD = [
  "-R",
  "--help",
  " leading",
  "trailing ",
  "  ",
  'quo"te',
  "it's",
  "100%",
  "%2e%2e%2fx",
  "a*b",
  "[a]",
  "{a,b}",
  "~",
  "~root",
  "$(id)",
  "`id`",
  "|id",
  ";id",
  "größer",
  "日本",
  "file:x",
  "...",
  ".hidden",
  "a..b",
];

describe.each(["file", "dir"])(
  "a %s whose name leads out of the tree (CVE-2026-27699, DSA-1999-1018)",
  (type) => {
    const line = (name: string): string => (type === "file" ? fileLine(name) : directoryLine(name));

    test.each(LEADING_OUT)("such as %j is not written by mirror", async (name) => {
      await using directory = await tempDir();
      await plant(directory.path, { outside: "mine", "here/kept": "mine" });
      await using liar = await lying({
        list: (path) => (path === "r" ? line(name) + fileLine("good") : fileLine("planted")),
      });
      const local = directory.file("here");
      const result = await liar.client.mirror({ direction: "download", remote: "r", local });
      expect(await growing(directory.path)).toEqual({
        outside: "mine",
        here: null,
        "here/kept": "mine",
        "here/good": lie,
      });
      expect(result.transferred).toEqual([{ path: "good", bytes: 3 }]);
      expect(result.skipped).toEqual([{ path: expect.any(String), reason: expect.any(String) }]);
      expect(liar.commands.filter((command) => /^(?:RETR|MLSD)/.test(command))).toEqual([
        "MLSD r",
        "RETR r/good",
      ]);
    });

    test.each(LEADING_OUT)("such as %j is never looked into by walk, nor removed", async (name) => {
      await using liar = await lying({ list: (path) => (path === "r" ? line(name) : fileLine("planted")) });
      const items = await all(liar.client.walk("r"));
      expect(items.length).toBeLessThanOrEqual(type === "dir" && !/[/\r\0]/.test(name) ? 2 : 1);
      await liar.client.removeTree("r");
      for (const command of liar.commands.filter((each) => /^(?:DELE|RMD|MLSD) /.test(each))) {
        expect(command.split(/[ /]/)).not.toContain("..");
        expect(command).toMatch(/^[A-Z]+ r(?:\/[^/\r\n]+)*$/);
      }
      expect(liar.commands.filter((command) => /^RMD r$/.test(command))).toHaveLength(1);
    });
  },
);

test.each(LEADING_OUT)("uploading with delete never removes %j (CVE-2018-10916)", async (name) => {
  await using directory = await tempDir();
  const local = directory.file("here");
  await plant(local, {});
  await using liar = await lying({
    list: () => fileLine(name) + directoryLine(`${name}d`) + fileLine("old"),
  });
  const dryRun = true;
  const { deleted } = await liar.client.mirror({
    direction: "upload",
    remote: "r",
    local,
    delete: true,
    dryRun,
  });
  expect(deleted).toEqual(["old"]);
  await liar.client.mirror({ direction: "upload", remote: "r", local, delete: true });
  expect(liar.commands.filter((command) => /^(?:DELE|RMD|MLSD) /.test(command))).toEqual([
    "MLSD r",
    "MLSD r",
    "DELE r/old",
  ]);
  expect(await growing(local)).toEqual({});
});

test.each(LEADING_OUT)("isSafeName says of %j what list tells of it", async (name) => {
  await using liar = await lying({ list: () => fileLine(name) });
  const entries = await liar.client.list("r");
  expect(entries.map((entry) => [entry.name, isSafeName(entry.name)])).toEqual([[name, false]]);
});

test.each(["", ".", ".."])("the name %j is none of an entry (lftp #586)", async (name) => {
  await using directory = await tempDir();
  await plant(directory.path, { "here/kept": "mine" });
  for (const line of [
    directoryLine(name),
    fileLine(name),
    `type=cdir; ${name}\r\n`,
    `type=pdir; ${name}\r\n`,
  ]) {
    await using liar = await lying({ list: (path) => (path === "r" ? line : fileLine("planted")) });
    const mirrored = await liar.client.mirror({
      direction: "download",
      remote: "r",
      local: directory.file("here"),
      delete: name !== "",
      dryRun: true,
    });
    expect(mirrored.transferred).toEqual([]);
    await all(liar.client.walk("r"));
    await liar.client.removeTree("r");
    expect(liar.commands.filter((command) => /^(?:RMD|DELE)/.test(command))).toEqual(["RMD r"]);
    expect(liar.commands.filter((command) => command.startsWith("MLSD"))).toEqual([
      "MLSD r",
      "MLSD r",
      "MLSD r",
    ]);
  }
});

test("odd names are names and nothing else, here and in commands", async () => {
  await using directory = await tempDir();
  await using liar = await lying({ list: () => ODD.map((name) => fileLine(name)).join("") });
  const local = directory.file("here");
  const result = await liar.client.mirror({ direction: "download", remote: "r", local });
  expect(result.failed).toEqual([]);
  expect((await readdir(local)).toSorted()).toEqual(ODD.toSorted());
  expect(await readFile(`${local}/$(id)`, "utf8")).toBe(lie);
  expect(liar.commands.filter((command) => command.startsWith("RETR")).toSorted()).toEqual(
    ODD.map((name) => Buffer.from(`RETR r/${name}`).toString("latin1")).toSorted(),
  );
});

test.each([
  ["-R", "LIST ./-R"],
  ["-la", "LIST ./-la"],
  [" -R", "LIST ./ -R"],
])("a directory that is called %j is no option (option injection)", async (name, command) => {
  await using liar = await lying({
    hasFacts: false,
    list: (path) =>
      path === "" ? `drwxr-xr-x 1 a b 0 Jan 1 2024 ${name}\r\n` : "-rw-r--r-- 1 a b 3 Jan 1 2024 x\r\n",
  });
  const items = await all(liar.client.walk());
  expect(items.map(({ path }) => path)).toEqual([name, `${name}/x`]);
  expect(liar.commands).toContain(command);
});

test("a directory that is called like somebody's home is one of the tree", async () => {
  await using directory = await tempDir();
  await plant(directory.file("here"), { a: "x" });
  await using liar = await lying({
    list: (path) => (path === "" ? directoryLine("~") + directoryLine("~root") : fileLine("x")),
  });
  await all(liar.client.walk());
  const local = directory.file("here");
  await liar.client.mirror({
    direction: "upload",
    remote: "",
    local,
    delete: true,
    filter: ({ path }) => path !== "a",
  });
  const paths = liar.commands.filter((command) => /^(?:MLSD|DELE|RMD) /.test(command));
  expect(paths.length).toBeGreaterThan(4);
  for (const command of paths) expect(command).toMatch(/^[A-Z]+ \.\/~/);
});

test.each([
  ["C:x", "a"],
  ["x:stream", "a"],
  ["NUL", "a"],
  ["con.txt", "a"],
  ["COM1", "a"],
  ["LPT¹.log", "a"],
  ["trailing.", "a"],
  ["trailing ", "a"],
  ["a<b", "a"],
  ['a"b', "a"],
  ["a|b", "a"],
  ["a?b", "a"],
  ["a*b", "a"],
])("%j can be no file name on Windows", (name) => {
  expect(isSafeName(name, { windows: true })).toBe(false);
  expect(isSafeName(name, { windows: false })).toBe(true);
});

test.each(["", "/", "//", ".", "./", "..", "a/..", "../..", "a/../", "/a/..", "..\\", "a\\.."])(
  "removeTree(%j) is refused before anything is sent",
  async (path) => {
    await using liar = await lying({ list: () => fileLine("x") });
    const before = liar.commands.length;
    expect(await failureOf(liar.client.removeTree(path))).toBeInstanceOf(ArgumentError);
    expect(liar.commands.length).toBe(before);
  },
);

test.each(["a\r\nDELE b", "a\nb", "a\0b", "\r"])(
  "the path %j is refused by every method (GHSA-chqc-8p9q-pq6q)",
  async (bad) => {
    await using liar = await lying({ list: () => "" });
    const { client } = liar;
    await client.list("warm");
    const before = liar.commands.length;
    const mirror = { direction: "download", local: "/nowhere/at/all" } as const;
    for (const call of [
      () => client.list(bad),
      () => client.entries(bad).next(),
      () => client.walk(bad).next(),
      () => client.stat(bad),
      () => client.exists(bad),
      () => client.ensureDir(bad),
      () => client.ensureDir(`a/b/${bad}`),
      () => client.removeTree(bad),
      () => client.mirror({ ...mirror, remote: bad }),
      () => client.mirror({ ...mirror, direction: "upload", remote: bad }),
    ]) {
      expect(await failureOf(Promise.resolve().then<unknown>(call))).toBeInstanceOf(ArgumentError);
    }
    expect(liar.commands.slice(before).join("\n")).not.toMatch(/DELE|MKD|MLSD|RMD/);
  },
);
