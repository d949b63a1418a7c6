// The life of a connection: how it ends, who is told, and what becomes of what was under way.
import { once } from "node:events";
import { connect as netConnect } from "node:net";
import { afterEach, describe, expect, test } from "vitest";
import { type Script, type ScriptedServer, scriptedServer, failureOf, gate } from "@netcli/test-kit";
import {
  ArgumentError,
  connect,
  Connection,
  ConnectionClosedError,
  type ConnectionOptions,
  ProtocolError,
} from "../src/index.ts";
import { noSocketLeft, nothingLeft } from "./leaks.ts";
import { identity, trust } from "./peers.ts";

afterEach(noSocketLeft);

const kinds = ["plain", "TLS", "accepted"] as const;
type Kind = (typeof kinds)[number];

/** A connection of this kind to a peer that follows the script; the test must end both. */
async function connected(
  kind: Kind,
  script: Script,
  options: ConnectionOptions = {},
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
