// How long a server may take: until the end of a reply, however it drips, but not while we do something else.
import { setTimeout as sleep } from "node:timers/promises";
import type { ScriptedPeer } from "@netcli/test-kit";
import { describe, expect, test } from "vitest";
import { type CodeReply, TimeoutError } from "../src/index.ts";
import { codes, line, outcome, refuseUnhandled, session, textOf } from "./grammars.ts";

refuseUnhandled();

const list = { hasBlock: ({ code }: CodeReply): boolean => code === 215 };

async function silent(peer: ScriptedPeer): Promise<void> {
  await peer.closed;
}

/** Sends the pieces every 10 ms until the client goes. */
async function drip(peer: ScriptedPeer, pieces: Iterable<string>): Promise<void> {
  for (const piece of pieces) {
    if (await Promise.race([peer.closed.then(() => true), sleep(10, false)])) return;
    await peer.send(piece).catch(() => undefined);
  }
  await peer.closed;
}

async function timed(promise: Promise<unknown>): Promise<{ result: unknown; milliseconds: number }> {
  const start = performance.now();
  const result = await outcome(promise);
  return { result, milliseconds: performance.now() - start };
}

async function* slowly(): AsyncGenerator<string> {
  for (let at = 0; at < 8; at += 1) {
    await sleep(20);
    yield "more\r\n";
  }
}

describe("a server that does not answer", () => {
  test("meets the greeting timeout", async () => {
    await using client = await session(codes, silent, { timeouts: { greeting: 40, reply: 5_000 } });
    const { result, milliseconds } = await timed(client.pipeline.greeting());
    expect(result).toBeInstanceOf(TimeoutError);
    expect(result).toMatchObject({ phase: "greeting", milliseconds: 40, code: "ERR_NETCLI_TIMEOUT" });
    expect((result as Error).message).toContain("TLS");
    expect(milliseconds).toBeGreaterThan(35);
    expect(milliseconds).toBeLessThan(2_000);
    expect(client.connection.destroyed).toBe(true);
  });

  test("meets the reply timeout, for all that is under way", async () => {
    await using client = await session(codes, silent, { timeouts: { reply: 40 } });
    const [first, second] = await Promise.all([
      timed(client.pipeline.command(line("FIRST"))),
      outcome(client.pipeline.command(line("SECOND"))),
    ]);
    expect(first.result).toMatchObject({ phase: "reply", milliseconds: 40 });
    expect((first.result as Error).message).toBe('no reply to "FIRST" within 40 ms');
    expect(second).toBe(first.result);
    expect(first.milliseconds).toBeGreaterThan(35);
    expect(await outcome(client.pipeline.command(line("LATER")))).toBe(first.result);
  });

  test("meets the timeout of the one command that has its own", async () => {
    await using client = await session(codes, silent, { timeouts: { reply: 30_000 } });
    const { result } = await timed(client.pipeline.command(line("QUICK"), { timeout: 30 }));
    expect(result).toMatchObject({ phase: "reply", milliseconds: 30 });
  });

  test("may take as long as it likes where the timeout is Infinity", async () => {
    await using client = await session(
      codes,
      async (peer: ScriptedPeer): Promise<void> => {
        await peer.readLine();
        await sleep(100);
        await peer.send("250 slow\r\n");
        await peer.closed;
      },
      { timeouts: { reply: 30 } },
    );
    expect(await client.pipeline.command(line("SLOW"), { timeout: Infinity })).toMatchObject({ code: 250 });
  });

  test("has the time anew for each reply", async () => {
    await using client = await session(
      codes,
      async (peer: ScriptedPeer): Promise<void> => {
        for (let at = 0; at < 5; at += 1) await peer.readLine();
        for (let at = 0; at < 5; at += 1) {
          await sleep(60);
          await peer.send("250 next\r\n");
        }
        await peer.closed;
      },
      { timeouts: { reply: 200 } },
    );
    const replies = await Promise.all(
      ["A", "B", "C", "D", "E"].map((each) => client.pipeline.command(line(each))),
    );
    expect(replies).toHaveLength(5);
  });

  test("meets no timeout when it owes nothing", async () => {
    await using client = await session(
      codes,
      async (peer: ScriptedPeer): Promise<void> => {
        for (let at = 0; at < 2; at += 1) {
          await peer.readLine();
          await peer.send("250 ok\r\n");
        }
        await peer.closed;
      },
      { timeouts: { reply: 150, stall: 150 } },
    );
    await client.pipeline.command(line("A"));
    await sleep(300);
    expect(await client.pipeline.command(line("B"))).toMatchObject({ code: 250 });
    expect(await outcome(client.pipeline.command(line("C")))).toMatchObject({ phase: "reply" });
  });
});

