// File transfers that fail: the error says why and how far, the connection is gone, and nothing is written any more.
import { gate } from "@netcli/test-kit";
import { writeFile } from "node:fs/promises";
import { Duplex } from "node:stream";
import { setTimeout as sleep } from "node:timers/promises";
import type { ScriptedPeer } from "@netcli/test-kit";
import { describe, expect, test } from "vitest";
import { Connection, ConnectionClosedError, receiveFile, sendFile, TimeoutError } from "../src/index.ts";
import { fileSession, pattern, replaceWrite } from "./files.ts";
import { outcome, refuseUnhandled } from "./grammars.ts";

refuseUnhandled();

/** Sends bytes, and then nothing until the client goes. */
function sending(bytes: Buffer) {
  return async (peer: ScriptedPeer): Promise<void> => {
    await peer.send(bytes).catch(() => undefined);
    await peer.closed;
  };
}

async function endless(peer: ScriptedPeer): Promise<void> {
  const chunk = pattern(65_536);
  for (;;) {
    const gone = await Promise.race([peer.closed.then(() => true), peer.send(chunk).catch(() => true)]);
    if (gone === true) return;
  }
}

const reason = new Error("enough");

describe("receiving a file fails", () => {
  test.each([
    ["before the first byte", 0],
    ["behind some bytes", 300_000],
  ])("when the peer stalls %s", async (_when, size) => {
    const timeouts = { stall: 60 };
    await using client = await fileSession("plain", sending(pattern(size)), { timeouts });
    const error = await outcome(receiveFile(client.connection, client.file));
    expect(error).toBeInstanceOf(TimeoutError);
    expect(error).toMatchObject({ phase: "stall", milliseconds: 60 });
    const { bytesTransferred = -1 } = error as TimeoutError;
    expect((await client.content()).equals(pattern(size).subarray(0, bytesTransferred))).toBe(true);
    expect(client.connection.destroyed).toBe(true);
  });

  test("when the connection is reset, but not before all that had come is written", async () => {
    const { opened: writing, open: begin } = gate();
    const { opened: released, open: release } = gate();
    await using client = await fileSession("plain", async (peer) => {
      await peer.send(pattern(2_000_000)).catch(() => undefined);
      await writing;
      peer.reset();
    });
    let writes = 0;
    replaceWrite(client.file, (write) => async (buffer, offset, length, position) => {
      writes += 1;
      begin();
      await released;
      return write(buffer, offset, length, position);
    });
    let settled = false;
    const receiving = outcome(receiveFile(client.connection, client.file)).finally(() => {
      settled = true;
    });
    await client.connection.closed;
    await sleep(10);
    expect([settled, writes]).toEqual([false, 1]);
    release();
    const error = await receiving;
    expect(error).toBeInstanceOf(ConnectionClosedError);
    expect(error).toMatchObject({ cause: { code: "ECONNRESET" } });
    expect((error as ConnectionClosedError).bytesTransferred).toBeGreaterThan(0);
    const content = await client.content();
    expect(content).toHaveLength((error as ConnectionClosedError).bytesTransferred ?? -1);
    expect(content.equals(pattern(content.length))).toBe(true);
    expect(writes).toBe(2);
  });

  test("when it is given up in onProgress, and each byte that had come is where it belongs", async () => {
    await using client = await fileSession("plain", (peer) => peer.closed);
    const whole = pattern(3_000_000);
    const chunks = [
      whole.subarray(0, 100_000),
      whole.subarray(100_000, 1_900_000),
      whole.subarray(1_900_000),
    ];
    const stream = new Duplex({
      read() {
        this.push(chunks.shift() ?? null);
      },
    });
    const controller = new AbortController();
    const options = { onProgress: () => controller.abort(reason), signal: controller.signal };
    const connection = Connection.over(stream);
    expect(await outcome(receiveFile(connection, client.file, options))).toBe(reason);
    const content = await client.content();
    expect(content.length).toBeGreaterThan(100_000);
    expect(content.equals(whole.subarray(0, content.length))).toBe(true);
  });

  test("when the disk is full, with the disk's error", async () => {
    await using client = await fileSession("plain", endless);
    const full = Object.assign(new Error("no space left on device"), { code: "ENOSPC" });
    let writes = 0;
    replaceWrite(client.file, (write) => (buffer, offset, length, position) => {
      writes += 1;
      return writes < 3 ? write(buffer, offset, length, position) : Promise.reject(full);
    });
    expect(await outcome(receiveFile(client.connection, client.file))).toBe(full);
    expect(client.connection.destroyed).toBe(true);
    await client.server.settled();
    expect(writes).toBe(3);
  });

  test("when the file is closed meanwhile", async () => {
    await using client = await fileSession("plain", endless);
    let closing: Promise<void> | undefined;
    const onProgress = (): void => void (closing ??= client.file.close());
    const error = await outcome(receiveFile(client.connection, client.file, { onProgress }));
    expect(error).toMatchObject({ code: "EBADF" });
    expect(client.connection.destroyed).toBe(true);
    await closing;
  });

  test("when its caller's onProgress throws", async () => {
    await using client = await fileSession("plain", endless);
    const onProgress = (): never => {
      throw reason;
    };
    expect(await outcome(receiveFile(client.connection, client.file, { onProgress }))).toBe(reason);
    expect(client.connection.destroyed).toBe(true);
  });

  test.each([
    ["before", "plain"],
    ["meanwhile", "plain"],
    ["meanwhile", "implicit TLS"],
  ] as const)("with the signal's reason when that is aborted %s, over %s", async (when, transport) => {
    await using client = await fileSession(transport, endless);
    const controller = new AbortController();
    if (when === "before") controller.abort(reason);
    const onProgress = (bytes: number): void => {
      if (bytes > 1_000_000) controller.abort(reason);
    };
    const options = { signal: controller.signal, onProgress };
    expect(await outcome(receiveFile(client.connection, client.file, options))).toBe(reason);
    expect(client.connection.destroyed).toBe(true);
  });

  test("when the connection was lost before", async () => {
    const { opened: connected, open: go } = gate();
    await using client = await fileSession("plain", async (peer) => {
      await connected;
      peer.reset();
      await peer.closed;
    });
    go();
    await client.connection.closed;
    const error = await outcome(receiveFile(client.connection, client.file));
    expect(error).toBeInstanceOf(ConnectionClosedError);
    expect(error).toMatchObject({ bytesTransferred: 0 });
  });
});

