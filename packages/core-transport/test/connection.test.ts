// The life of a connection: how it ends, who is told, and what becomes of what was under way.
import { once } from "node:events";
import { connect as netConnect, createServer, type Socket } from "node:net";
import { afterEach, describe, expect, test } from "vitest";
import { type Script, type ScriptedServer, scriptedServer } from "@netcli/test-kit";
import {
  ArgumentError,
  connect,
  Connection,
  ConnectionClosedError,
  type ConnectOptions,
  ProtocolError,
  type TraceEvent,
} from "../src/index.ts";
import { noSocketLeft, nothingLeft } from "./leaks.ts";
import { failureOf, hello, identity, streamPair, trust } from "./peers.ts";

afterEach(noSocketLeft);

const kinds = ["plain", "TLS", "accepted"] as const;
type Kind = (typeof kinds)[number];

/** A connection of this kind to a peer that follows the script; the test must end both. */
async function connected(
  kind: Kind,
  script: Script,
  options: ConnectOptions = {},
): Promise<{ connection: Connection; server: ScriptedServer }> {
  const server = await scriptedServer(script, { tls: kind === "TLS" ? identity : undefined });
  const { port } = server;
  if (kind !== "accepted") {
    const tls = kind === "TLS" ? trust : undefined;
    return { server, connection: await connect({ host: "localhost", port, tls, ...options }) };
  }
  // A socket that our side did not make, and that has no memory of ours to read into.
  const socket = netConnect({ host: "127.0.0.1", port, allowHalfOpen: true });
  await once(socket, "connect");
  return { server, connection: Connection.over(socket, options) };
}

function gate(): { opened: Promise<void>; open: () => void } {
  let open: () => void = () => undefined;
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { opened, open };
}

describe.each(kinds)("close, %s,", (kind) => {
  test("ends our side behind what was written, and waits for the peer's end", async () => {
    const { opened, open } = gate();
    const order: string[] = [];
    const { connection, server } = await connected(kind, async (peer) => {
      order.push((await peer.readToEnd()).toString());
      await opened;
      order.push("the peer ends");
    });
    await using _ = server;
    void connection.writeLine("QUIT");
    const closing = connection.close().then(() => order.push("closed"));
    while (order.length === 0) await new Promise(setImmediate);
    expect(connection.destroyed).toBe(false);
    open();
    await closing;
    await connection.closed;
    expect(order).toEqual(["QUIT\r\n", "the peer ends", "closed"]);
    expect(connection.destroyed).toBe(true);
  });

  test("is not held up by data that nobody reads", async () => {
    const { connection, server } = await connected(
      kind,
      async (peer) => {
        await peer.send(Buffer.alloc(4 * 1_048_576));
        expect((await peer.readToEnd()).toString()).toBe("bye");
      },
      { timeouts: { close: Infinity } },
    );
    await using _ = server;
    expect(await connection.readExactly(1)).toEqual(Buffer.of(0));
    await connection.write("bye");
    await connection.close();
    await server.settled();
    expect(server.errors).toEqual([]);
  });

  test("cuts the connection if the peer does not end in time", async () => {
    const { opened, open } = gate();
    const { connection, server } = await connected(kind, () => opened, { timeouts: { close: 50 } });
    await using _ = server;
    const start = performance.now();
    await connection.close();
    expect(performance.now() - start).toBeGreaterThan(45);
    expect(connection.destroyed).toBe(true);
    open();
  });

  test("can be called again and again, and after the end", async () => {
    const { connection, server } = await connected(kind, (peer) => peer.closed);
    await using _ = server;
    await Promise.all([connection.close(), connection.close()]);
    await connection.close();
    connection.destroy(new Error("too late"));
    await expect(connection.readLine()).rejects.toMatchObject({
      message: expect.stringContaining("closed here"),
    });
  });

  test("tells who waits that the connection was closed", async () => {
    const { connection, server } = await connected(kind, (peer) => peer.closed);
    await using _ = server;
    const reads = [connection.readLine(), connection.readExactly(1), connection.readToEnd().bytes()];
    const failures = Promise.all(reads.map(failureOf));
    await connection.close();
    for (const failure of await failures) {
      expect(failure).toBeInstanceOf(ConnectionClosedError);
      expect(failure).toMatchObject({ message: "the connection was closed here" });
    }
    await expect(connection.write("more")).rejects.toBeInstanceOf(ConnectionClosedError);
  });
});

