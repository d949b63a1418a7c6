// Blocks in the reply pipeline: many in flight, read in any order or not at all, and the window over them.
import type { Socket } from "node:net";
import { setImmediate as turn } from "node:timers/promises";
import type { ScriptedPeer } from "@netcli/test-kit";
import { describe, expect, test } from "vitest";
import { type Body, ConnectionClosedError, LimitError } from "../src/index.ts";
import { line, outcome, refuseUnhandled, session, signs, textOf, withBlock } from "./grammars.ts";

refuseUnhandled();

const ids = Array.from({ length: 500 }, (_, id) => id);

/** What message `id` says: between nothing and 8 KiB, with lines that look like replies and terminators. */
function message(id: number): string {
  return `+OK ${id}\r\n-ERR\r\n.\r\n..\r\n`.repeat((id * 7) % 400);
}

function wire(content: string): string {
  return `+OK\r\n${content.replaceAll(/^\./gm, "..")}.\r\n`;
}

/** Answers "RETR n" for as long as the client is there. */
async function maildrop(peer: ScriptedPeer): Promise<void> {
  const ended = peer.closed.then(() => undefined);
  for (;;) {
    const command = await Promise.race([peer.readLine().catch(() => undefined), ended]);
    if (command === undefined) return;
    const id = Number(command.split(" ")[1]);
    await peer.send(id >= 0 ? wire(message(id)) : "-ERR no such message\r\n");
  }
}

/** Sends commands of a size each, and records how many came before the first answer. */
function counted(before: { count: number }, total: number) {
  return async (peer: ScriptedPeer): Promise<void> => {
    await peer.readLine();
    // All that the client wants to send without an answer leaves in one segment with the first line.
    before.count = peer.received.toString().split("\r\n").length - 1;
    await peer.send("+OK\r\n.\r\n");
    for (let answered = 1; answered < total; answered += 1) {
      await peer.readLine();
      await peer.send("+OK\r\n.\r\n");
    }
    await peer.closed;
  };
}

describe("500 blocks asked for at once", () => {
  test("can be read each as it comes", async () => {
    await using client = await session(signs, maildrop);
    const texts = await Promise.all(
      ids.map(async (id) => textOf((await client.pipeline.block(line(`RETR ${id}`), withBlock)).block)),
    );
    expect(texts).toEqual(ids.map(message));
  });

  test("can be read after the last status line is in", async () => {
    await using client = await session(signs, maildrop);
    const replies = await Promise.all(ids.map((id) => client.pipeline.block(line(`RETR ${id}`), withBlock)));
    const texts = await Promise.all(replies.map(({ block }) => textOf(block)));
    expect(texts).toEqual(ids.map(message));
  });

  test("can be read in order, and backwards", async () => {
    await using client = await session(signs, maildrop);
    for (const order of [ids, ids.toReversed()]) {
      const replies = ids.map((id) => client.pipeline.block(line(`RETR ${id}`), withBlock));
      const texts: string[] = [];
      for (const id of order) texts[id] = await textOf((await replies[id])?.block);
      expect(texts).toEqual(ids.map(message));
    }
  });

  test("can be read with refusals and commands without blocks among them", async () => {
    await using client = await session(signs, maildrop);
    const texts = await Promise.all(
      ids.map(async (id) => {
        if (id % 3 === 0) return (await client.pipeline.command(line(`DELE ${-1}`))).text;
        const { reply, block } = await client.pipeline.block(
          line(`RETR ${id % 5 === 0 ? -1 : id}`),
          withBlock,
        );
        return block === undefined ? reply.text : block.text();
      }),
    );
    const refusal = "no such message";
    expect(texts).toEqual(ids.map((id) => (id % 3 === 0 || id % 5 === 0 ? refusal : message(id))));
  });

  test.each([[{ commands: 1 }], [{ blocks: 1 }], [{ bytes: 1 }]])(
    "can be read after the last status line is in with a window of %j, blocks of 300 KiB",
    async (window) => {
      const large = wire(`${"x".repeat(1_022)}\r\n`.repeat(300));
      await using client = await session(signs, async (peer) => {
        for (let count = 0; count < 20; count += 1) {
          await peer.readLine();
          await peer.send(large);
        }
        await peer.closed;
      });
      client.pipeline.window = window;
      const replies = await Promise.all(
        ids.slice(0, 20).map((id) => {
          return client.pipeline.block(line(`RETR ${id}`), { ...withBlock, expectedBytes: 307_200 });
        }),
      );
      for (const { block } of replies) expect(await textOf(block)).toHaveLength(307_200);
    },
  );
});

describe("the window", () => {
  test.each([
    ["16 blocks by default", {}, 0, 16],
    ["one command, which turns pipelining off", { commands: 1 }, 0, 1],
    ["three commands", { commands: 3 }, 0, 3],
    ["five blocks", { blocks: 5 }, 0, 5],
    ["as many bytes as it has", { bytes: 1_000 }, 300, 3],
    ["one block larger than it", { bytes: 1_000 }, 5_000, 1],
  ])(
    "lets %s out before the first answer, and the others later",
    async (_what, window, expectedBytes, count) => {
      const before = { count: 0 };
      await using client = await session(signs, counted(before, 40));
      client.pipeline.window = window;
      const texts = await Promise.all(
        ids.slice(0, 40).map(async (id) => {
          const options = { ...withBlock, expectedBytes };
          return textOf((await client.pipeline.block(line(`RETR ${id}`), options)).block);
        }),
      );
      expect(before.count).toBe(count);
      expect(texts).toEqual(Array.from({ length: 40 }, () => ""));
    },
  );

  test("sends strictly one by one with { commands: 1 }", async () => {
    await using client = await session(signs, async (peer) => {
      for (let count = 1; count <= 10; count += 1) {
        await peer.readLine();
        await turn();
        await turn();
        expect(peer.received.toString().split("\r\n")).toHaveLength(count + 1);
        await peer.sendSplit("+OK\r\n", 2);
      }
      await peer.closed;
    });
    client.pipeline.window = { commands: 1 };
    await Promise.all(ids.slice(0, 10).map((id) => client.pipeline.command(line(`STAT ${id}`))));
  });
});

