// FileSeenStore: what it has said to remember is on the disk, whatever happens then.
import { appendFile, chmod, mkdir, readdir, readFile, stat, writeFile } from "node:fs/promises";
import { ArgumentError } from "@netcli/core-transport";
import { failureOf, tempDir } from "@netcli/test-kit";
import { describe, expect, test } from "vitest";
import { FileSeenStore } from "../src/index.ts";
import { maildrop, numbered, textsOf } from "./maildrops.ts";

test("remembers in the next process", async () => {
  await using dir = await tempDir();
  const path = dir.file("seen.txt");
  {
    await using seen = await FileSeenStore.open(path);
    expect(seen.has("a")).toBe(false);
    await seen.add("a");
    await seen.add("b");
    await seen.add("a");
    expect(seen.has("a")).toBe(true);
  }
  expect(await readFile(path, "utf8")).toBe("a\nb\n");
  await using again = await FileSeenStore.open(path);
  expect([again.has("a"), again.has("b"), again.has("c")]).toEqual([true, true, false]);
});

test("what add has resolved for is on the disk without close", async () => {
  await using dir = await tempDir();
  await using seen = await FileSeenStore.open(dir.file("seen.txt"));
  await seen.add("a");
  expect(await readFile(dir.file("seen.txt"), "utf8")).toBe("a\n");
  await using other = await FileSeenStore.open(dir.file("seen.txt"));
  expect(other.has("a")).toBe(true);
});

describe("a last line that was not written to its end", () => {
  test.each(["a\nb\nc", "a\nb\ncafe\u0301", "a\nb\n\u00e9"])("counts for nothing, as in %j", async (text) => {
    await using dir = await tempDir();
    const path = dir.file("seen.txt");
    await writeFile(path, text);
    {
      await using seen = await FileSeenStore.open(path);
      expect([seen.has("a"), seen.has("b"), seen.has("c")]).toEqual([true, true, false]);
      await seen.add("d");
    }
    expect(await readFile(path, "utf8")).toBe("a\nb\nd\n");
  });

  test("may be half a character", async () => {
    await using dir = await tempDir();
    const path = dir.file("seen.txt");
    await writeFile(path, Buffer.from([0x61, 0x0a, 0xc3]));
    {
      await using seen = await FileSeenStore.open(path);
      await seen.add("b");
    }
    expect(await readFile(path)).toEqual(Buffer.from("a\nb\n"));
  });

  test("may be at any byte: what was whole before it stays", async () => {
    const text = "aa\nbb\ncc\n";
    for (let length = 0; length <= text.length; length += 1) {
      await using dir = await tempDir();
      const path = dir.file("seen.txt");
      await writeFile(path, text.slice(0, length));
      await using seen = await FileSeenStore.open(path);
      const whole = Math.floor(length / 3);
      expect(["aa", "bb", "cc"].filter((uid) => seen.has(uid))).toEqual(["aa", "bb", "cc"].slice(0, whole));
      await seen.add("dd");
      expect(await readFile(path, "utf8")).toBe(`${text.slice(0, whole * 3)}dd\n`);
    }
  });
});

test("adds at the same time are all there, each once", async () => {
  await using dir = await tempDir();
  const path = dir.file("seen.txt");
  const uids = Array.from({ length: 100 }, (_, index) => `uid-${index}`);
  {
    await using seen = await FileSeenStore.open(path);
    await Promise.all([...uids, ...uids].map((uid) => seen.add(uid)));
  }
  expect(await readFile(path, "utf8")).toBe(uids.map((uid) => `${uid}\n`).join(""));
});

