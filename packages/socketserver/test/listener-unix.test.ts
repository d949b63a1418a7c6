// Unix sockets: what is left of a dead server is taken away, and nothing else; and what needs permission.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { chmod, lstat, mkdir, readFile, symlink, writeFile } from "node:fs/promises";
import { existsSync, readFileSync } from "node:fs";
import { afterEach, describe, expect, test } from "vitest";
import { connect } from "@netcli/core-transport";
import { failureOf, tempDir } from "@netcli/test-kit";
import { type ConnectionHandler, ListenError, serve } from "../src/index.ts";
import { ask, dial } from "./dial.ts";
import { nothingLeft } from "./fault-leaks.ts";

afterEach(nothingLeft);

const echo: ConnectionHandler = async (connection) => {
  for await (const line of connection.lines()) await connection.writeLine(line);
};

/** Leaves the file of a Unix socket there as a server does that is killed. */
async function leaveStale(path: string): Promise<void> {
  const program = `require("node:net").createServer().listen(process.argv[1], () => process.kill(process.pid, "SIGKILL"))`;
  await once(spawn(process.execPath, ["-e", program, path], { stdio: "inherit" }), "exit");
  expect((await lstat(path)).isSocket()).toBe(true);
}

describe("a path", () => {
  test("is served, and its file gone behind the server", async () => {
    await using directory = await tempDir();
    const path = directory.file("socket");
    {
      await using server = await serve(echo, { path });
      expect(server.address).toEqual({ address: path, port: 0 });
      await using client = await dial(server);
      expect(await ask(client, "hello")).toBe("hello");
    }
    expect(existsSync(path)).toBe(false);
  });

  test("where a server died is taken over", async () => {
    await using directory = await tempDir();
    const path = directory.file("socket");
    await leaveStale(path);
    await using server = await serve(echo, { path });
    await using client = await dial(server);
    expect(await ask(client, "hello")).toBe("hello");
  });

  test("where a server lives is left to it", async () => {
    await using directory = await tempDir();
    const path = directory.file("socket");
    await using server = await serve(echo, { path });
    const error = await failureOf(serve(echo, { path }));
    expect(error).toBeInstanceOf(ListenError);
    expect(error).toMatchObject({
      systemCode: "EADDRINUSE",
      message: `cannot listen on ${path}: someone listens there already (EADDRINUSE)`,
    });
    await using client = await dial(server);
    expect(await ask(client, "hello")).toBe("hello");
  });

  test("where a file or a directory is, or a link to a dead server, is left as it is", async () => {
    await using directory = await tempDir();
    const stale = directory.file("stale");
    await leaveStale(stale);
    await writeFile(directory.file("file"), "precious");
    await mkdir(directory.file("directory"));
    await symlink(stale, directory.file("link"));
    await symlink(directory.file("nowhere"), directory.file("dangling"));
    for (const name of ["file", "directory", "link"]) {
      const error = await failureOf(serve(echo, { path: directory.file(name) }));
      expect(error).toBeInstanceOf(ListenError);
      expect(error).toMatchObject({ systemCode: "EADDRINUSE" });
    }
    expect(await failureOf(serve(echo, { path: directory.file("dangling") }))).toBeInstanceOf(ListenError);
    expect(await readFile(directory.file("file"), "utf8")).toBe("precious");
    expect((await lstat(directory.file("directory"))).isDirectory()).toBe(true);
    expect((await lstat(directory.file("link"))).isSymbolicLink()).toBe(true);
    expect((await lstat(directory.file("dangling"))).isSymbolicLink()).toBe(true);
    expect((await lstat(stale)).isSocket()).toBe(true);
  });

  test("in a directory that is none is a ListenError", async () => {
    await using directory = await tempDir();
    await writeFile(directory.file("file"), "");
    expect(await failureOf(serve(echo, { path: directory.file("nowhere/socket") }))).toMatchObject({
      name: "ListenError",
      message: expect.stringContaining("there is no such directory"),
    });
    expect(await failureOf(serve(echo, { path: directory.file("file/socket") }))).toMatchObject({
      name: "ListenError",
      systemCode: "ENOTDIR",
    });
  });

  test("may have 107 bytes", async () => {
    await using directory = await tempDir();
    const path = directory.file("").padEnd(107, "x");
    await using server = await serve(echo, { path });
    expect((await lstat(path)).isSocket()).toBe(true);
    await using client = await dial(server);
    expect(await ask(client, "hello")).toBe("hello");
  });
});

const isLinux = process.platform === "linux";

test.skipIf(!isLinux)("an abstract path has no file, and is free again behind its server", async () => {
  const path = `\0netcli-${process.pid}`;
  for (let round = 0; round < 2; round += 1) {
    await using server = await serve(echo, { path });
    expect(server.address).toEqual({ address: path, port: 0 });
    expect(await failureOf(serve(echo, { path }))).toMatchObject({
      name: "ListenError",
      message: `cannot listen on @netcli-${process.pid}: someone listens there already (EADDRINUSE)`,
    });
    await using client = await dial(server);
    expect(await ask(client, "hello")).toBe("hello");
  }
  expect(await failureOf(connect({ path }))).toMatchObject({ name: "ConnectError" });
});

/** The first port that anybody may have. */
function firstFreePort(): number {
  try {
    return Number(readFileSync("/proc/sys/net/ipv4/ip_unprivileged_port_start", "utf8"));
  } catch {
    return 1_024;
  }
}

const { getuid, seteuid } = process;
const isRoot = getuid?.() === 0 && seteuid !== undefined;

/** Runs something as a user with no rights at all; only root can, and this process runs nothing else meanwhile. */
async function asNobody<T>(run: () => Promise<T>): Promise<T> {
  if (isRoot) seteuid(65_534);
  try {
    return await run();
  } finally {
    if (isRoot) seteuid(0);
  }
}

describe("without permission", () => {
  test.skipIf(firstFreePort() <= 1)("a low port can't be had, and the message says why", async () => {
    const error = await asNobody(() => failureOf(serve(echo, { port: 1 })));
    expect(error).toBeInstanceOf(ListenError);
    expect(error).toMatchObject({
      systemCode: "EACCES",
      message: expect.stringMatching(/^cannot listen on 127\.0\.0\.1:1: permission denied;.* \(EACCES\)$/),
    });
  });

  test("a path in a directory of someone else can't be had", async () => {
    await using directory = await tempDir();
    await chmod(directory.path, isRoot ? 0o755 : 0o555);
    const error = await asNobody(() => failureOf(serve(echo, { path: directory.file("socket") })));
    await chmod(directory.path, 0o755);
    expect(error).toMatchObject({ name: "ListenError", systemCode: "EACCES" });
  });

  test.skipIf(!isRoot)(
    "what is left of a dead server of someone else stays, and is no error of its own",
    async () => {
      await using directory = await tempDir();
      const path = directory.file("socket");
      await leaveStale(path);
      await chmod(path, 0o777);
      await chmod(directory.path, 0o1777);
      const error = await asNobody(() => failureOf(serve(echo, { path })));
      expect(error).toMatchObject({ name: "ListenError", systemCode: "EADDRINUSE" });
      expect((await lstat(path)).isSocket()).toBe(true);
    },
  );
});