describe("sending a file fails", () => {
  const size = 32 * 1_048_576;

  test("when the peer takes nothing", async () => {
    const script = async (peer: ScriptedPeer): Promise<void> => {
      const socket = peer.handOver();
      await released;
      socket.destroy();
    };
    const { opened: released, open: release } = gate();
    await using client = await fileSession("plain", script, { timeouts: { stall: 80 } });
    await writeFile(client.path, pattern(size));
    const error = await outcome(sendFile(client.connection, client.file));
    release();
    expect(error).toBeInstanceOf(TimeoutError);
    expect(error).toMatchObject({ phase: "stall", milliseconds: 80 });
    expect((error as TimeoutError).bytesTransferred).toBeGreaterThan(0);
    expect((error as TimeoutError).bytesTransferred).toBeLessThan(size);
    expect(client.connection.destroyed).toBe(true);
  });

  test.each([
    ["closes", "close"],
    ["resets", "reset"],
  ] as const)("when the peer %s the connection", async (_what, how) => {
    await using client = await fileSession("plain", async (peer) => {
      await peer.read(400_000);
      peer[how]();
    });
    await writeFile(client.path, pattern(size));
    const error = await outcome(sendFile(client.connection, client.file));
    expect(error).toBeInstanceOf(ConnectionClosedError);
    expect((error as ConnectionClosedError).bytesTransferred).toBeLessThan(size);
    expect(client.connection.destroyed).toBe(true);
  });

  test("when the file can't be read", async () => {
    await using client = await fileSession("plain", (peer) => peer.closed);
    await writeFile(client.path, pattern(size));
    await client.file.close();
    expect(await outcome(sendFile(client.connection, client.file))).toMatchObject({ code: "EBADF" });
    expect(client.connection.destroyed).toBe(true);
  });

  test.each([["before"], ["meanwhile"]])("with the signal's reason when that is aborted %s", async (when) => {
    await using client = await fileSession("plain", (peer) => peer.closed);
    await writeFile(client.path, pattern(size));
    const controller = new AbortController();
    if (when === "before") controller.abort(reason);
    const onProgress = (bytes: number): void => {
      if (bytes > 1_000_000) controller.abort(reason);
    };
    const options = { signal: controller.signal, onProgress };
    expect(await outcome(sendFile(client.connection, client.file, options))).toBe(reason);
    expect(client.connection.destroyed).toBe(true);
    await client.server.settled();
    expect(client.server.received.length).toBeLessThan(when === "before" ? 1 : size);
  });
});
