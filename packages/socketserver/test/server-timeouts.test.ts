// How long a client may take: for its handshake, within a conversation, for a handler, in all, and to go.
import { once } from "node:events";
import { connect as netConnect, type Socket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, describe, expect, test } from "vitest";
import { TimeoutError } from "@netcli/core-transport";
import { failureOf, gate, selfSigned } from "@netcli/test-kit";
import { type ConnectionHandler, serve, type Server, type ServeOptions } from "../src/index.ts";
import { dial } from "./dial.ts";
import { nothingLeft } from "./fault-leaks.ts";

afterEach(nothingLeft);

const MEBIBYTE = 1_048_576;

/** A server, and what its `onError` is told first. */
async function watched(
  handler: ConnectionHandler,
  options: ServeOptions,
): Promise<{ server: Server; told: unknown[]; failed: Promise<unknown> }> {
  const told: unknown[] = [];
  const { opened, open } = gate();
  const onError = (error: unknown): void => {
    told.push(error);
    open();
  };
  const server = await serve(handler, { ...options, onError });
  return { server, told, failed: opened.then(() => told[0]) };
}

/** A client that does nothing by itself, not even read. */
async function bare(server: Server): Promise<Socket> {
  const socket = netConnect({ port: server.address.port, host: "127.0.0.1", allowHalfOpen: true }).pause();
  socket.on("error", () => undefined);
  await once(socket, "connect");
  return socket;
}

async function until(server: Server, holds: (stats: Server["stats"]) => boolean): Promise<void> {
  while (!holds(server.stats)) await new Promise(setImmediate);
}

const echo: ConnectionHandler = async (connection) => {
  for await (const line of connection.lines()) await connection.writeLine(line);
};

describe("timeouts.idle", () => {
  test("strikes where a client says nothing although the handler waits for it", async () => {
    const { server, failed, told } = await watched(echo, { timeouts: { idle: 80 } });
    await using _ = server;
    const socket = await bare(server);
    const start = performance.now();
    const error = await failed;
    expect(performance.now() - start).toBeGreaterThan(70);
    expect(error).toBeInstanceOf(TimeoutError);
    expect(error).toMatchObject({
      phase: "stall",
      milliseconds: 80,
      message: "the peer sent nothing for 80 ms",
    });
    await sleep(20);
    expect(told).toHaveLength(1);
    expect(server.stats).toMatchObject({ active: 0, failed: 1 });
    socket.destroy();
  });

  test("strikes where a line takes longer from its first byte to its last, however it drips", async () => {
    const { server, failed } = await watched(echo, { timeouts: { idle: 150 } });
    await using _ = server;
    const socket = await bare(server);
    const dripping = setInterval(() => socket.write("x"), 30);
    expect(await failed).toMatchObject({ message: "the peer did not end its line within 150 ms" });
    clearInterval(dripping);
    socket.destroy();
  });

  test("strikes where a client does not read what it gets", async () => {
    const { server, failed } = await watched((connection) => connection.write(Buffer.alloc(32 * MEBIBYTE)), {
      timeouts: { idle: 80 },
    });
    await using _ = server;
    const socket = await bare(server);
    expect(await failed).toMatchObject({ phase: "stall", message: "the peer took no byte for 80 ms" });
    socket.destroy();
  });

  test("does not strike while nobody waits for the client, or as long as it says something", async () => {
    const { server, told } = await watched(
      async (connection) => {
        await sleep(250);
        for await (const line of connection.lines()) await connection.writeLine(line);
      },
      { timeouts: { idle: 120 } },
    );
    await using _ = server;
    await using client = await dial(server);
    for (let count = 0; count < 6; count += 1) {
      await sleep(50);
      await client.writeLine(`line ${count}`);
    }
    expect(await client.readLine()).toBe("line 0");
    expect(told).toEqual([]);
  });

  test("gives way to what the handler sets", async () => {
    const { server, failed } = await watched(
      async (connection) => {
        connection.setStall(60);
        await connection.readLine();
      },
      { timeouts: { idle: 20_000 } },
    );
    await using _ = server;
    const socket = await bare(server);
    expect(await failed).toMatchObject({ phase: "stall", milliseconds: 60 });
    socket.destroy();
  });
});

