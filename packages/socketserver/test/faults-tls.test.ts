// What comes instead of a TLS handshake or a PROXY header: it costs the client its connection, in time.
import { execFileSync } from "node:child_process";
import { once } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import { connect as connectTls } from "node:tls";
import { createAuthority, failureOf } from "@netcli/test-kit";
import { afterAll, describe, expect, test } from "vitest";
import { type ClientOptions, RawClient } from "./fault-clients.ts";
import { besides, faces, type Running, serveFace } from "./fault-faces.ts";
import { nothingLeft } from "./fault-leaks.ts";

// Most of the time is waiting: the tests wait together.
afterAll(nothingLeft);

const HANDSHAKE = 900;
const PACE = 55;

const authority = createAuthority();
const tls = authority.issue();
const secure: ClientOptions = { ca: authority.certificate };
const proxied: ClientOptions = { opening: "PROXY TCP4 192.0.2.1 192.0.2.2 1000 2000\r\n" };
const secureOptions = { tls, timeouts: { handshake: HANDSHAKE } };
const proxyOptions = { proxyProtocol: { trusted: ["127.0.0.1"] }, timeouts: { handshake: HANDSHAKE } };

// The first bytes of a ClientHello that promises 508 more.
const beginning = Buffer.from("1603010200010001fc0303", "hex");

/** Sends these bytes and then zeros, one now and then, until the server has enough. */
async function drip(client: RawClient, bytes: Buffer): Promise<void> {
  for (let at = 0; !client.isOver; at += 1) {
    await client.send(Buffer.from([bytes[at] ?? 0]));
    await Promise.race([client.over, sleep(PACE)]);
  }
}

/** What a client does, and what the server says of it. */
type Misdeed = readonly [act: (client: RawClient) => unknown, error: string];

const tooLate = `TimeoutError: no PROXY header and TLS within ${HANDSHAKE} ms`;
const notTls = "TlsError: the client does not speak TLS";
const leftTls = "TlsError: the client closed the connection during the TLS handshake";
const noHeader = "ProtocolError: the proxy sent no PROXY header";
const leftHeader = "ConnectionClosedError: the proxy closed the connection before its header";

const insteadOfTls: readonly Misdeed[] = [
  [(client) => client.send("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"), notTls],
  [(client) => client.send("EHLO localhost\r\n"), notTls],
  [(client) => client.reset(), leftTls],
  [(client) => client.send(beginning).then(() => client.reset()), leftTls],
  [(client) => client.send(beginning).then(() => client.end()), leftTls],
  [(client) => client.end(), leftTls],
  [(client) => client.over, tooLate],
  [(client) => drip(client, beginning), tooLate],
];

const insteadOfHeader: readonly Misdeed[] = [
  [(client) => client.send("hello\r\n"), noHeader],
  [(client) => client.send(Buffer.from(Array.from({ length: 99 }, (_, at) => at * 37))), noHeader],
  [(client) => client.send(beginning), noHeader],
  [(client) => client.send(`PROXY ${"x".repeat(1_000_000)}`), "ProtocolError: the PROXY header has no end"],
  [(client) => client.send("PROXY TCP4").then(() => client.reset()), leftHeader],
  [(client) => client.send("PROXY TCP4").then(() => client.end()), leftHeader],
  [(client) => client.reset(), leftHeader],
  [(client) => client.over, tooLate],
  [(client) => drip(client, Buffer.from(`PROXY ${"x".repeat(90)}`)), tooLate],
];

/** Does all of that at the same time; resolves when the server has said so much of it. */
async function commit(server: Running, misdeeds: readonly Misdeed[]): Promise<void> {
  await Promise.all(
    misdeeds.map(async ([act]) => {
      using client = await RawClient.to(server.port);
      await act(client);
      await client.over;
    }),
  );
  while (server.errors.length < misdeeds.length) await sleep(1);
}

/** A worker may get a socket too late to see where it came from. */
function withoutRaces({ errors }: Running): string[] {
  return errors.map((error) =>
    String(error).replace(/^ConnectionClosedError: the client was gone .*/, leftHeader),
  );
}

function expected(misdeeds: readonly Misdeed[]): string[] {
  return misdeeds.map(([, error]) => error).toSorted();
}

describe.concurrent.each(faces)("$name", (face) => {
  test("is rid of clients that send anything but a TLS handshake, or none", async () => {
    await using server = await face.start(secureOptions);
    await besides(face, server, () => commit(server, insteadOfTls), secure);
    expect(withoutRaces(server).toSorted()).toEqual(expected(insteadOfTls));
  });

  test("is rid of clients that send anything but a PROXY header, or none", async () => {
    await using server = await face.start(proxyOptions);
    await besides(face, server, () => commit(server, insteadOfHeader), proxied);
    expect(withoutRaces(server).toSorted()).toEqual(expected(insteadOfHeader));
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
        await once(secured, "secureConnect");
        secured.write("hello\r\n");
        await once(secured, "data");
        await client.send(Buffer.alloc(1_000, "garbage"));
        while (server.errors.length === 0) await sleep(1);
      },
      secure,
    );
    expect(server.errors).toEqual([expect.objectContaining({ name: "ConnectionClosedError" })]);
  });

  test("does not take a ClientHello for a conversation where there is no TLS", async () => {
    await using server = await face.start({ timeouts: { idle: HANDSHAKE } });
    await besides(face, server, async () => {
      const client = connectTls({ host: "127.0.0.1", port: server.port, ca: authority.certificate });
      expect(await failureOf(once(client, "secureConnect"))).toBeInstanceOf(Error);
    });
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
  while (server.errors.length === 0) await sleep(1);
  expect(server.errors.map(String)).toEqual([
    "ConnectionClosedError: the client was gone before it was served",
  ]);
});
