// Several URLs: those of one login share a client, and the failure of one does not stop the others.
import { mkdir, readdir, readFile, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { closedPort, gate, tempDir } from "@netcli/test-kit";
import { type FtpServer, startFtpServer } from "@netcli/test-servers";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { run } from "./program.ts";

let server: FtpServer;

beforeAll(async () => {
  server = await startFtpServer();
  await mkdir(join(server.root, "pub"));
  for (const name of ["a", "b", "pub/c"]) await writeFile(join(server.root, name), `content of ${name}`);
});

afterAll(() => server.close());

/** The commands with that verb, from now on. */
function countFrom(verb: string): () => number {
  const before = server.commands.length;
  return () => server.commands.slice(before).filter((line) => line.startsWith(verb)).length;
}

describe("ftp-download with several URLs", { timeout: 30_000 }, () => {
  test("saves them all over one connection, and says what it did in all", async () => {
    await using folder = await tempDir();
    const logins = countFrom("USER");
    const urls = ["a", "b", "pub/c"].map((path) => `${server.url}/${path}`);
    const { code, stdout, stderr } = await run(urls, { cwd: folder.path });
    expect({ code, stdout }).toEqual({ code: 0, stdout: "" });
    const lines = stderr.split("\n");
    expect(lines.slice(0, 3)).toEqual([
      `saved ${folder.file("a")} (12 bytes)`,
      `saved ${folder.file("b")} (12 bytes)`,
      `saved ${folder.file("c")} (16 bytes)`,
    ]);
    expect(lines[3]).toMatch(/^saved 3 files, 40 B in \d\.\d s \(\S+ \S+\/s\)$/);
    expect(await readdir(folder.path)).toEqual(["a", "b", "c"]);
    expect(await readFile(folder.file("c"), "utf8")).toBe("content of pub/c");
    expect(logins()).toBe(1);
  });

  test("goes on behind one that fails, names it, and ends with its code", async () => {
    await using folder = await tempDir();
    const wrong = [`${server.url}/nowhere/x`, `${server.url}/missing`];
    const args = [`${server.url}/a`, ...wrong, `${server.url}/b`];
    const { code, stderr } = await run(args, { cwd: folder.path });
    expect(code).toBe(5);
    expect(stderr).toMatch(/^ftp-download: ftp:\S+\/nowhere\/x: no such directory "nowhere": .+$/m);
    expect(stderr).toMatch(/^ftp-download: ftp:\S+\/missing: cannot read "missing": .+$/m);
    expect(stderr).toMatch(
      /^saved 2 files, .*; 2 failed:\n {2}ftp:\S+\/nowhere\/x\n {2}ftp:\S+\/missing\n$/m,
    );
    expect(await readdir(folder.path)).toEqual(["a", "b"]);
  });

  test("goes on with another server where one is not there, which it asks once", async () => {
    await using folder = await tempDir();
    const dead = `ftp://127.0.0.1:${await closedPort()}`;
    const { code, stderr } = await run([`${dead}/x`, `${dead}/y`, `${server.url}/a`], { cwd: folder.path });
    expect(code).toBe(3);
    expect(stderr.match(/nothing listens there/g)).toHaveLength(2);
    expect(await readdir(folder.path)).toEqual(["a"]);
  });

  test("logs in once for each user, and with each password once", async () => {
    await using folder = await tempDir();
    const logins = countFrom("PASS");
    const base = `127.0.0.1:${server.port}`;
    const args = [
      "-v",
      `ftp://tester@${base}/a`,
      `ftp://tester:secret@${base}/b`,
      `ftp://tester:wrong@${base}/x`,
      `ftp://tester:wrong@${base}/y`,
      `ftp://${base}/pub/c`,
    ];
    const { code, stderr } = await run(args, { cwd: folder.path });
    expect(code).toBe(4);
    expect(logins()).toBe(3);
    expect(await readdir(folder.path)).toEqual(["a", "b", "c"]);
    expect(stderr).toContain("  ftp://tester@");
    expect(stderr).not.toMatch(/secret|wrong/);
  });

  test("fetches as many at the same time as --connections allows", async () => {
    const arrived: string[] = [];
    const all = gate();
    await using slow = await startFtpServer({
      onCommand: async ({ verb, argument }) => {
        if (verb !== "RETR") return undefined;
        arrived.push(argument);
        if (arrived.length === 3) all.open();
        await all.opened;
        return undefined;
      },
    });
    const names = ["one", "two", "three"];
    for (const name of names) await writeFile(join(slow.root, name), name);
    await using folder = await tempDir();
    const urls = names.map((name) => `${slow.url}/${name}`);
    const { code, stderr } = await run(["-v", "--connections", "3", ...urls], { cwd: folder.path });
    expect(code).toBe(0);
    expect(slow.sessions).toHaveLength(3);
    expect(stderr).toMatch(/^\[\d+\] C: RETR one$/m);
    expect((await readdir(folder.path)).toSorted()).toEqual(names.toSorted());
  });

  test("does not fetch again what is here with the same size and time", async () => {
    await using folder = await tempDir();
    const urls = ["a", "b"].map((path) => `${server.url}/${path}`);
    await run(urls, { cwd: folder.path });
    const transfers = countFrom("RETR");
    const again = await run(urls, { cwd: folder.path });
    expect(again.stderr).toMatch(/^unchanged \S+\/a\nunchanged \S+\/b\nsaved 0 files, .*; 2 unchanged\n$/);
    await utimes(folder.file("a"), 0, 0);
    await writeFile(folder.file("b"), "longer than it was");
    const changed = await run(urls, { cwd: folder.path });
    expect(changed.stderr).toMatch(/saved 2 files/);
    const anew = await run(["--no-resume", ...urls], { cwd: folder.path });
    expect(anew.stderr).toMatch(/saved 2 files/);
    expect(transfers()).toBe(4);
    expect(await readFile(folder.file("b"), "utf8")).toBe("content of b");
  });

  test("saves into the directory that -d names, which it makes", async () => {
    await using folder = await tempDir();
    const args = ["-d", "new/one", `${server.url}/a`, `${server.url}/pub/c`];
    expect((await run(args, { cwd: folder.path })).code).toBe(0);
    expect(await readdir(folder.file("new/one"))).toEqual(["a", "c"]);
    const named = ["-d", "new", "-o", "other", `${server.url}/a`];
    expect((await run(named, { cwd: folder.path })).code).toBe(0);
    expect(await readdir(folder.file("new"))).toEqual(["one", "other"]);
  });

  test("says with -q only what went wrong", async () => {
    await using folder = await tempDir();
    const { stderr } = await run(["-q", `${server.url}/a`, `${server.url}/missing`], { cwd: folder.path });
    expect(stderr).toMatch(/^ftp-download: ftp:\S+\/missing: cannot read "missing": .+\n$/);
    expect(await readdir(folder.path)).toEqual(["a"]);
  });
});
