// Connections made by functions of the caller's own, in place of a proxy.
import { once } from "node:events";
import { connect as netConnect } from "node:net";
import { Duplex } from "node:stream";
import { createServer as createTlsServer } from "node:tls";
import { afterEach, describe, expect, test } from "vitest";
import { scriptedServer, failureOf } from "@netcli/test-kit";
import { ArgumentError, connect, ConnectError, type Connector } from "../src/index.ts";
import { noSocketLeft } from "./leaks.ts";
import { hello, identity, streamPair, trust } from "./peers.ts";

afterEach(noSocketLeft);

describe("a function in place of a proxy", () => {
  const target = { host: "no.example", port: 25 };

  test("may give a socket", async () => {
    await using server = await scriptedServer(hello);
    const proxy: Connector = async ({ host, port, signal }) => {
      expect([host, port, signal.aborted]).toEqual(["no.example", 25, false]);
      const socket = netConnect(server.port, "127.0.0.1");
      await once(socket, "connect");
      return socket;
    };
    await using connection = await connect({ ...target, proxy });
    expect(await connection.readLine()).toBe("220 hello");
    expect([connection.host, connection.confidential]).toEqual(["no.example", false]);
  });

  test("may give any stream, which carries TLS, too", async () => {
    for (const tls of [undefined, { ...trust, servername: "localhost" }]) {
      const [near, far] = streamPair();
      const server = createTlsServer(identity, (socket) => socket.write("220 hello\r\n"));
      if (tls === undefined) far.write("220 hello\r\n");
      else server.emit("connection", far);
      await using connection = await connect({ ...target, proxy: () => Promise.resolve(near), tls });
      expect(await connection.readLine()).toBe("220 hello");
      far.end();
    }
  });

  test.each<[string, (error: Error) => Connector]>([
    ["rejects", (error) => () => Promise.reject(error)],
    [
      "throws",
      (error) => () => {
        throw error;
      },
    ],
  ])("that %s is the reason of a ConnectError", async (_what, failing) => {
    const cause = Object.assign(new Error("no way"), { code: "EHOSTUNREACH" });
    const error = await failureOf(connect({ ...target, proxy: failing(cause) }));
    expect(error).toBeInstanceOf(ConnectError);
    expect(error).toMatchObject({
      cause,
      systemCode: "EHOSTUNREACH",
      message: expect.stringContaining("no.example:25"),
    });
    const own = new ArgumentError("not with me");
    expect(await failureOf(connect({ ...target, proxy: failing(own) }))).toBe(own);
  });

  test("that comes too late has its stream destroyed", async () => {
    // One whose end is an error that somebody has to hear.
    const near = new Duplex({
      read: () => undefined,
      destroy: (_error, callback) => callback(new Error("too late")),
    });
    let deliver: ((stream: Duplex) => void) | undefined;
    const proxy: Connector = () =>
      new Promise((resolve) => {
        deliver = resolve;
      });
    const error = await failureOf(connect({ ...target, proxy, timeouts: { connect: 40 } }));
    expect(error).toMatchObject({ name: "TimeoutError", phase: "connect" });
    deliver?.(near);
    await new Promise((resolve) => {
      near.once("close", resolve);
    });
    expect(near.destroyed).toBe(true);
  });

  test("sees the abort, whose reason is passed on", async () => {
    const controller = new AbortController();
    const proxy: Connector = ({ signal }) =>
      new Promise((_resolve, reject) => {
        signal.addEventListener("abort", () => reject(new Error("seen")));
        controller.abort("enough");
      });
    expect(await failureOf(connect({ ...target, proxy, signal: controller.signal }))).toBe("enough");
  });

  test("can abort while it delivers", async () => {
    const controller = new AbortController();
    const [near] = streamPair();
    const proxy: Connector = async () => {
      queueMicrotask(() => controller.abort("enough"));
      return near;
    };
    expect(await failureOf(connect({ ...target, proxy, signal: controller.signal }))).toBe("enough");
    expect(near.destroyed).toBe(true);
  });
});
