// The handler classes: setup, handle and finish in their order, and what a handler reads and writes with.
import { ArgumentError, type Connection, openDatagram, TimeoutError } from "@netcli/core-transport";
import { describe, expect, test } from "vitest";
import {
  BaseRequestHandler,
  DatagramRequestHandler,
  PacketReader,
  PacketWriter,
  StreamRequestHandler,
} from "../src/index.ts";
import { ask, askByDatagram, connectTo, NotingTCPServer, NotingUDPServer, started } from "./python-face.ts";

const failure = new Error("as planned");
const reader = (text: string): PacketReader => new PacketReader(Buffer.from(text));
const decoded = (bytes: Uint8Array): string => Buffer.from(bytes).toString();

describe("a handler", () => {
  test("does nothing unless a method is overridden", async () => {
    await using server = await started(new NotingTCPServer(BaseRequestHandler));
    expect(await ask(server, "hello")).toBe("");
    expect(server.errors).toEqual([]);
  });

  const did: string[] = [];
  function failingIn(phase: string): typeof StreamRequestHandler {
    did.length = 0;
    const doing = async (what: string): Promise<void> => {
      did.push(what);
      await Promise.resolve();
      if (what === phase) throw failure;
    };
    return class extends StreamRequestHandler {
      override setup(): Promise<void> {
        return doing("setup");
      }
      override handle(): Promise<void> {
        return doing("handle");
      }
      override finish(): Promise<void> {
        return doing("finish");
      }
    };
  }

  test.each([
    ["nothing", ["setup", "handle", "finish"]],
    // As in Python: there is nothing to finish.
    ["setup", ["setup"]],
    ["handle", ["setup", "handle", "finish"]],
    ["finish", ["setup", "handle", "finish"]],
  ])("that fails in %s is finished unless its setup failed, and its client let go", async (phase, steps) => {
    await using server = await started(new NotingTCPServer(failingIn(phase)));
    expect(await ask(server, "hello")).toBe("");
    expect(did).toEqual(steps);
    expect(server.errors).toEqual(phase === "nothing" ? [] : [failure]);
  });
});

describe("StreamRequestHandler", () => {
  test("has the connection as request, rfile and wfile, and knows its client and its server", async () => {
    class Handler extends StreamRequestHandler {
      override async handle(): Promise<void> {
        expect(this.rfile).toBe(this.request);
        expect(this.wfile).toBe(this.request);
        expect(this.clientAddress).toEqual([this.request.remoteAddress, this.request.remotePort]);
        expect(this.server).toBe(server);
        expect(Buffer.from(await this.rfile.readExactly(3)).toString()).toBe("abc");
        expect(await this.rfile.readLine()).toBe("line");
        expect(await this.rfile.readToEnd().text()).toBe("rest");
        await this.wfile.write(Uint8Array.of(0x41));
        await this.wfile.writeLine("line");
      }
    }
    await using server = await started(new NotingTCPServer(Handler));
    expect(await ask(server, "abcline\r\nrest")).toBe("Aline\r\n");
    expect(server.errors).toEqual([]);
  });

  test("delivers what nobody waited for", async () => {
    const text = "x".repeat(1_000_000);
    class Handler extends StreamRequestHandler {
      override handle(): void {
        for (let count = 0; count < 4; count += 1) void this.wfile.write(text);
      }
    }
    await using server = await started(new NotingTCPServer(Handler));
    expect(await ask(server, "")).toHaveLength(4 * text.length);
  });

  test.each([BaseRequestHandler, StreamRequestHandler])(
    "gives a client time to take what was written, more than to end its side: %o",
    async (Base: typeof BaseRequestHandler<Connection>) => {
      const size = 20_000_000;
      class Handler extends Base {
        override handle(): void {
          void this.request.write(new Uint8Array(size));
        }
      }
      await using server = await started(new NotingTCPServer(Handler, { timeouts: { close: 30 } }));
      await using client = await connectTo(server);
      client.end();
      await new Promise((resolve) => {
        setTimeout(resolve, 150);
      });
      expect(await client.readToEnd().bytes()).toHaveLength(size);
    },
  );

  test("cuts a client that is silent for longer than its timeout", async () => {
    class Impatient extends StreamRequestHandler {
      override timeout = 30;
      override async handle(): Promise<void> {
        await this.rfile.readLine();
      }
    }
    await using server = await started(new NotingTCPServer(Impatient));
    await using client = await connectTo(server);
    await client
      .readToEnd()
      .text()
      .catch(() => undefined);
    expect(server.errors).toEqual([expect.any(TimeoutError)]);
    expect(server.errors[0]).toMatchObject({ phase: "stall", milliseconds: 30 });
  });

  test.each([
    [true, true],
    [false, false],
  ])("switches Nagle's algorithm off if disableNagle is %s", async (disableNagle, expected) => {
    const calls: unknown[] = [];
    class Handler extends StreamRequestHandler {
      override disableNagle = disableNagle;
      override async setup(): Promise<void> {
        const { request } = this;
        const setNoDelay = request.setNoDelay.bind(request);
        request.setNoDelay = (on) => {
          calls.push(on);
          setNoDelay(on);
        };
        await super.setup();
      }
    }
    await using server = await started(new NotingTCPServer(Handler));
    await ask(server, "");
    // Accepted sockets begin without it.
    expect(calls.at(-1) ?? true).toBe(expected);
  });
});

