// Downloads that fail: the exit code, the sentence, and that nothing is left behind.
import { mkdir, readdir, writeFile } from "node:fs/promises";
import { closedPort, scriptedServer, tempDir, type TempDir } from "@netcli/test-kit";
import { type FtpSrv, startFtpSrv } from "@netcli/test-servers";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { fakeFtp, SIZE, type Transfer } from "./fake-ftp.ts";
import { failureOf, run } from "./program.ts";

let root: TempDir;
let server: FtpSrv;

beforeAll(async () => {
  root = await tempDir();
  await mkdir(root.file("pub"));
  await writeFile(root.file("pub/file"), "content");
  server = await startFtpSrv({ root: root.path });
});

afterAll(async () => {
  await server.close();
  await root[Symbol.asyncDispose]();
});

const half = Buffer.alloc(SIZE / 2, "half ");

describe("ftp-download ends with 3", { timeout: 30_000 }, () => {
  test("when there is no such host", async () => {
    const { code, stdout, stderr } = await failureOf(["ftp://nonexistent.invalid/file"]);
    expect({ code, stdout }).toEqual({ code: 3, stdout: "" });
    expect(stderr).toMatch(/^ftp-download: cannot connect to nonexistent\.invalid:21: .+\n$/);
  });

  test("when nobody listens on the port", async () => {
    const { code, stderr } = await failureOf([`ftp://127.0.0.1:${await closedPort()}/file`]);
    expect(code).toBe(3);
    expect(stderr).toContain("nothing listens there");
  });

  test("when the server says nothing for as long as --timeout allows", async () => {
    await using silent = await scriptedServer((peer) => peer.closed);
    const url = `ftp://127.0.0.1:${silent.port}/file`;
    const { code, stderr } = await failureOf(["--timeout", "0.2", url]);
    expect(code).toBe(3);
    expect(stderr).toContain("no greeting within 200 ms");
  });

  test("when the server greets with a refusal, however many lines it has", async () => {
    await using full = await fakeFtp({ replies: { greeting: "421-Too many\r\n421 of you" } });
    const { code, stderr } = await failureOf([`${full.url}/file`]);
    expect({ code, stderr }).toEqual({
      code: 3,
      stderr: "ftp-download: 127.0.0.1 refuses: Too many of you\n",
    });
  });
});

describe("ftp-download ends with 5 or 6", { timeout: 30_000 }, () => {
  test("when there is no such directory", async () => {
    const { code, stderr } = await failureOf([`${server.url}/no/such/file`]);
    expect(code).toBe(5);
    expect(stderr).toMatch(/^ftp-download: no such directory "no\/such": .+\n$/);
  });

  test("when there is no such file", async () => {
    const { code, stderr } = await failureOf([`${server.url}/pub/nothing`]);
    expect(code).toBe(6);
    expect(stderr).toMatch(/^ftp-download: cannot read "pub\/nothing": .+\n$/);
  });

  test("when the file may not be read", async () => {
    await using strict = await fakeFtp({ replies: { RETR: "550 permission denied" } });
    const { code, stderr } = await failureOf([`${strict.url}/file`]);
    expect(code).toBe(6);
    expect(stderr).toBe('ftp-download: cannot read "file": permission denied\n');
  });
});

describe("ftp-download ends with 7 or 2", { timeout: 30_000 }, () => {
  test("when the folder to save into does not exist", async () => {
    await using folder = await tempDir();
    const args = ["-o", "missing/file", `${server.url}/pub/file`];
    const { code, stderr } = await run(args, { cwd: folder.path });
    expect(code).toBe(7);
    expect(stderr).toMatch(/^ftp-download: cannot save the file: ENOENT.*\n$/);
    expect(await readdir(folder.path)).toEqual([]);
  });

  test("when what it should save to is a folder", async () => {
    await using folder = await tempDir();
    await mkdir(folder.file("there"));
    const args = ["-o", "there", `${server.url}/pub/file`];
    const { code, stderr } = await run(args, { cwd: folder.path });
    expect(code).toBe(2);
    expect(stderr).toContain(`"${folder.file("there")}" is a directory`);
    expect(await readdir(folder.path, { recursive: true })).toEqual(["there"]);
  });
});

describe("ftp-download ends with 8", { timeout: 30_000 }, () => {
  const breakdowns: [string, Transfer][] = [
    [
      "both connections are cut midway",
      async (control, data) => {
        await data.send(half);
        data.reset();
        control.reset();
        await control.closed;
      },
    ],
    [
      "the data connection is reset midway",
      async (control, data) => {
        await data.send(half);
        data.reset();
        await control.send("426 broken\r\n");
      },
    ],
    [
      "the server gives up midway",
      async (control, data) => {
        await data.send(half);
        data.end();
        await control.send("426 broken\r\n");
      },
    ],
    [
      "a transfer is called complete that is not",
      async (control, data) => {
        await data.send(half);
        data.end();
        await control.send("226 done\r\n");
      },
    ],
    [
      "the server says goodbye instead of sending",
      async (control, data) => {
        await control.send("421 shutting down\r\n");
        data.close();
      },
    ],
    [
      "the rest of the file does not come",
      async (_control, data) => {
        await data.send(half);
        await data.closed;
      },
    ],
  ];

  test.concurrent.each(breakdowns)("when %s", async (_what, transfer) => {
    await using broken = await fakeFtp({ transfer });
    const args = ["--no-resume", "--timeout", "0.5", `${broken.url}/file`];
    const { code, stdout, stderr } = await failureOf(args);
    expect({ code, stdout }).toEqual({ code: 8, stdout: "" });
    expect(stderr).toMatch(/^ftp-download: .+\n$/);
  });

  test("when the data connection does not come about", async () => {
    const replies = { EPSV: `229 here (|||${await closedPort()}|)`, RETR: "425 nobody came" };
    await using broken = await fakeFtp({ replies });
    const { code, stderr } = await failureOf([`${broken.url}/file`]);
    expect(code).toBe(8);
    // Whoever is first: we are told that nobody is there, or the server that we are not.
    expect(stderr).toMatch(/nothing listens there|nobody came/);
  });

  test("when the server speaks something else", async () => {
    await using web = await scriptedServer((peer) => peer.send("HTTP/1.1 400 Bad Request\r\n\r\n"));
    const { code, stderr } = await failureOf([`ftp://127.0.0.1:${web.port}/file`]);
    expect(code).toBe(8);
    expect(stderr).toContain("HTTP/1.1 400 Bad Request");
  });
});
