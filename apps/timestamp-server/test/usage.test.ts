// The command line: help, and what is wrong with arguments.
import { describe, expect, test } from "vitest";
import { run } from "./program.ts";

describe("the command line of timestamp-server", { timeout: 30_000 }, () => {
  test.each([["--help"], ["-h"]])("shows the help on stdout for %s", async (option) => {
    const { code, stdout, stderr } = await run([option]);
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    expect(stdout).toMatch(/^Usage: timestamp-server \[options\]\n/);
    for (const line of stdout.split("\n")) expect(line.length).toBeLessThan(80);
  });

  test.each([
    ["an unknown option", ["--fast"], "'--fast'"],
    ["an option without its value", ["--port"], "--port"],
    ["an argument that is no option", ["127.0.0.1"], "'127.0.0.1'"],
    ["a port that is no number", ["--port", "http"], "--port is 0 to 65535"],
    ["a port that is too large", ["--port", "65536"], "--port is 0 to 65535"],
    ["an empty port", ["--port", ""], "--port is 0 to 65535"],
    ["a host that can be none", ["--host", "a b"], '"a b" is not a host name'],
    ["an empty host", ["--host", ""], '"" is not a host name'],
    ["a Unix socket and a port", ["--unix", "/tmp/x", "--port", "1"], "--unix goes without"],
    ["a Unix socket and a host", ["--unix", "/tmp/x", "--host", "::1"], "--unix goes without"],
    ["a path that is too long", ["--unix", `/tmp/${"x".repeat(200)}`], "1 to 107 bytes"],
    ["an empty path", ["--unix", ""], "1 to 107 bytes"],
    ["an unknown style", ["--style", "twisted"], "--style is one of handler, stream, protocol"],
    ["protocols over UDP", ["--style", "protocol", "--udp"], "--style protocol has no --udp"],
    ["no worker", ["--workers", "0"], "--workers is 1 to 9999"],
    ["half a worker", ["--workers", "0.5"], "--workers is 1 to 9999"],
    ["workers that run a function", ["--workers", "2", "--style", "stream"], "--style handler only"],
    ["workers that run a protocol", ["--workers", "2", "--style", "protocol"], "--style handler only"],
  ])("ends with 2 for %s", async (_what, args, sentence) => {
    const { code, stdout, stderr } = await run(args);
    expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
    expect(stderr).toContain(sentence);
    expect(stderr).toMatch(/^timestamp-server: .*\nTry: timestamp-server --help\n$/);
  });
});
