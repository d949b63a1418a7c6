// Many small writes are few writes to the socket; who writes waits for a peer that does not read; `flush`, `setStall`.
import { once } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import { connect as tlsConnect } from "node:tls";
import { afterEach, describe, expect, test } from "vitest";
import { failureOf } from "@netcli/test-kit";
import { ArgumentError, Connection, ConnectionClosedError, TimeoutError } from "../src/index.ts";
import { acceptedConnection, type Pair, send, turns } from "./accepted.ts";
import { noSocketLeft } from "./leaks.ts";
import { bytesReceived, identity, pattern, streamPair, trust } from "./peers.ts";

afterEach(noSocketLeft);

const MEBIBYTE = 1_048_576;

/** A connection over a pipe, and each write that arrives at its other end. */
function piped(): { connection: Connection; writes: string[]; say: (text: string) => void } {
  const [near, far] = streamPair();
  const writes: string[] = [];
  far.on("data", (chunk: Buffer) => writes.push(chunk.toString()));
  return { connection: Connection.over(near), writes, say: (text) => void far.write(text) };
}

/** Reads all that comes, up to the end of our side. */
async function readAll(client: Pair["client"]): Promise<Buffer> {
  const chunks: Buffer[] = [];
  client.on("data", (chunk: Buffer) => chunks.push(chunk)).resume();
  if (!client.readableEnded) await once(client, "end");
  return Buffer.concat(chunks);
}

describe("lines", () => {
  test("that are written in one turn go out in one write", async () => {
    const { connection, writes } = piped();
    const lines = Array.from({ length: 1_000 }, (_, index) => `line ${index}`);
    for (const line of lines) void connection.writeLine(line);
    await turns();
    expect(writes).toEqual([lines.map((line) => `${line}\r\n`).join("")]);
  });

  test("that each follow a line that was there already go out in one write", async () => {
    const { connection, writes, say } = piped();
    const lines = Array.from({ length: 1_000 }, (_, index) => `line ${index}`);
    const answering = (async () => {
      for await (const line of connection.lines()) await connection.writeLine(line);
    })();
    say(lines.map((line) => `${line}\r\n`).join(""));
    await turns();
    expect(writes).toEqual([lines.map((line) => `${line}\r\n`).join("")]);
    connection.destroy();
    await failureOf(answering);
  });

  test("that are written in turns of their own go out at once, each by itself", async () => {
    const { connection, writes } = piped();
    for (const line of ["one", "two", "three"]) {
      await connection.writeLine(line);
      await turns();
    }
    expect(writes).toEqual(["one\r\n", "two\r\n", "three\r\n"]);
  });

  test("stay in order with bytes and content between them", async () => {
    const { connection, writes } = piped();
    void connection.writeLine("one");
    void connection.write(Buffer.from("2\r\n"));
    await connection.writeContent("three\r\n");
    void connection.writeLine("four");
    await connection.writeBlock(".five");
    await connection.writeLine("six");
    await connection.flush();
    await turns();
    expect(writes.join("")).toBe("one\r\n2\r\nthree\r\nfour\r\n..five\r\n.\r\nsix\r\n");
  });

  test("that were written behind the end of our side are refused, those before it are not lost", async () => {
    const { connection, writes } = piped();
    void connection.writeLine("one");
    connection.end();
    expect(await failureOf(connection.writeLine("two"))).toBeInstanceOf(ConnectionClosedError);
    await turns();
    expect(writes).toEqual(["one\r\n"]);
  });
});

describe.each(["plain", "TLS"])("a client that does not read, %s,", (kind) => {
  test("stops who awaits his writes, with little in memory, and gets all once it reads", async () => {
    await using pair = await acceptedConnection({ timeouts: { stall: Infinity } });
    const { connection } = pair;
    let { client } = pair;
    if (kind === "TLS") {
      client = tlsConnect({ ...trust, socket: client, servername: "localhost" }).pause();
      await connection.acceptTls(identity);
    }
    const line = "x".repeat(998);
    const total = (24 * MEBIBYTE) / 1_000;
    let written = 0;
    let most = 0;
    const writing = (async () => {
      for (; written < total; written += 1) {
        await connection.writeLine(line);
        most = Math.max(most, connection.socket.writableLength);
      }
    })();
    let before = -1;
    while (before !== written) {
      before = written;
      await turns();
    }
    expect(written).toBeLessThan(total * 0.9);
    const reading = readAll(client);
    await writing;
    connection.end();
    expect((await reading).length).toBe(Math.ceil(total) * 1_000);
    expect(most).toBeLessThan(4 * 65_536);
    client.destroy();
  });
});

