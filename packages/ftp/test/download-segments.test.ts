// FtpClient.download with `segments`: several sessions fetch one file, and it is that file, or none.
import { readFile, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { ArgumentError, ConnectionClosedError, ReplyError } from "@netcli/core-transport";
import { failureOf, gate } from "@netcli/test-kit";
import type { FtpFault } from "@netcli/test-servers";
import { describe, expect, test } from "vitest";
import { pattern, refuseUnhandled } from "./fixtures.ts";
import { hasContent, onServer, times } from "./own-client.ts";

refuseUnhandled();

const MIB = 1_048_576;
const content = pattern(4 * MIB + 1);

const restsOf = (commands: readonly string[]): number[] =>
  commands
    .filter((line) => line.startsWith("REST"))
    .map((line) => Number(line.slice(5)))
    .toSorted((one, other) => one - other);

describe("a download in segments", () => {
  test.each([
    [0, 3, 0],
    [1, 3, 0],
    [MIB - 1, 3, 0],
    [MIB, 3, 0],
    [2 * MIB - 1, 3, 0],
    [2 * MIB, 3, 1],
    [2 * MIB + 1, 3, 1],
    [3 * MIB, 3, 2],
    [4 * MIB + 1, 3, 2],
    [4 * MIB + 1, 2, 1],
    [4 * MIB + 1, 100, 3],
  ])(
    "of a file of %d bytes, %d of them, brings all of it, and begins %d times elsewhere",
    async (size, segments, rests) => {
      await using fixture = await onServer({}, { connections: 3 });
      const { client, put, local, here, since } = fixture;
      await put("a", pattern(size));
      const commands = since();
      const progress: number[] = [];
      const result = await client.download("a", local.file("a"), {
        segments,
        onProgress: ({ bytes, total }) => {
          expect(total).toBe(size);
          progress.push(bytes);
        },
      });
      expect(result).toMatchObject({ bytes: size, resumedFrom: 0 });
      expect(await hasContent(local.file("a"), pattern(size))).toBe(true);
      expect(await here()).toEqual(["a"]);
      expect(restsOf(commands())).toHaveLength(rests);
      expect(progress).toEqual(progress.toSorted((one, other) => one - other));
      expect(progress.at(-1)).toBe(size);
      expect(await client.list()).toHaveLength(1);
    },
  );

  test.each(["none", "starttls"] as const)("has as many sessions at the same time; tls: %s", async (tls) => {
    const { opened: all, open } = gate();
    let transfers = 0;
    await using fixture = await onServer(
      {
        onCommand: ({ verb }) => {
          if (verb !== "RETR") return undefined;
          if ((transfers += 1) === 3) open();
          return { wait: all };
        },
      },
      { connections: 3, tls },
    );
    const { client, put, local, server } = fixture;
    await put("a", content);
    await client.download("a", local.file("a"), { segments: 3 });
    expect(await hasContent(local.file("a"), content)).toBe(true);
    expect(server.sessions).toHaveLength(3);
  });

  test.each(["none", "starttls"] as const)(
    "makes do with one session, and does not wait for what it does not want; tls: %s",
    { timeout: 20_000 },
    async (tls) => {
      await using fixture = await onServer({}, { connections: 1, tls });
      const { client, put, local, server } = fixture;
      // What the first one does not want is more than sockets hold.
      const big = pattern(40 * MIB);
      await put("a", big);
      await client.download("a", local.file("a"), { segments: 2 });
      expect(await hasContent(local.file("a"), big)).toBe(true);
      expect(server.sessions).toHaveLength(1);
      expect(server.sessions[0]?.transfers[0]?.bytes).toBeLessThan(big.length);
    },
  );

  test("makes do with the sessions that the server lets in", async () => {
    await using fixture = await onServer({ maxLogins: 2 }, { connections: 5 });
    const { client, put, local } = fixture;
    await put("a", content);
    await client.download("a", local.file("a"), { segments: 4 });
    expect(await hasContent(local.file("a"), content)).toBe(true);
  });

  test.each([
    ["has no REST", { REST: false } as const],
    ["tells no time", { MDTM: false } as const],
    ["tells no size", { SIZE: false } as const],
    ["knows no FEAT", { FEAT: false } as const],
  ])("is one in a single piece where the server %s", async (_what, features) => {
    await using fixture = await onServer({ features }, { connections: 3 });
    const { client, put, local, since } = fixture;
    await put("a", content);
    const commands = since();
    await client.download("a", local.file("a"), { segments: 3 });
    expect(await hasContent(local.file("a"), content)).toBe(true);
    expect(commands().filter((line) => line.startsWith("RETR"))).toHaveLength(1);
  });

  test.each([
    ["refuses REST in spite of its word", "502 not now"],
    ["grants REST, but begins at the first byte", "350 of course"],
  ])("is one in a single piece where the server %s", async (_what, reply) => {
    await using fixture = await onServer(
      { onCommand: ({ verb }) => (verb === "REST" ? { skip: true, reply } : undefined) },
      { connections: 3 },
    );
    const { client, put, local, here } = fixture;
    await put("a", content);
    for (const resume of [true, false]) {
      expect(await client.download("a", local.file("a"), { segments: 3, resume })).toMatchObject({
        bytes: content.length,
        resumedFrom: 0,
      });
      expect(await hasContent(local.file("a"), content)).toBe(true);
    }
    expect(await here()).toEqual(["a"]);
  });

  test("goes on where one of them broke", async () => {
    const fault = times(2, { data: { cut: { after: 500_000, end: "reset" as const } } });
    await using fixture = await onServer(
      { onCommand: ({ verb }) => (verb === "RETR" ? fault() : undefined) },
      { connections: 3, retries: 2 },
    );
    const { client, put, local, since } = fixture;
    await put("a", content);
    const commands = since();
    await client.download("a", local.file("a"), { segments: 3 });
    expect(await hasContent(local.file("a"), content)).toBe(true);
    expect(restsOf(commands())).toHaveLength(4);
  });

  test("that fails keeps what has no gap before it, and the next one goes on from there", async () => {
    let nth = 0;
    await using fixture = await onServer(
      {
        onCommand: ({ verb }) => {
          if (verb !== "RETR") return undefined;
          nth += 1;
          return nth === 2 ? { data: { cut: { after: 300_000, end: "reset" } } } : undefined;
        },
      },
      { connections: 1 },
    );
    const { client, put, local, here, since } = fixture;
    await put("a", content);
    const failure = await failureOf(client.download("a", local.file("a"), { segments: 4, resume: true }));
    expect(failure).toBeInstanceOf(ReplyError);
    const [part = "", ...others] = await here();
    expect(others).toEqual([]);
    expect(part).toMatch(/^\.a\.[\da-f]{16}\.part$/);
    const kept = await readFile(local.file(part));
    expect(kept.equals(content.subarray(0, kept.length))).toBe(true);
    expect(kept.length).toBeGreaterThan(MIB);
    const commands = since();
    expect(await client.download("a", local.file("a"), { segments: 2, resume: true })).toMatchObject({
      resumedFrom: kept.length,
      bytes: content.length,
    });
    expect(restsOf(commands())[0]).toBe(kept.length);
    expect(await hasContent(local.file("a"), content)).toBe(true);
    expect(await here()).toEqual(["a"]);
  });

  test("that fails keeps nothing of what is behind a gap", async () => {
    const { opened: filled, open } = gate();
    const fault: FtpFault = { wait: filled, data: { cut: { after: 300_000, end: "reset" } } };
    await using fixture = await onServer(
      {
        onCommand: ({ verb }, { commands }) =>
          verb === "RETR" && !commands.some((line) => line.startsWith("REST")) ? fault : undefined,
      },
      { connections: 2 },
    );
    const { client, put, local, here } = fixture;
    await put("a", content);
    const onProgress = ({ bytes }: { bytes: number }): void => {
      // The second half is there.
      if (bytes > content.length / 2 - 2) open();
    };
    const options = { segments: 2, resume: true, onProgress };
    expect(await failureOf(client.download("a", local.file("a"), options))).toBeInstanceOf(ReplyError);
    const [part = ""] = await here();
    const kept = await readFile(local.file(part));
    expect(kept.length).toBeGreaterThan(0);
    expect(kept.length).toBeLessThanOrEqual(300_000);
    expect(kept.equals(content.subarray(0, kept.length))).toBe(true);
  });

  test("has nothing under a name that another call would go on from while it has gaps", async () => {
    const { opened: looked, open: look } = gate();
    const { opened: reached, open: reach } = gate();
    await using fixture = await onServer(
      {
        onCommand: ({ verb, nth }) =>
          verb === "RETR" && nth === 1 ? { wait: looked.then(() => undefined) } : undefined,
      },
      { connections: 2 },
    );
    const { client, put, local, here } = fixture;
    await put("a", content);
    const onProgress = ({ bytes }: { bytes: number }): void => {
      // The second half is there.
      if (bytes > content.length / 2 - 2) reach();
    };
    const options = { segments: 2, resume: true, onProgress };
    const download = client.download("a", local.file("a"), options);
    await reached;
    const [part = "", ...others] = await here();
    expect(others).toEqual([]);
    expect(part).not.toMatch(/[\da-f]{16}\.part$/);
    look();
    await download;
    expect(await hasContent(local.file("a"), content)).toBe(true);
  });

  test("begins anew, in a single piece, where the file has changed meanwhile", async () => {
    let nth = 0;
    await using fixture = await onServer(
      {
        onCommand: async ({ verb }) => {
          nth += Number(verb === "RETR");
          if (verb === "RETR" && nth === 2) {
            await writeFile(join(fixture.server.root, "a"), Buffer.from(content).toReversed());
            await utimes(join(fixture.server.root, "a"), new Date(), new Date("2001-01-01"));
          }
          return undefined;
        },
      },
      { connections: 1 },
    );
    const { client, put, get, local } = fixture;
    await put("a", content);
    await client.download("a", local.file("a"), { segments: 2 });
    expect(await hasContent(local.file("a"), await get("a"))).toBe(true);
  });

  test("fails where the file has become shorter meanwhile", async () => {
    await using fixture = await onServer(
      {
        onCommand: async ({ verb }) => {
          if (verb === "RETR") await writeFile(join(fixture.server.root, "a"), "short");
          return undefined;
        },
      },
      { connections: 1 },
    );
    const { client, put, local, here } = fixture;
    await put("a", content);
    const failure = await failureOf(client.download("a", local.file("a"), { segments: 2 }));
    expect(failure instanceof ConnectionClosedError || failure instanceof ReplyError).toBe(true);
    expect(await here()).toEqual([]);
  });

  test("is broken off by its signal, all of it", async () => {
    const controller = new AbortController();
    const reason = new Error("enough");
    await using fixture = await onServer(
      { onCommand: ({ verb }) => (verb === "RETR" ? { data: { bytesPerSecond: 2_000_000 } } : undefined) },
      { connections: 3 },
    );
    const { client, put, local, here } = fixture;
    await put("a", content);
    const onProgress = ({ bytes }: { bytes: number }): void => {
      if (bytes > 100_000) controller.abort(reason);
    };
    const { signal } = controller;
    const options = { segments: 3, onProgress, signal };
    expect(await failureOf(client.download("a", local.file("a"), options))).toBe(reason);
    expect(await here()).toEqual([]);
    expect(await Promise.all([client.list(), client.list(), client.list()])).toHaveLength(3);
  });

  test.each([0, -1, 1.5, Number.NaN])("can't have %d of them", async (segments) => {
    await using fixture = await onServer();
    const { client, local, since } = fixture;
    const commands = since();
    expect(await failureOf(client.download("a", local.file("a"), { segments }))).toBeInstanceOf(
      ArgumentError,
    );
    expect(commands()).toEqual([]);
  });
});
