// The end of a server: no answer to a request that was read is lost, who waits is sent away, deadlines cut.
import { once } from "node:events";
import { connect as netConnect } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { connect as tlsConnect } from "node:tls";
import { afterEach, describe, expect, test } from "vitest";
import { type Connection, ConnectionClosedError } from "@netcli/core-transport";
import { createAuthority, failureOf, gate } from "@netcli/test-kit";
import { type ConnectionHandler, serve, type Server } from "../src/index.ts";
import { ask, dial } from "./dial.ts";
import { nothingLeft } from "./fault-leaks.ts";

afterEach(nothingLeft);

const MEBIBYTE = 1_048_576;
const LONG = { deadline: 20_000 };

const echo: ConnectionHandler = async (connection) => {
  for await (const line of connection.lines()) await connection.writeLine(line);
};

async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await new Promise(setImmediate);
}

/** What a promise has come to so far. */
async function isSettled(promise: Promise<unknown>): Promise<boolean> {
  const pending = Symbol("pending");
  for (let turns = 0; turns < 10; turns += 1) await new Promise(setImmediate);
  return (await Promise.race([promise, Promise.resolve(pending)])) !== pending;
}

describe("a server that shuts down", () => {
  test("ends connections that are idle at once, politely", async () => {
    const told: unknown[] = [];
    const server = await serve(
      async (connection) => {
        for await (const line of connection.lines()) await connection.writeLine(line);
        await connection.writeLine("bye");
      },
      { onError: (error) => void told.push(error) },
    );
    const clients = await Promise.all(Array.from({ length: 20 }, () => dial(server)));
    await Promise.all(clients.map((client) => ask(client, "hello")));
    const ending = server.shutdown(LONG);
    for (const client of clients) {
      expect([await client.readLine(), await client.readLine()]).toEqual(["bye", undefined]);
      await client.close();
    }
    await ending;
    expect(told).toEqual([]);
    expect(server.stats).toMatchObject({ active: 0, failed: 0, accepted: 20 });
  });

  test("has nobody to wait for where nobody is", async () => {
    const server = await serve(echo);
    await server.shutdown();
    await server.closed;
    await Promise.all([server.shutdown(), server.shutdown({ deadline: 1 })]);
    expect(await failureOf(dial(server))).toMatchObject({ name: "ConnectError", systemCode: "ECONNREFUSED" });
  });

  test("waits for the request that is being worked on, and takes no other", async () => {
    const { opened, open } = gate();
    const { opened: begun, open: begin } = gate();
    const handled: string[] = [];
    const server = await serve(async (connection) => {
      for await (const line of connection.lines()) {
        handled.push(line);
        begin();
        await opened;
        await connection.writeLine(`done: ${line}`);
      }
    });
    await using client = await dial(server);
    await client.writeLine("work");
    await begun;
    const ending = server.shutdown(LONG);
    expect(await isSettled(ending)).toBe(false);
    await client.writeLine("more");
    open();
    expect(await client.readLine()).toBe("done: work");
    const rest = await client.readToEnd().text();
    // What was in the kernel before the answer may have been received with it; nothing is answered twice.
    expect(["", "done: more\r\n"]).toContain(rest);
    expect(handled.length).toBe(rest === "" ? 1 : 2);
    await client.close();
    await ending;
  });

  test("takes the rest of what belongs to a request", async () => {
    const server = await serve(async (connection) => {
      for await (const line of connection.lines()) {
        await connection.writeLine(`354 ${line}`);
        await connection.writeLine(`250 ${await connection.readBlock().text()}`.trimEnd());
      }
    });
    await using client = await dial(server);
    expect(await ask(client, "DATA")).toBe("354 DATA");
    const ending = server.shutdown(LONG);
    expect(await isSettled(ending)).toBe(false);
    await client.writeBlock("the text\r\n");
    expect([await client.readLine(), await client.readLine()]).toEqual(["250 the text", undefined]);
    await client.close();
    await ending;
  });

  test("lets a slow client have all of its answer", async () => {
    const server = await serve(async (connection) => {
      for await (const _ of connection.lines()) await connection.write(Buffer.alloc(24 * MEBIBYTE, "x"));
    });
    await using client = await dial(server);
    await client.writeLine("all of it");
    await until(() => server.stats.bytesSent > 0);
    const ending = server.shutdown(LONG);
    expect(await isSettled(ending)).toBe(false);
    expect((await client.readToEnd().bytes()).length).toBe(24 * MEBIBYTE);
    await client.close();
    await ending;
  });

  test("sends away who waits for his turn, and says why", async () => {
    const server = await serve(echo, { maxConnections: 1, refusal: "421 shutting down" });
    await using first = await dial(server);
    expect(await ask(first, "hello")).toBe("hello");
    const waiting = await Promise.all([dial(server), dial(server)]);
    await until(() => server.stats.queued === 2);
    const ending = server.shutdown(LONG);
    expect(server.stats).toMatchObject({ queued: 0, refused: 2 });
    for (const client of waiting) {
      expect([await client.readLine(), await client.readLine()]).toEqual(["421 shutting down", undefined]);
      await client.close();
    }
    await first.close();
    await ending;
  });

  test("may be shut down by a handler", async () => {
    const server = await serve(async (connection, given) => {
      await connection.readLine();
      void given.shutdown(LONG);
      await connection.writeLine("shutting down");
    });
    await using client = await dial(server);
    expect(await ask(client, "SHUTDOWN")).toBe("shutting down");
    expect(await client.readLine()).toBeUndefined();
    await client.close();
    await server.closed;
  });
});

