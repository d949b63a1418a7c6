// What comes instead of a TLS handshake or a PROXY header: it costs the client its connection, in time.
import { execFileSync } from "node:child_process";
import { setTimeout as sleep } from "node:timers/promises";
import { connect as connectTls } from "node:tls";
import { createAuthority } from "@netcli/test-kit";
import { afterAll, describe, expect, test } from "vitest";
import { type ClientOptions, RawClient } from "./fault-clients.ts";
import { besides, faces, type Running, serveFace } from "./fault-faces.ts";
import { nothingLeft } from "./fault-leaks.ts";

// Most of the time is waiting: the tests wait together.
afterAll(nothingLeft);

const HANDSHAKE = 300;
const PACE = 20;

const authority = createAuthority();
const tls = authority.issue();
const secure: ClientOptions = { ca: authority.certificate };
const proxied: ClientOptions = { opening: "PROXY TCP4 192.0.2.1 192.0.2.2 1000 2000\r\n" };
const secureOptions = { tls, timeouts: { handshake: HANDSHAKE } };
const proxyOptions = { proxyProtocol: { trusted: ["127.0.0.1"] }, timeouts: { handshake: HANDSHAKE } };

// The first bytes of a ClientHello that promises 508 more.
const beginning = Buffer.from("1603010200010001fc0303", "hex");

async function failed({ errors }: Running): Promise<void> {
  while (errors.length === 0) await sleep(1);
}

/** Sends the same byte, or these and then zeros, now and then until the server has enough. */
async function drip(client: RawClient, bytes: Buffer): Promise<void> {
  for (let at = 0; !client.isOver; at += 1) {
    await client.send(Buffer.from([bytes[at] ?? 0]));
    await Promise.race([client.over, sleep(PACE)]);
  }
}

function error(name: string, message: string): unknown {
  return expect.objectContaining({ name, message });
}

const tooLate = error("TimeoutError", `no PROXY header and TLS within ${HANDSHAKE} ms`);
const notTls = error("TlsError", "the client does not speak TLS");
const leftTls = error("TlsError", "the client closed the connection during the TLS handshake");
const goneHeader = expect.objectContaining({
  name: "ConnectionClosedError",
  // A worker may get the socket too late to see where it came from.
  message: expect.stringMatching(
    /^the (?:proxy closed the connection before its header|client was gone before)/,
  ),
});
const noHeader = error("ProtocolError", "the proxy sent no PROXY header");
const leftHeader = error("ConnectionClosedError", "the proxy closed the connection before its header");

describe.concurrent.each(faces)("$name over TLS", (face) => {
  test.each<[string, (client: RawClient) => Promise<unknown>, unknown]>([
    ["that speaks plain text", (client) => client.send("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"), notTls],
    ["that speaks SMTP", (client) => client.send("EHLO localhost\r\n"), notTls],
    ["that resets before it has said anything", async (client) => client.reset(), leftTls],
    [
      "that resets in the middle of its hello",
      (client) => client.send(beginning).then(() => client.reset()),
      leftTls,
    ],
    [
      "that ends its side in the middle of its hello",
      (client) => client.send(beginning).then(() => client.end()),
      leftTls,
    ],
    ["that says nothing", (client) => client.over, tooLate],
    ["that sends its hello byte by byte", (client) => drip(client, beginning), tooLate],
  ])("is rid of a client %s", async (_, act, reason) => {
    await using server = await face.start(secureOptions);
    await besides(
      face,
      server,
      async () => {
        using client = await RawClient.to(server.port);
        await act(client);
        await failed(server);
      },
      secure,
    );
    expect(server.errors).toEqual([reason]);
  });

  test("is rid of a client that sends garbage after its handshake", async () => {
    await using server = await face.start(secureOptions);
    await besides(
      face,
      server,
      async () => {
        using client = await RawClient.to(server.port);
        const secured = connectTls({ socket: client.socket, ca: authority.certificate });
        secured.on("error", () => undefined);
        await new Promise((resolve) => secured.once("secureConnect", resolve));
        secured.write("hello\r\n");
        await new Promise((resolve) => secured.once("data", resolve));
        await client.send(Buffer.alloc(1_000, "garbage"));
        await failed(server);
      },
      secure,
    );
    expect(server.errors).toEqual([expect.objectContaining({ name: "ConnectionClosedError" })]);
  });
});

describe.concurrent.each(faces)("$name without TLS", (face) => {
  test("does not take a ClientHello for a conversation", async () => {
    await using server = await face.start({ timeouts: { idle: HANDSHAKE } });
    await besides(face, server, async () => {
      const client = connectTls({ host: "127.0.0.1", port: server.port, ca: authority.certificate });
      const secured = await new Promise((resolve) => {
        client.once("error", () => resolve(false));
        client.once("secureConnect", () => resolve(true));
      });
      expect(secured).toBe(false);
    });
  });
});

describe.concurrent.each(faces)("$name behind a proxy", (face) => {
  test.each<[string, (client: RawClient) => Promise<unknown>, unknown]>([
    ["garbage", (client) => client.send("hello\r\n"), noHeader],
    [
      "random bytes",
      (client) => client.send(Buffer.from(Array.from({ length: 99 }, (_, at) => at * 37))),
      noHeader,
    ],
    ["a ClientHello", (client) => client.send(beginning), noHeader],
    [
      "a header without an end",
      (client) => client.send(`PROXY ${"x".repeat(1_000_000)}`),
      error("ProtocolError", "the PROXY header has no end"),
    ],
    [
      "half a header and a reset",
      (client) => client.send("PROXY TCP4").then(() => client.reset()),
      goneHeader,
    ],
    ["half a header and the end", (client) => client.send("PROXY TCP4").then(() => client.end()), leftHeader],
    ["a reset", async (client) => client.reset(), goneHeader],
    ["nothing", (client) => client.over, tooLate],
    ["a header byte by byte", (client) => drip(client, Buffer.from(`PROXY ${"x".repeat(90)}`)), tooLate],
  ])("is rid of a client that sends %s", async (_, act, reason) => {
    await using server = await face.start(proxyOptions);
    await besides(
      face,
      server,
      async () => {
        using client = await RawClient.to(server.port);
        await act(client);
        await failed(server);
      },
      proxied,
    );
    expect(server.errors).toEqual([reason]);
  });
});

test("a client that was gone before it was accepted is believed no word", async () => {
  await using server = await serveFace.start(proxyOptions);
  // Synchronous: the server has no time to accept it meanwhile.
  execFileSync(process.execPath, [
    "--eval",
    `const client = require("node:net").connect(${server.port}, "127.0.0.1", () =>
      client.write("PROXY TCP4 192.0.2.1 192.0.2.2 1000 2000\\r\\nhello\\r\\n", () => client.resetAndDestroy()));`,
  ]);
  await failed(server);
  expect(server.errors).toEqual([error("ConnectionClosedError", "the client was gone before it was served")]);
});
