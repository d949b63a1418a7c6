// FtpClient.download: a file is there when all of it is, and until then what was there before.
import { gate } from "@netcli/test-kit";
import { readFile, symlink, writeFile } from "node:fs/promises";
import { describe, expect, test } from "vitest";
import type { TransferProgress } from "../src/index.ts";
import { downloading, pattern, refuseUnhandled } from "./fixtures.ts";
import { epsvReply, type Ftp } from "./scripted-ftp.ts";

refuseUnhandled();

/** Serves "a" of so many bytes. */
function serving(size: number): (ftp: Ftp) => Promise<void> {
  return async (ftp) => {
    await ftp.size("a", size);
    await ftp.give("a", pattern(size));
    await ftp.prove();
  };
}

describe("a download", () => {
  test.each([0, 1, 65_535, 65_536, 65_537, 262_143, 262_144, 262_145, 5_000_000])(
    "of %d bytes writes them all, and tells how far it is",
    async (size) => {
      await using fixture = await downloading(serving(size));
      const progress: TransferProgress[] = [];
      const onProgress = (each: TransferProgress): void => void progress.push(each);
      const result = await fixture.client.download("a", fixture.target, { onProgress });
      expect(result).toEqual({
        bytes: size,
        resumedFrom: 0,
        modifiedAt: undefined,
        hash: undefined,
        reply: { code: 226, lines: ["226 done"], text: "done" },
      });
      expect((await fixture.content()).equals(pattern(size))).toBe(true);
      expect(await fixture.files()).toEqual(["target"]);
      expect(progress.at(-1)).toEqual({ bytes: size, total: size });
      expect(progress.every(({ total }) => total === size)).toBe(true);
      const bytes = progress.map((each) => each.bytes);
      expect(bytes).toEqual(bytes.toSorted((one, other) => one - other));
    },
  );

  test("appears under its name only when the server has said that all was sent", async () => {
    const { opened: looked, open: look } = gate();
    const { opened: written, open: write } = gate();
    await using fixture = await downloading(async (ftp) => {
      await ftp.size("a", 1_000);
      const data = await ftp.begin("a");
      await data.send(pattern(1_000));
      data.end();
      await data.closed;
      await looked;
      await ftp.say("226 done");
    });
    await writeFile(fixture.target, "old");
    const onProgress = ({ bytes }: TransferProgress): void => {
      if (bytes === 1_000) write();
    };
    const download = fixture.client.download("a", fixture.target, { onProgress });
    await written;
    expect(await readFile(fixture.target, "utf8")).toBe("old");
    const [part = "", ...others] = await fixture.files();
    expect(part).toMatch(/^\.target\.[\da-f]{12}\.part$/);
    expect(others).toEqual(["target"]);
    expect((await readFile(fixture.directory.file(part))).equals(pattern(1_000))).toBe(true);
    look();
    await download;
    expect((await fixture.content()).equals(pattern(1_000))).toBe(true);
    expect(await fixture.files()).toEqual(["target"]);
  });

  test.each([
    ["SIZE is unknown", ["500 what"]],
    ["SIZE is refused", ["550 not for this file"]],
    ["the size is no number", ["213 large"]],
    ["the size is negative", ["213 -5"]],
    ["the size is beyond what a number can hold", ["213 99999999999999999999"]],
    ["the answer is another code", ["200 5"]],
  ])("does without the total where %s", async (_why, answer) => {
    await using fixture = await downloading(async (ftp) => {
      await ftp.answer("TYPE I", "200 binary");
      await ftp.facts("a", ...answer);
      await ftp.give("a", pattern(5_000));
    });
    const totals = new Set<number | undefined>();
    const onProgress = ({ total }: TransferProgress): void => void totals.add(total);
    expect(await fixture.client.download("a", fixture.target, { onProgress })).toMatchObject({
      bytes: 5_000,
    });
    expect([...totals]).toEqual([undefined]);
  });

  test("of a file that grows meanwhile takes what comes", async () => {
    await using fixture = await downloading(async (ftp) => {
      await ftp.size("a", 10);
      await ftp.give("a", pattern(20));
    });
    expect(await fixture.client.download("a", fixture.target)).toMatchObject({ bytes: 20 });
    expect((await fixture.content()).equals(pattern(20))).toBe(true);
  });

  test("goes to a name as long as the file system allows, in any script", async () => {
    for (const name of ["n".repeat(255), "ü".repeat(127), "😀".repeat(63)]) {
      await using fixture = await downloading(serving(10));
      const target = fixture.directory.file(name);
      expect(await fixture.client.download("a", target)).toMatchObject({ bytes: 10 });
      expect(await fixture.files()).toEqual([name]);
    }
  });

  test("replaces a link, and leaves what it led to as it was", async () => {
    await using fixture = await downloading(serving(10));
    const elsewhere = fixture.directory.file("elsewhere");
    await writeFile(elsewhere, "old");
    await symlink(elsewhere, fixture.target);
    await fixture.client.download("a", fixture.target);
    expect(await readFile(elsewhere, "utf8")).toBe("old");
    expect((await fixture.content()).equals(pattern(10))).toBe(true);
  });

  test("waits for its turn behind others on the same client, whatever comes of them", async () => {
    const sizes = new Map([
      ["a", 300_000],
      ["c", 3],
    ]);
    await using fixture = await downloading(async (ftp) => {
      await ftp.answer("TYPE I", "200 binary");
      let port = await ftp.listen();
      for (let commands = 0; commands < 12; commands += 1) {
        const [verb, name = ""] = (await ftp.expect(/^(?:SIZE|MDTM|EPSV|RETR)/)).split(" ");
        const size = sizes.get(name);
        if (verb === "EPSV") {
          port = await ftp.listen();
          await ftp.say(epsvReply(port.port));
        } else if (size === undefined || verb === "MDTM") {
          await ftp.say("550 none");
        } else if (verb === "SIZE") {
          await ftp.say(`213 ${size}`);
        } else {
          await ftp.say("150 here it comes");
          const data = await port.connected();
          await data.send(pattern(size));
          data.end();
          await ftp.say("226 done");
        }
      }
    });
    const { client, directory } = fixture;
    const results = await Promise.allSettled(
      ["a", "b", "c"].map((name) => client.download(name, directory.file(name))),
    );
    expect(results.map(({ status }) => status)).toEqual(["fulfilled", "rejected", "fulfilled"]);
    expect((await readFile(directory.file("a"))).equals(pattern(300_000))).toBe(true);
    expect((await readFile(directory.file("c"))).equals(pattern(3))).toBe(true);
    expect((await fixture.files()).toSorted()).toEqual(["a", "c"]);
  });
});
