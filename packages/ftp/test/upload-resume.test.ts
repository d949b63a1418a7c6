// FtpClient.upload goes on where an earlier call broke off, in whichever way the server lets it.
import { readdir, readFile, stat, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { ConnectionClosedError, ProtocolError, ReplyError } from "@netcli/core-transport";
import { failureOf } from "@netcli/test-kit";
import type { FtpFault, FtpServerOptions } from "@netcli/test-servers";
import { describe, expect, test } from "vitest";
import type { UploadOptions } from "../src/index.ts";
import { pattern, refuseUnhandled } from "./fixtures.ts";
import { hasContent, onServer, type OwnClientFixture, times } from "./own-client.ts";

refuseUnhandled();

const content = pattern(2_000_000);
const CUT = 700_000;
const cut: FtpFault = { data: { cut: { after: CUT, end: "reset" } } };

/** Breaks the first STOR off; resolves when the upload has failed. */
async function interrupted(
  options: FtpServerOptions = {},
  uploadOptions: UploadOptions = {},
): Promise<OwnClientFixture> {
  const fault = times(1, cut);
  const fixture = await onServer({
    ...options,
    onCommand: (command, session) =>
      (command.verb === "STOR" ? fault() : undefined) ?? options.onCommand?.(command, session),
  });
  const { client, local } = fixture;
  await writeFile(local.file("source"), content);
  const failure = await failureOf(
    client.upload(local.file("source"), "a", { resume: true, ...uploadOptions }),
  );
  expect(failure).toBeInstanceOf(ReplyError);
  return fixture;
}

/** Other bytes, but as many. */
const alter = (chunk: Uint8Array): Uint8Array => Buffer.from(chunk).toReversed();

async function expectWhole({ server, there }: OwnClientFixture): Promise<void> {
  expect(await hasContent(join(server.root, "a"), content)).toBe(true);
  expect(await there()).toEqual(["a"]);
}

describe("an upload that was broken off", () => {
  test("leaves its part, and goes on from there with REST and STOR", async () => {
    await using fixture = await interrupted();
    const { client, local, there, since } = fixture;
    const [part = "", ...others] = await there();
    expect(part).toMatch(/^\.a\.[\da-f]{16}\.part$/);
    expect(others).toEqual([]);
    const commands = since();
    const progress: number[] = [];
    const onProgress = ({ bytes, total }: { bytes: number; total: number | undefined }): void => {
      expect(total).toBe(content.length);
      progress.push(bytes);
    };
    const result = await client.upload(local.file("source"), "a", { resume: true, onProgress });
    expect(result).toMatchObject({ bytes: content.length, reply: { code: 226 } });
    expect(result.resumedFrom).toBeGreaterThan(0);
    expect(result.resumedFrom).toBeLessThanOrEqual(CUT);
    expect(commands()).toContain(`REST ${result.resumedFrom}`);
    expect(commands().filter((line) => line.startsWith("STOR"))).toEqual([`STOR ${part}`]);
    expect(progress[0]).toBeGreaterThan(result.resumedFrom);
    expect(progress.at(-1)).toBe(content.length);
    await expectWhole(fixture);
  });

  test("begins anew without the option", async () => {
    await using fixture = await interrupted();
    const { client, local, there } = fixture;
    const before = await there();
    expect(await client.upload(local.file("source"), "a")).toMatchObject({ resumedFrom: 0 });
    expect((await there()).toSorted()).toEqual([...before, "a"].toSorted());
  });

  test("begins anew where the file here is another one now", async () => {
    await using fixture = await interrupted();
    const { client, local, server } = fixture;
    const other = Buffer.from(content).toReversed();
    await writeFile(local.file("source"), other);
    await utimes(local.file("source"), new Date(), new Date("2001-01-01"));
    expect(await client.upload(local.file("source"), "a", { resume: true })).toMatchObject({
      resumedFrom: 0,
    });
    expect(await hasContent(join(server.root, "a"), other)).toBe(true);
  });

  test.each([
    ["REST is not known", { features: { REST: false } }, true],
    ["REST is refused", { features: { REST: 502 } }, true],
    [
      "STOR behind REST is refused",
      {
        onCommand: ({ verb, nth }) =>
          verb === "STOR" && nth === 2 ? { skip: true, reply: "554 only from the beginning" } : undefined,
      },
      true,
    ],
    [
      "STOR behind REST, and APPE, are refused",
      {
        features: { APPE: 502 },
        onCommand: ({ verb, nth }) =>
          verb === "STOR" && nth === 2 ? { skip: true, reply: "451 not permitted, try again" } : undefined,
      },
      false,
    ],
  ] satisfies [string, FtpServerOptions, boolean][])(
    "goes on with APPE, or begins anew, where %s",
    async (_why, options, appends) => {
      await using fixture = await interrupted(options);
      const { client, local, since } = fixture;
      const commands = since();
      const result = await client.upload(local.file("source"), "a", { resume: true });
      expect(result.bytes).toBe(content.length);
      expect(result.resumedFrom > 0).toBe(appends);
      const appended = commands().some((line) => line.startsWith("APPE"));
      expect(appended).toBe(true);
      await expectWhole(fixture);
    },
  );

  test.each(["452 no room", "552 too much", "425 not now"])(
    "is not begun anew because of %s",
    async (reply) => {
      await using fixture = await interrupted({
        onCommand: ({ verb, nth }) => (verb === "STOR" && nth > 1 ? { skip: true, reply } : undefined),
      });
      const { client, local, there, server } = fixture;
      const [part = ""] = await there();
      const { size } = await stat(join(server.root, part));
      const failure = await failureOf(client.upload(local.file("source"), "a", { resume: true }));
      expect(failure).toMatchObject({ reply: { code: Number(reply.slice(0, 3)) } });
      expect(await there()).toEqual([part]);
      expect((await stat(join(server.root, part))).size).toBe(size);
    },
  );

  test("begins anew where its part is longer than the file", async () => {
    await using fixture = await interrupted();
    const { client, local, there, server } = fixture;
    const [part = ""] = await there();
    await writeFile(join(server.root, part), pattern(3_000_000));
    expect(await client.upload(local.file("source"), "a", { resume: true })).toMatchObject({
      resumedFrom: 0,
    });
    await expectWhole(fixture);
  });

  test("sends nothing where all of it is there", async () => {
    await using fixture = await interrupted();
    const { client, local, there, server, since } = fixture;
    const [part = ""] = await there();
    await writeFile(join(server.root, part), content);
    const commands = since();
    const progress: unknown[] = [];
    const onProgress = (each: unknown): void => void progress.push(each);
    const result = await client.upload(local.file("source"), "a", { resume: true, onProgress });
    expect(result).toMatchObject({ bytes: content.length, resumedFrom: content.length, reply: undefined });
    expect(commands().join()).not.toMatch(/STOR|APPE/);
    expect(progress).toEqual([{ bytes: content.length, total: content.length }]);
    await expectWhole(fixture);
  });

  test("begins anew where the server tells no sizes", async () => {
    await using fixture = await interrupted({ features: { SIZE: false } });
    const { client, local } = fixture;
    expect(await client.upload(local.file("source"), "a", { resume: true })).toMatchObject({
      resumedFrom: 0,
    });
    await expectWhole(fixture);
  });

  test("is removed where what it had was wrong", async () => {
    await using fixture = await interrupted();
    const { client, local, there, server } = fixture;
    const [part = ""] = await there();
    await writeFile(join(server.root, part), Buffer.alloc(1_000));
    const options = { resume: true, verify: true };
    expect(await failureOf(client.upload(local.file("source"), "a", options))).toBeInstanceOf(ProtocolError);
    expect(await there()).toEqual([]);
    const result = await client.upload(local.file("source"), "a", options);
    expect(result).toMatchObject({ resumedFrom: 0, hash: { algorithm: "SHA-256" } });
    await expectWhole(fixture);
  });

  test("goes on under the file's own name where that was asked for", async () => {
    await using fixture = await interrupted({}, { atomic: false });
    const { client, local, there } = fixture;
    expect(await there()).toEqual(["a"]);
    const result = await client.upload(local.file("source"), "a", { resume: true, atomic: false });
    expect(result.resumedFrom).toBeGreaterThan(0);
    await expectWhole(fixture);
  });
});

describe("an upload with another try", () => {
  test.each([true, false])("goes on in the same call; atomic: %s", async (atomic) => {
    const fault = times(1, cut);
    await using fixture = await onServer(
      { onCommand: ({ verb }) => (verb === "STOR" ? fault() : undefined) },
      { retries: 1 },
    );
    const { client, local, put, since } = fixture;
    await put("a", pattern(3_000_000));
    await writeFile(local.file("source"), content);
    const commands = since();
    const progress: number[] = [];
    const onProgress = ({ bytes }: { bytes: number }): void => void progress.push(bytes);
    const result = await client.upload(local.file("source"), "a", { atomic, onProgress });
    expect(result).toMatchObject({ bytes: content.length, resumedFrom: 0 });
    expect(commands().filter((line) => line.startsWith("REST"))).toHaveLength(1);
    expect(progress.at(-1)).toBe(content.length);
    await expectWhole(fixture);
  });
});

describe("an upload whose connection breaks again and again", () => {
  test.each(["STOR", "RNTO"])("at %s, without any progress, fails after its last try", async (verb) => {
    const fault = times(1, cut);
    await using fixture = await onServer(
      {
        onCommand: (command) => {
          if (command.verb !== verb) return undefined;
          const first = verb === "STOR" ? fault() : undefined;
          return first ?? { skip: true, reply: null, end: "reset" };
        },
      },
      { retries: 2 },
    );
    const { client, local, there, since } = fixture;
    await writeFile(local.file("source"), content);
    const commands = since();
    const failure = await failureOf(client.upload(local.file("source"), "a"));
    expect(failure).toBeInstanceOf(ConnectionClosedError);
    expect(await there()).toEqual([]);
    // What the first one brought is progress, and begins the count anew.
    expect(commands().filter((line) => line.startsWith(verb))).toHaveLength(4);
  });
});

describe("an upload that fails", () => {
  test.each([true, false])(
    "for good leaves nothing of it, or all that it wrote; atomic: %s",
    async (atomic) => {
      await using fixture = await onServer({ onCommand: ({ verb }) => (verb === "STOR" ? cut : undefined) });
      const { client, local, there, server } = fixture;
      await writeFile(local.file("source"), content);
      expect(await failureOf(client.upload(local.file("source"), "a", { atomic }))).toBeInstanceOf(
        ReplyError,
      );
      expect(await there()).toEqual(atomic ? [] : ["a"]);
      if (atomic) return;
      const stored = await readFile(join(server.root, "a"));
      expect(stored.equals(content.subarray(0, stored.length))).toBe(true);
    },
  );

  test("before it has begun deletes nothing, also under the file's own name", async () => {
    await using fixture = await onServer({
      onCommand: ({ verb }) => (verb === "STOR" ? { skip: true, reply: "550 not here" } : undefined),
    });
    const { client, put, get } = fixture;
    await put("a", "what was there");
    for (const atomic of [true, false]) {
      expect(await failureOf(client.upload(content, "a", { atomic }))).toBeInstanceOf(ReplyError);
      expect(String(await get("a"))).toBe("what was there");
    }
    expect(fixture.server.commands.some((line) => line.startsWith("DELE a"))).toBe(false);
  });

  test.each([
    ["has lost bytes", (chunk: Uint8Array) => chunk.subarray(1)],
    ["has made more of them", (chunk: Uint8Array) => Buffer.concat([chunk, Buffer.of(0)])],
  ])("because the server %s leaves nothing", async (_what, change) => {
    await using fixture = await onServer({
      onCommand: ({ verb }) => (verb === "STOR" ? { data: { alter: change } } : undefined),
    });
    const { client, there } = fixture;
    expect(await failureOf(client.upload(content, "a"))).toBeInstanceOf(ProtocolError);
    expect(await there()).toEqual([]);
  });

  test("because the server has changed bytes is found by the hash", async () => {
    await using fixture = await onServer({
      onCommand: ({ verb }) => (verb === "STOR" ? { data: { alter } } : undefined),
    });
    const { client, local, server } = fixture;
    await writeFile(local.file("source"), content);
    const failure = await failureOf(client.upload(local.file("source"), "a", { verify: true }));
    expect(failure).toBeInstanceOf(ProtocolError);
    expect(await readdir(server.root)).toEqual([]);
  });
});
