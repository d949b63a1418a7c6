// Both kinds of source over real sockets: what a sink gets, how it holds the source up, and how it learns of the end.
import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { PassThrough } from "node:stream";
import { setImmediate as turn } from "node:timers/promises";
import { type Script, scriptedServer, type ScriptedServer } from "@netcli/test-kit";
import { describe, expect, test } from "vitest";
import { defaultLimits } from "../src/limits.ts";
import { Reader } from "../src/reader.ts";
import { type ByteSink, ByteSource, type Reason } from "../src/source.ts";

const MIB = 1_048_576;

/** Keeps what it gets. */
class Basket implements ByteSink {
  readonly chunks: Buffer[] = [];
  readonly ends: (Error | undefined)[] = [];
  readonly memory = Buffer.alloc(1_000);
  /** Chunks that came in the sink's own memory. */
  own = 0;
  bytes = 0;
  onChunk: () => boolean = () => true;
  readonly ended: Promise<void>;
  #end: () => void = () => undefined;

  constructor() {
    this.ended = new Promise((resolve) => {
      this.#end = resolve;
    });
  }

  get text(): string {
    return Buffer.concat(this.chunks).toString();
  }

  space(): Buffer {
    return this.memory;
  }

  received(chunk: Buffer): boolean {
    if (chunk.buffer === this.memory.buffer) this.own += 1;
    this.bytes += chunk.length;
    this.chunks.push(Buffer.from(chunk));
    return this.onChunk();
  }

  end(reason?: Reason): void {
    this.ends.push(typeof reason === "function" ? reason() : reason);
    this.#end();
  }
}

interface Line extends AsyncDisposable {
  socket: Socket;
  /** Resolves when the socket is closed, with an error or without. */
  closed: Promise<void>;
  source: ByteSource;
  basket: Basket;
}

async function open(server: ScriptedServer, kind: string): Promise<Line> {
  const basket = new Basket();
  const source = new ByteSource(basket);
  const { host, port } = server;
  const socket = kind === "onread" ? connect({ host, port, onread: source.onread }) : connect({ host, port });
  // The one for errors behind the end, which a connection always has.
  socket.on("error", () => undefined);
  if (kind === "onread") source.attach(socket);
  else source.attachStream(socket);
  const closed = new Promise<void>((resolve) => {
    socket.once("close", () => resolve());
  });
  const dispose = (): Promise<void> => {
    socket.destroy();
    return closed;
  };
  return { socket, source, basket, closed, [Symbol.asyncDispose]: dispose };
}

const serve = (script: Script): Promise<ScriptedServer> => scriptedServer(script);

