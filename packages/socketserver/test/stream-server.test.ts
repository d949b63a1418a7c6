// TCPServer and UnixStreamServer: one connection at a time, how each ends, and how the server does.
import { type Connection, ConnectionClosedError } from "@netcli/core-transport";
import { failureOf, gate, tempDir } from "@netcli/test-kit";
import { existsSync } from "node:fs";
import { Socket } from "node:net";
import { describe, expect, test } from "vitest";
import { type ClientAddress, StreamRequestHandler, TCPServer, UnixStreamServer } from "../src/index.ts";
import { anywhere, ask, connectTo, NotingTCPServer, started } from "./python-face.ts";

const failure = new Error("as planned");

/** Sends each line back. */
class Echo extends StreamRequestHandler {
  override async handle(): Promise<void> {
    for await (const line of this.rfile.lines()) await this.wfile.writeLine(line);
  }
}

/** Waits until so many connections were taken from the kernel. */
async function accepted(server: TCPServer, count: number): Promise<void> {
  while (server.stats?.accepted !== count) await new Promise(setImmediate);
}

/** A handler that takes a request and waits; `begun` says that it has it. */
function slowHandler(): { Slow: typeof StreamRequestHandler; begun: Promise<void>; finish: () => void } {
  const begin = gate();
  const end = gate();
  class Slow extends StreamRequestHandler {
    override async handle(): Promise<void> {
      begin.open();
      await end.opened;
      await this.wfile.write("done");
    }
  }
  return { Slow, begun: begin.opened, finish: end.open };
}

describe("the address", () => {
  test("is the one that was asked for, then the one that was got", async () => {
    await using server = new TCPServer(anywhere, Echo);
    expect(server.serverAddress).toEqual(["127.0.0.1", 0]);
    expect(server.stats).toBeUndefined();
    await server.listen();
    expect(server.serverAddress).toEqual(["127.0.0.1", expect.any(Number)]);
    expect(server.serverAddress[1]).toBeGreaterThan(0);
  });

  test("without a host is all of IPv4, as in Python", async () => {
    await using server = await started(new TCPServer(["", 0], Echo));
    expect(server.serverAddress[0]).toBe("0.0.0.0");
    expect(await ask({ serverAddress: ["127.0.0.1", server.serverAddress[1]] }, "a\n")).toBe("a\r\n");
  });

  test("may be one of IPv6", async () => {
    await using server = await started(new TCPServer(["::1", 0], Echo));
    expect(server.serverAddress[0]).toBe("::1");
    expect(await ask(server, "a\n")).toBe("a\r\n");
  });
});

describe("one connection", () => {
  test("is served at a time; the next one has its turn when it has ended", async () => {
    let active = 0;
    class Counting extends Echo {
      override async handle(): Promise<void> {
        active += 1;
        expect(active).toBe(1);
        await super.handle();
        active -= 1;
      }
    }
    await using server = await started(new NotingTCPServer(Counting));
    await using first = await connectTo(server);
    await first.writeLine("one");
    expect(await first.readLine()).toBe("one");
    const second = ask(server, "two\n");
    const third = ask(server, "three\n");
    await first.writeLine("still one");
    expect(await first.readLine()).toBe("still one");
    await first.close();
    expect(await Promise.all([second, third])).toEqual(["two\r\n", "three\r\n"]);
    expect(server.errors).toEqual([]);
  });

  test("that is gone before its turn never meets a handler", async () => {
    const from: ClientAddress[] = [];
    class Noting extends NotingTCPServer {
      override verifyRequest(_connection: Connection, clientAddress: ClientAddress): boolean {
        from.push(clientAddress);
        return true;
      }
    }
    await using server = await started(new Noting(Echo));
    await using first = await connectTo(server);
    await first.writeLine("one");
    await first.readLine();
    const gone = await connectTo(server);
    await accepted(server, 2);
    (gone.socket as Socket).resetAndDestroy();
    const third = ask(server, "three\n");
    await accepted(server, 3);
    await first.writeLine("one");
    await first.readLine();
    await first.close();
    expect(await third).toBe("three\r\n");
    expect(from).toHaveLength(2);
    expect(server.errors).toEqual([]);
  });

  test("is closed without a word where verifyRequest says no, and its address is told", async () => {
    let port: unknown;
    class Strict extends NotingTCPServer {
      override async verifyRequest(connection: Connection, [address, from]: ClientAddress): Promise<boolean> {
        port = from;
        return address !== connection.remoteAddress;
      }
    }
    await using server = await started(new Strict(Echo));
    await using client = await connectTo(server);
    await client.writeLine("hello");
    expect(await client.readLine()).toBeUndefined();
    expect(port).toBe((client.socket as Socket).localPort);
  });

  test("gets what was written before its handler failed, and the next one is served", async () => {
    let count = 0;
    class Failing extends Echo {
      override async handle(): Promise<void> {
        count += 1;
        if (count > 1) return super.handle();
        await this.wfile.write("half an ans");
        throw failure;
      }
    }
    await using server = await started(new NotingTCPServer(Failing));
    expect(await ask(server, "a\n")).toBe("half an ans");
    expect(await ask(server, "b\n")).toBe("b\r\n");
    expect(server.errors).toEqual([failure]);
    expect(server.stats).toMatchObject({ accepted: 2, failed: 1, bytesReceived: 4, bytesSent: 14 });
  });

  test("that is reset is told once, as a ConnectionClosedError", async () => {
    const told = gate();
    await using server = await started(new NotingTCPServer(Echo));
    server.handleError = (_request, _from, error) => {
      server.errors.push(error);
      told.open();
    };
    const client = await connectTo(server);
    await client.writeLine("hello");
    await client.readLine();
    (client.socket as Socket).resetAndDestroy();
    await told.opened;
    expect(await ask(server, "a\n")).toBe("a\r\n");
    expect(server.errors).toEqual([expect.any(ConnectionClosedError)]);
  });
});

