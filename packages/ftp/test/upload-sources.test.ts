// What FtpClient.upload takes: paths, bytes, streams of both kinds, functions; and what happens when these fail.
import { createReadStream } from "node:fs";
import { appendFile, mkdir, truncate, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { Readable } from "node:stream";
import { ReadableStream } from "node:stream/web";
import { ArgumentError, ConnectionClosedError, ReplyError } from "@netcli/core-transport";
import { failureOf } from "@netcli/test-kit";
import { describe, expect, test } from "vitest";
import type { UploadSource } from "../src/index.ts";
import { pattern, refuseUnhandled } from "./fixtures.ts";
import { hasContent, onServer, times } from "./own-client.ts";

refuseUnhandled();

const content = pattern(1_000_000);
const chunks = (): Buffer[] => [content.subarray(0, 300_000), content.subarray(300_000)];
const broken = new Error("the source is broken");

const onProgressThatFails = (): never => {
  throw broken;
};

async function* failing(): AsyncGenerator<Uint8Array> {
  yield content.subarray(0, 300_000);
  throw broken;
}

const sources: readonly (readonly [string, () => UploadSource])[] = [
  ["bytes", () => content],
  ["a Readable", () => Readable.from(chunks())],
  ["a web stream", () => ReadableStream.from(chunks())],
  ["an iterable", chunks],
  ["a function that gives bytes", () => () => content],
  ["a function that gives a stream", () => () => Readable.from(chunks())],
];

describe.each(["none", "starttls"] as const)("an upload; tls: %s", (tls) => {
  test.each(sources)("takes %s", async (_what, source) => {
    await using fixture = await onServer({}, { tls });
    const { client, server, there } = fixture;
    for (const atomic of [true, false]) {
      const progress: number[] = [];
      const onProgress = ({ bytes }: { bytes: number }): void => void progress.push(bytes);
      const result = await client.upload(source(), "a", { atomic, onProgress });
      expect(result).toMatchObject({ bytes: content.length, resumedFrom: 0, reply: { code: 226 } });
      expect(await hasContent(join(server.root, "a"), content)).toBe(true);
      expect(await there()).toEqual(["a"]);
      expect(progress.at(-1)).toBe(content.length);
      expect(progress).toEqual(progress.toSorted((one, other) => one - other));
    }
  });

  test.each<[string, () => UploadSource]>([
    ["bytes", () => Buffer.alloc(0)],
    ["a Readable", () => Readable.from([])],
    ["a web stream", () => ReadableStream.from<Uint8Array>([])],
    ["a function", () => () => Buffer.alloc(0)],
  ])("takes %s without any content", async (_what, source) => {
    await using fixture = await onServer({}, { tls });
    const { client, server, put } = fixture;
    await put("a", "what was there");
    const progress: unknown[] = [];
    const onProgress = (each: unknown): void => void progress.push(each);
    expect(await client.upload(source(), "a", { onProgress })).toMatchObject({ bytes: 0 });
    expect(await hasContent(join(server.root, "a"), Buffer.alloc(0))).toBe(true);
    expect(progress.at(-1)).toMatchObject({ bytes: 0 });
  });

  test.each<[string, () => UploadSource]>([
    ["an iterable", failing],
    ["a Readable", () => Readable.from(failing())],
    ["a web stream", () => ReadableStream.from(failing())],
    ["a function that gives one", () => failing],
    [
      "a function that throws",
      () => () => {
        throw broken;
      },
    ],
  ])(
    "rejects with the error of %s, leaves what was there, and the session goes on",
    async (_what, source) => {
      await using fixture = await onServer({}, { tls });
      const { client, put, get, there, server } = fixture;
      await put("a", "what was there");
      expect(await failureOf(client.upload(source(), "a"))).toBe(broken);
      expect(String(await get("a"))).toBe("what was there");
      expect(await there()).toEqual(["a"]);
      expect(server.sessions).toHaveLength(1);
    },
  );
});

describe("an upload", () => {
  test("of a Readable that is destroyed rejects", async () => {
    await using fixture = await onServer();
    const { client, there } = fixture;
    const source = new Readable({ read: () => undefined });
    source.push("some");
    const uploading = failureOf(client.upload(source, "a"));
    source.destroy(broken);
    expect(await uploading).toBe(broken);
    expect(await there()).toEqual([]);
  });

  test("of a stream that fails before the server is ready for it rejects, and ends no process", async () => {
    await using fixture = await onServer();
    const { client, local, there } = fixture;
    const path = local.file("none");
    for (const source of [createReadStream(path), () => createReadStream(path)]) {
      expect(await failureOf(client.upload(source, "a"))).toMatchObject({ code: "ENOENT" });
      expect(await there()).toEqual([]);
    }
  });

  test("of a stream that was not read from is done again over another session", async () => {
    const fault = times(1, { skip: true, reply: null, end: "reset" as const });
    await using fixture = await onServer(
      { onCommand: ({ verb }) => (verb === "EPSV" ? fault() : undefined) },
      { retries: 1 },
    );
    const { client, server } = fixture;
    await client.upload(Readable.from(chunks()), "a");
    expect(await hasContent(join(server.root, "a"), content)).toBe(true);
  });

  test("of a stream that was read from is not done again; of a function it is", async () => {
    const faults = [1, 3];
    await using fixture = await onServer(
      {
        onCommand: ({ verb, nth }) =>
          verb === "STOR" && faults.includes(nth)
            ? { data: { cut: { after: 10, end: "reset" } } }
            : undefined,
      },
      { retries: 1 },
    );
    const { client, server, there } = fixture;
    expect(await failureOf(client.upload(Readable.from(chunks()), "a"))).toBeInstanceOf(ReplyError);
    expect(await there()).toEqual([]);
    await client.upload(Buffer.from("in between"), "b");
    let calls = 0;
    const source = (): Readable => {
      calls += 1;
      return Readable.from(chunks());
    };
    await client.upload(source, "a");
    expect(calls).toBe(2);
    expect(await hasContent(join(server.root, "a"), content)).toBe(true);
  });

  test("of a directory, or of what is not there, sends nothing", async () => {
    await using fixture = await onServer();
    const { client, local, since } = fixture;
    const commands = since();
    await mkdir(local.file("directory"));
    expect(await failureOf(client.upload(local.file("directory"), "a"))).toBeInstanceOf(ArgumentError);
    expect(await failureOf(client.upload(local.file("none"), "a"))).toMatchObject({ code: "ENOENT" });
    expect(commands()).toEqual([]);
  });

  test("of a file that grows meanwhile brings what is there", async () => {
    await using fixture = await onServer({
      onCommand: async ({ verb }) => {
        if (verb === "STOR") await appendFile(fixture.local.file("source"), "more");
        return undefined;
      },
    });
    const { client, local, get } = fixture;
    await writeFile(local.file("source"), content);
    const { bytes } = await client.upload(local.file("source"), "a");
    expect([content.length, content.length + 4]).toContain(bytes);
    expect(await get("a")).toHaveLength(bytes);
  });

  test.each([true, false])(
    "of a file that shrinks meanwhile fails, and leaves what was there; resume: %s",
    async (resume) => {
      await using fixture = await onServer({
        onCommand: async ({ verb }) => {
          if (verb === "EPSV") await truncate(fixture.local.file("source"), 1_000);
          return undefined;
        },
      });
      const { client, local, put, get, there } = fixture;
      await put("a", "what was there");
      await writeFile(local.file("source"), content);
      const failure = await failureOf(client.upload(local.file("source"), "a", { resume }));
      expect(failure).toMatchObject({ message: expect.stringContaining("shorter") });
      expect(String(await get("a"))).toBe("what was there");
      expect(await there()).toEqual(["a"]);
    },
  );

  test("to a name of many characters of any kind has a name for its part", async () => {
    await using fixture = await onServer();
    const { client, there } = fixture;
    const names = [`a${"😀".repeat(60)}`, "ü".repeat(120), "n".repeat(250)];
    for (const name of names) await client.upload(Buffer.from("x"), name);
    expect((await there()).toSorted()).toEqual(names.toSorted());
  });

  test("rejects with the error of onProgress, and leaves nothing", async () => {
    await using fixture = await onServer();
    const { client, local, there } = fixture;
    await writeFile(local.file("source"), content);
    for (const source of [local.file("source"), content]) {
      expect(await failureOf(client.upload(source, "a", { onProgress: onProgressThatFails }))).toBe(broken);
      expect(await there()).toEqual([]);
    }
    expect(await client.list()).toEqual([]);
  });

  test.each(["STOR", "SIZE", "RNTO"])(
    "is broken off by its signal at %s, and leaves nothing; the session goes on",
    async (verb) => {
      const controller = new AbortController();
      const reason = new Error("enough");
      await using fixture = await onServer({
        onCommand: (command) => {
          if (command.verb === verb) controller.abort(reason);
          return undefined;
        },
      });
      const { client, local, there, server } = fixture;
      await writeFile(local.file("source"), content);
      const { signal } = controller;
      expect(await failureOf(client.upload(local.file("source"), "a", { signal }))).toBe(reason);
      expect(await client.list()).toHaveLength(verb === "RNTO" ? 1 : 0);
      expect((await there()).filter((name) => name !== "a")).toEqual([]);
      expect(server.sessions).toHaveLength(1);
    },
  );

  test("that waits for its source is broken off by its signal", async () => {
    await using fixture = await onServer();
    const { client, there, server } = fixture;
    const controller = new AbortController();
    const source = new Readable({ read: () => undefined });
    source.push("some");
    const { signal } = controller;
    const onProgress = (): void => controller.abort(broken);
    expect(await failureOf(client.upload(source, "a", { signal, onProgress }))).toBe(broken);
    expect(await there()).toEqual([]);
    expect(server.sessions).toHaveLength(1);
    source.destroy();
  });

  test("rejects when the client is closed", async () => {
    await using fixture = await onServer();
    const { client } = fixture;
    const source = new Readable({ read: () => undefined });
    source.push("some");
    const onProgress = (): void => client.close();
    expect(await failureOf(client.upload(source, "a", { onProgress }))).toBeInstanceOf(ConnectionClosedError);
    source.destroy();
  });
});
