// Servers that break the rules or break off: the pipeline ends, and tells everyone why, once.
import { setImmediate as tick } from "node:timers/promises";
import type { Script, ScriptedPeer } from "@netcli/test-kit";
import { describe, expect, test } from "vitest";
import {
  type CodeReply,
  ConnectionClosedError,
  type ConnectOptions,
  LimitError,
  type ReplyPipeline,
  ProtocolError,
} from "../src/index.ts";
import { codes, line, outcome, refuseUnhandled, session } from "./grammars.ts";

refuseUnhandled();

const list = { hasBlock: ({ code }: CodeReply): boolean => code === 215 };

/** A script that sends this when a line came, and then waits for the client to go. */
function answering(bytes: string | Uint8Array): Script {
  return async (peer: ScriptedPeer) => {
    await peer.readLine();
    await peer.send(bytes);
    await peer.closed;
  };
}

/** A script that sends this when a line came, and then ends the connection. */
function ending(bytes: string): Script {
  return async (peer: ScriptedPeer) => {
    await peer.readLine();
    await peer.send(bytes);
  };
}

/** Sends three commands at once, after which no more is accepted; gives what became of them. */
async function three(script: Script, options: ConnectOptions = {}): Promise<unknown[]> {
  await using client = await session(codes, script, options);
  const { pipeline, connection } = client;
  const results = await Promise.all(
    [
      pipeline.command(line("A")),
      pipeline.block(line("B"), list).then(async ({ block, reply }) => (await block?.text()) ?? reply),
      pipeline.command(line("C")),
    ].map(outcome),
  );
  await connection.closed;
  await expectDead(pipeline);
  return results;
}

async function expectDead(pipeline: ReplyPipeline<CodeReply>): Promise<void> {
  expect(pipeline.error).toBeInstanceOf(Error);
  expect(pipeline.connection.destroyed).toBe(true);
  const calls = [
    pipeline.command(line("LATER")),
    pipeline.block(line("LATER"), list),
    pipeline.exclusive((turn) => turn.command(line("LATER"))),
    pipeline.greeting(),
  ];
  expect(await Promise.all(calls.map(outcome))).toEqual(calls.map(() => pipeline.error));
}

describe("a reply nobody asked for", () => {
  test("ends the pipeline when nothing is unanswered", async () => {
    await using client = await session(codes, answering("250 one\r\n250 two\r\n"));
    expect(await client.pipeline.command(line("A"))).toMatchObject({ text: "one" });
    await client.connection.closed;
    expect(client.pipeline.error).toBeInstanceOf(ProtocolError);
    expect(client.pipeline.error?.message).toContain("250 two");
    await expectDead(client.pipeline);
  });

  test("is refused before the next command is sent, even if its line has not ended", async () => {
    await using client = await session(codes, answering("250 one\r\n250 tw"));
    const { pipeline, connection } = client;
    await pipeline.command(line("A"));
    while (connection.reader.framer.length === 0) await tick();
    expect(await outcome(pipeline.command(line("B")))).toBeInstanceOf(ProtocolError);
    await client.server.settled();
    expect(client.server.received.toString()).toBe("A\r\n");
    await expectDead(pipeline);
  });

  test("is not given to a command that a turn sends later", async () => {
    await using client = await session(codes, answering("250 one\r\n250 two\r\n"));
    const later = client.pipeline.exclusive(async (turn) => {
      expect(await turn.command(line("A"))).toMatchObject({ text: "one" });
      return turn.command(line("B"));
    });
    const next = outcome(client.pipeline.command(line("C")));
    expect(await outcome(later)).toBeInstanceOf(ProtocolError);
    expect(await next).toBe(client.pipeline.error);
    expect(client.server.received.toString()).toBe("A\r\n");
  });

  test.each([
    ["250 two", ProtocolError],
    ["421 bye", ConnectionClosedError],
  ])("is refused when the turn ends in which it came: %s", async (reply, kind) => {
    await using client = await session(codes, answering(`250 one\r\n${reply}\r\n`));
    await client.pipeline.exclusive((turn) => turn.command(line("A")));
    await client.connection.closed;
    expect(client.pipeline.error).toBeInstanceOf(kind);
    expect(client.pipeline.error?.message).toContain(reply);
  });

  test("is not given to a command that waits for its turn to be sent", async () => {
    await using client = await session(codes, answering("250 one\r\n250 two\r\n"));
    client.pipeline.window = { commands: 1 };
    const [first, second] = ["A", "B"].map((each) => outcome(client.pipeline.command(line(each))));
    expect(await first).toMatchObject({ text: "one" });
    expect(await second).toBeInstanceOf(ProtocolError);
    expect(client.server.received.toString()).toBe("A\r\n");
  });
});

