// Files over connections: every byte arrives, whatever its size, the segments, the layers and the pace.
import { appendFile, truncate, writeFile } from "node:fs/promises";
import { gate } from "@netcli/test-kit";
import type { Socket } from "node:net";
import { Duplex } from "node:stream";
import { setImmediate as tick, setTimeout as sleep } from "node:timers/promises";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { Connection, receiveFile, sendFile } from "../src/index.ts";
import { fileSession, pattern, replaceWrite, transports } from "./files.ts";
import { refuseUnhandled } from "./grammars.ts";

refuseUnhandled();

const sizes = [0, 1, 65_535, 65_536, 65_537, 262_144, 524_287, 524_288, 524_289, 3_000_001];
const cases = transports.flatMap((transport) => sizes.map((size) => [transport, size] as const));

describe("receiveFile", () => {
  test.each(cases)("writes all that comes over %s: %i bytes", async (transport, size) => {
    await using client = await fileSession(transport, (peer) => peer.send(pattern(size)));
    const progress: number[] = [];
    const onProgress = (bytes: number): void => void progress.push(bytes);
    expect(await receiveFile(client.connection, client.file, { onProgress })).toBe(size);
    expect((await client.content()).equals(pattern(size))).toBe(true);
    expect(progress).toEqual(progress.toSorted((a, b) => a - b));
    expect(progress.at(-1) ?? 0).toBe(size);
  });

  test("writes all that comes in segments of any size", async () => {
    const segments = fc.array(fc.integer({ min: 1, max: 200_000 }), { minLength: 1, maxLength: 40 });
    await fc.assert(
      fc.asyncProperty(segments, async (lengths) => {
        const whole = pattern(lengths.reduce((sum, length) => sum + length, 0));
        await using client = await fileSession("plain", (peer) => peer.sendSplit(whole, lengths));
        expect(await receiveFile(client.connection, client.file)).toBe(whole.length);
        expect((await client.content()).equals(whole)).toBe(true);
      }),
      { numRuns: 20 },
    );
  });

  test.each([...transports])(
    "writes what was there before it was called, with the end, over %s",
    async (transport) => {
      for (const size of [0, 10, 100_000]) {
        await using client = await fileSession(transport, (peer) => peer.send(pattern(size)));
        await client.server.settled();
        const { reader } = client.connection;
        while (reader.framer.length === 0 && !reader.ended) await tick();
        await tick();
        expect(await receiveFile(client.connection, client.file)).toBe(size);
        expect((await client.content()).equals(pattern(size))).toBe(true);
      }
    },
  );

  test("writes what came during a write also if the peer then sends nothing more", async () => {
    const { opened: writing, open: begin } = gate();
    const { opened: released, open: release } = gate();
    const { opened: isThere, open: seen } = gate();
    const { opened: done, open: finish } = gate();
    await using client = await fileSession("plain", async (peer) => {
      await peer.send(pattern(1_000));
      await writing;
      await peer.send(pattern(2_000).subarray(1_000));
      await done;
    });
    let writes = 0;
    replaceWrite(client.file, (write) => async (...args) => {
      writes += 1;
      begin();
      if (writes === 1) await released;
      return write(...args);
    });
    const onProgress = (bytes: number): void => {
      if (bytes === 2_000) seen();
    };
    const receiving = receiveFile(client.connection, client.file, { onProgress });
    await writing;
    await sleep(10);
    release();
    await isThere;
    finish();
    expect(await receiving).toBe(2_000);
    expect((await client.content()).equals(pattern(2_000))).toBe(true);
  });

  test("begins at a position, and leaves what is before it", async () => {
    await using client = await fileSession("plain", (peer) => peer.send(pattern(500_000)));
    await writeFile(client.path, "0123456789");
    expect(await receiveFile(client.connection, client.file, { position: 4 })).toBe(500_000);
    const content = await client.content();
    expect(content.subarray(0, 4).toString()).toBe("0123");
    expect(content.subarray(4).equals(pattern(500_000))).toBe(true);
  });

  test("takes chunks that are larger than its buffers", async () => {
    await using client = await fileSession("plain", (peer) => peer.closed);
    for (const lengths of [[300_000], [1_500_000], [10, 2_000_000, 1, 700_000]]) {
      const whole = pattern(lengths.reduce((sum, length) => sum + length, 0));
      let at = 0;
      const chunks = lengths.map((length) => whole.subarray(at, (at += length)));
      const stream = new Duplex({
        read() {
          this.push(chunks.shift() ?? null);
        },
      });
      await truncate(client.path);
      expect(await receiveFile(Connection.over(stream), client.file)).toBe(whole.length);
      expect((await client.content()).equals(whole)).toBe(true);
    }
  });

  test.each([...transports])(
    "keeps no more than its buffers when the disk is slow, over %s",
    async (transport) => {
      const size = 8 * 1_048_576;
      await using client = await fileSession(transport, (peer) => peer.send(pattern(size)), {
        timeouts: { stall: 200 },
      });
      let writes = 0;
      let intact = true;
      let held = 0;
      replaceWrite(client.file, (write) => async (buffer, offset, length, position) => {
        const before = Buffer.from(buffer.subarray(offset, offset + length));
        writes += 1;
        // Long enough once for all that is on its way to come, and longer than the stall timeout.
        await sleep(writes === 2 ? 400 : 1);
        if (writes === 2) held = (client.connection.socket as Socket).bytesRead - position;
        intact &&= before.equals(buffer.subarray(offset, offset + length));
        return write(buffer, offset, length, position);
      });
      expect(await receiveFile(client.connection, client.file)).toBe(size);
      expect((await client.content()).equals(pattern(size))).toBe(true);
      expect(intact).toBe(true);
      // Two buffers, and what Node and the TLS layer hold.
      expect(held).toBeGreaterThan(262_144);
      expect(held).toBeLessThan(2 * 1_048_576);
    },
  );

  test("goes on when the disk takes only a part of a write", async () => {
    await using client = await fileSession("plain", (peer) => peer.send(pattern(900_001)));
    replaceWrite(client.file, (write) => (buffer, offset, length, position) => {
      return write(buffer, offset, Math.ceil(length / 3), position);
    });
    expect(await receiveFile(client.connection, client.file)).toBe(900_001);
    expect((await client.content()).equals(pattern(900_001))).toBe(true);
  });
});

