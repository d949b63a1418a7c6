// Exclusive turns: nobody else sends while one lasts, with commands and content inside.
import { gate } from "@netcli/test-kit";
import type { Socket } from "node:net";
import { Readable } from "node:stream";
import { setImmediate as tick, setTimeout as sleep } from "node:timers/promises";
import { describe, expect, test } from "vitest";
import { type CodeReply, ConnectionClosedError, ProtocolError, type Turn } from "../src/index.ts";
import { codes, echo, line, outcome, refuseUnhandled, session, textOf } from "./grammars.ts";

refuseUnhandled();

const after = (text: string) => (turn: Turn<CodeReply>) => turn.command(line(text));

describe("a turn", () => {
  test("begins when what is before it was sent, and lets nothing out before it has settled", async () => {
    const { opened, open } = gate();
    await using client = await session(codes, async (peer) => {
      await peer.expect("A");
      await peer.expect("TURN");
      // Nothing was answered yet, and nothing else may come.
      await tick();
      await tick();
      expect(peer.received.toString()).toBe("A\r\nTURN\r\n");
      await peer.send("250 A\r\n250 TURN\r\n");
      open();
      for (const each of ["LAST", "B", "SECOND", "C"]) {
        await peer.expect(each);
        await peer.send(`250 ${each}\r\n`);
      }
      await peer.closed;
    });
    const { pipeline } = client;
    const replies = await Promise.all([
      pipeline.command(line("A")),
      pipeline.exclusive(async (turn) => {
        await turn.command(line("TURN"));
        await opened;
        return turn.command(line("LAST"));
      }),
      pipeline.command(line("B")),
      pipeline.exclusive(after("SECOND")),
      pipeline.command(line("C")),
    ]);
    expect(replies.map((reply) => reply.text)).toEqual(["A", "LAST", "B", "SECOND", "C"]);
    expect(client.server.received.toString()).toBe("A\r\nTURN\r\nLAST\r\nB\r\nSECOND\r\nC\r\n");
  });

  test("sends its own commands together, outside the window, and gets blocks", async () => {
    await using client = await session(codes, async (peer) => {
      for (const each of ["A", "B", "LIST"]) await peer.expect(each);
      await peer.send("250 A\r\n250 B\r\n215 list\r\none\r\n.\r\n");
      await peer.closed;
    });
    client.pipeline.window = { commands: 1 };
    const list = await client.pipeline.exclusive(async (turn) => {
      const [, , { block }] = await Promise.all([
        turn.command(line("A")),
        turn.command(line("B")),
        turn.block(line("LIST"), { hasBlock: ({ code }) => code === 215 }),
      ]);
      return textOf(block);
    });
    expect(list).toBe("one\r\n");
  });

  test.each<[string, () => Promise<never>]>([
    ["rejects", () => Promise.reject(new RangeError("mine"))],
    [
      "throws before it returns a promise",
      () => {
        throw new RangeError("mine");
      },
    ],
  ])("hands its error on when its task %s, and lets the next one go on", async (_how, task) => {
    await using client = await session(codes, echo);
    const failing = outcome(client.pipeline.exclusive(task));
    const next = client.pipeline.command(line("NEXT"));
    expect(await failing).toEqual(new RangeError("mine"));
    expect(await next).toMatchObject({ text: "NEXT" });
  });

  test("can be withdrawn while it waits, with the signal's reason, and never begins", async () => {
    await using client = await session(codes, echo);
    const controller = new AbortController();
    const reason = new Error("changed my mind");
    const { opened, open } = gate();
    const first = client.pipeline.exclusive(() => opened);
    let begun = false;
    const second = outcome(
      client.pipeline.exclusive(() => {
        begun = true;
        return Promise.resolve();
      }, controller.signal),
    );
    const third = client.pipeline.command(line("THIRD"));
    controller.abort(reason);
    expect(await second).toBe(reason);
    open();
    await first;
    expect(await third).toMatchObject({ text: "THIRD" });
    expect(begun).toBe(false);
    expect(await outcome(client.pipeline.exclusive(after("NO"), controller.signal))).toBe(reason);
    expect(client.server.received.toString()).toBe("THIRD\r\n");
  });

  test("in which nothing is asked for leaves what the server sends with the server", async () => {
    const flood = Buffer.alloc(4 * 1_048_576, "250 x\r\n");
    await using client = await session(codes, (peer) => peer.send(flood));
    const bytesRead = client.pipeline.exclusive(async () => {
      await sleep(50);
      return (client.connection.socket as Socket).bytesRead;
    });
    expect(await bytesRead).toBeLessThan(300_000);
    await client.connection.closed;
    expect(client.pipeline.error).toBeInstanceOf(ProtocolError);
  });

  test("is rejected with the rest when the pipeline fails, before it began and in the middle", async () => {
    await using client = await session(codes, async (peer) => {
      await peer.expect("ONE");
      await peer.send("bad\r\n");
      await peer.closed;
    });
    const { pipeline } = client;
    const all = [
      pipeline.exclusive(after("ONE")),
      pipeline.exclusive(after("TWO")),
      pipeline.command(line("THREE")),
    ];
    const errors = await Promise.all(all.map(outcome));
    expect(errors[0]).toBeInstanceOf(ProtocolError);
    expect(new Set(errors).size).toBe(1);
    expect(await outcome(pipeline.exclusive(after("LATER")))).toBe(errors[0]);
    expect(client.server.received.toString()).toBe("ONE\r\n");
  });
});

