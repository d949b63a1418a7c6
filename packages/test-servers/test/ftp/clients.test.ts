// startFtpServer, as clients see it that others wrote: Python's ftplib and curl, where they are there.
import { execFile, spawnSync } from "node:child_process";
import { readFile, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { tempDir } from "@netcli/test-kit";
import { type FtpServer, startFtpServer } from "@netcli/test-servers";
import { describe, expect, test } from "vitest";
import { authority, identity } from "./raw-client.ts";

const run = promisify(execFile);

const hasPython = spawnSync("python3", ["-c", "import ftplib, ssl"]).status === 0;
const hasCurl = (spawnSync("curl", ["--version"]).stdout ?? "").toString().includes("ftps");

const PYTHON = `
import ftplib, io, json, socket, ssl, sys
host, port, ca = sys.argv[1], int(sys.argv[2]), sys.argv[3]
context = ssl.create_default_context(cafile=ca)
def text(bytes): return bytes.decode()
`;

/** Runs a program that has `host`, `port` and `context`; gives what it prints as JSON. */
async function python({ host, port }: FtpServer, program: string): Promise<unknown> {
  await using directory = await tempDir();
  const ca = directory.file("ca.pem");
  await writeFile(ca, authority.certificate);
  const { stdout } = await run("python3", ["-c", PYTHON + program, host, String(port), ca]);
  return JSON.parse(stdout);
}

async function curl(...args: readonly string[]): Promise<string> {
  await using directory = await tempDir();
  const ca = directory.file("ca.pem");
  await writeFile(ca, authority.certificate);
  const { stdout } = await run("curl", ["--silent", "--show-error", "--cacert", ca, ...args]);
  return stdout;
}

async function withFile(server: FtpServer): Promise<FtpServer> {
  const path = join(server.root, "a file");
  await writeFile(path, "one\ntwo\n");
  await utimes(path, 0, 946_684_800);
  return server;
}

const SESSION = `
ftp.login("tester", "secret")
if isinstance(ftp, ftplib.FTP_TLS): ftp.prot_p()
result = {"welcome": ftp.welcome, "pwd": ftp.pwd(), "nlst": ftp.nlst()}
result["mlsd"] = [(name, facts["type"]) for name, facts in ftp.mlsd(facts=["type", "size"])]
lines = []
ftp.retrlines("LIST", lines.append)
result["list"] = len(lines)
lines = []
ftp.retrlines("RETR a file", lines.append)
result["lines"] = lines
ftp.mkd("dir")
ftp.cwd("dir")
ftp.storbinary("STOR up", io.BytesIO(b"0123456789" * 100000))
ftp.storbinary("STOR up", io.BytesIO(b"end"), rest=1000000)
result["size"] = ftp.size("up")
chunks = []
ftp.retrbinary("RETR up", chunks.append, rest=999998)
result["rest"] = text(b"".join(chunks))
ftp.rename("up", "renamed")
ftp.delete("renamed")
ftp.cwd("..")
ftp.rmd("dir")
try: ftp.cwd("none")
except ftplib.error_perm as error: result["error"] = str(error)
ftp.quit()
print(json.dumps(result))
`;

const RESULT = {
  welcome: "220 ready",
  pwd: "/",
  nlst: ["a file"],
  mlsd: [
    [".", "cdir"],
    ["..", "pdir"],
    ["a file", "file"],
  ],
  list: 1,
  lines: ["one", "two"],
  size: 1_000_003,
  rest: "89end",
  error: "550 No such file or directory.",
};

describe.skipIf(!hasPython)("Python's ftplib", () => {
  test("gets along with it, in clear", async () => {
    await using server = await withFile(await startFtpServer());
    const result = await python(server, `ftp = ftplib.FTP()\nftp.connect(host, port, 10)\n${SESSION}`);
    expect(result).toEqual(RESULT);
    expect(server.errors).toEqual([]);
  });

  test("gets along with it over IPv6", async () => {
    await using server = await withFile(await startFtpServer({ host: "::1" }));
    const result = await python(server, `ftp = ftplib.FTP()\nftp.connect(host, port, 10)\n${SESSION}`);
    expect(result).toEqual(RESULT);
    expect(server.commands).toContain("EPSV");
  });

  test.each(["TLSv1_2", "TLSv1_3"])("gets along with it over TLS (%s)", async (version) => {
    await using server = await withFile(await startFtpServer({ tls: identity, requireTls: true }));
    const result = await python(
      server,
      `context.minimum_version = context.maximum_version = ssl.TLSVersion.${version}
ftp = ftplib.FTP_TLS(context=context)\nftp.connect(host, port, 10)\n${SESSION}`,
    );
    expect(result).toEqual(RESULT);
    expect(server.errors).toEqual([]);
  });

  test("takes TLS off with CCC and goes on in clear, with data connections over TLS", async () => {
    await using server = await withFile(await startFtpServer({ tls: identity, features: { CCC: true } }));
    const result = await python(
      server,
      `ftp = ftplib.FTP_TLS(context=context)
ftp.connect(host, port, 10)
ftp.login("tester", "secret")
ftp.prot_p()
ftp.ccc()
result = [ftp.pwd(), ftp.nlst()]
ftp.quit()
print(json.dumps(result))`,
    );
    expect(result).toEqual(["/", ["a file"]]);
    expect(server.sessions[0]).toMatchObject({ isSecure: false, transfers: [{ isSecure: true }] });
    expect(server.errors).toEqual([]);
  });

  test("sees a data connection over TLS that was cut as one that is whole, if TLS was ended", async () => {
    await using server = await withFile(
      await startFtpServer({
        tls: identity,
        onCommand: ({ verb }) => (verb === "RETR" ? { data: { cut: { after: 3, end: "end" } } } : undefined),
      }),
    );
    const result = await python(
      server,
      `ftp = ftplib.FTP_TLS(context=context)
ftp.connect(host, port, 10)
ftp.login("tester", "secret")
ftp.voidcmd("PBSZ 0")
ftp.voidcmd("PROT P")
ftp.voidcmd("TYPE I")
plain, _ = ftplib.FTP.ntransfercmd(ftp, "RETR a file")
data = context.wrap_socket(plain, server_hostname=host, suppress_ragged_eofs=False)
received = b""
try:
    while True:
        chunk = data.recv(100)
        received += chunk
        if not chunk: break
    seen = "whole"
except OSError as error: seen = type(error).__name__
try: reply = ftp.voidresp()
except ftplib.Error as error: reply = str(error)
print(json.dumps([seen, text(received), reply[:3]]))`,
    );
    expect(result).toEqual(["whole", "one", "426"]);
  });
});

describe.skipIf(!hasCurl)("curl", () => {
  test("lists, downloads, resumes and uploads, passively and actively", async () => {
    await using server = await withFile(await startFtpServer());
    const url = `ftp://tester:secret@${server.host}:${server.port}/`;
    expect(await curl(url)).toMatch(/^-rw-.* a file\n$/);
    expect(await curl("--list-only", url)).toBe("a file\n");
    expect(await curl(`${url}a%20file`)).toBe("one\ntwo\n");
    expect(await curl("--continue-at", "4", `${url}a%20file`)).toBe("two\n");
    expect(await curl("--disable-epsv", `${url}a%20file`)).toBe("one\ntwo\n");
    expect(await curl("--ftp-port", "127.0.0.1", `${url}a%20file`)).toBe("one\ntwo\n");
    expect(await curl("--head", `${url}a%20file`)).toContain("Last-Modified: Sat, 01 Jan 2000 00:00:00 GMT");
    await curl("--upload-file", join(server.root, "a file"), "--ftp-create-dirs", `${url}new/copy`);
    expect(await readFile(join(server.root, "new", "copy"), "utf8")).toBe("one\ntwo\n");
    await curl("--append", "--upload-file", join(server.root, "a file"), `${url}new/copy`);
    expect(await readFile(join(server.root, "new", "copy"), "utf8")).toBe("one\ntwo\none\ntwo\n");
    expect(server.errors).toEqual([]);
  });

  test.each([
    [["--ssl-reqd"], "starttls", "ftp"],
    [[], "implicit", "ftps"],
  ] as const)(
    "resumes the session of the control connection, with %j (%s)",
    async (args, tlsMode, scheme) => {
      await using server = await withFile(
        await startFtpServer({ tls: identity, tlsMode, requireTls: true, requireSessionReuse: true }),
      );
      const url = `${scheme}://tester:secret@${server.host}:${server.port}/`;
      expect(await curl(...args, `${url}a%20file`)).toBe("one\ntwo\n");
      await curl(...args, "--upload-file", join(server.root, "a file"), `${url}copy`);
      expect(await readFile(join(server.root, "copy"), "utf8")).toBe("one\ntwo\n");
      expect(server.sessions.map(({ transfers }) => transfers[0]?.isResumed)).toEqual([true, true]);
      expect(server.errors).toEqual([]);
    },
  );

  test.each(["active", "passive"])("takes TLS off with CCC (%s)", async (mode) => {
    await using server = await withFile(await startFtpServer({ tls: identity, features: { CCC: true } }));
    const url = `ftp://tester:secret@${server.host}:${server.port}/a%20file`;
    expect(await curl("--ssl-reqd", "--ftp-ssl-ccc-mode", mode, url)).toBe("one\ntwo\n");
    expect(server.commands).toContain("CCC");
    expect(server.errors).toEqual([]);
  });
});
