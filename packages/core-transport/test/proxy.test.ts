// Connections through SOCKS 5 and HTTP proxies, good ones and bad ones.
import { inspect } from "node:util";
import { afterEach, describe, expect, test } from "vitest";
import {
  httpProxy,
  type ProxyServer,
  type Script,
  scriptedServer,
  socks5Proxy,
  closedPort,
  failureOf,
} from "@netcli/test-kit";
import {
  ArgumentError,
  connect,
  ConnectError,
  type ConnectOptions,
  LimitError,
  TimeoutError,
} from "../src/index.ts";
import { noSocketLeft, nothingLeft } from "./leaks.ts";
import { authority, hello, identity, trust } from "./peers.ts";

afterEach(noSocketLeft);

const proxies = { socks5: socks5Proxy, http: httpProxy };
const unwanted: ConnectOptions["lookup"] = () => expect.unreachable();
const schemes = ["socks5", "http"] as const;
const secrets = { username: "mum", password: "p:a/s s%wörd" };

/** The proxy's URL with credentials in it. */
function url(proxy: ProxyServer, user: string, password: string): string {
  return proxy.url.replace("//", `//${encodeURIComponent(user)}:${encodeURIComponent(password)}@`);
}

/** What connect rejects with; the client's side must be gone by then, and no secret told. */
async function refusal(options: ConnectOptions): Promise<unknown> {
  const error = await failureOf(connect(options));
  await nothingLeft();
  const shown = inspect(error, { depth: null, showHidden: true });
  for (const secret of [secrets.password, encodeURIComponent(secrets.password), "TVVN", "bXVt"]) {
    expect(shown).not.toContain(secret);
  }
  return error;
}

describe.each(schemes)("a proxy of scheme %s", (scheme) => {
  const proxyWith = proxies[scheme];

  test.each(["localhost", "127.0.0.1", "::1"])("leads to %s, without a lookup of ours", async (host) => {
    await using server = await scriptedServer(hello, { host: host === "::1" ? host : undefined });
    await using proxy = await proxyWith();
    await using connection = await connect({ host, port: server.port, proxy: proxy.url, lookup: unwanted });
    expect(await connection.readLine()).toBe("220 hello");
    expect(proxy.requests).toEqual([{ host, port: server.port }]);
    expect(connection.host).toBe(host);
    expect(connection.confidential).toBe(false);
  });

  test("may itself be at an IPv6 address", async () => {
    await using server = await scriptedServer(hello);
    await using proxy = await proxyWith({ host: "::1" });
    await using connection = await connect({ host: "127.0.0.1", port: server.port, proxy: proxy.url });
    expect(await connection.readLine()).toBe("220 hello");
  });

  test("gets the user and the password, percent-decoded", async () => {
    await using server = await scriptedServer(hello);
    await using proxy = await proxyWith(secrets);
    const through = url(proxy, secrets.username, secrets.password);
    await using connection = await connect({ host: "127.0.0.1", port: server.port, proxy: through });
    expect(await connection.readLine()).toBe("220 hello");
  });

  test("is named when it refuses the password, and the secrets are not", async () => {
    await using proxy = await proxyWith({ ...secrets, password: "another" });
    const through = url(proxy, secrets.username, secrets.password);
    const error = await refusal({ host: "127.0.0.1", port: 25, proxy: through });
    expect(error).toBeInstanceOf(ConnectError);
    expect(error).toMatchObject({ message: "the proxy refused the user or the password" });
    expect(proxy.requests).toEqual([]);
  });

  test("is named when it wants a password and none was given", async () => {
    await using proxy = await proxyWith(secrets);
    const error = await refusal({ host: "127.0.0.1", port: 25, proxy: proxy.url });
    expect(error).toMatchObject({ name: "ConnectError", message: "the proxy wants a user and a password" });
  });

  test("is named when nothing listens there", async () => {
    const port = await closedPort();
    const through = `${scheme}://${secrets.username}:${encodeURIComponent(secrets.password)}@127.0.0.1:${port}`;
    const error = await refusal({ host: "no.example", port: 25, proxy: through });
    expect(error).toBeInstanceOf(ConnectError);
    expect(error).toMatchObject({
      systemCode: "ECONNREFUSED",
      message: `cannot connect to the proxy 127.0.0.1:${port}: nothing listens there (ECONNREFUSED)`,
    });
  });

  test("runs into the connect timeout if it is silent", async () => {
    await using proxy = await proxyWith({ silent: true });
    const timeouts = { connect: 60 };
    const through = url(proxy, secrets.username, secrets.password);
    const error = await refusal({ host: "no.example", port: 25, proxy: through, timeouts });
    expect(error).toBeInstanceOf(TimeoutError);
    expect(error).toMatchObject({ phase: "connect", message: "no connection to no.example:25 within 60 ms" });
  });

  test.each<[string, Script, RegExp]>([
    ["closes at once", () => Promise.resolve(), /the peer closed the connection/],
    [
      "closes in its answer",
      (peer) => peer.send(scheme === "http" ? "HTTP/1.1 200" : "\u0005"),
      /the peer closed the connection/,
    ],
    [
      "speaks something else",
      (peer) => peer.send("220 hello\r\n"),
      /the proxy does not speak (?:HTTP|SOCKS 5)/,
    ],
  ])("is named when it %s", async (_what, script, message) => {
    await using server = await scriptedServer(async (peer) => {
      await peer.read(1);
      await script(peer, 0);
    });
    const through = `${scheme}://${secrets.username}:${encodeURIComponent(secrets.password)}@127.0.0.1:${server.port}`;
    const error = await refusal({ host: "no.example", port: 25, proxy: through });
    expect(error).toBeInstanceOf(ConnectError);
    expect(error).toMatchObject({ message: expect.stringMatching(message) });
    expect(error).toMatchObject({
      message: expect.stringContaining(`the proxy 127.0.0.1:${server.port} failed`),
    });
  });

  test("carries TLS that is verified against the target's name, not the proxy's", async () => {
    await using server = await scriptedServer(hello, { tls: identity });
    await using proxy = await proxyWith();
    const options = { host: "localhost", port: server.port, proxy: proxy.url, tls: trust };
    await using connection = await connect(options);
    expect(await connection.readLine()).toBe("220 hello");
    expect(connection.tls?.servername).toBe("localhost");
    expect(connection.confidential).toBe(true);
    // The proxy's own address would do for this certificate.
    await using other = await scriptedServer(hello, { tls: authority.issue({ names: ["127.0.0.1"] }) });
    expect(await refused({ ...options, port: other.port })).toMatchObject({ code: "ERR_NETCLI_CERTIFICATE" });
  });
});

