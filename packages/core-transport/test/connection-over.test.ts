// Connections over streams that others made, and what the trace tells of a connection.
import { once } from "node:events";
import { createServer, type Socket } from "node:net";
import { afterEach, describe, expect, test } from "vitest";
import { scriptedServer, failureOf } from "@netcli/test-kit";
import { connect, Connection, ConnectionClosedError, ProtocolError, type TraceEvent } from "../src/index.ts";
import { noSocketLeft } from "./leaks.ts";
import { hello, streamPair } from "./peers.ts";

afterEach(noSocketLeft);

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
