// A port for one connection: who may come, when it closes, and which port it is.
import { once } from "node:events";
import { connect, createServer, type Socket } from "node:net";
import { closedPort, failureOf } from "@netcli/test-kit";
import { describe, expect, test } from "vitest";
import { ArgumentError, ConnectError, ConnectionClosedError, TimeoutError } from "../src/errors.ts";
import { expectConnection, type Incoming, type IncomingOptions } from "../src/incoming.ts";

const loopback: IncomingOptions = { address: "127.0.0.1", from: "127.0.0.1" };

/** Calls; resolves when the connection is there. */
async function call({ port }: Incoming, host: string, localAddress: string = host): Promise<Socket> {
  const socket = connect({ port, host, localAddress });
  socket.on("error", () => undefined);
  await once(socket, "connect");
  return socket;
}

/** What becomes of a call. */
async function outcome({ port }: Incoming, host: string = "127.0.0.1"): Promise<string> {
  const socket = connect({ port, host });
  return new Promise((resolve) => {
    socket.once("connect", () => {
      socket.destroy();
      resolve("connected");
    });
    socket.once("error", ({ code }: NodeJS.ErrnoException) => resolve(code ?? "?"));
  });
}

describe("a port for one connection", () => {
  test.each(["127.0.0.1", "::1"])(
    "gives the first one that comes, and is closed then, %s",
    async (address) => {
      const incoming = await expectConnection({ address, from: address, host: "ftp.example.org" });
      const accepting = incoming.accept();
      const socket = await call(incoming, address);
      const connection = await accepting;
      expect(connection.host).toBe("ftp.example.org");
      expect(connection.remotePort).toBe(socket.localPort);
      expect(await outcome(incoming, address)).toBe("ECONNREFUSED");
      socket.end("hello\r\n");
      expect(await connection.readLine()).toBe("hello");
      // It is half open: what we send still gets there.
      await connection.writeLine("bye");
      connection.end();
      socket.setEncoding("utf8");
      expect(await once(socket, "data")).toEqual(["bye\r\n"]);
      await connection.close();
    },
  );

  test("gives a connection that came before it was waited for", async () => {
    const incoming = await expectConnection(loopback);
    const socket = await call(incoming, "127.0.0.1");
    socket.end("x");
    const connection = await incoming.accept();
    expect(await connection.readToEnd().text()).toBe("x");
    connection.destroy();
  });

  test("cuts off who comes from elsewhere, and goes on waiting", async () => {
    const incoming = await expectConnection(loopback);
    const accepting = incoming.accept();
    const thief = await call(incoming, "127.0.0.1", "127.0.0.2");
    thief.write("forged\r\n");
    if (!thief.closed) await once(thief, "close");
    const socket = await call(incoming, "127.0.0.1");
    socket.end("true\r\n");
    const connection = await accepting;
    expect(await connection.readLine()).toBe("true");
    connection.destroy();
  });

  test("knows an IPv4 address also in the form that IPv6 has for it", async () => {
    const incoming = await expectConnection({ address: "127.0.0.1", from: "::ffff:127.0.0.1" });
    const accepting = incoming.accept();
    const socket = await call(incoming, "127.0.0.1");
    const connection = await accepting;
    expect(connection.remotePort).toBe(socket.localPort);
    connection.destroy();
    socket.destroy();
  });

  test("on which nobody calls rejects with TimeoutError, and is closed", async () => {
    const incoming = await expectConnection({ ...loopback, timeouts: { connect: 20 } });
    const error = await failureOf(incoming.accept());
    expect(error).toBeInstanceOf(TimeoutError);
    expect(error).toMatchObject({ phase: "connect", milliseconds: 20 });
    expect(await outcome(incoming)).toBe("ECONNREFUSED");
  });

  test("may wait for ever", async () => {
    const incoming = await expectConnection({ ...loopback, timeouts: { connect: Infinity } });
    const accepting = incoming.accept();
    const socket = await call(incoming, "127.0.0.1");
    const connection = await accepting;
    expect(connection.remotePort).toBe(socket.localPort);
    connection.destroy();
    socket.destroy();
  });

  test("that is closed rejects who waits, with the reason, and whoever waits later", async () => {
    const reason = new Error("enough");
    const incoming = await expectConnection(loopback);
    const failing = failureOf(incoming.accept());
    incoming.close(reason);
    incoming.close();
    expect(await failing).toBe(reason);
    expect(await failureOf(incoming.accept())).toBe(reason);
    expect(await outcome(incoming)).toBe("ECONNREFUSED");
    const other = await expectConnection(loopback);
    other.close();
    expect(await failureOf(other.accept())).toBeInstanceOf(ConnectionClosedError);
  });

  test("that is closed cuts a connection that nobody has accepted, and leaves one that was", async () => {
    const unwanted = await expectConnection(loopback);
    const cut = await call(unwanted, "127.0.0.1");
    const gone = new Promise((resolve) => {
      cut.once("close", resolve);
    });
    unwanted.close();
    await gone;
    const incoming = await expectConnection(loopback);
    const socket = await call(incoming, "127.0.0.1");
    const connection = await incoming.accept();
    incoming.close();
    socket.end("still here\r\n");
    expect(await connection.readLine()).toBe("still here");
    connection.destroy();
  });
});

describe("the ports to choose from", () => {
  test("are tried one after the other", async () => {
    const busy = createServer().listen(0, "127.0.0.1");
    await once(busy, "listening");
    const { port } = busy.address() as { port: number };
    const incoming = await expectConnection({ ...loopback, ports: [port, port + 50] });
    expect(incoming.port).toBeGreaterThan(port);
    expect(incoming.port).toBeLessThanOrEqual(port + 50);
    incoming.close();
    const error = await failureOf(expectConnection({ ...loopback, ports: [port, port] }));
    expect(error).toBeInstanceOf(ConnectError);
    expect(error).toMatchObject({ systemCode: "EADDRINUSE" });
    busy.close();
  });

  test("may be a single one", async () => {
    const port = await closedPort();
    const incoming = await expectConnection({ ...loopback, ports: [port, port] });
    expect(incoming.port).toBe(port);
    incoming.close();
  });

  test.each([
    [0, 1],
    [2, 1],
    [1, 65_536],
    [Number.NaN, 5],
  ])("%d to %d are none", async (first, last) => {
    expect(await failureOf(expectConnection({ ...loopback, ports: [first, last] }))).toBeInstanceOf(
      ArgumentError,
    );
  });

  test("are of no use at an address that is not ours", async () => {
    const error = await failureOf(expectConnection({ address: "192.0.2.1", from: "127.0.0.1" }));
    expect(error).toBeInstanceOf(ConnectError);
    expect(error).toMatchObject({ systemCode: "EADDRNOTAVAIL" });
  });
});
