// Connections that do not come about: each failure has its own error in time, and leaves nothing open.
import type { LookupFunction } from "node:net";
import { afterEach, describe, expect, test } from "vitest";
import { type Script, scriptedServer, socks5Proxy, tempDir, closedPort, failureOf } from "@netcli/test-kit";
import {
  ArgumentError,
  connect,
  ConnectError,
  type ConnectOptions,
  TimeoutError,
  TlsError,
} from "../src/index.ts";
import { noSocketLeft, nothingLeft, refusal } from "./leaks.ts";
import { hello, resolvesTo } from "./peers.ts";

afterEach(noSocketLeft);

const silent: Script = (peer) => peer.closed;
const never: LookupFunction = () => undefined;

function failsWith(code: string): LookupFunction {
  return (name, _options, callback) => {
    const error = Object.assign(new Error(`getaddrinfo ${code} ${name}`), { code });
    process.nextTick(() => callback(error, ""));
  };
}

describe("a host that can't be reached", () => {
  test.each([
    ["127.0.0.1", (port: number) => `127.0.0.1:${port}`],
    ["::1", (port: number) => `[::1]:${port}`],
  ])("is named when %s refuses", async (host, peer) => {
    const port = await closedPort(host);
    const error = await refusal({ host, port });
    expect(error).toBeInstanceOf(ConnectError);
    expect(error).toMatchObject({
      code: "ERR_NETCLI_CONNECT",
      systemCode: "ECONNREFUSED",
      message: `cannot connect to ${peer(port)}: nothing listens there (ECONNREFUSED)`,
      cause: { code: "ECONNREFUSED" },
    });
  });

  test("is named when all of its addresses refuse", async () => {
    const port = await closedPort();
    const error = await refusal({ host: "localhost", port, lookup: resolvesTo("::1", "127.0.0.1") });
    expect(error).toMatchObject({
      name: "ConnectError",
      systemCode: "ECONNREFUSED",
      message: `cannot connect to localhost:${port}: nothing listens there (ECONNREFUSED)`,
      cause: { errors: [{ address: "::1" }, { address: "127.0.0.1" }] },
    });
  });

  test("is named when the system's localhost refuses", async () => {
    const port = await closedPort();
    expect(await refusal({ host: "localhost", port })).toMatchObject({ systemCode: "ECONNREFUSED" });
  });

  test.each([
    ["ENOTFOUND", "there is no such host"],
    ["EAI_AGAIN", "the name can't be looked up at the moment"],
  ])("is told from one that refuses, with and without TLS, on %s", async (systemCode, meaning) => {
    for (const tls of [false, true]) {
      const error = await refusal({ host: "no.example", port: 25, tls, lookup: failsWith(systemCode) });
      expect(error).toBeInstanceOf(ConnectError);
      const message = `cannot connect to no.example:25: ${meaning} (${systemCode})`;
      expect(error).toMatchObject({ systemCode, message });
    }
  });

  test("times out when the lookup never answers", async () => {
    const error = await refusal({ host: "no.example", port: 25, lookup: never, timeouts: { connect: 40 } });
    expect(error).toBeInstanceOf(TimeoutError);
    expect(error).toMatchObject({
      phase: "connect",
      milliseconds: 40,
      message: "no connection to no.example:25 within 40 ms",
    });
  });

  test("is no host for a lookup without an answer", async () => {
    const error = await refusal({ host: "no.example", port: 25, lookup: resolvesTo() });
    expect(error).toBeInstanceOf(ConnectError);
  });

  test("is told from a local address that this machine does not have", async () => {
    const error = await refusal({ host: "127.0.0.1", port: 25, localAddress: "192.0.2.1" });
    expect(error).toBeInstanceOf(ConnectError);
    expect(error).toMatchObject({
      systemCode: "EADDRNOTAVAIL",
      message: expect.stringContaining("the local address is not of this machine"),
    });
  });

  test("may be a Unix socket that is not there", async () => {
    await using directory = await tempDir();
    const error = await refusal({ path: directory.file("none") });
    expect(error).toBeInstanceOf(ConnectError);
    expect(error).toMatchObject({ systemCode: "ENOENT", message: expect.stringContaining("no such socket") });
  });
});

