// One zlib stream over a connection, either way: all of it, its end, and what is none.
import { randomBytes } from "node:crypto";
import { setImmediate as turn } from "node:timers/promises";
import { deflateSync, inflateSync } from "node:zlib";
import { failureOf, scriptedServer, type ScriptedServer, tempDir } from "@netcli/test-kit";
import { open, readFile, writeFile } from "node:fs/promises";
import { afterEach, describe, expect, test } from "vitest";
import { connect, type Connection, ProtocolError, receiveFile, sendFile } from "../src/index.ts";
import { noSocketLeft } from "./leaks.ts";
import { bytesReceived, identity, pattern, trust } from "./peers.ts";

afterEach(noSocketLeft);

/** A connection to a peer that sends that, or takes all. */
async function over(server: ScriptedServer, isSecure: boolean): Promise<Connection> {
  return connect({ host: "localhost", port: server.port, ...(isSecure ? { tls: trust } : {}) });
}

async function received(connection: Connection): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of connection.readToEnd()) chunks.push(chunk);
  return Buffer.concat(chunks);
}

describe.each([false, true])("a zlib stream, TLS %s,", (isSecure) => {
  const tls = isSecure ? identity : undefined;

  test.each([0, 1, 5_000_000])("of %d bytes is read, by hand and into a file", async (size) => {
    await using directory = await tempDir();
    await using server = await scriptedServer(
      async (peer) => {
        await peer.send(deflateSync(pattern(size)));
      },
      { tls },
    );
    await using connection = await over(server, isSecure);
    connection.startZlib("received");
    expect((await received(connection)).equals(pattern(size))).toBe(true);
    await using another = await over(server, isSecure);
    another.startZlib("received");
    const path = directory.file("content");
    await using file = await open(path, "w");
    const progress: number[] = [];
    expect(await receiveFile(another, file, { onProgress: (bytes) => progress.push(bytes) })).toBe(size);
    expect(progress.at(-1) ?? 0).toBe(size);
    expect((await readFile(path)).equals(pattern(size))).toBe(true);
  });

  test.each([0, 1, 5_000_000])("of %d bytes is sent, from memory and from a file", async (size) => {
    await using directory = await tempDir();
    const got: Buffer[] = [];
    await using server = await scriptedServer(
      async (peer) => {
        got.push(await peer.readToEnd());
      },
      { tls },
    );
    await using connection = await over(server, isSecure);
    connection.startZlib("sent");
    expect(await connection.writeContent(pattern(size))).toBe(size);
    connection.end();
    await server.settled();
    await writeFile(directory.file("content"), pattern(size));
    await using file = await open(directory.file("content"));
    await using another = await over(server, isSecure);
    another.startZlib("sent");
    expect(await sendFile(another, file)).toBe(size);
    another.end();
    await server.settled();
    expect(got).toHaveLength(2);
    for (const bytes of got) expect(inflateSync(bytes).equals(pattern(size))).toBe(true);
  });
});

describe("a zlib stream that is none", () => {
  const whole = deflateSync(randomBytes(100_000));

  test.each([
    ["ends at once", 0],
    ["ends in its header", 1],
    ["ends in the middle", 50_000],
    ["lacks the last byte of its checksum", whole.length - 1],
  ])("because it %s is a ProtocolError, and never an end", async (_, length) => {
    await using server = await scriptedServer(async (peer) => {
      await peer.expect("go");
      await peer.send(whole.subarray(0, length));
    });
    const connection = await over(server, false);
    connection.startZlib("received");
    await connection.write("go\r\n");
    const error = await failureOf(received(connection));
    expect(error).toBeInstanceOf(ProtocolError);
    expect(error).toMatchObject({ cause: { code: "Z_BUF_ERROR" } });
    await connection.closed;
  });

  test.each([0, 10, 50_000, whole.length - 1])("because byte %d is wrong is a ProtocolError", async (at) => {
    const broken = Buffer.from(whole);
    broken[at] = 255 - (broken[at] ?? 0);
    await using server = await scriptedServer(async (peer) => {
      await peer.send(broken);
      await peer.closed;
    });
    await using directory = await tempDir();
    await using file = await open(directory.file("content"), "w");
    const connection = await over(server, false);
    connection.startZlib("received");
    expect(await failureOf(receiveFile(connection, file))).toBeInstanceOf(ProtocolError);
    await connection.closed;
  });

  test("because the peer has ended its side already is an error when it is to begin", async () => {
    await using server = await scriptedServer(async () => undefined);
    await using connection = await over(server, false);
    expect(await connection.readLine()).toBeUndefined();
    expect(() => connection.startZlib("received")).toThrow("where compressed data was to begin");
  });
});

test("a zlib bomb is held back by whoever reads it slowly", async () => {
  const bomb = deflateSync(Buffer.alloc(256 * 1_048_576));
  await using server = await scriptedServer(async (peer) => {
    await peer.send(bomb);
    await peer.closed;
  });
  await using connection = await over(server, false);
  connection.startZlib("received");
  expect(await connection.readExactly(1)).toEqual(Buffer.of(0));
  await bytesReceived(connection, Math.min(65_536, bomb.length));
  for (let turns = 0; turns < 100; turns += 1) await turn();
  expect(connection.reader.framer.length).toBeLessThan(1_048_576);
  connection.destroy();
});
