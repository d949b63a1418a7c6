// What goes out: in order, joined, no faster than the peer takes it, and from sources of every kind.
import { once } from "node:events";
import { Readable } from "node:stream";
import { ReadableStream } from "node:stream/web";
import { afterEach, describe, expect, test } from "vitest";
import { type ScriptedServer, scriptedServer, failureOf } from "@netcli/test-kit";
import { ArgumentError, connect, Connection, ConnectionClosedError, type Content } from "../src/index.ts";
import { Writer } from "../src/writer.ts";
import { noSocketLeft, nothingLeft } from "./leaks.ts";
import { identity, pattern, streamPair, trust } from "./peers.ts";

afterEach(noSocketLeft);

const MEBIBYTE = 1_048_576;

/** A peer that keeps all it gets, and sends nothing. */
async function collector(): Promise<ScriptedServer> {
  return scriptedServer(async (peer) => {
    await peer.readToEnd();
  });
}

function peerOf(server: ScriptedServer, stall: number): Promise<Connection> {
  return connect({ host: "127.0.0.1", port: server.port, timeouts: { stall } });
}

function writer(): { out: Writer; chunks: string[] } {
  const [near, far] = streamPair();
  const chunks: string[] = [];
  far.on("data", (chunk: Buffer) => chunks.push(chunk.toString()));
  const destroy = (error: Error): void => void near.destroy(error);
  return { out: new Writer(near, { timeouts: { stall: 1_000 }, destroy }), chunks };
}

describe("the writer", () => {
  test("joins the text of one turn into one write", async () => {
    const { out, chunks } = writer();
    for (const text of ["one ", "two ", "three"]) out.push(text);
    expect(chunks).toEqual([]);
    await Promise.resolve();
    out.push("four");
    await out.write("");
    await new Promise(setImmediate);
    expect(chunks).toEqual(["one two three", "four"]);
  });

  test("sends what came before `hold` to the old stream, and what came behind it to the new one", async () => {
    const { out, chunks } = writer();
    const [near, far] = streamPair();
    const later: string[] = [];
    far.on("data", (chunk: Buffer) => later.push(chunk.toString()));
    out.push("before");
    out.hold();
    const behind = [out.write("behind "), out.write(Buffer.from("it"))];
    await new Promise(setImmediate);
    expect([chunks, later]).toEqual([["before"], []]);
    out.redirect(near);
    await Promise.all(behind);
    await new Promise(setImmediate);
    expect([chunks.join(""), later.join("")]).toEqual(["before", "behind it"]);
  });

  test("keeps strings and bytes in order", async () => {
    const { out, chunks } = writer();
    out.push("a");
    out.push(Buffer.from("b"));
    out.push("cü");
    out.push(new Uint8Array([0x64]));
    out.push(Buffer.from("e"));
    out.push("f");
    out.flush();
    out.push("g");
    await out.write("h");
    await new Promise(setImmediate);
    expect(chunks.join("")).toBe("abcüdefgh");
  });
});

async function* generated(): AsyncGenerator<string | Uint8Array, void, void> {
  yield "li";
  yield Buffer.from("ne\r");
  yield "\n.dot";
}

function* zeros(): Generator<Buffer> {
  for (;;) yield Buffer.alloc(65_536);
}

