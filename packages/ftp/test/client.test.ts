// FtpClient.download: a file is there when all of it is, and until then what was there before.
import { mkdir, open, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { ArgumentError, ConnectionClosedError, ReplyError } from "@netcli/core-transport";
import { describe, expect, test } from "vitest";
import type { TransferProgress } from "../src/index.ts";
import { downloading, failureOf, gate, occupy, pattern, refuseUnhandled } from "./fixtures.ts";
import type { Ftp } from "./scripted-ftp.ts";

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
      expect(result).toEqual({ bytes: size, reply: { code: 226, lines: ["226 done"], text: "done" } });
      expect((await fixture.content()).equals(pattern(size))).toBe(true);
      expect(await fixture.files()).toEqual(["target"]);
      if (size > 0) expect(progress.at(-1)).toEqual({ bytes: size, total: size });
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
      await ftp.answer("SIZE a", ...answer);
      await ftp.give("a", pattern(5_000));
    });
    const totals = new Set<number | undefined>();
    const onProgress = ({ total }: TransferProgress): void => void totals.add(total);
    expect(await fixture.client.download("a", fixture.target, { onProgress })).toMatchObject({ bytes: 5_000 });
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
    await using fixture = await downloading(async (ftp) => {
      await ftp.size("a", 300_000);
      await ftp.answer("SIZE b", "550 none");
      await ftp.answer("SIZE c", "213 3");
      await ftp.give("a", pattern(300_000));
      const port = await ftp.passive();
      await ftp.answer("RETR b", "550 none");
      await port.connected();
      await ftp.give("c", pattern(3));
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

describe("a download fails and leaves what was there", () => {
  const failures: [string, (ftp: Ftp) => Promise<void>, typeof ReplyError | typeof ConnectionClosedError][] = [
    [
      "when fewer bytes came than the file has, and the server says 226",
      async (ftp) => {
        await ftp.size("a", 1_001);
        await ftp.give("a", pattern(1_000));
      },
      ConnectionClosedError,
    ],
    [
      "when nothing came of a file that is not empty",
      async (ftp) => {
        await ftp.size("a", 1);
        await ftp.give("a", pattern(0));
      },
      ConnectionClosedError,
    ],
    [
      "when the server refuses the file",
      async (ftp) => {
        await ftp.size("a", 1_000);
        const port = await ftp.passive();
        await ftp.answer("RETR a", "550 not for you");
        await port.connected();
      },
      ReplyError,
    ],
    ...["426 aborted", "451 the disk is broken", "552 too much"].map(
      (reply): [string, (ftp: Ftp) => Promise<void>, typeof ReplyError] => [
        `when the server says ${reply} behind the data`,
        async (ftp) => {
          await ftp.size("a", 1_000);
          const data = await ftp.begin("a");
          await data.send(pattern(1_000));
          data.end();
          await ftp.say(reply);
        },
        ReplyError,
      ],
    ),
    [
      "when the data connection is reset",
      async (ftp) => {
        await ftp.size("a", 1_000);
        const data = await ftp.begin("a");
        await data.send(pattern(900));
        data.reset();
        await ftp.say("226 done");
      },
      ConnectionClosedError,
    ],
    [
      "when neither EPSV nor PASV is known",
      async (ftp) => {
        await ftp.size("a", 1_000);
        await ftp.answer("EPSV", "500 what");
        await ftp.answer("PASV", "500 what");
      },
      ReplyError,
    ],
  ];

  test.each(failures)("%s", async (_when, script, type) => {
    await using fixture = await downloading(async (ftp) => {
      await script(ftp);
      // The client is usable.
      await ftp.answer("SIZE b", "213 10");
      await ftp.answer(/^(?:EPSV|PASV)$/, "425 not now");
    });
    const left = await occupy(fixture);
    const error = await failureOf(fixture.client.download("a", fixture.target));
    expect(error).toBeInstanceOf(type);
    await left();
    const next = await failureOf(fixture.client.download("b", fixture.target));
    expect(next).toMatchObject({ reply: { code: 425 } });
    await left();
  });

  test("when fewer bytes came, with their number in the error", async () => {
    await using fixture = await downloading(async (ftp) => {
      await ftp.size("a", 1_001);
      await ftp.give("a", pattern(1_000));
    });
    expect(await failureOf(fixture.client.download("a", fixture.target))).toMatchObject({
      bytesTransferred: 1_000,
      message: '"a" has 1001 bytes, but only 1000 came',
    });
  });

  test("when its place is a directory, before anything is sent", async () => {
    await using fixture = await downloading((ftp) => ftp.prove());
    const { client, server, directory } = fixture;
    expect(await failureOf(client.download("a", directory.path))).toBeInstanceOf(ArgumentError);
    expect(await fixture.files()).toEqual([]);
    client.close();
    await server.settled();
    expect(server.received).toBe("USER anonymous\r\n");
  });

  test("when there is no directory for it", async () => {
    await using fixture = await downloading((ftp) => ftp.size("a", 10));
    const target = join(fixture.directory.path, "no", "such", "directory");
    expect(await failureOf(fixture.client.download("a", target))).toMatchObject({ code: "ENOENT" });
    expect(fixture.server.received).not.toContain("RETR");
  });

  test("when its place becomes a directory meanwhile", async () => {
    const { opened: occupied, open: goOn } = gate();
    await using fixture = await downloading(async (ftp) => {
      await ftp.size("a", 10);
      const data = await ftp.begin("a");
      await data.send(pattern(10));
      await occupied;
      data.end();
      await ftp.say("226 done");
    });
    const download = failureOf(fixture.client.download("a", fixture.target));
    await mkdir(fixture.target);
    await writeFile(join(fixture.target, "file"), "");
    goOn();
    expect(await download).toMatchObject({ syscall: "rename" });
    expect(await fixture.files()).toEqual(["target"]);
  });

  test("when its file is taken away meanwhile", async () => {
    const { opened: taken, open: goOn } = gate();
    const { opened: written, open: write } = gate();
    await using fixture = await downloading(async (ftp) => {
      await ftp.size("a", 10);
      const data = await ftp.begin("a");
      await data.send(pattern(10));
      data.end();
      await data.closed;
      await taken;
      await ftp.say("226 done");
    });
    const download = failureOf(fixture.client.download("a", fixture.target, { onProgress: write }));
    await written;
    for (const name of await fixture.files()) await rm(fixture.directory.file(name));
    goOn();
    expect(await download).toMatchObject({ code: "ENOENT", syscall: "rename" });
    expect(await fixture.files()).toEqual([]);
  });

  test("when onProgress throws, with what it threw", async () => {
    await using fixture = await downloading(async (ftp) => {
      await ftp.size("a", 1_000_000);
      const data = await ftp.begin("a");
      await data.send(pattern(300_000)).catch(() => undefined);
      await data.closed;
      await ftp.say("426 aborted");
      await ftp.answer("SIZE b", "213 10");
      await ftp.give("b", pattern(10));
    });
    const left = await occupy(fixture);
    const broken = new Error("the bar is broken");
    const onProgress = (): never => {
      throw broken;
    };
    expect(await failureOf(fixture.client.download("a", fixture.target, { onProgress }))).toBe(broken);
    await left();
    expect(await fixture.client.download("b", fixture.target)).toMatchObject({ bytes: 10 });
  });

  test("when the disk is full, with the disk's error", async () => {
    await using fixture = await downloading(async (ftp) => {
      await ftp.size("a", 3_000_000);
      const data = await ftp.begin("a");
      await data.send(pattern(3_000_000)).catch(() => undefined);
      await data.closed;
      await ftp.say("426 aborted");
      await ftp.answer("SIZE b", "213 10");
      await ftp.give("b", pattern(10));
    });
    const left = await occupy(fixture);
    // Node's own class of open files, whose writes fail from the third on.
    const some = await open(fixture.target);
    const prototype: unknown = Object.getPrototypeOf(some);
    await some.close();
    if (!isWriter(prototype)) throw new Error("Node's files have no write");
    const full = Object.assign(new Error("no space left on device"), { code: "ENOSPC" });
    const { write } = prototype;
    let writes = 0;
    prototype.write = function writeUntilFull(this: unknown, ...args: unknown[]): unknown {
      writes += 1;
      if (writes > 2) return Promise.reject(full);
      return Reflect.apply(write, this, args);
    };
    try {
      expect(await failureOf(fixture.client.download("a", fixture.target))).toBe(full);
    } finally {
      prototype.write = write;
    }
    await left();
    expect(await fixture.client.download("b", fixture.target)).toMatchObject({ bytes: 10 });
  });
});

interface HasWrite {
  write: (...args: unknown[]) => unknown;
}

function isWriter(value: unknown): value is HasWrite {
  return typeof value === "object" && value !== null && "write" in value && typeof value.write === "function";
}
