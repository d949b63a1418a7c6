// Servers that are not there, and such as can't be relied on; and Ctrl-C.
import { EventEmitter, once } from "node:events";
import { readdir, readFile } from "node:fs/promises";
import { closedPort, gate, type Outcome, scriptedServer, tempDir } from "@netcli/test-kit";
import type { Pop3Server } from "@netcli/test-servers";
import { describe, expect, test } from "vitest";
import { asSaved, largeLetter, readMaildir, serverWith, uidsOf, urlOf } from "./maildrop.ts";
import { run, start } from "./program.ts";

describe("mail-fetch ends with 3", { timeout: 30_000 }, () => {
  test("when there is no such host", async () => {
    const { code, stdout, stderr } = await run(["pop3://ada@nonexistent.invalid"]);
    expect({ code, stdout }).toEqual({ code: 3, stdout: "" });
    expect(stderr).toMatch(/^mail-fetch: cannot connect to nonexistent\.invalid:110: .+\n$/);
  });

  test("when nobody listens on the port", async () => {
    const { code, stderr } = await run([`pop3://ada@127.0.0.1:${await closedPort()}`]);
    expect(code).toBe(3);
    expect(stderr).toMatch(/^mail-fetch: .*nothing listens there.*\n$/);
  });

  test("when the server says nothing for as long as --timeout allows", async () => {
    await using silent = await scriptedServer((peer) => peer.closed);
    const { code, stderr } = await run(["--timeout", "0.2", `pop3://ada@127.0.0.1:${silent.port}`]);
    expect(code).toBe(3);
    expect(stderr).toContain("no greeting within 200 ms");
  });

  test("when the server wants nobody", async () => {
    await using server = await serverWith([], {
      reply: (verb) => (verb === "CONNECT" ? "-ERR Closed" : undefined),
    });
    const { code, stderr } = await run([urlOf(server)]);
    expect({ code, stderr }).toEqual({ code: 3, stderr: "mail-fetch: 127.0.0.1 refuses: Closed\n" });
  });
});

describe("mail-fetch ends with 8", { timeout: 30_000 }, () => {
  test.each([
    ["ids are missing", "1 one"],
    ["two messages have the same id", "1 one\n2 one"],
  ])("and deletes nothing when %s", async (_what, rows) => {
    await using folder = await tempDir();
    await using server = await serverWith(["a: 1\r\n", "a: 2\r\n"], {
      reply: (verb) => (verb === "UIDL" ? `+OK\n${rows}\n.` : undefined),
    });
    const args = ["--delete", "--new", "--state", folder.file("state"), "--mbox", folder.file("mbox")];
    const { code, stderr } = await run([...args, urlOf(server)]);
    expect(code).toBe(8);
    expect(stderr).toMatch(/^mail-fetch: .+\n$/);
    expect(uidsOf(server)).toHaveLength(2);
  });

  test("when the server speaks something else", async () => {
    await using web = await scriptedServer((peer) => peer.send("HTTP/1.1 400 Bad Request\r\n\r\n"));
    const { code, stderr } = await run([`pop3://ada@127.0.0.1:${web.port}`]);
    expect(code).toBe(8);
    expect(stderr).toContain("HTTP/1.1 400 Bad Request");
  });

  test("when nothing more comes", async () => {
    await using server = await serverWith(["a: 1\r\n"], {
      reply: (verb) => (verb === "RETR" ? "stall" : undefined),
    });
    const { code, stdout, stderr } = await run(["--timeout", "0.2", urlOf(server)]);
    expect({ code, stdout }).toEqual({ code: 8, stdout: "" });
    expect(stderr).toMatch(/^mail-fetch: .+\n$/);
  });
});

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

  const large = [largeLetter("first"), "a: 2\r\n", largeLetter("third"), "a: 4\r\n"];

  /** Interrupts it in the middle of the third message, when `isThere` says that much of it was written. */
  async function interrupt(
    server: Pop3Server,
    args: readonly string[],
    signal: NodeJS.Signals,
    middle: Promise<void>,
  ): Promise<Outcome> {
    const program = start([...args, urlOf(server)]);
    await middle;
    return program.kill(signal);
  }

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
      const { code, stderr } = await interrupt(server, args, signal, middle.opened);
      never.open();
      expect(code).toBe(130);
      expect(stderr).toMatch(/^mail-fetch: interrupted; 2 messages saved, none deleted\n$/);
      expect(uidsOf(server)).toHaveLength(4);
      if (option === "--save") {
        expect(await readdir(`${place}/tmp`)).toEqual([]);
        expect(await readMaildir(place)).toEqual(large.slice(0, 2).map(asSaved).toSorted());
      } else {
        expect((await readFile(place, "latin1")).endsWith(`${asSaved("a: 2\r\n")}\n`)).toBe(true);
      }
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
    expect((await interrupt(server, args, "SIGINT", middle.opened)).code).toBe(130);
    never.open();
    expect((await run([...args, urlOf(server)])).code).toBe(0);
    expect(await readMaildir(folder.file("Mail"))).toEqual(large.map(asSaved).toSorted());
  });
});
