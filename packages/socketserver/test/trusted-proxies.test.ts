// Load balancers in front of a server: who is believed, what of, and what becomes of those who are not.
import { once } from "node:events";
import { connect as netConnect, type Socket } from "node:net";
import { setImmediate as turn } from "node:timers/promises";
import { afterEach, describe, expect, test } from "vitest";
import {
  ArgumentError,
  type Connection,
  ConnectionClosedError,
  ProtocolError,
  TimeoutError,
} from "@netcli/core-transport";
import { failureOf, gate, tempDir } from "@netcli/test-kit";
import { type ConnectionHandler, serve, type Server, type ServeOptions } from "../src/index.ts";
import { ask, dial } from "./dial.ts";
import { nothingLeft } from "./fault-leaks.ts";
import { version1, version2 } from "./proxy-headers.ts";

afterEach(nothingLeft);

const client = { address: "192.0.2.7", port: 4711 };
const client6 = { address: "2001:db8::7", port: 4711 };
const header = version1(client, "198.51.100.1");
const trusted = ["127.0.0.1"];

/** Says where it thinks the client is, then echoes. */
const whoAmI: ConnectionHandler = async (connection) => {
  const { remoteAddress, remotePort, host, confidential } = connection;
  await connection.writeLine(`${remoteAddress} ${remotePort} ${host} ${confidential}`);
  for await (const line of connection.lines()) await connection.writeLine(line);
};

function serveWho(options: ServeOptions = {}): Promise<Server> {
  return serve(whoAmI, { proxyProtocol: { trusted }, ...options });
}

/** What a client gets to hear who sends these bytes first. */
async function hears(
  server: Server,
  bytes: Uint8Array | string,
  localAddress?: string,
): Promise<string | undefined> {
  await using connection = await dial(server, { localAddress });
  await connection.write(bytes);
  return await connection.readLine();
}

describe("a proxy that is trusted", () => {
  test.each([
    ["version 1", header, "192.0.2.7"],
    ["version 1, IPv6", version1(client6, "::1"), "2001:db8::7"],
    ["version 2", version2(client, "198.51.100.1"), "192.0.2.7"],
    ["version 2, IPv6", version2(client6, "::1", { behind: Buffer.alloc(300) }), "2001:db8::7"],
  ])("says where the client is: %s", async (_what, bytes, address) => {
    await using server = await serveWho();
    expect(await hears(server, bytes)).toBe(`${address} 4711 ${address} false`);
  });

  test.each([
    ["version 1", Buffer.from("PROXY UNKNOWN\r\n")],
    ["version 2", version2(undefined, "", { protocol: 0 })],
    ["for itself", version2(client, "198.51.100.1", { command: 0x20 })],
  ])(
    "may not know, and the address is then its own, but nobody is sure of the way: %s",
    async (_what, bytes) => {
      await using server = await serveWho();
      expect(await hears(server, bytes)).toMatch(/^127\.0\.0\.1 \d+ 127\.0\.0\.1 false$/);
    },
  );

  test("may say that its client is on its own machine, which is not ours", async () => {
    await using server = await serveWho();
    expect(await hears(server, version1({ address: "127.0.0.1", port: 9 }, "127.0.0.1"))).toBe(
      "127.0.0.1 9 127.0.0.1 false",
    );
  });

  test("may have its header and the client's first lines in one packet", async () => {
    await using server = await serveWho();
    for (const bytes of [header, version2(client, "198.51.100.1")]) {
      await using connection = await dial(server);
      await connection.write(Buffer.concat([bytes, Buffer.from("one\r\ntwo\r\nthr")]));
      expect(await connection.readLine()).toBe("192.0.2.7 4711 192.0.2.7 false");
      expect([await connection.readLine(), await connection.readLine()]).toEqual(["one", "two"]);
      await connection.write("ee\r\n");
      connection.end();
      expect([await connection.readLine(), await connection.readLine()]).toEqual(["three", undefined]);
    }
  });

  test("may send its header byte by byte", async () => {
    await using server = await serveWho();
    for (const bytes of [header, version2(client6, "::1")]) {
      await using connection = await dial(server);
      for (const byte of bytes) {
        await connection.write(Buffer.of(byte));
        await turn();
        await turn();
      }
      expect(await connection.readLine()).toMatch(/ 4711 .* false$/);
    }
  });

  test.each<[string, readonly string[], ServeOptions, string]>([
    ["by its address", ["127.0.0.1"], {}, "127.0.0.1"],
    ["by its network", ["10.0.0.0/8", "127.0.0.0/8"], {}, "127.0.0.1"],
    ["by the network of all", ["0.0.0.0/0"], {}, "127.0.0.1"],
    ["by its IPv6 address", ["::1"], { host: "::1" }, "::1"],
    ["by its IPv6 network", ["::/64"], { host: "::1" }, "::1"],
    ["by its IPv4 address where the server listens on all", ["127.0.0.1"], { host: "::" }, "127.0.0.1"],
    ["by its IPv4 network where the server listens on all", ["127.0.0.0/8"], { host: "::" }, "127.0.0.1"],
  ])("is known %s", async (_what, list, options, address) => {
    await using server = await serveWho({ proxyProtocol: { trusted: list }, ...options });
    await using connection = await dial({ address, port: server.address.port });
    await connection.write(header);
    expect(await connection.readLine()).toBe("192.0.2.7 4711 192.0.2.7 false");
  });

  test("may come by a Unix socket", async () => {
    await using directory = await tempDir();
    const path = directory.file("socket");
    await using server = await serveWho({ path, proxyProtocol: { trusted: ["unix"] } });
    expect(await hears(server, header)).toBe("192.0.2.7 4711 192.0.2.7 false");
    expect(await hears(server, "PROXY UNKNOWN\r\n")).toMatch(/ false$/);
  });
});

