// Logging in with a password: where it comes from, and that it is never shown.
import { readdir, writeFile } from "node:fs/promises";
import { createAuthority, tempDir, type TempDir } from "@netcli/test-kit";
import { type FtpSrv, startFtpSrv } from "@netcli/test-servers";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { fakeFtp, SIZE } from "./fake-ftp.ts";
import { failureOf, run } from "./program.ts";

const password = "correct horse";
let root: TempDir;
let server: FtpSrv;
let url: string;

beforeAll(async () => {
  root = await tempDir();
  await writeFile(root.file("file"), "content");
  server = await startFtpSrv({ root: root.path, users: [{ name: "ada", password }] });
  url = `ftp://ada@127.0.0.1:${server.port}/file`;
});

afterAll(async () => {
  await server.close();
  await root[Symbol.asyncDispose]();
});

describe("ftp-download with a user", { timeout: 30_000 }, () => {
  test("takes the password from FTP_PASSWORD and never shows it", async () => {
    await using folder = await tempDir();
    const { code, stdout, stderr } = await run(["-v", url], { cwd: folder.path, password });
    expect(code).toBe(0);
    expect(stderr).toContain("C: PASS ****\n");
    expect(stdout + stderr).not.toContain("horse");
  });

  test("takes the password from the URL and never shows it", async () => {
    await using folder = await tempDir();
    const withPassword = url.replace("ada@", `ada:${encodeURIComponent(password)}@`);
    const { code, stdout, stderr } = await run(["-v", withPassword], { cwd: folder.path });
    expect(code).toBe(0);
    expect(stdout + stderr).not.toContain("horse");
  });

  test("ends with 4 when the password is wrong, and does not show it either", async () => {
    const { code, stdout, stderr } = await failureOf(["-v", url], { password: "wrong secret" });
    expect(code).toBe(4);
    expect(stderr).toContain("ftp-download: cannot log in to 127.0.0.1: ");
    expect(stdout + stderr).not.toContain("secret");
  });

  test("ends with 4 when there is neither FTP_PASSWORD nor a terminal, without connecting", async () => {
    const { code, stderr } = await failureOf(["-v", url]);
    expect({ code, stderr }).toEqual({
      code: 4,
      stderr: "ftp-download: a password is needed: set FTP_PASSWORD\n",
    });
  });

  test("ends with 3 and sends no password when TLS is wanted and the server has none", async () => {
    const { code, stderr } = await failureOf(["-v", "--tls", "starttls", url], { password });
    expect(code).toBe(3);
    expect(stderr).toContain("nothing secret was sent");
    expect(stderr).not.toContain("C: PASS");
  });

  test("ends with 3 before the password is sent when the certificate can't be verified", async () => {
    const identity = createAuthority().issue();
    await using secured = await fakeFtp({ identity });
    const args = ["-v", `${secured.url.replace("//", "//ada@")}/file`];
    const { code, stderr } = await failureOf(args, { password });
    expect(code).toBe(3);
    expect(stderr).toContain("can't be verified");
    expect(stderr).not.toContain("C: USER");
  });

  test("takes any certificate with --insecure, for the file too", async () => {
    const identity = createAuthority().issue();
    await using secured = await fakeFtp({
      identity,
      transfer: async (control, data) => {
        await data.startTls(identity);
        await data.send(Buffer.alloc(SIZE));
        data.end();
        await control.send("226 done\r\n");
      },
    });
    await using folder = await tempDir();
    const args = ["-v", "--insecure", `${secured.url.replace("//", "//ada@")}/file`];
    const { code, stderr } = await run(args, { cwd: folder.path, password });
    expect(code).toBe(0);
    expect(stderr.match(/^-- TLS: /gm)).toHaveLength(2);
    expect(await readdir(folder.path)).toEqual(["file"]);
  });
});
