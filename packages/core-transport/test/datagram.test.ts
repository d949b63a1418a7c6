// UDP on loopback: who sent what, what is lost and counted, what can't be.
import { failureOf } from "@netcli/test-kit";
import { createSocket } from "node:dgram";
import { afterEach, describe, expect, test } from "vitest";
import {
  ArgumentError,
  ConnectError,
  ConnectionClosedError,
  type Datagram,
  type DatagramLookup,
  openDatagram,
  type ReceivedDatagram,
} from "../src/index.ts";
import { noSocketLeft, nothingLeft } from "./leaks.ts";

afterEach(noSocketLeft);

const host = "127.0.0.1";

function open(): Promise<Datagram> {
  return openDatagram({ host });
}

async function closedPort(address: string): Promise<number> {
  const datagram = await openDatagram({ host: address });
  const { port } = datagram.address;
  await datagram.close();
  return port;
}

/** Waits until the kernel has handed over everything sent so far. */
async function flush(from: Datagram, to: Datagram): Promise<ReceivedDatagram[]> {
  await from.send("the end", { host, port: to.address.port });
  const received: ReceivedDatagram[] = [];
  for await (const datagram of to) {
    if (String(datagram.data) === "the end") break;
    received.push(datagram);
  }
  return received;
}

describe("datagrams", () => {
  test.each([
    ["127.0.0.1", 4],
    ["::1", 6],
    ["[::1]", 6],
  ] as const)("go to %s and back, with the address of the sender", async (address, family) => {
    const bare = family === 6 ? "::1" : address;
    await using one = await openDatagram({ host: address });
    await using two = await openDatagram({ host: address });
    await one.send("ping ü", { host: address, port: two.address.port });
    const ping = await two.receive();
    expect(Buffer.from(ping.data).toString()).toBe("ping ü");
    expect(ping.from).toEqual({ address: bare, port: one.address.port, family });
    await two.send(new Uint8Array([1, 2, 3]), { host: ping.from.address, port: ping.from.port });
    expect([...(await one.receive()).data]).toEqual([1, 2, 3]);
    expect(one.address).toMatchObject({ address: bare, port: expect.any(Number) });
  });

  test("may be empty, and of the largest size", async () => {
    await using one = await open();
    await using two = await open();
    const to = { host, port: two.address.port };
    await one.send("", to);
    await one.send(Buffer.alloc(65_507, 7), to);
    expect((await two.receive()).data).toHaveLength(0);
    expect((await two.receive()).data).toHaveLength(65_507);
  });

  test("that are too large are refused", async () => {
    await using one = await open();
    const error = await failureOf(one.send(Buffer.alloc(65_508), { host, port: one.address.port }));
    expect(error).toBeInstanceOf(ArgumentError);
    expect(error).toMatchObject({ message: "the datagram is too large" });
  });

  test("can be iterated until the socket is closed", async () => {
    await using one = await open();
    const two = await open();
    const texts: string[] = [];
    for (const text of ["a", "b", "c"]) await one.send(text, { host, port: two.address.port });
    for await (const { data } of two) {
      texts.push(Buffer.from(data).toString());
      if (texts.length === 3) queueMicrotask(() => void two.close());
    }
    expect(texts).toEqual(["a", "b", "c"]);
    for await (const _ of two) expect.unreachable();
  });

  test("that nobody takes are kept up to a limit, then dropped and counted", async () => {
    await using one = await open();
    await using two = await openDatagram({ host, queued: 2 });
    const to = { host, port: two.address.port };
    for (const text of ["a", "b", "c", "d", "e"]) await one.send(text, to);
    while (two.dropped < 3) await new Promise(setImmediate);
    expect([await two.receive(), await two.receive()].map(({ data }) => String(Buffer.from(data)))).toEqual([
      "a",
      "b",
    ]);
    await one.send("f", to);
    expect(String(Buffer.from((await two.receive()).data))).toBe("f");
    expect(two.dropped).toBe(3);
  });

  test("that were received before the end can still be taken", async () => {
    await using one = await open();
    const two = await openDatagram({ host, queued: 1 });
    const to = { host, port: two.address.port };
    await one.send("a", to);
    await one.send("b", to);
    while (two.dropped < 1) await new Promise(setImmediate);
    await two.close();
    expect(String(Buffer.from((await two.receive()).data))).toBe("a");
    expect(await failureOf(two.receive())).toBeInstanceOf(ConnectionClosedError);
  });

  test("go to those who wait in the order in which they asked", async () => {
    await using one = await open();
    await using two = await open();
    const takes = [two.receive(), two.receive()];
    for (const text of ["first", "second"]) await one.send(text, { host, port: two.address.port });
    const texts = (await Promise.all(takes)).map(({ data }) => String(Buffer.from(data)));
    expect(texts).toEqual(["first", "second"]);
  });
});

