// TLS that is taken off again: what comes behind it in clear, and what does not come.
import { createServer, Socket } from "node:net";
import { once } from "node:events";
import { Duplex } from "node:stream";
import { TLSSocket, createSecureContext } from "node:tls";
import { failureOf } from "@netcli/test-kit";
import { afterEach, describe, expect, test } from "vitest";
import { connect, Connection, NotSupportedError } from "../src/index.ts";
import { noSocketLeft } from "./leaks.ts";
import { identity, pattern, trust } from "./peers.ts";

afterEach(noSocketLeft);

/** Lets TLS over a socket end without it. */
class Wire extends Duplex {
  readonly #socket: Socket;
  readonly #held: Buffer[] = [];
  /** Keeps what is sent back until the next `flush`. */
  isHeld = false;

  constructor(socket: Socket) {
    super();
    this.#socket = socket;
    socket.on("data", (chunk: Buffer) => this.push(chunk));
    socket.once("close", () => this.destroy());
  }

  flush(more: string): void {
    this.isHeld = false;
    this.#socket.write(Buffer.concat([...this.#held.splice(0), Buffer.from(more)]));
  }

  override _read(): void {}

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: () => void): void {
    if (this.isHeld) this.#held.push(chunk);
    else this.#socket.write(chunk);
    done();
  }
}

interface Peer {
  readonly socket: Socket;
  readonly wire: Wire;
  readonly tls: TLSSocket;
}

/** A connection over removable TLS, and its other end. */
async function secured(
  version: "TLSv1.2" | "TLSv1.3",
): Promise<{ connection: Connection; peer: Peer } & AsyncDisposable> {
  const server = createServer({ noDelay: true });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as { port: number };
  const accepting = once(server, "connection");
  const connection = await connect({ host: "localhost", port });
  const [socket] = (await accepting) as [Socket];
  socket.on("error", () => undefined);
  const wire = new Wire(socket);
  const secureContext = createSecureContext({ ...identity, minVersion: version, maxVersion: version });
  const tls = new TLSSocket(wire, { isServer: true, secureContext });
  tls.on("error", () => undefined);
  await connection.startTls(trust, { removable: true });
  return {
    connection,
    peer: { socket, wire, tls },
    async [Symbol.asyncDispose]() {
      connection.destroy();
      socket.destroy();
      server.close();
      await once(server, "close");
    },
  };
}

/** Asks to end TLS. */
async function ask(connection: Connection): Promise<void> {
  await connection.writeLine("CCC");
  expect(await connection.readLine()).toBe("200 clear");
}

describe.each(["TLSv1.2", "TLSv1.3"] as const)("%s that is taken off", (version) => {
  test.each([true, false])(
    "leaves what comes in clear, in one segment with its end: %s",
    async (isJoined) => {
      await using fixture = await secured(version);
      const { connection, peer } = fixture;
      expect(connection.tls?.getProtocol()).toBe(version);
      expect(connection.remoteAddress).toBe("127.0.0.1");
      expect(connection.localAddress).toBe("127.0.0.1");
      peer.tls.once("data", (line: Buffer) => {
        expect(String(line)).toBe("CCC\r\n");
        peer.wire.isHeld = isJoined;
        peer.tls.write("200 clear\r\n");
        peer.tls.end(() => peer.wire.flush("220 in clear\r\n"));
      });
      await connection.endTls(() => ask(connection));
      expect(connection.tls).toBeUndefined();
      expect(await connection.readLine()).toBe("220 in clear");
      const heard = once(peer.socket, "data");
      await connection.writeLine("NOOP");
      const [bytes] = (await heard) as [Buffer];
      expect(String(bytes)).toMatch(/NOOP\r\n$/);
      peer.socket.end("bye\r\n");
      expect(await connection.readLine()).toBe("bye");
      expect(await connection.readLine()).toBeUndefined();
    },
  );

  test("needs no end that the peer says", async () => {
    await using fixture = await secured(version);
    const { connection, peer } = fixture;
    peer.tls.once("data", () => peer.tls.write("200 clear\r\n"));
    await connection.endTls(() => ask(connection));
    peer.socket.write("220 in clear\r\n");
    expect(await connection.readLine()).toBe("220 in clear");
  });

  test("stays where that is refused, and carries on", async () => {
    await using fixture = await secured(version);
    const { connection, peer } = fixture;
    peer.tls.on("data", (line: Buffer) => peer.tls.write(line));
    expect(await failureOf(connection.endTls(() => Promise.reject(new RangeError("no"))))).toBeInstanceOf(
      RangeError,
    );
    await connection.write(pattern(300_000));
    expect((await connection.readExactly(300_000)).length).toBe(300_000);
    peer.tls.end();
    expect(await connection.readLine()).toBeUndefined();
  });

  test("does not hang where the peer leaves instead", async () => {
    await using fixture = await secured(version);
    const { connection, peer } = fixture;
    peer.tls.once("data", () => peer.socket.destroy());
    expect(await failureOf(connection.endTls(() => ask(connection)))).toBeDefined();
    expect(await connection.readLine()).toBeUndefined();
  });

  test("is cut when the connection is", async () => {
    await using fixture = await secured(version);
    const { connection, peer } = fixture;
    const gone = once(peer.socket, "close");
    connection.destroy();
    await connection.closed;
    await gone;
    expect(peer.socket.destroyed).toBe(true);
  });
});

test("TLS that was not put on for it is not taken off", async () => {
  const connection = Connection.over(new Wire(new Socket()));
  expect(await failureOf(connection.endTls(() => Promise.resolve()))).toBeInstanceOf(NotSupportedError);
  connection.destroy();
});
