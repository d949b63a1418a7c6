// Clients that end their side early, or do not read what they asked for: replies arrive whole, or the slot is freed.
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, describe, expect, test } from "vitest";
import { RawClient } from "./fault-clients.ts";
import { besides, faces, idle, pattern } from "./fault-faces.ts";
import { nothingLeft } from "./fault-leaks.ts";

// Most of the time is waiting: the tests wait together.
afterAll(nothingLeft);

const IDLE = 300;
const MEBIBYTE = 1_048_576;
// More than the kernels of both sides hold.
const LARGE = 16 * MEBIBYTE;

const stalled = expect.objectContaining({
  name: "TimeoutError",
  message: `the peer took no byte for ${IDLE} ms`,
});

describe.concurrent.each(faces)("$name", (face) => {
  test("sends the whole reply to a client that ended its side before it came", async () => {
    await using server = await face.start();
    await besides(face, server, async () => {
      using client = await RawClient.to(server.port);
      await client.send("big 5000000\r\nhello\r\n");
      client.end();
      expect(await client.over).toBe("ended");
      const { received } = client;
      expect(received.length).toBe(5_000_000 + "re: hello\r\n".length);
      expect(received.subarray(0, 5_000_000).equals(pattern(5_000_000))).toBe(true);
      expect(received.subarray(5_000_000).toString()).toBe("re: hello\r\n");
    });
    expect(server.errors).toEqual([]);
  });

  test("gives up a client that ended its side and never reads", async () => {
    await using server = await face.start({ timeouts: { idle: IDLE } });
    await besides(face, server, async () => {
      using client = await RawClient.to(server.port, { reads: false });
      await client.send(`big ${LARGE}\r\n`);
      client.end();
      while (server.errors.length === 0) await sleep(5);
    });
    await idle(server);
    expect(server.errors).toEqual([stalled]);
  });

  test("has all the patience with a client that reads slowly", async () => {
    await using server = await face.start({ timeouts: { idle: IDLE } });
    using client = await RawClient.to(server.port, { reads: false });
    await client.send(`big ${LARGE}\r\n`);
    client.end();
    const start = performance.now();
    const chunks: Buffer[] = [];
    let pause = MEBIBYTE;
    client.socket.on("data", (chunk) => {
      chunks.push(chunk);
      pause -= chunk.length;
      if (pause > 0) return;
      pause = MEBIBYTE;
      client.socket.pause();
      setTimeout(() => client.socket.resume(), IDLE / 5);
    });
    expect(await client.over).toBe("ended");
    expect(Buffer.concat(chunks).equals(pattern(LARGE))).toBe(true);
    // Longer than the idle time by far, or the test says nothing.
    expect(performance.now() - start).toBeGreaterThan(2 * IDLE);
    await idle(server);
    expect(server.errors).toEqual([]);
  });
});