describe("a peer", () => {
  test("given at the start is where datagrams go and the only one they come from", async () => {
    await using server = await open();
    await using stranger = await open();
    const peer = { host: "localhost", port: server.address.port };
    await using client = await openDatagram({ host, peer });
    const to = { host, port: client.address.port };
    await client.send("ping");
    expect((await server.receive()).from.port).toBe(client.address.port);
    await stranger.send("me, too", to);
    await server.send("pong", to);
    expect(await flush(server, client)).toMatchObject([{ data: Buffer.from("pong") }]);
  });

  test.each(["::1", "[::1]"])("may be %s, which makes the socket one of IPv6", async (address) => {
    await using server = await openDatagram({ host: address });
    await using client = await openDatagram({ peer: { host: address, port: server.address.port } });
    await client.send("ping");
    expect((await server.receive()).from).toMatchObject({ address: "::1", family: 6 });
  });

  test("that is not there is news for who waits, and not the end of the socket", async () => {
    const port = await closedPort(host);
    await using client = await openDatagram({ host, peer: { host, port } });
    const waiting = failureOf(client.receive({ timeout: 5_000 }));
    await client.send("anyone?");
    const error = await waiting;
    expect(error).toBeInstanceOf(ConnectError);
    expect(error).toMatchObject({
      systemCode: "ECONNREFUSED",
      message: expect.stringContaining("can't be reached"),
    });
    // An iteration goes on as if nothing had been.
    const texts: string[] = [];
    const iterating = (async () => {
      for await (const { data } of client) {
        texts.push(String(Buffer.from(data)));
        return;
      }
    })();
    await client.send("anyone?").catch(() => undefined);
    const server = createSocket("udp4");
    await new Promise<void>((resolve) => void server.bind(port, host, resolve));
    server.send("here", client.address.port, host);
    await iterating;
    expect(texts).toEqual(["here"]);
    server.close();
  });

  test("is looked up by the given lookup; a failure is a ConnectError", async () => {
    await using server = await open();
    const asked: string[] = [];
    const lookup: DatagramLookup = (name, _options, callback) => {
      asked.push(name);
      if (name === "here.example") callback(null, host, 4);
      else callback(Object.assign(new Error("no such name"), { code: "ENOTFOUND" }), "", 0);
    };
    await using client = await openDatagram({ host, lookup });
    await client.send("ping", { host: "HERE.example", port: server.address.port });
    expect(String(Buffer.from((await server.receive()).data))).toBe("ping");
    const error = await failureOf(client.send("ping", { host: "no.example", port: 9 }));
    expect(error).toBeInstanceOf(ConnectError);
    expect(error).toMatchObject({ systemCode: "ENOTFOUND" });
    const peer = { host: "no.example", port: 9 };
    expect(await failureOf(openDatagram({ host, lookup, peer }))).toMatchObject({ systemCode: "ENOTFOUND" });
    expect(asked).toEqual(["here.example", "no.example", "no.example"]);
  });
});

describe("what can't be", () => {
  test("an address of another machine", async () => {
    const error = await failureOf(openDatagram({ host: "192.0.2.1" }));
    expect(error).toBeInstanceOf(ConnectError);
    expect(error).toMatchObject({ systemCode: "EADDRNOTAVAIL" });
    await nothingLeft();
  });

  test("a port that is taken", async () => {
    await using one = await open();
    const error = await failureOf(openDatagram({ host, port: one.address.port }));
    expect(error).toMatchObject({ name: "ConnectError", systemCode: "EADDRINUSE" });
  });

  test("a port that is taken, unless both sockets share it: the newest then gets what comes", async () => {
    await using alone = await open();
    const { port } = alone.address;
    const late = openDatagram({ host, port, reuseAddress: true });
    expect(await failureOf(late)).toMatchObject({ systemCode: "EADDRINUSE" });
    await using first = await openDatagram({ host, reuseAddress: true });
    const shared = first.address.port;
    expect(await failureOf(openDatagram({ host, port: shared }))).toMatchObject({ systemCode: "EADDRINUSE" });
    await using second = await openDatagram({ host, port: shared, reuseAddress: true });
    await alone.send("ping", { host, port: shared });
    expect(String((await second.receive({ timeout: 5_000 })).data)).toBe("ping");
  });

  test("arguments that make no sense", async () => {
    await using one = await open();
    await using connected = await openDatagram({ host, peer: { host, port: one.address.port } });
    const to = { host, port: 9 };
    for (const attempt of [
      () => openDatagram({ host, port: 65_536 }),
      () => openDatagram({ host: "a b" }),
      () => openDatagram({ peer: { host: "a\r\nb", port: 9 } }),
      () => openDatagram({ peer: { host, port: 0 } }),
      () => one.send("to whom?"),
      () => one.send("x", { host, port: 0 }),
      () => one.send("x", { host, port: 70_000 }),
      () => one.send("x", { host: "a b", port: 9 }),
      () => connected.send("to two at once", to),
    ]) {
      expect(await failureOf(attempt())).toBeInstanceOf(ArgumentError);
    }
  });
});
