// Messages that do not get through: the exit code, the sentence, and what may have happened.
import { EventEmitter, once } from "node:events";
import { randomBytes } from "node:crypto";
import { writeFile } from "node:fs/promises";
import { closedPort, gate, scriptedServer, tempDir } from "@netcli/test-kit";
import { type EsmtpAnswer, Mailboxes, startEsmtpServer, startSmtpServer } from "@netcli/test-servers";
import { describe, expect, test } from "vitest";
import { run, start, toBob } from "./program.ts";

/** What the server says to the greeting's, the command's or the message's turn. */
function answering(verb: string, answer: EsmtpAnswer): (asked: string) => EsmtpAnswer {
  return (asked) => (asked === verb ? answer : undefined);
}

describe("mail-send ends with 3", { timeout: 30_000 }, () => {
  test("when there is no such host", async () => {
    const { code, stdout, stderr } = await run(toBob("smtp://nonexistent.invalid"));
    expect({ code, stdout }).toEqual({ code: 3, stdout: "" });
    expect(stderr).toMatch(/^mail-send: cannot connect to nonexistent\.invalid:25: .+\n$/);
  });

  test("when nobody listens on the port", async () => {
    const { code, stderr } = await run(toBob(`smtp://127.0.0.1:${await closedPort()}`));
    expect(code).toBe(3);
    expect(stderr).toMatch(/^mail-send: .*nothing listens there.*\n$/);
  });

  test("when the server says nothing for as long as --timeout allows", async () => {
    await using silent = await scriptedServer((peer) => peer.closed);
    const { code, stderr } = await run([...toBob(`smtp://127.0.0.1:${silent.port}`), "--timeout", "0.2"]);
    expect(code).toBe(3);
    expect(stderr).toContain("no greeting within 200 ms");
  });

  test("when the server wants no mail, however many lines that takes", async () => {
    await using closed = await startEsmtpServer({ reply: answering("CONNECT", "554-No mail\n554 here") });
    const { code, stderr } = await run(toBob(closed.url));
    expect({ code, stderr }).toEqual({ code: 3, stderr: "mail-send: 127.0.0.1 refuses: No mail here\n" });
  });
});