describe("writing from", () => {
  const contents: [string, () => Content][] = [
    ["a string", () => "line\r\n.dot"],
    ["bytes", () => Buffer.from("line\r\n.dot")],
    ["a list", () => ["line\r\n", Buffer.from(".dot")]],
    ["a Readable", () => Readable.from(["line", "\r\n.do", "t"])],
    [
      "a web ReadableStream",
      () =>
        new ReadableStream<Uint8Array>({
          start(controller) {
            for (const text of ["lin", "e\r\n.", "dot"]) controller.enqueue(Buffer.from(text));
            controller.close();
          },
        }),
    ],
    ["an async generator", generated],
  ];

  test.each(contents)("%s sends it as it is, or as a block", async (_what, content) => {
    await using server = await collector();
    const connection = await peerOf(server, 5_000);
    const progress: number[] = [];
    expect(await connection.writeContent(content())).toBe(10);
    expect(await connection.writeBlock(content(), { onProgress: (bytes) => progress.push(bytes) })).toBe(10);
    await connection.close();
    expect(server.received.toString()).toBe("line\r\n.dotline\r\n..dot\r\n.\r\n");
    expect(progress.at(-1)).toBe(10);
    expect(progress.toSorted((a, b) => a - b)).toEqual(progress);
  });

  test("a source that fails rejects with its error, and leaves the connection to the caller", async () => {
    await using server = await collector();
    const connection = await peerOf(server, 5_000);
    const reason = new Error("disk on fire");
    async function* failing(): AsyncGenerator<string, void, void> {
      yield "begun";
      throw reason;
    }
    expect(await failureOf(connection.writeContent(failing()))).toBe(reason);
    expect(await failureOf(connection.writeBlock(failing()))).toBe(reason);
    const broken = new Readable({
      read() {
        this.destroy(reason);
      },
    });
    expect(await failureOf(connection.writeContent(broken))).toBe(reason);
    expect(connection.destroyed).toBe(false);
    await connection.close();
    expect(server.received.toString()).toBe("begunbegun");
  });

  test("a source of something else is refused", async () => {
    await using server = await collector();
    await using connection = await peerOf(server, 5_000);
    const numbers = Readable.from([1]);
    expect(await failureOf(connection.writeContent(numbers))).toBeInstanceOf(ArgumentError);
  });

  test("a source stops at an abort, before its next chunk, and is told", async () => {
    await using server = await collector();
    const connection = await peerOf(server, 5_000);
    const controller = new AbortController();
    let returned = false;
    async function* endless(): AsyncGenerator<string, void, void> {
      try {
        for (;;) yield "x";
      } finally {
        returned = true;
      }
    }
    const onProgress = (bytes: number): void => {
      if (bytes === 3) controller.abort("enough");
    };
    const { signal } = controller;
    expect(await failureOf(connection.writeContent(endless(), { onProgress, signal }))).toBe("enough");
    expect(returned).toBe(true);
    expect(await failureOf(connection.writeContent("y", { signal }))).toBe("enough");
    await connection.close();
    expect(server.received.toString()).toBe("xxx");
  });

  test("a source is told when the connection breaks", async () => {
    await using server = await scriptedServer(async (peer) => {
      await peer.read(1);
      peer.reset();
      await peer.closed;
    });
    const connection = await peerOf(server, 5_000);
    const source = Readable.from(zeros());
    const failure = await failureOf(connection.writeContent(source));
    expect(failure).toBeInstanceOf(ConnectionClosedError);
    expect(failure).toMatchObject({ cause: { code: expect.stringMatching(/^(?:ECONNRESET|EPIPE)$/) } });
    expect(source.destroyed).toBe(true);
    await nothingLeft();
  });
});

test("what is written at once, large or small, stays in order over TLS, and the end comes behind it", async () => {
  await using server = await scriptedServer(async (peer) => void (await peer.readToEnd()), { tls: identity });
  const connection = await connect({ host: "localhost", port: server.port, tls: trust });
  const large = pattern(3 * MEBIBYTE);
  const text = "ü".repeat(100_000);
  const writes = [large, "small", text, Buffer.from("end")].map((data) => connection.write(data));
  connection.end();
  await Promise.all(writes);
  await connection.close();
  const expected = Buffer.concat([large, Buffer.from(`small${text}end`)]);
  expect(server.received.equals(expected)).toBe(true);
});

describe("writeThrough", () => {
  test("resolves when the memory is free again", async () => {
    await using server = await collector();
    const connection = await peerOf(server, 5_000);
    const memory = Buffer.alloc(MEBIBYTE);
    for (const value of [1, 2, 3]) {
      memory.fill(value);
      await connection.writer.writeThrough(memory);
    }
    await connection.close();
    const expected = Buffer.concat([1, 2, 3].map((value) => Buffer.alloc(MEBIBYTE, value)));
    expect(server.received.equals(expected)).toBe(true);
  });

  test("rejects with an error of ours when the connection breaks", async () => {
    await using server = await scriptedServer(async (peer) => {
      await peer.read(1);
      peer.reset();
      await peer.closed;
    });
    const connection = await peerOf(server, 5_000);
    const failure = await failureOf(
      (async () => {
        for (;;) await connection.writer.writeThrough(Buffer.alloc(MEBIBYTE));
      })(),
    );
    expect(failure).toBeInstanceOf(ConnectionClosedError);
    expect(failure).toMatchObject({ cause: { code: expect.stringMatching(/^(?:ECONNRESET|EPIPE)$/) } });
    await connection.closed;
  });
});

test("writing behind a stream that ends and is gone rejects", async () => {
  const [near] = streamPair();
  const connection = Connection.over(near);
  const pending = failureOf(connection.write(Buffer.alloc(MEBIBYTE)));
  near.destroy();
  await once(near, "close");
  expect(await pending).toBeInstanceOf(ConnectionClosedError);
  expect(await failureOf(connection.write("x"))).toBeInstanceOf(ConnectionClosedError);
});
