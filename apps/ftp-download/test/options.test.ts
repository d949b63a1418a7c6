// Options that say how: active mode, parts of a file at the same time, hashes, the dialogue.
import { randomBytes } from "node:crypto";
import { mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { createAuthority, tempDir } from "@netcli/test-kit";
import { startFtpServer } from "@netcli/test-servers";
import { describe, expect, test } from "vitest";
import { run } from "./program.ts";

const content = randomBytes(4_000_000);

describe("ftp-download", { timeout: 30_000 }, () => {
  test("lets the server make the data connections with --active", async () => {
    await using server = await startFtpServer({ features: { EPSV: false, PASV: false } });
    await writeFile(join(server.root, "file"), content);
    await using folder = await tempDir();
    const passive = await run(["--no-resume", `${server.url}/file`], { cwd: folder.path });
    expect(passive.code).toBe(8);
    const active = await run(["--active", `${server.url}/file`], { cwd: folder.path });
    expect(active.code).toBe(0);
    expect(content.equals(await readFile(folder.file("file")))).toBe(true);
  });

  test("fetches several parts at the same time with --segments", async () => {
    await using server = await startFtpServer();
    await writeFile(join(server.root, "file"), content);
    await using folder = await tempDir();
    const { code } = await run(["--segments", "3", `${server.url}/file`], { cwd: folder.path });
    expect(code).toBe(0);
    expect(server.commands.filter((line) => line.startsWith("RETR"))).toHaveLength(3);
    expect(server.sessions).toHaveLength(3);
    expect(await readdir(folder.path)).toEqual(["file"]);
    expect(content.equals(await readFile(folder.file("file")))).toBe(true);
  });

  test("finds with --verify what the size does not tell", async () => {
    await using server = await startFtpServer({
      onCommand: ({ verb }) =>
        verb === "RETR" ? { data: { alter: (chunk) => Uint8Array.from(chunk).fill(0) } } : undefined,
    });
    await writeFile(join(server.root, "file"), content);
    await using folder = await tempDir();
    const { code, stderr } = await run(["--verify", `${server.url}/file`], { cwd: folder.path });
    expect(code).toBe(8);
    expect(stderr).toMatch(/^ftp-download: "file" arrived changed: .+\n$/);
    expect(await readdir(folder.path)).toEqual([]);
  });

  test("does so with directories, too", async () => {
    await using server = await startFtpServer({
      onCommand: ({ verb, argument }) =>
        verb === "RETR" && argument.endsWith("bad")
          ? { data: { alter: (chunk) => Uint8Array.from(chunk).fill(0) } }
          : undefined,
    });
    await mkdir(join(server.root, "pub"));
    for (const name of ["bad", "good"]) await writeFile(join(server.root, "pub", name), content);
    await using folder = await tempDir();
    const { code, stderr } = await run(["-r", "--verify", `${server.url}/pub`], { cwd: folder.path });
    expect(code).toBe(8);
    expect(stderr).toContain(`${server.url}/pub/bad: "pub/bad" arrived changed: `);
    expect(stderr).not.toMatch(/^saved \S+bad/m);
    expect(await readdir(folder.file("pub"))).toEqual(["good"]);
  });

  test("says it when --verify is not possible", async () => {
    const features = {
      HASH: false,
      XCRC: false,
      XMD5: false,
      XSHA: false,
      XSHA1: false,
      XSHA256: false,
      XSHA512: false,
    };
    await using server = await startFtpServer({ features });
    await writeFile(join(server.root, "file"), content);
    await using folder = await tempDir();
    const { code, stderr } = await run(["--verify", `${server.url}/file`], { cwd: folder.path });
    expect(code).toBe(8);
    expect(stderr).toMatch(/^ftp-download: the server offers no hash that is known\n$/);
    expect(await readdir(folder.path)).toEqual([]);
  });

  test("takes the certificate only with --insecure", async () => {
    await using server = await startFtpServer({ tls: createAuthority().issue(), requireTls: true });
    await writeFile(join(server.root, "file"), content);
    await using folder = await tempDir();
    const args = ["--tls", "starttls", `${server.url}/file`];
    expect((await run(args, { cwd: folder.path })).code).toBe(3);
    expect((await run(["--insecure", ...args], { cwd: folder.path })).code).toBe(0);
    expect(content.equals(await readFile(folder.file("file")))).toBe(true);
  });
});