describe("a handshake that is under way when the server shuts down", () => {
  const authority = createAuthority();
  const tls = authority.issue();

  test("may be finished, and there is then no request to be read", async () => {
    const server = await serve(
      async (connection) => {
        for await (const _ of connection.lines()) expect.unreachable("a request was read");
        await connection.writeLine("421 shutting down");
      },
      { tls },
    );
    const socket = netConnect({ port: server.address.port, host: "127.0.0.1" });
    await until(() => server.stats.active === 1);
    const ending = server.shutdown(LONG);
    const client = tlsConnect({ socket, ca: authority.certificate, servername: "localhost" });
    const chunks: Buffer[] = [];
    client.on("data", (chunk: Buffer) => chunks.push(chunk));
    await once(client, "end");
    expect(Buffer.concat(chunks).toString()).toBe("421 shutting down\r\n");
    await ending;
  });

  test("is cut off at the deadline", async () => {
    const told: unknown[] = [];
    const server = await serve(() => expect.unreachable("the handler was called"), {
      tls,
      proxyProtocol: { trusted: ["127.0.0.2"] },
      onError: (error) => void told.push(error),
    });
    const sockets = ["127.0.0.1", "127.0.0.2"].map((localAddress) =>
      netConnect({ port: server.address.port, host: "127.0.0.1", localAddress }).on("error", () => undefined),
    );
    await until(() => server.stats.active === 2);
    await server.shutdown({ deadline: 50 });
    for (const socket of sockets) if (!socket.resume().closed) await once(socket, "close");
    expect(server.stats).toMatchObject({ active: 0, failed: 2 });
    expect(told).toEqual([expect.any(ConnectionClosedError), expect.any(ConnectionClosedError)]);
    expect(told[0]).toMatchObject({ message: "the server was shut down" });
  });
});

/** A server whose handler never ends, with a client that it serves. */
async function stuck(): Promise<{
  server: Server;
  client: Connection;
  told: unknown[];
  read: Promise<unknown>;
}> {
  const told: unknown[] = [];
  const { opened, open } = gate();
  let read: Promise<unknown> = Promise.resolve();
  const server = await serve(
    (connection) => {
      read = failureOf(connection.readExactly(1));
      open();
      return new Promise(() => undefined);
    },
    { onError: (error) => void told.push(error) },
  );
  const client = await dial(server);
  await opened;
  return { server, client, told, read };
}

describe("the deadline", () => {
  test("cuts off what is still open, and says so to the handler and to onError", async () => {
    const { server, client, told, read } = await stuck();
    const start = performance.now();
    await server.shutdown({ deadline: 80 });
    expect(performance.now() - start).toBeGreaterThan(75);
    await server.closed;
    const error = await read;
    expect(error).toBeInstanceOf(ConnectionClosedError);
    expect(error).toMatchObject({ message: "the server was shut down" });
    expect(told).toEqual([error]);
    await client.readLine().catch(() => undefined);
    await client.close();
  });

  test("can be made shorter by a second call, and not longer by a third", async () => {
    const { server, client } = await stuck();
    const start = performance.now();
    const calls = [server.shutdown({ deadline: Infinity }), server.shutdown({ deadline: 2 ** 31 })];
    await sleep(20);
    expect(await isSettled(server.closed)).toBe(false);
    calls.push(server.shutdown(LONG), server.shutdown({ deadline: 60 }), server.shutdown(LONG));
    calls.push(server.shutdown({ deadline: Infinity }), server.shutdown());
    await Promise.all(calls);
    expect(performance.now() - start).toBeLessThan(5_000);
    client.destroy();
  });

  test("may be now", async () => {
    const { server, client } = await stuck();
    await server.shutdown({ deadline: 0 });
    expect(server.stats.active).toBe(0);
    client.destroy();
  });

  test("counts for a client, too, that does not read or does not end its side", async () => {
    const server = await serve((connection) => connection.write(Buffer.alloc(24 * MEBIBYTE)), {
      timeouts: { idle: Infinity, close: Infinity },
      onError: () => undefined,
    });
    const deaf = netConnect(server.address.port, "127.0.0.1")
      .on("error", () => undefined)
      .pause();
    await until(() => server.stats.bytesSent > 0);
    await server.shutdown({ deadline: 50 });
    deaf.destroy();
    const other = await serve(() => undefined, { timeouts: { close: Infinity } });
    const stubborn = netConnect({ port: other.address.port, host: "127.0.0.1", allowHalfOpen: true });
    stubborn.on("error", () => undefined).resume();
    await once(stubborn, "end");
    expect(other.stats.active).toBe(1);
    await other.shutdown({ deadline: 50 });
    expect(other.stats).toMatchObject({ active: 0, failed: 0 });
    stubborn.destroy();
  });
});