describe("whoever is not trusted", () => {
  test.skipIf(process.platform !== "linux").each<[string, readonly string[]]>([
    ["one address", ["127.0.0.1"]],
    ["nobody", []],
    ["Unix sockets", ["unix"]],
    ["other networks", ["127.0.0.0/31", "10.0.0.0/8", "::1"]],
  ])(
    "has sent a header to the handler, as anything else, where the server trusts %s",
    async (_what, list) => {
      await using server = await serveWho({ proxyProtocol: { trusted: list } });
      await using connection = await dial(server, { localAddress: "127.0.0.2" });
      await connection.write(header);
      expect(await connection.readLine()).toMatch(/^127\.0\.0\.2 \d+ 127\.0\.0\.2 true$/);
      expect(await connection.readLine()).toBe(header.toString().trimEnd());
    },
  );

  test("may come by a Unix socket", async () => {
    await using directory = await tempDir();
    await using server = await serveWho({ path: directory.file("socket"), proxyProtocol: { trusted } });
    await using connection = await dial(server);
    expect(await ask(connection, "hello")).toBe("undefined undefined  true");
    expect(await connection.readLine()).toBe("hello");
  });

  test("is everybody, unless the server says otherwise", async () => {
    await using server = await serve(whoAmI);
    await using connection = await dial(server);
    expect(await ask(connection, "PROXY UNKNOWN")).toMatch(/^127\.0\.0\.1 \d+ 127\.0\.0\.1 true$/);
    expect(await connection.readLine()).toBe("PROXY UNKNOWN");
  });
});

function unreachable(): void {
  expect.unreachable("the handler was called");
}

/** What a server is told that does not take a client for a proxy. */
async function refused(
  act: (socket: Socket) => unknown,
  options: ServeOptions = {},
): Promise<{ error: unknown; connection: Connection | undefined }> {
  const { opened, open } = gate();
  let told: { error: unknown; connection: Connection | undefined } = {
    error: undefined,
    connection: undefined,
  };
  const onError: NonNullable<ServeOptions["onError"]> = (error, connection) => {
    told = { error, connection };
    open();
  };
  await using server = await serve(unreachable, { proxyProtocol: { trusted }, onError, ...options });
  const socket = netConnect(server.address.port, "127.0.0.1").on("error", () => undefined);
  await once(socket, "connect");
  act(socket);
  await opened;
  socket.resume();
  if (!socket.closed) await once(socket, "close");
  expect(server.stats).toMatchObject({ accepted: 1, failed: 1, active: 0 });
  return told;
}

describe("a proxy that must send a header and does not", () => {
  test.each([
    ["speaks at once", "EHLO there\r\n"],
    ["speaks TLS", "\x16\x03\x01\x02\x00\x01"],
    ["has a header that is none", "PROXY TCP4 nowhere\r\n"],
    ["has a header without an end", `PROXY ${"x".repeat(200)}`],
  ])("is cut off if it %s", async (_what, text) => {
    const { error, connection } = await refused((socket) => socket.write(text, "latin1"));
    expect(error).toBeInstanceOf(ProtocolError);
    expect(connection).toBeUndefined();
  });

  test("is cut off if it takes longer than a handshake may", async () => {
    const { error } = await refused((socket) => socket.write("PROXY TC"), { timeouts: { handshake: 60 } });
    expect(error).toBeInstanceOf(TimeoutError);
    expect(error).toMatchObject({ phase: "handshake", milliseconds: 60 });
  });

  test.each([
    ["ends", (socket: Socket) => socket.end()],
    ["ends within it", (socket: Socket) => socket.end("PROXY TC")],
    ["breaks off", (socket: Socket) => socket.resetAndDestroy()],
  ])("is no longer waited for if it %s", async (_what, act) => {
    const { error } = await refused(act);
    expect(error).toBeInstanceOf(ConnectionClosedError);
  });
});

describe("the list of proxies", () => {
  test.each([
    "",
    "x",
    "10.0.0/8",
    "10.0.0.0/33",
    "10.0.0.0/",
    "10.0.0.0/-1",
    "10.0.0.0/8/8",
    "10.0.0.0/1e1",
    "::/129",
    " ::1",
    "[::1]",
    "UNIX",
    "unix/8",
    "localhost",
  ])("can't have %j in it", async (entry) => {
    const error = await failureOf(serve(whoAmI, { proxyProtocol: { trusted: ["127.0.0.1", entry] } }));
    expect(error).toBeInstanceOf(ArgumentError);
    expect(error).toMatchObject({ message: expect.stringContaining(`"${entry}"`) });
  });
});
