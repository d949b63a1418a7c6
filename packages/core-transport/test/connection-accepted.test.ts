// Connections as servers have them: where the client is, who can read along, when reading begins, what watchers get.
import { subscribe, unsubscribe } from "node:diagnostics_channel";
import { connect as netConnect } from "node:net";
import { afterEach, describe, expect, test, vi } from "vitest";
import { failureOf, tempDir } from "@netcli/test-kit";
import { Connection, ConnectionClosedError, type TraceEvent } from "../src/index.ts";
import { acceptedConnection, acceptedPair, send, turns } from "./accepted.ts";
import { noSocketLeft } from "./leaks.ts";
import { bytesReceived, streamPair } from "./peers.ts";

afterEach(noSocketLeft);

describe("where the client is", () => {
  test("the socket says, if nobody else does", async () => {
    await using pair = await acceptedConnection();
    const { connection, client } = pair;
    expect(connection.host).toBe("127.0.0.1");
    expect([connection.remoteAddress, connection.remotePort]).toEqual(["127.0.0.1", client.localPort]);
  });

  test("`remote` says for whoever is behind a load balancer, also to traces and errors", async () => {
    const events: TraceEvent[] = [];
    const remote = { address: "192.0.2.7", port: 4711 };
    const trace = (event: TraceEvent): void => void events.push(event);
    await using pair = await acceptedConnection({ remote, trace });
    const { connection } = pair;
    expect(connection.host).toBe("192.0.2.7");
    expect([connection.remoteAddress, connection.remotePort]).toEqual(["192.0.2.7", 4711]);
    connection.destroy();
    await connection.closed;
    expect(events).toMatchObject([{ peer: "192.0.2.7:4711", text: "closed" }]);
    expect(connection.remoteAddress).toBe("192.0.2.7");
  });

  test("`host` names it, and the address stays what it is", async () => {
    await using pair = await acceptedConnection({ host: "client.example" });
    expect([pair.connection.host, pair.connection.remoteAddress]).toEqual(["client.example", "127.0.0.1"]);
  });

  test("nobody can say of a Unix socket", async () => {
    await using directory = await tempDir();
    await using pair = await acceptedConnection({ path: directory.file("socket") });
    const { connection } = pair;
    expect([connection.host, connection.remoteAddress, connection.remotePort]).toEqual([
      "",
      undefined,
      undefined,
    ]);
  });
});

describe("nobody can read along", () => {
  test("with a client on this machine, by TCP or a Unix socket", async () => {
    await using directory = await tempDir();
    await using tcp = await acceptedConnection();
    await using unix = await acceptedConnection({ path: directory.file("socket") });
    expect([tcp.connection.confidential, unix.connection.confidential]).toEqual([true, true]);
  });

  test.each(["192.0.2.7", "127.0.0.1", "::1"])(
    "is not said of a client behind a proxy, be it %s",
    async (address) => {
      await using pair = await acceptedConnection({ remote: { address, port: 4711 } });
      expect(pair.connection.confidential).toBe(false);
    },
  );

  test("is not said of streams that are no sockets, or not connected yet", async () => {
    const [near] = streamPair();
    expect(Connection.over(near).confidential).toBe(false);
    await using pair = await acceptedPair();
    const connecting = netConnect(pair.accepted.localPort ?? 0, "127.0.0.1").on("error", () => undefined);
    expect(Connection.over(connecting).confidential).toBe(false);
    connecting.destroy();
  });
});

describe("a stream that was accepted paused", () => {
  test("is not read from before someone asks for bytes", async () => {
    await using pair = await acceptedConnection({ paused: true });
    const { connection, accepted, client } = pair;
    await send(client, "hello\r\n");
    await turns();
    expect(accepted.bytesRead).toBe(0);
    expect(await connection.readLine()).toBe("hello");
    await send(client, "again\r\n");
    expect(await connection.readLine()).toBe("again");
  });

  test("is read from at once by whoever asks for bytes, an exact count, a block, or all", async () => {
    for (const read of ["readExactly", "readBlock", "readToEnd"] as const) {
      await using pair = await acceptedConnection({ paused: true });
      const { connection, client } = pair;
      await send(client, "ab\r\n.\r\n");
      client.end();
      const body =
        read === "readExactly"
          ? Buffer.from(await connection.readExactly(2)).toString()
          : await connection[read]().text();
      expect(body).toBe({ readExactly: "ab", readBlock: "ab\r\n", readToEnd: "ab\r\n.\r\n" }[read]);
    }
  });

  test("can be written to, and closed, without ever being read", async () => {
    await using pair = await acceptedConnection({ paused: true });
    const { connection, client } = pair;
    await send(client, "nobody wants this\r\n");
    await connection.writeLine("421 go away");
    const received: string[] = [];
    client.on("data", (chunk: Buffer) => received.push(chunk.toString()));
    client.once("end", () => client.end());
    client.resume();
    await connection.close();
    expect(received.join("")).toBe("421 go away\r\n");
  });
});

