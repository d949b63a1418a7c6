// Names with a line end in them forge lines of listings, and links lead out of trees: neither is acted on.
import { tempDir } from "@netcli/test-kit";
import { describe, expect, test } from "vitest";
import { entriesOf } from "../src/listing/entries.ts";
import { refuseUnhandled } from "./fixtures.ts";
import { lie, lying } from "./lying-ftp.ts";
import { all, directoryLine, fileLine, growing, plant } from "./trees.ts";

refuseUnhandled();

/** Names, and whether there is doubt about them. */
function read(...lines: string[]): unknown[] {
  return entriesOf(lines).map(({ name, isDoubtful = false }) => [name, isDoubtful]);
}

describe("a line that a name with a line end has forged", () => {
  // One file that is called "x\r\ntype=dir; secret", beside a link that is called "secret".
  const forged = `type=OS.unix=slink:/srv; secret\r\n${fileLine("x")}${directoryLine("secret")}`;
  const forgedList =
    "lrwxrwxrwx 1 a b 4 Jan 1 2024 secret -> /srv\r\n" +
    "-rw-r--r-- 1 a b 3 Jan 1 2024 x\r\ndrwxr-xr-x 1 a b 0 Jan 1 2024 secret\r\n";

  test.each([true, false])("makes no directory of a link (CVE-2014-4877), facts: %s", async (hasFacts) => {
    await using directory = await tempDir();
    await using liar = await lying({
      hasFacts,
      list: (path) => {
        if (path === "r") return hasFacts ? forged : forgedList;
        return hasFacts ? fileLine("victim") : "-rw-r--r-- 1 a b 3 Jan 1 2024 victim\r\n";
      },
    });
    const { client, commands } = liar;
    expect((await all(client.walk("r"))).map(({ path }) => path)).not.toContain("secret/victim");
    const local = directory.file("here");
    const result = await client.mirror({ direction: "download", remote: "r", local });
    expect(result.skipped.map(({ path }) => path)).toContain("secret");
    expect(await growing(local)).toEqual({ x: lie });
    await client.removeTree("r");
    expect(commands.filter((command) => command.includes("victim"))).toEqual([]);
    expect(commands.filter((command) => /^(?:MLSD|LIST) r\/secret/.test(command))).toEqual([]);
  });

  test("makes no directory of a link that is to be removed", async () => {
    for (const lines of [forgedList, forgedList.split("\r\n").toReversed().join("\r\n")]) {
      await using liar = await lying({
        hasFacts: false,
        list: (path) => (path === "" ? lines : lines.replace("x", "victim")),
      });
      await liar.client.removeTree("secret");
      expect(liar.commands.filter((command) => /^(?:LIST|DELE|RMD)/.test(command))).toEqual([
        "LIST",
        "RMD secret",
      ]);
    }
  });

  test("leaves doubt on the entry in front of it, also where that waited for a second line", () => {
    const entry = "-rw-r--r-- 1 a b 3 Jan 1 2024 x";
    expect(read(entry, "nonsense")).toEqual([
      ["x", true],
      ["", false],
    ]);
    expect(read("LONG.TXT;1", entry, "nonsense")).toEqual([
      ["LONG.TXT;1", false],
      ["x", true],
      ["", false],
    ]);
    expect(read("LONG.TXT;1", "nonsense", entry)).toEqual([
      ["LONG.TXT;1", true],
      ["", false],
      ["x", false],
    ]);
  });

  test("that is none of a listing leaves doubt on the name in front of it", async () => {
    await using directory = await tempDir();
    const local = directory.file("here");
    await plant(local, { b: "mine", old: "mine" });
    await using liar = await lying({
      list: (path) =>
        path === "r"
          ? `${fileLine("a")}${fileLine("b")}rest of the name\r\n${directoryLine("d")}nonsense\r\n`
          : "",
    });
    const { client, commands } = liar;
    const result = await client.mirror({
      direction: "download",
      remote: "r",
      local,
      delete: true,
      compare: "always",
    });
    expect(result.transferred.map(({ path }) => path)).toEqual(["a"]);
    expect(result.deleted).toEqual([]);
    expect(await growing(local)).toEqual({ a: lie, b: "mine", old: "mine" });
    await client.removeTree("r");
    expect(commands.filter((command) => /^(?:DELE|RMD)/.test(command))).toEqual(["DELE r/a", "RMD r"]);
  });
});

test("a link is no way out of the local tree (CVE-2014-4877)", async () => {
  await using directory = await tempDir();
  await plant(directory.path, {
    "outside/f": "mine",
    "here/d": { to: "../outside" },
    "here/f": { to: "../outside/f" },
    "here/gone": { to: "../outside/new" },
  });
  await using liar = await lying({
    list: (path) => (path === "r" ? directoryLine("d") + fileLine("f") + fileLine("gone") : fileLine("f")),
  });
  const local = directory.file("here");
  for (const options of [{}, { delete: true }, { symlinks: "follow" as const }]) {
    const result = await liar.client.mirror({ direction: "download", remote: "r", local, ...options });
    expect(result.transferred).toEqual([]);
    expect(result.skipped.map(({ path }) => path)).toEqual(["d", "f", "gone"]);
  }
  expect(await growing(directory.file("outside"))).toEqual({ f: "mine" });
});

test("what PWD says never becomes another command", async () => {
  await using liar = await lying({
    hasFacts: false,
    list: () => "-rw-r--r-- 1 a b 3 Jan 1 2024 x\r\n",
    answer: (command) => (command === "PWD" ? '257 "/a\rDELE x\0RMD y"' : undefined),
  });
  expect(await liar.client.stat("/")).toMatchObject({ type: "directory" });
  expect(await liar.client.stat("x")).toMatchObject({ type: "file" });
  // Where that session is nobody knows.
  expect(liar.commands.filter((command) => command.startsWith("USER"))).toHaveLength(2);
  expect(liar.commands.filter((command) => /DELE|RMD/.test(command))).toEqual([]);
});