describe("a port that does not speak TLS", () => {
  test("is recognised by its greeting in clear", async () => {
    await using server = await scriptedServer(hello);
    const error = await refusal({ host: "localhost", port: server.port, tls: true });
    expect(error).toBeInstanceOf(TlsError);
    expect(error).toMatchObject({ code: "ERR_NETCLI_TLS", message: expect.stringContaining("STARTTLS") });
  });

  test("runs into the connect timeout if it is silent", async () => {
    await using server = await scriptedServer(silent);
    const timeouts = { connect: 60 };
    const error = await refusal({ host: "localhost", port: server.port, tls: true, timeouts });
    expect(error).toBeInstanceOf(TimeoutError);
    expect(error).toMatchObject({ phase: "connect", milliseconds: 60 });
  });

  test.each([
    ["closes", (peer) => peer.read(1).then(() => undefined)],
    [
      "resets",
      async (peer) => {
        await peer.read(1);
        peer.reset();
        await peer.closed;
      },
    ],
  ] satisfies [string, Script][])(
    "is named when it %s the connection during the handshake",
    async (_how, script) => {
      await using server = await scriptedServer(script);
      const error = await refusal({ host: "localhost", port: server.port, tls: true });
      expect(error).toBeInstanceOf(TlsError);
      expect(error).toMatchObject({ message: "localhost closed the connection during the TLS handshake" });
    },
  );
});

test("one deadline spans the proxy and the TLS handshake behind it", async () => {
  await using server = await scriptedServer(silent);
  await using proxy = await socks5Proxy();
  const timeouts = { connect: 120 };
  const error = await refusal({
    host: "127.0.0.1",
    port: server.port,
    proxy: proxy.url,
    tls: true,
    timeouts,
  });
  expect(server.connections).toBe(1);
  expect(error).toBeInstanceOf(TimeoutError);
  expect(error).toMatchObject({ phase: "connect", milliseconds: 120 });
});

describe("arguments that can't be used", () => {
  const misspelt: object = { conect: 1 };
  const cases: [string, ConnectOptions][] = [
    ["no host", { port: 25 }],
    ["no port", { host: "localhost" }],
    ["port 0", { host: "localhost", port: 0 }],
    ["a port that is too high", { host: "localhost", port: 65_536 }],
    ["a port that is no whole number", { host: "localhost", port: 2.5 }],
    ["a port that is no number", { host: "localhost", port: Number.NaN }],
    ["an empty host", { host: "", port: 25 }],
    ["a host with a space", { host: "a b", port: 25 }],
    ["a host with a line end", { host: "a\r\nb", port: 25 }],
    ["a host with a port", { host: "localhost:25", port: 25 }],
    ["brackets around a name", { host: "[localhost]", port: 25 }],
    ["an empty path", { path: "" }],
    ["a path that is too long", { path: `/tmp/${"p".repeat(103)}` }],
    ["a path that is too long in UTF-8", { path: `/tmp/${"ü".repeat(52)}` }],
    ["a path and a host", { path: "/tmp/socket", host: "localhost" }],
    ["a path and a proxy", { path: "/tmp/socket", proxy: "socks5://localhost" }],
    ["a local address that is none", { host: "localhost", port: 25, localAddress: "localhost" }],
    ["a local port that is too high", { host: "localhost", port: 25, localPort: 65_536 }],
    ["a servername that is no name", { host: "localhost", port: 25, tls: { servername: "a b" } }],
    ["an unknown timeout", { host: "localhost", port: 25, timeouts: misspelt }],
    ["a timeout of 0", { host: "localhost", port: 25, timeouts: { connect: 0 } }],
  ];

  test.each(cases)("are refused: %s", async (_what, options) => {
    expect(await failureOf(connect(options))).toBeInstanceOf(ArgumentError);
  });
});

test("a reset in the middle ends the connection with an error that says so", async () => {
  await using server = await scriptedServer(async (peer) => {
    await peer.send("220 hel");
    await peer.readLine();
    peer.reset();
    await peer.closed;
  });
  const connection = await connect({ host: "127.0.0.1", port: server.port });
  const [line] = await Promise.all([failureOf(connection.readLine()), connection.writeLine("GO")]);
  expect(line).toMatchObject({
    name: "ConnectionClosedError",
    message: expect.stringContaining("the connection broke in the middle of a line"),
    cause: { code: "ECONNRESET" },
  });
  await connection.closed;
  expect(connection.destroyed).toBe(true);
  await nothingLeft();
  await expect(connection.writeLine("MORE")).rejects.toMatchObject({
    name: "ConnectionClosedError",
    cause: { code: "ECONNRESET" },
  });
});
