// Receiving so many bytes into a file and no more: the peer goes on sending, and whoever asked has what was wanted.
import { writeFile } from "node:fs/promises";
import type { Socket } from "node:net";
import { Duplex } from "node:stream";
import { setImmediate as tick, setTimeout as sleep } from "node:timers/promises";
import fc from "fast-check";
import { gate, type ScriptedPeer } from "@netcli/test-kit";
import { describe, expect, test } from "vitest";
import { Connection, ConnectionClosedError, receiveFile, TimeoutError } from "../src/index.ts";
import { fileSession, pattern, replaceWrite, transports } from "./files.ts";
import { outcome, refuseUnhandled } from "./grammars.ts";

refuseUnhandled();

const BUFFER = 524_288;
const lengths = [0, 1, 65_536, BUFFER - 1, BUFFER, BUFFER + 1, 2 * BUFFER, 3_000_001];
const cases = transports.flatMap((transport) => lengths.map((length) => [transport, length] as const));

/** Sends bytes, and leaves the connection open until the client goes. */
function sending(bytes: Buffer) {
  return async (peer: ScriptedPeer): Promise<void> => {
    await peer.send(bytes).catch(() => undefined);
    await peer.closed;
  };
}

async function arrived({ socket }: Connection, bytes: number): Promise<void> {
  while ((socket as Socket).bytesRead < bytes) await tick();
}

function over(chunks: readonly Buffer[]): Connection {
  const left = [...chunks];
  const stream = new Duplex({
    read() {
      this.push(left.shift() ?? null);
    },
  });
  return Connection.over(stream);
}

describe("receiveFile with a length", () => {
  test.each(cases)("stops there, whatever comes behind, over %s: %i bytes", async (transport, length) => {
    for (const more of [0, 1, 2_000_000]) {
      const whole = pattern(length + more);
      await using client = await fileSession(transport, sending(whole));
      const progress: number[] = [];
      const onProgress = (bytes: number): void => void progress.push(bytes);
      expect(await receiveFile(client.connection, client.file, { length, onProgress })).toBe(length);
      expect((await client.content()).equals(whole.subarray(0, length))).toBe(true);
      expect(progress).toEqual(progress.toSorted((a, b) => a - b));
      expect(progress.at(-1) ?? 0).toBe(length);
      expect(client.connection.destroyed).toBe(false);
      client.connection.reset();
      await client.connection.closed;
      await client.server.settled();
    }
  });

  test.each([...transports])("leaves a connection over %s that can be closed in order", async (transport) => {
    await using client = await fileSession(transport, (peer) => peer.send(pattern(4_000_000)));
    expect(await receiveFile(client.connection, client.file, { length: 600_000 })).toBe(600_000);
    await client.connection.close();
    await client.server.settled();
    expect((await client.content()).equals(pattern(600_000))).toBe(true);
  });

  test("writes exactly that many, in whichever segments they come", async () => {
    const segments = fc.array(fc.integer({ min: 1, max: 300_000 }), { minLength: 1, maxLength: 12 });
    await fc.assert(
      fc.asyncProperty(
        segments,
        fc.nat({ max: 1_200_000 }),
        fc.nat({ max: 99 }),
        async (sizes, length, start) => {
          const whole = pattern(sizes.reduce((sum, size) => sum + size, 0));
          let at = 0;
          const chunks = sizes.map((size) => whole.subarray(at, (at += size)));
          await using client = await fileSession("plain", (peer) => peer.closed);
          const bytes = Math.min(length, whole.length);
          expect(await receiveFile(over(chunks), client.file, { length, position: start })).toBe(bytes);
          const expected = Buffer.concat([Buffer.alloc(bytes > 0 ? start : 0), whole.subarray(0, bytes)]);
          expect((await client.content()).equals(expected)).toBe(true);
        },
      ),
      { numRuns: 60 },
    );
  });

  test("takes byte after byte, across the border of its buffers", async () => {
    const whole = pattern(BUFFER + 40);
    const bytes = [...whole.subarray(BUFFER - 20)].map((byte) => Buffer.of(byte));
    for (const length of [BUFFER - 5, BUFFER, BUFFER + 5, BUFFER + 40]) {
      await using client = await fileSession("plain", (peer) => peer.closed);
      const connection = over([whole.subarray(0, BUFFER - 20), ...bytes]);
      expect(await receiveFile(connection, client.file, { length })).toBe(length);
      expect((await client.content()).equals(whole.subarray(0, length))).toBe(true);
    }
  });

  test.each([...transports])(
    "stops within what was there before it was called, over %s",
    async (transport) => {
      for (const length of [0, 5, 10]) {
        await using client = await fileSession(transport, sending(pattern(10)));
        const { framer } = client.connection.reader;
        while (framer.length < 10) await tick();
        expect(await receiveFile(client.connection, client.file, { length })).toBe(length);
        expect((await client.content()).equals(pattern(10).subarray(0, length))).toBe(true);
      }
    },
  );

  test("leaves what stands behind its part of the file", async () => {
    await using client = await fileSession("plain", sending(pattern(100)));
    await writeFile(client.path, "0123456789");
    expect(await receiveFile(client.connection, client.file, { position: 2, length: 4 })).toBe(4);
    const expected = Buffer.concat([Buffer.from("01"), pattern(4), Buffer.from("6789")]);
    expect((await client.content()).equals(expected)).toBe(true);
  });

  test("resolves to fewer when the peer has no more", async () => {
    await using client = await fileSession("plain", (peer) => peer.send(pattern(700_000)));
    expect(await receiveFile(client.connection, client.file, { length: 700_001 })).toBe(700_000);
    expect((await client.content()).equals(pattern(700_000))).toBe(true);
  });

  test.each([...transports])("has all of it from a disk that is slower than %s", async (transport) => {
    const length = 3 * BUFFER + 17;
    await using client = await fileSession(transport, sending(pattern(8_000_000)), {
      timeouts: { stall: 500 },
    });
    let intact = true;
    let writes = 0;
    replaceWrite(client.file, (write) => async (buffer, offset, count, position) => {
      const before = Buffer.from(buffer.subarray(offset, offset + count));
      writes += 1;
      // Once longer than the stall timeout, so that more could come and time could be up.
      await sleep(writes === 3 ? 800 : 1);
      intact &&= before.equals(buffer.subarray(offset, offset + count));
      return write(buffer, offset, Math.min(count, 400_000), position);
    });
    expect(await receiveFile(client.connection, client.file, { length })).toBe(length);
    expect(intact).toBe(true);
    expect((await client.content()).equals(pattern(length))).toBe(true);
  });
});

