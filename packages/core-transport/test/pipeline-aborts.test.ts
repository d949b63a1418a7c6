// Signals: what was not sent is withdrawn, and the reply to what was sent is dropped.
import { gate } from "@netcli/test-kit";
import { getEventListeners } from "node:events";
import type { ScriptedPeer } from "@netcli/test-kit";
import { describe, expect, test } from "vitest";
import { type CodeReply, ConnectionClosedError } from "../src/index.ts";
import { codes, line, outcome, refuseUnhandled, session, textOf } from "./grammars.ts";

refuseUnhandled();

const list = { hasBlock: ({ code }: CodeReply): boolean => code === 215 };
const reason = new Error("changed my mind");

describe("a command whose signal is aborted", () => {
  test("before the call sends nothing and rejects with the signal's reason", async () => {
    await using client = await session(codes, async (peer: ScriptedPeer) => {
      await peer.expect("NEXT");
      await peer.send("250 next\r\n");
      await peer.closed;
    });
    const signal = AbortSignal.abort(reason);
    const { pipeline } = client;
    expect(await outcome(pipeline.command(line("A"), { signal }))).toBe(reason);
    expect(await outcome(pipeline.block(line("A"), { ...list, signal }))).toBe(reason);
    expect(await outcome(pipeline.greeting({ signal }))).toBe(reason);
    expect(await pipeline.command(line("NEXT"))).toMatchObject({ text: "next" });
  });

  test("while it waits to be sent is withdrawn, and never sent", async () => {
    const { opened, open } = gate();
    await using client = await session(codes, async (peer: ScriptedPeer) => {
      await peer.expect("A");
      await opened;
      await peer.send("250 a\r\n");
      await peer.expect("D");
      await peer.send("250 d\r\n");
      await peer.closed;
    });
    const { pipeline } = client;
    const controller = new AbortController();
    const { signal } = controller;
    pipeline.window = { commands: 1 };
    const a = pipeline.command(line("A"));
    const b = outcome(pipeline.command(line("B"), { signal }));
    const c = outcome(pipeline.block(line("C"), { ...list, signal }));
    const d = pipeline.command(line("D"));
    controller.abort(reason);
    expect(await Promise.all([b, c])).toEqual([reason, reason]);
    open();
    expect((await Promise.all([a, d])).map((reply) => reply.text)).toEqual(["a", "d"]);
    expect(client.server.received.toString()).toBe("A\r\nD\r\n");
  });

  test.each([
    ["a line", "250 dropped\r\n"],
    ["several lines and preliminaries", "150 wait\r\n150 wait\r\n250-dropped\r\n250 dropped\r\n"],
    ["a block", "215 list\r\n250 in the block\r\n..\r\n421 in the block\r\n.\r\n"],
  ])("in flight rejects at once, and its reply is dropped: %s", async (_what, bytes) => {
    const { opened, open } = gate();
    await using client = await session(codes, async (peer: ScriptedPeer) => {
      for (const each of ["A", "B", "C"]) await peer.expect(each);
      await opened;
      await peer.sendSplit(`250 a\r\n${bytes}215 list\r\none\r\n.\r\n`, 3);
      await peer.expect("D");
      await peer.send("250 d\r\n");
      await peer.closed;
    });
    const { pipeline } = client;
    const controller = new AbortController();
    let preliminaries = 0;
    const onPreliminary = (): undefined => void (preliminaries += 1);
    const a = pipeline.command(line("A"));
    const b = pipeline.block(line("B"), { ...list, signal: controller.signal, onPreliminary });
    const c = pipeline.block(line("C"), list);
    await Promise.resolve();
    controller.abort(reason);
    expect(await outcome(b)).toBe(reason);
    open();
    expect(await a).toMatchObject({ text: "a" });
    expect(await textOf((await c).block)).toBe("one\r\n");
    expect(await pipeline.command(line("D"))).toMatchObject({ text: "d" });
    expect(preliminaries).toBe(0);
  });

  test("in flight costs the connection if the block to be dropped is large", async () => {
    await using client = await session(codes, async (peer: ScriptedPeer) => {
      await peer.readLine();
      await peer.readLine();
      await peer.send(`215 list\r\n${"x".repeat(998)}\r\n`.padEnd(1_000_000, "x\r\n")).catch(() => undefined);
      await peer.closed;
    });
    const controller = new AbortController();
    const a = outcome(client.pipeline.block(line("A"), { ...list, signal: controller.signal }));
    const b = outcome(client.pipeline.command(line("B")));
    controller.abort(reason);
    expect(await a).toBe(reason);
    expect(await b).toBeInstanceOf(ConnectionClosedError);
    expect(client.connection.destroyed).toBe(true);
  });

  test("in flight keeps its place in the window until its reply is in", async () => {
    const { opened, open } = gate();
    await using client = await session(codes, async (peer: ScriptedPeer) => {
      await peer.expect("A");
      await opened;
      expect(peer.received.toString()).toBe("A\r\n");
      await peer.send("250 a\r\n");
      await peer.expect("B");
      await peer.send("250 b\r\n");
      await peer.closed;
    });
    client.pipeline.window = { commands: 1 };
    const controller = new AbortController();
    const a = outcome(client.pipeline.command(line("A"), { signal: controller.signal }));
    const b = client.pipeline.command(line("B"));
    controller.abort(reason);
    expect(await a).toBe(reason);
    open();
    expect(await b).toMatchObject({ text: "b" });
  });

  test("has no effect any more once it is answered, and leaves no listener behind", async () => {
    const controller = new AbortController();
    const { signal } = controller;
    const { opened, open } = gate();
    await using client = await session(codes, async (peer: ScriptedPeer) => {
      for (const each of ["A", "LIST"]) await peer.expect(each);
      await peer.send("250 a\r\n215 list\r\none\r\n");
      await peer.expect("TURN");
      await opened;
      await peer.send(".\r\n250 turn\r\n");
      await peer.expect("LAST");
    });
    const { pipeline } = client;
    const a = pipeline.command(line("A"), { signal });
    const { block } = await pipeline.block(line("LIST"), { ...list, signal });
    const turn = pipeline.exclusive((each) => each.command(line("TURN")), signal);
    expect(getEventListeners(signal, "abort")).toHaveLength(0);
    controller.abort(reason);
    open();
    expect(await a).toMatchObject({ text: "a" });
    expect(await textOf(block)).toBe("one\r\n");
    expect(await turn).toMatchObject({ text: "turn" });
    const other = new AbortController();
    const options = { signal: other.signal };
    pipeline.window = { commands: 1 };
    const failing = [
      pipeline.command(line("LAST"), options),
      pipeline.command(line("NEVER"), options),
      pipeline.exclusive((each) => each.command(line("NEVER")), other.signal),
    ];
    for (const error of await Promise.all(failing.map(outcome)))
      expect(error).toBeInstanceOf(ConnectionClosedError);
    expect(getEventListeners(other.signal, "abort")).toHaveLength(0);
  });
});
