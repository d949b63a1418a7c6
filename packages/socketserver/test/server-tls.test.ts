// TLS from the first byte or in place, and certificates that change while the server runs.
import { once } from "node:events";
import { connect as netConnect, type Socket } from "node:net";
import { afterEach, describe, expect, test } from "vitest";
import { ArgumentError, type Connection, type TlsServerOptions } from "@netcli/core-transport";
import { createAuthority, failureOf, type Identity } from "@netcli/test-kit";
import { type ConnectionHandler, serve, type Server, type ServeOptions } from "../src/index.ts";
import { ask, dial } from "./dial.ts";
import { nothingLeft } from "./fault-leaks.ts";

afterEach(nothingLeft);

const authority = createAuthority();
const tls = authority.issue();
const trust = { ca: authority.certificate };

/** An identity of ours that can be told from the others. */
function named(name: string): Identity {
  return authority.issue({ names: [name, "127.0.0.1"] });
}

const echo: ConnectionHandler = async (connection) => {
  for await (const line of connection.lines()) await connection.writeLine(line);
};

const whoAreYou: ConnectionHandler = async (connection) => {
  const name = connection.tls?.getPeerCertificate().subjectaltname;
  await connection.writeLine(`${connection.tls?.authorized} ${name}`);
};

/** A server that knows STARTTLS and echoes everything else. */
const starttls: ConnectionHandler = async (connection, server) => {
  for await (const line of connection.lines()) {
    if (line !== "STARTTLS") await connection.writeLine(line);
    else if (server.tls === undefined) await connection.writeLine("454 not now");
    else {
      await connection.writeLine("220 go");
      await connection.acceptTls(server.tls);
    }
  }
};

/** The first name on the certificate that a client was shown. */
function shown({ tls: socket }: Connection): string | undefined {
  return socket?.getPeerCertificate().subjectaltname?.split(",")[0];
}

async function bare(server: Server): Promise<Socket> {
  const socket = netConnect({ port: server.address.port, host: "127.0.0.1", allowHalfOpen: true });
  socket.on("error", () => undefined).resume();
  await once(socket, "connect");
  return socket;
}

describe("TLS from the first byte", () => {
  test("is what the handler finds, and what is counted", async () => {
    const found: unknown[] = [];
    await using server = await serve(
      async (connection) => {
        found.push(connection.tls?.getProtocol(), connection.confidential, connection.remoteAddress);
        for await (const line of connection.lines()) await connection.writeLine(line);
      },
      { tls },
    );
    await using client = await dial(server, { tls: trust });
    expect(await ask(client, "hello")).toBe("hello");
    expect(found).toEqual(["TLSv1.3", true, "127.0.0.1"]);
    expect(server.tls).toBe(tls);
    const { bytesReceived, bytesSent } = server.stats;
    expect(bytesReceived).toBeGreaterThan(200);
    expect(bytesSent).toBeGreaterThan(500);
    await client.close();
    while (server.stats.active > 0) await new Promise(setImmediate);
    expect(server.stats.bytesReceived).toBeGreaterThanOrEqual(bytesReceived);
    expect(server.stats.bytesSent).toBeGreaterThanOrEqual(bytesSent);
  });

  test("ends politely, with the last line of the server, whatever the client has still sent", async () => {
    await using server = await serve((connection) => connection.writeLine("421 busy"), { tls });
    await using client = await dial(server, { tls: trust });
    await client.write(Buffer.alloc(1_000_000));
    expect([await client.readLine(), await client.readLine()]).toEqual(["421 busy", undefined]);
  });

  const clients: [string, (socket: Socket) => unknown, string][] = [
    ["speaks in clear", (socket) => socket.write("EHLO there\r\n"), "does not speak TLS"],
    ["ends at once", (socket) => socket.end(), "closed the connection during the TLS handshake"],
    ["breaks off", (socket) => socket.resetAndDestroy(), "closed the connection during the TLS handshake"],
  ];

  test.each(clients)(
    "is no matter for the handler with a client that %s, nor for other clients",
    async (_what, act, why) => {
      const told: [unknown, unknown][] = [];
      await using server = await serve(echo, {
        tls,
        timeouts: { handshake: 20_000 },
        maxConnections: 1,
        onError: (...args) => void told.push(args),
      });
      const socket = await bare(server);
      await using client = await dial(server);
      act(socket);
      await client.startTls({ ...trust, servername: "localhost" });
      expect(await ask(client, "hello")).toBe("hello");
      expect(told).toMatchObject([[{ name: "TlsError", message: expect.stringContaining(why) }, undefined]]);
      expect(server.stats.failed).toBe(1);
      socket.destroy();
    },
  );

  test("is not waited for with clients that have ended while they waited their turn", async () => {
    const told: unknown[] = [];
    await using server = await serve(echo, {
      tls,
      timeouts: { handshake: 20_000 },
      maxConnections: 1,
      onError: (error) => void told.push(error),
    });
    const first = await dial(server, { tls: trust });
    const gone = await bare(server);
    while (server.stats.queued < 1) await new Promise(setImmediate);
    gone.end();
    await using last = await dial(server);
    while (server.stats.queued < 2) await new Promise(setImmediate);
    await first.close();
    await last.startTls({ ...trust, servername: "localhost" });
    expect(await ask(last, "hello")).toBe("hello");
    expect(told).toMatchObject([{ name: "TlsError" }]);
    gone.destroy();
  });

  test("may ask clients for their certificate", async () => {
    const told: unknown[] = [];
    await using server = await serve(whoAreYou, {
      tls: { ...tls, ...trust, requestCert: true },
      onError: (error) => void told.push(error),
    });
    await using client = await dial(server, {
      tls: { ...trust, ...authority.issue({ names: ["me.example"] }) },
    });
    expect(await client.readLine()).toBe("true DNS:me.example");
    await using stranger = await dial(server, { tls: { ...trust, maxVersion: "TLSv1.3" } });
    expect(await failureOf(stranger.readLine())).toMatchObject({ name: "ConnectionClosedError" });
    expect(told).toMatchObject([{ name: "TlsError" }]);
  });
});