describe("what is no reply", () => {
  test.each([
    ["garbage", "hello\r\n", 0],
    ["another protocol's reply", "250 a\r\n+OK\r\n", 1],
    ["an empty line", "\r\n", 0],
    ["another code in the middle", "250-a\r\n251 b\r\n", 0],
    ["no code in the middle", "250-a\r\nb\r\n", 0],
    ["a block for a command that has none", "215 list\r\none\r\n.\r\n", 1],
  ])("ends the pipeline: %s", async (_what, bytes, answered) => {
    const results = await three(answering(bytes));
    expect(results.map((result) => result instanceof ProtocolError)).toEqual(
      [0, 1, 2].map((at) => at >= answered),
    );
  });
});

describe("limits", () => {
  test.each<[string, string | Uint8Array, string, ConnectOptions]>([
    ["lines in a reply", "250-x\r\n".repeat(1_025), "replyLines", {}],
    ["lines in a reply, as set", "250-x\r\n".repeat(6), "replyLines", { limits: { replyLines: 5 } }],
    ["bytes in a reply", `250-${"x".repeat(8_000)}\r\n`.repeat(9), "replyBytes", {}],
    ["bytes in a reply, as set", "250-x\r\n".repeat(3), "replyBytes", { limits: { replyBytes: 10 } }],
    ["bytes in a line", `250 ${"x".repeat(8_187)}\r\n`, "lineBytes", {}],
    ["bytes in a line without an end", Buffer.alloc(10 * 1_048_576, "x"), "lineBytes", {}],
    ["bytes in an endless reply", Buffer.alloc(10 * 1_048_576, "250-x\r\n"), "replyLines", {}],
  ])("end the pipeline: %s", async (_what, bytes, limit, options) => {
    const script = async (peer: ScriptedPeer): Promise<void> => {
      await peer.readLine();
      // The client goes before it has taken all of it.
      await peer.send(bytes).catch(() => undefined);
      await peer.closed;
    };
    const before = process.memoryUsage();
    const results = await three(script, options);
    const after = process.memoryUsage();
    for (const result of results) expect(result).toBeInstanceOf(LimitError);
    for (const result of results) expect(result).toMatchObject({ limit });
    expect(after.external + after.heapUsed - before.external - before.heapUsed).toBeLessThan(8 * 1_048_576);
  });

  test("are not met by replies as long as they allow", async () => {
    const replies = [
      `${"250-x\r\n".repeat(1_023)}250 x\r\n`,
      `${`250-${"x".repeat(8_000)}\r\n`.repeat(8)}250 x\r\n`,
      `250 ${"x".repeat(8_186)}\r\n`,
    ];
    await using client = await session(codes, async (peer) => {
      for (const reply of replies) {
        await peer.readLine();
        await peer.send(reply);
      }
      await peer.closed;
    });
    for (const reply of replies) {
      expect((await client.pipeline.command(line("A"))).lines.join("\r\n")).toBe(reply.trimEnd());
    }
  });

  test("that are far away leave the time linear in the length of a reply", async () => {
    const limits = { replyLines: Infinity, replyBytes: Infinity };
    async function seconds(lines: number): Promise<number> {
      const bytes = Buffer.from(`${"250-x\r\n".repeat(lines)}250 x\r\n`);
      await using client = await session(codes, answering(bytes), { limits });
      const start = process.cpuUsage();
      expect((await client.pipeline.command(line("A"))).lines).toHaveLength(lines + 1);
      const { user, system } = process.cpuUsage(start);
      return (user + system) / 1e6;
    }
    await seconds(200_000);
    const one = Math.min(await seconds(200_000), await seconds(200_000));
    const four = Math.min(await seconds(800_000), await seconds(800_000));
    expect(four).toBeLessThan(12 * one + 0.1);
  });
});

