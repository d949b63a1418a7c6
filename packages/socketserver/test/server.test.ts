// A function for each connection: what it gets, what becomes of what it writes and throws, what a server says of itself.
import { getEventListeners } from "node:events";
import type { Socket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, describe, expect, test, vi } from "vitest";
import { type Connection, ConnectionClosedError, ProtocolError } from "@netcli/core-transport";
import { failureOf, gate, tempDir } from "@netcli/test-kit";
import { type ConnectionHandler, serve, type Server, type ServeOptions } from "../src/index.ts";
import { ask, dial } from "./dial.ts";
import { nothingLeft } from "./fault-leaks.ts";

afterEach(async () => {
  vi.restoreAllMocks();
  await nothingLeft();
});

const MEBIBYTE = 1_048_576;

const echo: ConnectionHandler = async (connection) => {
  for await (const line of connection.lines()) await connection.writeLine(line);
};

/** Waits until a server's numbers are these. */
async function until(server: Server, holds: (stats: Server["stats"]) => boolean): Promise<void> {
  while (!holds(server.stats)) await new Promise(setImmediate);
}

describe("a handler", () => {
  test("gets the connection and the server, once for each connection", async () => {
    const calls: unknown[][] = [];
    await using server = await serve((...args) => void calls.push(args));
    for (let count = 0; count < 3; count += 1) {
      await using client = await dial(server);
      expect(await client.readLine()).toBeUndefined();
    }
    expect(calls.map(([, given]) => given)).toEqual([server, server, server]);
    expect(new Set(calls.map(([connection]) => connection)).size).toBe(3);
  });

  test.each<[string, ConnectionHandler]>([
    ["is done at once", (connection) => void connection.writeLine("bye")],
    ["is async", async (connection) => connection.writeLine("bye")],
    [
      "gives something to be waited for",
      (connection) => ({
        // What is no Promise may still be awaited.
        // oxlint-disable-next-line unicorn/no-thenable
        then: (done: () => void) => void setImmediate(() => void connection.writeLine("bye").then(done)),
      }),
    ],
  ])("that %s has what it wrote delivered, and its connection closed", async (_what, handler) => {
    await using server = await serve(handler);
    await using client = await dial(server);
    expect([await client.readLine(), await client.readLine()]).toEqual(["bye", undefined]);
  });

  test("may answer a client that has ended its side already", async () => {
    await using server = await serve(async (connection) => {
      const request = await connection.readToEnd().text();
      await connection.writeLine(`you said ${request}`);
    });
    await using client = await dial(server);
    await client.write("hello");
    client.end();
    expect(await client.readLine()).toBe("you said hello");
  });

  test("need not read what the client sends, who gets the whole answer nevertheless", async () => {
    await using server = await serve((connection) => connection.writeLine("421 busy"));
    await using client = await dial(server);
    await client.write(Buffer.alloc(MEBIBYTE));
    expect([await client.readLine(), await client.readLine()]).toEqual(["421 busy", undefined]);
  });

  test("may be done long before a client begins to read what it wrote", async () => {
    // The time to go begins when the kernel has all.
    await using server = await serve(
      (connection) => void connection.write(Buffer.alloc(24 * MEBIBYTE, "x")),
      {
        timeouts: { close: 50 },
      },
    );
    await using client = await dial(server);
    await until(server, ({ bytesSent }) => bytesSent > 0);
    await sleep(150);
    expect((await client.readToEnd().bytes()).length).toBe(24 * MEBIBYTE);
    await until(server, ({ active }) => active === 0);
    expect(server.stats.failed).toBe(0);
  });

  const failures: [string, ConnectionHandler][] = [
    [
      "throws",
      () => {
        throw new RangeError("bug");
      },
    ],
    [
      "rejects",
      async () => {
        throw new RangeError("bug");
      },
    ],
    [
      "rejects behind what it wrote",
      async (connection) => {
        await connection.writeLine("so far");
        throw new RangeError("bug");
      },
    ],
  ];

  test.each(failures)("that %s is told, and the server goes on", async (what, handler) => {
    const told: [unknown, Connection | undefined][] = [];
    const handlers = [handler, echo];
    await using server = await serve((...args) => handlers.shift()?.(...args), {
      onError: (...args) => void told.push(args),
    });
    await using client = await dial(server);
    const text = await client.readToEnd().text();
    expect(text).toBe(what.includes("wrote") ? "so far\r\n" : "");
    expect(told).toMatchObject([[{ name: "RangeError" }, { remoteAddress: "127.0.0.1" }]]);
    expect(server.stats.failed).toBe(1);
    await using other = await dial(server);
    expect(await ask(other, "hello")).toBe("hello");
  });

  test.each([undefined, null, "text", 5])("may reject with anything: %s", async (reason) => {
    const told: unknown[] = [];
    await using server = await serve(() => Promise.reject(reason), {
      onError: (error) => void told.push(error),
    });
    await using client = await dial(server);
    expect(await client.readLine()).toBeUndefined();
    expect(told).toEqual([reason]);
  });

  test("that never ends is waited for, until its client is cut off", async () => {
    const { opened, open } = gate();
    const told: unknown[] = [];
    const server = await serve(
      () => {
        open();
        return new Promise(() => undefined);
      },
      { onError: (error) => void told.push(error) },
    );
    await using client = await dial(server);
    await opened;
    client.destroy();
    await client.closed;
    expect(server.stats.active).toBe(1);
    await server.shutdown({ deadline: 20 });
    expect(server.stats.active).toBe(0);
    expect(told).toMatchObject([{ name: "ConnectionClosedError", message: "the server was shut down" }]);
  });
});