describe("a connection that breaks", () => {
  test("before all came fails the transfer, which knows how far it was", async () => {
    const { opened: all, open: breakOff } = gate();
    await using client = await fileSession("plain", async (peer) => {
      await peer.send(pattern(600_000));
      await all;
      peer.reset();
    });
    const receiving = outcome(receiveFile(client.connection, client.file, { length: 600_001 }));
    await arrived(client.connection, 600_000);
    breakOff();
    const error = await receiving;
    expect(error).toBeInstanceOf(ConnectionClosedError);
    const { bytesTransferred = -1 } = error as ConnectionClosedError;
    expect(bytesTransferred).toBeLessThanOrEqual(600_000);
    expect((await client.content()).equals(pattern(bytesTransferred))).toBe(true);
  });

  test.each(["the peer", "we"])(
    "behind it (by %s) does not matter, though the disk has not all of it",
    async (who) => {
      const { opened: all, open: breakOff } = gate();
      const { opened: released, open: release } = gate();
      await using client = await fileSession("plain", async (peer) => {
        await peer.send(pattern(300_000));
        await all;
        peer.reset();
      });
      replaceWrite(client.file, (write) => async (buffer, offset, length, position) => {
        await released;
        return write(buffer, offset, length, position);
      });
      const receiving = receiveFile(client.connection, client.file, { length: 300_000 });
      await arrived(client.connection, 300_000);
      if (who === "we") client.connection.destroy();
      breakOff();
      await client.server.settled();
      release();
      expect(await receiving).toBe(300_000);
      expect((await client.content()).equals(pattern(300_000))).toBe(true);
    },
  );

  test("stalls before all came, not behind it", async () => {
    const timeouts = { stall: 60 };
    await using client = await fileSession("plain", sending(pattern(1_000)), { timeouts });
    const error = await outcome(receiveFile(client.connection, client.file, { length: 1_001 }));
    expect(error).toBeInstanceOf(TimeoutError);
    const longer = { timeouts: { stall: 500 } };
    await using other = await fileSession("plain", sending(pattern(1_000)), longer);
    expect(await receiveFile(other.connection, other.file, { length: 1_000 })).toBe(1_000);
    await sleep(800);
    expect(other.connection.destroyed).toBe(false);
  });

  test("because the disk is full fails the transfer, although all came", async () => {
    await using client = await fileSession("plain", sending(pattern(2_000)));
    const full = Object.assign(new Error("no space left on device"), { code: "ENOSPC" });
    replaceWrite(client.file, () => () => Promise.reject(full));
    expect(await outcome(receiveFile(client.connection, client.file, { length: 1_000 }))).toBe(full);
    expect(client.connection.destroyed).toBe(true);
  });

  test("because of the last report of progress fails the transfer", async () => {
    const reason = new Error("enough");
    await using client = await fileSession("plain", sending(pattern(2_000)));
    const onProgress = (): never => {
      throw reason;
    };
    expect(await outcome(receiveFile(client.connection, client.file, { length: 1_000, onProgress }))).toBe(
      reason,
    );
    expect(client.connection.destroyed).toBe(true);
  });
});
