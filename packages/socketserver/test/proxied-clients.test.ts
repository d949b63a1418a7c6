// Clients behind a load balancer: how they are counted, and how they come to TLS.
import { connect as netConnect, type Socket } from "node:net";
import { Duplex } from "node:stream";
import { afterEach, describe, expect, test } from "vitest";
import { connect, type Connection } from "@netcli/core-transport";
import { createAuthority } from "@netcli/test-kit";
import { type ConnectionHandler, serve, type Server, type ServeOptions } from "../src/index.ts";
import { ask, dial } from "./dial.ts";
import { nothingLeft } from "./fault-leaks.ts";
import { version1, version2 } from "./proxy-headers.ts";

afterEach(nothingLeft);

const authority = createAuthority();
const identity = authority.issue();
const trust = { ca: authority.certificate };
const proxyProtocol = { trusted: ["127.0.0.1"] };

const whoAmI: ConnectionHandler = async (connection) => {
  await connection.writeLine(`you are ${connection.remoteAddress}`);
  for await (const line of connection.lines()) await connection.writeLine(line);
};

/** A header for a client at that address. */
function from(address: string): Buffer {
  return version1({ address, port: 4711 }, address);
}

/** A connection to the server that begins with these bytes. */
async function through(server: Server, header: Uint8Array): Promise<Connection> {
  const connection = await dial(server);
  await connection.write(header);
  return connection;
}

describe("maxPerAddress", () => {
  const options: ServeOptions = { proxyProtocol, maxPerAddress: 1, refusal: "421 enough" };

  test("counts the clients, not the proxy", async () => {
    await using server = await serve(whoAmI, options);
    await using one = await through(server, from("192.0.2.1"));
    await using two = await through(server, from("192.0.2.2"));
    await using three = await through(server, from("2001:db8::1"));
    await using again = await through(server, from("192.0.2.1"));
    await using neighbour = await through(server, from("2001:db8::2"));
    expect(await one.readLine()).toBe("you are 192.0.2.1");
    expect(await two.readLine()).toBe("you are 192.0.2.2");
    expect(await three.readLine()).toBe("you are 2001:db8::1");
    expect([await again.readLine(), await again.readLine()]).toEqual(["421 enough", undefined]);
    expect([await neighbour.readLine(), await neighbour.readLine()]).toEqual(["421 enough", undefined]);
    expect(server.stats).toMatchObject({ accepted: 5, active: 3, refused: 2, failed: 0 });
  });

  test("lets a client in again who has left, however it left", async () => {
    await using server = await serve(whoAmI, options);
    for (const leave of ["ends", "breaks off", "is refused"]) {
      await using first = await through(server, from("192.0.2.1"));
      expect(await first.readLine()).toBe("you are 192.0.2.1");
      await using second = await through(server, from("192.0.2.1"));
      expect([await second.readLine(), await second.readLine()]).toEqual(["421 enough", undefined]);
      if (leave === "ends") await first.close();
      else (first.socket as Socket).resetAndDestroy();
      while (server.stats.active > 0) await new Promise(setImmediate);
    }
  });

  test("does not count what a proxy says for itself", async () => {
    await using server = await serve(whoAmI, options);
    const local = version2(undefined, "", { command: 0x20 });
    await using one = await through(server, local);
    await using two = await through(server, local);
    expect([await one.readLine(), await two.readLine()]).toEqual(["you are 127.0.0.1", "you are 127.0.0.1"]);
  });

  test("counts those who come directly by their own address", async () => {
    await using server = await serve(whoAmI, { ...options, proxyProtocol: { trusted: ["10.0.0.0/8"] } });
    await using one = await dial(server);
    expect(await one.readLine()).toBe("you are 127.0.0.1");
    await using two = await dial(server);
    expect([await two.readLine(), await two.readLine()]).toEqual(["421 enough", undefined]);
  });
});

