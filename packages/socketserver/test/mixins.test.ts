// ThreadingMixIn: requests are handled at the same time, in the servers that exist and in those that users make.
import { type Connection, ConnectionClosedError, openDatagram } from "@netcli/core-transport";
import { gate, tempDir } from "@netcli/test-kit";
import { describe, expect, test } from "vitest";
import {
  BaseServer,
  type ClientAddress,
  type DatagramRequest,
  DatagramRequestHandler,
  PacketServer,
  StreamRequestHandler,
  StreamServer,
  TCPServer,
  ThreadingMixIn,
  ThreadingTCPServer,
  ThreadingUDPServer,
  ThreadingUnixStreamServer,
  UDPServer,
  UnixStreamServer,
} from "../src/index.ts";
import { Clerk, Desk } from "./desk.ts";
import { anywhere, ask, connectTo, NotingTCPServer, NotingUDPServer, started } from "./python-face.ts";

const failure = new Error("as planned");
const clients = 20;

/** Opens when so many have come. */
function meeting(size: number): () => Promise<void> {
  const { opened, open } = gate();
  let present = 0;
  return async () => {
    present += 1;
    if (present === size) open();
    await opened;
  };
}

/** Answers when so many others are being served as well. */
function sociable(size: number): typeof StreamRequestHandler {
  const meet = meeting(size);
  return class extends StreamRequestHandler {
    override async handle(): Promise<void> {
      const line = await this.rfile.readLine();
      await meet();
      await this.wfile.write(`${line}!`);
    }
  };
}

function sociableWithDatagrams(size: number): typeof DatagramRequestHandler {
  const meet = meeting(size);
  return class extends DatagramRequestHandler {
    override async handle(): Promise<void> {
      await meet();
      this.wfile.write(this.packet);
      this.wfile.write("!");
    }
  };
}

const words = Array.from({ length: clients }, (_, number) => `word ${number}`);
const answers = words.map((word) => `${word}!`);

async function askAll(server: StreamServer): Promise<string[]> {
  return Promise.all(words.map((word) => ask(server, `${word}\n`)));
}

class MixedTCPServer extends ThreadingMixIn(NotingTCPServer) {}
class MixedUDPServer extends ThreadingMixIn(NotingUDPServer) {}

describe("all at once", () => {
  test("serves ThreadingTCPServer, which is a TCPServer", async () => {
    await using server = await started(new ThreadingTCPServer(anywhere, sociable(clients)));
    expect(await askAll(server)).toEqual(answers);
    expect(server.stats).toMatchObject({ accepted: clients, failed: 0 });
    for (const Base of [TCPServer, StreamServer, BaseServer]) expect(server).toBeInstanceOf(Base);
  });

  test("serves ThreadingUnixStreamServer, which is a UnixStreamServer", async () => {
    await using dir = await tempDir();
    await using server = await started(new ThreadingUnixStreamServer(dir.file("socket"), sociable(clients)));
    expect(await askAll(server)).toEqual(answers);
    expect(server).toBeInstanceOf(UnixStreamServer);
  });

  test("serves ThreadingUDPServer, which is a UDPServer", async () => {
    await using server = await started(new ThreadingUDPServer(anywhere, sociableWithDatagrams(clients)));
    const [host, port] = server.serverAddress;
    await using client = await openDatagram({ peer: { host, port } });
    for (const word of words) await client.send(word);
    const received: string[] = [];
    while (received.length < clients) {
      const { data } = await client.receive({ timeout: 5_000 });
      received.push(Buffer.from(data).toString());
    }
    expect(received.toSorted()).toEqual(answers.toSorted());
    for (const Base of [UDPServer, PacketServer, BaseServer]) expect(server).toBeInstanceOf(Base);
  });

  test("serves a class that mixes it into any other, with hooks of its own above and below", async () => {
    const calls: string[] = [];
    class Below extends TCPServer {
      override verifyRequest(): boolean {
        calls.push("verifyRequest");
        return true;
      }
      override async finishRequest(request: Connection, from: ClientAddress): Promise<void> {
        calls.push("finishRequest");
        await super.finishRequest(request, from);
      }
    }
    class Above extends ThreadingMixIn(Below) {
      override requestQueueSize = 64;
      override async processRequestThread(request: Connection, from: ClientAddress): Promise<void> {
        calls.push("processRequestThread");
        await super.processRequestThread(request, from);
      }
      override async closeRequest(request: Connection): Promise<void> {
        calls.push("closeRequest");
        await super.closeRequest(request);
      }
    }
    await using server = await started(new Above(anywhere, sociable(2)));
    expect(await Promise.all([ask(server, "a\n"), ask(server, "b\n")])).toEqual(["a!", "b!"]);
    for (const hook of ["verifyRequest", "processRequestThread", "finishRequest", "closeRequest"]) {
      expect(calls.filter((call) => call === hook)).toHaveLength(2);
    }
  });

  test("serves a server that is no socket's", async () => {
    const meet = meeting(2);
    class Meeting extends Clerk {
      override async handle(): Promise<void> {
        await meet();
        this.server.did.push(`met ${this.request}`);
      }
    }
    class BusyDesk extends ThreadingMixIn(Desk) {}
    const desk = new BusyDesk(Meeting);
    desk.put("a", "b");
    for (let left = 2; left > 0; left -= 1) await desk.handleRequest();
    while (!desk.did.includes("close b")) await new Promise(setImmediate);
    expect(desk.did).toEqual(expect.arrayContaining(["met a", "met b"]));
  });
});

