// What a script can do with its client on a plain connection.
import { once } from "node:events";
import type { Socket } from "node:net";
import { text } from "node:stream/consumers";
import { describe, expect, test } from "vitest";
import { PeerGone, type Script, scriptedServer } from "../src/index.ts";
import { bytes, open } from "./client.ts";

/** Runs both sides to their ends; a failure of the script fails the test. */
async function play(script: Script, client: (socket: Socket) => unknown): Promise<void> {
  await using server = await scriptedServer(script);
  const socket = await open(server);
  await client(socket);
  if (!socket.writableEnded) socket.end();
  await server.settled();
  socket.destroy();
}

/** The sizes of the reads until the other side ends. */
async function reads(socket: Socket): Promise<number[]> {
  const sizes: number[] = [];
  socket.on("data", (chunk: Buffer) => sizes.push(chunk.length));
  await once(socket, "end");
  return sizes;
}

describe("a scripted peer", () => {
  test("reads lines however they were cut, and keeps every byte", async () => {
    await play(
      async (peer) => {
        expect(await peer.readLine()).toBe("one");
        await peer.send("next");
        expect(await peer.readLine()).toBe("");
        expect(await peer.readLine()).toBe("\xff\n\r\0 b");
        expect(peer.received.toString("latin1")).toBe("one\r\n\r\n\xff\n\r\0 b\r\n");
      },
      async (socket) => {
        socket.write("one\r");
        socket.write("\n");
        await bytes(socket, 4);
        socket.write("\r\n\xff\n\r\0 b\r\n", "latin1");
      },
    );
  });

  test("compares text in UTF-8 and patterns in latin1", async () => {
    await play(
      async (peer) => {
        expect(await peer.expect("CWD Köln")).toBe("CWD K\xc3\xb6ln");
        const pattern = /^[A-Z]+$/g;
        expect(await peer.expect(pattern)).toBe("NOOP");
        expect(await peer.expect(pattern)).toBe("QUIT");
        await expect(peer.expect(/^ok/)).rejects.toThrow('to send /^ok/, but it sent "no\\u0000"');
      },
      (socket) => socket.end("CWD Köln\r\nNOOP\r\nQUIT\r\nno\0\r\n"),
    );
  });

  test("reads an exact number of bytes, and all the rest", async () => {
    await play(
      async (peer) => {
        expect((await peer.read(3)).toString()).toBe("abc");
        expect((await peer.read(0)).length).toBe(0);
        expect(await peer.readLine()).toBe("d");
        expect((await peer.readToEnd()).toString()).toBe("ef");
        expect((await peer.readToEnd()).length).toBe(0);
      },
      (socket) => socket.end("abcd\r\nef"),
    );
  });

  test("rejects reads when the client is gone", async () => {
    await play(
      async (peer) => {
        await peer.closed;
        await expect(peer.read(3)).rejects.toThrow(PeerGone);
        await expect(peer.readLine()).rejects.toThrow(PeerGone);
        expect((await peer.readToEnd()).toString()).toBe("ab");
      },
      (socket) => socket.end("ab"),
    );
  });

  test("knows a broken connection from an ended one", async () => {
    await play(
      async (peer) => {
        await peer.send("go");
        await expect(peer.readToEnd()).rejects.toThrow(PeerGone);
        await peer.closed;
        await expect(peer.send("late")).rejects.toThrow(PeerGone);
      },
      async (socket) => {
        await bytes(socket, 2);
        socket.resetAndDestroy();
      },
    );
  });

  test("notices when the client says more than it should", async () => {
    await play(
      async (peer) => {
        await peer.expect("QUIT");
        await expect(peer.expectEnd()).rejects.toThrow('to close, but it sent "NOOP\\r\\n"');
        await peer.readLine();
        await peer.expectEnd();
      },
      (socket) => socket.end("QUIT\r\nNOOP\r\n"),
    );
  });

  test("still sends after the client has ended its side", async () => {
    await play(
      async (peer) => {
        await peer.closed;
        await peer.send("Grüße");
      },
      async (socket) => {
        socket.end();
        expect(await text(socket)).toBe("Grüße");
      },
    );
  });

  test("still reads after it has ended its own side, but cannot send", async () => {
    await play(
      async (peer) => {
        peer.end();
        expect(await peer.readLine()).toBe("bye");
        await expect(peer.send("more")).rejects.not.toBeInstanceOf(PeerGone);
      },
      async (socket) => {
        expect(await text(socket)).toBe("");
        socket.end("bye\r\n");
      },
    );
  });

  test("sends byte by byte so that each byte is a read of its own", async () => {
    await play(
      (peer) => peer.sendSplit("220 hello\r\n"),
      async (socket) => expect(await reads(socket)).toEqual(Array.from({ length: 11 }, () => 1)),
    );
  });

  test("splits right away when it answers a client", async () => {
    await play(
      async (peer) => {
        await peer.readLine();
        await peer.sendSplit(Buffer.from("0123456789"), 4);
      },
      async (socket) => {
        socket.write("go\r\n");
        expect(await reads(socket)).toEqual([4, 4, 2]);
      },
    );
  });

  test("splits at the given places", async () => {
    await play(
      (peer) => peer.sendSplit("0123456789", [1, 5]),
      async (socket) => expect(await reads(socket)).toEqual([1, 5, 4]),
    );
  });

  test("does not split by nothing", async () => {
    await play(
      (peer) => expect(peer.sendSplit("abc", 0)).rejects.toThrow(RangeError),
      async (socket) => expect(await reads(socket)).toEqual([]),
    );
  });

  test("breaks the connection with a reset", async () => {
    await play(
      async (peer) => {
        await peer.readLine();
        peer.reset();
      },
      async (socket) => {
        const failed = once(socket.resume(), "error");
        socket.write("go\r\n");
        expect(await failed).toMatchObject([{ code: "ECONNRESET" }]);
      },
    );
  });

  test("closes without waiting for the client", async () => {
    await play(
      async (peer) => {
        peer.close();
        await peer.closed;
        expect(peer.socket.destroyed).toBe(true);
      },
      async (socket) => expect(await reads(socket)).toEqual([]),
    );
  });
});
