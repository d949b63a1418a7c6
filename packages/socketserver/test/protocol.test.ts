// Twisted's Protocol, Transport and Factory: what a protocol is told, and what it can do.
import { connect } from "@netcli/core-transport";
import { createAuthority, failureOf, gate, tempDir } from "@netcli/test-kit";
import type { Socket } from "node:net";
import { setImmediate as turn } from "node:timers/promises";
import { describe, expect, test } from "vitest";
import { type ClientAddress, Factory, ListenError, listenTCP, Protocol } from "../src/index.ts";
import { NotingProtocol, stage, tell } from "./twisted-face.ts";

const failure = new Error("as planned");

class Echo extends NotingProtocol {
  override dataReceived(data: Uint8Array): void {
    this.transport.write(data);
  }
}

describe("a protocol", () => {
  test("does nothing unless a method is overridden", async () => {
    await using one = await stage(() => new Protocol());
    expect(await tell(one, "hello")).toBe("");
    expect(one.errors).toEqual([]);
  });

  test("has no transport before connectionMade", () => {
    expect(() => new Protocol().transport).toThrow("no connection yet");
  });

  test("is told of its connection, its bytes, and its end, in this order", async () => {
    const did: string[] = [];
    class Noting extends NotingProtocol {
      override connectionMade(): void {
        did.push(`made ${this.transport.getPeer()[0]}`);
        this.transport.write("welcome ");
      }
      override dataReceived(data: Uint8Array): void {
        did.push(`received ${Buffer.from(data).toString()}`);
        this.transport.writeSequence(["you said ", data, "!"]);
      }
      override connectionLost(reason: Error | undefined): void {
        did.push(`lost ${String(reason)}`);
        super.connectionLost(reason);
      }
    }
    await using one = await stage(() => new Noting());
    expect(await tell(one, "hello")).toBe("welcome you said hello!");
    await one.protocol().lost;
    expect(did).toEqual(["made 127.0.0.1", "received hello", "lost undefined"]);
    expect(one.errors).toEqual([]);
  });

  test("gets all bytes, however large and in whatever pieces", async () => {
    await using one = await stage(() => new Echo());
    const text = "0123456789abcdef".repeat(200_000);
    expect(await tell(one, text)).toBe(text);
  });

  test("owns the bytes that it is given", async () => {
    const kept: Uint8Array[] = [];
    class Keeping extends NotingProtocol {
      override dataReceived(data: Uint8Array): void {
        kept.push(data);
      }
    }
    await using one = await stage(() => new Keeping());
    const text = Array.from({ length: 100_000 }, (_, number) => String(number)).join();
    await tell(one, text);
    await one.protocol().lost;
    expect(Buffer.concat(kept).toString()).toBe(text);
  });
});

describe("the transport", () => {
  test("says where the client is", async () => {
    let peer: ClientAddress | undefined;
    class Asking extends Echo {
      override connectionMade(): void {
        peer = this.transport.getPeer();
        this.transport.setTcpNoDelay(false);
        this.transport.setTcpNoDelay(true);
      }
    }
    await using one = await stage(() => new Asking());
    await using client = await one.client();
    await client.writeLine("hello");
    await client.readLine();
    expect(peer).toEqual(["127.0.0.1", (client.socket as Socket).localPort]);
  });

  test("delivers what was written before loseConnection, and no more bytes to the protocol", async () => {
    const text = "x".repeat(20_000_000);
    class Leaving extends NotingProtocol {
      received = 0;
      override dataReceived(data: Uint8Array): void {
        this.received += data.length;
        this.transport.write(text);
        this.transport.loseConnection();
        expect(this.transport.disconnecting).toBe(true);
        this.transport.loseConnection();
      }
    }
    await using one = await stage(() => new Leaving());
    await using client = await one.client();
    // A client that says much before it reads anything.
    const saying = client.write(new Uint8Array(400_000)).catch(() => undefined);
    while (one.protocols[0]?.transport.disconnecting !== true) await turn();
    const received = one.protocol().received;
    // The server gets much more than it has asked for, while it waits for us to read.
    for (let turns = 0; turns < 100; turns += 1) await turn();
    expect(await client.readToEnd().text()).toHaveLength(text.length);
    await saying;
    await client.close();
    await one.protocol().lost;
    expect(one.protocol().received).toBe(received);
    expect(one.protocol().losses).toEqual([{ reason: undefined }]);
  });

  test("cuts by abortConnection", async () => {
    class Aborting extends NotingProtocol {
      override dataReceived(): void {
        this.transport.abortConnection();
        expect(this.transport.disconnecting).toBe(true);
      }
    }
    await using one = await stage(() => new Aborting());
    await tell(one, "hello").catch(() => undefined);
    await one.protocol().lost;
    expect(one.protocol().losses).toEqual([{ reason: undefined }]);
    expect(one.errors).toEqual([]);
  });

  test("may be used from outside: written to, ended, aborted", async () => {
    const made = gate();
    class Open extends Echo {
      override connectionMade(): void {
        made.open();
      }
    }
    await using one = await stage(() => new Open());
    await using client = await one.client();
    await made.opened;
    one.protocol().transport.write("out of the blue\n");
    expect(await client.readLine()).toBe("out of the blue");
    one.protocol().transport.loseConnection();
    expect(await client.readLine()).toBeUndefined();
    await client.close();
    await one.protocol().lost;
    // Too late, and no harm.
    one.protocol().transport.write("nobody is there");
    one.protocol().transport.pauseProducing();
    one.protocol().transport.abortConnection();
    expect(one.protocol().losses).toEqual([{ reason: undefined }]);
    expect(one.errors).toEqual([]);
  });
});

