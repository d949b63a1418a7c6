// What watchers of a connection get, and that nothing is done for nobody.
import { channel, subscribe, unsubscribe } from "node:diagnostics_channel";
import { afterEach, describe, expect, test } from "vitest";
import { printable, Tracer, type TraceEvent } from "../src/trace.ts";

const LINES = "netcli.line";
const CONNECTIONS = "netcli.connection";

describe("a tracer", () => {
  const published: [unknown, unknown][] = [];
  const listen = (message: unknown, name: unknown): void => {
    published.push([name, message]);
  };

  afterEach(() => {
    unsubscribe(LINES, listen);
    unsubscribe(CONNECTIONS, listen);
    published.length = 0;
  });

  test("tells its function every line and event, in order, with the peer and the connection's number", () => {
    const events: TraceEvent[] = [];
    const tracer = new Tracer({ peer: "host:21" }, (event) => events.push(event));
    expect(tracer.active).toBe(true);
    tracer.event("connected");
    tracer.line("received", "220 hello");
    tracer.line("sent", "USER me");
    const [{ connection } = { connection: 0 }] = events;
    expect(events).toEqual([
      { connection, peer: "host:21", kind: "event", text: "connected" },
      { connection, peer: "host:21", kind: "received", text: "220 hello" },
      { connection, peer: "host:21", kind: "sent", text: "USER me" },
    ]);
    const other = new Tracer({ peer: "host:21" }, (event) => events.push(event));
    other.event("connected");
    expect(events.at(-1)?.connection).toBe(connection + 1);
  });

  test("publishes lines and events on a channel each", () => {
    subscribe(LINES, listen);
    const tracer = new Tracer({ peer: "host:21" }, undefined);
    expect(tracer.active).toBe(true);
    tracer.line("sent", "NOOP");
    tracer.event("closed");
    expect(published).toEqual([
      [LINES, expect.objectContaining({ peer: "host:21", kind: "sent", text: "NOOP" })],
    ]);
    subscribe(CONNECTIONS, listen);
    tracer.event("closed");
    expect(published[1]).toEqual([CONNECTIONS, expect.objectContaining({ kind: "event", text: "closed" })]);
  });

  test("is not active, and says nothing, while nobody listens to lines", () => {
    subscribe(CONNECTIONS, listen);
    const tracer = new Tracer({ peer: "host:21" }, undefined);
    expect(tracer.active).toBe(false);
    tracer.line("sent", "NOOP");
    expect(published).toEqual([]);
    expect(channel(LINES).hasSubscribers).toBe(false);
  });

  test("becomes active when someone begins to listen, and stops with them", () => {
    const tracer = new Tracer({ peer: "host:21" }, undefined);
    expect(tracer.active).toBe(false);
    subscribe(LINES, listen);
    expect(tracer.active).toBe(true);
    unsubscribe(LINES, listen);
    expect(tracer.active).toBe(false);
    tracer.trace = () => undefined;
    expect(tracer.active).toBe(true);
  });

  test("tells both its function and the channel", () => {
    const events: TraceEvent[] = [];
    subscribe(LINES, listen);
    const tracer = new Tracer({ peer: "host:21" }, (event) => events.push(event));
    tracer.line("received", "250 ok");
    expect(published).toEqual([[LINES, events[0]]]);
    expect(events).toHaveLength(1);
  });
});

test("printable text cannot steer a terminal", () => {
  expect(printable("a\u001b[2Jb\r\n\0\u007f\u009b\tc")).toBe("a\\x1b[2Jb\\x0d\\x0a\\x00\\x7f\\x9b\\x09c");
  expect(printable("grün 東京 🎉 -- plain")).toBe("grün 東京 🎉 -- plain");
  const all = String.fromCharCode(...Array.from({ length: 0x300 }, (_, code) => code));
  expect(printable(all)).not.toMatch(/\p{Cc}/u);
});
