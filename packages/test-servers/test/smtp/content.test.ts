// startEsmtpServer: messages over DATA and BDAT, byte for byte, and what must not be in them.
import { type EsmtpServer, startEsmtpServer } from "@netcli/test-servers";
import { describe, expect, test } from "vitest";
import { greeted, RawClient } from "./raw-client.ts";

const MAIL = "MAIL FROM:<ann@example.org>";
const RCPT = "RCPT TO:<bob@example.org>";
const allBytes = Buffer.from(Array.from({ length: 100_000 }, (_, index) => (index * 7) % 256));

function messageOf(server: EsmtpServer): string {
  return Buffer.from(server.received.at(-1)?.data ?? []).toString("latin1");
}

describe("DATA", () => {
  test.each([
    [".\r\n", ""],
    ["\r\n.\r\n", "\r\n"],
    ["a\r\n.\r\n", "a\r\n"],
    ["..\r\n.\r\n", ".\r\n"],
    ["...\r\n..\r\n..a\r\n\r\n..\r\n.\r\n", "..\r\n.\r\n.a\r\n\r\n.\r\n"],
    ["a.\r\nb..\r\n.\r\n", "a.\r\nb..\r\n"],
  ])("%j is the message %j, however it is cut", async (content, message) => {
    await using fixture = await greeted();
    const { client, server } = fixture;
    for (const size of [content.length, 1, 2, 3]) {
      await client.commands(MAIL, RCPT, "DATA");
      for (let at = 0; at < content.length; at += size) await client.send(content.slice(at, at + size));
      expect(await client.reply()).toMatch(/^250 2\.0\.0 Ok: queued as /);
      expect(messageOf(server)).toBe(message);
      expect(server.received.at(-1)).toMatchObject({ wireBytes: content.length, chunks: undefined });
    }
    expect(server.violations).toEqual([]);
  });

  test("ends with CR LF dot CR LF alone", async () => {
    await using fixture = await greeted();
    const { client, server } = fixture;
    const content = "a\n.\nb\n.\r\nc\r\n.\nd\r.\re\r\n.\rf\r\n";
    expect(await client.mail(content, "bob@example.org")).toMatch(/^250 /);
    expect(messageOf(server)).toBe("a\n.\nb\n.\r\nc\r\n\nd\r.\re\r\n\rf\r\n");
    expect(server.violations).toEqual([
      "DATA: a dot at the start of a line was not doubled",
      "DATA: a CR without LF",
      "DATA: an LF without CR",
    ]);
  });

  test.each([
    ["a\nb\r\n", ["DATA: an LF without CR"]],
    ["\na\r\n", ["DATA: an LF without CR"]],
    ["a\rb\r\n", ["DATA: a CR without LF"]],
    ["a\r\r\n", ["DATA: a CR without LF"]],
    [".a\r\n", ["DATA: a dot at the start of a line was not doubled"]],
    ["\u00e4\r\n", ["DATA: 8-bit content without BODY=8BITMIME"]],
  ])("notes what is wrong with %j", async (content, violations) => {
    await using fixture = await greeted();
    const { client, server } = fixture;
    expect(await client.mail(content, "bob@example.org")).toMatch(/^250 /);
    expect(server.violations).toEqual(violations);
  });

  test("refuses what is larger than was offered, behind it", async () => {
    await using fixture = await greeted({ extensions: ["SIZE 10"] });
    const { client, server } = fixture;
    expect(await client.mail("1234567890\r\n", "bob@example.org")).toBe("552 That is too large.");
    expect(await client.mail("12345678\r\n", "bob@example.org")).toMatch(/^250 /);
    expect(server.received).toHaveLength(2);
    expect(server.mailboxes.messagesOf("bob")).toHaveLength(1);
    expect(server.violations).toEqual([]);
  });

  test("takes a message of ten megabytes byte for byte", async () => {
    await using fixture = await greeted();
    const { client, server } = fixture;
    const line = `${"x".repeat(76)}\r\n`;
    const message = line.repeat(130_000);
    expect(await client.mail(message, "bob@example.org")).toMatch(/^250 /);
    expect(Buffer.from(message).equals(server.received[0]?.data ?? Buffer.alloc(0))).toBe(true);
  });
});

