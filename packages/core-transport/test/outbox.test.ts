// The order in which things are sent, the window over what is unanswered, and turns.
import { gate } from "@netcli/test-kit";
import { describe, expect, test } from "vitest";
import type { Exchange } from "../src/exchange.ts";
import { Outbox, type WaitingTurn } from "../src/outbox.ts";
import type { Reply } from "../src/reply.ts";

interface Item extends Exchange<Reply> {
  readonly errors: Error[];
}

function command(name: string, expectedBytes?: number): Item {
  const errors: Error[] = [];
  return {
    command: { line: name, shown: name },
    resolve: () => undefined,
    reject: (error) => errors.push(error),
    options: expectedBytes === undefined ? {} : { hasBlock: () => true, expectedBytes },
    phase: "reply",
    onAbort: undefined,
    settled: false,
    errors,
  };
}

function block(name: string, expectedBytes = 0): Item {
  return command(name, expectedBytes);
}

/** An outbox, and the names of what it sent, in order. */
function outbox(): { out: Outbox<Reply>; sent: string[] } {
  const sent: string[] = [];
  const out: Outbox<Reply> = new Outbox((exchange) => {
    sent.push(exchange.command?.shown ?? "");
    out.sent(exchange);
  });
  return { out, sent };
}

/** A turn that lasts until `finish` is called. */
function turn(name: string, sent: string[]): WaitingTurn & { finish: () => Promise<void>; errors: Error[] } {
  const errors: Error[] = [];
  const { opened: lasting, open: release } = gate();
  return {
    begin: () => {
      sent.push(name);
      return lasting;
    },
    end: () => sent.push(`end of ${name}`),
    reject: (error) => errors.push(error),
    finish: async () => {
      release();
      await lasting;
      await Promise.resolve();
    },
    errors,
  };
}

describe("the window", () => {
  test("lets 128 commands out by default, and one more for each answer", () => {
    const { out, sent } = outbox();
    const items = Array.from({ length: 140 }, (_, at) => command(`${at}`));
    for (const item of items) out.add(item);
    expect(sent).toHaveLength(128);
    expect(out.length).toBe(12);
    for (const item of items.slice(0, 3)) out.answered(item);
    expect(sent).toHaveLength(128);
    out.sendWaiting();
    expect(sent).toEqual(items.slice(0, 131).map((item) => item.command?.shown));
  });

  test("lets 16 commands with blocks out by default, and holds back what is behind them", () => {
    const { out, sent } = outbox();
    const items = Array.from({ length: 20 }, (_, at) => block(`${at}`));
    for (const item of items) out.add(item);
    const behind = command("behind");
    out.add(behind);
    expect(sent).toHaveLength(16);
    for (const item of items.slice(0, 4)) out.answered(item);
    out.sendWaiting();
    expect(sent.slice(16)).toEqual(["16", "17", "18", "19", "behind"]);
  });

  test("counts the bytes expected, but lets one block of any size out", () => {
    const { out, sent } = outbox();
    out.window = { bytes: 100 };
    const items = [block("huge", 1_000), block("a", 60), block("b", 40), block("c", 1)] as const;
    for (const item of items) out.add(item);
    expect(sent).toEqual(["huge"]);
    out.answered(items[0]);
    out.sendWaiting();
    expect(sent).toEqual(["huge", "a", "b"]);
    out.answered(items[1]);
    out.sendWaiting();
    expect(sent).toEqual(["huge", "a", "b", "c"]);
  });

  test("does not count blocks for commands that bring none", () => {
    const { out, sent } = outbox();
    out.window = { blocks: 1 };
    for (const item of [block("a"), command("b"), command("c"), block("d"), command("e")]) out.add(item);
    expect(sent).toEqual(["a", "b", "c"]);
  });

  test("sends at once what a wider window has room for, and has the defaults for what is not named", () => {
    const { out, sent } = outbox();
    out.window = { commands: 1 };
    for (let at = 0; at < 40; at += 1) out.add(block(`${at}`));
    expect(sent).toHaveLength(1);
    out.window = { commands: 8 };
    expect(sent).toHaveLength(8);
    out.window = {};
    expect(sent).toHaveLength(16);
  });
});

describe("a turn", () => {
  test("begins behind what was there before, not waiting for answers, and holds back what comes later", async () => {
    const { out, sent } = outbox();
    const first = turn("first turn", sent);
    const second = turn("second turn", sent);
    for (const item of [command("a"), first, command("b"), second, command("c")]) out.add(item);
    expect(sent).toEqual(["a", "first turn"]);
    await first.finish();
    expect(sent).toEqual(["a", "first turn", "end of first turn", "b", "second turn"]);
    out.add(command("d"));
    await second.finish();
    expect(sent).toEqual([
      "a",
      "first turn",
      "end of first turn",
      "b",
      "second turn",
      "end of second turn",
      "c",
      "d",
    ]);
  });

  test("waits for the window as the commands before it do", () => {
    const { out, sent } = outbox();
    out.window = { commands: 1 };
    const [a, b] = [command("a"), command("b")] as const;
    for (const item of [a, b, turn("turn", sent)]) out.add(item);
    expect(sent).toEqual(["a"]);
    out.answered(a);
    out.sendWaiting();
    expect(sent).toEqual(["a", "b"]);
    out.answered(b);
    out.sendWaiting();
    expect(sent).toEqual(["a", "b", "turn"]);
  });
});

describe("what waits", () => {
  test("can be withdrawn as long as it was not sent", () => {
    const { out, sent } = outbox();
    out.window = { commands: 1 };
    const [a, b, c] = [command("a"), command("b"), command("c")] as const;
    const waiting = turn("turn", sent);
    for (const item of [a, b, waiting, c]) out.add(item);
    expect([out.withdraw(a), out.withdraw(b), out.withdraw(b), out.withdraw(waiting)]).toEqual([
      false,
      true,
      false,
      true,
    ]);
    out.answered(a);
    out.sendWaiting();
    expect(sent).toEqual(["a", "c"]);
  });

  test("makes room for what is behind it when it is withdrawn, after all that are withdrawn with it", async () => {
    const { out, sent } = outbox();
    out.window = { bytes: 100 };
    const [big, together] = [block("big", 200), block("together", 10)];
    for (const item of [block("a", 50), big, together, block("b", 50)]) out.add(item);
    expect(sent).toEqual(["a"]);
    out.withdraw(big);
    out.withdraw(together);
    await Promise.resolve();
    expect(sent).toEqual(["a", "b"]);
  });

  test("is rejected when the pipeline fails, unless it was answered before", () => {
    const { out, sent } = outbox();
    const holding = turn("holding", sent);
    const waiting = turn("waiting", sent);
    const [a, b] = [command("a"), command("b")] as const;
    for (const item of [holding, a, waiting, b]) out.add(item);
    b.settled = true;
    const error = new Error("gone");
    out.fail(error);
    expect([a.errors, b.errors, waiting.errors, holding.errors]).toEqual([[error], [], [error], []]);
    expect(a.settled).toBe(true);
    expect(out.length).toBe(0);
    expect(sent).toEqual(["holding"]);
  });

  test("keeps its order over thousands of items", () => {
    const { out, sent } = outbox();
    out.window = { commands: 1 };
    const items = Array.from({ length: 3_000 }, (_, at) => command(`${at}`));
    for (const item of items) out.add(item);
    for (const item of items) {
      out.answered(item);
      out.sendWaiting();
    }
    expect(sent).toEqual(items.map((item) => item.command?.shown));
  });
});