describe.each(kinds)("destroy, %s,", (kind) => {
  test("gives its error to all pending reads and writes, once, and to all later ones", async () => {
    const { opened, open } = gate();
    const { connection, server } = await connected(kind, async (peer) => {
      peer.handOver();
      await opened;
    });
    await using _ = server;
    let settled = 0;
    const big = Buffer.alloc(16 * 1_048_576);
    const pending = [
      connection.readLine(),
      connection.readExactly(5),
      connection.readBlock().bytes(),
      connection.write(big),
      connection.writeContent([big, big]),
    ].map((promise) => failureOf(promise).finally(() => (settled += 1)));
    const reason = new ProtocolError("enough");
    connection.destroy(reason);
    connection.destroy(new ProtocolError("more than enough"));
    expect(await Promise.all(pending)).toEqual(pending.map(() => reason));
    for (const failure of await Promise.all(pending)) expect(failure).toBe(reason);
    expect(settled).toBe(5);
    await connection.closed;
    open();
    expect(await failureOf(connection.readLine())).toBe(reason);
    expect(await failureOf(connection.writeLine("NOOP"))).toBe(reason);
    await connection.close();
  });

  test("wraps an error that is not ours", async () => {
    const { connection, server } = await connected(kind, (peer) => peer.closed);
    await using _ = server;
    const cause = new RangeError("enough");
    const read = failureOf(connection.readLine());
    connection.destroy(cause);
    expect(await read).toBeInstanceOf(ConnectionClosedError);
    expect(await read).toMatchObject({ cause });
    expect(await failureOf(connection.write("x"))).toMatchObject({ name: "ConnectionClosedError", cause });
  });
});

describe.each(kinds)("`closed`, %s,", (kind) => {
  test.each<[string, Script]>([
    ["ends and we do, too", () => Promise.resolve()],
    [
      "breaks the connection",
      (peer) => {
        peer.reset();
        return peer.closed;
      },
    ],
    [
      "cuts the connection",
      (peer) => {
        peer.close();
        return peer.closed;
      },
    ],
  ])("resolves when the peer %s", async (_what, script) => {
    const { connection, server } = await connected(kind, async (peer, index) => {
      await peer.readLine();
      await script(peer, index);
    });
    await using _ = server;
    await connection.writeLine("GO");
    await connection.readLine().catch(() => undefined);
    if (!connection.destroyed) connection.end();
    await connection.closed;
    expect(connection.destroyed).toBe(true);
    await connection.close();
    await nothingLeft();
  });
});

describe.each(kinds)("ending our side, %s,", (kind) => {
  test("leaves the late reply readable, and refuses to write more", async () => {
    const { connection, server } = await connected(kind, async (peer) => {
      const request = await peer.readToEnd();
      await peer.send(`you said ${request.toString()}\r\nand no more`);
    });
    await using _ = server;
    void connection.write("hello");
    connection.end();
    const failure = await failureOf(connection.write("too late"));
    expect(failure).toBeInstanceOf(ConnectionClosedError);
    expect(failure).toMatchObject({ message: "our side of the connection was ended" });
    expect(await connection.readLine()).toBe("you said hello");
    expect(await connection.readToEnd().text()).toBe("and no more");
    await connection.close();
  });
});

test("`await using` closes politely", async () => {
  await using server = await scriptedServer(async (peer) => {
    expect((await peer.readToEnd()).toString()).toBe("QUIT\r\n");
    await peer.send("221 bye\r\n");
  });
  let closed: Promise<void> | undefined;
  {
    await using connection = await connect({ host: "127.0.0.1", port: server.port });
    closed = connection.closed;
    await connection.writeLine("QUIT");
  }
  await closed;
  await server.close();
});

