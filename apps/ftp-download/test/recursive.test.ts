// Directories with all that is in them, from servers of all kinds.
import { mkdir, readdir, readFile, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { tempDir, type TempDir } from "@netcli/test-kit";
import { type FtpServer, type FtpServerOptions, startFtpServer, startFtpSrv } from "@netcli/test-servers";
import { describe, expect, test } from "vitest";
import { run } from "./program.ts";

const files = ["a.txt", "Grüße aus 東京.txt", "deep/er/b.bin", "deep/c"];
const tree = ["Grüße aus 東京.txt", "a.txt", "deep", "deep/c", "deep/er", "deep/er/b.bin", "empty"];

/** Puts a tree below `pub`. */
async function plant(root: string): Promise<void> {
  for (const folder of ["pub/deep/er", "pub/empty"]) await mkdir(join(root, folder), { recursive: true });
  for (const name of files) await writeFile(join(root, "pub", name), `content of ${name}`);
}

async function plantedServer(options: FtpServerOptions = {}): Promise<FtpServer> {
  const server = await startFtpServer(options);
  await plant(server.root);
  return server;
}

async function expectTree(folder: TempDir, name: string): Promise<void> {
  expect((await readdir(folder.file(name), { recursive: true })).toSorted()).toEqual(tree.toSorted());
  for (const file of files) {
    expect(await readFile(folder.file(join(name, file)), "utf8")).toBe(`content of ${file}`);
  }
}

/** Adds lines to the listing of `pub`, as a server would that wants to write elsewhere. */
function withLines(lines: readonly string[]): FtpServerOptions {
  const added = Buffer.from(lines.map((line) => `${line}\r\n`).join(""));
  return {
    onCommand: ({ verb, argument }) => {
      if (verb !== "MLSD" || !argument.endsWith("pub")) return undefined;
      return {
        data: { alter: (chunk, position) => (position === 0 ? Buffer.concat([added, chunk]) : chunk) },
      };
    },
  };
}

describe("ftp-download -r", { timeout: 30_000 }, () => {
  test("saves a directory under its name, one line for each file", async () => {
    await using server = await plantedServer();
    await using folder = await tempDir();
    const { code, stdout, stderr } = await run(["-r", `${server.url}/pub`], { cwd: folder.path });
    expect({ code, stdout }).toEqual({ code: 0, stdout: "" });
    expect(stderr.match(/^saved \S.* \(\d+ bytes\)$/gm)).toHaveLength(files.length);
    expect(stderr).toMatch(/^saved 4 files, \d+ B in \d\.\d s \(.+\/s\)\n$/m);
    expect(await readdir(folder.path)).toEqual(["pub"]);
    await expectTree(folder, "pub");
  });

  test("does so from a server that others wrote", async () => {
    await using root = await tempDir();
    await plant(root.path);
    await using server = await startFtpSrv({ root: root.path });
    await using folder = await tempDir();
    const { code } = await run(["--recursive", `${server.url}/pub/`], { cwd: folder.path });
    expect(code).toBe(0);
    await expectTree(folder, "pub");
  });

  test.each([
    ["the whole server", "", [], "127.0.0.1/pub"],
    ["the root", "/%2F", [], "127.0.0.1/pub"],
    ["an absolute path", "/%2Fpub/", [], "pub"],
    ["a name of its own", "/pub", ["-o", "mine"], "mine"],
    ["a directory for all", "/pub", ["-d", "into/this"], "into/this/pub"],
  ])("knows where to put it: %s", async (_what, path, options, place) => {
    await using server = await plantedServer();
    await using folder = await tempDir();
    const { code } = await run(["-r", ...options, `${server.url}${path}`], { cwd: folder.path });
    expect(code).toBe(0);
    await expectTree(folder, place);
  });

  test("takes files, too", async () => {
    await using server = await plantedServer();
    await using folder = await tempDir();
    const urls = [`${server.url}/pub/a.txt`, `${server.url}/pub/deep`];
    const { code, stderr } = await run(["-r", ...urls], { cwd: folder.path });
    expect(code).toBe(0);
    expect(stderr).toMatch(/^saved 3 files, /m);
    expect((await readdir(folder.path)).toSorted()).toEqual(["a.txt", "deep"]);
  });

  test("does not fetch again what is here with the same size and time", async () => {
    await using server = await plantedServer();
    await using folder = await tempDir();
    const args = ["-r", `${server.url}/pub`];
    await run(args, { cwd: folder.path });
    const { code, stderr } = await run(args, { cwd: folder.path });
    expect(code).toBe(0);
    expect(stderr).toMatch(/^saved 0 files, 0 B in .*; 4 unchanged\n$/);
  });

  test("reports names that would lead elsewhere, and writes nothing outside the target", async () => {
    const names = ["../evil", "..\\evil", "/evil", "deep/../../evil", "..", "e\u001B[2Jvil", "C:\\evil"];
    const facts = "type=file;size=4;modify=20200101000000;";
    await using server = await plantedServer(
      withLines([
        ...names.map((name) => `${facts} ${name}`),
        "type=dir;modify=20200101000000; ../../elsewhere",
      ]),
    );
    await using folder = await tempDir();
    await mkdir(folder.file("here"));
    const { code, stderr } = await run(["-r", `${server.url}/pub`], { cwd: folder.file("here") });
    expect(code).toBe(0);
    expect(await readdir(folder.path)).toEqual(["here"]);
    expect(await readdir(folder.file("here"))).toEqual(["pub"]);
    await expectTree(folder, "here/pub");
    for (const name of [
      "../evil",
      "..\\evil",
      "/evil",
      "deep/../../evil",
      "e\\x1b[2Jvil",
      "../../elsewhere",
    ]) {
      expect(stderr).toContain(`skipped "${name}" in ${server.url}/pub: `);
    }
    expect(stderr.replaceAll("\n", "")).not.toMatch(/\p{Cc}/u);
    expect(stderr).toMatch(/^saved 4 files, .*; \d skipped\n$/m);
  });

  test("leaves links out, and does not write through those that are here", async () => {
    await using server = await plantedServer();
    await symlink("..", join(server.root, "pub", "loop"));
    await using folder = await tempDir();
    await mkdir(folder.file("elsewhere"));
    await mkdir(folder.file("pub"));
    await symlink("../elsewhere", folder.file("pub/deep"));
    const { stderr } = await run(["-r", `${server.url}/pub`], { cwd: folder.path });
    expect(stderr).toContain(`skipped "loop" in ${server.url}/pub: `);
    expect(await readdir(folder.file("elsewhere"))).toEqual([]);
  });

  test("goes on behind a file that can't be read, names it, and ends with its code", async () => {
    await using server = await plantedServer({
      onCommand: ({ verb, argument }) =>
        verb === "RETR" && argument.endsWith("a.txt")
          ? { skip: true, reply: "550 Permission denied." }
          : undefined,
    });
    await using folder = await tempDir();
    const { code, stderr } = await run(["-r", `${server.url}/pub`], { cwd: folder.path });
    expect(code).toBe(6);
    const url = `${server.url}/pub/a.txt`;
    expect(stderr).toContain(`ftp-download: ${url}: cannot read "pub/a.txt": Permission denied.\n`);
    expect(stderr).toMatch(/^saved 3 files, .*; 1 failed:$/m);
    expect(stderr.endsWith(`\n  ${url}\n`)).toBe(true);
    expect((await readdir(folder.file("pub"), { recursive: true })).toSorted()).toEqual(
      tree.filter((name) => name !== "a.txt").toSorted(),
    );
  });

  test.each([["/nowhere"], ["/nowhere/"]])("ends with 5 where there is nothing: %s", async (path) => {
    await using server = await plantedServer();
    await using folder = await tempDir();
    const { code, stderr } = await run(["-r", `${server.url}${path}`], { cwd: folder.path });
    expect(code).toBe(5);
    expect(stderr).toMatch(/^ftp-download: ftp:\S+\/nowhere\/?: .*"nowhere".*$/m);
    expect(await readdir(folder.path)).toEqual([]);
  });

  test("is said to be what a directory needs", async () => {
    await using server = await plantedServer();
    await using folder = await tempDir();
    const { code, stderr } = await run([`${server.url}/pub`], { cwd: folder.path });
    expect({ code, stderr }).toEqual({
      code: 6,
      stderr: 'ftp-download: "pub" is a directory; with -r it is downloaded with all that is in it\n',
    });
    expect(await readdir(folder.path)).toEqual([]);
  });
});
