// Messages that are whole when they come, and are sent as they are.
import { writeFile } from "node:fs/promises";
import { hasPseudoTerminal, tempDir } from "@netcli/test-kit";
import { type ReceivedMessage, startEsmtpServer, startSmtpServer } from "@netcli/test-servers";
import { describe, expect, test } from "vitest";
import { run, startWithFile } from "./program.ts";

const message = [
  "From: Ada <ada@example.com>",
  "To: Bob <bob@example.com>, cec@example.com",
  "Bcc: eve@example.com,",
  " dan@example.com",
  "Subject: As it is  ",
  "X-Odd:\tkept",
  "",
  ".a dot",
  "caf\u00E9",
  "",
].join("\r\n");

const withoutBcc = message.replace(/Bcc: .*\r\n .*\r\n/, "");

function envelopeOf(received: ReceivedMessage | undefined): [string | undefined, string[] | undefined] {
  return [received?.from.address, received?.to.map(({ address }) => address)];
}

function textOf(received: ReceivedMessage | undefined): string {
  return Buffer.from(received?.data ?? []).toString();
}

describe("mail-send --raw", { timeout: 30_000 }, () => {
  test("sends the message as it is but for Bcc, to those whom its header names", async () => {
    await using server = await startSmtpServer();
    const { code, stdout } = await run(["--url", server.url, "--raw"], { input: message });
    expect(code).toBe(0);
    expect(stdout.match(/^\S+/gm)).toEqual([
      "bob@example.com",
      "cec@example.com",
      "eve@example.com",
      "dan@example.com",
    ]);
    const [received] = server.received;
    expect(envelopeOf(received)).toEqual([
      "ada@example.com",
      ["bob@example.com", "cec@example.com", "eve@example.com", "dan@example.com"],
    ]);
    expect(textOf(received)).toBe(withoutBcc);
  });

  test("sends it to others where they are named, and leaves Bcc out all the same", async () => {
    await using server = await startSmtpServer();
    const args = ["--url", server.url, "--raw", "--from", "list@example.com", "--to", "x@example.com"];
    expect((await run(args, { input: message })).code).toBe(0);
    expect(envelopeOf(server.received[0])).toEqual(["list@example.com", ["x@example.com"]]);
    expect(textOf(server.received[0])).toBe(withoutBcc);
  });

  test("sends it from nobody where that is wanted", async () => {
    await using server = await startSmtpServer();
    const args = ["--url", server.url, "--raw", "--from", "<>", "--to", "x@example.com"];
    expect((await run(args, { input: message })).code).toBe(0);
    expect(envelopeOf(server.received[0])).toEqual(["", ["x@example.com"]]);
  });

  test("sends every byte with --chunking", async () => {
    await using server = await startEsmtpServer();
    const odd = "From: ada@example.com\nTo: bob@example.com\n\nlf\ncr\rcrlf\r\n.\r\nno end";
    const { code } = await run(["--url", server.url, "--raw", "--chunking"], { input: odd });
    expect(code).toBe(0);
    expect(textOf(server.received[0])).toBe(odd);
  });

  test.each([
    ["no sender", "To: bob@example.com\n\nHello\n", /the header has no From/],
    ["no recipient", "From: ada@example.com\n\nHello\n", /no address is in To, Cc or Bcc/],
    ["no header", "Hello\n", /the header has no From/],
    ["two readings", "From: ada@example.com\nTo: <bob@example.com\n\nHello\n", /To in the header: /],
  ])("ends with 2, and sends nothing, where the message has %s", async (_what, input, sentence) => {
    await using server = await startSmtpServer();
    const { code, stdout, stderr } = await run(["--url", server.url, "--raw"], { input });
    expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
    expect(stderr).toMatch(/^mail-send: .+\n$/);
    expect(stderr).toMatch(sentence);
    expect(server.received).toEqual([]);
  });
});

describe.skipIf(!hasPseudoTerminal())("mail-send --raw with a file for stdin", { timeout: 30_000 }, () => {
  test("asks for the password at the terminal, and shows how far the message is", async () => {
    await using server = await startSmtpServer({ users: { ada: "correct horse" }, requireAuth: true });
    await using folder = await tempDir();
    const body = `${"x".repeat(998)}\r\n`.repeat(20_000);
    const whole = `From: ada@example.com\r\nTo: ada@example.com\r\n\r\n${body}`;
    await writeFile(folder.file("message"), whole);
    const url = server.url.replace("//", "//ada@");
    const terminal = startWithFile(folder.file("message"), ["--url", url, "--raw"]);
    await terminal.shows("Password of ada at 127.0.0.1: ");
    terminal.type("correct horse\r");
    expect(await terminal.ended()).toBe(0);
    expect(terminal.isInOrder).toBe(true);
    expect(terminal.shown).toContain("ada@example.com  accepted  250 2.6.0  Stored\r\n");
    expect(terminal.shown).not.toMatch(/correct|horse/);
    expect(server.received[0]?.user).toBe("ada");
    expect(textOf(server.received[0])).toBe(whole);
  });
});
