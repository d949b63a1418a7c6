// The command line: help, and what is wrong with arguments.
import { describe, expect, test } from "vitest";
import { run } from "./program.ts";

describe("the command line of timestamp-client", { timeout: 30_000 }, () => {
  test.each([["--help"], ["-h"]])("shows the help on stdout for %s", async (option) => {
    const { code, stdout, stderr } = await run([option]);
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    expect(stdout).toMatch(/^Usage: timestamp-client \[options\] \[HOST \[PORT\]\]\n/);
    for (const line of stdout.split("\n")) expect(line.length).toBeLessThan(80);
  });

  test.each([
    ["an unknown option", ["--fast"], "'--fast'"],
    ["an option without its value", ["--message"], "--message"],
    ["a third argument", ["a.example", "1", "2"], "name one host and one port"],
    ["two hosts", ["a.example", "--host", "b.example"], "the host and the port once"],
    ["two ports", ["a.example", "1", "--port", "2"], "the host and the port once"],
    ["a host that can be none", ["a b"], '"a b" is not a host name'],
    ["an empty host", ["--host", ""], '"" is not a host name'],
    ["a port that is no number", ["a.example", "http"], "the port is 1 to 65535"],
    ["port 0", ["--port", "0"], "the port is 1 to 65535"],
    ["a port that is too large", ["--port", "65536"], "the port is 1 to 65535"],
    ["a Unix socket and a host", ["--unix", "/tmp/x", "a.example"], "--unix goes without"],
    ["a Unix socket and a port", ["--unix", "/tmp/x", "--port", "1"], "--unix goes without"],
    ["datagrams to a Unix socket", ["--unix", "/tmp/x", "--udp"], "--unix goes without --udp"],
    ["a timeout of nothing", ["--timeout", "0"], "--timeout is a number"],
    ["a timeout that is no number", ["--timeout", "soon"], "--timeout is a number"],
    ["a message of two lines", ["--message", "one\ntwo"], "the message contains a line feed"],
  ])("ends with 2 for %s", async (_what, args, sentence) => {
    const { code, stdout, stderr } = await run(args);
    expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
    expect(stderr).toContain(sentence);
    expect(stderr).toMatch(/^timestamp-client: .*\nTry: timestamp-client --help\n$/);
  });

  test.each([
    ["a path that is too long", ["--unix", `/tmp/${"x".repeat(200)}`], "1 to 107 bytes", "hello\n"],
    ["a datagram that is too large", ["--udp"], "too large", "x".repeat(70_000)],
  ])("ends with 2 for %s", async (_what, args, sentence, input) => {
    const { code, stdout, stderr } = await run(args, input);
    expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
    expect(stderr).toContain(sentence);
    expect(stderr).toMatch(/^timestamp-client: .*\n$/);
  });
});