describe("a block left unread", () => {
  const content = `${"x".repeat(998)}\r\n`;

  function oneLarge(lines: number) {
    return async (peer: ScriptedPeer): Promise<void> => {
      await peer.readLine();
      await peer.readLine();
      await peer.send(`${wire(content.repeat(lines))}+OK behind\r\n`);
      await peer.expect("QUIT");
      await peer.send("+OK bye\r\n");
      await peer.closed;
    };
  }

  test("is kept in memory up to unreadBytes while others wait behind it", async () => {
    await using client = await session(signs, oneLarge(900), { limits: { unreadBytes: 1_000_000 } });
    const retrieving = client.pipeline.block(line("RETR 1"), withBlock);
    expect(await client.pipeline.command(line("STAT"))).toMatchObject({ text: "behind" });
    expect(await textOf((await retrieving).block)).toBe(content.repeat(900));
    expect(await client.pipeline.command(line("QUIT"))).toMatchObject({ text: "bye" });
  });

  test.each([
    ["sent", {}],
    ["not sent", { commands: 1 }],
  ])("goes on when someone begins to wait behind it (%s)", async (_what, window) => {
    await using client = await session(signs, async (peer) => {
      await peer.readLine();
      await peer.send(wire(content.repeat(900)));
      await peer.expect("STAT");
      await peer.send("+OK behind\r\n");
      await peer.closed;
    });
    client.pipeline.window = window;
    const { block } = await client.pipeline.block(line("RETR 1"), withBlock);
    while (client.connection.reader.framer.length === 0) await turn();
    expect(await client.pipeline.command(line("STAT"))).toMatchObject({ text: "behind" });
    expect(await textOf(block)).toBe(content.repeat(900));
  });

  test.each([
    ["in flight", {}],
    ["not yet sent", { commands: 1 }],
  ])("beyond unreadBytes ends the pipeline instead of hanging those behind it, %s", async (_what, window) => {
    const limits = { unreadBytes: 100_000 };
    await using client = await session(
      signs,
      async (peer: ScriptedPeer): Promise<void> => {
        await peer.readLine();
        await peer.send(wire(content.repeat(900)));
        await peer.closed;
      },
      { limits, timeouts: { stall: 150 } },
    );
    client.pipeline.window = window;
    const retrieving = client.pipeline.block(line("RETR 1"), withBlock);
    const error = await outcome(client.pipeline.command(line("STAT")));
    expect(error).toBeInstanceOf(LimitError);
    expect(error).toMatchObject({ limit: "unreadBytes" });
    expect(await outcome(textOf((await retrieving).block))).toBe(error);
    expect(client.connection.destroyed).toBe(true);
  });

  test("stays with the server beyond 64 KiB as long as nobody waits behind it, for as long as it likes", async () => {
    const large = Buffer.from(wire(content.repeat(4_000)));
    await using client = await session(
      signs,
      async (peer: ScriptedPeer): Promise<void> => {
        await peer.readLine();
        await peer.send(large);
        await peer.closed;
      },
      { timeouts: { stall: 50, reply: 1_000 } },
    );
    const { block } = await client.pipeline.block(line("RETR 1"), withBlock);
    await new Promise((resolve) => setTimeout(resolve, 200));
    expect(client.pipeline.error).toBeUndefined();
    expect((client.connection.socket as Socket).bytesRead).toBeLessThan(300_000);
    expect((await textOf(block)).length).toBe(4_000_000);
  });
});

async function giveUp(size: number, leave: (block: Body) => Promise<void> | void): Promise<unknown> {
  await using client = await session(signs, async (peer: ScriptedPeer): Promise<void> => {
    await peer.readLine();
    await peer.send(wire("+OK\r\n".repeat(size / 5)));
    await peer.expect("STAT");
    await peer.send("+OK stat\r\n");
    await peer.closed;
  });
  const { block } = await client.pipeline.block(line("RETR 1"), withBlock);
  if (block === undefined) throw new Error("no block");
  await leave(block);
  const result = await outcome(client.pipeline.command(line("STAT")));
  expect(client.connection.destroyed).toBe(result instanceof Error);
  return result;
}

async function breakOut(block: Body): Promise<void> {
  for await (const chunk of block) if (chunk.length > 0) break;
}

describe("a block given up", () => {
  test.each([
    ["cancelled", (block: Body) => block.cancel()],
    ["left early", breakOut],
  ])("is received and dropped if it is small, and the pipeline goes on (%s)", async (_how, leave) => {
    expect(await giveUp(40_000, leave)).toMatchObject({ text: "stat" });
  });

  test.each([
    ["cancelled", (block: Body) => block.cancel()],
    ["left early", breakOut],
  ])("costs the connection if it is large (%s)", async (_how, leave) => {
    expect(await giveUp(4_000_000, leave)).toBeInstanceOf(ConnectionClosedError);
  });
});
