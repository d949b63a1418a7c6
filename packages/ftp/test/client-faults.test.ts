// FtpClient.download fails: whatever the reason, the client goes on, and no file is there that was not before.
import { failureOf, gate } from "@netcli/test-kit";
import { mkdir, open, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { ArgumentError, ConnectionClosedError, ReplyError } from "@netcli/core-transport";
import { describe, expect, test } from "vitest";
import { downloading, occupy, pattern, refuseUnhandled } from "./fixtures.ts";
import { type Ftp, loginLines } from "./scripted-ftp.ts";

refuseUnhandled();

describe("a download fails and leaves what was there", () => {
  const failures: [string, (ftp: Ftp) => Promise<void>, typeof ReplyError | typeof ConnectionClosedError][] =
    [
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
      await ftp.facts("b", "213 10");
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
    expect(server.received).toBe(loginLines);
  });

  test("when there is no directory for it", async () => {
    await using fixture = await downloading((ftp) => ftp.size("a", 10));
    const target = join(fixture.directory.path, "no", "such", "directory");
    expect(await failureOf(fixture.client.download("a", target))).toMatchObject({ code: "ENOENT" });
    expect(fixture.server.received).not.toContain("RETR");
  });

  test("when its place becomes a directory meanwhile", async () => {
    const { opened: reached, open: reach } = gate();
    const { opened: occupied, open: goOn } = gate();
    await using fixture = await downloading(async (ftp) => {
      await ftp.size("a", 10);
      const data = await ftp.begin("a");
      await data.send(pattern(10));
      reach();
      await occupied;
      data.end();
      await ftp.say("226 done");
    });
    const download = failureOf(fixture.client.download("a", fixture.target));
    await reached;
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
      await ftp.facts("b", "213 10");
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

  test("when the server falls silent, with that as the reason though the disk is slow to say so", async () => {
    const { opened: answered, open: answer } = gate();
    await using fixture = await downloading(
      async (ftp) => {
        await ftp.size("a", 1_000);
        const data = await ftp.begin("a");
        await data.send(pattern(10));
        await data.closed;
        await ftp.say("426 aborted");
      },
      {
        timeouts: { stall: 50 },
        trace: ({ text }) => {
          if (text.startsWith("426")) answer();
        },
      },
    );
    const left = await occupy(fixture);
    const disk = await replaceWrites(fixture.target, async (write) => {
      await answered;
      return write();
    });
    try {
      const error = await failureOf(fixture.client.download("a", fixture.target));
      expect(error).toMatchObject({ code: "ERR_NETCLI_TIMEOUT", phase: "stall" });
    } finally {
      disk.restore();
    }
    await left();
  });

  test("when the disk is full, with the disk's error", async () => {
    await using fixture = await downloading(async (ftp) => {
      await ftp.size("a", 3_000_000);
      const data = await ftp.begin("a");
      await data.send(pattern(3_000_000)).catch(() => undefined);
      await data.closed;
      await ftp.say("426 aborted");
      await ftp.facts("b", "213 10");
      await ftp.give("b", pattern(10));
    });
    const left = await occupy(fixture);
    const full = Object.assign(new Error("no space left on device"), { code: "ENOSPC" });
    let writes = 0;
    const disk = await replaceWrites(fixture.target, (write) => {
      writes += 1;
      return writes > 2 ? Promise.reject(full) : write();
    });
    try {
      expect(await failureOf(fixture.client.download("a", fixture.target))).toBe(full);
    } finally {
      disk.restore();
    }
    await left();
    expect(await fixture.client.download("b", fixture.target)).toMatchObject({ bytes: 10 });
  });
});

/** Has the writes of all open files done by `replacement`, which is given the real one. */
async function replaceWrites(
  path: string,
  replacement: (write: () => Promise<unknown>) => Promise<unknown>,
): Promise<{ restore: () => void }> {
  // The class of Node's open files is not exported.
  const file = await open(path);
  const prototype: unknown = Object.getPrototypeOf(file);
  await file.close();
  if (!isWriter(prototype)) throw new Error("Node's files have no write");
  const { write } = prototype;
  prototype.write = function replaced(this: unknown, ...args: unknown[]): unknown {
    return replacement(async () => Reflect.apply(write, this, args));
  };
  return {
    restore: () => {
      prototype.write = write;
    },
  };
}

interface HasWrite {
  write: (...args: unknown[]) => unknown;
}

function isWriter(value: unknown): value is HasWrite {
  return typeof value === "object" && value !== null && "write" in value && typeof value.write === "function";
}
