// Connections that come about: over IPv4, IPv6, names with several addresses, and Unix sockets.
import { getEventListeners } from "node:events";
import { Socket } from "node:net";
import { afterEach, describe, expect, test } from "vitest";
import { type Script, type ScriptedServer, scriptedServer, tempDir, closedPort } from "@netcli/test-kit";
import { connect, type ConnectOptions, type TraceEvent } from "../src/index.ts";
import { noSocketLeft, nothingLeft } from "./leaks.ts";
import { authority, hello, identity, resolvesTo, trust } from "./peers.ts";

afterEach(noSocketLeft);

async function greeting(options: ConnectOptions): Promise<string | undefined> {
  await using connection = await connect(options);
  return await connection.readLine();
}

function named(options: Parameters<typeof scriptedServer>[1] = {}): Promise<ScriptedServer> {
  return scriptedServer(async (peer) => {
    await peer.send(`${peer.socket.remoteFamily} ${peer.socket.remoteAddress} ${peer.socket.remotePort}\r\n`);
    await peer.closed;
  }, options);
}

const byFamily: ConnectOptions["lookup"] = (name, options, callback) => {
  resolvesTo(options.family === 6 ? "::1" : "127.0.0.1")(name, options, callback);
};

describe("connect", () => {
  test.each(["127.0.0.1", "::1"])("reaches %s", async (host) => {
    await using server = await scriptedServer(hello, { host });
    expect(await greeting({ host, port: server.port })).toBe("220 hello");
  });

  test("takes an IPv6 address in brackets, and calls the peer by it in the same way", async () => {
    await using server = await scriptedServer(hello, { host: "::1" });
    const events: TraceEvent[] = [];
    await using connection = await connect({
      host: "[::1]",
      port: server.port,
      trace: (event) => events.push(event),
    });
    expect(connection.host).toBe("::1");
    expect(await connection.readLine()).toBe("220 hello");
    expect(events.map(({ kind, peer, text }) => [kind, peer, text])).toEqual([
      ["event", `[::1]:${server.port}`, `connected to [::1]:${server.port}`],
      ["received", `[::1]:${server.port}`, "220 hello"],
    ]);
  });

  test("asks the system for localhost", async () => {
    await using server = await scriptedServer(hello);
    expect(await greeting({ host: "localhost", port: server.port })).toBe("220 hello");
  });

  test("asks the given lookup for the name in lower-case ASCII, and never for an address", async () => {
    await using server = await scriptedServer(hello);
    const asked: string[] = [];
    const lookup: ConnectOptions["lookup"] = (name, options, callback) => {
      asked.push(name);
      resolvesTo("127.0.0.1")(name, options, callback);
    };
    const { port } = server;
    expect(await greeting({ host: "Bücher.Example", port, lookup })).toBe("220 hello");
    expect(await greeting({ host: "127.0.0.1", port, lookup })).toBe("220 hello");
    expect(asked).toEqual(["xn--bcher-kva.example"]);
  });

  test.each([
    ["::1", "127.0.0.1"],
    ["127.0.0.1", "::1"],
  ])("goes on to the next address when %s refuses", async (dead, alive) => {
    await using server = await scriptedServer(hello, { host: alive });
    const lookup = resolvesTo(dead, alive);
    expect(await greeting({ host: "two.example", port: server.port, lookup })).toBe("220 hello");
  });

  test("goes on to the next address with TLS, and still sends and verifies the name", async () => {
    const tls = authority.issue({ names: ["two.example"] });
    const names: unknown[] = [];
    const script: Script = async (peer) => {
      names.push(peer.tls?.servername);
      await hello(peer);
    };
    await using server = await scriptedServer(script, { tls });
    const lookup = resolvesTo("::1", "127.0.0.1");
    expect(await greeting({ host: "two.example", port: server.port, lookup, tls: trust })).toBe("220 hello");
    expect(names).toEqual(["two.example"]);
  });

  test.each([
    [4, "127.0.0.1"],
    [6, "::1"],
  ] as const)("uses addresses of family %i only, if asked to", async (family, address) => {
    await using server = await named({ host: address });
    const line = await greeting({ host: "both.example", port: server.port, family, lookup: byFamily });
    expect(line).toMatch(`IPv${family} ${address} `);
  });

  test("connects from the given local address and port", async () => {
    await using server = await named();
    const { port } = server;
    const localPort = await closedPort("127.0.0.2");
    const options = { host: "localhost", port, localAddress: "127.0.0.2", localPort };
    expect(await greeting(options)).toBe(`IPv4 127.0.0.2 ${localPort}`);
  });

  test("tells what socket it got, and what the peer's address is", async () => {
    await using server = await scriptedServer(hello);
    await using connection = await connect({ host: "localhost", port: server.port, family: 4 });
    const { socket } = connection;
    expect(socket instanceof Socket && socket.remotePort).toBe(server.port);
    expect(connection.remoteAddress).toBe("127.0.0.1");
    expect(connection.tls).toBeUndefined();
    expect(connection.destroyed).toBe(false);
  });

  test("leaves no listener on the signal and no running deadline behind", async () => {
    await using server = await scriptedServer(hello);
    const { signal } = new AbortController();
    const timeouts = { stall: Infinity };
    await using connection = await connect({ host: "127.0.0.1", port: server.port, signal, timeouts });
    expect(getEventListeners(signal, "abort")).toEqual([]);
    expect(await connection.readLine()).toBe("220 hello");
    await nothingLeft("TCPSocketWrap", "TCPSocketWrap");
  });

  test("has no deadline where the timeout is Infinity", async () => {
    await using server = await scriptedServer(hello);
    const timeouts = { connect: Infinity };
    expect(await greeting({ host: "127.0.0.1", port: server.port, timeouts })).toBe("220 hello");
  });

  test("hands over what came in the same segment as the end of the peer's side", async () => {
    await using server = await scriptedServer((peer) => peer.send("421 busy\r\nbye"));
    await using connection = await connect({ host: "127.0.0.1", port: server.port });
    expect(await connection.readLine()).toBe("421 busy");
    expect(await connection.readToEnd().text()).toBe("bye");
  });
});

