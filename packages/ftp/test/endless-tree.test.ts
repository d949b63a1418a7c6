// Trees that lead back into themselves, or have no end: none is followed for ever.
import { LimitError } from "@netcli/core-transport";
import { failureOf, tempDir } from "@netcli/test-kit";
import { describe, expect, test } from "vitest";
import { refuseUnhandled } from "./fixtures.ts";
import { lying } from "./lying-ftp.ts";
import { all, directoryLine, fileLine } from "./trees.ts";

refuseUnhandled();

// A round trip for each level, on a machine that may be busy.
describe("a tree without an end", { timeout: 30_000 }, () => {
  const endless = { list: () => directoryLine("d") + fileLine("f") };

  test("is walked 100 levels deep", async () => {
    await using liar = await lying(endless);
    const items = await all(liar.client.walk("r"));
    expect(items.at(-1)?.depth).toBe(100);
    expect(items).toHaveLength(200);
  });

  test("is mirrored 100 levels deep, and said to go on", async () => {
    await using directory = await tempDir();
    await using liar = await lying(endless);
    const result = await liar.client.mirror({
      direction: "download",
      remote: "r",
      local: directory.file("here"),
    });
    expect(result.failed).toEqual([]);
    expect(result.transferred).toHaveLength(100);
    expect(result.skipped).toHaveLength(1);
  });

  test("is not removed", async () => {
    await using liar = await lying({ list: () => directoryLine("d".repeat(200)) + fileLine("f") });
    expect(await failureOf(liar.client.removeTree("r"))).toBeInstanceOf(LimitError);
  });

  test("is met before, if its directories say who they are (listing loops)", async () => {
    await using directory = await tempDir();
    await using liar = await lying({ list: () => directoryLine("d", "unique=7;") + fileLine("f") });
    expect((await all(liar.client.walk("r"))).map(({ path }) => path)).toEqual(["d", "f", "d/d", "d/f"]);
    const local = directory.file("here");
    const result = await liar.client.mirror({ direction: "download", remote: "r", local });
    expect(result.transferred.map(({ path }) => path)).toEqual(["d/f", "f"]);
    expect(result.skipped.map(({ path }) => path)).toEqual(["d/d"]);
    await liar.client.removeTree("r");
    expect(liar.commands.filter((command) => command.startsWith("RMD"))).toEqual(["RMD r/d", "RMD r"]);
  });
});