describe("a client that waits its turn", () => {
  test("may have sent its header long before", async () => {
    await using server = await serve(whoAmI, { proxyProtocol, maxConnections: 1 });
    const first = await through(server, from("192.0.2.1"));
    expect(await first.readLine()).toBe("you are 192.0.2.1");
    await using second = await through(server, Buffer.concat([from("192.0.2.2"), Buffer.from("hello\r\n")]));
    while (server.stats.queued === 0) await new Promise(setImmediate);
    await first.close();
    expect([await second.readLine(), await second.readLine()]).toEqual(["you are 192.0.2.2", "hello"]);
  });

  test("and has ended meanwhile without one, does not hold up the next", async () => {
    await using server = await serve(whoAmI, {
      proxyProtocol,
      maxConnections: 1,
      timeouts: { handshake: 20_000 },
      onError: () => undefined,
    });
    const first = await through(server, from("192.0.2.1"));
    expect(await first.readLine()).toBe("you are 192.0.2.1");
    await using silent = await dial(server);
    while (server.stats.queued === 0) await new Promise(setImmediate);
    silent.end();
    await using third = await through(server, from("192.0.2.3"));
    while (server.stats.queued < 2) await new Promise(setImmediate);
    await first.close();
    expect(await third.readLine()).toBe("you are 192.0.2.3");
    expect(server.stats.failed).toBe(1);
  });
});

/** A socket whose first bytes are those of a proxy, in one packet with the client's. */
class Prefixed extends Duplex {
  #prefix: Uint8Array;
  readonly #socket: Socket;

  constructor(socket: Socket, prefix: Uint8Array) {
    super();
    this.#socket = socket;
    this.#prefix = prefix;
    socket.on("data", (chunk: Buffer) => void this.push(chunk));
    socket.once("end", () => this.push(null));
    socket.once("error", (error) => this.destroy(error));
    socket.once("close", () => this.destroy());
  }

  override _read(): void {
    this.#socket.resume();
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: (error?: Error | null) => void): void {
    const bytes = Buffer.concat([this.#prefix, chunk]);
    this.#prefix = Buffer.alloc(0);
    this.#socket.write(bytes, done);
  }

  override _final(done: () => void): void {
    this.#socket.end(done);
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    this.#socket.destroy();
    done(error);
  }
}

describe("TLS behind a header", () => {
  test.each([
    ["version 1", from("192.0.2.7")],
    ["version 2", version2({ address: "192.0.2.7", port: 1 }, "192.0.2.7", { behind: Buffer.alloc(500) })],
  ])("begins in the same packet: %s", async (_what, header) => {
    await using server = await serve(whoAmI, { proxyProtocol, tls: identity });
    const { port } = server.address;
    await using client = await connect({
      host: "localhost",
      port,
      tls: trust,
      proxy: async () => new Prefixed(netConnect({ port, host: "127.0.0.1", allowHalfOpen: true }), header),
    });
    expect(await client.readLine()).toBe("you are 192.0.2.7");
    expect(await ask(client, "hello")).toBe("hello");
    expect(client.tls?.authorized).toBe(true);
  });

  test.each(["implicit", "starttls"] as const)("begins later: %s", async (tlsMode) => {
    const handler: ConnectionHandler = async (connection, { tls = {} }) => {
      if (tlsMode === "starttls") {
        await connection.readLine();
        await connection.writeLine("220 go");
        await connection.acceptTls(tls);
      }
      await connection.writeLine(`${connection.remoteAddress} ${connection.confidential}`);
    };
    await using server = await serve(handler, { proxyProtocol, tls: identity, tlsMode });
    await using client = await dial(server);
    await client.write(from("192.0.2.7"));
    const goAhead = tlsMode === "starttls" ? await ask(client, "STARTTLS") : "220 go";
    expect(goAhead).toBe("220 go");
    await client.startTls({ ...trust, servername: "localhost" });
    expect(await client.readLine()).toBe("192.0.2.7 true");
  });
});