describe("BDAT", () => {
  test("takes chunks of any bytes, and one reply goes to each", async () => {
    await using fixture = await greeted();
    const { client, server } = fixture;
    await client.commands(`${MAIL} BODY=BINARYMIME`, RCPT);
    await client.send(`BDAT ${allBytes.length}\r\n`);
    await client.send(allBytes);
    expect(await client.reply()).toBe("250 2.0.0 100000 octets taken.");
    await client.send("BDAT 0\r\nbdat 3 last\r\n\r\n.");
    expect(await client.replies(2)).toEqual([
      "250 2.0.0 0 octets taken.",
      "250 2.0.0 Ok: queued as 00000001",
    ]);
    const [message] = server.received;
    expect(message).toMatchObject({ chunks: [100_000, 0, 3], wireBytes: 100_003 });
    expect(Buffer.concat([allBytes, Buffer.from("\r\n.")]).equals(message?.data ?? Buffer.alloc(0))).toBe(
      true,
    );
    await client.commands(MAIL, RCPT);
    expect(await client.command("BDAT 0 LAST")).toMatch(/^250 /);
    expect(messageOf(server)).toBe("");
    expect(server.violations).toEqual([]);
  });

  test("carries text where nothing else was said", async () => {
    await using fixture = await greeted();
    const { client, server } = fixture;
    await client.commands(MAIL, RCPT);
    expect(await client.command("BDAT 4 LAST\r\na\n\u00e4")).toMatch(/^250 /);
    // The end of the line that `command` adds.
    expect(await client.reply()).toMatch(/^500 /);
    expect(server.violations).toEqual([
      "BDAT: an LF without CR",
      "BDAT: 8-bit content without BODY=8BITMIME",
      ": Unknown command.",
    ]);
  });

  test("takes the bytes of a chunk also where it refuses it", async () => {
    await using fixture = await greeted({ extensions: ["CHUNKING", "PIPELINING", "SIZE 10"] });
    const { client, server } = fixture;
    await client.send("BDAT 6\r\nNOOP\r\n");
    expect(await client.reply()).toBe("503 MAIL comes first.");
    expect(server.violations).toEqual(["BDAT: MAIL comes first."]);
    await client.commands(MAIL, RCPT);
    await client.send(`BDAT 8\r\n12345678BDAT 8\r\n12345678BDAT 2\r\n12BDAT 2 LAST\r\n12NOOP\r\n`);
    expect(await client.replies(5)).toEqual([
      "250 8 octets taken.",
      "552 That is too large.",
      "503 A chunk was refused.",
      "503 A chunk was refused.",
      "250 Nothing done.",
    ]);
    expect(server.received).toEqual([]);
    expect(server.violations).toHaveLength(1);
  });

  test.each(["BDAT", "BDAT x", "BDAT -1", "BDAT 1 FIRST", "BDAT 1  LAST", "BDAT 1 LAST 2"])(
    "is nothing as %j",
    async (line) => {
      await using fixture = await greeted();
      const { client, server } = fixture;
      await client.commands(MAIL, RCPT);
      expect(await client.command(line)).toMatch(/^501 5\.5\.4 /);
      expect(server.violations).toHaveLength(1);
    },
  );

  test("stores nothing of a chunk whose client has left", async () => {
    await using server = await startEsmtpServer();
    const client = await RawClient.open(server);
    await client.commands("EHLO a.example", MAIL, RCPT);
    await client.send("BDAT 10 LAST\r\n123");
    await client[Symbol.asyncDispose]();
    await server.sessions[0]?.ended;
    expect(server.received).toEqual([]);
    expect(server.errors).toEqual([]);
  });
});
