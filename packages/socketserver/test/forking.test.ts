// ForkingMixIn: handlers run in worker processes, which get the sockets, the options and the datagrams.
import { connect, NetcliError, openDatagram, TimeoutError } from "@netcli/core-transport";
import { createAuthority, failureOf, tempDir } from "@netcli/test-kit";
import type { Socket } from "node:net";
import { describe, expect, test } from "vitest";
import {
  ForkingTCPServer,
  ForkingUDPServer,
  ForkingUnixStreamServer,
  type StreamServerOptions,
  TCPServer,
} from "../src/index.ts";
import {
  Failing,
  Knowing,
  Late,
  NotingForkingServer,
  NotingForkingUDPServer,
  Pid,
  PidDatagram,
  told,
  Upgrading,
  visit,
} from "./forking.ts";
import { anywhere, ask, connectTo, started } from "./python-face.ts";

const authority = createAuthority();
const identity = authority.issue();
const trust = { ca: authority.certificate };

describe("a connection", () => {
  test("is served in another process, by whichever has fewest, all at once", async () => {
    await using server = await started(new NotingForkingServer(Pid));
    expect(server).toBeInstanceOf(TCPServer);
    const visits = [];
    for (let count = 0; count < 6; count += 1) visits.push(await visit(server));
    const pids = visits.map(({ pid }) => pid);
    expect(pids).not.toContain(process.pid);
    const shares = [...new Set(pids)].map((pid) => pids.filter((other) => other === pid).length);
    expect(shares).toEqual([3, 3]);
    for (const { client } of visits.toReversed()) {
      await client.writeLine("hello");
      expect(await client.readLine()).toBe("hello");
      await client.close();
    }
    const { client, pid } = await visit(server);
    expect(pids).toContain(pid);
    await client.close();
    expect(server.errors).toEqual([]);
  });

  test.each([
    [ForkingTCPServer, anywhere],
    [ForkingUnixStreamServer, "socket"],
  ] as const)("of %o works the same", async (Forking, address) => {
    await using dir = await tempDir();
    await using server = await started(
      new Forking((address === "socket" ? dir.file(address) : address) as never, Pid),
    );
    expect(server.maxChildren).toBeGreaterThan(0);
    const { client, pid } = await visit(server as never);
    expect(pid).not.toBe(process.pid);
    await client.close();
  });

  test("that comes in a crowd is neither lost nor mixed up", async () => {
    await using server = await started(new NotingForkingServer(Late));
    const words = Array.from({ length: 50 }, (_, number) => `<${number}>`);
    const answers = await Promise.all(words.map((word) => ask(server, word)));
    expect(answers).toEqual(words.map((word) => word.repeat(100)));
    expect(server.stats).toMatchObject({ accepted: 50, failed: 0 });
  });

  test("whose client has ended its side still gets its answer", async () => {
    await using server = await started(new NotingForkingServer(Late));
    const word = "x".repeat(50_000);
    expect(await ask(server, word)).toBe(word.repeat(100));
    expect(server.errors).toEqual([]);
  });

  test("that verifyRequest refuses never reaches a worker", async () => {
    class Strict extends NotingForkingServer {
      override verifyRequest(): boolean {
        return false;
      }
    }
    await using server = await started(new Strict(Pid));
    expect(await ask(server, "hello\n")).toBe("");
    expect(server.errors).toEqual([]);
  });

  test("counts for maxConnections until the worker is done with it", async () => {
    const options = { maxConnections: 1, overflow: "refuse", refusal: "421 full" } as const;
    await using server = await started(new NotingForkingServer(Pid, options));
    const { client } = await visit(server);
    expect(await ask(server, "")).toBe("421 full\r\n");
    await client.close();
    while (server.stats?.active !== 0) await new Promise(setImmediate);
    expect(await ask(server, "hello\n")).toMatch(/^\d+\r\nhello\r\n$/);
  });
});

