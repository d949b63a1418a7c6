// Uploads of FtpClient: complete under their name, or not there at all.
import { readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { ArgumentError, ProtocolError, ReplyError } from "@netcli/core-transport";
import { failureOf, tempDir } from "@netcli/test-kit";
import { startFtpServer, type FtpServer } from "@netcli/test-servers";
import { describe, expect, test } from "vitest";
import { FtpClient } from "../src/index.ts";
import { identity, pattern, refuseUnhandled, tlsOptions } from "./fixtures.ts";
import { tester } from "./own-server.ts";

refuseUnhandled();

const remote = (server: FtpServer, name = "a file"): Promise<Buffer> => readFile(join(server.root, name));

function connect({ host, port }: FtpServer, tls: "none" | "starttls" = "none"): Promise<FtpClient> {
  return FtpClient.connect({ host, port, ...tester, tls, tlsOptions });
}

describe("an upload", () => {
  test.each(["none", "starttls"] as const)("brings a file over, byte for byte; tls: %s", async (tls) => {
    await using server = await startFtpServer({ tls: identity });
    await using client = await connect(server, tls);
    await using directory = await tempDir();
    for (const size of [0, 1, 3_000_001]) {
      const content = pattern(size);
      await writeFile(directory.file("source"), content);
      const progress: number[] = [];
      const result = await client.upload(directory.file("source"), "a file", {
        onProgress: ({ bytes, total }) => {
          expect(total).toBe(size);
          progress.push(bytes);
        },
      });
      expect(result.bytes).toBe(size);
      expect(progress.at(-1) ?? 0).toBe(size);
      expect((await remote(server)).equals(content)).toBe(true);
      expect(await readdir(server.root)).toEqual(["a file"]);
    }
  });

  test("takes bytes and streams, too", async () => {
    await using server = await startFtpServer();
    await using client = await connect(server);
    await client.upload(Buffer.from("bytes"), "one");
    expect((await remote(server, "one")).toString()).toBe("bytes");
    await client.upload(["a ", "stream"], "two");
    expect((await remote(server, "two")).toString()).toBe("a stream");
  });

  test("leaves what was there, and nothing else, where the server fails at its end", async () => {
    await using server = await startFtpServer({
      onCommand: ({ verb }) => (verb === "STOR" ? { reply: "452 the disk is full" } : undefined),
    });
    await using client = await connect(server);
    await writeFile(join(server.root, "a file"), "what was there");
    expect(await failureOf(client.upload(Buffer.from("new"), "a file"))).toBeInstanceOf(ReplyError);
    expect((await remote(server)).toString()).toBe("what was there");
    expect(await readdir(server.root)).toEqual(["a file"]);
  });

  test("fails where the server has not as many bytes as it was sent", async () => {
    await using server = await startFtpServer({
      onCommand: ({ verb }) => (verb === "SIZE" ? { reply: "213 2" } : undefined),
    });
    await using client = await connect(server);
    expect(await failureOf(client.upload(Buffer.from("three"), "a file"))).toBeInstanceOf(ProtocolError);
    expect(await readdir(server.root)).toEqual([]);
  });

  test("fails with the error of its source, and leaves the client usable", async () => {
    await using server = await startFtpServer();
    await using client = await connect(server);
    const broken = new Error("the source is broken");
    async function* source(): AsyncGenerator<string> {
      yield "a part";
      throw broken;
    }
    expect(await failureOf(client.upload(source(), "a file"))).toBe(broken);
    expect(await readdir(server.root)).toEqual([]);
    await client.upload(Buffer.from("again"), "a file");
    expect((await remote(server)).toString()).toBe("again");
  });

  test("is broken off by its signal", async () => {
    await using server = await startFtpServer();
    await using client = await connect(server);
    const controller = new AbortController();
    const reason = new Error("enough");
    async function* source(): AsyncGenerator<string> {
      yield "a part";
      controller.abort(reason);
      yield "another";
    }
    const { signal } = controller;
    expect(await failureOf(client.upload(source(), "a file", { signal }))).toBe(reason);
    expect(await readdir(server.root)).toEqual([]);
    expect(await client.list()).toEqual([]);
  });

  test("sends nothing where the name is none, or there is no such file", async () => {
    await using server = await startFtpServer();
    await using client = await connect(server);
    const before = server.commands.length;
    expect(await failureOf(client.upload(Buffer.from("x"), "a\r\nDELE b"))).toBeInstanceOf(ArgumentError);
    expect(await failureOf(client.upload("/no/such/file", "a file"))).toMatchObject({ code: "ENOENT" });
    expect(server.commands).toHaveLength(before);
  });
});