test("a write that waits when our side is ended resolves when all was taken, and is not held against anybody", async () => {
  await using pair = await acceptedConnection({ timeouts: { stall: 100 } });
  const { connection, client } = pair;
  const writing = connection.write(pattern(24 * MEBIBYTE));
  connection.end();
  const reading = readAll(client);
  await writing;
  expect((await reading).length).toBe(24 * MEBIBYTE);
  await sleep(250);
  await send(client, "thanks\r\n");
  expect(await connection.readLine()).toBe("thanks");
});

describe("flush", () => {
  test("resolves at once where nothing was written", async () => {
    await using pair = await acceptedConnection();
    const { connection, client } = pair;
    await connection.flush();
    connection.end();
    await connection.flush();
    expect((await readAll(client)).length).toBe(0);
  });

  test.each([false, true])("resolves when the kernel has all; our side ended meanwhile: %s", async (ends) => {
    await using pair = await acceptedConnection({ timeouts: { stall: Infinity } });
    const { connection, client } = pair;
    void connection.write(pattern(24 * MEBIBYTE));
    void connection.writeLine("behind it");
    if (ends) connection.end();
    let flushed = false;
    const flushing = connection.flush().then(() => (flushed = true));
    await turns();
    expect(flushed).toBe(false);
    const reading = readAll(client);
    await flushing;
    expect(connection.socket.writableLength).toBe(0);
    connection.end();
    expect((await reading).length).toBe(24 * MEBIBYTE + 11);
  });

  test("waits for the handshake that is under way", async () => {
    await using pair = await acceptedConnection();
    const { connection, client } = pair;
    const accepting = connection.acceptTls(identity);
    void connection.writeLine("220 hello");
    let flushed = false;
    const flushing = connection.flush().then(() => (flushed = true));
    await turns();
    expect(flushed).toBe(false);
    const secured = tlsConnect({ ...trust, socket: client, servername: "localhost" });
    await Promise.all([accepting, flushing]);
    expect(String(await once(secured, "data"))).toBe("220 hello\r\n");
    secured.destroy();
  });

  test("rejects when the connection breaks, and afterwards", async () => {
    await using pair = await acceptedConnection({ timeouts: { stall: Infinity } });
    const { connection, client } = pair;
    const writing = failureOf(connection.write(pattern(24 * MEBIBYTE)));
    const flushing = failureOf(connection.flush());
    await turns();
    client.resetAndDestroy();
    expect(await flushing).toBeInstanceOf(ConnectionClosedError);
    expect(await writing).toBeInstanceOf(ConnectionClosedError);
    await connection.closed;
    expect(await failureOf(connection.flush())).toBeInstanceOf(ConnectionClosedError);
  });

  test("blames a client that takes nothing", async () => {
    await using pair = await acceptedConnection({ timeouts: { stall: 80 } });
    void pair.connection.write(pattern(24 * MEBIBYTE)).catch(() => undefined);
    expect(await failureOf(pair.connection.flush())).toBeInstanceOf(TimeoutError);
  });
});

describe("setStall", () => {
  test("counts from the next wait on, for lines and for bytes", async () => {
    await using pair = await acceptedConnection({ timeouts: { stall: Infinity } });
    const { connection, client } = pair;
    const first = connection.readLine();
    connection.setStall(50);
    expect(connection.timeouts.stall).toBe(50);
    await sleep(100);
    await send(client, "late\r\n");
    expect(await first).toBe("late");
    const error = await failureOf(connection.readLine());
    expect(error).toMatchObject({ name: "TimeoutError", phase: "stall", milliseconds: 50 });
  });

  test("can switch the timeout off while a write waits, and it does not strike later", async () => {
    await using pair = await acceptedConnection({ timeouts: { stall: 100 } });
    const { connection, client } = pair;
    const writing = connection.write(pattern(24 * MEBIBYTE));
    connection.setStall(Infinity);
    const reading = readAll(client);
    await writing;
    await connection.flush();
    await sleep(250);
    expect(connection.destroyed).toBe(false);
    connection.end();
    expect((await reading).length).toBe(24 * MEBIBYTE);
  });

  test("refuses what is no time, and keeps what was set", async () => {
    await using pair = await acceptedConnection({ timeouts: { stall: 1_234 } });
    for (const wrong of [0, -1, NaN]) expect(() => pair.connection.setStall(wrong)).toThrow(ArgumentError);
    expect(pair.connection.timeouts.stall).toBe(1_234);
    await send(pair.client, "x");
    await bytesReceived(pair.connection, 1);
  });

  test("leaves other connections alone", async () => {
    await using one = await acceptedConnection({ timeouts: { stall: 1_234 } });
    await using two = await acceptedConnection({ timeouts: { stall: 1_234 } });
    one.connection.setStall(50);
    expect(two.connection.timeouts.stall).toBe(1_234);
  });
});
