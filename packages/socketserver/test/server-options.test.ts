// What the stream servers of Python's face can be given: fields of a subclass, and the options of all servers.
import {
  ArgumentError,
  connect,
  LimitError,
  NotSupportedError,
  TimeoutError,
  TlsError,
} from "@netcli/core-transport";
import { createAuthority, failureOf, gate } from "@netcli/test-kit";
import { describe, expect, test } from "vitest";
import { ListenError, StreamRequestHandler, type StreamServerOptions, TCPServer } from "../src/index.ts";
import { anywhere, ask, connectTo, NotingTCPServer, started } from "./python-face.ts";

const authority = createAuthority();
const identity = authority.issue();
const trust = { ca: authority.certificate };

/** Sends each line back. */
class Echo extends StreamRequestHandler {
  override async handle(): Promise<void> {
    for await (const line of this.rfile.lines()) await this.wfile.writeLine(line);
  }
}

class Sharing extends TCPServer {
  override allowReusePort = true;
}

const [major = 0, minor = 0] = process.versions.node.split(".").map(Number);
const canReusePorts = major >= 24 || (major === 23 && minor >= 1) || (major === 22 && minor >= 12);

function echoServer(options: StreamServerOptions): Promise<NotingTCPServer> {
  return started(new NotingTCPServer(Echo, options));
}

describe("a field of a subclass", () => {
  test("allowReuseAddress can't be false: Node sets it always", async () => {
    class Exclusive extends TCPServer {
      override allowReuseAddress = false;
    }
    await using server = new Exclusive(anywhere, Echo);
    expect(await failureOf(server.serveForever())).toBeInstanceOf(NotSupportedError);
  });

  test.runIf(canReusePorts)("allowReusePort shares a port", async () => {
    await using first = await started(new Sharing(anywhere, Echo));
    await using second = await started(new Sharing(first.serverAddress, Echo));
    expect(second.serverAddress).toEqual(first.serverAddress);
    expect(await ask(second, "a\n")).toBe("a\r\n");
  });

  test.skipIf(canReusePorts)("allowReusePort is refused by a Node that does not know it", async () => {
    await using server = new Sharing(anywhere, Echo);
    expect(await failureOf(server.listen())).toBeInstanceOf(NotSupportedError);
  });

  test("requestQueueSize goes to the kernel, and must be a number that it can use", async () => {
    class Wrong extends TCPServer {
      override requestQueueSize = 0;
    }
    class Right extends NotingTCPServer {
      override requestQueueSize = 5;
    }
    expect(await failureOf(new Wrong(anywhere, Echo).listen())).toBeInstanceOf(ArgumentError);
    await using server = await started(new Right(Echo));
    expect(await ask(server, "a\n")).toBe("a\r\n");
  });

  test("timeout is for handleRequest", async () => {
    const told = gate();
    class Impatient extends TCPServer {
      override timeout = 20;
      override handleTimeout(): void {
        told.open();
      }
    }
    await using server = new Impatient(anywhere, Echo);
    await server.handleRequest();
    await told.opened;
    server.timeout = 10_000;
    const handling = server.handleRequest();
    expect(await ask(server, "a\n")).toBe("a\r\n");
    await handling;
  });
});

describe("the address", () => {
  test("of someone else is a ListenError, again and again", async () => {
    await using first = await echoServer({});
    await using second = new TCPServer(first.serverAddress, Echo);
    for (let attempt = 0; attempt < 2; attempt += 1) {
      const error = await failureOf(second.listen());
      expect(error).toBeInstanceOf(ListenError);
      expect(error).toMatchObject({ systemCode: "EADDRINUSE" });
    }
  });
});