describe.each(["onread", "stream"])("a source of kind %s", (kind) => {
  test("gives its sink all bytes in order, and then its end, once", async () => {
    const sent = Buffer.alloc(3 * MIB, "0123456789abcdef!");
    await using server = await serve((peer) => peer.send(sent));
    await using line = await open(server, kind);
    await line.basket.ended;
    line.socket.end();
    await line.closed;
    expect(line.basket.text === sent.toString()).toBe(true);
    expect(line.basket.ends).toEqual([undefined]);
    expect(line.basket.own).toBe(kind === "onread" ? line.basket.chunks.length : 0);
  });

  test("stops when the sink says so, and goes on when it is asked to", async () => {
    await using server = await serve((peer) => peer.send(Buffer.alloc(MIB, "x")));
    await using line = await open(server, kind);
    const { basket, source } = line;
    let wanted = true;
    let unwanted = 0;
    basket.onChunk = () => {
      if (!wanted) unwanted += 1;
      wanted = false;
      void (async () => {
        for (let round = 0; round < 3; round += 1) await turn();
        wanted = true;
        source.resume();
      })();
      return false;
    };
    await basket.ended;
    expect(basket.bytes).toBe(MIB);
    expect(unwanted).toBe(0);
  });

  test("tells its sink once that the connection was broken, and by what", async () => {
    await using server = await serve(async (peer) => {
      await peer.send("half");
      await peer.readLine();
      peer.reset();
    });
    await using line = await open(server, kind);
    line.basket.onChunk = () => line.socket.write("reset\r\n");
    await line.closed;
    expect(line.basket.text).toBe("half");
    expect(line.basket.ends).toEqual([expect.objectContaining({ code: "ECONNRESET" })]);
  });

  test("that is closed without an end does not pass for complete", async () => {
    await using server = await serve((peer) => peer.closed);
    await using line = await open(server, kind);
    await once(line.socket, "connect");
    line.socket.destroy();
    await line.basket.ended;
    expect(line.basket.ends).toEqual([
      expect.objectContaining({ message: "the stream was closed before its end" }),
    ]);
  });

  test("is destroyed for what its sink throws, which ends nothing else", async () => {
    await using server = await serve((peer) => peer.send("x"));
    await using line = await open(server, kind);
    const failure = new Error("the sink is broken");
    line.basket.onChunk = () => {
      throw failure;
    };
    await line.closed;
    expect(line.basket.ends).toEqual([failure]);
  });

  test("brings what comes to another sink after it was redirected", async () => {
    await using server = await serve(async (peer) => {
      await peer.send("first");
      await peer.readLine();
      await peer.send("second");
    });
    await using line = await open(server, kind);
    const other = new Basket();
    line.basket.onChunk = () => {
      line.source.redirect(other);
      line.socket.write("more\r\n");
      return true;
    };
    await other.ended;
    expect([line.basket.text, other.text]).toEqual(["first", "second"]);
    expect(line.basket.ends).toEqual([]);
  });

  test("that was ended or detached by hand brings nothing more, and no second end", async () => {
    await using server = await serve(async (peer) => {
      await peer.send("first");
      await peer.readLine();
      await peer.send("second");
    });
    for (const [by, ends] of [
      ["end", [new Error("enough")]],
      ["detach", []],
    ] as const) {
      await using line = await open(server, kind);
      line.basket.onChunk = () => {
        if (by === "end") line.source.end(new Error("enough"));
        else line.source.detach();
        return line.socket.write("more\r\n");
      };
      while (line.socket.bytesRead < "firstsecond".length) await turn();
      line.socket.destroy();
      await line.closed;
      expect(line.basket.text).toBe("first");
      expect(line.basket.ends).toEqual(ends);
    }
  });
});

test.each(["onread", "stream"])("a slow reader of a source of kind %s holds the peer up", async (kind) => {
  await using server = await serve((peer) => peer.send(Buffer.alloc(4 * MIB, "x")));
  await using line = await open(server, kind);
  const failures: Error[] = [];
  const destroy = (error: Error): number => failures.push(error);
  const reader = new Reader({ limits: defaultLimits, timeouts: { stall: 10_000 }, destroy });
  reader.source = line.source;
  line.source.redirect(reader);
  let consumed = 0;
  let ahead = 0;
  for await (const chunk of reader.readToEnd()) {
    consumed += chunk.length;
    // As long as it takes for the source to read more, if anything would.
    for (let round = 0; round < 4; round += 1) await turn();
    ahead = Math.max(ahead, line.socket.bytesRead - consumed);
  }
  expect(consumed).toBe(4 * MIB);
  expect(failures).toEqual([]);
  // What is read ahead, one chunk more that stopped it, and what Node itself keeps.
  expect(ahead).toBeLessThanOrEqual(4 * 65_536);
});

test("a stream that is no socket keeps its chunks: the sink gets copies to write into", async () => {
  const basket = new Basket();
  const stream = new PassThrough();
  const sink: ByteSink = {
    space: () => basket.space(),
    received: (chunk) => {
      chunk.fill("#");
      return basket.received(chunk);
    },
    end: () => basket.end(),
  };
  new ByteSource(sink).attachStream(stream);
  const chunk = Buffer.from("the caller's own");
  stream.end(chunk);
  await basket.ended;
  expect(basket.text).toBe("################");
  expect(chunk.toString()).toBe("the caller's own");
});
