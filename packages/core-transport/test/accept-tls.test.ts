// TLS as the server of a connection: STARTTLS with our own client, what attackers put in front, handshakes that fail.
import { getEventListeners, once } from "node:events";
import type { Socket } from "node:net";
import { connect as tlsConnect, TLSSocket } from "node:tls";
import { afterEach, describe, expect, test } from "vitest";
import { failureOf } from "@netcli/test-kit";
import { ArgumentError, Connection, ConnectionClosedError, TimeoutError, TlsError } from "../src/index.ts";
import { acceptedConnection, type Pair, send, take, turns } from "./accepted.ts";
import { noSocketLeft } from "./leaks.ts";
import { bytesReceived, identity, pattern, streamPair, trust } from "./peers.ts";

afterEach(noSocketLeft);

const LONG = { connect: 20_000 };

/** The server's connection when it has told the client to go ahead, which has not begun. */
async function ready(options: Parameters<typeof acceptedConnection>[0] = {}) {
  const pair = await acceptedConnection({ timeouts: LONG, ...options });
  await send(pair.client, "STARTTLS\r\n");
  expect(await pair.connection.readLine()).toBe("STARTTLS");
  await pair.connection.writeLine("220 go");
  await take(pair.client, 8);
  return pair;
}

/** TLS as node:tls does it, over the client's end. */
function clientTls(client: Socket): TLSSocket {
  return tlsConnect({ ...trust, socket: client, servername: "localhost" }).on("error", () => undefined);
}

describe.each([false, true])("an accepted connection, paused: %s,", (paused) => {
  test("changes over to TLS together with a connection of our own", async () => {
    const events: string[] = [];
    const trace = ({ kind, text }: { kind: string; text: string }): void =>
      void events.push(`${kind} ${text}`);
    await using pair = await acceptedConnection({ paused, trace });
    const { connection } = pair;
    const client = Connection.over(pair.client, { host: "localhost" });
    await client.writeLine("STARTTLS");
    expect(await connection.readLine()).toBe("STARTTLS");
    expect([connection.tls, connection.confidential]).toEqual([undefined, true]);
    await connection.writeLine("220 go");
    const accepting = connection.acceptTls(identity);
    expect(await client.readLine()).toBe("220 go");
    await Promise.all([accepting, client.startTls(trust)]);
    expect(connection.tls).toBeInstanceOf(TLSSocket);
    expect(connection.tls?.authorized).toBe(false);
    await client.writeLine("hello");
    expect(await connection.readLine()).toBe("hello");
    const bytes = pattern(3_000_000);
    const writing = connection.write(bytes);
    expect(Buffer.from(await client.readExactly(bytes.length)).equals(bytes)).toBe(true);
    await writing;
    const reply = client.write(bytes);
    expect(Buffer.from(await connection.readExactly(bytes.length)).equals(bytes)).toBe(true);
    await reply;
    client.end();
    expect(await connection.readLine()).toBeUndefined();
    await connection.writeLine("221 bye");
    connection.end();
    expect([await client.readLine(), await client.readLine()]).toEqual(["221 bye", undefined]);
    await Promise.all([client.close(), connection.close()]);
    expect(events).toEqual([
      "received STARTTLS",
      "sent 220 go",
      "event TLS: TLSv1.3",
      "received hello",
      "sent 221 bye",
      "event closed",
    ]);
  });
});

test("what is written during the handshake goes out behind it, and what the client sends at once is not lost", async () => {
  await using pair = await ready();
  const { connection, client } = pair;
  const accepting = connection.acceptTls(identity);
  const early = connection.writeLine("250 early");
  const secured = clientTls(client);
  // In one go with the end of the handshake, and the end of the client's side behind it.
  secured.once("secureConnect", () => secured.end("at once\r\n"));
  await Promise.all([accepting, early]);
  expect([await connection.readLine(), await connection.readLine()]).toEqual(["at once", undefined]);
  expect(String(await once(secured, "data"))).toBe("250 early\r\n");
});

