// The entries of a directory: by MLSD, by MLST, and from listings for people.
import { mkdir, symlink, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { ProtocolError, ReplyError } from "@netcli/core-transport";
import { failureOf } from "@netcli/test-kit";
import { startFtpServer, type FtpServerOptions } from "@netcli/test-servers";
import { describe, expect, test } from "vitest";
import { FtpClient, FtpSession } from "../src/index.ts";

const MODIFIED = new Date("2024-05-06T07:08:09Z");

async function withTree(options: FtpServerOptions = {}): ReturnType<typeof startFtpServer> {
  const server = await startFtpServer(options);
  await mkdir(join(server.root, "sub dir"));
  for (const name of ["a file", " two  spaces ", "semi;colon=1"]) {
    await writeFile(join(server.root, name), "content");
    await utimes(join(server.root, name), MODIFIED, MODIFIED);
  }
  await symlink("a file", join(server.root, "link"));
  return server;
}

const names = (entries: readonly { name: string }[]): string[] => entries.map(({ name }) => name).toSorted();

describe("mlsd", () => {
  test("gives names just as they are, with size, type and time", async () => {
    await using server = await withTree();
    await using session = await FtpSession.connect(`ftp://anonymous@${server.host}:${server.port}`);
    const entries = await session.mlsd();
    const file = entries.find(({ name }) => name === " two  spaces ");
    expect(file).toMatchObject({ type: "file", size: 7, modifiedAt: MODIFIED, format: "mlsx" });
    expect(entries.find(({ name }) => name === "sub dir")).toMatchObject({ type: "directory" });
    expect(entries.find(({ name }) => name === "semi;colon=1")).toMatchObject({ type: "file", size: 7 });
  });

  test("asks for the facts that are wanted, and gives no others", async () => {
    await using server = await withTree();
    await using session = await FtpSession.connect(`ftp://anonymous@${server.host}:${server.port}`);
    const entries = await session.mlsd("/", { facts: ["type", "size"] });
    expect(server.commands).toContain("OPTS MLST type;size;");
    const file = entries.find(({ name }) => name === "a file");
    expect(file).toMatchObject({ type: "file", size: 7 });
    expect(file?.modifiedAt).toBeUndefined();
  });

  test("of a directory that is not there rejects with ReplyError", async () => {
    await using server = await withTree();
    await using session = await FtpSession.connect(`ftp://anonymous@${server.host}:${server.port}`);
    expect(await failureOf(session.mlsd("nowhere"))).toBeInstanceOf(ReplyError);
    expect(await session.pwd()).toBe("/");
  });
});

describe("mlst", () => {
  test("gives one entry", async () => {
    await using server = await withTree();
    await using session = await FtpSession.connect(`ftp://anonymous@${server.host}:${server.port}`);
    expect(await session.mlst("a file")).toMatchObject({ type: "file", size: 7, modifiedAt: MODIFIED });
    expect(await session.mlst()).toMatchObject({ type: "directory" });
    expect(await failureOf(session.mlst("nowhere"))).toBeInstanceOf(ReplyError);
  });

  test("rejects with ProtocolError where the answer holds no facts", async () => {
    await using server = await withTree({
      onCommand: ({ verb }) => (verb === "MLST" ? { reply: "250 nothing" } : undefined),
    });
    await using session = await FtpSession.connect(`ftp://anonymous@${server.host}:${server.port}`);
    expect(await failureOf(session.mlst("a file"))).toBeInstanceOf(ProtocolError);
    expect(await session.pwd()).toBe("/");
  });
});

describe("list", () => {
  const expected = [" two  spaces ", "a file", "link", "semi;colon=1", "sub dir"];

  test.each<[string, FtpServerOptions]>([
    ["MLSD", {}],
    ["a listing of Unix", { features: { MLSD: 502, MLST: 502 } }],
    ["a listing of DOS", { features: { MLSD: 502, MLST: 502 }, listing: "dos" }],
  ])("gives the same names from %s, without the directory itself", async (_from, options) => {
    await using server = await withTree(options);
    await using client = await FtpClient.connect(server.url);
    const entries = await client.list();
    expect(names(entries)).toEqual(expected);
    expect(entries.find(({ name }) => name === "sub dir")?.type).toBe("directory");
    expect(entries.find(({ name }) => name === "a file")?.size).toBe(7);
  });

  test("keeps a line that nobody understands, without a name", async () => {
    const raw = "?? no listing at all ??";
    await using server = await withTree({ features: { MLSD: 502, MLST: 502 }, listing: () => raw });
    await using client = await FtpClient.connect(server.url);
    const entries = await client.list();
    expect(entries).toHaveLength(expected.length);
    expect(entries[0]).toEqual({ name: "", type: "unknown", raw, format: "unknown" });
  });

  test("asks a parser of the caller first", async () => {
    await using server = await withTree({
      features: { MLSD: 502, MLST: 502 },
      listing: ({ name }) => `<${name}>`,
    });
    await using client = await FtpClient.connect(server.url);
    const entries = await client.list("/", {
      parser: (raw) => ({ name: raw.slice(1, -1), type: "file", raw, format: "custom" }),
    });
    expect(names(entries)).toEqual(expected);
  });

  test("of an empty directory is empty", async () => {
    await using server = await withTree();
    await using client = await FtpClient.connect(server.url);
    expect(await client.list("sub dir")).toEqual([]);
  });
});