describe("sendFile", () => {
  test.each(cases)("sends the whole file over %s: %i bytes", async (transport, size) => {
    let received: Buffer = Buffer.alloc(0);
    await using client = await fileSession(transport, async (peer) => {
      received = await peer.readToEnd();
    });
    await writeFile(client.path, pattern(size));
    const progress: number[] = [];
    const onProgress = (bytes: number): void => void progress.push(bytes);
    expect(await sendFile(client.connection, client.file, { onProgress })).toBe(size);
    client.connection.end();
    await client.server.settled();
    expect(received.equals(pattern(size))).toBe(true);
    expect(progress).toEqual(progress.toSorted((a, b) => a - b));
    expect(progress.at(-1) ?? 0).toBe(size);
  });

  test.each([...transports])("waits for a peer that reads slowly, over %s", async (transport) => {
    const size = 8 * 1_048_576;
    const chunks: Buffer[] = [];
    await using client = await fileSession(
      transport,
      async (peer) => {
        const socket = peer.handOver();
        for await (const chunk of socket) {
          chunks.push(chunk as Buffer);
          if (chunks.length % 16 === 0) await sleep(5);
        }
      },
      { timeouts: { stall: 2_000 } },
    );
    await writeFile(client.path, pattern(size));
    expect(await sendFile(client.connection, client.file)).toBe(size);
    client.connection.end();
    await client.server.settled();
    expect(Buffer.concat(chunks).equals(pattern(size))).toBe(true);
  });

  test("goes on when the disk gives only a part of a read", async () => {
    await using client = await fileSession("plain", (peer) => peer.closed);
    await writeFile(client.path, pattern(900_001));
    const read = client.file.read.bind(client.file);
    const short = (buffer: Buffer, offset: number, length: number, position: number): Promise<unknown> =>
      read(buffer, offset, Math.ceil(length / 3), position);
    Object.defineProperty(client.file, "read", { value: short });
    expect(await sendFile(client.connection, client.file)).toBe(900_001);
    client.connection.end();
    await client.server.settled();
    expect(client.server.received.equals(pattern(900_001))).toBe(true);
  });

  test("begins at a position, and counts from there", async () => {
    await using client = await fileSession("plain", (peer) => peer.closed);
    await writeFile(client.path, pattern(700_000));
    expect(await sendFile(client.connection, client.file, { position: 300_000 })).toBe(400_000);
    client.connection.end();
    await client.server.settled();
    expect(client.server.received.equals(pattern(700_000).subarray(300_000))).toBe(true);
    expect(await sendFile(client.connection, client.file, { position: 700_001 })).toBe(0);
  });

  test.each([
    ["shrinks", 1_048_576, (path: string) => truncate(path, 700_000)],
    ["grows", 1_048_576 + 10, (path: string) => appendFile(path, "0123456789")],
  ])("sends up to the end that a file has which %s meanwhile", async (_what, most, change) => {
    await using client = await fileSession("plain", (peer) => peer.closed);
    const whole = pattern(1_048_576);
    await writeFile(client.path, whole);
    let changing: Promise<void> | undefined;
    const onProgress = (): void => void (changing ??= change(client.path));
    const sent = await sendFile(client.connection, client.file, { onProgress });
    await changing;
    client.connection.end();
    await client.server.settled();
    expect(client.server.received).toHaveLength(sent);
    expect(sent).toBeGreaterThanOrEqual(700_000);
    expect(sent).toBeLessThanOrEqual(most);
    const common = Math.min(sent, whole.length);
    expect(client.server.received.subarray(0, common).equals(whole.subarray(0, common))).toBe(true);
  });
});