describe("what the handler knows", () => {
  interface Known {
    readonly clientAddress: unknown;
    readonly serverAddress: unknown;
    readonly options: StreamServerOptions;
    readonly tls?: string;
  }

  test("is what it knows in the server's own process", async () => {
    const options: StreamServerOptions = { limits: { lineBytes: 99 } };
    await using server = await started(new NotingForkingServer(Knowing, options));
    await using client = await connectTo(server);
    const known = JSON.parse((await client.readLine()) ?? "") as Known;
    const { localAddress, localPort } = client.socket as Socket;
    expect(known).toEqual({
      clientAddress: [localAddress, localPort],
      serverAddress: server.serverAddress,
      options,
    });
  });

  test("comes from the PROXY header, and over TLS, too", async () => {
    const proxyProtocol = { trusted: ["127.0.0.1"] };
    await using server = await started(new NotingForkingServer(Knowing, { proxyProtocol, tls: identity }));
    await using client = await connectTo(server);
    await client.write("PROXY TCP4 192.0.2.7 192.0.2.8 1234 5678\r\n");
    await client.startTls(trust);
    const known = JSON.parse((await client.readLine()) ?? "") as Known;
    expect(known).toMatchObject({ clientAddress: ["192.0.2.7", 1_234], tls: "TLSv1.3" });
    expect(server.errors).toEqual([]);
  });

  test("is the certificate, where it begins TLS itself", async () => {
    const options = { tls: identity, tlsMode: "starttls" } as const;
    await using server = await started(new NotingForkingServer(Upgrading, options));
    await using client = await connectTo(server);
    await client.writeLine("STARTTLS");
    await client.readLine();
    await client.startTls(trust);
    expect(await client.readLine()).toBe("secret");
    expect(server.errors).toEqual([]);
  });
});

describe("what goes wrong in a worker", () => {
  test.each([
    ["type", { name: "TypeError", message: "as planned" }],
    ["limit", { name: "LimitError", message: "as planned", code: "ERR_NETCLI_LIMIT" }],
    ["word", { name: "Error", message: "as planned" }],
  ])("is told to handleError of the server, with its client: %s", async (kind, expected) => {
    await using server = await started(new NotingForkingServer(Failing));
    await using client = await connectTo(server);
    const { localPort } = client.socket as Socket;
    await client.writeLine(kind);
    expect(await client.readToEnd().text()).toBe("half an ans");
    const [error] = await told(server, 1);
    expect(error).toMatchObject(expected);
    expect(error).toBeInstanceOf(kind === "limit" ? NetcliError : Error);
    expect((error as Error).stack).toMatch(kind === "word" ? "" : /forking-handlers\.mjs/);
    expect(server.from).toEqual([["127.0.0.1", localPort]]);
    expect(server.failedRequests).toBe(1);
    expect(server.stats?.failed).toBe(1);
    expect(await ask(server, "\n")).toBe("half an answer");
  });

  test("is told of a handshake that fails, and of a client that says nothing", async () => {
    const options: StreamServerOptions = { tls: identity, timeouts: { idle: 30, handshake: 3_000 } };
    await using server = await started(new NotingForkingServer(Pid, options));
    await ask(server, "GET / HTTP/1.1\r\n\r\n").catch(() => undefined);
    const [host, port] = server.serverAddress;
    await using silent = await connect({ host, port, tls: trust });
    await silent.readLine();
    const errors = await told(server, 2);
    expect(errors.map((error) => (error as Error).name)).toEqual(["TlsError", TimeoutError.kind]);
  });
});

describe("a datagram", () => {
  test("is handled in another process, which answers through the server's socket", async () => {
    await using server = await started(new NotingForkingUDPServer(PidDatagram));
    const [host, port] = server.serverAddress;
    await using client = await openDatagram({ peer: { host, port } });
    const pids = new Set<number>();
    for (let left = 2; left > 0; left -= 1) {
      await client.send("hello");
      const first = await client.receive({ timeout: 5_000 });
      expect(JSON.parse(Buffer.from(first.data).toString())).toEqual([host, port]);
      const second = await client.receive({ timeout: 5_000 });
      pids.add(Number(Buffer.from(second.data).toString()));
    }
    expect(pids).not.toContain(process.pid);
    expect(server.errors).toEqual([]);
  });

  test.each([
    ["type", { name: "TypeError", message: "as planned" }],
    ["large", { name: "ArgumentError", message: "the datagram is too large" }],
    ["exit", { name: "WorkerError", message: "the worker process died (exit code 3)" }],
  ])("that can't be handled is told to handleError: %s", async (kind, expected) => {
    await using server = await started(new NotingForkingUDPServer(PidDatagram));
    const [host, port] = server.serverAddress;
    await using client = await openDatagram({ peer: { host, port } });
    await client.send(kind);
    expect(await told(server, 1)).toEqual([expect.objectContaining(expected)]);
    await client.send("hello");
    await client.receive({ timeout: 5_000 });
  });

  test("is a matter of ForkingUDPServer, with as many workers as there are processors", async () => {
    await using server = new ForkingUDPServer(anywhere, PidDatagram);
    expect(server.maxChildren).toBeGreaterThan(0);
    server.maxChildren = 1;
    expect(await failureOf(new ForkingUDPServer(["192.0.2.1", 0], PidDatagram).listen())).toMatchObject({
      name: "ListenError",
    });
    await started(server);
  });
});
