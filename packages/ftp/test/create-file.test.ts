// FtpClient.create: a stream that becomes a file on the server, whole and under its name, or not at all.
import { Readable, type Writable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { join } from "node:path";
import { ConnectionClosedError, ReplyError } from "@netcli/core-transport";
import { failureOf, gate } from "@netcli/test-kit";
import { describe, expect, test } from "vitest";
import { pattern, refuseUnhandled } from "./fixtures.ts";
import { hasContent, onServer } from "./own-client.ts";

refuseUnhandled();

const content = pattern(1_000_000);
const broken = new Error("the producer is broken");

function ended(stream: Writable): Promise<void> {
  return new Promise((resolve, reject) => {
    stream.once("error", reject);
    stream.once("finish", resolve);
    stream.end();
  });
}

const closed = (stream: Writable): Promise<void> =>
  new Promise((resolve) => {
    stream.once("close", resolve);
  });

describe.each(["none", "starttls"] as const)("a stream to a file; tls: %s", (tls) => {
  test.each([0, 1, 1_000_000])(
    "of %d bytes has its name when it has finished, and not before",
    async (size) => {
      await using fixture = await onServer({}, { tls });
      const { client, server, there, put, get } = fixture;
      await put("a", "what was there");
      const stream = client.create("a");
      for (let at = 0; at < size; at += 100_000) stream.write(pattern(size).subarray(at, at + 100_000));
      expect(String(await get("a"))).toBe("what was there");
      await ended(stream);
      expect(await hasContent(join(server.root, "a"), pattern(size))).toBe(true);
      expect(await there()).toEqual(["a"]);
      expect(await client.list()).toHaveLength(1);
      expect(server.sessions).toHaveLength(1);
    },
  );

  test("that is destroyed midway leaves what was there, and the session as it was", async () => {
    await using fixture = await onServer({}, { tls });
    const { client, server, there, put, get } = fixture;
    await put("a", "what was there");
    for (const error of [undefined, broken]) {
      const stream = client.create("a");
      const failures: unknown[] = [];
      stream.on("error", (failure) => failures.push(failure));
      await new Promise((resolve) => {
        stream.write(content.subarray(0, 100_000), resolve);
      });
      const gone = closed(stream);
      stream.destroy(error);
      await gone;
      expect(failures).toEqual(error === undefined ? [] : [broken]);
      expect(await there()).toEqual(["a"]);
      expect(String(await get("a"))).toBe("what was there");
    }
    expect(await client.list()).toHaveLength(1);
    expect(server.sessions).toHaveLength(1);
  });

  test("that is destroyed at once leaves nothing", async () => {
    await using fixture = await onServer({}, { tls });
    const { client, there } = fixture;
    const stream = client.create("a");
    const gone = closed(stream);
    stream.destroy();
    await gone;
    expect(await there()).toEqual([]);
    expect(await client.list()).toEqual([]);
  });

  test("that a broken source is piped into leaves nothing", async () => {
    await using fixture = await onServer({}, { tls });
    const { client, there } = fixture;
    async function* failing(): AsyncGenerator<Uint8Array> {
      yield content.subarray(0, 500_000);
      throw broken;
    }
    expect(await failureOf(pipeline(Readable.from(failing()), client.create("a")))).toBe(broken);
    await client.list();
    expect(await there()).toEqual([]);
  });

  test("is given up when the client is to end, or by its signal, and leaves nothing", async () => {
    let arrival = gate();
    const alter = (chunk: Uint8Array): Uint8Array => {
      arrival.open();
      return chunk;
    };
    await using fixture = await onServer(
      { onCommand: ({ verb }) => (verb === "STOR" ? { data: { alter } } : undefined) },
      { tls },
    );
    const { another, there } = fixture;
    for (const how of ["quit", "signal"]) {
      arrival = gate();
      const client = await another();
      const controller = new AbortController();
      const stream = client.create("a", { signal: controller.signal });
      const failure = new Promise<Error>((resolve) => {
        stream.once("error", resolve);
      });
      stream.write(content.subarray(0, 10));
      await arrival.opened;
      expect(await there()).toHaveLength(1);
      const gone = closed(stream);
      if (how === "quit") await client.quit();
      else controller.abort(broken);
      const error = await failure;
      expect(how === "signal" ? error === broken : error instanceof ConnectionClosedError).toBe(true);
      await gone;
      expect(await there()).toEqual([]);
    }
  });
});

describe("a stream to a file", () => {
  test.each([
    ["refuses it", { skip: true, reply: "553 not here" }],
    ["has no room at its end", { reply: "452 the disk is full" }],
    ["breaks the connection", { data: { cut: { after: 1_000, end: "reset" } } } as const],
  ])("fails where the server %s, and leaves what was there", async (_what, fault) => {
    await using fixture = await onServer({
      onCommand: ({ verb }) => (verb === "STOR" ? fault : undefined),
    });
    const { client, put, get, there } = fixture;
    await put("a", "what was there");
    const stream = client.create("a");
    const failure = await failureOf(pipeline(Readable.from([content]), stream));
    expect(failure).toBeInstanceOf(ReplyError);
    await client.list();
    expect(await there()).toEqual(["a"]);
    expect(String(await get("a"))).toBe("what was there");
  });

  test("tells who waits for a write that it has failed", async () => {
    await using fixture = await onServer({
      onCommand: ({ verb }) => (verb === "STOR" ? { skip: true, reply: "553 not here" } : undefined),
    });
    const stream = fixture.client.create("a");
    stream.on("error", () => undefined);
    const written = Array.from(
      { length: 3 },
      () =>
        new Promise<Error | null | undefined>((resolve) => {
          stream.write(content, resolve);
        }),
    );
    for (const failure of await Promise.all(written)) expect(failure).toBeInstanceOf(Error);
    const late = await new Promise<Error | null | undefined>((resolve) => {
      stream.write("late", resolve);
    });
    expect(late).toMatchObject({ code: "ERR_STREAM_DESTROYED" });
  });

  test("takes no more than the server does", async () => {
    const { opened: wait, open: go } = gate();
    await using fixture = await onServer(
      { onCommand: ({ verb }) => (verb === "STOR" ? { data: { cut: { after: 1_000, wait } } } : undefined) },
      { connections: 2 },
    );
    const { client, server } = fixture;
    const stream = client.create("a");
    const whole = pattern(30_000_000);
    let at = 0;
    const chunk = (): Buffer => whole.subarray(at, (at += 100_000));
    // In the meantime all of it could have gone.
    for (let count = 0; count < 40; count += 1) {
      for (let writes = 0; writes < 8 && !stream.writableNeedDrain; writes += 1) stream.write(chunk());
      await client.list();
    }
    expect(at).toBeLessThan(whole.length / 2);
    go();
    await pipeline(
      Readable.from(
        (function* rest() {
          while (at < whole.length) yield chunk();
        })(),
      ),
      stream,
    );
    expect(await hasContent(join(server.root, "a"), whole)).toBe(true);
  });

  test("under the file's own name, if that is wanted", async () => {
    await using fixture = await onServer();
    const { client, there, since } = fixture;
    const commands = since();
    const stream = client.create("a", { atomic: false });
    stream.write("content");
    await ended(stream);
    expect(await there()).toEqual(["a"]);
    expect(commands().join()).not.toContain("RN");
  });
});