describe("`lines`", () => {
  test("yields lines up to the end of the client's side, and leaves ours open", async () => {
    await using pair = await acceptedConnection();
    const { connection, client } = pair;
    client.end("one\r\n\r\nthree\n");
    const lines: string[] = [];
    for await (const line of connection.lines()) lines.push(line);
    expect(lines).toEqual(["one", "", "three"]);
    expect(connection.destroyed).toBe(false);
    await connection.writeLine("still here");
    await connection.flush();
  });

  test("leaves what comes behind the line at which one stops", async () => {
    await using pair = await acceptedConnection();
    const { connection, client } = pair;
    await send(client, "MAIL\r\nDATA\r\nblock\r\n.\r\nQUIT\r\n");
    for await (const line of connection.lines()) if (line === "DATA") break;
    expect(await connection.readBlock().text()).toBe("block\r\n");
    for await (const line of connection.lines()) {
      expect(line).toBe("QUIT");
      break;
    }
  });

  test("fails in the middle of a line, behind those that were complete", async () => {
    await using pair = await acceptedConnection();
    const { connection, client } = pair;
    client.end("one\r\ntw");
    const lines: string[] = [];
    const all = (async () => {
      for await (const line of connection.lines()) lines.push(line);
    })();
    expect(await failureOf(all)).toBeInstanceOf(ConnectionClosedError);
    expect(lines).toEqual(["one"]);
  });
});

test("Nagle's algorithm is off until it is switched on", async () => {
  await using pair = await acceptedPair();
  const set = vi.spyOn(pair.accepted, "setNoDelay");
  const connection = Connection.over(pair.accepted);
  connection.setNoDelay(false);
  connection.setNoDelay(true);
  expect(set.mock.calls).toEqual([[true], [false], [true]]);
  const [near] = streamPair();
  Connection.over(near).setNoDelay(false);
});

describe("lines of an accepted connection", () => {
  const published: unknown[] = [];
  const listen = (message: unknown): void => void published.push(message);

  afterEach(() => {
    unsubscribe("netcli.line", listen);
    unsubscribe("netcli.connection", listen);
    published.length = 0;
  });

  test("go to its trace and to nobody else: only the server knows which are secret", async () => {
    subscribe("netcli.line", listen);
    const events: TraceEvent[] = [];
    const trace = (event: TraceEvent): void => void events.push(event);
    await using pair = await acceptedConnection({ trace });
    await using silent = await acceptedConnection();
    for (const { connection, client } of [pair, silent]) {
      await send(client, "PASS secret\r\nPASS again\r\n");
      await bytesReceived(connection, 25);
      expect([await connection.readLine(), await connection.readLine()]).toEqual([
        "PASS secret",
        "PASS again",
      ]);
      await connection.writeLine("235 welcome");
    }
    expect(published).toEqual([]);
    expect(events.map(({ kind, text }) => `${kind} ${text}`)).toEqual([
      "received PASS secret",
      "received PASS again",
      "sent 235 welcome",
    ]);
  });

  test("stay apart from its events, which are published", async () => {
    subscribe("netcli.connection", listen);
    await using pair = await acceptedConnection();
    await send(pair.client, "hello\r\n");
    await pair.connection.readLine();
    pair.connection.destroy(new ConnectionClosedError("enough"));
    await pair.connection.closed;
    expect(published).toMatchObject([
      { kind: "event", text: "enough" },
      { kind: "event", text: "closed" },
    ]);
  });
});
