// What a person at a terminal sees: the bar, the prompt, and Ctrl-C.
import { EventEmitter, once } from "node:events";
import { readdir, readFile, writeFile } from "node:fs/promises";
import { CTRL_C, CTRL_D, hasPseudoTerminal, tempDir } from "@netcli/test-kit";
import { startFtpSrv } from "@netcli/test-servers";
import { describe, expect, test } from "vitest";
import { fakeFtp, SIZE } from "./fake-ftp.ts";
import { startOnTerminal } from "./program.ts";

const half = Buffer.alloc(SIZE / 2);

describe.skipIf(!hasPseudoTerminal())("ftp-download on a terminal", { timeout: 30_000 }, () => {
  test("shows a bar that fits, and takes it away at the end", async () => {
    const events = new EventEmitter();
    const seen = once(events, "seen");
    await using server = await fakeFtp({
      transfer: async (control, data) => {
        await data.send(half);
        await seen;
        await data.send(half);
        data.end();
        await control.send("226 done\r\n");
      },
    });
    await using folder = await tempDir();
    const terminal = startOnTerminal([`${server.url}/archive.bin`], folder.path);
    await terminal.shows("50%");
    await terminal.shows("left");
    events.emit("seen");
    expect(await terminal.ended()).toBe(0);
    const drawn = terminal.shown.split("\r\u001B[K").slice(1, -1);
    for (const line of drawn) expect(line.length).toBeLessThan(80);
    expect(drawn[0]).toMatch(/^archive\.bin {2}50% \[#+\.+\] 1000 B of 2\.0 KiB {2}.+\/s {2}0:\d\d left$/);
    expect(terminal.shown).toContain(`\r\u001B[Ksaved ${folder.file("archive.bin")} (2000 bytes)\r\n`);
  });

  test("gives every line of the dialogue a line of its own beside the bar", async () => {
    await using server = await fakeFtp({
      transfer: async (control, data) => {
        await data.send(Buffer.alloc(SIZE));
        data.end();
        await data.closed;
        await control.send("226 done\r\n");
      },
    });
    await using folder = await tempDir();
    const terminal = startOnTerminal(["--verbose", `${server.url}/archive.bin`], folder.path);
    expect(await terminal.ended()).toBe(0);
    expect(terminal.shown).toContain("archive.bin 100% [");
    expect(terminal.shown).toContain("\r\u001B[KS: 226 done\r\n");
  });

  test("asks for the password without showing what is typed", async () => {
    await using root = await tempDir();
    await writeFile(root.file("file"), "content");
    await using server = await startFtpSrv({
      root: root.path,
      users: [{ name: "ada", password: "correct horse" }],
    });
    await using folder = await tempDir();
    const url = `ftp://ada@127.0.0.1:${server.port}/file`;
    const terminal = startOnTerminal(["--verbose", url], folder.path);
    await terminal.shows("Password of ada at 127.0.0.1: ");
    terminal.type("correct mule\u007F\u007F\u007F\u007Fhorse\r");
    expect(await terminal.ended()).toBe(0);
    expect(terminal.shown).not.toMatch(/correct|mule|horse|\*{5}/);
    expect(terminal.isInOrder).toBe(true);
    expect(await readFile(folder.file("file"), "utf8")).toBe("content");
  });

  test.each([
    ["Ctrl-C", CTRL_C, 130, "interrupted; nothing was saved"],
    ["Ctrl-D", CTRL_D, 4, "no password was given"],
  ])("ends at the password prompt on %s", async (_name, key, code, sentence) => {
    await using server = await fakeFtp({});
    await using folder = await tempDir();
    const terminal = startOnTerminal([server.url.replace("//", "//ada@") + "/file"], folder.path);
    await terminal.shows("Password of ada at 127.0.0.1: ");
    terminal.type(key);
    expect(await terminal.ended()).toBe(code);
    expect(terminal.shown).toContain(`Password of ada at 127.0.0.1: \r\nftp-download: ${sentence}\r\n`);
    expect(terminal.isInOrder).toBe(true);
    expect(await readdir(folder.path)).toEqual([]);
  });

  test("leaves neither file nor bar behind on Ctrl-C", async () => {
    await using server = await fakeFtp({
      transfer: async (_control, data) => {
        await data.send(half);
        await data.closed;
      },
    });
    await using folder = await tempDir();
    const terminal = startOnTerminal([`${server.url}/archive.bin`], folder.path);
    await terminal.shows("left");
    terminal.type(CTRL_C);
    expect(await terminal.ended()).toBe(130);
    expect(terminal.shown).toContain("\r\u001B[Kftp-download: interrupted; nothing was saved\r\n");
    expect(await readdir(folder.path)).toEqual([]);
  });
});
