// serveDatagram: a function for each datagram; its answers, its limits, and its errors.
import { ArgumentError, NotSupportedError, TimeoutError } from "@netcli/core-transport";
import { failureOf, gate, tempDir } from "@netcli/test-kit";
import { setImmediate as turn } from "node:timers/promises";
import { afterEach, describe, expect, test, vi } from "vitest";
import { ListenError, serveDatagram } from "../src/index.ts";
import { ask, clientOf, received, text } from "./datagrams.ts";

const failure = new Error("as planned");

afterEach(() => void vi.restoreAllMocks());

describe("the answer", () => {
  test.each([
    ["text", (data: Uint8Array) => `re: ${text(data)}`],
    ["bytes", (data: Uint8Array) => Buffer.concat([Buffer.from("re: "), data])],
    ["a promise", async (data: Uint8Array) => `re: ${text(data)}`],
  ])("is what the function returns: %s", async (_what, handler) => {
    await using server = await serveDatagram(handler);
    expect(await ask(server, "hello")).toBe("re: hello");
    expect(server.stats).toEqual({ received: 1, active: 0, dropped: 0, failed: 0 });
  });

  test("may be several datagrams, sent by the server to where the question came from", async () => {
    await using server = await serveDatagram(async (data, from, it) => {
      expect(it).toBe(server);
      await it.send(`one ${from[0]}`, from);
      await it.send(Uint8Array.of(0x32), from);
      return text(data);
    });
    await using client = await clientOf(server);
    await client.send("three");
    expect([await received(client), await received(client), await received(client)]).toEqual([
      "one 127.0.0.1",
      "2",
      "three",
    ]);
  });

  test("may be none, or an empty one", async () => {
    await using server = await serveDatagram((data) => (data.length === 1 ? undefined : ""));
    expect(await ask(server, "1", "22")).toBe("");
  });

  test("goes to each client its own, though their handlers run at the same time", async () => {
    const both = gate();
    let count = 0;
    await using server = await serveDatagram(async (data) => {
      count += 1;
      if (count === 2) both.open();
      await both.opened;
      return data;
    });
    expect(await Promise.all([ask(server, "a"), ask(server, "b")])).toEqual(["a", "b"]);
  });
});

describe("the address", () => {
  test("is 127.0.0.1 and a free port unless others are asked for", async () => {
    await using server = await serveDatagram((data) => data);
    expect(server.address).toEqual({ address: "127.0.0.1", port: expect.any(Number) });
    expect(server.address.port).toBeGreaterThan(0);
    await using six = await serveDatagram((data) => data, { host: "::1" });
    expect(six.address.address).toBe("::1");
    expect(await ask(six, "hello")).toBe("hello");
    const error = await failureOf(serveDatagram((data) => data, { port: server.address.port }));
    expect(error).toBeInstanceOf(ListenError);
    expect(error).toMatchObject({ systemCode: "EADDRINUSE" });
  });

  test.each([
    { port: 65_536 },
    { path: "/tmp/x", port: 1 },
    { path: "/tmp/x", host: "::1" },
    { path: "" },
    { path: "x".repeat(108) },
    { maxConcurrent: 0 },
    { maxConcurrent: NaN },
    { maxPacketSize: -1 },
  ])("and the limits must make sense: %j", async (options) => {
    expect(await failureOf(serveDatagram((data) => data, options))).toBeInstanceOf(ArgumentError);
  });

  test("of a Unix socket needs the native package", async () => {
    await using dir = await tempDir();
    const error = await failureOf(serveDatagram((data) => data, { path: dir.file("socket") }));
    expect(error).toBeInstanceOf(NotSupportedError);
    expect(error).toMatchObject({ message: expect.stringContaining("unix-dgram") });
  });
});

