// Against a server that we did not write: logins, names, sizes, refusals, TLS.
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { ReplyError } from "@netcli/core-transport";
import { type TempDir, tempDir, failureOf } from "@netcli/test-kit";
import { type FtpSrv, startFtpSrv } from "@netcli/test-servers";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { FtpClient, FtpSession } from "../src/index.ts";
import { identity, pattern, refuseUnhandled, tlsOptions } from "./fixtures.ts";

refuseUnhandled();

const sizes = [0, 1, 65_536, 3_000_000];
const names = [
  "with spaces in it",
  " leading and trailing ",
  "größe 日本 😀",
  "-rf",
  "100%",
  "semi;colon",
  "a'b",
];
const ada = { user: "ada", password: "p@ss w:ord" };
let root: TempDir;
let local: TempDir;
let server: FtpSrv;
// Not with AUTH TLS: it takes a client hello that comes soon for a command.
let tlsServer: FtpSrv;

beforeAll(async () => {
  [root, local] = await Promise.all([tempDir(), tempDir()]);
  for (const size of sizes) await writeFile(root.file(`${size} bytes`), pattern(size));
  for (const [index, name] of names.entries()) await writeFile(root.file(name), pattern(index + 10));
  await mkdir(root.file("dir ü"));
  await writeFile(join(root.file("dir ü"), "inside"), pattern(42));
  const users = [{ name: ada.user, password: ada.password }];
  const options = { root: root.path, users, anonymous: true, greeting: "hello" };
  [server, tlsServer] = await Promise.all([
    startFtpSrv(options),
    startFtpSrv({ ...options, tls: identity, implicitTls: true }),
  ]);
});

afterAll(async () => {
  await Promise.all([server.close(), tlsServer.close()]);
  await root[Symbol.asyncDispose]();
  await local[Symbol.asyncDispose]();
});

describe("npm's ftp-srv", () => {
  test.each(["in clear", "over TLS"])("gives files of all sizes away, %s", async (how) => {
    const { host, port } = how === "over TLS" ? tlsServer : server;
    const tls = how === "over TLS" ? "implicit" : "none";
    await using client = await FtpClient.connect({ host, port, ...ada, tls, tlsOptions });
    for (const size of sizes) {
      const target = local.file(`${how} ${size}`);
      expect(await client.download(`${size} bytes`, target)).toMatchObject({ bytes: size });
      expect((await readFile(target)).equals(pattern(size))).toBe(true);
    }
  });

  test.each(names.map((name, index) => [name, index + 10] as const))(
    "gives the file called %j away",
    async (name, size) => {
      await using client = await FtpClient.connect(server.url);
      expect(await client.download(name, local.file(name))).toMatchObject({ bytes: size });
      expect((await readFile(local.file(name))).equals(pattern(size))).toBe(true);
    },
  );

  test("opens the directory of a URL", async () => {
    const password = encodeURIComponent(ada.password);
    const url = `ftp://${ada.user}:${password}@${server.host}:${server.port}/dir%20%C3%BC`;
    await using session = await FtpSession.connect(url);
    expect(await session.pwd()).toBe("/dir ü");
    expect(session.welcome).toContain("hello");
    expect(await session.size("inside")).toBe(42);
    await session.cwd("..");
    expect(await session.pwd()).toBe("/");
  });

  test("refuses what it does not have or know, and the client goes on", async () => {
    await using client = await FtpClient.connect(server.url);
    const error = await failureOf(client.download("no such file", local.file("none")));
    expect(error).toBeInstanceOf(ReplyError);
    expect(error).toMatchObject({ isPermanent: true });
    expect(await client.download("1 bytes", local.file("one"))).toMatchObject({ bytes: 1 });
    const wrong = FtpClient.connect({ host: server.host, port: server.port, ...ada, password: "wrong" });
    expect(await failureOf(wrong)).toMatchObject({ command: "PASS ****", reply: { code: 530 } });
  });

  test("does all that is asked for at one time, though it gives up a port that was asked for ahead", async () => {
    await using client = await FtpClient.connect(server.url);
    const chunks: Uint8Array[] = [];
    const [lines] = await client.use((session) =>
      Promise.all([
        session.dir(),
        session.retrBinary("RETR 1 bytes", (chunk) => chunks.push(chunk)),
        session.retrBinary("RETR 1 bytes", (chunk) => chunks.push(chunk)),
      ]),
    );
    expect(lines.length).toBeGreaterThan(sizes.length);
    expect(Buffer.concat(chunks)).toEqual(Buffer.concat([pattern(1), pattern(1)]));
  });
});
