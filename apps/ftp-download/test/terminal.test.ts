// What a person at a terminal sees: the bar, the prompt, and Ctrl-C.
import { readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { Screen } from "@netcli/command-line/screen";
import { CTRL_C, CTRL_D, gate, hasPseudoTerminal, tempDir } from "@netcli/test-kit";
import { type FtpServer, startFtpServer, startFtpSrv } from "@netcli/test-servers";
import { describe, expect, test } from "vitest";
import { fakeFtp, SIZE } from "./fake-ftp.ts";
import { startOnSmallTerminal, startOnTerminal } from "./program.ts";

// The end of what is drawn at once.
const DRAWN = String.raw`[^\r]\x1b\[J\r$`;

const quarter = Buffer.alloc(SIZE / 4);

/** A server with files of 2000 bytes, whose transfers stop in the middle until the gate is open. */
async function haltingServer(names: readonly string[], opened: Promise<void>): Promise<FtpServer> {
  const server = await startFtpServer({
    onCommand: ({ verb }) =>
      verb === "RETR" ? { data: { cut: { after: SIZE / 2, wait: opened } } } : undefined,
  });
  for (const name of names) await writeFile(join(server.root, name), Buffer.alloc(SIZE));
  return server;
}

describe.skipIf(!hasPseudoTerminal())("ftp-download on a terminal", { timeout: 30_000 }, () => {
  test("shows a bar that fits, with speed and the time left, and takes it away at the end", async () => {
    const begun = gate();
    const seen = gate();
    await using server = await fakeFtp({
      transfer: async (control, data) => {
        await data.send(quarter);
        await begun.opened;
        await data.send(quarter);
        await seen.opened;
        await data.send(Buffer.concat([quarter, quarter]));
        data.end();
        await control.send("226 done\r\n");
      },
    });
    await using folder = await tempDir();
    const terminal = startOnTerminal([`${server.url}/archive.bin`], folder.path);
    await terminal.shows("25%");
    begun.open();
    await terminal.shows("left");
    const drawn = new Screen(80, 24, terminal.shown).shown;
    expect(drawn).toEqual([
      expect.stringMatching(/^archive\.bin {2}50% \[#+\.+\] 1000 B of 2\.0 KiB {2}.+\/s {2}0:\d\d left$/),
    ]);
    seen.open();
    expect(await terminal.ended()).toBe(0);
    const [last] = new Screen(80, 24, terminal.shown).shown;
    expect(last).toContain(`saved ${folder.file("archive.bin")} (2000 bytes`);
  });

  test("gives every line of the dialogue a line of its own beside the bar", async () => {
    const seen = gate();
    await using server = await haltingServer(["archive.bin"], seen.opened);
    await using folder = await tempDir();
    const terminal = startOnTerminal(["--verbose", `${server.url}/archive.bin`], folder.path);
    await terminal.shows("50%");
    seen.open();
    expect(await terminal.ended()).toBe(0);
    const lines = new Screen(80, 24, terminal.shown).shown;
    expect(lines).toContain("S: 226 Transfer complete.");
    expect(lines.filter((line) => line.includes("archive.bin") && line.includes("%"))).toEqual([]);
  });

  test("shows a bar for each transfer that runs, and the lines of those that are done above", async () => {
    const seen = gate();
    const names = ["one.bin", "second.bin", "three.bin"];
    await using server = await haltingServer(names, seen.opened);
    await writeFile(join(server.root, "short"), "short");
    await using folder = await tempDir();
    const urls = [...names, "short"].map((name) => `${server.url}/${name}`);
    const terminal = startOnTerminal(["--connections", "4", ...urls], folder.path);
    for (const name of names) await terminal.shows(new RegExp(`${name} .*50%`));
    await terminal.shows(new RegExp(`saved [^]*${DRAWN}`));
    const last = new Screen(80, 24, terminal.shown).shown.slice(-3);
    expect(last.map((line) => line.slice(0, 17)).toSorted()).toEqual([
      "one.bin     50% [",
      "second.bin  50% [",
      "three.bin   50% [",
    ]);
    seen.open();
    expect(await terminal.ended()).toBe(0);
    const lines = new Screen(200, 24, terminal.shown).shown;
    expect(lines.slice(0, 5).map((line) => line.slice(0, 6))).toEqual([
      "saved ",
      "saved ",
      "saved ",
      "saved ",
      "saved ",
    ]);
    expect(lines[4]).toMatch(/^saved 4 files, 5\.9 KiB in /);
  });

  test("stays in its line on a terminal of 20 columns, and on one that becomes narrower", async () => {
    const seen = gate();
    const names = ["archive-1.tar.gz", "archive-2.tar.gz"];
    await using server = await haltingServer(names, seen.opened);
    await using folder = await tempDir();
    const urls = names.map((name) => `${server.url}/${name}`);
    const args = ["--connections", "2", ...urls];
    const { terminal, resize } = await startOnSmallTerminal(20, 10, args, folder.path);
    await terminal.shows(new RegExp(`archive-1.* 50%[^]*archive-2.* 50%[^]*${DRAWN}`));
    const screen = new Screen(20, 10, terminal.shown);
    expect(screen.shown.slice(1)).toEqual(["archive-1.tar…  50%", "archive-2.tar…  50%"]);
    const before = terminal.shown.length;
    resize(16);
    await terminal.shows("archive-2…  50%");
    screen.resize(16, 10);
    screen.write(terminal.shown.slice(before));
    expect(screen.shown.slice(1)).toEqual(["archive-1…  50%", "archive-2…  50%"]);
    seen.open();
    expect(await terminal.ended()).toBe(0);
    expect(await readdir(folder.path)).toEqual(names);
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

  test("asks once for the password of several URLs", async () => {
    await using server = await startFtpServer();
    for (const name of ["a", "b"]) await writeFile(join(server.root, name), name);
    await using folder = await tempDir();
    const urls = ["a", "b"].map((name) => `ftp://tester@127.0.0.1:${server.port}/${name}`);
    const terminal = startOnTerminal(urls, folder.path);
    await terminal.shows("Password of tester at 127.0.0.1: ");
    terminal.type("secret\r");
    expect(await terminal.ended()).toBe(0);
    expect(terminal.shown.match(/Password/g)).toHaveLength(1);
    expect(await readdir(folder.path)).toEqual(["a", "b"]);
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

  test("leaves neither file nor bar behind on Ctrl-C where nothing can be kept", async () => {
    await using server = await fakeFtp({
      replies: { MDTM: "502 unknown" },
      transfer: async (_control, data) => {
        await data.send(quarter);
        await data.closed;
      },
    });
    await using folder = await tempDir();
    const terminal = startOnTerminal([`${server.url}/archive.bin`], folder.path);
    await terminal.shows("25%");
    terminal.type(CTRL_C);
    expect(await terminal.ended()).toBe(130);
    const [first] = new Screen(80, 24, terminal.shown).shown;
    expect(first?.replace("^C", "")).toBe("ftp-download: interrupted; nothing was saved");
    expect(await readdir(folder.path)).toEqual([]);
  });
});