describe("limits", () => {
  test("maxConcurrent handlers run at a time, and the others wait", async () => {
    const gates = [gate(), gate(), gate()];
    const begun: string[] = [];
    await using server = await serveDatagram(
      async (data) => {
        const number = begun.push(text(data)) - 1;
        await gates[number]?.opened;
        return data;
      },
      { maxConcurrent: 2 },
    );
    await using client = await clientOf(server);
    for (const word of ["a", "b", "c"]) await client.send(word);
    while (begun.length < 2) await turn();
    await turn();
    expect(begun).toEqual(["a", "b"]);
    expect(server.stats).toMatchObject({ received: 2, active: 2 });
    gates[1]?.open();
    expect(await received(client)).toBe("b");
    while (begun.length < 3) await turn();
    for (const { open } of gates) open();
    expect([await received(client), await received(client)].toSorted()).toEqual(["a", "c"]);
  });

  test("beyond maxConcurrent and 1,024 that wait datagrams are dropped and counted", async () => {
    const end = gate();
    const begun: string[] = [];
    await using server = await serveDatagram(
      async (data) => {
        begun.push(text(data));
        await end.opened;
      },
      { maxConcurrent: 1 },
    );
    await using client = await clientOf(server);
    let sent = 0;
    for (; server.stats.dropped < 3; sent += 1) {
      await client.send(String(sent));
      await turn();
    }
    expect(server.stats).toMatchObject({ received: 1, active: 1 });
    end.open();
    while (begun.length < 1_025) await turn();
    expect(sent - server.stats.dropped).toBe(1_025);
    expect(begun.at(-1)).toBe("1024");
  });

  test("maxPacketSize drops what is larger, and counts it", async () => {
    await using server = await serveDatagram((data) => data, { maxPacketSize: 4 });
    expect(await ask(server, "12345", "1234")).toBe("1234");
    expect(server.stats).toMatchObject({ received: 1, dropped: 1 });
    await using large = await serveDatagram((data) => String(data.length));
    expect(await ask(large, "x".repeat(65_507))).toBe("65507");
  });
});

describe("what a handler throws", () => {
  test.each([
    () => Promise.reject(failure),
    () => {
      throw failure;
    },
  ])("goes to onError with the client's address, and the next one is served", async (fail) => {
    const told: unknown[] = [];
    await using server = await serveDatagram((data) => (data.length === 1 ? fail() : data), {
      onError: (error, from) => void told.push(error, from),
    });
    await using client = await clientOf(server);
    await client.send("1");
    await client.send("22");
    expect(await received(client)).toBe("22");
    expect(told).toEqual([failure, ["127.0.0.1", client.address.port]]);
    expect(server.stats.failed).toBe(1);
  });

  test("goes there, too, where an answer can't be sent", async () => {
    const told: unknown[] = [];
    await using server = await serveDatagram((data) => (data.length === 1 ? new Uint8Array(70_000) : data), {
      onError: (error) => void told.push(error),
    });
    expect(await ask(server, "1", "22")).toBe("22");
    expect(told).toEqual([expect.any(ArgumentError)]);
  });

  test("is printed without onError, unless the network or the client is to blame", async () => {
    const print = vi.spyOn(console, "error").mockReturnValue();
    await using server = await serveDatagram((data) => {
      if (data.length === 1) throw failure;
      if (data.length === 2) throw new TimeoutError("too slow", "stall", 1);
      return data;
    });
    expect(await ask(server, "1", "22", "333")).toBe("333");
    expect(print.mock.calls).toEqual([["netcli: a datagram handler failed:", failure]]);
    expect(server.stats.failed).toBe(2);
  });

  test("is not made worse by an onError that throws itself", async () => {
    const print = vi.spyOn(console, "error").mockReturnValue();
    await using server = await serveDatagram(
      (data) => {
        if (data.length === 1) throw failure;
        return data;
      },
      {
        onError: () => {
          throw new Error("again");
        },
      },
    );
    expect(await ask(server, "1", "22")).toBe("22");
    expect(print).toHaveBeenCalledOnce();
  });
});
