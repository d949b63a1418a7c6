// FtpClient.open: a file on the server as a stream, or a range of it; whatever becomes of the stream.
import { Readable, Writable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { ArgumentError, ConnectionClosedError, ProtocolError, ReplyError } from "@netcli/core-transport";
import { failureOf, gate } from "@netcli/test-kit";
import { describe, expect, test } from "vitest";
import { pattern, refuseUnhandled } from "./fixtures.ts";
import { onServer } from "./own-client.ts";

refuseUnhandled();

const content = pattern(1_000_000);
const BIG = 30_000_000;

async function contentOf(stream: Readable): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

const closed = (stream: Readable): Promise<void> =>
  new Promise((resolve) => {
    stream.once("close", resolve);
  });

describe.each(["none", "starttls"] as const)("an open file; tls: %s", (tls) => {
  test("gives all bytes, and ends", async () => {
    await using fixture = await onServer({}, { tls });
    const { client, put, server } = fixture;
    for (const size of [0, 1, 1_000_000]) {
      await put("a", pattern(size));
      expect((await contentOf(client.open("a"))).equals(pattern(size))).toBe(true);
    }
    expect(server.sessions).toHaveLength(1);
  });

  test.each([
    [0, 1],
    [0, 1_000],
    [1, 2],
    [999_999, 1_000_000],
    [999_999, 2_000_000],
    [500_000, undefined],
    [1_000_000, undefined],
    [undefined, 700_000],
    [123_456, 654_321],
    [0, 1_000_000],
  ])("gives the bytes from %d up to %d, and the session goes on", async (start, end) => {
    await using fixture = await onServer({}, { tls });
    const { client, put, server } = fixture;
    await put("a", content);
    const got = await contentOf(client.open("a", { start, end }));
    expect(got.equals(content.subarray(start, end))).toBe(true);
    expect(await client.list()).toHaveLength(1);
    expect((await contentOf(client.open("a"))).equals(content)).toBe(true);
    expect(server.sessions).toHaveLength(1);
  });

  test("that nobody reads on from is given up by `break`, and the session goes on", async () => {
    await using fixture = await onServer({}, { tls });
    const { client, put, server } = fixture;
    await put("a", pattern(BIG));
    for (let count = 0; count < 3; count += 1) {
      const stream = client.open("a");
      for await (const chunk of stream) {
        expect((chunk as Buffer).length).toBeGreaterThan(0);
        break;
      }
      expect(stream.destroyed).toBe(true);
      expect(await client.list()).toHaveLength(1);
    }
    expect(server.sessions).toHaveLength(1);
  });

  test("that is destroyed at once, or with an error, leaves the session as it was", async () => {
    await using fixture = await onServer({}, { tls });
    const { client, put, server } = fixture;
    await put("a", pattern(BIG));
    client.open("a").destroy();
    expect(await client.list()).toHaveLength(1);
    const broken = new Error("the consumer is broken");
    const stream = client.open("a");
    const failure = failureOf(contentOf(stream));
    stream.destroy(broken);
    expect(await failure).toBe(broken);
    const sink = new Writable({ write: (_chunk, _encoding, done) => done(broken) });
    expect(await failureOf(pipeline(client.open("a"), sink))).toBe(broken);
    expect(await client.list()).toHaveLength(1);
    expect(server.sessions).toHaveLength(1);
  });

  test("goes no faster than it is read", async () => {
    await using fixture = await onServer({}, { tls, connections: 2 });
    const { client, put, server } = fixture;
    await put("a", pattern(BIG));
    const stream = client.open("a");
    await new Promise((resolve) => {
      stream.once("readable", resolve);
    });
    // In the meantime all of it could have come.
    for (let count = 0; count < 40; count += 1) await client.list();
    // As much as fits into the buffers of two sockets.
    expect(server.sessions[0]?.transfers[0]?.bytes).toBeLessThan(BIG / 2);
    expect(stream.readableLength).toBeLessThan(1_000_000);
    expect((await contentOf(stream)).equals(pattern(BIG))).toBe(true);
  });

  test("that nobody reads is given up when the client is to end, or by its signal", async () => {
    await using fixture = await onServer({}, { tls });
    const { client, another, put } = fixture;
    await put("a", pattern(BIG));
    const reason = new Error("enough");
    for (const how of ["quit", "close", "signal"]) {
      const other = await another();
      const controller = new AbortController();
      const stream = other.open("a", { signal: controller.signal });
      const failure = new Promise<Error>((resolve) => {
        stream.once("error", resolve);
      });
      await new Promise((resolve) => {
        stream.once("readable", resolve);
      });
      if (how === "quit") await other.quit();
      else if (how === "close") other.close();
      else controller.abort(reason);
      const error = await failure;
      expect(how === "signal" ? error === reason : error instanceof ConnectionClosedError).toBe(true);
      if (how === "signal") await other.quit();
    }
    expect(await client.list()).toHaveLength(1);
  });

  test("fails when the connection breaks, also if nobody reads", async () => {
    const { opened: cut, open } = gate();
    await using fixture = await onServer(
      {
        onCommand: ({ verb }, session) => {
          if (verb === "RETR") void cut.then(() => session.end("reset"));
          return undefined;
        },
      },
      { tls },
    );
    const { client, put } = fixture;
    await put("a", pattern(BIG));
    const stream = client.open("a");
    const failure = new Promise<Error>((resolve) => {
      stream.once("error", resolve);
    });
    stream.once("readable", open);
    expect(await failure).toBeInstanceOf(ConnectionClosedError);
    expect(await client.list()).toHaveLength(1);
  });
});

describe("an open file", () => {
  test.each([
    { start: -1 },
    { start: 1.5 },
    { start: 5, end: 5 },
    { start: 5, end: 4 },
    { end: 0 },
    { end: Number.NaN },
  ])("has no range like %o", async (range) => {
    await using fixture = await onServer();
    const { client, since } = fixture;
    const commands = since();
    expect(await failureOf(contentOf(client.open("a", range)))).toBeInstanceOf(ArgumentError);
    expect(await failureOf(contentOf(client.open("a\r\nDELE b")))).toBeInstanceOf(ArgumentError);
    expect(commands()).toEqual([]);
  });

  test("that is none fails with what the server says", async () => {
    await using fixture = await onServer();
    const { client, put } = fixture;
    await put("a", "short");
    expect(await failureOf(contentOf(client.open("none")))).toBeInstanceOf(ReplyError);
    expect(await failureOf(contentOf(client.open("a", { start: 6 })))).toBeInstanceOf(ReplyError);
  });

  test("that is cut fails, and does not end", async () => {
    for (const size of [true, false]) {
      for (const end of [undefined, 900_000]) {
        await using fixture = await onServer({
          features: { SIZE: size },
          onCommand: ({ verb }) =>
            verb === "RETR" ? { data: { cut: { after: 1_000, end: "end" } } } : undefined,
        });
        const { client, put } = fixture;
        await put("a", content);
        const failure = await failureOf(contentOf(client.open("a", { end })));
        expect(failure instanceof ReplyError || failure instanceof ConnectionClosedError).toBe(true);
      }
    }
  });

  test("fails where the server begins at its first byte, whatever it was told", async () => {
    await using fixture = await onServer({
      onCommand: ({ verb }) => (verb === "REST" ? { skip: true, reply: "350 of course" } : undefined),
    });
    const { client, put } = fixture;
    await put("a", content);
    expect(await failureOf(contentOf(client.open("a", { start: 10 })))).toBeInstanceOf(ProtocolError);
  });

  test("takes a session only as long as it is read, and no task waits for another one's consumer", async () => {
    await using fixture = await onServer({}, { connections: 2 });
    const { client, put } = fixture;
    await put("a", pattern(BIG));
    const stream = client.open("a");
    expect(await client.list()).toHaveLength(1);
    const gone = closed(stream);
    stream.destroy();
    await gone;
    const [one, other] = await Promise.all([client.list(), client.list()]);
    expect([one.length, other.length]).toEqual([1, 1]);
  });
});