async function data(turn: Turn<CodeReply>, content: AsyncIterable<string> | string): Promise<CodeReply> {
  await turn.command(line("DATA"));
  const accepted = turn.expect();
  await turn.writeBlock(content);
  return accepted;
}

async function* endless(): AsyncGenerator<string> {
  yield "begun\r\n";
  await new Promise(() => undefined);
}

describe("content in a turn", () => {
  test("goes out as it is, or as a block, and then come the others", async () => {
    await using client = await session(codes, async (peer) => {
      await peer.expect("DATA");
      await peer.send("354 go on\r\n");
      for (const each of ["one", "..two", "."]) await peer.expect(each);
      await peer.send("250 stored\r\n");
      await peer.expect("RAW");
      expect((await peer.read(5)).toString()).toBe(".raw\n");
      await peer.send("250 raw\r\n");
      await peer.expect("NEXT");
      await peer.send("250 next\r\n");
      await peer.closed;
    });
    const { pipeline } = client;
    const replies = await Promise.all([
      pipeline.exclusive((turn) => data(turn, "one\n.two")),
      pipeline.exclusive(async (turn) => {
        const reply = turn.command(line("RAW"));
        expect(await turn.writeContent([".ra", Buffer.from("w\n")])).toBe(5);
        return reply;
      }),
      pipeline.command(line("NEXT")),
    ]);
    expect(replies.map((reply) => reply.text)).toEqual(["stored", "raw", "next"]);
  });

  test("has its reply even if that is asked for too late", async () => {
    await using client = await session(codes, async (peer) => {
      await peer.expect("LMTP");
      await peer.send("250 first\r\n250 second\r\n250-third\r\n250 three\r\n");
      await peer.closed;
    });
    const texts = await client.pipeline.exclusive(async (turn) => {
      const first = await turn.command(line("LMTP"));
      const second = await turn.expect();
      return [first.text, second.text, (await turn.expect()).text];
    });
    expect(texts).toEqual(["first", "second", "third\nthree"]);
    expect(client.pipeline.error).toBeUndefined();
  });

  test("may be refused while it is being sent: the refusal is there at once", async () => {
    const { opened, open } = gate();
    await using client = await session(codes, async (peer) => {
      await peer.expect("DATA");
      await peer.send("354 go on\r\n");
      await peer.expect("first");
      await peer.send("552 too much\r\n");
      await peer.expect("second");
      await peer.expect(".");
      await peer.expect("NEXT");
      await peer.send("250 next\r\n");
      await peer.closed;
    });
    async function* slowly(): AsyncGenerator<string> {
      yield "first\r\n";
      await opened;
      yield "second\r\n";
    }
    const { pipeline } = client;
    const refused = pipeline.exclusive(async (turn) => {
      await turn.command(line("DATA"));
      const accepted = turn.expect();
      const writing = turn.writeBlock(slowly());
      const reply = await accepted;
      open();
      await writing;
      return reply;
    });
    expect(await refused).toMatchObject({ code: 552 });
    expect(await pipeline.command(line("NEXT"))).toMatchObject({ text: "next" });
  });

  test("whose source fails midway costs the connection, and the others are rejected", async () => {
    await using client = await session(codes, async (peer) => {
      await peer.expect("DATA");
      await peer.send("354 go on\r\n");
      await peer.closed;
      expect(peer.received.toString()).not.toContain("\r\n.\r\n");
      expect(peer.received.toString()).not.toContain("NEXT");
    });
    const reason = new RangeError("the disk broke");
    const source = Readable.from(
      (function* () {
        yield "begun\r\n";
        throw reason;
      })(),
    );
    const { pipeline } = client;
    const sending = outcome(pipeline.exclusive((turn) => data(turn, source)));
    const next = outcome(pipeline.command(line("NEXT")));
    expect(await sending).toBe(reason);
    const failure = await next;
    expect(failure).toBeInstanceOf(ConnectionClosedError);
    expect(failure).toHaveProperty("cause", reason);
    expect(client.connection.destroyed).toBe(true);
    await client.server.settled();
  });

  test("whose source gives nothing more does not hang when the server goes", async () => {
    await using client = await session(codes, async (peer) => {
      await peer.expect("begun");
    });
    const { pipeline } = client;
    const sending = outcome(pipeline.exclusive((turn) => turn.writeContent(endless())));
    const next = outcome(pipeline.command(line("NEXT")));
    expect(await sending).toBeInstanceOf(ConnectionClosedError);
    expect(await next).toBe(pipeline.error);
    expect(client.connection.destroyed).toBe(true);
  });

  test("whose source gives nothing more does not hang when its signal is aborted", async () => {
    const { opened: begun, open: begin } = gate();
    await using client = await session(codes, async (peer) => {
      await peer.expect("begun");
      begin();
      await peer.closed;
    });
    const controller = new AbortController();
    const { signal } = controller;
    const reason = new Error("enough");
    const { pipeline } = client;
    const sending = outcome(pipeline.exclusive((turn) => turn.writeContent(endless(), { signal })));
    const next = outcome(pipeline.command(line("NEXT")));
    await begun;
    controller.abort(reason);
    expect(await sending).toBe(reason);
    expect(await next).toBeInstanceOf(ConnectionClosedError);
    expect(await next).toMatchObject({ cause: reason });
    expect(client.connection.destroyed).toBe(true);
  });
});
