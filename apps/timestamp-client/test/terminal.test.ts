// What a person at a terminal sees: the prompt, the answers, and that the terminal is left in order.
import { EventEmitter, once } from "node:events";
import {
  CTRL_C,
  CTRL_D,
  hasPseudoTerminal,
  scriptedServer,
  type ScriptedServer,
  Terminal,
} from "@netcli/test-kit";
import { describe, expect, test } from "vitest";
import { main } from "./program.ts";

/** Answers each connection's line, in capital letters so that the answer differs from the echo of what is typed. */
function shouting(): Promise<ScriptedServer> {
  return scriptedServer(async (peer) => {
    await peer.send(`[now] ${(await peer.readLine()).toUpperCase()}\r\n`);
    await peer.closed;
  });
}

describe.skipIf(!hasPseudoTerminal())("timestamp-client at a terminal", { timeout: 30_000 }, () => {
  test.each([
    ["an empty line", "\r"],
    ["Ctrl-D", CTRL_D],
  ])("asks for lines, shows the answers, and ends at %s", async (_what, key) => {
    await using server = await shouting();
    const terminal = new Terminal(main, ["127.0.0.1", String(server.port)]);
    await terminal.shows("> ");
    terminal.type("hello\r");
    await terminal.shows(/\[now\] HELLO\r\n[^]*> /);
    terminal.type("wurld\u007F\u007F\u007F\u007Forld\r");
    await terminal.shows(/\[now\] WORLD\r\n[^]*> /);
    terminal.type(key);
    expect(await terminal.ended()).toBe(0);
    expect(terminal.isInOrder).toBe(true);
    expect(server.connections).toBe(2);
  });

  test("ends with 130 on Ctrl-C at the prompt", async () => {
    await using server = await shouting();
    const terminal = new Terminal(main, ["127.0.0.1", String(server.port)]);
    await terminal.shows("> ");
    terminal.type(`half a line${CTRL_C}`);
    expect(await terminal.ended()).toBe(130);
    expect(terminal.shown).toContain("\r\ntimestamp-client: interrupted\r\n");
    expect(terminal.isInOrder).toBe(true);
    expect(server.connections).toBe(0);
  });

  test("ends with 130 on Ctrl-C while it waits for an answer", async () => {
    const events = new EventEmitter();
    await using silent = await scriptedServer(async (peer) => {
      await peer.readLine();
      events.emit("asked");
      await peer.closed;
    });
    const asked = once(events, "asked");
    const terminal = new Terminal(main, ["127.0.0.1", String(silent.port)]);
    await terminal.shows("> ");
    terminal.type("hello\r");
    await asked;
    terminal.type(CTRL_C);
    expect(await terminal.ended()).toBe(130);
    expect(terminal.shown).toContain("\r\ntimestamp-client: interrupted\r\n");
    expect(terminal.isInOrder).toBe(true);
  });

  test("ends with 8 when the server says nothing, and leaves the terminal in order", async () => {
    await using silent = await scriptedServer((peer) => peer.closed);
    const terminal = new Terminal(main, ["--timeout", "0.2", "127.0.0.1", String(silent.port)]);
    await terminal.shows("> ");
    terminal.type("hello\r");
    expect(await terminal.ended()).toBe(8);
    expect(terminal.shown).toContain("\r\ntimestamp-client: the peer sent nothing for 200 ms\r\n");
    expect(terminal.isInOrder).toBe(true);
  });
});