describe("what a handler throws", () => {
  class Failing extends StreamRequestHandler {
    override async handle(): Promise<void> {
      const line = await this.rfile.readLine();
      if (line === "fail") throw failure;
      await this.wfile.write("ok");
    }
  }

  test("goes to handleError, and ends that connection only", async () => {
    await using server = await started(new MixedTCPServer(Failing));
    await using other = await connectTo(server);
    expect(await ask(server, "fail\n")).toBe("");
    expect(await ask(server, "fail\n")).toBe("");
    expect(server.errors).toEqual([failure, failure]);
    expect(server.failedRequests).toBe(2);
    await other.writeLine("hello");
    expect(await other.readToEnd().text()).toBe("ok");
  });

  test("goes there from a thread of the user's own making, too", async () => {
    class Own extends MixedTCPServer {
      override processRequestThread(): Promise<void> {
        return Promise.reject(failure);
      }
    }
    await using server = await started(new Own(Failing));
    expect(await ask(server, "hello\n")).toBe("");
    expect(server.errors).toEqual([failure]);
  });

  test("goes there for datagrams", async () => {
    const told = gate();
    class FailingDatagram extends DatagramRequestHandler {
      override handle(): void {
        throw failure;
      }
    }
    await using server = await started(new MixedUDPServer(FailingDatagram));
    server.handleError = (request, from, error) => {
      server.errors.push(request?.[0], from, error);
      told.open();
    };
    const [host, port] = server.serverAddress;
    await using client = await openDatagram({ peer: { host, port } });
    await client.send("hello");
    await told.opened;
    expect(server.errors).toEqual([Buffer.from("hello"), ["127.0.0.1", client.address.port], failure]);
  });
});

/** A handler that goes on until `finish`; `begun` says that so many do. */
function busy(size: number): {
  Busy: typeof StreamRequestHandler;
  begun: Promise<void>;
  finish: () => void;
} {
  const end = gate();
  const begin = gate();
  let count = 0;
  class Busy extends StreamRequestHandler {
    override async handle(): Promise<void> {
      count += 1;
      if (count === size) begin.open();
      await end.opened;
      await this.wfile.write("done");
    }
  }
  return { Busy, begun: begin.opened, finish: end.open };
}

describe("the end", () => {
  test("by shutdown comes at once, and serverClose waits for all", async () => {
    const { Busy, begun, finish } = busy(3);
    await using server = new MixedTCPServer(Busy);
    await server.listen();
    const serving = server.serveForever();
    const replies = Promise.all([ask(server, ""), ask(server, ""), ask(server, "")]);
    await begun;
    await server.shutdown();
    await serving;
    const closing = server.serverClose();
    expect(server.stats?.active).toBe(3);
    finish();
    expect(await replies).toEqual(["done", "done", "done"]);
    await closing;
    expect(server.stats?.active).toBe(0);
    expect(server.errors).toEqual([]);
  });

  test("cuts all at the deadline", async () => {
    const { Busy, begun, finish } = busy(2);
    await using server = await started(new MixedTCPServer(Busy));
    const replies = Promise.allSettled([ask(server, ""), ask(server, "")]);
    await begun;
    await server.serverClose({ deadline: 20 });
    for (const reply of await replies) expect(reply).not.toMatchObject({ value: "done" });
    expect(server.errors).toEqual([expect.any(ConnectionClosedError), expect.any(ConnectionClosedError)]);
    finish();
  });

  test("may be asked for by one of the handlers, and ends the others that are idle", async () => {
    class Ending extends StreamRequestHandler {
      override async handle(): Promise<void> {
        for await (const line of this.rfile.lines()) {
          if (line === "end") await this.server.shutdown();
          await this.wfile.writeLine(line);
        }
      }
    }
    await using server = new MixedTCPServer(Ending);
    await server.listen();
    const serving = server.serveForever();
    await using idle = await connectTo(server);
    await idle.writeLine("hello");
    expect(await idle.readLine()).toBe("hello");
    await using ending = await connectTo(server);
    await ending.writeLine("end");
    expect(await ending.readToEnd().text()).toBe("end\r\n");
    expect(await idle.readLine()).toBeUndefined();
    await serving;
  });

  test("waits for datagrams that are being handled", async () => {
    const end = gate();
    const begin = gate();
    class Busy extends DatagramRequestHandler {
      override async handle(): Promise<void> {
        begin.open();
        await end.opened;
        this.wfile.write("done");
      }
    }
    class Counting extends MixedUDPServer {
      closed = 0;
      override closeRequest(request: DatagramRequest): void {
        this.closed += 1;
        super.closeRequest(request);
      }
    }
    await using server = await started(new Counting(Busy));
    const [host, port] = server.serverAddress;
    await using client = await openDatagram({ peer: { host, port } });
    for (const text of ["a", "b"]) await client.send(text);
    await begin.opened;
    await new Promise(setImmediate);
    await server.shutdown();
    const closing = server.serverClose();
    end.open();
    await closing;
    expect(server.closed).toBe(2);
  });
});
