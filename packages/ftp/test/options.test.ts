// What options and URLs mean: ports, TLS from the first byte, users, directories.
import { failureOf } from "@netcli/test-kit";
import { ArgumentError } from "@netcli/core-transport";
import { describe, expect, test } from "vitest";
import { FtpClient, type FtpOptions, FtpSession } from "../src/index.ts";
import { resolveOptions } from "../src/options.ts";
import { Trust } from "../src/trust.ts";
import { ftpServer } from "./scripted-ftp.ts";

const host = "ftp.example.org";

describe("options", () => {
  test.each<[FtpOptions, Partial<FtpOptions>]>([
    [{ host }, { port: 21, tls: undefined }],
    [
      { host, port: 2121 },
      { port: 2121, tls: undefined },
    ],
    [
      { host, tls: "implicit" },
      { port: 990, tls: "implicit" },
    ],
    [
      { host, port: 990 },
      { port: 990, tls: "implicit" },
    ],
    [
      { host, port: 990, tls: "none" },
      { port: 990, tls: "none" },
    ],
    [
      { host, port: 2121, tls: "implicit" },
      { port: 2121, tls: "implicit" },
    ],
    [
      { host, tls: "starttls" },
      { port: 21, tls: "starttls" },
    ],
    [
      { host, port: undefined, tls: undefined },
      { port: 21, tls: undefined },
    ],
    [
      { host, user: "ada", password: "p", account: "a" },
      { port: 21, user: "ada", password: "p", account: "a" },
    ],
  ])("%j get the defaults %j", (given, expected) => {
    expect(resolveOptions(given)).toEqual({
      ...given,
      pipelining: "safe",
      codec: undefined,
      trust: new Trust("safe"),
      ...expected,
    });
  });

  test("are not changed", () => {
    const given = Object.freeze({ host });
    expect(resolveOptions(given)).not.toBe(given);
    expect(given).toEqual({ host });
  });
});

describe("a URL", () => {
  test.each<[string, Partial<FtpOptions>]>([
    ["ftp://ftp.example.org", { port: 21 }],
    ["ftp://ftp.example.org/", { port: 21 }],
    ["FTP://FTP.Example.ORG:2121", { port: 2121 }],
    ["ftps://ftp.example.org", { port: 990, tls: "implicit" }],
    ["ftps://ftp.example.org:2121", { port: 2121, tls: "implicit" }],
    ["ftp://ftp.example.org:990", { port: 990, tls: "implicit" }],
    ["ftp://ada@ftp.example.org", { user: "ada" }],
    ["ftp://ada:p%40ss%3A@ftp.example.org", { user: "ada", password: "p@ss:" }],
    ["ftp://ftp.example.org/a/b", { directory: "a/b" }],
    ["ftp://ftp.example.org/a/b/", { directory: "a/b" }],
    ["ftp://ftp.example.org/a%20b/%C3%BC", { directory: "a b/ü" }],
    ["ftp://ftp.example.org/%2Fetc/", { directory: "/etc" }],
    ["ftp://ftp.example.org/%2F", { directory: "/" }],
    ["ftp://ftp.example.org/a/../b", { directory: "a/../b" }],
  ])("%s means %j", (url, expected) => {
    const { host: name, ...rest } = resolveOptions(url);
    expect(name).toBe(host);
    const defined = Object.fromEntries(Object.entries(rest).filter(([, value]) => value !== undefined));
    expect(defined).toEqual({ port: 21, pipelining: "safe", trust: new Trust("safe"), ...expected });
  });

  test("may be a URL object", () => {
    const url = new URL("ftp://ada@ftp.example.org:2121/a%20b/");
    expect(resolveOptions(url)).toMatchObject({ host, port: 2121, user: "ada", directory: "a b" });
  });

  test.each([
    ["http://ftp.example.org/"],
    ["smtp://ftp.example.org/"],
    ["ftp.example.org"],
    ["ftp:"],
    ["ftp://"],
    ["ftp://ftp.example.org:0/"],
    ["ftp://ftp.example.org:65536/"],
    ["ftp://ftp.example.org/%"],
    ["ftp://ftp.example.org/a%0D%0ADELE%20b"],
    ["ftp://ftp.example.org/a b"],
    [""],
  ])("%j is refused with ArgumentError", async (url) => {
    expect(await failureOf(FtpClient.connect(url))).toBeInstanceOf(ArgumentError);
    expect(await failureOf(FtpSession.connect(url))).toBeInstanceOf(ArgumentError);
  });

  test("that is refused does not show its password", async () => {
    const error = await failureOf(FtpClient.connect("http://ada:p4ssw0rd@ftp.example.org/"));
    expect(String(error)).not.toContain("p4ssw0rd");
  });

  test("leads to its directory, after the login", async () => {
    await using server = await ftpServer(async (ftp) => {
      await ftp.logIn();
      await ftp.answer("CWD a b/ü", "250 entered");
      await ftp.prove();
    });
    const { host: address, port } = server;
    await using session = await FtpSession.connect(`ftp://anonymous@${address}:${port}/a%20b/%C3%BC/`);
    expect(await session.pwd()).toBe("/here");
  });

  test("without a user opens a session that is not logged in, and a client that is, anonymously", async () => {
    await using server = await ftpServer(async (ftp, index) => {
      if (index === 0) await ftp.say("220 ready");
      else await ftp.logIn();
      if (index === 1) await ftp.answer("CWD pub", "250 entered");
      await ftp.answer("QUIT", "221 bye");
    });
    const url = `ftp://${server.host}:${server.port}/pub`;
    const session = await FtpSession.connect(url);
    expect(session.welcome).toBe("ready");
    await session.quit();
    const client = await FtpClient.connect(url);
    await client.quit();
  });
});

async function greeted(...lines: string[]): Promise<string> {
  await using server = await ftpServer(async (ftp) => {
    await ftp.say(...lines);
    await ftp.peer.closed;
  });
  const { host: address, port } = server;
  const session = await FtpSession.connect({ host: address, port });
  session.close();
  return session.welcome;
}

describe("the greeting", () => {
  test("is kept without its codes", async () => {
    expect(await greeted("220-Hello", "there", "220 bye")).toBe("Hello\nthere\nbye");
  });

  test("may be announced by 120", async () => {
    expect(await greeted("120 ready in 1 minute", "220 now")).toBe("now");
  });
});