test("a stream that is no socket can change over, too", async () => {
  const [near, far] = streamPair();
  const connection = Connection.over(near, { timeouts: LONG });
  const client = Connection.over(far, { host: "localhost", timeouts: LONG });
  await Promise.all([connection.acceptTls(identity), client.startTls(trust)]);
  await client.writeLine("hello");
  expect(await connection.readLine()).toBe("hello");
  await Promise.all([client.close(), connection.close()]);
});

describe("what a client, or someone in between, sent in clear behind the command", () => {
  test.each([
    ["a line in the same segment", "STARTTLS\r\nRCPT TO:<evil>\r\n", ""],
    ["a fragment in the same segment", "STARTTLS\r\nR", ""],
    ["a line in a segment of its own", "STARTTLS\r\n", "RCPT TO:<evil>\r\n"],
    ["more than is read ahead", "STARTTLS\r\n", "RCPT TO:<evil>\r\n".repeat(20_000)],
  ])("is refused, and never read: %s", async (_what, first, later) => {
    await using pair = await acceptedConnection({ timeouts: LONG });
    const { connection, client } = pair;
    await send(client, first);
    expect(await connection.readLine()).toBe("STARTTLS");
    client.write(later);
    await bytesReceived(connection, first.length + Math.min(later.length, 65_536));
    await connection.writeLine("220 go");
    const error = await failureOf(connection.acceptTls(identity));
    expect(error).toBeInstanceOf(TlsError);
    expect(error).toMatchObject({ code: "ERR_NETCLI_STARTTLS_INJECTION" });
    expect(connection.destroyed).toBe(true);
    expect(await failureOf(connection.readLine())).toBe(error);
    expect(await failureOf(connection.readExactly(1))).toBe(error);
  });

  test("is refused where it was received and not looked at yet", async () => {
    await using pair = await acceptedConnection({ timeouts: LONG });
    const { connection, client, accepted } = pair;
    await send(client, "STARTTLS\r\n");
    await bytesReceived(connection, 10);
    await send(client, "RCPT TO:<evil>\r\n");
    await bytesReceived(connection, 26);
    expect(await connection.readLine()).toBe("STARTTLS");
    expect(accepted.readableLength).toBe(16);
    expect(await failureOf(connection.acceptTls(identity))).toMatchObject({
      code: "ERR_NETCLI_STARTTLS_INJECTION",
    });
  });

  test("breaks the handshake if it is still in the kernel", async () => {
    await using pair = await ready();
    await send(pair.client, "RCPT TO:<evil>\r\n");
    expect(await failureOf(pair.connection.acceptTls(identity))).toMatchObject({
      name: "TlsError",
      message: "the client does not speak TLS",
    });
  });
});

/** The first message of a client. */
async function clientHello(): Promise<Buffer> {
  const [near, far] = streamPair();
  const client = tlsConnect({ socket: near, maxVersion: "TLSv1.2" }).on("error", () => undefined);
  const [hello] = (await once(far, "data")) as [Buffer];
  client.destroy();
  return hello;
}

