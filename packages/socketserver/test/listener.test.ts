// Where a server can be put, what is wrong with an address, and that it is free again behind the server.
import { once } from "node:events";
import { createServer } from "node:net";
import { afterEach, describe, expect, test } from "vitest";
import { ArgumentError, NotSupportedError } from "@netcli/core-transport";
import { failureOf, gate } from "@netcli/test-kit";
import { type ConnectionHandler, ListenError, serve, type ServeOptions } from "../src/index.ts";
import { ask, dial } from "./dial.ts";
import { nothingLeft } from "./fault-leaks.ts";

afterEach(nothingLeft);

const echo: ConnectionHandler = async (connection) => {
  for await (const line of connection.lines()) await connection.writeLine(line);
};

describe("a server", () => {
  test.each<[string, ServeOptions, string]>([
    ["without a host on this machine only", {}, "127.0.0.1"],
    ["by name", { host: "localhost" }, "127.0.0.1"],
    ["by an IPv6 address", { host: "::1" }, "::1"],
    ["by one in brackets", { host: "[::1]" }, "::1"],
    ["on all IPv4 addresses", { host: "0.0.0.0" }, "0.0.0.0"],
    ["on all addresses", { host: "::" }, "::"],
    ["with a short backlog", { backlog: 1 }, "127.0.0.1"],
  ])("listens %s, and says where", async (_what, options, address) => {
    await using server = await serve(echo, options);
    expect([address, "::1"]).toContain(server.address.address);
    expect(server.address.port).toBeGreaterThan(0);
    const host = address === "0.0.0.0" ? "127.0.0.1" : server.address.address.replace(/^::$/, "::1");
    await using client = await dial({ address: host, port: server.address.port });
    expect(await ask(client, "hello")).toBe("hello");
  });

  test("that listens on all addresses has clients of both kinds", async () => {
    await using server = await serve((connection) => connection.writeLine(connection.remoteAddress ?? "?"), {
      host: "::",
    });
    await using four = await dial({ address: "127.0.0.1", port: server.address.port });
    await using six = await dial({ address: "::1", port: server.address.port });
    expect([await four.readLine(), await six.readLine()]).toEqual(["::ffff:127.0.0.1", "::1"]);
  });

  test("gives its address back at once, whoever is still being served", async () => {
    const { opened, open } = gate();
    const first = await serve(async (connection) => {
      await connection.writeLine("first");
      await opened;
      await connection.writeLine("still first");
    });
    const { port } = first.address;
    await using client = await dial(first);
    expect(await client.readLine()).toBe("first");
    const ending = first.shutdown();
    await using second = await serve(echo, { port });
    await using other = await dial(second);
    expect(await ask(other, "second")).toBe("second");
    open();
    expect(await client.readLine()).toBe("still first");
    client.end();
    await ending;
  });
});

describe("an address that can't be had", () => {
  test("is one where someone listens already", async () => {
    await using server = await serve(echo);
    const { port } = server.address;
    const error = await failureOf(serve(echo, { port }));
    expect(error).toBeInstanceOf(ListenError);
    expect(error).toMatchObject({
      code: "ERR_NETCLI_LISTEN",
      systemCode: "EADDRINUSE",
      message: `cannot listen on 127.0.0.1:${port}: someone listens there already (EADDRINUSE)`,
      cause: { code: "EADDRINUSE" },
    });
    await using client = await dial(server);
    expect(await ask(client, "hello")).toBe("hello");
  });

  test("is one of another machine", async () => {
    const error = await failureOf(serve(echo, { host: "192.0.2.1" }));
    expect(error).toBeInstanceOf(ListenError);
    expect(error).toMatchObject({
      systemCode: "EADDRNOTAVAIL",
      message: "cannot listen on 192.0.2.1:0: the address is not of this machine (EADDRNOTAVAIL)",
    });
  });

  test("is a name that nobody has", async () => {
    const error = await failureOf(serve(echo, { host: "no.such.host.invalid" }));
    expect(error).toBeInstanceOf(ListenError);
    expect(error).toMatchObject({ systemCode: expect.stringMatching(/^(?:ENOTFOUND|EAI_AGAIN)$/) });
  });

  test("may be one that is taken by something else, which goes on", async () => {
    const other = createServer().listen(0, "127.0.0.1");
    await once(other, "listening");
    const address = other.address();
    const port = typeof address === "object" && address !== null ? address.port : 0;
    expect(await failureOf(serve(echo, { port }))).toMatchObject({ systemCode: "EADDRINUSE" });
    expect(other.listening).toBe(true);
    other.close();
  });
});

describe("what is no address", () => {
  const wrong: [string, ServeOptions][] = [
    ["a port below 0", { port: -1 }],
    ["a port above 65,535", { port: 65_536 }],
    ["a port between two", { port: 1.5 }],
    ["a port that is no number", { port: NaN }],
    ["no host", { host: "" }],
    ["a host with a space", { host: "a b" }],
    ["a host with a line end", { host: "a\r\nb" }],
    ["a path with a host", { path: "/tmp/x", host: "127.0.0.1" }],
    ["a path with a port", { path: "/tmp/x", port: 0 }],
    ["a path for several processes", { path: "/tmp/x", reusePort: true }],
    ["no path", { path: "" }],
    ["no abstract path", { path: "\0" }],
    ["a path that Node would cut off", { path: "/tmp/netcli-a\0b" }],
    ["a path of 108 bytes", { path: `/tmp/${"x".repeat(103)}` }],
    ["a path of 108 bytes in fewer characters", { path: `/tmp/${"ü".repeat(52)}` }],
    ["an abstract path of 108 bytes", { path: `\0${"x".repeat(107)}` }],
    ["a backlog of 0", { backlog: 0 }],
    ["a backlog between two", { backlog: 1.5 }],
  ];

  test.each(wrong)("is refused: %s", async (_what, options) => {
    expect(await failureOf(serve(echo, options))).toBeInstanceOf(ArgumentError);
  });
});

const [major = 0, minor = 0] = process.versions.node.split(".").map(Number);
const canShare = major > 23 || (major === 23 && minor >= 1) || (major === 22 && minor >= 12);

describe("a port for several processes", () => {
  test.skipIf(canShare)("is refused where Node.js can't, and would say nothing", async () => {
    const error = await failureOf(serve(echo, { reusePort: true }));
    expect(error).toBeInstanceOf(NotSupportedError);
    expect(error).toMatchObject({ message: expect.stringContaining("22.12") });
    await using server = await serve(echo, { reusePort: false });
    expect(server.address.port).toBeGreaterThan(0);
  });

  test.skipIf(!canShare)("is shared where Node.js can", async () => {
    await using first = await serve(echo, { reusePort: true });
    const { port } = first.address;
    await using second = await serve(echo, { port, reusePort: true });
    expect(second.address.port).toBe(port);
    expect(await failureOf(serve(echo, { port }))).toBeInstanceOf(ListenError);
  });
});