describe("keepOnly", () => {
  test("forgets the others, in the file too, and add goes on in the new one", async () => {
    await using dir = await tempDir();
    const path = dir.file("seen.txt");
    {
      await using seen = await FileSeenStore.open(path);
      for (const uid of ["a", "b", "c"]) await seen.add(uid);
      await Promise.all([
        seen.keepOnly(new Set(["b", "x"])),
        seen.add("d"),
        seen.keepOnly(new Set(["b", "d"])),
      ]);
      expect(["a", "b", "c", "d", "x"].filter((uid) => seen.has(uid))).toEqual(["b", "d"]);
    }
    expect(await readFile(path, "utf8")).toBe("b\nd\n");
    expect(await readdir(dir.path)).toEqual(["seen.txt"]);
  });

  test("leaves the file alone where there is nothing to forget", async () => {
    await using dir = await tempDir();
    await using seen = await FileSeenStore.open(dir.file("seen.txt"));
    await seen.add("a");
    const before = await stat(dir.file("seen.txt"));
    await seen.keepOnly(new Set(["a", "b"]));
    expect((await stat(dir.file("seen.txt"))).ino).toBe(before.ino);
  });

  test("that was stopped in the middle has changed nothing", async () => {
    await using dir = await tempDir();
    const path = dir.file("seen.txt");
    await writeFile(path, "a\nb\n");
    // What a process leaves that ends before the rename.
    await writeFile(`${path}.part`, "b");
    await using seen = await FileSeenStore.open(path);
    expect([seen.has("a"), seen.has("b")]).toEqual([true, true]);
    await seen.keepOnly(new Set(["a"]));
    expect(await readFile(path, "utf8")).toBe("a\n");
  });

  test("that fails has changed nothing, and the store goes on", async () => {
    await using dir = await tempDir();
    const path = dir.file("seen.txt");
    await using seen = await FileSeenStore.open(path);
    await seen.add("a");
    // Nothing can be written there.
    await mkdir(`${path}.part`);
    expect(await failureOf(seen.keepOnly(new Set()))).toMatchObject({ code: "EISDIR" });
    expect(seen.has("a")).toBe(true);
    await seen.add("b");
    expect(await readFile(path, "utf8")).toBe("a\nb\n");
  });
});

test.each(["a\nb", "a\r", "\n"])("an id with a line end, as %j, is refused", async (uid) => {
  await using dir = await tempDir();
  await using seen = await FileSeenStore.open(dir.file("seen.txt"));
  expect(await failureOf(seen.add(uid))).toBeInstanceOf(ArgumentError);
  expect(seen.has(uid)).toBe(false);
});

test("the file is for its owner alone", async () => {
  await using dir = await tempDir();
  const path = dir.file("seen.txt");
  await using seen = await FileSeenStore.open(path);
  await seen.add("a");
  await seen.keepOnly(new Set());
  expect((await stat(path)).mode & 0o777).toBe(0o600);
});

test("a file that can't be read is an error, and not an empty store", async () => {
  await using dir = await tempDir();
  await mkdir(dir.file("seen.txt"));
  expect(await failureOf(FileSeenStore.open(dir.file("seen.txt")))).toMatchObject({ code: "EISDIR" });
  await chmod(dir.file("seen.txt"), 0o700);
  expect(await failureOf(FileSeenStore.open(dir.file("no/such/seen.txt")))).toMatchObject({ code: "ENOENT" });
});

test("an id that the language knows as something else is an id", async () => {
  await using dir = await tempDir();
  await using seen = await FileSeenStore.open(dir.file("seen.txt"));
  for (const uid of ["__proto__", "constructor", "toString"]) {
    expect(seen.has(uid)).toBe(false);
    await seen.add(uid);
    expect(seen.has(uid)).toBe(true);
  }
});

test("lines that somebody else has added are read, empty ones left out", async () => {
  await using dir = await tempDir();
  await appendFile(dir.file("seen.txt"), "a\n\nb\n\n");
  await using seen = await FileSeenStore.open(dir.file("seen.txt"));
  expect([seen.has("a"), seen.has("b"), seen.has("")]).toEqual([true, true, false]);
});

test("a client leaves out what it had in another session", async () => {
  await using dir = await tempDir();
  await using fixture = await maildrop(numbered(3));
  {
    await using seen = await FileSeenStore.open(dir.file("seen.txt"));
    for await (const { number } of fixture.client.messages({ seen })) if (number === 3) break;
  }
  await using seen = await FileSeenStore.open(dir.file("seen.txt"));
  expect(await textsOf(fixture.client.messages({ seen }))).toEqual(numbered(3).slice(2));
});
