// Downloads that succeed: what is saved, where, and what is said about it.
import { randomBytes } from "node:crypto";
import { mkdir, readdir, readFile, stat, writeFile } from "node:fs/promises";
import { dirname } from "node:path";
import { oneByteRelay, tempDir, type TempDir } from "@netcli/test-kit";
import { type FtpSrv, startFtpSrv } from "@netcli/test-servers";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { fakeFtp, SIZE } from "./fake-ftp.ts";
import { run, start } from "./program.ts";

const big = randomBytes(104_857_600);
const files = new Map([
  ["big.bin", big],
  ["empty", Buffer.alloc(0)],
  ["pub/deep/small.txt", Buffer.from("small\n")],
  ["with two spaces.txt", Buffer.from("spaces\n")],
  ["Grüße aus 東京.txt", Buffer.from("letters\n")],
  ["50% #1?.txt", Buffer.from("signs\n")],
]);
let root: TempDir;
let server: FtpSrv;

beforeAll(async () => {
  root = await tempDir();
  for (const [name, content] of files) {
    await mkdir(dirname(root.file(name)), { recursive: true });
    await writeFile(root.file(name), content);
  }
  server = await startFtpSrv({ root: root.path });
});

afterAll(async () => {
  await server.close();
  await root[Symbol.asyncDispose]();
});

describe("ftp-download", { timeout: 60_000 }, () => {
  test("saves 100 MiB byte for byte", async () => {
    await using folder = await tempDir();
    const { code, stdout, stderr } = await run([`${server.url}/big.bin`], { cwd: folder.path });
    expect({ code, stdout }).toEqual({ code: 0, stdout: "" });
    expect(stderr).toMatch(/^saved \S+ \(104857600 bytes, \d+\.\d [MG]iB\/s\)\n$/);
    expect(stderr).toContain(folder.file("big.bin"));
    expect(await readdir(folder.path)).toEqual(["big.bin"]);
    expect(big.equals(await readFile(folder.file("big.bin")))).toBe(true);
  });

  test("saves 100 MiB byte for byte when each byte of a reply comes in a packet of its own", async () => {
    await using folder = await tempDir();
    await using relay = await oneByteRelay(server.host, server.port);
    const { code } = await run([`ftp://127.0.0.1:${relay.port}/big.bin`], { cwd: folder.path });
    expect(code).toBe(0);
    expect(relay.connections).toBe(1);
    expect(big.equals(await readFile(folder.file("big.bin")))).toBe(true);
  });

  test("saves an empty file", async () => {
    await using folder = await tempDir();
    const { code } = await run([`${server.url}/empty`], { cwd: folder.path });
    expect(code).toBe(0);
    expect((await stat(folder.file("empty"))).size).toBe(0);
  });

  test.each([["with two spaces.txt"], ["Grüße aus 東京.txt"], ["50% #1?.txt"]])(
    "saves a file called %j under its own name",
    async (name) => {
      await using folder = await tempDir();
      const url = `${server.url}/${encodeURIComponent(name)}`;
      const { code, stderr } = await run([url], { cwd: folder.path });
      expect(code).toBe(0);
      expect(stderr).toContain(name);
      expect(await readdir(folder.path)).toEqual([name]);
      expect(await readFile(folder.file(name))).toEqual(files.get(name));
    },
  );

  test.each([
    ["pub/deep", "pub/deep"],
    ["%2Fpub/deep", "/pub/deep"],
    ["%2Fpub%2Fdeep", "/pub/deep"],
    ["/pub/deep", "/pub/deep"],
  ])("takes the path %s of the URL for %s", async (written, meant) => {
    await using folder = await tempDir();
    const { code, stderr } = await run(["-v", `${server.url}/${written}/small.txt`], { cwd: folder.path });
    expect(code).toBe(0);
    expect(stderr).toContain(`C: RETR ${meant}/small.txt\n`);
    expect(await readFile(folder.file("small.txt"), "utf8")).toBe("small\n");
  });

  test.each([["-o"], ["--output"]])("saves under the name that %s gives", async (option) => {
    await using folder = await tempDir();
    await mkdir(folder.file("sub"));
    const args = [option, "sub/other name", `${server.url}/pub/deep/small.txt`];
    expect((await run(args, { cwd: folder.path })).code).toBe(0);
    expect(await readdir(folder.path)).toEqual(["sub"]);
    expect(await readdir(folder.file("sub"))).toEqual(["other name"]);
  });

  test("replaces a file of that name", async () => {
    await using folder = await tempDir();
    await writeFile(folder.file("small.txt"), "an older and longer one");
    expect((await run([`${server.url}/pub/deep/small.txt`], { cwd: folder.path })).code).toBe(0);
    expect(await readFile(folder.file("small.txt"), "utf8")).toBe("small\n");
  });

  test("shows the dialogue when it is asked to, and nothing of it otherwise", async () => {
    await using folder = await tempDir();
    const url = `${server.url}/empty`;
    const verbose = await run(["--verbose", url], { cwd: folder.path });
    expect(verbose.stderr).toMatch(/^S: 220.*^C: USER anonymous$.*^C: RETR empty$.*^S: 226.*^C: QUIT$/ms);
    const quiet = await run([url], { cwd: folder.path });
    expect(quiet.stderr).toBe(`saved ${folder.file("empty")} (0 bytes)\n`);
  });

  test("goes on when nobody reads what it says any more", async () => {
    await using folder = await tempDir();
    const program = start(["--verbose", `${server.url}/big.bin`], { cwd: folder.path });
    const { stderr } = program.child;
    stderr.once("data", () => stderr.destroy());
    expect((await program.outcome).code).toBe(0);
    expect(await readdir(folder.path)).toEqual(["big.bin"]);
  });

  test("saves a file that has come, though the server does not confirm it", async () => {
    await using silent = await fakeFtp({
      transfer: async (control, data) => {
        await data.send(Buffer.alloc(SIZE));
        data.end();
        await control.closed;
      },
    });
    await using folder = await tempDir();
    const { code } = await run(["--timeout", "0.5", `${silent.url}/file`], { cwd: folder.path });
    expect(code).toBe(0);
    expect((await stat(folder.file("file"))).size).toBe(SIZE);
    expect(await readdir(folder.path)).toEqual(["file"]);
  });

  test("says what a hostile server sends without letting it steer the terminal", async () => {
    const attack = "\u001B[2J\u001B]0;title\u0007\u009B31m\u0008";
    const replies = { greeting: `220 ${attack}`, CWD: "550 no", RETR: `550 no ${attack}` };
    await using hostile = await fakeFtp({ replies });
    const { code, stdout, stderr } = await run(["--verbose", `${hostile.url}/pub/file`]);
    expect(code).toBe(5);
    expect(stdout).toBe("");
    expect(stderr).toContain("S: 220 \\x1b[2J");
    expect(stderr).toMatch(/^ftp-download: no such directory "pub": no \\x1b\[2J.*$/m);
    expect(stderr.replaceAll("\n", "")).not.toMatch(/\p{Cc}/u);
  });
});
