// Worker processes that can't start, that die, and that are ended: none is left, whatever happens.
import { ArgumentError, connect, ConnectionClosedError, NotSupportedError } from "@netcli/core-transport";
import { createAuthority, failureOf } from "@netcli/test-kit";
import { fork } from "node:child_process";
import { once } from "node:events";
import { setImmediate as turn } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { ForkingTCPServer, StreamRequestHandler, TCPServer, WorkerError } from "../src/index.ts";
import {
  Failing,
  handlerOf,
  isAlive,
  Late,
  NotingForkingServer,
  NotingForkingUDPServer,
  Pid,
  PidDatagram,
  told,
  visit,
} from "./forking.ts";
import { anywhere, ask, connectTo, started } from "./python-face.ts";

const handlers = Pid.module;
const listens = new URL("fixtures/forking-listens.mjs", import.meta.url).href;
const program = new URL("fixtures/forking-program.mjs", import.meta.url);

/** How many processes this one has started that still run. */
async function children(): Promise<number> {
  // Node lets go of one that has ended in the turn after.
  await turn();
  await turn();
  return process.getActiveResourcesInfo().filter((name) => name === "ProcessWrap").length;
}

describe("a server whose workers can't run the handler does not listen", () => {
  class NoModule extends StreamRequestHandler {}

  test.each([
    ["no module", NoModule, /NoModule needs "static readonly module = import\.meta\.url"/],
    ["no such module", handlerOf("Pid", `${handlers}.none`), /can't run the handler: .*handlers\.mjs\.none/],
    ["no such export", handlerOf("Nobody", handlers), /exports no class called Nobody/],
    ["an export that is no class", handlerOf("NoClass", handlers), /exports no class called NoClass/],
    ["a module that starts a server", handlerOf("Echo", listens), /imported a module that starts a server/],
  ])("with %s", async (_what, Handler, message) => {
    await using server = new NotingForkingServer(Handler);
    const error = await failureOf(server.serveForever());
    expect(error).toBeInstanceOf(ArgumentError);
    expect((error as Error).message).toMatch(message);
    expect(await children()).toBe(0);
    // Where it would have listened there is room.
    await using successor = new TCPServer(server.serverAddress, Handler);
    await successor.listen();
  });

  test.each([0, -1, 1.5, NaN])("with %d of them", async (maxChildren) => {
    await using server = new ForkingTCPServer(anywhere, Pid);
    server.maxChildren = maxChildren;
    expect(await failureOf(server.listen())).toBeInstanceOf(ArgumentError);
    expect(await children()).toBe(0);
  });

  test("with options that can't be passed to another process", async () => {
    await using server = new NotingForkingServer(Pid, { trace: () => undefined });
    expect(await failureOf(server.listen())).toMatchObject({
      name: "ArgumentError",
      message: expect.stringContaining("can't be passed to a worker process"),
    });
    expect(await children()).toBe(0);
  });

  test("with an address that is taken", async () => {
    await using first = await started(new TCPServer(anywhere, Pid));
    await using second = new ForkingTCPServer(first.serverAddress, Pid);
    expect(await failureOf(second.listen())).toMatchObject({ systemCode: "EADDRINUSE" });
    expect(await children()).toBe(0);
  });
});

describe("the certificate of workers", () => {
  test("may be set before they are started, and not after", async () => {
    const authority = createAuthority();
    await using server = new NotingForkingServer(Pid);
    server.tls = authority.issue();
    await started(server);
    const [host, port] = server.serverAddress;
    await using client = await connect({ host, port, tls: { ca: authority.certificate } });
    expect(Number(await client.readLine())).toBeGreaterThan(0);
    expect(() => {
      server.tls = authority.issue();
    }).toThrow(NotSupportedError);
  });
});

describe("a worker that dies", () => {
  test.each([
    ["exit", "the worker process died (exit code 3)"],
    ["kill", "the worker process died (SIGKILL)"],
  ])("takes its connections along, which are told, and is replaced: %s", async (how, message) => {
    class Single extends NotingForkingServer {
      override maxChildren = 1;
    }
    await using server = await started(new Single(Failing));
    await using bystander = await connectTo(server);
    await ask(server, `${how}\n`).catch(() => undefined);
    const errors = await told(server, 2);
    expect(errors).toEqual([expect.any(WorkerError), expect.any(WorkerError)]);
    expect(errors[0]).toMatchObject({ message });
    await bystander
      .readToEnd()
      .bytes()
      .catch(() => undefined);
    expect(await ask(server, "\n")).toBe("half an answer");
    while (server.stats?.active !== 0) await turn();
    expect(server.stats.failed).toBe(2);
  });

  test("leaves the connections of the others alone", async () => {
    await using server = await started(new NotingForkingServer(Pid));
    const [one, two] = [await visit(server), await visit(server)];
    process.kill(one.pid, "SIGKILL");
    await told(server, 1);
    await two.client.writeLine("still here");
    expect(await two.client.readLine()).toBe("still here");
    const { client, pid } = await visit(server);
    expect(pid).not.toBe(one.pid);
    for (const visitor of [one.client, two.client, client]) await visitor.close();
  });
});

describe("the end", () => {
  test("by shutdown ends idle connections, keeps the workers, and they serve again", async () => {
    await using server = new NotingForkingServer(Pid);
    await server.listen();
    const serving = server.serveForever();
    const first = await visit(server);
    await server.shutdown();
    await serving;
    expect(await first.client.readLine()).toBeUndefined();
    await first.client.close();
    expect(isAlive(first.pid)).toBe(true);
    void server.serveForever();
    const second = await visit(server);
    await second.client.writeLine("hello");
    expect(await second.client.readLine()).toBe("hello");
    await second.client.close();
    expect(server.errors).toEqual([]);
  });

  test("by serverClose waits for what is being answered, and leaves no process", async () => {
    await using server = await started(new NotingForkingServer(Late));
    await using client = await connectTo(server);
    await client.write("half");
    while (server.stats?.active !== 1) await turn();
    const closing = server.serverClose();
    await client.write(" a line");
    client.end();
    expect(await client.readToEnd().text()).toBe("half a line".repeat(100));
    await closing;
    expect(await children()).toBe(0);
    expect(server.errors).toEqual([]);
  });

  test.each([
    ["at the deadline", true, 30],
    ["at once where blockOnClose is false", false, 60_000],
  ])("cuts a worker that computes on %s", async (_when, blockOnClose, deadline) => {
    await using server = await started(new NotingForkingServer(Failing));
    server.blockOnClose = blockOnClose;
    await using client = await connectTo(server);
    await client.writeLine("compute");
    await client.readExactly(11);
    await server.serverClose({ deadline });
    expect(await children()).toBe(0);
    await client
      .readToEnd()
      .bytes()
      .catch(() => undefined);
    for (const error of server.errors) {
      expect([ConnectionClosedError.kind, WorkerError.kind]).toContain((error as Error).name);
    }
  });

  test("leaves no process of a datagram server either", async () => {
    {
      await using server = await started(new NotingForkingUDPServer(PidDatagram));
      expect(await children()).toBe(server.maxChildren);
    }
    expect(await children()).toBe(0);
  });

  test("of the server's process, however sudden, is that of its workers", async () => {
    const server = fork(fileURLToPath(program), { execArgv: [] });
    const [serverAddress] = (await once(server, "message")) as [readonly [string, number]];
    const { client, pid } = await visit({ serverAddress });
    expect(pid).not.toBe(server.pid);
    server.kill("SIGKILL");
    // Who has the socket lets go of it only by ending. Whether it lives can't be asked: it may be a zombie.
    expect(await client.readToEnd().text()).toBe("");
    await client.close();
  });
});
