// What is published on the channel `netcli.server`, and what watchers of connections get.
import { subscribe, unsubscribe } from "node:diagnostics_channel";
import { connect as netConnect, type Socket } from "node:net";
import { once } from "node:events";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { ProtocolError, type TraceEvent } from "@netcli/core-transport";
import { selfSigned, tempDir } from "@netcli/test-kit";
import { type ConnectionHandler, serve, type Server, type ServerEvent } from "../src/index.ts";
import { ask, dial } from "./dial.ts";
import { nothingLeft } from "./fault-leaks.ts";
import { version1 } from "./proxy-headers.ts";

const events: ServerEvent[] = [];
const lines: unknown[] = [];
const onEvent = (message: unknown): void => void events.push(message as ServerEvent);
const onLine = (message: unknown): void => void lines.push(message);

beforeEach(() => {
  subscribe("netcli.server", onEvent);
  events.length = 0;
  lines.length = 0;
});

afterEach(async () => {
  unsubscribe("netcli.server", onEvent);
  unsubscribe("netcli.line", onLine);
  await nothingLeft();
});

const echo: ConnectionHandler = async (connection) => {
  for await (const line of connection.lines()) await connection.writeLine(line);
};

const failing: ConnectionHandler = async (connection) => {
  await connection.readLine();
  throw new ProtocolError("nonsense");
};

/** Waits until a server has nothing to do. */
async function idle(server: Server): Promise<void> {
  while (server.stats.active + server.stats.queued > 0) await new Promise(setImmediate);
}

/** Kinds and addresses of what was published. */
function published(): string[] {
  return events.map(({ kind, address }) => `${kind} ${address}`);
}

describe("the channel", () => {
  test("tells of a connection that was served", async () => {
    await using server = await serve(echo);
    await using client = await dial(server);
    await ask(client, "hello");
    expect(published()).toEqual(["accepted 127.0.0.1"]);
    await client.close();
    await idle(server);
    expect(published()).toEqual(["accepted 127.0.0.1", "closed 127.0.0.1"]);
    expect(events.every((event) => event.server === server)).toBe(true);
  });

  test("tells of those who wait and those who are sent away", async () => {
    await using server = await serve(echo, { maxConnections: 1, maxQueued: 1 });
    await using first = await dial(server);
    await ask(first, "hello");
    await using second = await dial(server);
    while (server.stats.queued < 1) await new Promise(setImmediate);
    await using third = await dial(server);
    expect(await third.readLine()).toBeUndefined();
    expect(published()).toEqual(["accepted 127.0.0.1", "queued 127.0.0.1", "refused 127.0.0.1"]);
    await first.close();
    expect(await ask(second, "hello")).toBe("hello");
  });

  test("tells what went wrong", async () => {
    const error = new ProtocolError("nonsense");
    await using server = await serve(() => Promise.reject(error), { onError: () => undefined });
    await using client = await dial(server);
    await client.readLine();
    await client.close();
    await idle(server);
    expect(published()).toEqual(["accepted 127.0.0.1", "failed 127.0.0.1", "closed 127.0.0.1"]);
    expect(events[1]?.error).toBe(error);
  });

  test("tells who failed a handshake", async () => {
    await using server = await serve(echo, { tls: selfSigned() });
    const socket = netConnect(server.address.port, "127.0.0.1");
    socket.on("error", () => undefined).write("EHLO there\r\n");
    socket.resume();
    await once(socket, "close");
    await idle(server);
    expect(published()).toEqual(["accepted 127.0.0.1", "failed 127.0.0.1", "closed 127.0.0.1"]);
    expect(events[1]?.error).toMatchObject({ name: "TlsError" });
  });

  test("tells the address of the client where a proxy said it", async () => {
    const proxyProtocol = { trusted: ["127.0.0.1"] };
    const header = version1({ address: "192.0.2.7", port: 9 }, "192.0.2.1");
    await using server = await serve(failing, { proxyProtocol, maxPerAddress: 1, onError: () => undefined });
    await using first = await dial(server);
    await first.write(header);
    while (server.stats.bytesReceived < header.length) await new Promise(setImmediate);
    await using second = await dial(server);
    await second.write(header);
    expect(await second.readLine()).toBeUndefined();
    await ask(first, "go");
    expect(published().filter((text) => !text.startsWith("accepted") && !text.startsWith("closed"))).toEqual([
      "refused 192.0.2.7",
      "failed 192.0.2.7",
    ]);
  });

  test("has no address for clients of a Unix socket", async () => {
    await using directory = await tempDir();
    await using server = await serve(echo, { path: directory.file("socket") });
    await using client = await dial(server);
    await ask(client, "hello");
    (client.socket as Socket).destroy();
    await idle(server);
    expect(published()[0]).toBe("accepted ");
    expect(published().at(-1)).toBe("closed ");
  });
});

test("lines go to `trace` only: which of them are secret nobody else can know", async () => {
  subscribe("netcli.line", onLine);
  const traced: TraceEvent[] = [];
  await using server = await serve(echo, { trace: (event) => void traced.push(event) });
  const socket = netConnect(server.address.port, "127.0.0.1");
  socket.end("PASS secret\r\n").resume();
  await once(socket, "close");
  await idle(server);
  expect(lines).toEqual([]);
  expect(traced.map(({ kind, text }) => `${kind} ${text}`)).toEqual([
    "received PASS secret",
    "sent PASS secret",
    "event closed",
  ]);
});
