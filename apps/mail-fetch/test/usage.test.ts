// The command line: help, and what is wrong with arguments.
import { describe, expect, test } from "vitest";
import { parseSize } from "../src/size.ts";
import { run } from "./program.ts";

// Nobody is asked, so it does not matter that nobody is there.
const url = "pop3://ada@mail.invalid";

describe("the command line of mail-fetch", { timeout: 30_000 }, () => {
  test.each([["--help"], ["-h"]])("shows the help on stdout for %s", async (option) => {
    const { code, stdout, stderr } = await run([option]);
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    expect(stdout).toMatch(/^Usage: mail-fetch \[options\] /);
    for (const line of stdout.split("\n")) expect(line.length).toBeLessThan(80);
  });

  test("shows the version on stdout for --version", async () => {
    const { code, stdout, stderr } = await run(["--version"]);
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    expect(stdout).toMatch(/^mail-fetch \d+\.\d+\.\d+\n$/);
  });

  test.each([
    ["no URL", [], "name a URL, or set MAIL_FETCH_URL"],
    ["two URLs", [url, url], "name one URL only"],
    ["a URL without a user", ["pop3://mail.invalid"], "name a user in the URL"],
    ["a URL that is none", ["mail.invalid"], "the URL must begin with"],
    ["a URL of another protocol", ["smtp://ada@mail.invalid"], '"smtp:" is not POP3'],
    ["a URL with a path", [`${url}/inbox`], "has no path"],
    ["a port that is none", ["pop3://ada@localhost:0"], "the port"],
    ["an unknown option", [url, "--fast"], "'--fast'"],
    ["an option without its value", [url, "--save"], "--save"],
    ["an empty directory name", [url, "--save", ""], "--save is the name of a file"],
    ["two places", [url, "--save", "a", "--mbox", "b"], "--mbox goes without --save"],
    ["a table and a place", [url, "--list", "--save", "a"], "--save goes without --list"],
    ["deleting what is only shown", [url, "--delete"], "--delete needs --save or --mbox"],
    ["deleting what is only listed", [url, "--delete", "--list"], "--delete needs --save or --mbox"],
    ["deleting and keeping", [url, "--delete", "--keep", "--save", "a"], "--delete goes without --keep"],
    ["a state of nothing", [url, "--state", "a"], "--state goes with --new"],
    ["a size that is none", [url, "--max-size", "big"], "--max-size is a number of bytes"],
    ["an unknown way to use TLS", [url, "--tls", "maybe"], "--tls is one of"],
    ["a timeout of nothing", [url, "--timeout", "0"], "--timeout is a number"],
  ])("ends with 2 for %s", async (_what, args, sentence) => {
    const { code, stdout, stderr } = await run(args);
    expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
    expect(stderr).toContain(sentence);
    expect(stderr).toMatch(/^mail-fetch: .*\nTry: mail-fetch --help\n$/);
  });

  test("does not repeat a password when the URL is wrong", async () => {
    const { code, stderr } = await run(["pop3://ada:sesame@example.com:x"]);
    expect(code).toBe(2);
    expect(stderr).not.toContain("sesame");
  });
});

describe("a size", () => {
  test.each([
    ["0", 0],
    ["500", 500],
    ["500B", 500],
    ["2K", 2_048],
    ["1.5 KiB", 1_536],
    ["10mb", 10_485_760],
    ["1G", 1_073_741_824],
    ["2TiB", 2_199_023_255_552],
  ])("%s is %i bytes", (text, bytes) => {
    expect(parseSize("--max-size", text)).toBe(bytes);
  });

  test.each([[""], ["-1"], ["1e3"], ["K"], ["1 X"], ["1.K"], ["Infinity"], ["1  K"]])(
    "%j is none",
    (text) => {
      expect(() => parseSize("--max-size", text)).toThrow(
        "--max-size is a number of bytes, as 500K, 10M or 1.5G",
      );
    },
  );
});
