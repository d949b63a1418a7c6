// Who is served at the same time, who waits, and what those hear who are sent away.
import { once } from "node:events";
import { connect as netConnect, type Socket } from "node:net";
import { afterEach, describe, expect, test } from "vitest";
import type { Connection } from "@netcli/core-transport";
import { gate, selfSigned, tempDir } from "@netcli/test-kit";
import { type ConnectionHandler, serve, type Server, type ServeOptions } from "../src/index.ts";
import { ask, dial } from "./dial.ts";
import { nothingLeft } from "./fault-leaks.ts";

afterEach(nothingLeft);

const echo: ConnectionHandler = async (connection) => {
  for await (const line of connection.lines()) await connection.writeLine(line);
};

async function until(server: Server, holds: (stats: Server["stats"]) => boolean): Promise<void> {
  while (!holds(server.stats)) await new Promise(setImmediate);
}

/** A client that is being served. */
async function served(server: Server, localAddress?: string): Promise<Connection> {
  const client = await dial(server, { localAddress });
  expect(await ask(client, "hello")).toBe("hello");
  return client;
}

/** A client that waits. */
async function waiting(server: Server): Promise<Connection> {
  const { queued } = server.stats;
  const client = await dial(server);
  await until(server, (stats) => stats.queued > queued);
  return client;
}

/** All that a client hears who is sent away. */
async function heard(client: Connection): Promise<string> {
  const text = await client.readToEnd().text();
  await client.close();
  return text;
}

describe("clients beyond maxConnections", () => {
  test("wait, and are served in the order in which they came", async () => {
    await using server = await serve(echo, { maxConnections: 2 });
    const first = await served(server);
    await using _ = await served(server);
    const clients: Connection[] = [];
    for (let count = 0; count < 3; count += 1) clients.push(await waiting(server));
    for (const client of clients) await client.writeLine("me");
    expect(server.stats).toMatchObject({ accepted: 5, active: 2, queued: 3, refused: 0 });
    await first.close();
    for (const client of clients) {
      expect(await client.readLine()).toBe("me");
      expect(server.stats.active).toBe(2);
      await client.close();
    }
    await until(server, ({ active }) => active === 1);
  });

  test("are never served at the same time, however many come", async () => {
    let active = 0;
    let most = 0;
    await using server = await serve(
      async (connection) => {
        active += 1;
        most = Math.max(most, active);
        for (let turns = 0; turns < 10; turns += 1) await new Promise(setImmediate);
        await connection.writeLine((await connection.readLine()) ?? "");
        active -= 1;
      },
      { maxConnections: 5 },
    );
    const answers = Array.from({ length: 100 }, async (_, index) => {
      await using client = await dial(server);
      return await ask(client, `client ${index}`);
    });
    expect(await Promise.all(answers)).toEqual(answers.map((_, index) => `client ${index}`));
    expect(most).toBe(5);
    await until(server, (stats) => stats.active === 0);
    expect(server.stats).toMatchObject({ accepted: 100, queued: 0, refused: 0, failed: 0 });
  });

  test("have their turn also behind a handler that fails", async () => {
    await using server = await serve(
      async (connection) => {
        await connection.readLine();
        throw new Error("bug");
      },
      { maxConnections: 1, onError: () => undefined },
    );
    const clients = await Promise.all([dial(server), dial(server), dial(server)]);
    for (const client of clients) await client.writeLine("hello");
    expect(await Promise.all(clients.map(heard))).toEqual(["", "", ""]);
    expect(server.stats.failed).toBe(3);
  });

  test("are still served if they have ended their side, and not if they are gone", async () => {
    await using server = await serve(echo, { maxConnections: 1 });
    const first = await served(server);
    const second = await waiting(server);
    const third = await waiting(server);
    await second.writeLine("my last words");
    second.end();
    (third.socket as Socket).resetAndDestroy();
    await until(server, ({ queued }) => queued === 1);
    await first.close();
    expect(await heard(second)).toBe("my last words\r\n");
    await until(server, ({ active }) => active === 0);
    expect(server.stats).toMatchObject({ accepted: 3, failed: 0 });
  });

  test("are sent away where too many wait already, until one of them is gone", async () => {
    await using server = await serve(echo, { maxConnections: 1, maxQueued: 2, refusal: "421 too many" });
    await using _ = await served(server);
    const one = await waiting(server);
    const two = await waiting(server);
    expect(await heard(await dial(server))).toBe("421 too many\r\n");
    expect(server.stats).toMatchObject({ active: 1, queued: 2, refused: 1 });
    (one.socket as Socket).resetAndDestroy();
    await until(server, ({ queued }) => queued === 1);
    const three = await waiting(server);
    for (const client of [two, three]) client.destroy();
  });

  test("are sent away where none may wait, until there is room", async () => {
    await using server = await serve(echo, {
      maxConnections: 1,
      overflow: "refuse",
      refusal: "421 too many",
    });
    const first = await served(server);
    expect(await heard(await dial(server))).toBe("421 too many\r\n");
    await first.close();
    await until(server, ({ active }) => active === 0);
    await using _ = await served(server);
    expect(server.stats).toMatchObject({ accepted: 3, refused: 1 });
  });
});