describe("a server that drips", () => {
  test.each([
    ["a line, byte by byte", "250 ".padEnd(500, "x").split("")],
    ["a reply, line by line", Array.from({ length: 500 }, () => "250-x\r\n")],
    ["preliminary replies", Array.from({ length: 500 }, () => "150 wait\r\n")],
  ])("meets the reply timeout all the same: %s", async (_what, pieces) => {
    await using client = await session(
      codes,
      async (peer: ScriptedPeer): Promise<void> => {
        await peer.readLine();
        await drip(peer, pieces);
      },
      { timeouts: { reply: 100, stall: 50 } },
    );
    const { result, milliseconds } = await timed(client.pipeline.command(line("A")));
    expect(result).toMatchObject({ phase: "reply", milliseconds: 100 });
    expect(milliseconds).toBeGreaterThan(95);
    expect(milliseconds).toBeLessThan(2_000);
  });

  test("meets the greeting timeout all the same", async () => {
    await using client = await session(
      codes,
      (peer: ScriptedPeer): Promise<void> => drip(peer, "220 ".padEnd(500, "x")),
      { timeouts: { greeting: 60 } },
    );
    expect(await outcome(client.pipeline.greeting())).toMatchObject({ phase: "greeting" });
  });

  test("may take long over a block, as long as it sends something", async () => {
    const digits = "0123456789".repeat(5);
    await using client = await session(
      codes,
      async (peer: ScriptedPeer): Promise<void> => {
        await peer.readLine();
        await drip(peer, ["215 list\r\n", ...digits.split(""), "\r\n.\r\n"]);
      },
      { timeouts: { reply: 250, stall: 250 } },
    );
    const { block } = await client.pipeline.block(line("LIST"), list);
    expect(await block?.text()).toBe(`${digits}\r\n`);
  });

  test("may take long over a block that nobody reads yet, while others wait behind it", async () => {
    await using client = await session(
      codes,
      async (peer: ScriptedPeer) => {
        await peer.readLine();
        await peer.readLine();
        await drip(peer, ["215 list\r\n", ..."x".repeat(50).split(""), "\r\n.\r\n250 behind\r\n"]);
      },
      { timeouts: { reply: 250, stall: 250 } },
    );
    const retrieving = client.pipeline.block(line("LIST"), list);
    expect(await client.pipeline.command(line("A"))).toMatchObject({ text: "behind" });
    expect(await textOf((await retrieving).block)).toHaveLength(52);
  });

  test("meets the stall timeout when a block stops coming", async () => {
    await using client = await session(
      codes,
      async (peer: ScriptedPeer): Promise<void> => {
        await peer.readLine();
        await peer.send("215 list\r\none\r\n");
        await peer.closed;
      },
      { timeouts: { stall: 40 } },
    );
    const { block } = await client.pipeline.block(line("LIST"), list);
    const behind = outcome(client.pipeline.command(line("A")));
    const error = await outcome(block?.text() ?? Promise.resolve());
    expect(error).toMatchObject({ phase: "stall" });
    expect(await behind).toBe(error);
  });
});

describe("the time that does not count", () => {
  test("is that of a caller who reads a block slowly, also for those behind it", async () => {
    const content = `${"x".repeat(998)}\r\n`.repeat(800);
    await using client = await session(
      codes,
      async (peer: ScriptedPeer): Promise<void> => {
        await peer.readLine();
        await peer.readLine();
        await peer.send(`215 list\r\n${content}.\r\n250 behind\r\n`);
        await peer.closed;
      },
      { timeouts: { reply: 200, stall: 200 } },
    );
    const retrieving = client.pipeline.block(line("LIST"), list);
    const behind = client.pipeline.command(line("A"));
    const { block } = await retrieving;
    let bytes = 0;
    for await (const chunk of block ?? []) {
      bytes += chunk.length;
      await sleep(30);
    }
    expect(bytes).toBe(content.length);
    expect(await behind).toMatchObject({ text: "behind" });
  });

  test("is that in which content is sent, but then it counts", async () => {
    await using client = await session(
      codes,
      async (peer: ScriptedPeer): Promise<void> => {
        await peer.expect("DATA");
        for (let at = 0; at < 8; at += 1) await peer.expect("more");
        await peer.expect(".");
        await peer.closed;
      },
      { timeouts: { reply: 60 } },
    );
    let sent = 0;
    const posting = client.pipeline.exclusive(async (turn) => {
      const reply = turn.command(line("DATA"));
      await turn.writeBlock(slowly());
      sent = performance.now();
      return reply;
    });
    expect(await outcome(posting)).toMatchObject({ phase: "reply" });
    expect(sent).toBeGreaterThan(0);
    expect(performance.now() - sent).toBeGreaterThan(55);
  });

  test("is that in which we work on a preliminary reply, but then it counts", async () => {
    await using client = await session(
      codes,
      async (peer: ScriptedPeer): Promise<void> => {
        await peer.expect("RETR");
        await peer.send("150 here it comes\r\n");
        await peer.expect("STAT");
        await peer.send("226 done\r\n");
        await peer.closed;
      },
      { timeouts: { reply: 150 } },
    );
    let worked = false;
    const work = async (): Promise<void> => {
      await sleep(400);
      worked = true;
      throw new Error("which is not the pipeline's business");
    };
    const retrieving = client.pipeline.command(line("RETR"), { onPreliminary: work });
    const stat = outcome(client.pipeline.command(line("STAT"), { timeout: 60 }));
    expect(await retrieving).toMatchObject({ code: 226 });
    const { result, milliseconds } = await timed(stat);
    expect(result).toMatchObject({ phase: "reply" });
    expect(worked).toBe(true);
    expect(milliseconds).toBeGreaterThan(55);
  });
});
