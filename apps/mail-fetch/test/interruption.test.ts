// Ctrl-C: nothing is deleted, and what is there is whole.
import { EventEmitter, once } from "node:events";
import { readdir } from "node:fs/promises";
import { gate, type Outcome, scriptedServer, tempDir } from "@netcli/test-kit";
import type { Pop3Server } from "@netcli/test-servers";
import { describe, expect, test } from "vitest";
import {
  asSaved,
  largeLetter,
  partsIn,
  readMaildir,
  readSaved,
  serverWith,
  uidsOf,
  urlOf,
} from "./maildrop.ts";
import { run, start } from "./program.ts";

const large = [largeLetter("first"), "a: 2\r\n", largeLetter("third"), "a: 4\r\n"];

interface Interruption {
  readonly args: readonly string[];
  readonly signal: NodeJS.Signals;
  /** When to send the signal. */
  readonly middle: Promise<void>;
}

async function interrupt(server: Pop3Server, { args, signal, middle }: Interruption): Promise<Outcome> {
  const program = start([...args, urlOf(server)]);
  await middle;
  return program.kill(signal);
}

describe("an interrupted mail-fetch", { timeout: 30_000 }, () => {
  test("ends with 130 while it waits for a greeting", async () => {
    const events = new EventEmitter();
    await using silent = await scriptedServer((peer) => {
      events.emit("client");
      return peer.closed;
    });
    const arrived = once(events, "client");
    const program = start([`pop3://ada@127.0.0.1:${silent.port}`]);
    await arrived;
    expect(await program.kill("SIGINT")).toEqual({
      code: 130,
      stdout: "",
      stderr: "mail-fetch: interrupted; nothing was fetched\n",
    });
  });

  test.each([
    ["SIGINT", "--save"],
    ["SIGTERM", "--save"],
    ["SIGINT", "--mbox"],
  ] as const)(
    "in the middle of a message deletes nothing and leaves no half one: %s, %s",
    async (signal, option) => {
      await using folder = await tempDir();
      const never = gate();
      const middle = gate();
      await using server = await serverWith(large, {
        reply: (_verb, line) => {
          if (line !== "RETR 3") return undefined;
          middle.open();
          return { cut: { after: 2_000_000, wait: never.opened } };
        },
      });
      const place = folder.file("Mail");
      const args = ["--new", "--state", folder.file("state"), "--delete", option, place];
      const { code, stderr } = await interrupt(server, { args, signal, middle: middle.opened });
      never.open();
      expect(code).toBe(130);
      expect(stderr).toMatch(/^mail-fetch: interrupted; 2 messages saved, none deleted\n$/);
      expect(uidsOf(server)).toHaveLength(4);
      expect(await partsIn(place)).toEqual([]);
      expect(await readSaved(option, place)).toEqual(large.slice(0, 2).map(asSaved).toSorted());
      expect((await readdir(folder.path)).toSorted()).toEqual(["Mail", "state"]);
    },
  );

  test("goes on behind what was saved", async () => {
    await using folder = await tempDir();
    const never = gate();
    const middle = gate();
    await using server = await serverWith(large, {
      reply: (_verb, line, { number }) => {
        if (line !== "RETR 3" || number > 1) return undefined;
        middle.open();
        return { cut: { after: 2_000_000, wait: never.opened } };
      },
    });
    const args = ["--new", "--state", folder.file("state"), "--save", folder.file("Mail")];
    expect((await interrupt(server, { args, signal: "SIGINT", middle: middle.opened })).code).toBe(130);
    never.open();
    expect((await run([...args, urlOf(server)])).code).toBe(0);
    expect(await readMaildir(folder.file("Mail"))).toEqual(large.map(asSaved).toSorted());
  });

  test.each([["--save"], ["--mbox"]] as const)("goes on when it was killed, too: %s", async (option) => {
    await using folder = await tempDir();
    const never = gate();
    const middle = gate();
    await using server = await serverWith(large, {
      reply: (_verb, line, { number }) => {
        if (line !== "RETR 3" || number > 1) return undefined;
        middle.open();
        return { cut: { after: 2_000_000, wait: never.opened } };
      },
    });
    const place = folder.file("Mail");
    const args = ["--new", "--state", folder.file("state"), "--delete", option, place];
    expect((await interrupt(server, { args, signal: "SIGKILL", middle: middle.opened })).code).toBeNull();
    never.open();
    expect(uidsOf(server)).toHaveLength(4);
    expect((await run([...args, urlOf(server)])).code).toBe(0);
    expect(await readSaved(option, place)).toEqual(large.map(asSaved).toSorted());
    expect((await readdir(folder.path)).toSorted()).toEqual(["Mail", "state"]);
  });

  test("says that nobody knows what was deleted when QUIT is not answered yet", async () => {
    await using folder = await tempDir();
    const middle = gate();
    await using server = await serverWith(["a: 1\r\n"], {
      reply: (verb) => {
        if (verb !== "QUIT") return undefined;
        middle.open();
        return "stall";
      },
    });
    const args = ["--delete", "--save", folder.file("Mail")];
    const { code, stderr } = await interrupt(server, { args, signal: "SIGINT", middle: middle.opened });
    expect({ code, stderr }).toEqual({
      code: 130,
      stderr: "mail-fetch: interrupted; 1 message saved; nobody knows which of them were deleted\n",
    });
    expect(server.sessions).toHaveLength(1);
  });

  test("ends at once while it connects again", async () => {
    await using folder = await tempDir();
    const middle = gate();
    await using server = await serverWith(large, {
      reply: (verb, line, { number }) => {
        if (line === "RETR 3") return { cut: { after: 1_000_000, end: "reset" } };
        if (verb !== "CONNECT" || number === 1) return undefined;
        middle.open();
        return "stall";
      },
    });
    const args = ["--delete", "--save", folder.file("Mail")];
    const { code, stderr } = await interrupt(server, { args, signal: "SIGINT", middle: middle.opened });
    expect({ code, stderr }).toEqual({
      code: 130,
      stderr: "mail-fetch: interrupted; 2 messages saved, none deleted\n",
    });
    expect(uidsOf(server)).toHaveLength(4);
  });
});
