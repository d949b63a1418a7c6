// Writing to a peer that is slow to read: it is waited for, and blamed only if it takes nothing at all.
import { once } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, describe, expect, test } from "vitest";
import { type ScriptedPeer, scriptedServer, failureOf, gate } from "@netcli/test-kit";
import { connect, type Connection, TimeoutError } from "../src/index.ts";
import { noSocketLeft } from "./leaks.ts";
import { identity, pattern, trust } from "./peers.ts";

afterEach(noSocketLeft);

const MEBIBYTE = 1_048_576;

/** A peer that reads `bytes` at a time with a pause between, or, for 0, not at all. */
function reader(bytes: number, pause: number, done: Promise<void>): (peer: ScriptedPeer) => Promise<void> {
  return async (peer) => {
    const stream = peer.handOver();
    // Only what was asked for is taken from the kernel.
    let missing = bytes;
    stream.on("data", (chunk: Buffer) => {
      missing -= chunk.length;
      if (missing > 0) return;
      stream.pause();
      missing = bytes;
      void sleep(pause).then(() => stream.resume());
    });
    if (bytes > 0) stream.resume();
    await Promise.race([done, peer.closed]);
  };
}

describe.each(["plain", "TLS"])("a peer that is slow to read, %s,", (kind) => {
  const tls = kind === "TLS" ? identity : undefined;
  const never = new Promise<void>(() => undefined);

  function slow(port: number, stall: number): Promise<Connection> {
    return connect({ host: "localhost", port, tls: tls && trust, timeouts: { stall } });
  }

  test("holds the writer up, with little in memory, until the stall timeout", async () => {
    await using server = await scriptedServer(reader(0, 0, never), { tls });
    const connection = await slow(server.port, 150);
    let produced = 0;
    let most = 0;
    function* endless(): Generator<Buffer> {
      for (;;) {
        most = Math.max(most, connection.socket.writableLength);
        produced += 65_536;
        yield Buffer.alloc(65_536);
      }
    }
    const error = await failureOf(connection.writeContent(endless()));
    expect(error).toBeInstanceOf(TimeoutError);
    expect(error).toMatchObject({
      phase: "stall",
      milliseconds: 150,
      message: "the peer took no byte for 150 ms",
    });
    // The rest is what the kernels of both sides hold.
    expect(most).toBeLessThan(2 * 65_536);
    expect(produced).toBeLessThan(64 * MEBIBYTE);
    expect(await failureOf(connection.readLine())).toBe(error);
    await connection.closed;
  });

  test("is not blamed as long as it reads, within one large write, too", async () => {
    const { opened: done, open } = gate();
    await using server = await scriptedServer(reader(524_288, 20, done), { tls });
    const connection = await slow(server.port, 300);
    const start = performance.now();
    await connection.write(pattern(32 * MEBIBYTE));
    // Longer than a stall by far, or the test says nothing.
    expect(performance.now() - start).toBeGreaterThan(600);
    open();
    connection.destroy();
    await connection.closed;
  });

  test("has all the time it wants where the stall timeout is Infinity", async () => {
    const { opened: go, open } = gate();
    await using server = await scriptedServer(
      async (peer) => {
        const stream = peer.handOver();
        await go;
        stream.resume();
        await once(stream, "end");
      },
      { tls },
    );
    const connection = await slow(server.port, Infinity);
    let written = false;
    const writing = connection.write(pattern(24 * MEBIBYTE)).then(() => (written = true));
    await sleep(50);
    expect(written).toBe(false);
    open();
    await writing;
    await connection.close();
  });
});