describe("options", () => {
  test("tls speaks it from the first byte, and may be changed for those who come later", async () => {
    await using server = await echoServer({ tls: identity });
    const [host, port] = server.serverAddress;
    const serials: unknown[] = [];
    const certificate = async (): Promise<void> => {
      await using client = await connect({ host, port, tls: trust });
      await client.writeLine("hello");
      expect(await client.readLine()).toBe("hello");
      serials.push(client.tls?.getPeerCertificate().serialNumber);
    };
    expect(server.tls).toBe(identity);
    await certificate();
    server.tls = authority.issue();
    await certificate();
    expect(() => {
      server.tls = { cert: "none", key: "none" };
    }).toThrow(ArgumentError);
    await certificate();
    expect(serials[1]).not.toBe(serials[0]);
    expect(serials[2]).toBe(serials[1]);
    expect(server.errors).toEqual([]);
  });

  test("tls may be set before the server listens; what is no certificate is refused then", async () => {
    await using server = new NotingTCPServer(Echo);
    server.tls = identity;
    await started(server);
    const [host, port] = server.serverAddress;
    await using client = await connect({ host, port, tls: trust });
    expect(client.tls?.authorized).toBe(true);
    await using broken = new TCPServer(anywhere, Echo, { tls: { cert: "none", key: "none" } });
    expect(await failureOf(broken.listen())).toBeInstanceOf(ArgumentError);
  });

  test("tlsMode starttls leaves it to the handler, who finds the certificate in the server", async () => {
    class Upgrading extends StreamRequestHandler {
      declare readonly server: NotingTCPServer;
      override async handle(): Promise<void> {
        await this.rfile.readLine();
        await this.wfile.writeLine("go ahead");
        await this.request.acceptTls(this.server.tls ?? {});
        await this.wfile.writeLine("secret");
      }
    }
    await using server = await started(
      new NotingTCPServer(Upgrading, { tls: identity, tlsMode: "starttls" }),
    );
    await using client = await connectTo(server);
    await client.writeLine("STARTTLS");
    expect(await client.readLine()).toBe("go ahead");
    await client.startTls(trust);
    expect(await client.readLine()).toBe("secret");
    expect(server.errors).toEqual([]);
  });

  test("a client that fails its handshake is told to handleError, without a request", async () => {
    const told: unknown[] = [];
    await using server = await echoServer({ tls: identity });
    server.handleError = (request, _from, error) => void told.push(request, error);
    const [host, port] = server.serverAddress;
    await using client = await connect({ host, port });
    await client.write("GET / HTTP/1.1\r\n\r\n");
    await client
      .readToEnd()
      .bytes()
      .catch(() => undefined);
    expect(told).toEqual([undefined, expect.any(TlsError)]);
    expect(server.failedRequests).toBe(1);
  });

  test("timeouts.idle cuts who says nothing, once, and the next one is served", async () => {
    await using server = await echoServer({ timeouts: { idle: 300 } });
    expect(await ask(server, "a\n")).toBe("a\r\n");
    await using silent = await connectTo(server);
    await silent.readLine().catch(() => undefined);
    expect(server.errors).toEqual([expect.any(TimeoutError)]);
    expect(server.errors[0]).toMatchObject({ phase: "stall", milliseconds: 300 });
    expect(await ask(server, "b\n")).toBe("b\r\n");
    expect(server.failedRequests).toBe(1);
  });

  test.each(["handler", "total"] as const)(
    "timeouts.%s frees the turn of a handler that never ends, and is told once",
    async (phase) => {
      let count = 0;
      class Endless extends Echo {
        override async handle(): Promise<void> {
          count += 1;
          if (count === 1) await new Promise(() => undefined);
          await super.handle();
        }
      }
      await using server = await started(new NotingTCPServer(Endless, { timeouts: { [phase]: 500 } }));
      await ask(server, "a\n").catch(() => undefined);
      expect(await ask(server, "b\n")).toBe("b\r\n");
      expect(server.errors).toEqual([expect.objectContaining({ phase, milliseconds: 500 })]);
    },
  );

  test("limits.lineBytes refuses a line that is too long", async () => {
    await using server = await echoServer({ limits: { lineBytes: 8 } });
    await ask(server, "0123456789\n").catch(() => undefined);
    expect(server.errors).toEqual([expect.any(LimitError)]);
  });

  test("maxConnections sends away with the refusal who is too many", async () => {
    await using server = await echoServer({ maxConnections: 1, overflow: "refuse", refusal: "421 full" });
    await using first = await connectTo(server);
    await first.writeLine("one");
    expect(await first.readLine()).toBe("one");
    expect(await ask(server, "two\n")).toBe("421 full\r\n");
    expect(server.stats).toMatchObject({ accepted: 2, active: 1, refused: 1, failed: 0 });
  });

  test("trace is told the lines of clients", async () => {
    const lines: string[] = [];
    const trace: StreamServerOptions["trace"] = ({ kind, text }) => void lines.push(`${kind} ${text}`);
    await using server = await echoServer({ trace });
    await ask(server, "hello\n");
    expect(lines.filter((line) => line.endsWith("hello"))).toHaveLength(2);
  });

  test.each([
    { timeouts: { idle: 0 } },
    { timeouts: { none: 1 } as Record<string, number> },
    { maxConnections: -1 },
    { proxyProtocol: { trusted: ["nowhere"] } },
    { tlsMode: "both" as "implicit" },
  ])("that make no sense are refused when the server is to listen: %j", async (options) => {
    await using server = new NotingTCPServer(Echo, options);
    expect(await failureOf(server.listen())).toBeInstanceOf(ArgumentError);
  });
});
