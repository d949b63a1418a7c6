// Scripted peers under TLS, from the first byte or by an upgrade in place.
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { text } from "node:stream/consumers";
import { describe, expect, test } from "vitest";
import { createAuthority, PeerGone, scriptedServer } from "../src/index.ts";
import { bytes, open, openTls, over } from "./client.ts";

const authority = createAuthority();
const identity = authority.issue();
const trust = { ca: authority.certificate, servername: "localhost" };

describe("a scripted peer under TLS", () => {
  test("upgrades in place and keeps reading and writing", async () => {
    await using server = await scriptedServer(async (peer) => {
      await peer.expect("STARTTLS");
      await peer.send("220 go\r\n");
      expect(peer.tls).toBeUndefined();
      await peer.startTls(identity);
      expect(peer.tls?.encrypted).toBe(true);
      await peer.expect("secret");
      await peer.sendSplit("ok\r\n", 2);
      expect((await peer.readToEnd()).toString()).toBe("rest");
      expect(peer.received.toString()).toBe("STARTTLS\r\nsecret\r\nrest");
    });
    const plain = await open(server);
    plain.write("STARTTLS\r\n");
    await bytes(plain, 8);
    const secured = await openTls({ socket: plain, ...trust });
    secured.write("secret\r\n");
    expect((await bytes(secured, 4)).toString()).toBe("ok\r\n");
    secured.end("rest");
    expect(await text(secured)).toBe("");
    await server.settled();
  });

  test("takes a client hello that was there before the script asked for it", async () => {
    await using server = await scriptedServer(async (peer) => {
      await peer.expect("STARTTLS");
      const unasked = once(peer.socket, "data");
      await peer.send("220 go\r\n");
      await unasked;
      await peer.startTls(identity);
      expect(peer.received.toString()).toBe("STARTTLS\r\n");
      await peer.send("hello");
    });
    const plain = await open(server);
    plain.write("STARTTLS\r\n");
    await bytes(plain, 8);
    expect(await text(await openTls({ socket: plain, ...trust }))).toBe("hello");
  });

  test("counts anything but a handshake as a client that is gone", async () => {
    const server = await scriptedServer((peer) => peer.startTls(identity));
    const client = await open(server);
    client.write("NOOP\r\n");
    await over(client);
    await server.settled();
    expect(server.errors).toEqual([expect.any(PeerGone)]);
    await server.close();
  });

  test("starts no handshake with a client that has left", async () => {
    const server = await scriptedServer(async (peer) => {
      await peer.closed;
      await peer.startTls(identity);
    });
    const client = await open(server);
    client.end();
    await over(client);
    expect(server.errors).toEqual([expect.any(PeerGone)]);
    await server.close();
  });

  test("resets the TCP connection below", async () => {
    await using server = await scriptedServer(
      async (peer) => {
        await peer.readLine();
        peer.reset();
        await peer.closed;
      },
      { tls: identity },
    );
    const { host, port } = server;
    const client = await openTls({ host, port, ...trust });
    const failed = once(client.resume(), "error");
    client.write("go\r\n");
    expect(await failed).toMatchObject([{ code: "ECONNRESET" }]);
  });

  test("resumes a session on another server that shares the ticket keys", async () => {
    const tls = { ...identity, ticketKeys: randomBytes(48) };
    await using first = await scriptedServer((peer) => peer.send("hello"), { tls });
    await using second = await scriptedServer((peer) => peer.send(String(peer.tls?.isSessionReused())), {
      tls,
    });
    const client = await openTls({ host: first.host, port: first.port, ...trust });
    const [session] = (await once(client.resume(), "session")) as [Buffer];
    const again = await openTls({ host: second.host, port: second.port, ...trust, session });
    expect(await text(again)).toBe("true");
  });
});
