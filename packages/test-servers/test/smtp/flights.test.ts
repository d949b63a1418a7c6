// startEsmtpServer: how often a client waits, and whether it waits where it has to.
import { startEsmtpServer } from "@netcli/test-servers";
import { describe, expect, test } from "vitest";
import { base64, greeted, identity, RawClient } from "./raw-client.ts";

const ENVELOPE = "MAIL FROM:<ann@example.org>\r\nRCPT TO:<bob@example.org>\r\nRCPT TO:<eve@example.org>\r\n";

describe("flights", () => {
  test("are one for each wait, whatever is sent in one", async () => {
    await using fixture = await greeted();
    const { client, server } = fixture;
    expect(server.flights).toBe(1);
    await client.send(`${ENVELOPE}DATA\r\n`);
    await client.replies(4);
    expect(server.flights).toBe(2);
    await client.send(`a\r\n.\r\n${ENVELOPE}DATA\r\n`);
    await client.replies(5);
    expect(server.flights).toBe(3);
    await client.send("b\r\n.\r\nQUIT\r\n");
    await client.replies(2);
    expect(server.flights).toBe(4);
    expect(server.received).toHaveLength(2);
    expect(server.violations).toEqual([]);
  });

  test("do not depend on how many writes there are", async () => {
    await using fixture = await greeted();
    const { client, server } = fixture;
    for (const byte of `${ENVELOPE}DATA\r\n`) await client.send(byte);
    await client.replies(4);
    expect(server.flights).toBe(2);
    for (const byte of "abc\r\n.\r\n") await client.send(byte);
    await client.reply();
    expect(server.flights).toBe(3);
    await client.send(`${ENVELOPE}BDAT 5\r\n`);
    for (const byte of "12345BDAT 3 LAST\r\n678") await client.send(byte);
    await client.replies(5);
    expect(server.flights).toBe(4);
    expect(server.violations).toEqual([]);
  });

  test("count a wait behind each command, and each response to AUTH", async () => {
    await using fixture = await greeted({ users: { ann: "secret" } });
    const { client, server } = fixture;
    await client.commands("AUTH LOGIN", base64("ann"), base64("secret"));
    expect(server.flights).toBe(4);
    await client.commands("MAIL FROM:<ann@example.org>", "RSET");
    expect(server.flights).toBe(6);
    expect(server.sessions[0]?.flights).toBe(6);
  });

  test("are the same over a slow way", async () => {
    await using server = await startEsmtpServer({ delay: 10 });
    await using client = await RawClient.open(server);
    await client.command("EHLO a.example");
    await client.send(`${ENVELOPE}BDAT 2 LAST\r\n`);
    await client.send("\r\n");
    await client.replies(4);
    expect(server.flights).toBe(2);
    expect(server.violations).toEqual([]);
  });
});

describe("who does not wait where it has to", () => {
  test("is noted before the greeting", async () => {
    await using server = await startEsmtpServer();
    await using client = await RawClient.connect(server);
    await client.send("EHLO a.example\r\n");
    expect(await client.replies(2)).toEqual([expect.stringMatching(/^220 /), expect.stringMatching(/^250-/)]);
    expect(server.violations).toEqual(["CONNECT: something came before the greeting"]);
  });

  test.each([
    ["EHLO", "EHLO a.example\r\nNOOP\r\n"],
    ["DATA", `${ENVELOPE}DATA\r\na\r\n.\r\n`],
    ["NOOP", "NOOP\r\nNOOP\r\n"],
    ["VRFY", "VRFY bob\r\nRSET\r\n"],
    ["QUIT", "QUIT\r\nNOOP\r\n"],
    ["AUTH", `AUTH PLAIN\r\n${base64("\0ann\0secret")}\r\n`],
    ["SASL", `AUTH LOGIN\r\n${base64("ann")}\r\n${base64("secret")}\r\n`],
  ])("is noted behind %s", async (verb, lines) => {
    await using fixture = await greeted({ users: { ann: "secret", bob: "", eve: "" } });
    const { client, server } = fixture;
    await client.send(lines);
    await client.reply();
    await client[Symbol.asyncDispose]();
    await server.sessions[0]?.ended;
    expect(server.violations).toContain(`${verb}: more came before the reply`);
  });

  test("is noted behind every command without PIPELINING", async () => {
    await using fixture = await greeted({ extensions: ["CHUNKING"] });
    const { client, server } = fixture;
    await client.send(`${ENVELOPE}BDAT 2 LAST\r\n\r\nRSET\r\n`);
    await client.replies(5);
    expect(server.violations).toEqual(
      ["MAIL", "RCPT", "RCPT", "BDAT"].map((verb) => `${verb}: more came before the reply`),
    );
    expect(server.received).toHaveLength(1);
    await client.commands("MAIL FROM:<>", "RCPT TO:<bob@example.org>", "DATA");
    await client.send("\r\n.\r\nRSET\r\n");
    await client.replies(2);
    expect(server.violations.at(-1)).toBe(".: more came before the reply");
  });

  test("gets no TLS when something came behind STARTTLS", async () => {
    await using fixture = await greeted({ tls: identity });
    const { client, server } = fixture;
    await client.send("STARTTLS\r\nMAIL FROM:<mallory@example.org>\r\n");
    expect(await client.reply()).toMatch(/^220 /);
    expect(await client.end()).toBeUndefined();
    expect(server.commands).toEqual(["EHLO a.example", "STARTTLS"]);
    expect(server.violations).toEqual(["STARTTLS: more came before the reply"]);
  });
});
