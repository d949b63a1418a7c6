// Clients that end their side early, or do not read what they asked for: replies arrive whole, or the slot is freed.
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, describe, expect, test } from "vitest";
import { type End, RawClient } from "./fault-clients.ts";
import { besides, type Face, faces, handlerFaces, idle, pattern } from "./fault-faces.ts";
import { nothingLeft } from "./fault-leaks.ts";

// Most of the time is waiting: the tests wait together.
afterAll(nothingLeft);

const IDLE = 900;
// What a slow reader may take without a byte.
const PATIENCE = 500;
const PAUSE = 50;
const CLOSE = 100;
const MEBIBYTE = 1_048_576;
// More than the kernels of both sides hold.
const LARGE = 16 * MEBIBYTE;

const stalled = expect.objectContaining({
  name: "TimeoutError",
  message: `the peer took no byte for ${IDLE} ms`,
});

/** Reads everything, with a pause now and then; says how it ended, and whether it was the pattern. */
async function slowly(client: RawClient): Promise<{ end: End; isWhole: boolean }> {
  const start = performance.now();
  const chunks: Buffer[] = [];
  let pause = MEBIBYTE;
  client.socket.on("data", (chunk) => {
    chunks.push(chunk);
    pause -= chunk.length;
    if (pause > 0) return;
    pause = MEBIBYTE;
    client.socket.pause();
    setTimeout(() => client.socket.resume(), PAUSE);
  });
  const end = await client.over;
  // Much longer than that, or the test says nothing.
  expect(performance.now() - start).toBeGreaterThan(1.5 * PATIENCE);
  return { end, isWhole: Buffer.concat(chunks).equals(pattern(LARGE)) };
}

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
});

// ThreadingTCPServer waits as TCPServer does.
const isOther = ({ name }: Face): boolean => name !== "ThreadingTCPServer";

describe.concurrent.each(faces.filter(isOther))("$name", (face) => {
  test("has all the patience with a client that reads slowly", async () => {
    await using server = await face.start({ timeouts: { idle: PATIENCE, close: CLOSE } });
    using client = await RawClient.to(server.port, { reads: false });
    await client.send(`big ${LARGE}\r\n`);
    client.end();
    expect(await slowly(client)).toEqual({ end: "ended", isWhole: true });
    await idle(server);
    expect(server.errors).toEqual([]);
  });
});

describe.concurrent.each(handlerFaces.filter(isOther))("$name", (face) => {
  test.each([
    ["however slowly it is read", CLOSE, 0],
    ["though there was more to read", 10_000, LARGE],
  ])("sends all of a reply that its handler did not wait for, %s", async (_, close, more) => {
    await using server = await face.start({ timeouts: { idle: PATIENCE, close } });
    using client = await RawClient.to(server.port, { reads: false });
    await client.send("leave behind a large reply\r\n");
    void client.send(Buffer.alloc(more));
    expect(await slowly(client)).toEqual({ end: "ended", isWhole: true });
    client[Symbol.dispose]();
    await idle(server);
    expect(server.errors).toEqual([]);
  });
});
