// The client with real servers: ours in each of its styles, and those of the books in Python.
import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { Program, startProgram, tempDir } from "@netcli/test-kit";
import { describe, expect, test } from "vitest";
import { run } from "./program.ts";

const timestampServer = new URL(import.meta.resolve("timestamp-server/dist/main.js"));
const booksServer = fileURLToPath(new URL("books-server.py", import.meta.url));
const hasPython = spawnSync("python3", ["--version"]).status === 0;
const ANSWERS = /^\[\w{3} \w{3} [ \d]\d \d\d:\d\d:\d\d \d{4}\] hello\n\[.{24}\] Grüße\n$/;

describe("timestamp-client and timestamp-server", { timeout: 30_000 }, () => {
  test.each([
    ["TCP, handlers", [], ["--style", "handler"]],
    ["TCP, handlers in workers", [], ["--workers", "2"]],
    ["TCP, a function", [], ["--style", "stream"]],
    ["TCP, a protocol", [], ["--style", "protocol"]],
    ["UDP, handlers", ["--udp"], ["--udp", "--style", "handler"]],
    ["UDP, handlers in workers", ["--udp"], ["--udp", "--workers", "2"]],
    ["UDP, a function", ["--udp"], ["--udp", "--style", "stream"]],
  ])("understand each other over %s", async (_way, args, serverArgs) => {
    await using server = startProgram(timestampServer, [...serverArgs, "--port", "0"]);
    const [, port = ""] = await server.stdout.shows(/^listening on 127\.0\.0\.1:(\d+) /m);
    const { code, stdout, stderr } = await run([...args, "127.0.0.1", port], "hello\nGrüße\n");
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    expect(stdout).toMatch(ANSWERS);
    expect((await server.kill("SIGINT")).code).toBe(0);
  });

  test.each([["handler"], ["stream"], ["protocol"]])(
    "understand each other over a Unix socket: style %s",
    async (style) => {
      await using folder = await tempDir();
      const path = folder.file("socket");
      await using server = startProgram(timestampServer, ["--style", style, "--unix", path]);
      await server.stdout.shows("waiting for connection...\n");
      const { code, stdout, stderr } = await run(["--unix", path], "hello\nGrüße\n");
      expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
      expect(stdout).toMatch(ANSWERS);
    },
  );
});

describe.skipIf(!hasPython)("timestamp-client and the books' servers", { timeout: 30_000 }, () => {
  test.each([
    ["tcp", []],
    ["udp", ["--udp"]],
  ])("understand each other over %s", async (kind, args) => {
    await using books = new Program(["python3", booksServer, kind]);
    const [, port = ""] = await books.stdout.shows(/on port (\d+)\n/);
    const { code, stdout, stderr } = await run([...args, "127.0.0.1", port], "hello\nGrüße\n");
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    expect(stdout).toMatch(ANSWERS);
  });
});
