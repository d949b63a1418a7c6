// startFtpServer: commands that need no data connection.
import { chmod, mkdir, readdir, readFile, stat, symlink, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { connect } from "@netcli/core-transport";
import { tempDir } from "@netcli/test-kit";
import { startFtpServer } from "@netcli/test-servers";
import { describe, expect, test } from "vitest";
import { loggedIn, RawClient } from "./raw-client.ts";

describe("the login", () => {
  test("takes the right password, refuses a wrong one, and anonymous with any", async () => {
    await using server = await startFtpServer();
    await using client = await RawClient.open(server);
    expect(client.greeting).toBe("220 ready");
    expect(await client.command("PWD")).toMatch(/^530 /);
    expect(await client.command("PASS secret")).toMatch(/^503 /);
    expect(await client.logIn("tester", "wrong")).toMatch(/^530 /);
    expect(await client.logIn("nobody", "secret")).toMatch(/^530 /);
    expect(await client.logIn("toString", "secret")).toMatch(/^530 /);
    expect(await client.logIn()).toMatch(/^230 /);
    expect(await client.logIn("anonymous", "me@")).toMatch(/^230 /);
    expect(server.sessions[0]?.user).toBe("anonymous");
    expect(await client.command("REIN")).toMatch(/^220 /);
    expect(await client.command("PWD")).toMatch(/^530 /);
  });

  test("knows no anonymous user where there shall be none", async () => {
    await using server = await startFtpServer({ anonymous: false });
    await using client = await RawClient.open(server);
    expect(await client.logIn("anonymous", "me@")).toMatch(/^530 /);
  });

  test("asks for an account where a user has one", async () => {
    await using server = await startFtpServer({ users: { ada: { password: "p", account: "math" } } });
    await using client = await RawClient.open(server);
    expect(await client.command("ACCT math")).toMatch(/^503 /);
    expect(await client.logIn("ada", "p")).toMatch(/^332 /);
    expect(await client.command("PWD")).toMatch(/^530 /);
    expect(await client.command("ACCT physics")).toMatch(/^530 /);
    expect(await client.command("ACCT math")).toMatch(/^230 /);
  });

  test("greets with several lines, and says goodbye", async () => {
    await using server = await startFtpServer({ greeting: ["one", "two"] });
    await using client = await RawClient.open(server);
    expect(client.greeting).toBe("220-one\n220 two");
    expect(await client.command("QUIT")).toMatch(/^221 /);
    expect(await client.connection.readLine()).toBeUndefined();
    expect(server.commands).toEqual(["QUIT"]);
  });

  test("refuses more connections, and more logins, than there may be", async () => {
    await using server = await startFtpServer({ maxConnections: 2, maxLogins: 1 });
    await using first = await RawClient.open(server);
    await using second = await RawClient.open(server);
    expect(await first.logIn()).toMatch(/^230 /);
    expect(await second.logIn()).toBe("530 Too many users are logged in.");
    await using third = await connect(server);
    expect(await third.readLine()).toBe("421 Too many connections.");
    expect(await third.readLine()).toBeUndefined();
    await first.command("QUIT");
    await server.sessions[0]?.ended;
    expect(await second.logIn()).toMatch(/^230 /);
  });

  test("ends a session in which nothing is said", async () => {
    await using server = await startFtpServer({ idleTimeout: 20 });
    await using client = await RawClient.open(server);
    expect(await client.reply()).toMatch(/^421 /);
    expect(await client.connection.readLine()).toBeUndefined();
  });
});

describe("the directories", () => {
  test("are entered, left, made and removed, with quotes doubled", async () => {
    await using fixture = await loggedIn();
    const { client } = fixture;
    expect(await client.command("PWD")).toBe('257 "/" is the directory.');
    expect(await client.command('MKD a "b" c')).toBe('257 "/a ""b"" c" created.');
    expect(await client.command('MKD a "b" c')).toMatch(/^550 /);
    expect(await client.command('CWD a "b" c')).toMatch(/^250 /);
    expect(await client.command("XMKD ü")).toBe('257 "/a ""b"" c/ü" created.');
    expect(await client.command("XCWD ü")).toMatch(/^250 /);
    expect(await client.command("XPWD")).toBe('257 "/a ""b"" c/ü" is the directory.');
    expect(await client.command("XCUP")).toMatch(/^250 /);
    expect(await client.command("CDUP")).toMatch(/^250 /);
    expect(await client.command('RMD a "b" c')).toMatch(/^550 /);
    expect(await client.command('XRMD a "b" c/ü')).toMatch(/^250 /);
    expect(await client.command('RMD a "b" c')).toMatch(/^250 /);
    expect(await client.command("CWD gone")).toMatch(/^550 /);
    expect(await client.command("RMD /")).toMatch(/^550 /);
  });

  test("lead nowhere out of the root, by dots or by links", async () => {
    await using outside = await tempDir();
    await writeFile(outside.file("secret"), "secret");
    await using fixture = await loggedIn();
    const { server, client } = fixture;
    await symlink(outside.path, join(server.root, "way out"));
    await symlink(outside.file("made"), join(server.root, "dangling"));
    expect(await client.command("CWD ../../..")).toMatch(/^250 /);
    expect(await client.command("PWD")).toBe('257 "/" is the directory.');
    for (const line of [
      "CWD way out",
      "SIZE way out/secret",
      "DELE way out/secret",
      "MKD way out/x",
      "STAT way out/",
      "MDTM dangling",
    ]) {
      expect(await client.command(line)).toMatch(/^550 /);
    }
    await client.dataPort();
    expect(await client.command("STOR dangling")).toMatch(/^553 /);
    expect(await client.command("STOR way out/secret")).toMatch(/^553 /);
    expect(await readdir(outside.path)).toEqual(["secret"]);
    expect(await client.command("DELE way out")).toMatch(/^250 /);
    expect(await readFile(outside.file("secret"), "utf8")).toBe("secret");
  });
});

describe("the files", () => {
  test("are renamed only right behind RNFR, and deleted", async () => {
    await using fixture = await loggedIn();
    const { server, client } = fixture;
    await writeFile(join(server.root, "old"), "x");
    await mkdir(join(server.root, "dir"));
    expect(await client.command("RNTO new")).toMatch(/^503 /);
    expect(await client.command("RNFR none")).toMatch(/^550 /);
    expect(await client.command("RNFR old")).toMatch(/^350 /);
    expect(await client.command("NOOP")).toMatch(/^200 /);
    expect(await client.command("RNTO new")).toMatch(/^503 /);
    expect(await client.commands("RNFR old", "RNFR old", "RNTO none/new")).toEqual([
      expect.stringMatching(/^350 /),
      expect.stringMatching(/^350 /),
      expect.stringMatching(/^553 /),
    ]);
    await client.command("RNFR old");
    expect(await client.command("RNTO a name\0with a line feed")).toMatch(/^250 /);
    expect((await readdir(server.root)).toSorted()).toEqual(["a name\nwith a line feed", "dir"]);
    expect(await client.command("MLST a name\0with a line feed")).toContain(" /a name\0with a line feed\n");
    expect(await client.command("DELE dir")).toMatch(/^550 /);
    expect(await client.command("DELE a name\0with a line feed")).toMatch(/^250 /);
    expect(await client.command("DELE a name\0with a line feed")).toMatch(/^550 /);
  });

  test("have sizes as they are transferred, times that can be set, and modes", async () => {
    await using fixture = await loggedIn();
    const { server, client } = fixture;
    const path = join(server.root, "a file");
    await writeFile(path, "one\ntwo\r\nthree");
    await chmod(path, 0o640);
    await utimes(path, 0, Date.UTC(2020, 1, 29, 12, 34, 56) / 1000);
    expect(await client.command("SIZE a file")).toBe("213 14");
    expect(await client.commands("TYPE A", "SIZE a file", "TYPE I")).toContain("213 15");
    expect(await client.command("MDTM a file")).toBe("213 20200229123456");
    expect(await client.command("MDTM none")).toMatch(/^550 /);
    expect(await client.command("SIZE /")).toMatch(/^550 /);
    expect(await client.command("MLST a file")).toMatch(
      /^250-Facts:\n type=file;size=14;modify=20200229123456;perm=adfrw;unique=\w+g\w+;UNIX.mode=0640; \/a file\n250 End$/,
    );
    expect(await client.command("OPTS MLST modify;Type;nonsense;")).toBe("200 MLST OPTS type;modify;");
    expect(await client.command("MLST a file")).toContain("\n type=file;modify=20200229123456; /a file\n");
    expect(await client.command("MFMT 20210101000000 a file")).toBe("213 Modify=20210101000000; a file");
    expect(await client.command("MDTM 20220101000000 a file")).toMatch(/^253 /);
    expect((await stat(path)).mtime).toEqual(new Date("2022-01-01T00:00:00Z"));
    expect(await client.command("MFMT 20211301000000 a file")).toMatch(/^501 /);
    expect(await client.command("SITE CHMOD 600 a file")).toMatch(/^200 /);
    expect((await stat(path)).mode & 0o777).toBe(0o600);
    expect(await client.command("SITE HELP")).toContain("CHMOD");
    expect(await client.command("SITE EXEC ls")).toMatch(/^500 /);
  });

  test("have digests, of all of them or of a part", async () => {
    await using fixture = await loggedIn();
    const { server, client } = fixture;
    await writeFile(join(server.root, "a file"), "abcdefghij");
    const all = "72399361da6a7754fec986dca5b7cbaf1c810a28ded4abaf56b2106d06cb78b0";
    expect(await client.command("HASH a file")).toBe(`213 SHA-256 0-9 ${all} a file`);
    expect(await client.command("OPTS HASH")).toBe("200 SHA-256");
    expect(await client.command("OPTS HASH MD4")).toMatch(/^504 /);
    expect(await client.command("OPTS HASH md5")).toBe("200 MD5");
    expect(await client.command("FEAT")).toContain("\n HASH SHA-256;SHA-512;SHA-1;MD5*;CRC32\n");
    expect(await client.commands("RANG 0 2", "HASH a file", "HASH a file")).toEqual([
      expect.stringMatching(/^350 /),
      "213 MD5 0-2 900150983cd24fb0d6963f7d28e17f72 a file",
      "213 MD5 0-9 a925576942e94b2ef57a066101b48876 a file",
    ]);
    expect(await client.command("XCRC a file")).toBe("250 3981703A");
    expect(await client.command('XMD5 "a file" 0 3')).toBe("250 900150983CD24FB0D6963F7D28E17F72");
    expect(await client.command("XMD5 a file 0 3")).toBe("250 900150983CD24FB0D6963F7D28E17F72");
    expect(await client.command("XSHA256 a file")).toBe(`250 ${all.toUpperCase()}`);
    expect(await client.command("XSHA1 a file")).toBe(await client.command("XSHA a file"));
    expect(await client.command("XSHA512 a file")).toMatch(/^250 [\dA-F]{128}$/);
    expect(await client.command("XMD5 none 0 3")).toMatch(/^550 /);
    expect(await client.command("HASH /")).toMatch(/^550 /);
  });
});

describe("the other commands", () => {
  test("say what the server can do, less what is switched off", async () => {
    await using server = await startFtpServer({ features: { MLST: false, HASH: 502, "MODE Z": false } });
    await using client = await RawClient.open(server);
    const features = (await client.command("FEAT")).split("\n");
    expect(features).toEqual(expect.arrayContaining([" EPSV", " MFMT", " REST STREAM", " UTF8", " XCRC"]));
    expect(features.filter((line) => /MLST|HASH|MODE|AUTH|CCC/.test(line))).toEqual([]);
    await client.logIn();
    expect(await client.command("MLST")).toMatch(/^500 /);
    expect(await client.command("HASH x")).toMatch(/^502 /);
    expect(await client.command("MODE Z")).toMatch(/^504 /);
    expect(await client.command("OPTS HASH")).toMatch(/^501 /);
    expect(await client.command("HELP")).not.toContain("HASH");
  });

  test.each([
    ["SYST", "215 UNIX Type: L8"],
    ["TYPE A N", /^200 /],
    ["TYPE L 8", /^200 /],
    ["TYPE E", /^504 /],
    ["TYPE X", /^501 /],
    ["STRU F", /^200 /],
    ["STRU R", /^504 /],
    ["MODE S", /^200 /],
    ["MODE B", /^504 /],
    ["ALLO 1000", /^202 /],
    ["REST 1000", /^350 /],
    ["REST -1", /^501 /],
    ["RANG 5", /^501 /],
    ["OPTS UTF8 ON", /^200 /],
    ["OPTS MODE Z LEVEL 9", /^200 /],
    ["OPTS NOOP", /^501 /],
    ["CLNT vitest", /^200 /],
    ["LANG en", /^200 /],
    ["LANG de", /^504 /],
    ["HOST example.org", /^503 /],
    ["HELP RETR", /^214 /],
    ["HELP WHAT", /^502 /],
    ["STAT", /^211-.*Logged in as tester/s],
    ["ABOR", /^226 /],
    ["ACCT x", /^202 /],
    ["AUTH TLS", /^502 /],
    ["PBSZ 0", /^503 /],
    ["PROT P", /^503 /],
    ["CWD", /^501 /],
    ["noop", /^200 /],
    ["WHAT", /^500 /],
    ["constructor", /^500 /],
    ["", /^500 /],
  ])("%s", async (line, expected) => {
    await using fixture = await loggedIn();
    expect(await fixture.client.command(line)).toMatch(expected);
  });

  test("are understood behind what Telnet puts in front of them", async () => {
    await using fixture = await loggedIn();
    const { client } = fixture;
    await client.connection.write(Buffer.from("\xFF\xF4\xFFABOR\r\n", "latin1"));
    expect(await client.reply()).toMatch(/^226 /);
  });

  test("list over the control connection, and say so where they do not", async () => {
    await using fixture = await loggedIn();
    const { server, client } = fixture;
    await writeFile(join(server.root, "a file"), "12345");
    expect(await client.command("STAT /")).toMatch(
      /^213-Status:\n -rw-r--r-- +1 ftp +ftp +5 .* a file\n213 End$/,
    );
    await using without = await loggedIn({ features: { "STAT path": 502 } });
    expect(await without.client.command("STAT /")).toMatch(/^502 /);
  });

  test("come in latin1, and go in latin1 where that is wanted", async () => {
    await using fixture = await loggedIn({ encoding: "latin1" });
    const { client } = fixture;
    await client.connection.write(Buffer.from("MKD größe\r\n", "latin1"));
    expect(Buffer.from(await client.connection.readExactly(22)).toString("latin1")).toBe(
      '257 "/größe" created.\r',
    );
    expect(await readdir(fixture.server.root)).toEqual(["größe"]);
  });
});
