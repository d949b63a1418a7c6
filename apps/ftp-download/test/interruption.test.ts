// Signals and broken connections: what was received is kept, and the same command goes on there.
import { EventEmitter, once } from "node:events";
import { mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { CTRL_C, hasPseudoTerminal, scriptedServer, tempDir } from "@netcli/test-kit";
import { type FtpServer, startFtpServer } from "@netcli/test-servers";
import { describe, expect, test } from "vitest";
import { fakeFtp, SIZE } from "./fake-ftp.ts";
import { failure, run, start, startOnTerminal } from "./program.ts";

const BYTES = 2_000_000;
const content = Buffer.from(Uint32Array.from({ length: BYTES / 4 }, (_, at) => at * 2_654_435_761).buffer);

// Some of the content has come, and it goes on coming.
const MIDDLE = /\b[1-4]\d% /;

/** A server whose files come slowly when they are asked for the first time. */
async function slowServer(names: readonly string[]): Promise<FtpServer> {
  const seen = new Set<string>();
  const server = await startFtpServer({
    onCommand: ({ verb, argument }) => {
      if (verb !== "RETR" || seen.has(argument)) return undefined;
      seen.add(argument);
      return { data: { bytesPerSecond: BYTES / 4 } };
    },
  });
  await mkdir(join(server.root, "tree", "deep"), { recursive: true });
  for (const name of names) await writeFile(join(server.root, name), content);
  return server;
}

/** The positions at which transfers went on. */
function restarts({ commands }: FtpServer): string[] {
  return commands.filter((line) => /^REST [^0]/.test(line));
}

describe("an interrupted ftp-download", { timeout: 30_000 }, () => {
  test.each([["SIGINT"], ["SIGTERM"]] as const)(
    "ends with 130 in the middle of a file: %s",
    async (signal) => {
      const events = new EventEmitter();
      await using server = await fakeFtp({
        transfer: async (_control, data) => {
          await data.send(Buffer.alloc(SIZE / 2));
          events.emit("middle");
          await data.closed;
        },
      });
      const { code, stdout, stderr } = await failure(async (cwd, output) => {
        const middle = once(events, "middle");
        const program = start(["--no-resume", "-o", output, `${server.url}/file`], { cwd });
        await middle;
        expect((await readdir(cwd)).some((name) => name.endsWith(".part"))).toBe(true);
        return program.kill(signal);
      });
      expect({ code, stdout, stderr }).toEqual({
        code: 130,
        stdout: "",
        stderr: "ftp-download: interrupted; nothing was saved\n",
      });
    },
  );

  test("ends with 130 while it waits for a greeting", async () => {
    const events = new EventEmitter();
    await using silent = await scriptedServer((peer) => {
      events.emit("client");
      return peer.closed;
    });
    const { code } = await failure(async (cwd, output) => {
      const arrived = once(events, "client");
      const program = start(["-o", output, `ftp://127.0.0.1:${silent.port}/file`], { cwd });
      await arrived;
      return program.kill("SIGINT");
    });
    expect(code).toBe(130);
  });
});

describe.skipIf(!hasPseudoTerminal())("after Ctrl-C", { timeout: 30_000 }, () => {
  test("the same command goes on where it was, and the file is the same", async () => {
    await using server = await slowServer(["big.bin"]);
    await using folder = await tempDir();
    const args = [`${server.url}/big.bin`];
    const terminal = startOnTerminal(args, folder.path);
    await terminal.shows(MIDDLE);
    terminal.type(CTRL_C);
    expect(await terminal.ended()).toBe(130);
    const [, place = ""] = await terminal.shows(/interrupted; the same command will go on at (.+)\r\n/);
    expect(place).toMatch(/^\d+\.\d KiB$/);
    expect(await readdir(folder.path)).toEqual([expect.stringMatching(/^\.big\.bin\.[\da-f]+\.part$/)]);
    const { code, stderr } = await run(args, { cwd: folder.path });
    expect(code).toBe(0);
    expect(stderr).toMatch(/^saved \S+\/big\.bin \(2000000 bytes, .+\)\n$/);
    expect(stderr).toContain(`went on at ${place})`);
    expect(restarts(server)).toHaveLength(1);
    expect(await readdir(folder.path)).toEqual(["big.bin"]);
    expect(content.equals(await readFile(folder.file("big.bin")))).toBe(true);
  });

  test("the same command goes on with all the files that were under way", async () => {
    const names = ["one.bin", "two.bin", "six.bin"];
    await using server = await slowServer(names);
    await using folder = await tempDir();
    const args = ["--connections", "2", ...names.map((name) => `${server.url}/${name}`)];
    const terminal = startOnTerminal(args, folder.path);
    for (const name of ["one", "two"]) await terminal.shows(new RegExp(`${name}.bin +${MIDDLE.source}`));
    terminal.type(CTRL_C);
    expect(await terminal.ended()).toBe(130);
    await terminal.shows(
      /interrupted; 0 files saved; the same command will go on at \S+ KiB of \S+, \S+ KiB of \S+\r\n/,
    );
    // Now the last one is slow.
    const again = startOnTerminal(args, folder.path);
    await again.shows(new RegExp(`six.bin +${MIDDLE.source}`));
    again.type(CTRL_C);
    expect(await again.ended()).toBe(130);
    await again.shows(/interrupted; 2 files saved; the same command will go on at \S+ KiB of six\.bin\r\n/);
    const { code, stderr } = await run(args, { cwd: folder.path });
    expect(code).toBe(0);
    expect(stderr).toMatch(/saved 1 file, 1\.\d MiB in .*; 2 unchanged\n$/);
    expect(restarts(server)).toHaveLength(3);
    expect((await readdir(folder.path)).toSorted()).toEqual(names.toSorted());
    for (const name of names) expect(content.equals(await readFile(folder.file(name)))).toBe(true);
  });

  test("the same command goes on with a directory", async () => {
    await using server = await slowServer(["tree/one.bin", "tree/deep/two.bin"]);
    await using folder = await tempDir();
    const args = ["-r", `${server.url}/tree`];
    const terminal = startOnTerminal(args, folder.path);
    for (const name of ["one", "two"]) await terminal.shows(new RegExp(`${name}.bin +${MIDDLE.source}`));
    terminal.type(CTRL_C);
    expect(await terminal.ended()).toBe(130);
    const [, places = ""] = await terminal.shows(
      /interrupted; 0 files saved; the same command will go on at (.+)\r\n/,
    );
    expect(places).toMatch(/ KiB of one\.bin/);
    expect(places).toMatch(/ KiB of deep\/two\.bin/);
    const { code, stderr } = await run(args, { cwd: folder.path });
    expect(code).toBe(0);
    expect(stderr).toMatch(/saved 2 files, /);
    expect(restarts(server)).toHaveLength(2);
    const found = await readdir(folder.file("tree"), { recursive: true });
    expect(found.toSorted()).toEqual(["deep", "deep/two.bin", "one.bin"]);
    for (const name of ["one.bin", "deep/two.bin"]) {
      expect(content.equals(await readFile(folder.file(join("tree", name))))).toBe(true);
    }
  });

  test("a second one ends the program at once, and the same command goes on all the same", async () => {
    await using server = await slowServer(["big.bin"]);
    await using folder = await tempDir();
    const args = [`${server.url}/big.bin`];
    const terminal = startOnTerminal(args, folder.path);
    await terminal.shows(MIDDLE);
    terminal.type(CTRL_C + CTRL_C);
    expect(await terminal.ended()).toBe(130);
    expect(terminal.isInOrder).toBe(true);
    expect((await run(args, { cwd: folder.path })).code).toBe(0);
    expect(restarts(server)).toHaveLength(1);
    expect(await readdir(folder.path)).toEqual(["big.bin"]);
    expect(content.equals(await readFile(folder.file("big.bin")))).toBe(true);
  });
});

test(
  "after a broken connection the program says where the same command will go on",
  { timeout: 30_000 },
  async () => {
    let isBroken = true;
    await using server = await startFtpServer({
      // What comes further is tried again, and again.
      onCommand: ({ verb, nth }) =>
        verb === "RETR" && isBroken
          ? { data: { cut: { after: nth === 1 ? BYTES / 4 : 0, end: "end" } } }
          : undefined,
    });
    await writeFile(join(server.root, "big.bin"), content);
    await using folder = await tempDir();
    const args = [`${server.url}/big.bin`];
    const broken = await run(args, { cwd: folder.path });
    isBroken = false;
    expect(broken.code).toBe(8);
    expect(broken.stderr).toMatch(/^ftp-download: .+; the same command will go on at \d+\.\d KiB\n$/);
    expect((await run(args, { cwd: folder.path })).code).toBe(0);
    expect(await readdir(folder.path)).toEqual(["big.bin"]);
    expect(content.equals(await readFile(folder.file("big.bin")))).toBe(true);
  },
);
