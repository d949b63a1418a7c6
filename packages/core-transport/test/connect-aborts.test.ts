// Connections given up by a signal, at every stage: its reason is passed on as it is, and nothing is left open.
import { subscribe, unsubscribe } from "node:diagnostics_channel";
import { getEventListeners } from "node:events";
import type { LookupFunction, Socket } from "node:net";
import { afterEach, describe, expect, test } from "vitest";
import { type Script, scriptedServer } from "@netcli/test-kit";
import { connect } from "../src/index.ts";
import { noSocketLeft, refusal } from "./leaks.ts";
import { hello, identity } from "./peers.ts";

afterEach(noSocketLeft);

const silent: Script = (peer) => peer.closed;
const unwanted: LookupFunction = () => expect.unreachable();

describe("an abort", () => {
  const reasons = [new Error("changed my mind"), "a string", null, { any: "thing" }];

  test.each(reasons)("before the start passes its reason on as it is: %s", async (reason) => {
    const error = await refusal({
      host: "no.example",
      port: 25,
      lookup: unwanted,
      signal: AbortSignal.abort(reason),
    });
    expect(error).toBe(reason);
  });

  test.each(reasons)("during the lookup passes its reason on as it is: %s", async (reason) => {
    const controller = new AbortController();
    const lookup: LookupFunction = () => setImmediate(() => controller.abort(reason));
    const { signal } = controller;
    expect(await refusal({ host: "no.example", port: 25, lookup, signal })).toBe(reason);
    expect(getEventListeners(signal, "abort")).toEqual([]);
  });

  test("from inside the lookup counts although the socket is still being made", async () => {
    const controller = new AbortController();
    const { signal } = controller;
    const lookup: LookupFunction = () => controller.abort("enough");
    expect(await refusal({ host: "no.example", port: 25, lookup, signal })).toBe("enough");
  });

  test("without a reason gives the AbortError of the platform", async () => {
    const error = await refusal({ host: "no.example", port: 25, signal: AbortSignal.abort() });
    expect(error).toMatchObject({ name: "AbortError" });
  });

  test.each([false, true])("while the TCP connection is being made gives it up (TLS: %s)", async (tls) => {
    await using server = await scriptedServer(silent, { tls: tls ? identity : undefined });
    const controller = new AbortController();
    const reason = new Error("enough");
    const lookup: LookupFunction = (_name, _options, callback) => {
      // The connection has begun when the callback returns, and can't be there yet.
      callback(null, [{ address: "127.0.0.1", family: 4 }]);
      controller.abort(reason);
    };
    const { signal } = controller;
    expect(await refusal({ host: "one.example", port: server.port, lookup, tls, signal })).toBe(reason);
  });

  test("during the TLS handshake gives the connection up", async () => {
    const controller = new AbortController();
    const reason = new Error("enough");
    await using server = await scriptedServer(async (peer) => {
      await peer.read(1);
      controller.abort(reason);
      await peer.closed;
    });
    const { signal } = controller;
    expect(await refusal({ host: "localhost", port: server.port, tls: true, signal })).toBe(reason);
    expect(getEventListeners(signal, "abort")).toEqual([]);
  });

  test("while the proxy is asked gives the connection up", async () => {
    const controller = new AbortController();
    await using proxy = await scriptedServer(async (peer) => {
      await peer.read(1);
      controller.abort("enough");
      await peer.closed;
    });
    const { signal } = controller;
    const url = `socks5://127.0.0.1:${proxy.port}`;
    expect(await refusal({ host: "no.example", port: 25, proxy: url, signal })).toBe("enough");
    expect(getEventListeners(signal, "abort")).toEqual([]);
  });

  test("that comes between the connection and its delivery gives the connection up", async () => {
    await using server = await scriptedServer(silent);
    const controller = new AbortController();
    const { signal } = controller;
    const abortWhenConnected = (message: unknown): void => {
      const { socket } = message as { socket: Socket };
      // Behind the listeners that the socket gets in this turn.
      process.nextTick(() => socket.once("connect", () => controller.abort("enough")));
    };
    subscribe("net.client.socket", abortWhenConnected);
    try {
      expect(await refusal({ host: "127.0.0.1", port: server.port, signal })).toBe("enough");
    } finally {
      unsubscribe("net.client.socket", abortWhenConnected);
    }
  });

  test("does nothing to a connection that is there", async () => {
    await using server = await scriptedServer(hello);
    const controller = new AbortController();
    const { signal } = controller;
    await using connection = await connect({ host: "127.0.0.1", port: server.port, signal });
    controller.abort();
    expect(await connection.readLine()).toBe("220 hello");
  });
});