describe("who is sent away", () => {
  const full: ServeOptions = { maxConnections: 1, overflow: "refuse" };

  /** A server that sends everybody away but one. */
  async function busy(options: ServeOptions): Promise<{ server: Server; free: () => void }> {
    const { opened, open } = gate();
    const server = await serve(() => opened, { tlsMode: "starttls", ...full, ...options });
    const first = await dial(server);
    await until(server, ({ active }) => active === 1);
    return {
      server,
      free: () => {
        open();
        first.destroy();
      },
    };
  }

  test.each<[string, ServeOptions, string]>([
    ["nothing without a refusal", {}, ""],
    ["the refusal", { refusal: "421 grün" }, "421 grün\r\n"],
    ["the refusal in clear before STARTTLS", { refusal: "421 busy", tls: selfSigned() }, "421 busy\r\n"],
    [
      "nothing where there is TLS from the start",
      { refusal: "x", tls: selfSigned(), tlsMode: "implicit" },
      "",
    ],
  ])("hears %s", async (_what, options, text) => {
    const { server, free } = await busy(options);
    expect(await heard(await dial(server))).toBe(text);
    free();
    await server.shutdown();
  });

  test("hears it even if he has sent much already", async () => {
    const { server, free } = await busy({ refusal: "421 busy" });
    for (let round = 0; round < 20; round += 1) {
      const client = await dial(server);
      await client.write(Buffer.alloc(1_000_000)).catch(() => undefined);
      expect(await heard(client)).toBe("421 busy\r\n");
    }
    free();
    await server.shutdown();
  });

  test("is cut off if he does not go", async () => {
    const { server, free } = await busy({ refusal: "421 busy", timeouts: { close: 50 } });
    const socket = netConnect({ port: server.address.port, host: "127.0.0.1", allowHalfOpen: true });
    socket.on("error", () => undefined).resume();
    const start = performance.now();
    const closed = new Promise((resolve) => {
      socket.once("close", resolve);
    });
    await once(socket, "end");
    // What is written to a connection that was cut is answered by a reset.
    const writing = setInterval(() => socket.write("still here"), 5);
    await closed;
    clearInterval(writing);
    expect(performance.now() - start).toBeGreaterThan(45);
    free();
    await server.shutdown();
  });

  test("has all the time he wants where the server says so", async () => {
    const { server, free } = await busy({ refusal: "421 busy", timeouts: { close: Infinity } });
    const socket = netConnect({ port: server.address.port, host: "127.0.0.1", allowHalfOpen: true });
    socket.on("error", () => undefined).resume();
    await once(socket, "end");
    for (let count = 0; count < 20; count += 1) {
      await new Promise((resolve) => {
        socket.write("still here", resolve);
      });
      await new Promise((resolve) => {
        setTimeout(resolve, 2);
      });
    }
    expect(socket.destroyed).toBe(false);
    socket.end();
    await once(socket, "close");
    expect(socket.errored).toBeNull();
    free();
    await server.shutdown();
  });
});

describe("maxPerAddress", () => {
  test.skipIf(process.platform !== "linux")("counts each client by itself", async () => {
    await using server = await serve(echo, { maxPerAddress: 2, refusal: "421 you again" });
    const one = await served(server);
    await using two = await served(server);
    expect(await heard(await dial(server))).toBe("421 you again\r\n");
    await using other = await served(server, "127.0.0.2");
    await one.close();
    await until(server, ({ active }) => active === 2);
    await using three = await served(server);
    expect(await heard(await dial(server))).toBe("421 you again\r\n");
    expect(server.stats).toMatchObject({ accepted: 6, refused: 2, active: 3 });
    for (const client of [two, three, other]) expect(await ask(client, "still here")).toBe("still here");
  });

  test("counts those who wait, until they are gone", async () => {
    await using server = await serve(echo, { maxConnections: 1, maxPerAddress: 2 });
    const first = await served(server);
    const second = await waiting(server);
    expect(await heard(await dial(server))).toBe("");
    (second.socket as Socket).resetAndDestroy();
    await until(server, ({ queued }) => queued === 0);
    const third = await waiting(server);
    await first.close();
    expect(await ask(third, "hello")).toBe("hello");
    await using fourth = await waiting(server);
    expect(await heard(await dial(server))).toBe("");
    await third.close();
    expect(await ask(fourth, "hello")).toBe("hello");
  });

  test("counts nobody by a Unix socket, where nobody has an address", async () => {
    await using directory = await tempDir();
    await using server = await serve(echo, { path: directory.file("socket"), maxPerAddress: 1 });
    const clients = [await served(server), await served(server)];
    expect(server.stats).toMatchObject({ active: 2, refused: 0 });
    for (const client of clients) await client.close();
  });
});