describe("DatagramRequestHandler", () => {
  test("reads the packet, and what it wrote is one datagram", async () => {
    class Handler extends DatagramRequestHandler {
      override handle(): void {
        expect(Buffer.from(this.packet).toString()).toBe("one\r\ntwo");
        expect(this.request).toEqual([this.packet, this.socket]);
        this.wfile.writeLine(this.rfile.readLine() ?? "");
        this.wfile.write(this.rfile.read(2));
        this.wfile.write(" bytes");
      }
    }
    await using server = await started(new NotingUDPServer(Handler));
    expect(await askByDatagram(server, "one\r\ntwo")).toBe("one\r\ntw bytes");
    expect(server.errors).toEqual([]);
  });

  test("sends further ones through the server's socket, and none where nothing was written", async () => {
    class Handler extends DatagramRequestHandler {
      override async handle(): Promise<void> {
        if (this.packet.length === 0) return;
        await this.socket.send("first", this.clientAddress);
        await this.socket.send(Uint8Array.of(0x32), this.clientAddress);
        this.wfile.write("last");
      }
    }
    await using server = await started(new NotingUDPServer(Handler));
    const [host, port] = server.serverAddress;
    await using client = await openDatagram({ peer: { host, port } });
    for (const text of ["", "go"]) await client.send(text);
    const answers: string[] = [];
    for (let left = 3; left > 0; left -= 1) {
      const { data } = await client.receive({ timeout: 5_000 });
      answers.push(Buffer.from(data).toString());
    }
    expect(answers).toEqual(["first", "2", "last"]);
  });

  test("whose handle fails sends what it had written, as in Python, and is told to handleError", async () => {
    class Handler extends DatagramRequestHandler {
      override handle(): void {
        this.wfile.write("half");
        throw failure;
      }
    }
    await using server = await started(new NotingUDPServer(Handler));
    expect(await askByDatagram(server, "hello")).toBe("half");
    expect(server.errors).toEqual([failure]);
  });

  test("whose answer is too large fails with an ArgumentError, and the next one is answered", async () => {
    class Handler extends DatagramRequestHandler {
      override handle(): void {
        this.wfile.write(this.packet.length > 4 ? new Uint8Array(70_000) : "ok");
      }
    }
    await using server = await started(new NotingUDPServer(Handler));
    const [host, port] = server.serverAddress;
    await using client = await openDatagram({ peer: { host, port } });
    for (const text of ["large", "ok"]) await client.send(text);
    const { data } = await client.receive({ timeout: 5_000 });
    expect(Buffer.from(data).toString()).toBe("ok");
    expect(server.errors).toEqual([expect.any(ArgumentError)]);
  });
});

describe("PacketReader", () => {
  test("gives the bytes asked for, then all that is left, then none", () => {
    const packet = reader("abcdef");
    expect(decoded(packet.read(2))).toBe("ab");
    expect(packet.read(0)).toHaveLength(0);
    expect(decoded(packet.read())).toBe("cdef");
    expect(packet.read(3)).toHaveLength(0);
    expect(decoded(reader("ab").read(9))).toBe("ab");
  });

  test.each([
    ["", []],
    ["a", ["a"]],
    ["a\n", ["a"]],
    ["a\r\nb\n\nc\rd", ["a", "b", "", "c\rd"]],
    ["\r\n", [""]],
    ["Grüße\n", ["Grüße"]],
  ])("cuts %j into lines", (packet, lines) => {
    const packets = reader(packet);
    const read: string[] = [];
    for (let line = packets.readLine(); line !== undefined; line = packets.readLine()) read.push(line);
    expect(read).toEqual(lines);
  });

  test("reads bytes and lines in turns", () => {
    const packet = reader("one\ntwo\nthree");
    expect(packet.readLine()).toBe("one");
    expect(decoded(packet.read(1))).toBe("t");
    expect(packet.readLine()).toBe("wo");
    expect(packet.readLine()).toBe("three");
    expect(packet.readLine()).toBeUndefined();
  });
});

describe("PacketWriter", () => {
  test("gathers text as UTF-8, lines and bytes", () => {
    const writer = new PacketWriter();
    expect(writer.bytes()).toHaveLength(0);
    writer.write("ü");
    expect(Buffer.from(writer.bytes())).toEqual(Buffer.from("ü"));
    writer.writeLine("line");
    writer.write(Uint8Array.of(0));
    expect(Buffer.from(writer.bytes())).toEqual(Buffer.from("üline\r\n\0"));
  });

  test.each(["a\nb", "a\rb", "a\0b"])("refuses %j as a line, which it is not", (line) => {
    const writer = new PacketWriter();
    expect(() => writer.writeLine(line)).toThrow(ArgumentError);
    expect(writer.bytes()).toHaveLength(0);
  });
});
