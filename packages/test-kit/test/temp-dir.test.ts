// Temporary directories: there while the test runs, gone afterwards with all that is in them.
import { mkdir, readdir, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { tempDir } from "@netcli/test-kit";

describe("a temporary directory", () => {
  test("removes itself and everything in it at the end of its block", async () => {
    let path: string;
    {
      await using directory = await tempDir();
      path = directory.path;
      expect(directory.file("a")).toBe(join(path, "a"));
      expect(await readdir(path)).toEqual([]);
      await mkdir(directory.file("b"));
      await writeFile(join(directory.file("b"), "c"), "text");
    }
    await expect(stat(path)).rejects.toMatchObject({ code: "ENOENT" });
  });

  test("is never the same twice", async () => {
    await using one = await tempDir();
    await using two = await tempDir();
    expect(one.path).not.toBe(two.path);
  });
});
