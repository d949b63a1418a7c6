// What a server has dropped: a turn abandons it, and the dialogue begins anew.
import { expect, test } from "vitest";
import { codes, line, outcome, refuseUnhandled, session } from "./grammars.ts";

refuseUnhandled();

test("a turn that abandons what was dropped has the next reply for the next command", async () => {
  await using client = await session(codes, async (peer) => {
    for (const each of ["A", "B", "C"]) await peer.expect(each);
    await peer.send("250 A\r\n");
    await peer.expect("D");
    await peer.send("250 D\r\n");
    await peer.expect("E");
    await peer.send("250 E\r\n");
    await peer.closed;
  });
  const { pipeline } = client;
  pipeline.window = { commands: 1 };
  const reason = new Error("dropped");
  const inTurn = pipeline.exclusive(async (turn) => {
    const [first, ...others] = ["A", "B", "C"].map((each) => outcome(turn.command(line(each))));
    expect(await first).toMatchObject({ text: "A" });
    turn.abandon(reason);
    expect(await Promise.all(others)).toEqual([reason, reason]);
    return turn.command(line("D"));
  });
  // Also the window has forgotten them.
  const behind = pipeline.command(line("E"));
  expect(await inTurn).toMatchObject({ text: "D" });
  expect(await behind).toMatchObject({ text: "E" });
});
