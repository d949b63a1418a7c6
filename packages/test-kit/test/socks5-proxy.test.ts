// The SOCKS 5 proxy, spoken to in octets (RFC 1928; RFC 1929).
import type { Socket } from "node:net";
import { text } from "node:stream/consumers";
import { describe, expect, test } from "vitest";
import { type ScriptedServer, scriptedServer, socks5Proxy } from "../src/index.ts";
import { bytes, open, over } from "./client.ts";

function hex(port: number): string {
  return port.toString(16).padStart(4, "0");
}

function echo(host?: string): Promise<ScriptedServer> {
  return scriptedServer(
    async (peer) => {
      await peer.send(`hello ${await peer.readLine()}`);
      await peer.send(await peer.readToEnd());
    },
    { host },
  );
}

async function ask(socket: Socket, request: string, size: number): Promise<string> {
  socket.write(Buffer.from(request, "hex"));
  return (await bytes(socket, size)).toString("hex");
}

describe("the SOCKS 5 proxy", () => {
  test.each([
    ["an IPv4 address", "017f000001", "127.0.0.1"],
    ["a domain name", `0309${Buffer.from("localhost").toString("hex")}`, "localhost"],
    ["an IPv6 address", `04${"0".repeat(31)}1`, "::1"],
  ])("connects to %s and relays until both sides have ended", async (_what, address, host) => {
    await using server = await echo(host === "::1" ? host : undefined);
    await using proxy = await socks5Proxy();
    expect(proxy.url).toBe(`socks5://127.0.0.1:${proxy.port}`);
    const client = await open(proxy);
    expect(await ask(client, "050100", 2)).toBe("0500");
    const size = host === "::1" ? 22 : 10;
    const reply = await ask(client, `05010000`.slice(0, 6) + address + hex(server.port), size);
    expect(reply).toMatch(host === "::1" ? /^05000004/ : /^050000017f000001/);
    client.write("you\r\nand ");
    expect((await bytes(client, 9)).toString()).toBe("hello you");
    client.end("goodbye");
    expect(await text(client)).toBe("and goodbye");
    expect(proxy.requests).toEqual([{ host, port: server.port }]);
  });

  test("relays what was sent before the reply came", async () => {
    await using server = await echo();
    await using proxy = await socks5Proxy();
    const client = await open(proxy);
    client.write(Buffer.from(`050100050100017f000001${hex(server.port)}`, "hex"));
    client.write("early\r\n");
    expect((await bytes(client, 12 + 11)).subarray(12).toString()).toBe("hello early");
    client.end();
    expect(await text(client)).toBe("");
  });

  test.each([
    ["another name", "050100030178", "04"],
    ["an address elsewhere", "05010001c0000201", "02"],
    ["an unknown command", "050200017f000001", "07"],
  ])("refuses %s", async (_what, request, code) => {
    await using proxy = await socks5Proxy();
    const client = await open(proxy);
    await ask(client, "050100", 2);
    expect(await ask(client, `${request}0001`, 10)).toBe(`05${code}0001000000000000`);
    expect(await text(client)).toBe("");
    client.end();
  });

  test("refuses an unknown type of address, and a port where nobody listens", async () => {
    const server = await echo();
    await server.close();
    await using proxy = await socks5Proxy();
    for (const [request, code] of [
      ["05010002", "08"],
      [`050100017f000001${hex(server.port)}`, "05"],
    ]) {
      const client = await open(proxy);
      await ask(client, "050100", 2);
      expect(await ask(client, request ?? "", 10)).toBe(`05${code}0001000000000000`);
      client.end();
    }
  });

  test("refuses everything with the code it is told", async () => {
    await using proxy = await socks5Proxy({ refuseWith: 6 });
    const client = await open(proxy);
    await ask(client, "050100", 2);
    expect(await ask(client, "050100030178ffff", 10)).toBe("05060001000000000000");
    expect(proxy.requests).toEqual([{ host: "x", port: 0xffff }]);
    client.end();
  });

  test("asks for the user and the password", async () => {
    await using server = await echo();
    await using proxy = await socks5Proxy({ username: "me", password: "pw" });
    const right = await open(proxy);
    expect(await ask(right, "05020002", 2)).toBe("0502");
    expect(await ask(right, "01026d65027077", 2)).toBe("0100");
    expect(await ask(right, `050100017f000001${hex(server.port)}`, 10)).toMatch(/^0500/);
    right.destroy();
    const wrong = await open(proxy);
    await ask(wrong, "050102", 2);
    expect(await ask(wrong, "01026d65027078", 2)).toBe("0101");
    expect(await text(wrong)).toBe("");
    wrong.end();
    const without = await open(proxy);
    expect(await ask(without, "050100", 2)).toBe("05ff");
    expect(await text(without)).toBe("");
    without.end();
    expect(proxy.requests).toHaveLength(1);
  });

  test("can be silent, and closes all the same", async () => {
    const proxy = await socks5Proxy({ silent: true, host: "::1" });
    expect(proxy.url).toBe(`socks5://[::1]:${proxy.port}`);
    const client = await open(proxy);
    client.write(Buffer.from("050100", "hex"));
    const answer = text(client);
    await proxy.close();
    expect(await answer).toBe("");
    client.end();
  });

  test("passes a broken connection on", async () => {
    await using server = await scriptedServer(async (peer) => {
      await peer.readLine();
      peer.reset();
    });
    await using proxy = await socks5Proxy();
    const client = await open(proxy);
    await ask(client, "050100", 2);
    await ask(client, `050100017f000001${hex(server.port)}`, 10);
    client.write("go\r\n");
    await over(client);
    expect(server.received.toString()).toBe("go\r\n");
  });

  test("reports a client that does not speak the protocol", async () => {
    const proxy = await socks5Proxy();
    const client = await open(proxy);
    client.write("GET / HTTP/1.1\r\n\r\n");
    await text(client).catch(() => "reset");
    client.end();
    await expect(proxy.close()).rejects.toThrow("SOCKS version 71");
  });
});
