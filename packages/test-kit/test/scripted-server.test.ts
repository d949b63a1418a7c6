// The life of a scripted server: where it listens, how scripts start, fail and are ended.
import { once } from "node:events";
import { connect } from "node:net";
import { text } from "node:stream/consumers";
import { describe, expect, test } from "vitest";
import { createAuthority, PeerGone, type ScriptedServer, scriptedServer, tempDir } from "../src/index.ts";
import { bytes, open, openTls, over } from "./client.ts";

function failure(server: ScriptedServer): Promise<unknown> {
  return server.close().then(
    () => undefined,
    (error: unknown) => error,
  );
}

function openHandles(): string[] {
  return process.getActiveResourcesInfo().filter((name) => /TCP|TLS|Pipe(?!Wrap$)/.test(name));
}

describe("a scripted server", () => {
  test("runs the script for each connection and counts them", async () => {
    await using server = await scriptedServer((peer, index) => peer.send(`number ${index}`));
    expect(server.host).toBe("127.0.0.1");
    expect(server.path).toBeUndefined();
    for (const index of [0, 1, 2]) {
      const client = await open(server);
      expect(await text(client)).toBe(`number ${index}`);
      client.end();
    }
    expect(server.connections).toBe(3);
  });

  test("keeps what all clients sent, connection after connection", async () => {
    await using server = await scriptedServer(async (peer) => {
      await peer.readToEnd();
    });
    const first = await open(server);
    const second = await open(server);
    second.end("two");
    await text(second);
    first.end("one");
    await text(first);
    await server.settled();
    expect(server.received.toString()).toBe("onetwo");
  });

  test("listens on a Unix socket", async () => {
    await using directory = await tempDir();
    const path = directory.file("socket");
    await using server = await scriptedServer((peer) => peer.send("hello"), { path });
    expect([server.path, server.host, server.port]).toEqual([path, "", 0]);
    const client = connect({ path, allowHalfOpen: true });
    expect(await text(client)).toBe("hello");
    client.end();
  });

  test("rejects when it cannot listen, and listens nowhere but on loopback", async () => {
    await using directory = await tempDir();
    const path = directory.file("no/such/directory");
    await expect(scriptedServer((peer) => peer.closed, { path })).rejects.toMatchObject({ code: "EACCES" });
    await expect(scriptedServer((peer) => peer.closed, { host: "0.0.0.0" })).rejects.toThrow(TypeError);
  });

  test("reports a failing script when it is closed, once, and hangs up on its client", async () => {
    const server = await scriptedServer(async (peer) => {
      await peer.expect("QUIT");
    });
    const client = await open(server);
    client.write("HELO\r\n");
    await over(client);
    expect(server.errors).toHaveLength(1);
    await expect(server.close()).rejects.toThrow('expected the client to send "QUIT", but it sent "HELO"');
    await server.close();
  });

  test("judges what clients sent just before it is closed", async () => {
    const server = await scriptedServer(async (peer) => {
      await peer.expect("QUIT");
    });
    const client = connect({ host: server.host, port: server.port });
    client.end("QUIX\r\n");
    await once(client, "finish");
    expect(String(await failure(server))).toContain("QUIX");
  });

  test("does not count a client that went away as a failure, but lists it", async () => {
    const server = await scriptedServer(async (peer) => {
      await peer.expect("QUIT");
    });
    const client = await open(server);
    client.end("QU");
    await over(client);
    expect(await failure(server)).toBeUndefined();
    expect(server.errors).toEqual([expect.any(PeerGone)]);
    expect(String(server.errors[0])).toContain('left "QU" unread');
  });

  test("counts a client that refused its certificate as gone", async () => {
    const server = await scriptedServer((peer) => peer.closed, { tls: createAuthority().issue() });
    const { host, port } = server;
    await expect(openTls({ host, port, minVersion: "TLSv1.3" })).rejects.toThrow("unable to verify");
    await server.settled();
    expect(await failure(server)).toBeUndefined();
  });

  test("reports TLS options that are no good", async () => {
    const server = await scriptedServer((peer) => peer.closed, { tls: { key: "no key", cert: "none" } });
    const client = await open(server);
    await over(client);
    expect(await failure(server)).not.toBeInstanceOf(PeerGone);
  });

  test.each([["plain"], ["TLS"]])("ends every connection when it is closed, %s", async (kind) => {
    const before = openHandles();
    const authority = createAuthority();
    const flood = Buffer.alloc(1 << 20);
    const server = await scriptedServer(
      async (peer, index) => {
        if (index === 0) await peer.readLine();
        else for (;;) await peer.send(flood);
      },
      kind === "TLS" ? { tls: authority.issue() } : {},
    );
    const { host, port } = server;
    const openOne = (): ReturnType<typeof open> =>
      kind === "TLS" ? openTls({ host, port, ca: authority.certificate }) : open(server);
    const idle = await openOne();
    const flooded = await openOne();
    await bytes(flooded, 1000);
    const ends = [over(idle), over(flooded)];
    await server.close();
    await Promise.all(ends);
    expect(server.errors).toHaveLength(2);
    expect(openHandles()).toEqual(before);
  });

  test("can be closed while a TLS client has not said hello yet", async () => {
    const server = await scriptedServer((peer) => peer.closed, { tls: createAuthority().issue() });
    const client = await open(server);
    const closed = over(client);
    await server.close();
    await closed;
    expect(server.errors).toEqual([expect.any(PeerGone)]);
  });
});