describe("a handshake", () => {
  const clients: [string, (client: Socket) => unknown, string | RegExp][] = [
    ["speaks no TLS", (client) => client.write("EHLO there\r\n"), "the client does not speak TLS"],
    ["speaks HTTP", (client) => client.write("GET / HTTP/1.1\r\n\r\n"), "the client does not speak TLS"],
    ["ends", (client) => client.end(), "the client closed the connection during the TLS handshake"],
    [
      "ends within its first message",
      (client) => client.end(Buffer.from([0x16, 0x03, 0x01, 0x02, 0x00, 0x01])),
      "the client closed the connection during the TLS handshake",
    ],
    [
      "breaks off",
      (client) => client.resetAndDestroy(),
      "the client closed the connection during the TLS handshake",
    ],
    [
      "refuses the server",
      // An alert: the authority is unknown (RFC 5246 7.2).
      async (client) =>
        client.write(Buffer.concat([await clientHello(), Buffer.from([0x15, 3, 3, 0, 2, 2, 0x30])])),
      /^the client refused the handshake: .*unknown ca/,
    ],
    [
      "speaks old versions only",
      (client) =>
        tlsConnect({
          ...trust,
          socket: client,
          minVersion: "TLSv1",
          maxVersion: "TLSv1.1",
          ciphers: "DEFAULT@SECLEVEL=0",
        }).on("error", () => undefined),
      /^the TLS handshake failed: unsupported protocol$/,
    ],
  ];

  test.each(clients)("fails at once with a client that %s", async (_what, act, message) => {
    await using pair = await ready();
    const accepting = failureOf(pair.connection.acceptTls(identity));
    await turns();
    await act(pair.client);
    const error = await accepting;
    expect(error).toBeInstanceOf(TlsError);
    expect(error).toMatchObject({ message: expect.stringMatching(message) });
    // One line for a log.
    expect((error as Error).message).not.toContain("\n");
    expect(pair.connection.destroyed).toBe(true);
    await pair.connection.closed;
    expect(await failureOf(pair.connection.writeLine("x"))).toBe(error);
  });

  const gone: [string, (pair: Pair & { connection: Connection }) => Promise<unknown>][] = [
    [
      "has ended its side",
      ({ client, accepted }) => {
        client.end();
        return once(accepted, "end");
      },
    ],
    [
      "has broken off",
      ({ client, connection }) => {
        client.resetAndDestroy();
        return connection.closed;
      },
    ],
  ];

  test.each(gone)("does not begin with a client that %s", async (_what, leave) => {
    await using pair = await ready();
    await leave(pair);
    expect(await failureOf(pair.connection.acceptTls(identity))).toBeInstanceOf(ConnectionClosedError);
    // Nor does one of our own.
    await using other = await ready();
    await leave(other);
    expect(await failureOf(other.connection.startTls(trust))).toBeInstanceOf(ConnectionClosedError);
  });

  test("with a silent client runs into the timeout", async () => {
    await using pair = await ready({ timeouts: { connect: 60 } });
    const error = await failureOf(pair.connection.acceptTls(identity));
    expect(error).toBeInstanceOf(TimeoutError);
    expect(error).toMatchObject({ phase: "tls", milliseconds: 60 });
    expect(pair.connection.destroyed).toBe(true);
  });

  test("is given up with the signal's reason, before and after it has begun", async () => {
    for (const early of [true, false]) {
      await using pair = await ready();
      const controller = new AbortController();
      const { signal } = controller;
      if (early) controller.abort("enough");
      const accepting = failureOf(pair.connection.acceptTls(identity, { signal }));
      await turns();
      controller.abort("enough");
      expect(await accepting).toBe("enough");
      expect(getEventListeners(signal, "abort")).toEqual([]);
      expect(pair.connection.destroyed).toBe(true);
    }
  });

  test("is over at once when the connection is destroyed", async () => {
    await using pair = await ready();
    const accepting = failureOf(pair.connection.acceptTls(identity));
    await turns();
    const reason = new Error("enough");
    pair.connection.destroy(reason);
    expect(await accepting).toBe(reason);
  });

  test("does not begin without a certificate", async () => {
    await using pair = await ready();
    expect(await failureOf(pair.connection.acceptTls({ cert: identity.cert }))).toBeInstanceOf(ArgumentError);
    expect(pair.connection.destroyed).toBe(true);
  });
});

test("a record that is none breaks the connection at once", async () => {
  await using pair = await ready();
  const { connection, client } = pair;
  const accepting = connection.acceptTls(identity);
  // A relay, so that something can be put between the records.
  const [near, far] = streamPair();
  far.on("data", (chunk: Buffer) => client.write(chunk));
  client.on("data", (chunk: Buffer) => far.write(chunk)).resume();
  const secured = tlsConnect({ ...trust, socket: near, servername: "localhost" }).on(
    "error",
    () => undefined,
  );
  await accepting;
  secured.write("hello\r\n");
  expect(await connection.readLine()).toBe("hello");
  const next = failureOf(connection.readLine());
  client.write("garbage where a record should be");
  expect(await next).toBeInstanceOf(ConnectionClosedError);
  await connection.closed;
  secured.destroy();
});
