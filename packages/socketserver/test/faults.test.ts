// Clients that send what they should not, or too slowly: each costs itself its connection, and nobody else anything.
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, describe, expect, test } from "vitest";
import { RawClient } from "./fault-clients.ts";
import { besides, faces, handlerFaces, idle, twistedFace } from "./fault-faces.ts";
import { nothingLeft } from "./fault-leaks.ts";

// Most of the time is waiting: the tests wait together.
afterAll(nothingLeft);

const IDLE = 900;
const PACE = 55;
const MEBIBYTE = 1_048_576;

/** Sends a byte now and then until the server has enough of it; gives how long that took. */
async function drip(client: RawClient, data: string): Promise<number> {
  const start = performance.now();
  for (let at = 0; !client.isOver; at += 1) {
    await client.send(data.charAt(at % data.length));
    await Promise.race([client.over, sleep(PACE)]);
  }
  return performance.now() - start;
}

describe.concurrent.each(handlerFaces)("$name", (face) => {
  test("cuts off a client whose line has no end, long before it is in memory", async () => {
    await using server = await face.start();
    await besides(face, server, async () => {
      using client = await RawClient.to(server.port);
      const sending = client.send(Buffer.alloc(64 * MEBIBYTE, "x"));
      await client.over;
      await sending;
      expect(client.text).toBe("");
    });
    expect(server.errors).toEqual([
      expect.objectContaining({
        name: "LimitError",
        message: expect.stringContaining("more than 8192 bytes"),
      }),
    ]);
    const { bytesReceived = 0 } = server.stats() ?? {};
    expect(bytesReceived).toBeLessThan(MEBIBYTE);
  });

  test("cuts off a client that sends a line byte by byte, when the line has taken the idle time", async () => {
    await using server = await face.start({ timeouts: { idle: IDLE } });
    await besides(face, server, async () => {
      using client = await RawClient.to(server.port);
      const took = await drip(client, "x");
      expect(took).toBeGreaterThan(IDLE - PACE);
      expect(client.text).toBe("");
    });
    expect(server.errors).toEqual([
      expect.objectContaining({
        name: "TimeoutError",
        message: `the peer did not end its line within ${IDLE} ms`,
      }),
    ]);
  });

  test("bears with one that sends a byte now and then, as long as its lines end in time", async () => {
    await using server = await face.start({ timeouts: { idle: IDLE } });
    using client = await RawClient.to(server.port);
    const line = "abc\r\n".repeat(6);
    for (const byte of line) {
      await client.send(byte);
      await sleep(PACE);
    }
    // Longer than the idle time by far, or the test says nothing.
    expect(line.length * PACE).toBeGreaterThan(1.5 * IDLE);
    expect((await client.receive(6 * 9)).toString()).toBe("re: abc\r\n".repeat(6));
    expect(server.errors).toEqual([]);
  });
});

describe.concurrent.each(faces)("$name", (face) => {
  test("cuts off a client that says nothing, and one that stops in the middle of a line", async () => {
    await using server = await face.start({ timeouts: { idle: IDLE } });
    await besides(face, server, async () => {
      using silent = await RawClient.to(server.port);
      await silent.over;
      using halfway = await RawClient.to(server.port);
      await halfway.send("hello\r\nhel");
      await halfway.over;
      expect(halfway.text).toBe("re: hello\r\n");
    });
    expect(server.errors).toEqual([
      expect.objectContaining({ message: `the peer sent nothing for ${IDLE} ms` }),
      expect.objectContaining({
        message: expect.stringMatching(/^the peer (?:sent nothing|did not end its line)/),
      }),
    ]);
  });

  test("survives bytes that mean nothing", async () => {
    await using server = await face.start();
    await besides(face, server, async () => {
      using client = await RawClient.to(server.port);
      const bytes = Buffer.from(Array.from({ length: 256 }, (_, byte) => byte));
      await client.send(Buffer.concat([bytes, Buffer.from("\n\r\r\n\0\n\r\n\r\nlast\r\n")]));
      await client.over;
      expect(client.text).toBe("");
    });
    // The line has a NUL in it, and can't be sent back.
    expect(server.errors).toEqual([expect.objectContaining({ name: "ArgumentError" })]);
  });

  test("cuts off a client after the total time, whatever it does", async () => {
    await using server = await face.start({ timeouts: { total: IDLE } });
    using client = await RawClient.to(server.port);
    await drip(client, "a\r\n");
    await idle(server);
    expect(client.text).toMatch(/^re: a\r\n/);
    expect(server.errors).toEqual([
      expect.objectContaining({ message: `the connection lasted longer than ${IDLE} ms` }),
    ]);
  });
});

describe.concurrent("LineReceiver", () => {
  test("takes a megabyte without a delimiter for a line that is too long, and closes", async () => {
    await using server = await twistedFace.start();
    await besides(twistedFace, server, async () => {
      using client = await RawClient.to(server.port);
      const sending = client.send(Buffer.alloc(MEBIBYTE, "x"));
      expect(await client.over).toBe("ended");
      await sending;
      expect(client.text).toBe("");
    });
    expect(server.errors).toEqual([]);
  });

  test("still answers the lines before the one that is too long", async () => {
    await using server = await twistedFace.start();
    using client = await RawClient.to(server.port);
    await client.send(`one\r\ntwo\r\n${"x".repeat(MEBIBYTE)}`);
    expect(await client.over).toBe("ended");
    expect(client.text).toBe("re: one\r\nre: two\r\n");
  });
});
