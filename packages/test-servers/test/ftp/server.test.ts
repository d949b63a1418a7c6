// startFtpServer: the server as a whole, and what it does with commands that come together.
import { readdir, stat, writeFile } from "node:fs/promises";
import { tempDir } from "@netcli/test-kit";
import { startFtpServer } from "@netcli/test-servers";
import { describe, expect, test } from "vitest";
import { loggedIn, RawClient } from "./raw-client.ts";

describe("commands that come before the one in front of them is answered", () => {
  const lines = "PWD\r\nNOOP\r\nSYST\r\n";

  test.each(["queue", "late"] as const)("are answered in their turn (%s)", async (pipelining) => {
    await using fixture = await loggedIn({ pipelining });
    const { client } = fixture;
    await client.connection.write(lines);
    expect(await client.reply()).toMatch(/^257 /);
    expect(await client.reply()).toMatch(/^200 /);
    expect(await client.reply()).toMatch(/^215 /);
  });

  test("are dropped", async () => {
    await using fixture = await loggedIn({ pipelining: "discard" });
    const { client } = fixture;
    await client.connection.write(lines);
    expect(await client.reply()).toMatch(/^257 /);
    expect(await client.command("CLNT x")).toBe("200 Noted.");
  });

  test("end the session", async () => {
    await using fixture = await loggedIn({ pipelining: "close" });
    const { client } = fixture;
    await client.connection.write(lines);
    expect(await client.connection.readLine()).toBeUndefined();
  });
});

describe("the server", () => {
  test("serves what is there already, and leaves it there", async () => {
    await using directory = await tempDir();
    await writeFile(directory.file("mine"), "x");
    const server = await startFtpServer({ root: directory.path });
    const own = await startFtpServer();
    await Promise.all([server.close(), own.close(), own.close()]);
    expect(await readdir(directory.path)).toEqual(["mine"]);
    await expect(stat(own.root)).rejects.toMatchObject({ code: "ENOENT" });
  });

  test("tells of each session what was said, and hears when it is over", async () => {
    await using server = await startFtpServer({ onCommand: ({ nth }) => void nth });
    await using client = await RawClient.open(server);
    await client.commands("USER tester", "PASS secret");
    await using other = await RawClient.open(server);
    await other.command("NOOP");
    expect(server.commands).toEqual(["USER tester", "PASS secret", "NOOP"]);
    expect(server.sessions.map(({ commands }) => commands)).toEqual([
      ["USER tester", "PASS secret"],
      ["NOOP"],
    ]);
    client.connection.reset();
    await server.sessions[0]?.ended;
    expect(server.errors).toEqual([]);
  });

  test("fails its end when onCommand has failed", async () => {
    const bug = new Error("a bug of the test");
    const server = await startFtpServer({
      onCommand: ({ verb }) => {
        if (verb === "PWD") throw bug;
      },
    });
    const client = await RawClient.open(server);
    await client.logIn();
    await expect(client.command("PWD")).rejects.toThrow("ended the session");
    await expect(server.close()).rejects.toBe(bug);
    await server.close();
  });

  test.each([
    [{ host: "0.0.0.0" }, /does not listen/],
    [{ tlsMode: "implicit" }, /no TLS/],
    [{ delay: 5, port: 2121 }, /delay/],
  ] as const)("can't be started with %j", async (options, message) => {
    await expect(startFtpServer(options)).rejects.toThrow(message);
  });

  test("ends a line that has no end", async () => {
    await using server = await startFtpServer();
    await using client = await RawClient.open(server);
    await client.connection.write("x".repeat(10_000));
    await client.connection.closed;
    await server.sessions[0]?.ended;
    expect(server.errors).toEqual([expect.objectContaining({ limit: "lineBytes" })]);
  });
});
