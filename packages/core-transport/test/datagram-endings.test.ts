// How waiting for a datagram ends: by time, by signals, and with the socket.
import { failureOf } from "@netcli/test-kit";
import { getEventListeners } from "node:events";
import { afterEach, describe, expect, test } from "vitest";
import {
  ConnectionClosedError,
  type Datagram,
  type DatagramLookup,
  openDatagram,
  TimeoutError,
} from "../src/index.ts";
import { noSocketLeft, nothingLeft } from "./leaks.ts";

afterEach(noSocketLeft);

const host = "127.0.0.1";

function open(): Promise<Datagram> {
  return openDatagram({ host });
}

describe("waiting", () => {
  test("ends with a TimeoutError, and the next datagram is for the next who waits", async () => {
    await using one = await open();
    const error = await failureOf(one.receive({ timeout: 30 }));
    expect(error).toBeInstanceOf(TimeoutError);
    expect(error).toMatchObject({ phase: "stall", milliseconds: 30, message: "no datagram within 30 ms" });
    await one.send("x", { host, port: one.address.port });
    expect((await one.receive({ timeout: 5_000 })).data).toHaveLength(1);
    await nothingLeft("UDPWrap");
  });

  test("may go on for ever", async () => {
    await using one = await open();
    const waiting = one.receive({ timeout: Infinity });
    await failureOf(one.receive({ timeout: 30 }));
    await one.send("x", { host, port: one.address.port });
    expect((await waiting).data).toHaveLength(1);
  });

  test.each([new Error("enough"), "enough"])("ends with the reason of its signal: %s", async (reason) => {
    await using one = await open();
    const controller = new AbortController();
    const { signal } = controller;
    const waiting = failureOf(one.receive({ signal, timeout: 5_000 }));
    controller.abort(reason);
    expect(await waiting).toBe(reason);
    expect(await failureOf(one.receive({ signal }))).toBe(reason);
    expect(getEventListeners(signal, "abort")).toEqual([]);
    await nothingLeft("UDPWrap");
  });

  test("ends when the socket is closed", async () => {
    const one = await open();
    const waiting = [failureOf(one.receive()), failureOf(one.receive({ timeout: 5_000 }))];
    await Promise.all([one.close(), one.close()]);
    for (const error of await Promise.all(waiting)) expect(error).toBeInstanceOf(ConnectionClosedError);
    expect(await failureOf(one.send("x", { host, port: 9 }))).toBeInstanceOf(ConnectionClosedError);
    await one.close();
    await nothingLeft();
  });

  test("for a lookup that never answers ends when the socket is closed", async () => {
    const one = await openDatagram({ host, lookup: () => undefined });
    const sending = failureOf(one.send("x", { host: "no.example", port: 9 }));
    await one.close();
    expect(await sending).toBeInstanceOf(ConnectionClosedError);
  });
});

describe("the signal of a socket", () => {
  const reason = new Error("enough");

  test("closes it with its reason, for an iteration, too", async () => {
    const controller = new AbortController();
    const one = await openDatagram({ host, signal: controller.signal });
    const waiting = failureOf(one.receive());
    controller.abort(reason);
    expect(await waiting).toBe(reason);
    expect(await failureOf(one.receive())).toBe(reason);
    const iterating = async (): Promise<void> => {
      for await (const _ of one) expect.unreachable();
    };
    expect(await failureOf(iterating())).toBe(reason);
    await nothingLeft();
  });

  test("ends the opening", async () => {
    expect(await failureOf(openDatagram({ host, signal: AbortSignal.abort(reason) }))).toBe(reason);
    const controller = new AbortController();
    const lookup: DatagramLookup = () => setImmediate(() => controller.abort(reason));
    const peer = { host: "no.example", port: 9 };
    expect(await failureOf(openDatagram({ host, lookup, peer, signal: controller.signal }))).toBe(reason);
    await nothingLeft();
  });

  test("is left alone when the socket is closed", async () => {
    const { signal } = new AbortController();
    {
      await using one = await openDatagram({ host, signal });
      expect(one.dropped).toBe(0);
    }
    expect(getEventListeners(signal, "abort")).toEqual([]);
    await nothingLeft();
  });
});
