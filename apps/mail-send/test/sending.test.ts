// Messages that are made and sent: what arrives, for whom, and what is said about it.
import { randomBytes } from "node:crypto";
import { writeFile } from "node:fs/promises";
import { tempDir } from "@netcli/test-kit";
import { Mailboxes, type ReceivedMessage, startEsmtpServer, startSmtpServer } from "@netcli/test-servers";
import { describe, expect, test } from "vitest";
import { partsOf, readPart, readWords } from "./message.ts";
import { run, start, toBob } from "./program.ts";

/** The addresses that a message came for. */
function recipientsOf(message: ReceivedMessage | undefined): string[] | undefined {
  return message?.to.map(({ address }) => address);
}

describe("mail-send", { timeout: 30_000 }, () => {
  test("sends text with a subject and names in any letters", async () => {
    await using server = await startSmtpServer();
    const input = "Grüße aus 東京\n.\n..und Punkte\n" + "long ".repeat(400) + "\n";
    const args = ["--url", server.url, "--from", "Ada Löwe <ada@example.com>"];
    args.push("--to", '"Bob, B." <bob@example.com>', "--cc", "Cec <cec@example.com>, dan@example.com");
    args.push("--subject", "Über 東京: Grüße");
    args.push("--header", "X-Mood: gut", "--header", "Reply-To: replies@example.com");
    const { code, stdout, stderr } = await run(args, { input });
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    expect(stdout).toBe(
      "bob@example.com  accepted  250 2.6.0  Stored\n" +
        "cec@example.com  accepted  250 2.6.0  Stored\n" +
        "dan@example.com  accepted  250 2.6.0  Stored\n",
    );
    const [message] = server.received;
    expect(message?.from.address).toBe("ada@example.com");
    expect(recipientsOf(message)).toEqual(["bob@example.com", "cec@example.com", "dan@example.com"]);
    const { header, content } = readPart(message?.data ?? new Uint8Array());
    expect(readWords(header.get("from"))).toBe("Ada Löwe <ada@example.com>");
    expect(header.get("to")).toBe('"Bob, B." <bob@example.com>');
    expect(header.get("cc")).toBe("Cec <cec@example.com>, dan@example.com");
    expect(readWords(header.get("subject"))).toBe("Über 東京: Grüße");
    expect(header.get("x-mood")).toBe("gut");
    expect(header.get("reply-to")).toBe("replies@example.com");
    expect(header.has("date") && header.has("message-id")).toBe(true);
    expect(content.toString()).toBe(input.replaceAll("\n", "\r\n"));
  });

  test("does not name the recipients of --bcc to anybody, and each gets the message once", async () => {
    await using server = await startSmtpServer();
    const args = [...toBob(server.url), "--bcc", "eve@example.com", "--bcc", "Bob <bob@example.com>"];
    expect((await run(args)).code).toBe(0);
    const [message] = server.received;
    expect(recipientsOf(message)).toEqual(["bob@example.com", "eve@example.com"]);
    expect(Buffer.from(message?.data ?? []).toString()).not.toMatch(/eve|bcc/i);
  });

  test("sends files byte for byte beside the text", async () => {
    await using server = await startSmtpServer();
    await using folder = await tempDir();
    const files = new Map([
      ["big.bin", randomBytes(3_000_000)],
      ["Grüße 東京.txt", Buffer.from("a\r\nb\nc\rd")],
      ["saved.eml", Buffer.from("Subject: é\n\n.\nlf\r\ncrlf")],
      ["empty", Buffer.alloc(0)],
    ]);
    const args = toBob(server.url);
    for (const [name, content] of files) {
      await writeFile(folder.file(name), content);
      args.push("--attach", folder.file(name));
    }
    const { code, stderr } = await run(args);
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    const [text, ...attached] = partsOf(readPart(server.received[0]?.data ?? new Uint8Array()));
    expect(text?.content.toString()).toBe("Hello\r\n");
    expect(attached).toHaveLength(files.size);
    for (const [at, content] of [...files.values()].entries()) {
      expect(attached[at]?.content.equals(content)).toBe(true);
      expect(attached[at]?.header.get("content-disposition")).toMatch(/^attachment; filename/);
    }
    expect(attached[0]?.header.get("content-disposition")).toContain("filename=big.bin");
  });

  test("lets the name of a file add nothing to the header", async () => {
    await using server = await startSmtpServer();
    await using folder = await tempDir();
    const file = folder.file("a\r\nX-Evil: 1\r\n\r\n.txt");
    await writeFile(file, "content");
    expect((await run([...toBob(server.url), "--attach", file])).code).toBe(0);
    const [, attached] = partsOf(readPart(server.received[0]?.data ?? new Uint8Array()));
    expect(attached?.header.has("x-evil")).toBe(false);
    expect(attached?.content.toString()).toBe("content");
  });

  test("says how large a message with files is before it is sent", async () => {
    await using server = await startSmtpServer({ size: 100_000 });
    await using folder = await tempDir();
    await writeFile(folder.file("big.bin"), randomBytes(100_000));
    const { code, stderr } = await run([...toBob(server.url), "--attach", folder.file("big.bin")]);
    expect(code).toBe(1);
    expect(stderr).toMatch(
      /^mail-send: the message has 13\d{4} bytes, and the server takes 100000 at most; nothing was sent\n$/,
    );
  });

  test("ends with 5 when some were refused, and says who", async () => {
    await using server = await startSmtpServer({ mailboxes: new Mailboxes(["bob", "dan"]) });
    const args = [...toBob(server.url), "--quiet", "--to", "nobody.at.all@example.com,dan@example.com"];
    const { code, stdout, stderr } = await run(args);
    expect(code).toBe(5);
    expect(stdout).toBe(
      "bob@example.com            accepted  250 2.6.0  Stored\n" +
        "nobody.at.all@example.com  refused   550 5.1.1  There is no such mailbox\n" +
        "dan@example.com            accepted  250 2.6.0  Stored\n",
    );
    expect(stderr).toBe("mail-send: refused for 1 of 3 recipients\n");
    expect(server.mailboxes.messagesOf("dan")).toHaveLength(1);
  });

  test("hands a message over with LMTP, whose server answers for each recipient", async () => {
    await using server = await startSmtpServer({
      lmtp: true,
      onMessage: (_message, to) =>
        to?.address === "full@example.com" ? { code: 452, text: "The mailbox is full" } : undefined,
    });
    const { code, stdout } = await run([...toBob(server.url), "--to", "full@example.com"]);
    expect(code).toBe(5);
    expect(stdout).toMatch(
      /^bob@example\.com {3}accepted {2}250 .*\nfull@example\.com {2}refused {3}452 .*The mailbox is full\n$/,
    );
  });

  test("takes the server from MAIL_SEND_URL", async () => {
    await using server = await startSmtpServer();
    const args = ["--quiet", "--from", "ada@example.com", "--to", "bob@example.com"];
    const outcome = await run(args, { env: { MAIL_SEND_URL: server.url } });
    expect(outcome).toEqual({ code: 0, stdout: "", stderr: "" });
    expect(server.received).toHaveLength(1);
  });

  test("passes on what --name, --notify and --chunking say", async () => {
    await using server = await startEsmtpServer();
    const args = ["--name", "client.example", "--notify", "success,delay", "--chunking"];
    expect((await run([...toBob(server.url), ...args])).code).toBe(0);
    expect(server.commands).toContain("EHLO client.example");
    expect(server.commands).toContain("RCPT TO:<bob@example.com> NOTIFY=SUCCESS,DELAY");
    const [message] = server.received;
    expect(message?.chunks).toHaveLength(1);
    expect(Buffer.from(message?.data ?? []).toString()).toMatch(/\r\n\r\nHello\r\n$/);
    expect(server.violations).toEqual([]);
  });

  test("does not let a server's words steer the terminal, and keeps them in the line", async () => {
    const attack = "\u001B[2J\u001B]0;title\u0007" + "x".repeat(400);
    await using server = await startEsmtpServer({
      reply: (verb) => (verb === "." ? `250-2.0.0 one\n250 2.0.0 ${attack}` : undefined),
    });
    const { code, stdout } = await run(toBob(server.url));
    expect(code).toBe(0);
    expect(stdout).toMatch(/^bob@example\.com {2}accepted {2}250 2\.0\.0 {2}one \\x1b\[2J.*…\n$/);
    expect(stdout.length).toBe(161);
  });

  test("goes on when nobody reads what it says any more", async () => {
    await using server = await startSmtpServer();
    const program = start([...toBob(server.url), "--verbose"]);
    const { stdout, stderr } = program.child;
    stderr.once("data", () => {
      stderr.destroy();
      stdout.destroy();
    });
    expect((await program.outcome).code).toBe(0);
    expect(server.received).toHaveLength(1);
  });
});
