// Clients that take nothing of what is written to them, or ask for more than they read: little stays in memory, and
// their slots are freed in time.
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, describe, expect, test } from "vitest";
import { askOnce, RawClient } from "./fault-clients.ts";
import { besides, type Face, faces, handlerFaces, idle, memory, type Running } from "./fault-faces.ts";
import { nothingLeft } from "./fault-leaks.ts";

// Most of the time is waiting: the tests wait together.
afterAll(nothingLeft);

const IDLE = 900;
const MEBIBYTE = 1_048_576;
// What all of these clients together may cost for a while, with what the collector has not seen to yet.
const ALLOWANCE = 96 * MEBIBYTE;

const stalled = expect.objectContaining({
  name: "TimeoutError",
  message: `the peer took no byte for ${IDLE} ms`,
});

/** What the process holds in which the handlers run. */
async function memoryOf({ name }: Face, { port }: Running): Promise<number> {
  return name === "ForkingTCPServer" ? Number(await askOnce(port, "memory")) : memory();
}

/** How much more it holds at most until nothing is served any more. */
async function growth(face: Face, server: Running, fault: () => Promise<void>): Promise<number> {
  const before = await memoryOf(face, server);
  let most = before;
  const over = new AbortController();
  const watch = async (): Promise<void> => {
    while (!over.signal.aborted) {
      most = Math.max(most, await memoryOf(face, server));
      await sleep(5);
    }
  };
  const watching = watch();
  await fault();
  over.abort();
  await watching;
  return most - before;
}

describe.concurrent.each(handlerFaces)("$name", (face) => {
  test("stops a handler that writes without end to a client that never reads, and gives the client up", async () => {
    await using server = await face.start({ timeouts: { idle: IDLE } });
    await besides(face, server, async () => {
      using client = await RawClient.to(server.port, { reads: false });
      const grown = await growth(face, server, async () => {
        await client.send("flood\r\n");
        while (server.errors.length === 0) await sleep(5);
      });
      expect(grown).toBeLessThan(ALLOWANCE);
    });
    await idle(server);
    expect(server.errors).toEqual([stalled]);
  });

  test("gives up a client that never reads although it sends a byte now and then", async () => {
    await using server = await face.start({ timeouts: { idle: IDLE } });
    await besides(face, server, async () => {
      using client = await RawClient.to(server.port, { reads: false });
      await client.send("flood\r\n");
      const start = performance.now();
      while (server.errors.length === 0 && performance.now() - start < 10 * IDLE) {
        await client.send("x");
        await sleep(IDLE / 10);
      }
    });
    await idle(server);
    expect(server.errors).toEqual([stalled]);
  });
});

describe.concurrent.each(faces)("$name", (face) => {
  test("reads no further requests from a client that does not read the replies", async () => {
    await using server = await face.start({ timeouts: { idle: IDLE } });
    await besides(face, server, async () => {
      using client = await RawClient.to(server.port, { reads: false });
      const grown = await growth(face, server, async () => {
        void client.send("big 5000\r\n".repeat(200_000));
        while (server.errors.length === 0) await sleep(5);
      });
      expect(grown).toBeLessThan(ALLOWANCE);
      // The memory of the sockets; the rest never left the client.
      const { bytesReceived = 0 } = server.stats() ?? {};
      expect(bytesReceived).toBeLessThan(MEBIBYTE);
    });
    await idle(server);
    expect(server.errors).toEqual([stalled]);
  });
});