describe("without onError", () => {
  test("bugs of the handler are printed, what clients do is not", async () => {
    const print = vi.spyOn(console, "error").mockReturnValue();
    const bug = new RangeError("bug");
    const reasons = [new ProtocolError("the client is to blame"), bug];
    await using server = await serve(() => Promise.reject(reasons.shift()));
    for (let count = 0; count < 2; count += 1) {
      await using client = await dial(server);
      expect(await client.readLine()).toBeUndefined();
    }
    expect(server.stats.failed).toBe(2);
    expect(print.mock.calls).toEqual([[expect.any(String), bug]]);
  });

  test("an onError that throws is printed, and the server goes on", async () => {
    const print = vi.spyOn(console, "error").mockReturnValue();
    const worse = new Error("worse");
    await using server = await serve(() => Promise.reject(new Error("bad")), {
      onError: () => {
        throw worse;
      },
    });
    for (let count = 0; count < 2; count += 1) {
      await using client = await dial(server);
      expect(await client.readLine()).toBeUndefined();
    }
    expect(print.mock.calls).toEqual([
      [expect.any(String), worse],
      [expect.any(String), worse],
    ]);
  });
});

describe("the numbers", () => {
  test("tell of connections and bytes, while they are served and afterwards", async () => {
    await using server = await serve(echo);
    const none = { accepted: 0, active: 0, queued: 0, refused: 0, failed: 0, bytesReceived: 0, bytesSent: 0 };
    expect(server.stats).toEqual(none);
    const one = await dial(server);
    const two = await dial(server);
    expect(await ask(one, "hello")).toBe("hello");
    expect(await ask(two, "hi")).toBe("hi");
    expect(server.stats).toEqual({ ...none, accepted: 2, active: 2, bytesReceived: 11, bytesSent: 11 });
    await one.close();
    await until(server, ({ active }) => active === 1);
    expect(server.stats).toEqual({ ...none, accepted: 2, active: 1, bytesReceived: 11, bytesSent: 11 });
    await two.close();
    await until(server, ({ active }) => active === 0);
    expect(server.stats).toEqual({ ...none, accepted: 2, bytesReceived: 11, bytesSent: 11 });
  });

  test("count a client that breaks off as a failure, and one that leaves as none", async () => {
    const told: unknown[] = [];
    await using server = await serve(echo, { onError: (error) => void told.push(error) });
    const one = await dial(server);
    const two = await dial(server);
    await ask(one, "hello");
    await ask(two, "hello");
    await one.close();
    (two.socket as Socket).resetAndDestroy();
    await until(server, ({ active }) => active === 0);
    expect(server.stats.failed).toBe(1);
    expect(told).toEqual([expect.any(ConnectionClosedError)]);
  });
});

describe("a signal", () => {
  test("that was aborted before keeps the server from listening", async () => {
    expect(await failureOf(serve(echo, { signal: AbortSignal.abort("no") }))).toBe("no");
  });

  test("that is aborted meanwhile takes the server down again", async () => {
    await using directory = await tempDir();
    const path = directory.file("socket");
    const controller = new AbortController();
    const starting = failureOf(serve(echo, { path, signal: controller.signal }));
    controller.abort("changed my mind");
    expect(await starting).toBe("changed my mind");
    await using server = await serve(echo, { path });
    expect(server.address.address).toBe(path);
  });

  test("shuts the server down, and is left alone afterwards", async () => {
    const controller = new AbortController();
    const { signal } = controller;
    const server = await serve(echo, { signal });
    await using client = await dial(server);
    expect(await ask(client, "hello")).toBe("hello");
    controller.abort();
    expect(await client.readLine()).toBeUndefined();
    await client.close();
    await server.closed;
    expect(getEventListeners(signal, "abort")).toEqual([]);
    expect(await failureOf(dial(server))).toMatchObject({ name: "ConnectError" });
  });

  test("is left alone by a server that was shut down without it, or never listened", async () => {
    const { signal } = new AbortController();
    const server = await serve(echo, { signal });
    expect(getEventListeners(signal, "abort")).toHaveLength(1);
    await server.shutdown();
    expect(await failureOf(serve(echo, { signal, host: "192.0.2.1" }))).toMatchObject({
      name: "ListenError",
    });
    expect(getEventListeners(signal, "abort")).toEqual([]);
  });
});

test("`closed` waits for the end, and `await using` brings it about", async () => {
  let closed: Promise<void> | undefined;
  let isClosed = false;
  const options: ServeOptions = { timeouts: { close: 50 } };
  {
    await using server = await serve(echo, options);
    closed = server.closed.then(() => void (isClosed = true));
    await using client = await dial(server);
    await ask(client, "hello");
    expect(isClosed).toBe(false);
  }
  await closed;
  expect(isClosed).toBe(true);
});
