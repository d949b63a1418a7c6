// Against the FTP server of test-servers: the client and the server see the same things.
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { ConnectionClosedError, ReplyError } from "@netcli/core-transport";
import { failureOf, tempDir } from "@netcli/test-kit";
import { type FtpServerOptions, startFtpServer } from "@netcli/test-servers";
import { describe, expect, test } from "vitest";
import { FtpClient, FtpSession } from "../src/index.ts";
import { identity, pattern, refuseUnhandled, tlsOptions } from "./fixtures.ts";

refuseUnhandled();

const tester = { user: "tester", password: "secret" };
const size = 3_000_000;

describe("our own server", () => {
  test.each<[string, FtpServerOptions, "none" | "starttls" | "implicit"]>([
    ["in clear", {}, "none"],
    ["over IPv6", { host: "::1" }, "none"],
    ["without EPSV", { features: { EPSV: 502 } }, "none"],
    [
      "with an address in 227 that is not its own",
      { features: { EPSV: false }, pasvAddress: "192.0.2.1" },
      "none",
    ],
    ["over TLS", { tls: identity, requireTls: true, requireSessionReuse: true }, "starttls"],
    ["over implicit TLS", { tls: identity, tlsMode: "implicit", requireSessionReuse: true }, "implicit"],
    ["over a long way", { delay: 2 }, "none"],
  ])("gives files away %s", async (_how, options, tls) => {
    await using local = await tempDir();
    await using server = await startFtpServer(options);
    await writeFile(join(server.root, "größe"), pattern(size));
    const { host, port } = server;
    await using client = await FtpClient.connect({ host, port, ...tester, tls, tlsOptions });
    expect(await client.download("größe", local.file("target"))).toMatchObject({ bytes: size });
    expect((await readFile(local.file("target"))).equals(pattern(size))).toBe(true);
    await client.quit();
    expect(server.commands.at(-1)).toBe("QUIT");
    expect(server.errors).toEqual([]);
  });

  test("is believed when it says that not all was sent, and when it says nothing", async () => {
    await using local = await tempDir();
    await using server = await startFtpServer({
      onCommand: ({ verb, nth }) => {
        if (verb !== "RETR") return undefined;
        const data = { cut: { after: 100_000, end: "end" } } as const;
        return nth === 1 ? { data } : { data, reply: null, end: "reset" };
      },
    });
    await writeFile(join(server.root, "file"), pattern(size));
    const { host, port } = server;
    await using client = await FtpClient.connect({ host, port, retries: 0 });
    const target = local.file("target");
    expect(await failureOf(client.download("file", target))).toBeInstanceOf(ReplyError);
    expect(await failureOf(client.download("file", target))).toBeInstanceOf(ConnectionClosedError);
    expect(await failureOf(readFile(target))).toMatchObject({ code: "ENOENT" });
  });

  test("refuses what is to be refused", async () => {
    await using server = await startFtpServer();
    const { host, port } = server;
    await using session = await FtpSession.connect({ host, port, ...tester });
    expect(await session.pwd()).toBe("/");
    expect(await failureOf(session.cwd("none"))).toMatchObject({ isPermanent: true, command: "CWD none" });
    expect(await failureOf(session.login("tester", "wrong"))).toMatchObject({ reply: { code: 530 } });
  });

  test("stands for an FTP proxy, which is told by the user's name which server is meant", async () => {
    const users = { "ada@ftp.example.org": { password: "secret" } };
    await using server = await startFtpServer({ users });
    const { host, port } = server;
    await using client = await FtpClient.connect({
      host,
      port,
      user: "ada@ftp.example.org",
      password: "secret",
    });
    expect(await client.list()).toEqual([]);
  });
});
