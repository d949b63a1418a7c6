// Handlers that misbehave, and error handlers that do: their connection ends, the server goes on.
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { serve } from "../src/index.ts";
import { askOnce, RawClient, whileTalking } from "./fault-clients.ts";
import {
  besides,
  type Face,
  faces,
  handlerFaces,
  handlers,
  idle,
  pythonServers,
  type Running,
  startPython,
} from "./fault-faces.ts";
import { nothingLeft } from "./fault-leaks.ts";

// Most of the time is waiting: the tests wait together.
afterAll(nothingLeft);

const LIMIT = 300;

const named = pythonServers.map((Server) => [Server.name, Server] as const);

const planned = expect.objectContaining({ message: "as planned" });

/** Asks for a misdeed besides others; gives what came back until the connection was over. */
async function provoke(face: Face, server: Running, misdeed: string): Promise<string> {
  let text = "";
  await besides(face, server, async () => {
    using client = await RawClient.to(server.port);
    await client.send(`one\r\n${misdeed}\r\ntwo\r\n`);
    await client.over;
    ({ text } = client);
  });
  return text;
}

describe.concurrent.each(handlerFaces)("a handler of $name", (face) => {
  test.each([
    ["fail", "", ["as planned"]],
    ["fail with text", "", ["just text"]],
    ["fail with nothing", "", ["undefined"]],
    ["write after the end", "before\r\n", ["our side of the connection was ended"]],
    ["leave", "bye\r\n", []],
    ["leave while reading", "bye\r\n", []],
  ])("may %s: what it wrote before arrives", async (misdeed, answer, errors) => {
    await using server = await face.start();
    expect(await provoke(face, server, misdeed)).toBe(`re: one\r\n${answer}`);
    expect(server.errors.map(String)).toEqual(errors.map((text) => expect.stringContaining(text)));
    expect(server.stats()).toMatchObject({ active: 0, failed: errors.length });
  });

  test("may leave while its client goes on sending: what it wrote arrives", async () => {
    await using server = await face.start();
    await besides(face, server, async () => {
      using client = await RawClient.to(server.port);
      await client.send("leave\r\n");
      const sending = client.send(Buffer.alloc(8 * 1_048_576));
      expect(await client.over).toBe("ended");
      expect(client.text).toBe("bye\r\n");
      await sending;
    });
    expect(server.errors).toEqual([]);
  });
});

describe.concurrent.each(faces)("a handler of $name", (face) => {
  test("may destroy its connection", async () => {
    await using server = await face.start();
    expect(await provoke(face, server, "destroy")).toMatch(/^(?:re: one\r\n)?$/);
    expect(server.errors).toEqual([]);
  });

  test("that never returns is cut off after the handler's time", async () => {
    await using server = await face.start({ timeouts: { handler: LIMIT } });
    using client = await RawClient.to(server.port);
    const start = performance.now();
    await client.send("never\r\n");
    await client.over;
    expect(performance.now() - start).toBeGreaterThan(LIMIT - 50);
    await idle(server);
    expect(server.errors).toEqual([
      expect.objectContaining({ name: "TimeoutError", message: `the handler took longer than ${LIMIT} ms` }),
    ]);
    expect(await askOnce(server.port, "hello")).toBe("re: hello");
  });

  test("that never returns is cut off by the end of the server", async () => {
    const server = await face.start();
    using client = await RawClient.to(server.port);
    expect(await client.ask("hello")).toBe("re: hello");
    await client.send("never\r\n");
    const start = performance.now();
    await server[Symbol.asyncDispose]();
    expect(performance.now() - start).toBeLessThan(3_000);
    await client.over;
    expect(server.stats()).toMatchObject({ active: 0 });
  });
});

describe("an error handler that throws itself", () => {
  beforeEach(() => {
    vi.spyOn(console, "error").mockImplementation(() => undefined);
  });
  afterEach(() => {
    vi.restoreAllMocks();
  });

  test.each(faces)("costs $name no slot, and is reported", async (face) => {
    const limits = face.isConcurrent ? { maxConnections: 2 } : {};
    await using server = await face.start(limits, () => {
      throw new Error("worse");
    });
    for (let count = 1; count <= 3; count += 1) {
      expect(await provoke(face, server, "fail")).toBe("re: one\r\n");
      expect(server.errors).toHaveLength(count);
    }
    expect(console.error).toHaveBeenCalledTimes(3);
    expect(console.error).toHaveBeenCalledWith(
      expect.stringMatching(/^netcli: (?:onError|handleError) failed:$/),
      expect.objectContaining({ message: "worse" }),
    );
  });

  test.each(named)("costs %s no slot if it rejects", async (_, Server) => {
    await using server = await startPython(Server, handlers.Talk);
    server.server.handleError = async () => {
      await sleep(1);
      throw new Error("worse");
    };
    using client = await RawClient.to(server.port);
    await client.send("fail\r\n");
    await client.over;
    client.end();
    await idle(server);
    expect(console.error).toHaveBeenCalledOnce();
  });

  test("is not needed: bugs of handlers are printed, faults of clients are not", async () => {
    await using server = await serve(handlers.talk);
    const { port } = server.address;
    await whileTalking(port, async () => {
      using client = await RawClient.to(port);
      await client.send("hel");
      client.end();
      await client.over;
      expect(console.error).not.toHaveBeenCalled();
      using other = await RawClient.to(port);
      await other.send("fail\r\n");
      await other.over;
    });
    expect(console.error).toHaveBeenCalledOnce();
  });
});

describe.concurrent.each(named)("a handler class of %s", (_, Server) => {
  const { ThrowsWhenMade, ThrowsInSetup, ThrowsAtOnce, ThrowsInTheEnd } = handlers;

  test.each([
    ["when they are made", ThrowsWhenMade],
    ["in setup", ThrowsInSetup],
    ["before there is a promise", ThrowsAtOnce],
    ["in finish", ThrowsInTheEnd],
  ])("whose objects all fail %s costs no slot", async (_when, Handler) => {
    await using server = await startPython(Server, Handler, { maxConnections: 1 });
    for (let count = 1; count <= 3; count += 1) {
      using client = await RawClient.to(server.port);
      expect(await client.over).toBe("ended");
      expect(client.text).toBe(Handler === ThrowsInTheEnd ? "so far\r\n" : "");
      client.end();
      await idle(server);
    }
    expect(server.errors).toEqual([planned, planned, planned]);
  });
});

function throws(): never {
  throw new Error("as planned");
}

test("a handler of serve may throw before it is a promise", async () => {
  const errors: unknown[] = [];
  await using server = await serve(throws, { onError: (error) => void errors.push(error) });
  using client = await RawClient.to(server.address.port);
  expect(await client.over).toBe("ended");
  client.end();
  await idle({ stats: () => server.stats });
  expect(errors).toEqual([planned]);
});
