// DEFLATE over a connection: both directions, what was there before, broken data, and the end.
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { setImmediate as turn } from "node:timers/promises";
import { constants, createDeflateRaw, createInflateRaw, deflateRawSync, type DeflateRaw } from "node:zlib";
import { afterEach, describe, expect, test } from "vitest";
import {
  type Script,
  type ScriptedPeer,
  type ScriptedServer,
  scriptedServer,
  failureOf,
} from "@netcli/test-kit";
import {
  connect,
  Connection,
  ConnectionClosedError,
  type ConnectOptions,
  LimitError,
  ProtocolError,
  TimeoutError,
  type TraceEvent,
} from "../src/index.ts";
import { noSocketLeft, nothingLeft } from "./leaks.ts";
import { bytesReceived, identity, pattern, streamPair, trust } from "./peers.ts";

afterEach(noSocketLeft);

const sync = { flush: constants.Z_SYNC_FLUSH };

/** Compressed as a peer does that flushes behind every line and goes on afterwards. */
function flushed(text: string | Uint8Array): Buffer {
  return deflateRawSync(text, { finishFlush: constants.Z_SYNC_FLUSH });
}

/** Answers each line in the way of an echo, compressed in both directions. */
function compressed(peer: ScriptedPeer): { reply: DeflateRaw; closed: Promise<void> } {
  const stream = peer.handOver();
  const request = createInflateRaw({ finishFlush: constants.Z_SYNC_FLUSH });
  const reply = createDeflateRaw(sync);
  stream.pipe(request).pipe(reply).pipe(stream);
  return { reply, closed: peer.closed };
}

async function begun(server: ScriptedServer, options: ConnectOptions = {}): Promise<Connection> {
  const connection = await connect({ host: "localhost", port: server.port, ...options });
  await connection.writeLine("COMPRESS DEFLATE");
  expect(await connection.readLine()).toBe("206 compression active");
  return connection;
}

/** A script that agrees to compress, sending `more` in the same segment, and goes on with `next`. */
function agreeing(more: Uint8Array, next: (peer: ScriptedPeer) => Promise<void>): Script {
  return async (peer) => {
    await peer.expect("COMPRESS DEFLATE");
    await peer.send(Buffer.concat([Buffer.from("206 compression active\r\n"), more]));
    await next(peer);
  };
}

function* noise(): Generator<Buffer> {
  // It can't be compressed.
  for (;;) yield randomBytes(65_536);
}

const none = new Uint8Array(0);

describe.each(["plain", "TLS"])("DEFLATE, %s,", (kind) => {
  const tls = kind === "TLS" ? identity : undefined;
  const options: ConnectOptions = { tls: tls && trust };

  test("carries lines at once, blocks, and 5 MiB both ways", async () => {
    await using server = await scriptedServer(
      agreeing(none, (peer) => compressed(peer).closed),
      { tls },
    );
    const connection = await begun(server, options);
    connection.startDeflate();
    for (const line of ["one", "two"]) {
      await connection.writeLine(line);
      expect(await connection.readLine()).toBe(line);
    }
    await connection.writeBlock("a\r\n.b");
    expect(await connection.readBlock().text()).toBe("a\r\n.b\r\n");
    const sent = pattern(5 * 1_048_576);
    const [received] = await Promise.all([
      connection.readExactly(sent.length),
      connection.writeContent(sent),
    ]);
    expect(sent.equals(received)).toBe(true);
    connection.end();
    expect(await connection.readLine()).toBeUndefined();
    await connection.close();
    expect(server.received.length).toBeLessThan(sent.length / 10);
  });

  test("takes what came behind the go-ahead as compressed", async () => {
    const script = agreeing(flushed("first\r\nsecond\r\n"), async (peer) => {
      await peer.closed;
    });
    await using server = await scriptedServer(script, { tls });
    await using connection = await begun(server, options);
    connection.startDeflate();
    expect([await connection.readLine(), await connection.readLine()]).toEqual(["first", "second"]);
  });

  test("closes politely, its last words sent", async () => {
    const words: string[] = [];
    const script = agreeing(none, async (peer) => {
      const inflate = createInflateRaw();
      peer.handOver().pipe(inflate);
      for await (const chunk of inflate) words.push(String(chunk));
    });
    await using server = await scriptedServer(script, { tls });
    const connection = await begun(server, options);
    connection.startDeflate();
    void connection.writeLine("QUIT");
    await connection.close();
    await server.settled();
    expect(server.errors).toEqual([]);
    expect(words.join("")).toBe("QUIT\r\n");
  });
});

