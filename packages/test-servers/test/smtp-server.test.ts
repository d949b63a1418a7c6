// startSmtpServer(): smtp-server answers a raw dialogue, stores what it takes, and leaves nothing behind.
import { createHmac } from "node:crypto";
import { connect } from "node:net";
import { once } from "node:events";
import { Mailboxes, type SmtpServerOptions, startSmtpServer } from "@netcli/test-servers";
import { describe, expect, test } from "vitest";
import { base64, identity, RawClient, trusting } from "./smtp/raw-client.ts";

const users = { ann: "right", bob: "secret" };
const content = Buffer.concat([
  Buffer.from("Subject: all bytes\r\n\r\n"),
  Buffer.from(Array.from({ length: 200_000 }, (_, index) => (index * 7) % 251)).filter(
    (byte) => ![0x0a, 0x0d, 0x2e].includes(byte),
  ),
  Buffer.from("\r\n"),
]);

/** What EHLO says, without its first line. */
async function offered(options: SmtpServerOptions): Promise<string[]> {
  await using server = await startSmtpServer(options);
  await using client = await RawClient.open(server);
  const [, ...lines] = (await client.command("EHLO client.example")).split("\n");
  return lines.map((line) => line.slice(4)).toSorted();
}

describe("startSmtpServer", () => {
  test("stores a message byte for byte and keeps its envelope with all parameters", async () => {
    await using server = await startSmtpServer();
    await using client = await RawClient.open(server);
    const next = server.mailboxes.next("bob");
    await client.commands(
      "EHLO client.example",
      "MAIL FROM:<ann@example.org> BODY=8BITMIME RET=HDRS ENVID=a+2Bb",
      "RCPT TO:<bob@example.org> NOTIFY=SUCCESS,FAILURE ORCPT=rfc822;bob@example.org",
      "RCPT TO:<eve@example.net>",
      "DATA",
    );
    await client.send(content);
    await client.send("..dot\r\n.\r\n");
    expect(await client.reply()).toMatch(/^250 2\.6\.0 /);
    const data = Buffer.concat([content, Buffer.from(".dot\r\n")]);
    const stored = await next;
    expect(data.equals(stored.data)).toBe(true);
    expect(stored).toMatchObject({
      from: "ann@example.org",
      to: ["bob@example.org", "eve@example.net"],
    });
    expect(server.mailboxes.messagesOf("eve")).toHaveLength(1);
    expect(server.received).toMatchObject([
      {
        from: { address: "ann@example.org", params: { BODY: "8BITMIME", RET: "HDRS", ENVID: "a+b" } },
        to: [
          {
            address: "bob@example.org",
            params: { NOTIFY: "SUCCESS,FAILURE", ORCPT: "rfc822;bob@example.org" },
          },
          { address: "eve@example.net", params: {} },
        ],
        clientName: "client.example",
        user: undefined,
        isSecure: false,
      },
    ]);
    expect(await client.command("QUIT")).toMatch(/^221 /);
    expect(await client.end()).toBeUndefined();
    expect(server.errors).toEqual([]);
  });

  test("refuses recipients without a mailbox, and delivers to the others", async () => {
    const mailboxes = new Mailboxes(["bob"]);
    await using server = await startSmtpServer({ mailboxes });
    await using client = await RawClient.open(server);
    await client.commands("EHLO client.example", "MAIL FROM:<>");
    expect(await client.command("RCPT TO:<eve@example.org>")).toMatch(/^550 5\.1\.1 /);
    expect(await client.command("RCPT TO:<bob@example.org>")).toMatch(/^250 2\.1\.5 /);
    await client.command("DATA");
    expect(await client.command("\r\n.")).toMatch(/^250 /);
    expect(mailboxes.messagesOf("bob")).toMatchObject([{ from: "", to: ["bob@example.org"] }]);
    expect(server.mailboxes).toBe(mailboxes);
  });

  test.each(["PLAIN", "LOGIN", "CRAM-MD5", "XOAUTH2"] as const)("logs in with %s", async (method) => {
    await using server = await startSmtpServer({ users, requireAuth: true });
    const attempt = async (password: string): Promise<string> => {
      await using client = await RawClient.open(server);
      await client.command("EHLO client.example");
      expect(await client.command("MAIL FROM:<ann@example.org>")).toMatch(/^530 5\.7\.0 /);
      switch (method) {
        case "PLAIN": {
          return await client.command(`AUTH PLAIN ${base64(`\0ann\0${password}`)}`);
        }
        case "LOGIN": {
          await client.commands("AUTH LOGIN", base64("ann"));
          return await client.command(base64(password));
        }
        case "CRAM-MD5": {
          const challenge = Buffer.from((await client.command("AUTH CRAM-MD5")).slice(4), "base64");
          const proof = createHmac("md5", password).update(challenge).digest("hex");
          return await client.command(base64(`ann ${proof}`));
        }
        default: {
          const token = base64(`user=ann\u0001auth=Bearer ${password}\u0001\u0001`);
          const reply = await client.command(`AUTH XOAUTH2 ${token}`);
          return reply.startsWith("334") ? await client.command("") : reply;
        }
      }
    };
    expect(await attempt("right")).toMatch(/^235 2\.7\.0 /);
    expect(await attempt("wrong")).toMatch(/^535 5\.7\.8 /);
  });

  test("knows who has sent a message", async () => {
    await using server = await startSmtpServer({ users });
    await using client = await RawClient.open(server);
    await client.commands("EHLO client.example", `AUTH PLAIN ${base64("\0ann\0right")}`);
    expect(await client.mail("\r\n", "bob@example.org")).toMatch(/^250 /);
    expect(server.received).toMatchObject([{ user: "ann" }]);
    expect(await client.commands("MAIL FROM:<>", "RCPT TO:<eve@example.org>")).toMatchObject([
      expect.stringMatching(/^250 /),
      expect.stringMatching(/^550 /),
    ]);
  });

  test("speaks TLS from the first byte", async () => {
    await using server = await startSmtpServer({ tls: identity, tlsMode: "implicit", users });
    await using client = await RawClient.open(server, trusting);
    expect(server.url).toBe(`smtps://127.0.0.1:${server.port}`);
    expect(await client.command("EHLO client.example")).toContain("REQUIRETLS");
    expect(await client.mail("\r\n", "bob@example.org")).toMatch(/^250 /);
    expect(server.received).toMatchObject([{ isSecure: true }]);
  });

  test("speaks TLS behind STARTTLS, and takes no password before it", async () => {
    await using server = await startSmtpServer({ tls: identity, users });
    await using client = await RawClient.open(server);
    expect(await client.command("EHLO client.example")).toMatch(/^250.STARTTLS$/m);
    expect(await client.command(`AUTH PLAIN ${base64("\0ann\0right")}`)).toMatch(/^538 /);
    expect(await client.command("STARTTLS")).toMatch(/^220 /);
    await client.connection.startTls(trusting);
    expect(await client.command("EHLO client.example")).not.toContain("STARTTLS");
    expect(await client.command(`AUTH PLAIN ${base64("\0ann\0right")}`)).toMatch(/^235 /);
  });

  test("offers what it is told to, and nothing that is hidden", async () => {
    expect(await offered({ tls: identity, users, size: 1000 })).toEqual([
      "8BITMIME",
      "AUTH PLAIN LOGIN CRAM-MD5 XOAUTH2",
      "DSN",
      "ENHANCEDSTATUSCODES",
      "PIPELINING",
      "SIZE 1000",
      "SMTPUTF8",
      "STARTTLS",
    ]);
    expect(
      await offered({
        tls: identity,
        users,
        size: 1000,
        hidden: [
          "8BITMIME",
          "AUTH",
          "DSN",
          "ENHANCEDSTATUSCODES",
          "PIPELINING",
          "SIZE",
          "SMTPUTF8",
          "STARTTLS",
        ],
      }),
    ).toEqual(["SIZE"]);
    expect(await offered({ users, authMethods: ["LOGIN"], hidden: ["SMTPUTF8"] })).toEqual([
      "8BITMIME",
      "AUTH LOGIN",
      "DSN",
      "ENHANCEDSTATUSCODES",
      "PIPELINING",
    ]);
  });

  test("refuses messages that are too large, announced or not", async () => {
    await using server = await startSmtpServer({ size: 1000 });
    await using client = await RawClient.open(server);
    await client.command("EHLO client.example");
    expect(await client.command("MAIL FROM:<ann@example.org> SIZE=1001")).toMatch(/^552 5\.3\.4 /);
    expect(await client.mail(content, "bob@example.org")).toMatch(/^552 5\.3\.4 /);
    expect(server.mailboxes.messagesOf("bob")).toEqual([]);
    expect(server.received).toHaveLength(1);
  });

  test("refuses what it is told to", async () => {
    await using server = await startSmtpServer({
      greeting: "at your service",
      onMail: ({ address }) => (address === "" ? { code: 451, text: "Not now" } : undefined),
      onRcpt: async ({ params }) => ("NOTIFY" in params ? { code: 555, text: "No notes" } : undefined),
      onMessage: ({ data }) => (data.length === 2 ? { code: 554, text: "No mail" } : undefined),
    });
    await using client = await RawClient.open(server);
    expect(client.greeting).toBe("220 test.invalid ESMTP at your service");
    await client.command("EHLO client.example");
    expect(await client.command("MAIL FROM:<>")).toBe("451 4.3.0 Not now");
    await client.command("MAIL FROM:<ann@example.org>");
    expect(await client.command("RCPT TO:<bob@example.org> NOTIFY=NEVER")).toBe("555 5.5.4 No notes");
    await client.command("RSET");
    expect(await client.mail("\r\n", "bob@example.org")).toBe("554 5.6.0 No mail");
    expect(server.mailboxes.messagesOf("bob")).toEqual([]);
    await using closed = await startSmtpServer({ onConnect: () => ({ code: 554, text: "No service" }) });
    await using other = await RawClient.open(closed);
    expect(other.greeting).toMatch(/^554 .*No service$/);
    expect(await other.end()).toBeUndefined();
  });

  test("speaks LMTP: LHLO, and a reply for each recipient", async () => {
    await using server = await startSmtpServer({
      lmtp: true,
      onMessage: (_message, to) =>
        to?.address === "eve@example.org" ? { code: 452, text: "Full" } : undefined,
    });
    await using client = await RawClient.open(server);
    expect(server.url).toBe(`lmtp://127.0.0.1:${server.port}`);
    expect(await client.command("EHLO client.example")).toMatch(/^500 /);
    expect(await client.command("LHLO client.example")).toMatch(/^250/);
    expect(await client.mail("\r\n", "bob@example.org", "eve@example.org", "joe@example.org")).toMatch(
      /^250 /,
    );
    expect(await client.replies(2)).toEqual([
      expect.stringMatching(/^452 .*Full$/),
      expect.stringMatching(/^250 /),
    ]);
    expect(server.mailboxes.users).toEqual(["bob", "joe"]);
  });

  test("stores nothing of a message whose client has left", async () => {
    await using server = await startSmtpServer();
    const client = await RawClient.open(server);
    await client.commands("EHLO client.example", "MAIL FROM:<>", "RCPT TO:<bob@example.org>", "DATA");
    await client.send("Subject: half a message\r\n");
    await client[Symbol.asyncDispose]();
    await server.close();
    expect(server.received).toEqual([]);
  });

  test("close() leaves nothing open, whatever its clients are about to do, and may be called twice", async () => {
    const server = await startSmtpServer({ tls: identity });
    await using idle = await RawClient.open(server);
    await using amidData = await RawClient.open(server);
    await amidData.commands("EHLO a.example", "MAIL FROM:<>", "RCPT TO:<bob@example.org>", "DATA");
    await using secured = await RawClient.open(server);
    await secured.commands("EHLO a.example", "STARTTLS");
    await secured.connection.startTls(trusting);
    await using amidHandshake = await RawClient.open(server);
    await amidHandshake.commands("EHLO a.example", "STARTTLS");
    // A client that does not end its side.
    const leftOpen = connect({ port: server.port, host: server.host, allowHalfOpen: true });
    leftOpen.resume().write("QUIT\r\n");
    await once(leftOpen, "end");
    await Promise.all([server.close(), server.close()]);
    leftOpen.destroy();
    for (const client of [idle, amidData, secured, amidHandshake]) {
      await expect(client.reply()).rejects.toThrow(/ended|closed|broke/);
    }
    const implicit = await startSmtpServer({ tls: identity, tlsMode: "implicit" });
    await using silent = await RawClient.connect(implicit);
    await using talking = await RawClient.open(implicit, trusting);
    await implicit.close();
    for (const client of [silent, talking])
      await expect(client.reply()).rejects.toThrow(/ended|closed|broke/);
  });

  test("refuses implicit TLS without a certificate", async () => {
    await expect(startSmtpServer({ tlsMode: "implicit" })).rejects.toThrow(TypeError);
  });
});
