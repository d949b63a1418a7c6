// How the server of serveDatagram ends: by shutdown, by a signal, and not by anything else.
import { ConnectionClosedError } from "@netcli/core-transport";
import { failureOf, gate } from "@netcli/test-kit";
import { getEventListeners } from "node:events";
import { setImmediate as turn } from "node:timers/promises";
import { describe, expect, test } from "vitest";
import { type DatagramServer, serveDatagram, type ServeDatagramOptions } from "../src/index.ts";
import { ask, clientOf, received, text } from "./datagrams.ts";

const failure = new Error("as planned");

/** A server whose handler takes a datagram and waits; `begun` says that it has it. */
async function slowServer(options: ServeDatagramOptions = {}): Promise<{
  server: DatagramServer;
  begun: Promise<void>;
  finish: () => void;
  taken: string[];
  errors: unknown[];
}> {
  const begin = gate();
  const end = gate();
  const taken: string[] = [];
  const errors: unknown[] = [];
  const server = await serveDatagram(
    async (data) => {
      taken.push(text(data));
      begin.open();
      await end.opened;
      return data;
    },
    { onError: (error) => void errors.push(error), ...options },
  );
  return { server, begun: begin.opened, finish: end.open, taken, errors };
}

describe("shutdown", () => {
  test.each([{}, { maxConcurrent: 1 }])(
    "waits for handlers, who still answer, and takes no more: %j",
    async (options) => {
      const { server, begun, finish, taken, errors } = await slowServer(options);
      await using client = await clientOf(server);
      await client.send("a");
      await begun;
      const ends = [server.shutdown({ deadline: Infinity }), server.shutdown(), server.closed];
      await client.send("b");
      // The kernel has it by now: between two turns it is looked for.
      await turn();
      await turn();
      finish();
      expect(await received(client)).toBe("a");
      await Promise.all(ends);
      expect(taken).toEqual(["a"]);
      expect(errors).toEqual([]);
      await using successor = await serveDatagram((data) => data, { port: server.address.port });
      expect(await ask(successor, "hello")).toBe("hello");
    },
  );

  test.each([{}, { maxConcurrent: 1 }])("leaves a handler behind at the deadline: %j", async (options) => {
    const { server, begun, finish, errors } = await slowServer(options);
    await using client = await clientOf(server);
    await client.send("a");
    await begun;
    await server.shutdown({ deadline: 20 });
    await server.closed;
    expect(server.stats.active).toBe(1);
    finish();
    while (errors.length === 0) await turn();
    expect(errors).toEqual([expect.any(ConnectionClosedError)]);
    expect(await failureOf(server.send("x", ["127.0.0.1", 9]))).toBeInstanceOf(ConnectionClosedError);
  });

  test("comes with a signal, which is left alone afterwards", async () => {
    const controller = new AbortController();
    const { signal } = controller;
    const { server, begun, finish } = await slowServer({ signal });
    await using client = await clientOf(server);
    await client.send("a");
    await begun;
    controller.abort(failure);
    finish();
    expect(await received(client)).toBe("a");
    await server.closed;
    const other = new AbortController();
    await (await serveDatagram((data) => data, { signal: other.signal })).shutdown();
    await turn();
    expect(getEventListeners(other.signal, "abort")).toEqual([]);
    expect(await failureOf(serveDatagram((data) => data, { signal }))).toBe(failure);
  });

  test("comes at once for who aborts while the server is being started", async () => {
    const controller = new AbortController();
    const starting = serveDatagram((data) => data, { signal: controller.signal });
    controller.abort(failure);
    expect(await failureOf(starting)).toBe(failure);
  });

  test("does not come because an answer could not be delivered", async () => {
    await using server = await serveDatagram((data) => data);
    const gone = await clientOf(server);
    await gone.send("answer me");
    await gone.close();
    expect(await ask(server, "hello")).toBe("hello");
    expect(server.stats.received).toBe(2);
  });
});