describe("a peer under DEFLATE", () => {
  test("that ends without a last block has ended, not failed", async () => {
    await using server = await scriptedServer(agreeing(flushed("205 bye\r\n"), () => Promise.resolve()));
    await using connection = await begun(server);
    connection.startDeflate();
    expect(await connection.readLine()).toBe("205 bye");
    expect(await connection.readLine()).toBeUndefined();
  });

  test("that ends with a last block has ended, too", async () => {
    await using server = await scriptedServer(
      agreeing(deflateRawSync("205 bye\r\n"), () => Promise.resolve()),
    );
    await using connection = await begun(server);
    connection.startDeflate();
    expect(await connection.readLine()).toBe("205 bye");
    expect(await connection.readLine()).toBeUndefined();
  });

  test("that ends in the middle of a line has broken off", async () => {
    await using server = await scriptedServer(agreeing(flushed("205 by"), () => Promise.resolve()));
    await using connection = await begun(server);
    connection.startDeflate();
    expect(await failureOf(connection.readLine())).toBeInstanceOf(ConnectionClosedError);
  });

  test("that sends something else is refused, and so is all that follows", async () => {
    await using server = await scriptedServer(
      agreeing(Buffer.from("\xff\xffplain\r\n", "latin1"), (peer) => peer.closed),
    );
    const connection = await begun(server);
    connection.startDeflate();
    const error = await failureOf(connection.readLine());
    expect(error).toBeInstanceOf(ProtocolError);
    expect(error).toMatchObject({ message: expect.stringContaining("the peer's compressed data is broken") });
    await connection.closed;
    expect(await failureOf(connection.write("x"))).toBe(error);
    await nothingLeft();
  });

  test("that resets the connection ends it with an error", async () => {
    await using server = await scriptedServer(
      agreeing(none, async (peer) => {
        await peer.read(1);
        peer.reset();
        await peer.closed;
      }),
    );
    const connection = await begun(server);
    connection.startDeflate();
    const [failure] = await Promise.all([failureOf(connection.readLine()), connection.writeLine("GO")]);
    expect(failure).toMatchObject({ name: "ConnectionClosedError", cause: { code: "ECONNRESET" } });
    await connection.closed;
    await nothingLeft();
  });

  test("can't make us hold what nobody reads, however well it is compressed", async () => {
    const bomb = flushed(Buffer.alloc(256 * 1_048_576));
    await using server = await scriptedServer(
      agreeing(none, async (peer) => {
        await peer.send(bomb);
        await peer.closed;
      }),
    );
    const connection = await begun(server);
    connection.startDeflate();
    expect(await connection.readExactly(1)).toEqual(Buffer.of(0));
    await bytesReceived(connection, 24 + Math.min(65_536, bomb.length));
    for (let turns = 0; turns < 100; turns += 1) await turn();
    expect(connection.reader.framer.length).toBeLessThan(1_048_576);
    const error = await failureOf(connection.readLine());
    expect(error).toBeInstanceOf(LimitError);
    await connection.closed;
  });

  test("that does not read runs into the stall timeout", async () => {
    await using server = await scriptedServer(
      agreeing(none, async (peer) => {
        peer.handOver();
        await peer.closed;
      }),
    );
    const connection = await begun(server, { timeouts: { stall: 150 } });
    connection.startDeflate();
    const error = await failureOf(connection.writeContent(noise()));
    expect(error).toBeInstanceOf(TimeoutError);
    expect(error).toMatchObject({ phase: "stall", milliseconds: 150 });
    await connection.closed;
  });
});

test("startDeflate on a stream that is no socket, with the event in the trace", async () => {
  const [near, far] = streamPair();
  const events: TraceEvent[] = [];
  await using connection = Connection.over(near, { trace: (event) => events.push(event) });
  connection.startDeflate();
  expect(events.map(({ text }) => text)).toEqual(["DEFLATE"]);
  far.write(flushed("hello\r\n"));
  expect(await connection.readLine()).toBe("hello");
  await connection.writeLine("you");
  const [chunk] = (await once(far, "data")) as [Buffer];
  const inflate = createInflateRaw();
  inflate.write(chunk);
  expect(String(await once(inflate, "data"))).toBe("you\r\n");
  far.end();
});
