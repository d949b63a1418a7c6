// UDPServer: one datagram at a time, which ones are dropped, and how the server ends.
import { ConnectionClosedError, type Datagram, openDatagram } from "@netcli/core-transport";
import { failureOf, gate, tempDir } from "@netcli/test-kit";
import { describe, expect, test } from "vitest";
import {
  type ClientAddress,
  DatagramRequestHandler,
  ListenError,
  ThreadingUnixDatagramServer,
  UDPServer,
  UnixDatagramServer,
} from "../src/index.ts";
import { anywhere, askByDatagram, NotingUDPServer, started } from "./python-face.ts";

/** Sends each datagram back. */
class Echo extends DatagramRequestHandler {
  override handle(): void | Promise<void> {
    this.wfile.write(this.packet);
  }
}

/** A handler that takes a datagram and waits; `begun` says that it has it. */
function slowHandler(): { Slow: typeof Echo; begun: Promise<void>; finish: () => void; taken: string[] } {
  const begin = gate();
  const end = gate();
  const taken: string[] = [];
  class Slow extends Echo {
    override async handle(): Promise<void> {
      taken.push(Buffer.from(this.packet).toString());
      begin.open();
      await end.opened;
      await super.handle();
    }
  }
  return { Slow, begun: begin.opened, finish: end.open, taken };
}

function clientOf({ serverAddress: [host, port] }: UDPServer): Promise<Datagram> {
  return openDatagram({ peer: { host, port } });
}

async function received(client: Datagram): Promise<string> {
  const { data } = await client.receive({ timeout: 5_000 });
  return Buffer.from(data).toString();
}

describe("the address", () => {
  test("is the one that was asked for, then the one that was got", async () => {
    await using server = new UDPServer(anywhere, Echo);
    expect(server.serverAddress).toEqual(["127.0.0.1", 0]);
    expect(server.socket).toBeUndefined();
    await server.listen();
    expect(server.serverAddress).toEqual(["127.0.0.1", expect.any(Number)]);
    expect(server.serverAddress[1]).toBeGreaterThan(0);
    expect(server.socket?.address).toEqual(server.serverAddress);
  });

  test("without a host is all of IPv4; it may be one of IPv6, too", async () => {
    await using all = await started(new UDPServer(["", 0], Echo));
    expect(all.serverAddress[0]).toBe("0.0.0.0");
    expect(await askByDatagram({ serverAddress: ["127.0.0.1", all.serverAddress[1]] }, "a")).toBe("a");
    await using six = await started(new UDPServer(["::1", 0], Echo));
    expect(await askByDatagram(six, "a")).toBe("a");
  });

  test("of someone else is a ListenError, unless both allow it", async () => {
    class Sharing extends UDPServer {
      override allowReuseAddress = true;
    }
    await using first = new Sharing(anywhere, Echo);
    await first.listen();
    const error = await failureOf(new UDPServer(first.serverAddress, Echo).listen());
    expect(error).toBeInstanceOf(ListenError);
    expect(error).toMatchObject({ systemCode: "EADDRINUSE" });
    await using second = new Sharing(first.serverAddress, Echo);
    await second.listen();
  });
});

describe("one datagram", () => {
  test("is served at a time, in the order in which they came", async () => {
    const { Slow, begun, finish, taken } = slowHandler();
    await using server = await started(new NotingUDPServer(Slow));
    await using client = await clientOf(server);
    for (const text of ["a", "b", "c"]) await client.send(text);
    await begun;
    await new Promise(setImmediate);
    expect(taken).toEqual(["a"]);
    finish();
    expect([await received(client), await received(client), await received(client)]).toEqual(["a", "b", "c"]);
  });

  test("that verifyRequest refuses gets no answer", async () => {
    class Strict extends NotingUDPServer {
      readonly from: ClientAddress[] = [];
      override async verifyRequest(
        [data]: readonly [Uint8Array, unknown],
        from: ClientAddress,
      ): Promise<boolean> {
        this.from.push(from);
        return data.length > 1;
      }
    }
    await using server = await started(new Strict(Echo));
    await using client = await clientOf(server);
    for (const text of ["a", "bb"]) await client.send(text);
    expect(await received(client)).toBe("bb");
    const { port } = client.address;
    expect(server.from).toEqual([
      ["127.0.0.1", port],
      ["127.0.0.1", port],
    ]);
    expect(server.failedRequests).toBe(0);
  });

  test("of more than maxPacketSize is dropped and counted", async () => {
    class Small extends NotingUDPServer {
      override maxPacketSize = 4;
    }
    await using server = await started(new Small(Echo));
    await using client = await clientOf(server);
    for (const text of ["12345", "1234", "123456", "1"]) await client.send(text);
    expect([await received(client), await received(client)]).toEqual(["1234", "1"]);
    expect(server.oversized).toBe(2);
    await using usual = await started(new NotingUDPServer(Echo));
    await using other = await clientOf(usual);
    for (const size of [8_193, 8_192]) await other.send(new Uint8Array(size));
    expect(await received(other)).toHaveLength(8_192);
    expect(usual.oversized).toBe(1);
  });

  test("may be empty", async () => {
    const seen: number[] = [];
    class Noting extends Echo {
      override handle(): void {
        seen.push(this.packet.length);
        this.wfile.write("empty");
      }
    }
    await using server = await started(new NotingUDPServer(Noting));
    expect(await askByDatagram(server, "")).toBe("empty");
    expect(seen).toEqual([0]);
  });

  test("that comes while nobody serves is dropped only when too many wait", async () => {
    await using server = new NotingUDPServer(Echo);
    await server.listen();
    await using client = await clientOf(server);
    for (let count = 0; server.socket?.dropped === 0; count += 1) {
      await client.send(String(count));
      await new Promise(setImmediate);
    }
    await server.handleRequest();
    expect(await received(client)).toBe("0");
  });
});