// While another connection is open nothing can be said about what is left.
function refused(options: ConnectOptions): Promise<unknown> {
  return failureOf(connect(options));
}

/** A SOCKS 5 proxy that accepts everything and then sends `more` with its last answer. */
function eager(address: string, more: string): Script {
  return async (peer) => {
    await peer.read(3);
    await peer.send(Buffer.of(5, 0));
    await peer.read(4 + 1 + "no.example".length + 2);
    await peer.send(Buffer.concat([Buffer.from(`050000${address}0019`, "hex"), Buffer.from(more)]));
    await peer.closed;
  };
}

describe("a SOCKS 5 proxy", () => {
  test.each([
    [1, "general failure"],
    [2, "not allowed by its rules"],
    [3, "network unreachable"],
    [4, "host unreachable"],
    [5, "connection refused"],
    [6, "TTL expired"],
    [7, "command not supported"],
    [8, "address type not supported"],
    [9, "code 9"],
  ])("is quoted when it refuses with code %i", async (refuseWith, why) => {
    await using proxy = await socks5Proxy({ refuseWith });
    const error = await failureOf(connect({ host: "no.example", port: 25, proxy: proxy.url }));
    expect(error).toBeInstanceOf(ConnectError);
    expect(error).toMatchObject({ message: `the proxy could not connect to no.example:25: ${why}` });
  });

  test.each([
    ["an IPv4 address", "017f000001"],
    ["an IPv6 address", `04${"0".repeat(31)}1`],
    ["a name", `0303${Buffer.from("abc").toString("hex")}`],
  ])("may say %s, and a greeting in the same segment is not lost", async (_what, address) => {
    await using proxy = await scriptedServer(eager(address, "220 hello\r\n"));
    const through = `socks5://127.0.0.1:${proxy.port}`;
    await using connection = await connect({ host: "no.example", port: 25, proxy: through });
    expect(await connection.readLine()).toBe("220 hello");
  });

  test("that answers with an unknown type of address is refused", async () => {
    await using proxy = await scriptedServer(eager("02", ""));
    const error = await refusal({ host: "no.example", port: 25, proxy: `socks5://127.0.0.1:${proxy.port}` });
    expect(error).toMatchObject({ cause: { code: "ERR_NETCLI_PROTOCOL" } });
  });

  test("that demands another way of authentication is refused", async () => {
    await using proxy = await scriptedServer(async (peer) => {
      await peer.read(4);
      await peer.send(Buffer.of(5, 1));
      await peer.closed;
    });
    const error = await refusal({
      host: "no.example",
      port: 25,
      proxy: `socks5://me:pw@127.0.0.1:${proxy.port}`,
    });
    expect(error).toMatchObject({ message: "the proxy accepts no way of authentication that we have" });
  });

  test("gets IPv6 addresses of every notation as 16 bytes", async () => {
    const asked: string[] = [];
    await using proxy = await scriptedServer(async (peer) => {
      await peer.read(3);
      await peer.send(Buffer.of(5, 0));
      asked.push((await peer.read(4 + 16 + 2)).toString("hex"));
      await peer.send(Buffer.of(5, 1, 0, 1));
    });
    const proxyUrl = `socks5://127.0.0.1:${proxy.port}`;
    for (const host of ["::", "2001:db8::7", "1:2:3:4:5:6:7:8", "::ffff:192.0.2.1", "fe80::1%lo"]) {
      expect(await failureOf(connect({ host, port: 25, proxy: proxyUrl }))).toBeInstanceOf(ConnectError);
    }
    expect(asked).toEqual([
      "05010004000000000000000000000000000000000019",
      "0501000420010db80000000000000000000000070019",
      "05010004000100020003000400050006000700080019",
      "0501000400000000000000000000ffffc00002010019",
      "05010004fe8000000000000000000000000000010019",
    ]);
  });
});

