// FtpClient.download goes on where an earlier call broke off: only with the same version, and from the right place.
import { mkdirSync } from "node:fs";
import { truncate, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { ConnectionClosedError, ReplyError } from "@netcli/core-transport";
import { failureOf } from "@netcli/test-kit";
import type { FtpFault, FtpFeature, FtpServerOptions } from "@netcli/test-servers";
import { describe, expect, test } from "vitest";
import type { DownloadOptions } from "../src/index.ts";
import { pattern, refuseUnhandled } from "./fixtures.ts";
import { hasContent, onServer, type OwnClientFixture, times } from "./own-client.ts";

refuseUnhandled();

const content = pattern(2_000_000);
const CUT = 700_000;
const modifiedAt = new Date("2020-02-29T12:34:56Z");

const cut: FtpFault = { data: { cut: { after: CUT, end: "reset" } } };

/** Breaks the first RETR off; resolves when the download has failed. */
async function interrupted(options: FtpServerOptions = {}): Promise<OwnClientFixture> {
  const fault = times(1, cut);
  const fixture = await onServer({
    ...options,
    onCommand: (command, session) =>
      (command.verb === "RETR" ? fault() : undefined) ?? options.onCommand?.(command, session),
  });
  await fixture.put("a", content, modifiedAt);
  const error = await failureOf(fixture.client.download("a", fixture.local.file("a"), { resume: true }));
  expect(error).toBeInstanceOf(ReplyError);
  return fixture;
}

async function downloadOf(fixture: OwnClientFixture, options: DownloadOptions = { resume: true }) {
  const result = await fixture.client.download("a", fixture.local.file("a"), options);
  expect(await fixture.here()).toEqual(["a"]);
  return result;
}

describe("a download that was broken off", () => {
  test("leaves its part, and goes on from there", async () => {
    await using fixture = await interrupted();
    const { local, here, since } = fixture;
    const [part = "", ...others] = await here();
    expect(part).toMatch(/^\.a\.[\da-f]{16}\.part$/);
    expect(others).toEqual([]);
    const commands = since();
    const progress: number[] = [];
    const onProgress = ({ bytes }: { bytes: number }): void => void progress.push(bytes);
    const result = await downloadOf(fixture, { resume: true, onProgress });
    expect(result).toMatchObject({ bytes: content.length, modifiedAt });
    expect(result.resumedFrom).toBeGreaterThan(0);
    expect(result.resumedFrom).toBeLessThanOrEqual(CUT);
    expect(commands()).toContain(`REST ${result.resumedFrom}`);
    expect(progress[0]).toBeGreaterThan(result.resumedFrom);
    expect(progress.at(-1)).toBe(content.length);
    expect(await hasContent(local.file("a"), content)).toBe(true);
  });

  test("begins anew without the option, and leaves the part alone", async () => {
    await using fixture = await interrupted();
    const { client, local, here } = fixture;
    const before = await here();
    expect(await client.download("a", local.file("a"))).toMatchObject({ resumedFrom: 0 });
    expect((await here()).toSorted()).toEqual([...before, "a"].toSorted());
  });

  test.each<[string, (path: string) => Promise<void>]>([
    ["is longer now", (path) => writeFile(path, pattern(2_000_001))],
    ["is shorter now than the part", (path) => writeFile(path, pattern(1_000))],
    ["is another one of the same length", (path) => writeFile(path, pattern(2_000_000).toReversed())],
    ["is empty now", (path) => writeFile(path, "")],
  ])("begins anew where the file %s", async (_what, change) => {
    await using fixture = await interrupted();
    const { server, client, local, get } = fixture;
    await change(join(server.root, "a"));
    const result = await client.download("a", local.file("a"), { resume: true });
    expect(result.resumedFrom).toBe(0);
    expect(await hasContent(local.file("a"), await get("a"))).toBe(true);
  });

  test("begins anew where the part is longer than the file", async () => {
    await using fixture = await interrupted();
    const { local, here } = fixture;
    const [part = ""] = await here();
    await writeFile(local.file(part), pattern(3_000_000));
    expect(await downloadOf(fixture)).toMatchObject({ resumedFrom: 0, bytes: content.length });
    expect(await hasContent(local.file("a"), content)).toBe(true);
  });

  test("fetches nothing where all of it is there", async () => {
    await using fixture = await interrupted();
    const { local, here, since } = fixture;
    const [part = ""] = await here();
    await writeFile(local.file(part), content);
    const commands = since();
    const progress: unknown[] = [];
    const onProgress = (each: unknown): void => void progress.push(each);
    expect(await downloadOf(fixture, { resume: true, onProgress })).toEqual({
      bytes: content.length,
      resumedFrom: content.length,
      modifiedAt,
      hash: undefined,
      reply: undefined,
    });
    expect(commands().map((line) => line.split(" ")[0])).toEqual(["SIZE", "MDTM"]);
    expect(progress).toEqual([{ bytes: content.length, total: content.length }]);
    expect(await hasContent(local.file("a"), content)).toBe(true);
  });

  test("keeps its part where the name is taken by a directory meanwhile", async () => {
    await using fixture = await interrupted();
    const { client, local, here } = fixture;
    const [part = ""] = await here();
    await writeFile(local.file(part), content);
    // A file of this name can't be renamed onto: it is no directory.
    const error = await failureOf(
      client.download("a", local.file("a"), {
        resume: true,
        onProgress: () => mkdirSync(local.file("a")),
      }),
    );
    expect(error).toMatchObject({ syscall: "rename" });
    expect((await here()).toSorted()).toEqual([part, "a"].toSorted());
  });

  test.each([
    ["500 what is that", { REST: false } as const],
    ["502 not here", { REST: 502 } as const],
  ])("begins anew where REST is answered with %s", async (_reply, features) => {
    await using fixture = await interrupted({ features });
    expect(await downloadOf(fixture)).toMatchObject({ resumedFrom: 0, bytes: content.length });
    expect(await hasContent(fixture.local.file("a"), content)).toBe(true);
  });

  test.each(["504 not that far", "550 not that file", "501 not like that"])(
    "begins anew where REST is refused with %s",
    async (reply) => {
      await using fixture = await interrupted({
        onCommand: ({ verb }) => (verb === "REST" ? { skip: true, reply } : undefined),
      });
      expect(await downloadOf(fixture)).toMatchObject({ resumedFrom: 0, bytes: content.length });
      expect(await hasContent(fixture.local.file("a"), content)).toBe(true);
    },
  );

  test("begins anew where REST is granted, but does nothing", async () => {
    await using fixture = await interrupted({
      onCommand: ({ verb }) => (verb === "REST" ? { skip: true, reply: "350 of course" } : undefined),
    });
    expect(await downloadOf(fixture)).toMatchObject({ resumedFrom: 0, bytes: content.length });
    expect(await hasContent(fixture.local.file("a"), content)).toBe(true);
  });

  test.each<[string, FtpFeature]>([
    ["no time", "MDTM"],
    ["no size", "SIZE"],
  ])("leaves no part where the server tells %s: nobody could say what it is of", async (_what, feature) => {
    const fault = times(1, cut);
    await using fixture = await onServer({
      features: { [feature]: false },
      onCommand: ({ verb }) => (verb === "RETR" ? fault() : undefined),
    });
    const { client, put, here, local } = fixture;
    await put("a", content);
    expect(await failureOf(client.download("a", local.file("a"), { resume: true }))).toBeInstanceOf(
      ReplyError,
    );
    expect(await here()).toEqual([]);
    expect(await downloadOf(fixture)).toMatchObject({ resumedFrom: 0, bytes: content.length });
  });
});

describe("a download with another try", () => {
  test("goes on in the same call, also without the option", async () => {
    const fault = times(1, cut);
    await using fixture = await onServer(
      { onCommand: ({ verb }) => (verb === "RETR" ? fault() : undefined) },
      { retries: 1 },
    );
    const { put, local, since } = fixture;
    await put("a", content);
    const commands = since();
    const progress: number[] = [];
    const onProgress = ({ bytes }: { bytes: number }): void => void progress.push(bytes);
    expect(await downloadOf(fixture, { onProgress })).toMatchObject({
      resumedFrom: 0,
      bytes: content.length,
    });
    expect(commands().filter((line) => line.startsWith("REST"))).toHaveLength(1);
    expect(await hasContent(local.file("a"), content)).toBe(true);
    expect(progress).toEqual(progress.toSorted((one, other) => one - other));
    expect(progress.at(-1)).toBe(content.length);
  });

  test("begins anew where the file has changed meanwhile, and then has resumed nothing", async () => {
    await using first = await interrupted();
    const { server, another, local, get } = first;
    const fault = times(1, cut);
    await using relay = await onServer({
      root: server.root,
      onCommand: async ({ verb }) => {
        if (verb !== "RETR") return undefined;
        const broken = fault();
        // The time of the file is another one from now on.
        if (broken !== undefined) await utimes(join(server.root, "a"), new Date(), new Date());
        return broken && { data: { cut: { after: 10, end: "reset" } } };
      },
    });
    const client = await relay.another({ retries: 1 });
    const result = await client.download("a", local.file("a"), { resume: true });
    expect(result.resumedFrom).toBe(0);
    expect(await hasContent(local.file("a"), await get("a"))).toBe(true);
    (await another()).close();
  });

  test("fails where the file has become shorter meanwhile", async () => {
    await using fixture = await onServer({
      onCommand: async ({ verb }) => {
        if (verb === "RETR") await truncate(join(fixture.server.root, "a"), 1_000);
        return undefined;
      },
    });
    const { client, put, here, local } = fixture;
    await put("a", content);
    expect(await failureOf(client.download("a", local.file("a")))).toBeInstanceOf(ConnectionClosedError);
    expect(await here()).toEqual([]);
  });
});