test.each([
  ["a carriage return", "a\rb"],
  ["a line feed", "NOOP\nPASS"],
  ["a NUL", "a\0b"],
])("writeLine refuses %s, and nothing is sent", async (_what, line) => {
  await using server = await scriptedServer(async (peer) => {
    expect((await peer.readToEnd()).toString()).toBe("NÖOP\r\n");
  });
  const connection = await connect({ host: "127.0.0.1", port: server.port });
  expect(await failureOf(connection.writeLine(line))).toBeInstanceOf(ArgumentError);
  await connection.writeLine("NÖOP");
  await connection.close();
  await server.close();
});

describe("Connection.over", () => {
  test("takes an accepted socket, and calls it by its address", async () => {
    const server = createServer({ allowHalfOpen: true }).listen(0, "127.0.0.1");
    await once(server, "listening");
    const address = server.address();
    const port = typeof address === "object" && address !== null ? address.port : 0;
    const accepted = once(server, "connection");
    await using client = await connect({ host: "127.0.0.1", port });
    await client.writeLine("hello");
    const [socket] = (await accepted) as [Socket];
    const events: TraceEvent[] = [];
    await using connection = Connection.over(socket, { trace: (event) => events.push(event) });
    expect(await connection.readLine()).toBe("hello");
    await connection.writeLine("you, too");
    expect(await client.readLine()).toBe("you, too");
    expect([connection.host, connection.remoteAddress]).toEqual(["127.0.0.1", "127.0.0.1"]);
    expect(events[0]).toMatchObject({
      kind: "received",
      text: "hello",
      peer: `127.0.0.1:${socket.remotePort}`,
    });
    server.close();
  });

  test("takes any other stream, whose memory it leaves alone", async () => {
    const [near, far] = streamPair();
    await using connection = Connection.over(near, { host: "pipe.example" });
    expect([connection.host, connection.confidential, connection.tls]).toEqual([
      "pipe.example",
      false,
      undefined,
    ]);
    const chunk = Buffer.from("..dot\r\n.\r\nNEXT\r\n");
    far.write(chunk);
    expect(await connection.readBlock().text()).toBe(".dot\r\n");
    expect(await connection.readLine()).toBe("NEXT");
    expect(chunk.toString()).toBe("..dot\r\n.\r\nNEXT\r\n");
    await connection.writeLine("reply");
    expect(String(await once(far, "data"))).toBe("reply\r\n");
    far.end();
    expect(await connection.readLine()).toBeUndefined();
  });

  test("takes a stream that is gone already", async () => {
    const [near] = streamPair();
    near.destroy();
    await once(near, "close");
    const connection = Connection.over(near);
    await connection.closed;
    expect(await connection.readLine()).toBeUndefined();
    expect(await failureOf(connection.write("x"))).toBeInstanceOf(ConnectionClosedError);
    await connection.close();
  });

  test("takes a stream whose peer has ended already", async () => {
    const [near, far] = streamPair();
    far.end();
    await once(near.resume(), "end");
    const connection = Connection.over(near);
    expect(await connection.readLine()).toBeUndefined();
    await connection.writeLine("still here");
    expect(String(await once(far, "data"))).toBe("still here\r\n");
    await connection.close();
  });
});

test("the trace tells of everything in order, with a number of its own for each connection", async () => {
  await using server = await scriptedServer(hello);
  const events: TraceEvent[] = [];
  const trace = (event: TraceEvent): void => {
    events.push(event);
  };
  const options = { host: "127.0.0.1", port: server.port, trace };
  const first = await connect(options);
  const second = await connect(options);
  await first.readLine();
  await first.writeLine("NOOP");
  first.destroy(new ProtocolError("enough"));
  await first.closed;
  await second.close();
  const texts = (index: number): string[] =>
    events
      .filter(({ connection }) => connection === events[index]?.connection)
      .map(({ kind, text }) => `${kind} ${text}`);
  const peer = `127.0.0.1:${server.port}`;
  expect(events[0]?.connection).not.toBe(events[1]?.connection);
  expect(texts(0)).toEqual([
    `event connected to ${peer}`,
    "received 220 hello",
    "sent NOOP",
    "event enough",
    "event closed",
  ]);
  expect(texts(1)).toEqual([`event connected to ${peer}`, "event closed"]);
  expect(new Set(events.map((event) => event.peer))).toEqual(new Set([peer]));
});
