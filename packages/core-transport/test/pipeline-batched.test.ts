// Commands in batches: nothing goes out behind what is unanswered but what leaves in the same write; and groups.
import { setImmediate as tick } from "node:timers/promises";
import { describe, expect, test } from "vitest";
import { type CodeReply, type ReplyPipeline } from "../src/index.ts";
import { codes, line, outcome, refuseUnhandled, session } from "./grammars.ts";

refuseUnhandled();

const reason = new Error("enough");

/** Asks for all of them at once. */
function all(pipeline: ReplyPipeline<CodeReply>, names: readonly string[]): Promise<string[]> {
  return Promise.all(names.map(async (name) => (await pipeline.command(line(name))).text));
}

describe("in batches", () => {
  test("what is asked for at one time leaves together, and nothing else before all of it is answered", async () => {
    await using client = await session(codes, async (peer) => {
      await peer.expect("A");
      await peer.expect("B");
      await tick();
      await tick();
      expect(peer.received.toString()).toBe("A\r\nB\r\n");
      await peer.send("250 A\r\n");
      await tick();
      await tick();
      expect(peer.received.toString()).toBe("A\r\nB\r\n");
      await peer.send("250 B\r\n");
      for (const each of ["C", "D", "TURN"]) await peer.expect(each);
      await peer.send("250 C\r\n250 D\r\n250 TURN\r\n");
      await peer.closed;
    });
    const { pipeline } = client;
    pipeline.window = { isBatched: true };
    const first = all(pipeline, ["A", "B"]);
    await tick();
    const later = all(pipeline, ["C", "D"]);
    const turn = pipeline.exclusive((own) => own.command(line("TURN")));
    expect(await first).toEqual(["A", "B"]);
    expect(await later).toEqual(["C", "D"]);
    expect((await turn).text).toBe("TURN");
  });

  test("a turn and a group wait for what is unanswered, too", async () => {
    await using client = await session(codes, async (peer) => {
      for (const each of ["A", "TURN"]) {
        await peer.expect(each);
        await tick();
        expect(peer.received.toString().trimEnd().split("\r\n").at(-1)).toBe(each);
        await peer.send(`250 ${each}\r\n`);
      }
      await peer.expect("G");
      await peer.expect("H");
      await peer.send("250 G\r\n250 H\r\n");
      await peer.closed;
    });
    const { pipeline } = client;
    pipeline.window = { isBatched: true };
    const first = pipeline.command(line("A"));
    await tick();
    const turn = pipeline.exclusive((own) => own.command(line("TURN")));
    await first;
    await tick();
    const group = pipeline.together((own) => Promise.all([own.command(line("G")), own.command(line("H"))]));
    await turn;
    expect((await group).map(({ text }) => text)).toEqual(["G", "H"]);
  });

  test("no more leaves in one write than the window holds", async () => {
    await using client = await session(codes, async (peer) => {
      await peer.expect("A");
      await peer.expect("B");
      await tick();
      expect(peer.received.toString()).toBe("A\r\nB\r\n");
      await peer.send("250 A\r\n250 B\r\n");
      await peer.expect("C");
      await peer.send("250 C\r\n");
      await peer.closed;
    });
    client.pipeline.window = { isBatched: true, commands: 2 };
    expect(await all(client.pipeline, ["A", "B", "C"])).toEqual(["A", "B", "C"]);
  });
});

describe("a group", () => {
  test("has no other command between its own, and is not held up by the window", async () => {
    await using client = await session(codes, async (peer) => {
      for (const each of ["A", "FROM", "TO", "B"]) await peer.expect(each);
      await peer.send("250 A\r\n250 FROM\r\n250 TO\r\n250 B\r\n");
      await peer.closed;
    });
    const { pipeline } = client;
    const before = pipeline.command(line("A"));
    const group = pipeline.together((own) =>
      Promise.all([own.command(line("FROM")), own.command(line("TO"))]),
    );
    const behind = pipeline.command(line("B"));
    const replies = [await before, ...(await group), await behind];
    expect(replies.map(({ text }) => text)).toEqual(["A", "FROM", "TO", "B"]);
  });

  test("is withdrawn as a whole by its signal, before it is sent", async () => {
    await using client = await session(codes, async (peer) => {
      await peer.expect("TURN");
      await tick();
      await peer.send("250 TURN\r\n");
      await peer.expect("B");
      await peer.send("250 B\r\n");
      await peer.closed;
    });
    const { pipeline } = client;
    const controller = new AbortController();
    const turn = pipeline.exclusive((own) => own.command(line("TURN")));
    const group = outcome(pipeline.together((own) => own.command(line("G")), controller.signal));
    controller.abort(reason);
    expect(await group).toBe(reason);
    await turn;
    expect((await pipeline.command(line("B"))).text).toBe("B");
    expect(client.server.received.toString()).toBe("TURN\r\nB\r\n");
    expect(await outcome(pipeline.together((own) => own.command(line("G")), controller.signal))).toBe(reason);
  });

  test("rejects with what the function throws, and with the end of the pipeline", async () => {
    await using client = await session(codes, async (peer) => {
      await peer.expect("TURN");
      peer.end();
    });
    const { pipeline } = client;
    const thrown = pipeline.together(() => {
      throw reason;
    });
    expect(await outcome(thrown)).toBe(reason);
    const turn = outcome(pipeline.exclusive((own) => own.command(line("TURN"))));
    const waiting = outcome(pipeline.together((own) => own.command(line("G"))));
    const ended = await turn;
    expect(ended).toMatchObject({ name: "ConnectionClosedError" });
    expect(await waiting).toBe(ended);
    expect(await outcome(pipeline.together((own) => own.command(line("G"))))).toBe(ended);
  });
});