describe("a Unix socket", () => {
  test("is connected to by its path", async () => {
    await using directory = await tempDir();
    const path = directory.file("socket");
    await using server = await scriptedServer(hello, { path });
    const events: TraceEvent[] = [];
    await using connection = await connect({ path, trace: (event) => events.push(event) });
    expect(await connection.readLine()).toBe("220 hello");
    expect(server.connections).toBe(1);
    expect(connection.confidential).toBe(true);
    expect(events[0]).toMatchObject({ peer: path, text: `connected to ${path}` });
  });

  test.runIf(process.platform === "linux")("may have an abstract name", async () => {
    const path = `\0netcli-${process.pid}-${Date.now()}`;
    await using server = await scriptedServer(hello, { path });
    await using connection = await connect({ path });
    expect(await connection.readLine()).toBe("220 hello");
    expect(server.connections).toBe(1);
  });

  test("carries TLS, verified against localhost or the given name", async () => {
    await using directory = await tempDir();
    const path = directory.file("socket");
    const names: unknown[] = [];
    const script: Script = async (peer) => {
      names.push(peer.tls?.servername);
      await hello(peer);
    };
    await using server = await scriptedServer(script, { path, tls: identity });
    expect(await greeting({ path, tls: trust })).toBe("220 hello");
    const other = { ...trust, servername: "other.example" };
    await expect(greeting({ path, tls: other })).rejects.toMatchObject({ code: "ERR_NETCLI_CERTIFICATE" });
    expect(names[0]).toBe("localhost");
    expect(server.connections).toBe(2);
  });

  test("has a path of up to 107 bytes", async () => {
    await using directory = await tempDir();
    const path = directory.file("p".repeat(107 - directory.path.length - 1));
    expect(path).toHaveLength(107);
    await using server = await scriptedServer(hello, { path });
    expect(await greeting({ path })).toBe("220 hello");
    expect(server.connections).toBe(1);
  });
});