describe("mail-send ends with 1 or 75", { timeout: 30_000 }, () => {
  test.each([
    ["550 5.1.1 Nobody of that name", 1],
    ["451 4.3.0 Not now", 75],
  ])("when all recipients are refused: %s", async (reply, expected) => {
    await using server = await startEsmtpServer({ reply: answering("RCPT", reply) });
    const { code, stdout, stderr } = await run(toBob(server.url));
    expect(code).toBe(expected);
    const [, first, enhanced, text] = /^(\d+) ([\d.]+) (.*)$/.exec(reply) ?? [];
    expect(stdout).toBe(`bob@example.com  refused  ${first} ${enhanced}  ${text}\n`);
    expect(stderr).toMatch(/^mail-send: nobody gets the message: the server answered "RCPT .+\n$/);
  });

  test.each([
    ["554 5.7.1 Spam", 1],
    ["452 4.3.1 No room", 75],
  ])("when the message is refused: %s", async (reply, expected) => {
    await using server = await startEsmtpServer({ reply: answering(".", reply) });
    const { code, stdout, stderr } = await run(toBob(server.url));
    expect(code).toBe(expected);
    expect(stdout).toMatch(/^bob@example\.com {2}refused {2}\d+ \S+ {2}(?:Spam|No room)\n$/);
    expect(stderr).toContain("nobody gets the message: ");
  });

  test("when the sender is refused", async () => {
    await using server = await startEsmtpServer({ reply: answering("MAIL", "550 5.7.1 Not you") });
    const { code, stdout } = await run(toBob(server.url));
    expect(code).toBe(1);
    expect(stdout).toBe("bob@example.com  refused  550 5.7.1  Not you\n");
  });

  test("when the server is too busy for anybody", async () => {
    await using server = await startEsmtpServer({ reply: answering("CONNECT", "421 4.3.2 Too busy") });
    const { code, stderr } = await run(toBob(server.url));
    expect({ code, stderr }).toEqual({ code: 75, stderr: "mail-send: 127.0.0.1 refuses: Too busy\n" });
  });

  test("when the server goes away with a word", async () => {
    await using server = await startEsmtpServer({ reply: answering("MAIL", "421 4.3.2 Closing") });
    const { code, stdout, stderr } = await run(toBob(server.url));
    expect(code).toBe(75);
    expect(stdout).toBe("bob@example.com  refused  421 4.3.2  Closing\n");
    expect(stderr).toMatch(/^mail-send: nobody gets the message: .*Closing\n$/);
  });
});

describe("mail-send ends with 8", { timeout: 30_000 }, () => {
  test("when the connection breaks before the message is there", async () => {
    await using folder = await tempDir();
    await writeFile(folder.file("big.bin"), randomBytes(5_000_000));
    await using server = await startEsmtpServer({
      reply: answering("DATA", { content: { after: 100_000, end: "reset" } }),
    });
    const { code, stdout, stderr } = await run([...toBob(server.url), "--attach", folder.file("big.bin")]);
    expect(code).toBe(8);
    expect(stdout).toMatch(/^bob@example\.com {2}unsent /);
    expect(stderr).toMatch(/^mail-send: the message was not sent: .+\n$/);
  });

  test("when the server speaks something else", async () => {
    await using web = await scriptedServer((peer) => peer.send("HTTP/1.1 400 Bad Request\r\n\r\n"));
    const { code, stderr } = await run(toBob(`smtp://127.0.0.1:${web.port}`));
    expect(code).toBe(8);
    expect(stderr).toContain("HTTP/1.1 400 Bad Request");
  });
});

describe("mail-send ends with 9", { timeout: 30_000 }, () => {
  test.each([
    ["the connection breaks", "reset"],
    ["nothing more comes", "stall"],
  ])("when %s behind the message, which may have been sent", async (_what, answer) => {
    await using server = await startEsmtpServer({ reply: answering(".", answer) });
    const { code, stdout, stderr } = await run([...toBob(server.url), "--timeout", "0.5"]);
    expect(code).toBe(9);
    expect(stdout).toMatch(/^bob@example\.com {2}unknown\n$/);
    expect(stderr).toMatch(/^mail-send: the message may have been sent: .+\n$/);
    expect(server.received).toHaveLength(1);
  });
});

describe("mail-send ends with 6, without connecting,", { timeout: 30_000 }, () => {
  test("when a file is not there, or is none", async () => {
    await using folder = await tempDir();
    await using server = await startSmtpServer();
    for (const [name, why] of [
      ["missing.txt", "ENOENT"],
      [".", "is a directory"],
    ] as const) {
      const args = ["--verbose", ...toBob(server.url), "--attach", name];
      const { code, stdout, stderr } = await run(args, { cwd: folder.path });
      expect({ code, stdout }).toEqual({ code: 6, stdout: "" });
      expect(stderr).toMatch(/^mail-send: cannot attach the file: .+\n$/);
      expect(stderr).toContain(why);
    }
  });

  test("when the text is not in UTF-8", async () => {
    const program = start(["--verbose", ...toBob("smtp://nonexistent.invalid")], { input: null });
    program.child.stdin.end(Buffer.from([0x63, 0x61, 0x66, 0xe9, 0x0a]));
    const { code, stderr } = await program.outcome;
    expect({ code, stderr }).toEqual({
      code: 6,
      stderr: "mail-send: the message is not in UTF-8; nothing was sent\n",
    });
  });
});

describe("an interrupted mail-send", { timeout: 30_000 }, () => {
  test.each([["SIGINT"], ["SIGTERM"]] as const)("ends with 130 while it reads: %s", async (signal) => {
    const program = start(toBob("smtp://nonexistent.invalid"), { input: null });
    // It has begun to read what it can't hold.
    await new Promise((resolve) => program.child.stdin.write("x".repeat(1_000_000), resolve));
    expect(await program.kill(signal)).toEqual({
      code: 130,
      stdout: "",
      stderr: "mail-send: interrupted; the message was not sent\n",
    });
  });

  test("ends with 130 while it waits for a greeting", async () => {
    const events = new EventEmitter();
    await using silent = await scriptedServer((peer) => {
      events.emit("client");
      return peer.closed;
    });
    const arrived = once(events, "client");
    const program = start(toBob(`smtp://127.0.0.1:${silent.port}`));
    await arrived;
    const { code, stderr } = await program.kill("SIGINT");
    expect({ code, stderr }).toEqual({
      code: 130,
      stderr: "mail-send: interrupted; the message was not sent\n",
    });
  });

  test("ends with 130 in the middle of a message, which nobody gets", async () => {
    await using folder = await tempDir();
    await writeFile(folder.file("big.bin"), randomBytes(20_000_000));
    const never = gate();
    const begun = gate();
    await using server = await startEsmtpServer({
      mailboxes: new Mailboxes(["bob"]),
      reply: (verb) => {
        if (verb !== "DATA") return undefined;
        begun.open();
        return { content: { after: 1_000_000, wait: never.opened } };
      },
    });
    const program = start([...toBob(server.url), "--attach", folder.file("big.bin")]);
    await begun.opened;
    const { code, stdout, stderr } = await program.kill("SIGINT");
    never.open();
    expect({ code, stderr }).toEqual({
      code: 130,
      stderr: "mail-send: interrupted; the message was not sent\n",
    });
    expect(stdout).not.toContain("accepted");
    expect(server.received).toEqual([]);
  });

  test("says when the message may have been sent", async () => {
    const arrived = gate();
    await using server = await startEsmtpServer({
      reply: (verb) => {
        if (verb !== ".") return undefined;
        arrived.open();
        return "stall";
      },
    });
    const program = start(toBob(server.url));
    await arrived.opened;
    const { code, stdout, stderr } = await program.kill("SIGINT");
    expect({ code, stderr }).toEqual({
      code: 130,
      stderr: "mail-send: interrupted; the message may have been sent\n",
    });
    expect(stdout).toMatch(/^bob@example\.com {2}unknown/);
  });
});