describe("a factory", () => {
  test("makes a protocol for each connection, of its class or by buildProtocol", async () => {
    const from: ClientAddress[] = [];
    class Numbered extends Echo {
      static made = 0;
      override connectionMade(): void {
        Numbered.made += 1;
        this.transport.write(String(Numbered.made));
      }
    }
    const factory = Factory.forProtocol(Numbered);
    expect(factory.protocol).toBe(Numbered);
    const { buildProtocol } = { buildProtocol: factory.buildProtocol.bind(factory) };
    factory.buildProtocol = (address) => {
      from.push(address);
      return from.length === 2 ? undefined : buildProtocol(address);
    };
    await using port = await listenTCP(0, factory);
    const ask = (): Promise<string> => tell({ client: () => connect(hostOf(port)) }, "");
    // The second one is refused.
    expect([await ask(), await ask(), await ask()]).toEqual(["1", "", "2"]);
    expect(from.map(([address]) => address)).toEqual(["127.0.0.1", "127.0.0.1", "127.0.0.1"]);
  });

  test("without a class refuses all", async () => {
    await using port = await listenTCP(0, new Factory());
    expect(await tell({ client: () => connect(hostOf(port)) }, "hello")).toBe("");
  });

  test("that fails to make a protocol costs that connection", async () => {
    const factory = new Factory();
    factory.buildProtocol = () => {
      throw failure;
    };
    const errors: unknown[] = [];
    await using port = await listenTCP(0, factory, { onError: (error) => void errors.push(error) });
    expect(await tell({ client: () => connect(hostOf(port)) }, "hello")).toBe("");
    expect(errors).toEqual([failure]);
  });
});

function hostOf(port: { getHost(): { address: string; port: number } }): { host: string; port: number } {
  const { address, port: number } = port.getHost();
  return { host: address, port: number };
}

describe("listening", () => {
  /** Notes when it starts and stops. */
  class NotingFactory extends Factory {
    readonly did: string[] = [];
    override protocol = Echo;
    override startFactory(): void {
      this.did.push("start");
    }
    override stopFactory(): void {
      this.did.push("stop");
    }
  }

  test("starts the factory before, and stops it when it could not be done", async () => {
    const factory = new NotingFactory();
    await using port = await listenTCP(0, factory);
    expect(factory.did).toEqual(["start"]);
    const second = new NotingFactory();
    const error = await failureOf(listenTCP(port.getHost().port, second));
    expect(error).toBeInstanceOf(ListenError);
    expect(second.did).toEqual(["start", "stop"]);
  });

  test("is on 127.0.0.1 unless another interface is asked for, or a path", async () => {
    await using usual = await listenTCP(0, new NotingFactory());
    expect(usual.getHost().address).toBe("127.0.0.1");
    await using six = await listenTCP(0, new NotingFactory(), { interface: "::1" });
    expect(six.getHost().address).toBe("::1");
    await using dir = await tempDir();
    const path = dir.file("socket");
    await using unix = await listenTCP(0, new NotingFactory(), { path });
    expect(unix.getHost()).toEqual({ address: path, port: 0 });
    expect(await tell({ client: () => connect({ path }) }, "hello")).toBe("hello");
  });

  test("may be with TLS and with all that serve can do", async () => {
    const authority = createAuthority();
    await using port = await listenTCP(0, new NotingFactory(), { tls: authority.issue(), maxConnections: 1 });
    const tls = { ca: authority.certificate };
    expect(await tell({ client: () => connect({ ...hostOf(port), tls }) }, "hello")).toBe("hello");
    expect(port.server.stats.accepted).toBe(1);
  });

  test("stops by stopListening: connections get what was written, and the factory is stopped last", async () => {
    const factory = new NotingFactory();
    const port = await listenTCP(0, factory);
    await using client = await connect(hostOf(port));
    await client.writeLine("hello");
    expect(await client.readLine()).toBe("hello");
    const stopping = Promise.all([port.stopListening(), port.stopListening()]);
    expect(factory.did).toEqual(["start"]);
    expect(await client.readLine()).toBeUndefined();
    await client.close();
    await stopping;
    expect(factory.did).toEqual(["start", "stop"]);
    expect((await failureOf(connect(hostOf(port)))) as Error).toMatchObject({ name: "ConnectError" });
  });

  test("stops sooner if it is asked again, with a shorter deadline", async () => {
    class Endless extends NotingProtocol {
      override connectionMade(): void {
        this.transport.write(new Uint8Array(20_000_000));
      }
    }
    const factory = Factory.forProtocol(Endless);
    const port = await listenTCP(0, factory, { onError: () => undefined });
    await using client = await connect(hostOf(port));
    await client.readExactly(1);
    const stopping = port.stopListening({ deadline: Infinity });
    await port.stopListening({ deadline: 20 });
    await stopping;
    expect(port.server.stats.active).toBe(0);
  });

  test("stops when its signal aborts, just so", async () => {
    const factory = new NotingFactory();
    const controller = new AbortController();
    const port = await listenTCP(0, factory, { signal: controller.signal });
    await using client = await connect(hostOf(port));
    await client.writeLine("hello");
    await client.readLine();
    controller.abort();
    expect(await client.readLine()).toBeUndefined();
    await client.close();
    await port.server.closed;
    await port.stopListening();
    expect(factory.did).toEqual(["start", "stop"]);
  });
});