describe("a closing reply", () => {
  test.each([
    ["and the server closes", ending],
    ["and the server leaves the connection open", answering],
  ])("between two commands is the reason that the next one gets, %s", async (_what, script) => {
    await using client = await session(codes, script("250 A\r\n421 idle for too long\r\n"));
    await client.pipeline.command(line("A"));
    await client.connection.closed;
    const error = await outcome(client.pipeline.command(line("B")));
    expect(error).toBeInstanceOf(ConnectionClosedError);
    expect(error).toMatchObject({
      lastReply: { code: 421 },
      message:
        'the peer closed the connection between two commands; its last words were "421 idle for too long"',
    });
    await expectDead(client.pipeline);
  });

  test("in a turn is the reason that the turn's next command gets", async () => {
    await using client = await session(codes, ending("250 A\r\n421 bye\r\n"));
    const turn = client.pipeline.exclusive(async (each) => {
      await each.command(line("A"));
      while (client.connection.reader.framer.length === 0) await tick();
      await each.command(line("B"));
    });
    expect(await outcome(turn)).toMatchObject({ code: "ERR_NETCLI_CLOSED", lastReply: { code: 421 } });
  });

  test("is the reply of the command it answers, and the error of those behind", async () => {
    const [a, b, c] = await three(answering("250 a\r\n421 bye\r\n"));
    expect(a).toMatchObject({ code: 250 });
    expect(b).toMatchObject({ code: 421 });
    expect(c).toBeInstanceOf(ConnectionClosedError);
    expect(c).toMatchObject({ lastReply: { code: 421 } });
    expect((c as Error).message).toContain('instead of an answer to "C"');
  });
});

describe("a connection that ends", () => {
  test.each([
    ["at once", "", 0],
    ["in the middle of a line", "250 a", 0],
    ["before a line feed", "250 a\r", 0],
    ["in the middle of a reply", "250-a\r\n250-b\r\n", 0],
    ["behind a preliminary reply", "150 a\r\n", 0],
    ["between two replies", "250 a\r\n", 1],
    ["in the middle of a block", "250 a\r\n215 list\r\none\r\n", 1],
    ["behind the dot of a block", "250 a\r\n215 list\r\none\r\n.", 1],
    ["behind a block", "250 a\r\n215 list\r\none\r\n.\r\n", 2],
  ])("rejects all that was not answered: %s", async (_where, bytes, answered) => {
    const results = await three(ending(bytes));
    expect(results.map((result) => result instanceof ConnectionClosedError)).toEqual(
      [0, 1, 2].map((at) => at >= answered),
    );
  });

  test("by a reset rejects all that was not answered, with the system's error as the cause", async () => {
    const results = await three(async (peer) => {
      await peer.readLine();
      peer.reset();
      await peer.closed;
    });
    for (const result of results) expect(result).toBeInstanceOf(ConnectionClosedError);
    expect(results[0]).toMatchObject({ cause: { code: "ECONNRESET" } });
  });
});

describe("a callback that throws", () => {
  const mine = new RangeError("mine");
  const fail = (): never => {
    throw mine;
  };

  test.each<[string, (pipeline: ReplyPipeline<CodeReply>) => Promise<unknown>]>([
    ["hasBlock", (pipeline) => pipeline.block(line("A"), { hasBlock: fail })],
    ["onPreliminary", (pipeline) => pipeline.command(line("A"), { onPreliminary: fail })],
  ])("ends the pipeline, and no promise hangs: %s", async (_which, call) => {
    await using client = await session(codes, answering("150 wait\r\n250 a\r\n250 b\r\n"));
    const calls = [call(client.pipeline), client.pipeline.command(line("B"))];
    expect(await Promise.all(calls.map(outcome))).toEqual([mine, mine]);
    await expectDead(client.pipeline);
  });

  test("ends the pipeline, and no promise hangs: trace, when a command goes out that had waited", async () => {
    await using client = await session(codes, answering("250 a\r\n"), {
      trace: ({ text }) => void (text === "B" && fail()),
    });
    client.pipeline.window = { commands: 1 };
    const results = ["A", "B", "C"].map((each) => outcome(client.pipeline.command(line(each))));
    expect(await results[0]).toMatchObject({ code: 250 });
    expect(await Promise.all(results.slice(1))).toEqual([mine, mine]);
    await expectDead(client.pipeline);
  });
});