describe("a certificate that is replaced", () => {
  test("counts for those who come later, and leaves those alone who are there", async () => {
    await using server = await serve(echo, { tls: named("old.example") });
    await using early = await dial(server, { tls: trust });
    const next = named("new.example");
    server.tls = next;
    expect(server.tls).toBe(next);
    await using late = await dial(server, { tls: trust });
    expect([shown(early), shown(late)]).toEqual(["DNS:old.example", "DNS:new.example"]);
    expect([await ask(early, "hello"), await ask(late, "hello")]).toEqual(["hello", "hello"]);
  });

  test("counts for those who wait their turn", async () => {
    await using server = await serve(echo, { tls: named("old.example"), maxConnections: 1 });
    const first = await dial(server, { tls: trust });
    const second = dial(server, { tls: trust });
    while (server.stats.queued === 0) await new Promise(setImmediate);
    server.tls = named("new.example");
    await first.close();
    await using client = await second;
    expect(shown(client)).toBe("DNS:new.example");
  });

  const other = named("other.example");
  const wrong: [string, TlsServerOptions | undefined][] = [
    ["with the key of another", { cert: other.cert, key: tls.key }],
    ["without a key", { cert: other.cert }],
    ["of an empty file", { cert: "", key: "" }],
    ["that is none", { cert: "none", key: "none" }],
    ["by nothing", undefined],
  ];

  test.each(wrong)("%s is refused, and the old one stays", async (_what, options) => {
    const old = named("old.example");
    await using server = await serve(echo, { tls: old });
    expect(() => {
      server.tls = options;
    }).toThrow(ArgumentError);
    expect(server.tls).toBe(old);
    await using client = await dial(server, { tls: trust });
    expect(shown(client)).toBe("DNS:old.example");
  });
});

describe("STARTTLS", () => {
  const options: ServeOptions = { tls: named("old.example"), tlsMode: "starttls" };

  test("is the handler's, who takes the certificate from the server", async () => {
    await using server = await serve(starttls, options);
    const shownNames: (string | undefined)[] = [];
    for (const identity of [undefined, named("new.example")]) {
      if (identity !== undefined) server.tls = identity;
      await using client = await dial(server);
      expect([await ask(client, "NOOP"), await ask(client, "STARTTLS")]).toEqual(["NOOP", "220 go"]);
      await client.startTls(trust);
      expect(await ask(client, "NOOP")).toBe("NOOP");
      shownNames.push(shown(client));
    }
    expect(shownNames).toEqual(["DNS:old.example", "DNS:new.example"]);
  });

  test("refuses what was sent in clear behind the command, and the server goes on", async () => {
    const told: unknown[] = [];
    await using server = await serve(starttls, { ...options, onError: (error) => void told.push(error) });
    await using attacked = await dial(server);
    await attacked.write("STARTTLS\r\nRCPT TO:<evil>\r\n");
    // Up to the end, or the break.
    await attacked
      .readToEnd()
      .bytes()
      .catch(() => undefined);
    expect(told).toMatchObject([{ code: "ERR_NETCLI_STARTTLS_INJECTION" }]);
    await using client = await dial(server);
    expect(await ask(client, "NOOP")).toBe("NOOP");
  });

  test("may have its certificate later, or no longer", async () => {
    await using server = await serve(starttls, { tlsMode: "starttls" });
    await using client = await dial(server);
    expect(await ask(client, "STARTTLS")).toBe("454 not now");
    server.tls = tls;
    expect(await ask(client, "STARTTLS")).toBe("220 go");
    await client.startTls(trust);
    server.tls = undefined;
    expect(await ask(client, "STARTTLS")).toBe("454 not now");
  });
});

test.each<[string, ServeOptions]>([
  ["a certificate without its key", { tls: { cert: tls.cert } }],
  ["a key of another certificate", { tls: { cert: tls.cert, key: named("x.example").key } }],
  ["no certificate at all", { tls: {} }],
  ["no such mode", { tls, tlsMode: "explicit" as "starttls" }],
])("a server can't begin with %s", async (_what, options) => {
  expect(await failureOf(serve(echo, options))).toBeInstanceOf(ArgumentError);
});