describe("an HTTP proxy", () => {
  test("is quoted when it refuses", async () => {
    await using proxy = await httpProxy({ refuseWith: 503 });
    const error = await refusal({ host: "::1", port: 25, proxy: proxy.url });
    expect(error).toBeInstanceOf(ConnectError);
    expect(error).toMatchObject({ message: "the proxy could not connect to [::1]:25: 503 Refused" });
  });

  test("may greet in the same segment, and have many header lines, but not without end", async () => {
    const answer = `HTTP/1.0 200 OK\r\n${"Via: x\r\n".repeat(100)}\r\n220 hello\r\n`;
    await using proxy = await scriptedServer(async (peer) => {
      await peer.expect("CONNECT no.example:25 HTTP/1.1");
      await peer.expect("Host: no.example:25");
      await peer.expect("");
      await peer.send(answer);
      await peer.closed;
    });
    const options = { host: "no.example", port: 25, proxy: `http://127.0.0.1:${proxy.port}` };
    await using connection = await connect(options);
    expect(await connection.readLine()).toBe("220 hello");
    const error = await refused({ ...options, limits: { replyLines: 99 } });
    expect(error).toMatchObject({ message: expect.stringContaining("the proxy's answer has no end") });
  });

  test("that sends one endless line is refused", async () => {
    await using proxy = await scriptedServer(async (peer) => {
      await peer.send("HTTP/1.1 200 ");
      while (peer.socket.writable) await peer.send("x".repeat(1_000));
    });
    const error = await refusal({ host: "no.example", port: 25, proxy: `http://127.0.0.1:${proxy.port}` });
    expect(error).toMatchObject({ name: "ConnectError", cause: expect.any(LimitError) });
  });
});

describe("a proxy's URL", () => {
  test.each([
    "",
    "127.0.0.1:1080",
    "socks4://127.0.0.1",
    "https://127.0.0.1",
    "socks5://",
    "socks5://sec%ret:pw@127.0.0.1",
    "socks5://me:sec%ret@127.0.0.1",
    "socks5://127.0.0.1:0",
    `socks5://${"sec".repeat(86)}:ret@127.0.0.1`,
    `socks5://me:${"sec".repeat(86)}@127.0.0.1`,
    "http://me:secret@a%20b",
  ])("that can't be used is refused before anything is sent: %s", async (proxy) => {
    const error = await failureOf(connect({ host: "no.example", port: 25, proxy }));
    expect(error).toBeInstanceOf(ArgumentError);
    expect(inspect(error, { depth: null })).not.toContain("sec");
  });
});
