// The command line: help, and what is wrong with arguments.
import { readdir } from "node:fs/promises";
import { tempDir } from "@netcli/test-kit";
import { describe, expect, test } from "vitest";
import { run } from "./program.ts";

describe("the command line of ftp-download", { timeout: 30_000 }, () => {
  test.each([["--help"], ["-h"]])("shows the help on stdout for %s", async (option) => {
    const { code, stdout, stderr } = await run([option]);
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    expect(stdout).toMatch(/^Usage: ftp-download \[options\] ftp:\/\//);
    for (const line of stdout.split("\n")) expect(line.length).toBeLessThan(80);
  });

  test.each([
    ["no URL", [], "name a URL"],
    ["one name for two URLs", ["-o", "z", "ftp://a.example/x", "ftp://a.example/y"], "-o is for one URL"],
    ["two URLs that give one file", ["ftp://a.example/x", "ftp://b.example/x"], "would be saved as"],
    ["a wrong URL among others", ["ftp://a.example/x", "file.txt"], "URL 2: the URL must begin with"],
    ["something that is no URL", ["file.txt"], "the URL must begin with"],
    ["a URL of another protocol", ["pop3://a.example/x"], '"pop3:" is not FTP'],
    ["a URL without a file", ["ftp://a.example"], "no file but a directory; with -r it is"],
    ["a URL of a directory", ["ftp://a.example/pub/"], "no file but a directory; with -r it is"],
    ["a URL that ends in two dots", ["ftp://a.example/pub/.."], "the URL names no file"],
    ["a URL with a line end in it", ["ftp://a.example/x%0D%0ADELE%20y"], "control character"],
    ["a name that leads elsewhere", ["ftp://a.example/..%5Cx"], "can't be the name of a file here"],
    ["a port that is none", ["ftp://a.example:70000/x"], "the port"],
    ["an unknown option", ["--fast", "ftp://a.example/x"], "'--fast'"],
    ["an option without its value", ["ftp://a.example/x", "-o"], "--output"],
    ["an unknown way to use TLS", ["--tls", "maybe", "ftp://a.example/x"], "--tls is one of"],
    ["no connections", ["--connections", "0", "ftp://a.example/x"], "--connections is a whole number"],
    ["half a segment", ["--segments", "0.5", "ftp://a.example/x"], "--segments is a whole number"],
    ["segments of directories", ["-r", "--segments", "2", "ftp://a.example/x"], "--segments goes without -r"],
    ["a timeout of nothing", ["--timeout", "0", "ftp://a.example/x"], "--timeout is a number"],
    ["a timeout that is no number", ["--timeout", "soon", "ftp://a.example/x"], "--timeout is a number"],
  ])("ends with 2 for %s", async (_what, args, sentence) => {
    await using folder = await tempDir();
    const { code, stdout, stderr } = await run(args, { cwd: folder.path });
    expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
    expect(stderr).toContain(sentence);
    expect(stderr).toMatch(/^ftp-download: .*\nTry: ftp-download --help\n$/);
    expect(await readdir(folder.path)).toEqual([]);
  });

  test("does not repeat a password when the URL is wrong", async () => {
    const { code, stderr } = await run(["ftp://ada:secret@a.example:x/file"]);
    expect(code).toBe(2);
    expect(stderr).not.toContain("secret");
  });
});