describe("the end", () => {
  test("waits for the handler, who still answers", async () => {
    const { Slow, begun, finish } = slowHandler();
    await using server = await started(new NotingUDPServer(Slow));
    const answer = askByDatagram(server, "a");
    await begun;
    const closing = [server.serverClose({ deadline: Infinity }), server.serverClose()];
    await new Promise((resolve) => {
      setTimeout(resolve, 20);
    });
    finish();
    expect(await answer).toBe("a");
    await Promise.all(closing);
    expect(server.errors).toEqual([]);
    await using successor = new UDPServer(server.serverAddress, Echo);
    await successor.listen();
  });

  test.each([
    ["at the deadline", true, 20],
    ["at once where blockOnClose is false", false, 60_000],
  ])("leaves a handler behind %s, and it can't answer any more", async (_when, blockOnClose, deadline) => {
    const { Slow, begun, finish } = slowHandler();
    const told = gate();
    const server = await started(new NotingUDPServer(Slow));
    server.handleError = (_request, _from, error) => {
      server.errors.push(error);
      told.open();
    };
    server.blockOnClose = blockOnClose;
    await using client = await clientOf(server);
    await client.send("a");
    await begun;
    await server.serverClose({ deadline });
    finish();
    await told.opened;
    expect(server.errors).toEqual([expect.any(ConnectionClosedError)]);
  });

  test("does not wait for a datagram that came after the shutdown", async () => {
    await using server = await started(new NotingUDPServer(Echo));
    await using client = await clientOf(server);
    await client.send("a");
    expect(await received(client)).toBe("a");
    await server.shutdown();
    await client.send("b");
    // Sent to ourselves: when this one is here that one was there before it.
    await using mirror = await openDatagram({ host: "127.0.0.1" });
    await mirror.send("c", { host: "127.0.0.1", port: mirror.address.port });
    await mirror.receive({ timeout: 5_000 });
    const start = performance.now();
    await server.serverClose();
    expect(performance.now() - start).toBeLessThan(5_000);
  });

  test("by a shutdown leaves what comes meanwhile to the next serveForever", async () => {
    await using server = await started(new NotingUDPServer(Echo));
    await using client = await clientOf(server);
    await server.shutdown();
    await client.send("a");
    void server.serveForever();
    expect(await received(client)).toBe("a");
  });

  test("may be asked for by a handler", async () => {
    class Last extends Echo {
      override async handle(): Promise<void> {
        await this.server.shutdown();
        await super.handle();
      }
    }
    await using server = new NotingUDPServer(Last);
    await server.listen();
    const serving = server.serveForever();
    expect(await askByDatagram(server, "a")).toBe("a");
    await serving;
  });
});

describe("Unix datagrams", () => {
  test.each([UnixDatagramServer, ThreadingUnixDatagramServer])(
    "are a NotSupportedError without the native package: %o",
    async (UnixServer) => {
      await using dir = await tempDir();
      await using server = new UnixServer(dir.file("socket"), Echo);
      const error = await failureOf(server.serveForever());
      expect(error).toMatchObject({
        name: "NotSupportedError",
        message: expect.stringContaining("unix-dgram"),
      });
      expect(server.serverAddress).toBe(dir.file("socket"));
    },
  );
});