describe("shutdown", () => {
  test("ends the connection that is idle, and leaves who waits to the next serveForever", async () => {
    await using server = new NotingTCPServer(Echo);
    await server.listen();
    const serving = server.serveForever();
    await using first = await connectTo(server);
    await first.writeLine("one");
    await first.readLine();
    await using second = await connectTo(server);
    await accepted(server, 2);
    await server.shutdown();
    expect(await first.readLine()).toBeUndefined();
    await first.close();
    await serving;
    void server.serveForever();
    await new Promise(setImmediate);
    await second.writeLine("two");
    expect(await second.readLine()).toBe("two");
  });

  test("from inside a handler may be awaited; the client gets its answer, and serveForever returns", async () => {
    class Last extends StreamRequestHandler {
      override async handle(): Promise<void> {
        await this.server.shutdown();
        await this.wfile.write("the last one");
      }
    }
    await using server = new NotingTCPServer(Last);
    await server.listen();
    const serving = server.serveForever();
    expect(await ask(server, "")).toBe("the last one");
    await serving;
    expect(server.errors).toEqual([]);
  });
});

describe("serverClose", () => {
  test("waits for the handler, sends away who waits, and frees the address", async () => {
    const { Slow, begun, finish } = slowHandler();
    await using server = await started(new NotingTCPServer(Slow));
    const first = ask(server, "");
    await begun;
    const second = ask(server, "");
    await accepted(server, 2);
    const closing = server.serverClose();
    expect(await second).toBe("");
    await using successor = await started(new TCPServer(server.serverAddress, Echo));
    expect(await ask(successor, "a\n")).toBe("a\r\n");
    finish();
    expect(await first).toBe("done");
    await closing;
    expect(server.stats?.active).toBe(0);
    expect(server.errors).toEqual([]);
  });

  test.each([
    ["at the deadline", true, 20],
    ["at once where blockOnClose is false", false, 60_000],
  ])("cuts a handler that goes on %s", async (_when, blockOnClose, deadline) => {
    const { Slow, begun, finish } = slowHandler();
    await using server = await started(new NotingTCPServer(Slow));
    server.blockOnClose = blockOnClose;
    const answer = ask(server, "").catch((error: unknown) => error);
    await begun;
    await server.serverClose({ deadline });
    expect(await answer).not.toBe("done");
    expect(server.errors).toEqual([expect.any(ConnectionClosedError)]);
    finish();
  });

  test("without a deadline waits for as long as it takes", async () => {
    const { Slow, begun, finish } = slowHandler();
    await using server = await started(new NotingTCPServer(Slow));
    const answer = ask(server, "");
    await begun;
    const closing = server.serverClose({ deadline: Infinity });
    await new Promise((resolve) => {
      setTimeout(resolve, 20);
    });
    finish();
    expect(await answer).toBe("done");
    await closing;
  });
});

describe("UnixStreamServer", () => {
  test("serves at a path, where its clients have no name, and takes its file away", async () => {
    await using dir = await tempDir();
    const from: ClientAddress[] = [];
    class Noting extends Echo {
      override setup(): void {
        from.push(this.clientAddress);
      }
    }
    const path = dir.file("socket");
    {
      await using server = await started(new UnixStreamServer(path, Noting));
      expect(server.serverAddress).toBe(path);
      expect(await ask(server, "a\n")).toBe("a\r\n");
      const second = new UnixStreamServer(path, Noting);
      expect(await failureOf(second.listen())).toMatchObject({ systemCode: "EADDRINUSE" });
    }
    expect(from[0]).toEqual(["", 0]);
    expect(existsSync(path)).toBe(false);
  });
});