describe("timeouts.handler", () => {
  test("cuts off a handler that takes too long, once, whatever it does", async () => {
    let read: Promise<unknown> = Promise.resolve();
    const { opened, open } = gate();
    const { server, failed, told } = await watched(
      async (connection) => {
        await connection.writeLine("220 hello");
        read = failureOf(connection.readLine());
        await opened;
        throw new Error("much later");
      },
      { timeouts: { handler: 80 } },
    );
    await using _ = server;
    const start = performance.now();
    await using client = await dial(server);
    expect(await client.readLine()).toBe("220 hello");
    const error = await failed;
    expect(performance.now() - start).toBeGreaterThan(75);
    expect(error).toBeInstanceOf(TimeoutError);
    expect(error).toMatchObject({ phase: "handler", message: "the handler took longer than 80 ms" });
    expect(await read).toBe(error);
    await client.closed.catch(() => undefined);
    open();
    await sleep(20);
    expect(told).toEqual([error]);
    expect(server.stats).toMatchObject({ active: 0, failed: 1 });
  });

  test("leaves alone who is in time, also while he has to be closed", async () => {
    const { server, told } = await watched((connection) => connection.writeLine("220 hello"), {
      timeouts: { handler: 60 },
    });
    await using _ = server;
    const socket = await bare(server);
    await sleep(150);
    expect(server.stats).toMatchObject({ active: 1, failed: 0 });
    socket.end().resume();
    await once(socket, "close");
    expect(told).toEqual([]);
  });

  test("begins behind the handshake", async () => {
    const { server, told } = await watched((connection) => connection.writeLine("220 hello"), {
      tls: selfSigned(),
      timeouts: { handler: 100 },
    });
    await using _ = server;
    await using client = await dial(server);
    await sleep(150);
    await client.startTls({ insecure: true });
    expect(await client.readLine()).toBe("220 hello");
    expect(told).toEqual([]);
  });
});

describe("timeouts.total", () => {
  test("cuts off a connection that lasts too long, though it is never idle", async () => {
    const { server, failed } = await watched(echo, { timeouts: { total: 120 } });
    await using _ = server;
    await using client = await dial(server);
    const start = performance.now();
    const talking = failureOf(
      (async () => {
        for (;;) {
          await client.writeLine("hello");
          if ((await client.readLine()) === undefined) throw new Error("over");
        }
      })(),
    );
    const error = await failed;
    expect(performance.now() - start).toBeGreaterThan(100);
    expect(error).toBeInstanceOf(TimeoutError);
    expect(error).toMatchObject({ phase: "total", message: "the connection lasted longer than 120 ms" });
    await talking;
  });

  test("counts the handshake, and the time to go", async () => {
    const { server, failed } = await watched(echo, {
      tls: selfSigned(),
      timeouts: { total: 80, handshake: 20_000 },
    });
    await using _ = server;
    const silent = await bare(server);
    expect(await failed).toMatchObject({ phase: "total" });
    silent.destroy();
    const other = await watched(() => undefined, { timeouts: { total: 80, close: 20_000 } });
    const stubborn = await bare(other.server);
    await once(stubborn.resume(), "end");
    await until(other.server, ({ active }) => active === 0);
    // The handler was done in time.
    expect(other.told).toEqual([]);
    stubborn.destroy();
    await other.server.shutdown();
  });
});

describe("timeouts.handshake", () => {
  test.each<[string, (socket: Socket) => unknown]>([
    ["says nothing", () => undefined],
    [
      "drips the first bytes of a handshake",
      (socket) => {
        const hello = Buffer.from("1603010200010001fc0303".padEnd(200, "0"), "hex");
        let at = 0;
        const drip = setInterval(() => socket.write(hello.subarray(at, (at += 1))), 5);
        socket.once("close", () => clearInterval(drip));
      },
    ],
  ])("cuts off a client that %s", async (_what, act) => {
    const { server, failed } = await watched(() => expect.unreachable("the handler was called"), {
      tls: selfSigned(),
      timeouts: { handshake: 100 },
    });
    await using _ = server;
    const socket = await bare(server);
    act(socket);
    const error = await failed;
    expect(error).toBeInstanceOf(TimeoutError);
    expect(error).toMatchObject({ phase: "handshake", milliseconds: 100 });
    socket.destroy();
  });

  test("counts for a handler that changes over to TLS, too", async () => {
    const { server, failed } = await watched((connection, { tls = {} }) => connection.acceptTls(tls), {
      tls: selfSigned(),
      tlsMode: "starttls",
      timeouts: { handshake: 80 },
    });
    await using _ = server;
    const socket = await bare(server);
    expect(await failed).toMatchObject({ name: "TimeoutError", phase: "tls", milliseconds: 80 });
    socket.destroy();
  });
});

describe("timeouts.close", () => {
  test("cuts off a client that does not end its side, and is no failure", async () => {
    const { server, told } = await watched((connection) => connection.writeLine("221 bye"), {
      timeouts: { close: 80 },
    });
    await using _ = server;
    const socket = await bare(server);
    const start = performance.now();
    await until(server, ({ accepted, active }) => accepted === 1 && active === 0);
    expect(performance.now() - start).toBeGreaterThan(70);
    // Less than the default.
    expect(performance.now() - start).toBeLessThan(1_500);
    expect(String(await once(socket.resume(), "data"))).toBe("221 bye\r\n");
    expect(told).toEqual([]);
    socket.destroy();
  });
});
