// The HTTP proxy and its CONNECT (RFC 9110, 9.3.6; RFC 7617).
import { text } from "node:stream/consumers";
import { describe, expect, test } from "vitest";
import { httpProxy, type ProxyServer, scriptedServer } from "../src/index.ts";
import { bytes, open } from "./client.ts";

const established = "HTTP/1.1 200 Connection established\r\n\r\n";

async function answer(proxy: ProxyServer, ...lines: string[]): Promise<string> {
  const client = await open(proxy);
  client.write([...lines, "", ""].join("\r\n"));
  const all = await text(client);
  client.end();
  return all;
}

describe("the HTTP proxy", () => {
  test.each([
    ["localhost", "localhost", undefined],
    ["127.0.0.1", "127.0.0.1", undefined],
    ["::1", "[::1]", "::1"],
  ])("connects to %s and relays, early data included", async (host, written, listenOn) => {
    await using server = await scriptedServer(async (peer) => peer.send(await peer.readToEnd()), {
      host: listenOn,
    });
    await using proxy = await httpProxy();
    expect(proxy.url).toBe(`http://127.0.0.1:${proxy.port}`);
    const client = await open(proxy);
    const target = `${written}:${server.port}`;
    client.write(`CONNECT ${target} HTTP/1.1\r\nHost: ${target}\r\n\r\nearly `);
    expect((await bytes(client, established.length)).toString()).toBe(established);
    client.end("and late");
    expect(await text(client)).toBe("early and late");
    expect(proxy.requests).toEqual([{ host, port: server.port }]);
  });

  test("wants the credentials it was given", async () => {
    await using proxy = await httpProxy({ username: "me", password: "p:w", refuseWith: 503 });
    const connect = ["CONNECT localhost:1 HTTP/1.1", "Host: localhost:1"];
    const challenge = /^HTTP\/1\.1 407 .*\r\nProxy-Authenticate: Basic realm="test"\r\n/;
    expect(await answer(proxy, ...connect)).toMatch(challenge);
    expect(await answer(proxy, ...connect, "Proxy-Authorization: Basic bWU6cHc=")).toMatch(challenge);
    expect(proxy.requests).toEqual([]);
    expect(await answer(proxy, ...connect, "proxy-authorization: basic bWU6cDp3")).toMatch(
      /^HTTP\/1\.1 503 /,
    );
    expect(proxy.requests).toEqual([{ host: "localhost", port: 1 }]);
  });

  test.each([
    ["CONNECT other.example:80 HTTP/1.1", 502],
    ["CONNECT 192.0.2.1:80 HTTP/1.1", 403],
    ["CONNECT [2001:db8::1]:80 HTTP/1.1", 403],
    ["GET http://localhost/ HTTP/1.1", 405],
  ])("answers %s with %i", async (request, status) => {
    await using proxy = await httpProxy();
    const reply = await answer(proxy, request, "Host: x");
    expect(reply).toMatch(new RegExp(`^HTTP/1\\.1 ${status} Refused\\r\\n`));
    expect(reply).toMatch(/\r\nContent-Length: 0\r\nConnection: close\r\n\r\n$/);
  });

  test("answers for a port where nobody listens with 502", async () => {
    const server = await scriptedServer((peer) => peer.closed);
    await server.close();
    await using proxy = await httpProxy();
    const request = `CONNECT 127.0.0.1:${server.port} HTTP/1.1`;
    expect(await answer(proxy, request, "Host: x")).toMatch(/^HTTP\/1\.1 502 /);
  });

  test("can be silent", async () => {
    const proxy = await httpProxy({ silent: true });
    const reply = answer(proxy, "CONNECT localhost:1 HTTP/1.1", "Host: x");
    const client = await open(proxy);
    await proxy.close();
    expect(await reply).toBe("");
    client.destroy();
  });

  test.each([
    ["no request line", ["hello"], 'it sent "hello"'],
    ["no port", ["CONNECT localhost HTTP/1.1", "Host: x"], "CONNECT takes host:port"],
    ["no Host", ["CONNECT localhost:1 HTTP/1.1"], "without a Host field"],
    ["no header field", ["CONNECT localhost:1 HTTP/1.1", "Host : x"], "not a header field"],
  ])("reports a client that sends %s", async (_what, lines, message) => {
    const proxy = await httpProxy();
    await answer(proxy, ...lines).catch(() => "reset");
    await expect(proxy.close()).rejects.toThrow(message);
  });
});
