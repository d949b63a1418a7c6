// The command line: help, and what is wrong with arguments.
import { describe, expect, test } from "vitest";
import { run, toBob } from "./program.ts";

// Nobody is asked, so it does not matter that nobody is there.
const url = "smtp://mail.invalid";

describe("the command line of mail-send", { timeout: 30_000 }, () => {
  test.each([["--help"], ["-h"]])("shows the help on stdout for %s", async (option) => {
    const { code, stdout, stderr } = await run([option]);
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    expect(stdout).toMatch(/^Usage: mail-send \[options\] --from ADDRESS/);
    for (const line of stdout.split("\n")) expect(line.length).toBeLessThan(80);
  });

  test("shows the version on stdout for --version", async () => {
    const { code, stdout, stderr } = await run(["--version"]);
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    expect(stdout).toMatch(/^mail-send \d+\.\d+\.\d+\n$/);
  });

  test.each([
    ["no sender", ["--to", "bob@example.com"], "name the sender with --from"],
    ["no recipient", ["--from", "ada@example.com"], "name a recipient with --to"],
    ["a sender that is no address", ["--from", "ada lovelace"], "--from: "],
    ["two senders", ["--from", "ada@example.com, bob@example.com"], "--from names more than one address"],
    ["nobody as sender of a message made here", ["--from", "<>"], "--from"],
    ["a recipient that is no address", ["--to", "bob@"], "--to: "],
    ["an empty recipient", ["--cc", ""], "--cc names no address"],
    ["a recipient in disguise", ["--bcc", "<bob@example.com> eve@example.com"], "--bcc: "],
    ["an argument that is no option", [...toBob(url), "file.txt"], "'file.txt'"],
    ["an unknown option", [...toBob(url), "--fast"], "'--fast'"],
    ["an option without its value", [...toBob(url), "--subject"], "--subject"],
    ["a URL that is none", toBob("localhost"), "the URL must begin with"],
    ["a URL of another protocol", toBob("ftp://localhost"), '"ftp:" is neither SMTP nor LMTP'],
    ["a URL with a path", toBob("smtp://localhost/inbox"), "has no path"],
    ["a port that is none", toBob("smtp://localhost:0"), "the port"],
    ["an unknown way to use TLS", [...toBob(url), "--tls", "maybe"], "--tls is one of"],
    ["a timeout of nothing", [...toBob(url), "--timeout", "0"], "--timeout is a number"],
    ["an unknown report", [...toBob(url), "--notify", "success,luck"], "--notify is never"],
    ["a field without a name", [...toBob(url), "--header", "urgent"], '--header is "Name: value"'],
    ["a field with a blank in its name", [...toBob(url), "--header", "X Y: z"], '--header is "Name: value"'],
    ["a field that an option is for", [...toBob(url), "--header", "bcc: eve@example.com"], "not for bcc"],
    [
      "a field that is not the user's",
      [...toBob(url), "--header", "Content-Type: text/html"],
      "not for Content-",
    ],
    ["a subject of a message that has one", ["--raw", "--subject", "x"], "--subject goes without --raw"],
    ["files with a message that is whole", ["--raw", "--attach", "x"], "--attach goes without --raw"],
    ["reports about nobody known yet", ["--raw", "--notify", "never"], "--notify with --raw needs --to"],
  ])("ends with 2 for %s", async (_what, args, sentence) => {
    const { code, stdout, stderr } = await run(args);
    expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
    expect(stderr).toContain(sentence);
    expect(stderr).toMatch(/^mail-send: .*\nTry: mail-send --help\n$/);
  });

  test.each([
    ["--subject", "Hi\r\nBcc: eve@example.com"],
    ["--subject", "Hi\nBcc: eve@example.com"],
    ["--subject", "Hi\rBcc: eve@example.com"],
    ["--header", "X-Mood: good\r\nBcc: eve@example.com"],
    ["--header", "X-Mood: \u001B[31mred"],
    ["--from", "ada@example.com\r\nBcc: eve@example.com"],
    ["--from", '"Ada\r\n" <ada@example.com>'],
    ["--to", "bob@example.com>\r\nRCPT TO:<eve@example.com"],
    ["--cc", "bob@example.com\n"],
  ])("ends with 2 for a line end or the like in %s %j", async (option, value) => {
    const { code, stdout, stderr } = await run([...toBob(url), option, value]);
    expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
    expect(stderr).toBe(
      `mail-send: ${option} contains a control character; nothing was sent\nTry: mail-send --help\n`,
    );
  });

  test("does not repeat a password when the URL is wrong", async () => {
    const { code, stderr } = await run(toBob("smtp://ada:secret@example.com:x"));
    expect(code).toBe(2);
    expect(stderr).not.toContain("secret");
  });
});
