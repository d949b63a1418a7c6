// Clients that break their connection at the worst moment: nobody else notices, and nothing is left of them.
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, describe, expect, test } from "vitest";
import { askOnce, RawClient } from "./fault-clients.ts";
import { besides, faces, idle, type Running, serveFace } from "./fault-faces.ts";
import { nothingLeft } from "./fault-leaks.ts";

afterAll(nothingLeft);

const LARGE = 16 * 1_048_576;

const broken = expect.objectContaining({ name: "ConnectionClosedError" });

async function failures({ errors }: Running, count: number): Promise<void> {
  while (errors.length < count) await sleep(1);
}

async function connectAndReset(port: number, says: boolean): Promise<void> {
  using client = await RawClient.to(port);
  if (says) void client.send("hello\r\n");
  client.reset();
}

describe.concurrent.each(faces)("$name", (face) => {
  test("survives a reset in the middle of a line", async () => {
    await using server = await face.start();
    await besides(face, server, async () => {
      using client = await RawClient.to(server.port);
      expect(await client.ask("hello")).toBe("re: hello");
      await client.send("hel");
      // Or the server may get both at once, which libuv takes for an end.
      if (face.isConcurrent) await askOnce(server.port, "hello");
      client.reset();
      await failures(server, 1);
    });
    expect(server.errors).toEqual([broken]);
  });

  test("survives a reset in the middle of a reply", async () => {
    await using server = await face.start();
    await besides(face, server, async () => {
      using client = await RawClient.to(server.port, { reads: false });
      await client.send(`big ${LARGE}\r\n`);
      client.socket.once("readable", () => client.reset());
      await failures(server, 1);
    });
    expect(server.errors).toEqual([broken]);
  });

  test("survives a reset while many requests wait for their replies", async () => {
    await using server = await face.start();
    await besides(face, server, async () => {
      using client = await RawClient.to(server.port);
      await client.send("big 10000\r\n".repeat(10_000));
      client.socket.once("data", () => client.reset());
      await failures(server, 1);
    });
    expect(server.errors).toEqual([broken]);
  });

  test("survives a crowd that connects and resets at once", async () => {
    await using server = await face.start();
    await besides(face, server, async () => {
      await Promise.all(
        Array.from({ length: 100 }, (_, index) => connectAndReset(server.port, index % 2 === 0)),
      );
    });
    expect(server.stats()).toMatchObject({ active: 0, refused: 0 });
  });

  test("goes on behind clients that reset while they waited for their turn", async () => {
    await using server = await face.start({ maxConnections: 1 });
    using first = await RawClient.to(server.port);
    expect(await first.ask("hello")).toBe("re: hello");
    const impatient = await Promise.all(Array.from({ length: 20 }, () => RawClient.to(server.port)));
    using patient = await RawClient.to(server.port);
    const asked = patient.ask("at last");
    while (server.stats()?.queued !== impatient.length + 1) await sleep(1);
    for (const client of impatient) client.reset();
    expect(await first.ask("still here")).toBe("re: still here");
    first.end();
    expect(await asked).toBe("re: at last");
    patient.end();
    await idle(server);
    expect(server.stats()).toMatchObject({ active: 0, queued: 0, refused: 0 });
  });
});

describe("the queue", () => {
  test("forgets a client at once that resets while it waits", async () => {
    await using server = await serveFace.start({ maxConnections: 1, maxQueued: 1 });
    using first = await RawClient.to(server.port);
    expect(await first.ask("hello")).toBe("re: hello");
    for (let count = 0; count < 3; count += 1) {
      using waiting = await RawClient.to(server.port);
      while (server.stats()?.queued !== 1) await sleep(1);
      waiting.reset();
      while (server.stats()?.queued !== 0) await sleep(1);
    }
    expect(server.stats()).toMatchObject({ active: 1, refused: 0 });
  });
});
