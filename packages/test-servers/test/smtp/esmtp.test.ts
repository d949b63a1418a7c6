// startEsmtpServer: the session, what it offers, and what it refuses because of grammar or order.
import { type EsmtpServerOptions, Mailboxes, startEsmtpServer } from "@netcli/test-servers";
import { describe, expect, test } from "vitest";
import { greeted, identity, RawClient } from "./raw-client.ts";

const MAIL = "MAIL FROM:<ann@example.org>";
const RCPT = "RCPT TO:<bob@example.org>";

async function offered(options: EsmtpServerOptions): Promise<string[]> {
  await using server = await startEsmtpServer(options);
  await using client = await RawClient.open(server);
  const [, ...lines] = (await client.command("EHLO a.example")).split("\n");
  return lines.map((line) => line.slice(4));
}

describe("a session", () => {
  test("records the envelope with all parameters, and every line", async () => {
    await using fixture = await greeted({ tls: identity, users: { bob: "" } });
    const { client, server } = fixture;
    const mail = `${MAIL} SIZE=5 BODY=8BITMIME SMTPUTF8 RET=HDRS ENVID=a+2Bb AUTH=<> BY=60;RT HOLDFOR=60 MT-PRIORITY=-3`;
    const rcpt = `${RCPT} NOTIFY=SUCCESS,DELAY ORCPT=rfc822;bob+2Bx@example.org`;
    const lines = [mail, rcpt, "DATA"];
    expect(await client.commands(...lines)).toEqual([
      "250 2.1.0 Sender noted.",
      "250 2.1.5 Recipient noted.",
      "354 End with a dot on a line of its own.",
    ]);
    expect(await client.command("é\r\n.")).toBe("250 2.0.0 Ok: queued as 00000001");
    expect(await client.command("QUIT")).toBe("221 2.0.0 Goodbye.");
    expect(await client.end()).toBeUndefined();
    await server.sessions[0]?.ended;
    expect(server.received).toEqual([
      {
        from: {
          address: "ann@example.org",
          params: {
            SIZE: "5",
            BODY: "8BITMIME",
            SMTPUTF8: true,
            RET: "HDRS",
            ENVID: "a+2Bb",
            AUTH: "<>",
            BY: "60;RT",
            HOLDFOR: "60",
            "MT-PRIORITY": "-3",
          },
        },
        to: [
          {
            address: "bob@example.org",
            params: { NOTIFY: "SUCCESS,DELAY", ORCPT: "rfc822;bob+2Bx@example.org" },
          },
        ],
        data: new Uint8Array(Buffer.from("é\r\n")),
        chunks: undefined,
        wireBytes: 7,
        clientName: "a.example",
        user: undefined,
        isSecure: false,
      },
    ]);
    expect(server.mailboxes.messagesOf("bob")).toMatchObject([
      { from: "ann@example.org", to: ["bob@example.org"] },
    ]);
    expect(server.commands).toEqual(["EHLO a.example", ...lines, "QUIT"]);
    expect(server.sessions).toMatchObject([
      { number: 1, commands: server.commands, clientName: "a.example", isSecure: false, violations: [] },
    ]);
    expect(server.errors).toEqual([]);
  });

  test("greets and names itself as it is told", async () => {
    await using server = await startEsmtpServer({ name: "mx.example", greeting: ["ESMTP one", "two"] });
    expect(server.url).toBe(`smtp://127.0.0.1:${server.port}`);
    await using client = await RawClient.open(server);
    expect(client.greeting).toBe("220-mx.example ESMTP one\n220 two");
    expect(await client.command("HELO a.example")).toBe("250 mx.example");
  });

  test("forgets the transaction with RSET and EHLO, and begins another behind a message", async () => {
    await using fixture = await greeted();
    const { client, server } = fixture;
    await client.commands(MAIL, RCPT, "RSET", "MAIL FROM:<>", "EHLO b.example", "MAIL FROM:<c@d.example>");
    await client.commands("RCPT TO:<PostMaster>", "DATA");
    expect(await client.command(".")).toMatch(/^250 /);
    expect(await client.mail("\r\n", "eve@[127.0.0.1]", '"a b\\"@c"@[IPv6:::1]')).toMatch(/^250 /);
    expect(server.received).toMatchObject([
      { from: { address: "c@d.example" }, to: [{ address: "PostMaster" }], clientName: "b.example" },
      { to: [{ address: "eve@[127.0.0.1]" }, { address: '"a b\\"@c"@[IPv6:::1]' }] },
    ]);
    expect(server.mailboxes.users).toEqual(["PostMaster", "eve", 'a b"@c']);
    expect(server.violations).toEqual([]);
  });

  test("knows mailboxes and lists", async () => {
    await using fixture = await greeted({
      mailboxes: new Mailboxes(["bob"]),
      lists: { all: ["bob@test.invalid", "eve@test.invalid"] },
    });
    const { client, server } = fixture;
    expect(await client.commands("VRFY bob", "VRFY eve", "EXPN all", "EXPN none")).toEqual([
      "250 2.1.5 <bob@test.invalid>",
      "550 5.1.1 There is no such user.",
      "250-2.1.5 <bob@test.invalid>\n250 2.1.5 <eve@test.invalid>",
      "550 5.1.1 There is no such list.",
    ]);
    expect(await client.commands("HELP", "HELP DATA", "NOOP", "NOOP some words")).toEqual([
      "214-2.0.0 This is a server for tests.\n214 2.0.0 Ask about a verb.",
      "214 2.0.0 DATA",
      "250 2.0.0 Nothing done.",
      "250 2.0.0 Nothing done.",
    ]);
    expect(await client.commands(MAIL, "RCPT TO:<eve@example.org>")).toEqual([
      expect.stringMatching(/^250 /),
      "550 5.1.1 There is no such mailbox.",
    ]);
    expect(server.violations).toEqual([]);
  });
});

describe("extensions", () => {
  test("are offered as they are listed, TLS's own where they belong", async () => {
    expect(await offered({ extensions: [] })).toEqual([]);
    expect(await offered({ extensions: ["SIZE 10", "X-SOMETHING else", "STARTTLS", "REQUIRETLS"] })).toEqual([
      "SIZE 10",
      "X-SOMETHING else",
      "STARTTLS",
    ]);
    expect(await offered({ extensions: ({ isSecure, user }) => [`X-${isSecure}-${user}`] })).toEqual([
      "X-false-undefined",
    ]);
    expect(await offered({ tls: identity, users: {}, requireTls: true })).not.toContainEqual(
      expect.stringMatching(/^AUTH/),
    );
  });

  test("may not be used when they are not offered", async () => {
    await using fixture = await greeted({ extensions: ["SIZE 10"] });
    const { client, server } = fixture;
    expect(await client.commands("BDAT 0", "STARTTLS", "AUTH PLAIN", "EXPN all", "XCLIENT NAME=a")).toEqual(
      ["CHUNKING", "STARTTLS", "AUTH", "EXPN", "XCLIENT"].map((name) => `502 ${name} was not offered.`),
    );
    expect(await client.command(`${MAIL} BODY=8BITMIME`)).toBe("555 BODY was not offered.");
    expect(await client.command(`${MAIL} SMTPUTF8`)).toBe("555 SMTPUTF8 was not offered.");
    expect(await client.command(`${MAIL} SIZE=11`)).toBe("552 That is too large.");
    expect(await client.command(`${MAIL} SIZE=10`)).toBe("250 Sender noted.");
    expect(await client.command(`${RCPT} NOTIFY=NEVER`)).toBe("555 NOTIFY was not offered.");
    expect(await client.command("HELP")).toBe("502 There is no help.");
    expect(server.violations).toHaveLength(8);
    await client.command("HELO a.example");
    expect(await client.command(`${MAIL} SIZE=1`)).toBe("555 SIZE was not offered.");
  });

  test("LIMITS are to be kept", async () => {
    await using fixture = await greeted({ extensions: ["LIMITS MAILMAX=2 RCPTMAX=2 RCPTDOMAINMAX=1"] });
    const { client, server } = fixture;
    await client.commands(MAIL, "RCPT TO:<a@b.example>");
    expect(await client.command("RCPT TO:<a@c.example>")).toBe("452 Too many domains.");
    await client.command("RCPT TO:<b@B.example>");
    expect(await client.command("RCPT TO:<c@b.example>")).toBe("452 Too many recipients.");
    await client.commands("RSET", MAIL, "RSET");
    expect(await client.command(MAIL)).toBe("452 No more messages in this session.");
    expect(server.violations).toEqual([
      "RCPT: Too many domains.",
      "RCPT: Too many recipients.",
      "MAIL: No more messages in this session.",
    ]);
  });
});

describe("what is out of order", () => {
  test.each([
    [[], MAIL, "503 EHLO comes first."],
    [[], "DATA", "503 EHLO comes first."],
    [["EHLO a.example"], RCPT, "503 5.5.1 MAIL comes first."],
    [["EHLO a.example"], "DATA", "503 5.5.1 MAIL comes first."],
    [["EHLO a.example"], "BDAT 0 LAST", "503 5.5.1 MAIL comes first."],
    [["EHLO a.example", MAIL], MAIL, "503 5.5.1 There is a transaction already."],
    [["EHLO a.example", MAIL], "DATA", "503 5.5.1 There is no recipient."],
    [["EHLO a.example", MAIL, RCPT, "BDAT 0"], "DATA", "503 5.5.1 BDAT goes on with BDAT."],
    [["EHLO a.example", MAIL, RCPT, "BDAT 0"], RCPT, "503 5.5.1 The message has begun."],
    [["EHLO a.example", MAIL, RCPT, "BDAT 0 LAST"], "BDAT 0 LAST", "503 5.5.1 MAIL comes first."],
    [["EHLO a.example", `${MAIL} BODY=BINARYMIME`, RCPT], "DATA", "503 5.5.1 BINARYMIME needs BDAT."],
    [["EHLO a.example", MAIL, "RSET"], RCPT, "503 5.5.1 MAIL comes first."],
    [[], "LHLO a.example", "500 That is for LMTP."],
  ])("behind %j: %s", async (before, line, reply) => {
    await using server = await startEsmtpServer();
    await using client = await RawClient.open(server);
    await client.commands(...before);
    expect(server.violations).toEqual([]);
    expect(await client.command(line)).toBe(reply);
    expect(server.violations).toHaveLength(1);
  });

  test("is no mistake when the client could not know it yet", async () => {
    await using fixture = await greeted({ mailboxes: new Mailboxes([]) });
    const { client, server } = fixture;
    await client.send(`${MAIL} SIZE=999999999999\r\n${RCPT}\r\nDATA\r\n`);
    expect(await client.replies(3)).toEqual([
      "552 5.3.4 That is too large.",
      "503 5.5.1 MAIL comes first.",
      "503 5.5.1 MAIL comes first.",
    ]);
    await client.send(`${MAIL}\r\n${RCPT}\r\nDATA\r\n`);
    expect((await client.replies(3))[2]).toBe("503 5.5.1 There is no recipient.");
    expect(server.violations).toEqual([]);
    expect(await client.command("DATA")).toBe("503 5.5.1 There is no recipient.");
    expect(server.violations).toEqual(["DATA: There is no recipient."]);
  });
});

describe("bad syntax", () => {
  test.each([
    ["EHLO", 501],
    ["EHLO a b", 501],
    ["EHLO a_b", 501],
    ["EHLO [1.2.3]", 501],
    ["EHLO -a.example", 501],
    ["NOOPX", 500],
    ["NOOP ", 500],
    [" NOOP", 500],
    ["", 500],
    ["N\u00d6OP", 500],
    ["NOOP \u00d6", 500],
    ["RSET now", 501],
    ["DATA now", 501],
    ["QUIT now", 501],
    ["VRFY", 501],
    ["VRFY \u00d6", 553],
    ["MAIL", 501],
    ["MAIL ann@example.org", 501],
    ["MAIL FROM:ann@example.org", 501],
    ["MAIL FROM: <ann@example.org>", 501],
    ["MAIL FROM:<ann@example.org> ", 500],
    ["MAIL FROM:<ann@example.org>  SIZE=1", 501],
    ["MAIL FROM:<ann@example.org>SIZE=1", 501],
    ["MAIL FROM:<ann>", 501],
    ["MAIL FROM:<ann@>", 501],
    ["MAIL FROM:<@example.org>", 501],
    ["MAIL FROM:<a..b@example.org>", 501],
    ["MAIL FROM:<a b@example.org>", 501],
    ["MAIL FROM:<a@b@example.org>", 501],
    ["MAIL FROM:<ann@example..org>", 501],
    ["MAIL FROM:<@relay.example:ann@example.org>", 501],
    ["MAIL FROM:<ann@[1.2.3.4.5]>", 501],
    [`MAIL FROM:<${"a".repeat(65)}@example.org>`, 501],
    ["MAIL FROM:<\u00e4nn@example.org>", 553],
    ["MAIL FROM:<ann@example.org> FOO=1", 555],
    ["MAIL FROM:<ann@example.org> NOTIFY=NEVER", 555],
    ["MAIL FROM:<ann@example.org> SIZE", 501],
    ["MAIL FROM:<ann@example.org> SIZE=", 501],
    ["MAIL FROM:<ann@example.org> SIZE=1 SIZE=1", 501],
    ["MAIL FROM:<ann@example.org> SIZE=x", 501],
    ["MAIL FROM:<ann@example.org> SMTPUTF8=yes", 501],
    ["MAIL FROM:<ann@example.org> BODY=9BIT", 501],
    ["MAIL FROM:<ann@example.org> RET=ALL", 501],
    ["MAIL FROM:<ann@example.org> ENVID=a+b", 501],
    ["MAIL FROM:<ann@example.org> BY=0;R", 501],
    ["MAIL FROM:<ann@example.org> BY=-1;R", 501],
    ["MAIL FROM:<ann@example.org> BY=10", 501],
    ["MAIL FROM:<ann@example.org> HOLDFOR=0", 501],
    ["MAIL FROM:<ann@example.org> HOLDUNTIL=tomorrow", 501],
    ["MAIL FROM:<ann@example.org> HOLDFOR=1 HOLDUNTIL=2030-01-01T00:00:00Z", 501],
    ["MAIL FROM:<ann@example.org> MT-PRIORITY=10", 501],
    [`MAIL FROM:<ann@example.org> ENVID=${"a".repeat(101)}`, 501],
    [`NOOP ${"x".repeat(506)}`, 500],
  ])("%j gets %d", async (line, code) => {
    await using fixture = await greeted();
    const { client, server } = fixture;
    expect(await client.command(line)).toMatch(new RegExp(`^${code} 5\\.\\d\\.\\d `));
    expect(server.violations).toHaveLength(1);
    expect(await client.command("NOOP")).toMatch(/^250 /);
  });

  test.each([
    ["RCPT TO:<>", 501],
    ["RCPT TO:<\u00e4nn@example.org>", 553],
    [`${RCPT} NOTIFY=NEVER,DELAY`, 501],
    [`${RCPT} NOTIFY=ALWAYS`, 501],
    [`${RCPT} ORCPT=bob@example.org`, 501],
    [`${RCPT} ORCPT=rfc822;b+ob@example.org`, 501],
    [`${RCPT} SIZE=1`, 555],
  ])("%j gets %d", async (line, code) => {
    await using fixture = await greeted();
    const { client, server } = fixture;
    await client.command(MAIL);
    expect(await client.command(line)).toMatch(new RegExp(`^${code} 5\\.\\d\\.\\d `));
    expect(server.violations).toHaveLength(1);
  });

  test("is none where an extension allows it", async () => {
    await using fixture = await greeted();
    const { client, server } = fixture;
    expect(
      await client.commands(
        "EHLO [IPv6:::1]",
        "mail from:<änn@exämple.org> smtputf8 Holduntil=2030-01-01T00:00:00+02:00",
        "rcpt to:<bøb@example.org> ORCPT=utf-8;bøb@example.org",
        "VRFY bøb SMTPUTF8",
        "RSET",
        `${MAIL} ENVID=${"a".repeat(100)} BY=-5;NT`,
        `${RCPT} ORCPT=rfc822;${"a".repeat(400)}`,
        `NOOP ${"x".repeat(505)}`,
      ),
    ).toEqual(Array.from({ length: 8 }, () => expect.stringMatching(/^250/)));
    expect(server.violations).toEqual([]);
  });

  test("is a line that does not end in CR LF", async () => {
    await using fixture = await greeted();
    const { client, server } = fixture;
    for (const line of ["NOOP\n", "NOOP\r\r\n", "NO\rOP\r\n"]) {
      await client.send(line);
      expect(await client.reply()).toBe("500 5.5.2 A CR without LF, or an LF without CR.");
    }
    expect(server.violations).toHaveLength(3);
  });
});

describe("close()", () => {
  test("cuts what is open, and may be called twice", async () => {
    const server = await startEsmtpServer();
    await using idle = await RawClient.open(server);
    await using amidData = await RawClient.open(server);
    await amidData.commands("EHLO a.example", MAIL, RCPT, "DATA");
    await Promise.all([server.close(), server.close()]);
    for (const client of [idle, amidData]) await expect(client.reply()).rejects.toThrow(/ended|closed|broke/);
    await Promise.all(server.sessions.map(({ ended }) => ended));
    expect(server.received).toEqual([]);
  });

  test("tells of a bug in the test's own answers", async () => {
    const server = await startEsmtpServer({
      reply: () => {
        throw new TypeError("a bug");
      },
    });
    await using client = await RawClient.connect(server);
    expect(await client.end()).toBeUndefined();
    await expect(server.close()).rejects.toThrow("a bug");
    await server.close();
  });

  test("is not needed where nothing could start", async () => {
    await expect(startEsmtpServer({ tlsMode: "implicit" })).rejects.toThrow("there is no TLS without tls");
    await expect(startEsmtpServer({ host: "192.0.2.1" })).rejects.toThrow("does not listen");
    await expect(startEsmtpServer({ delay: 1, port: 1 })).rejects.toThrow("delay");
  });

  test("sends away whom it has no room for", async () => {
    await using server = await startEsmtpServer({ maxConnections: 1 });
    await using first = await RawClient.open(server);
    await using second = await RawClient.open(server);
    expect(first.greeting).toMatch(/^220 /);
    expect(second.greeting).toBe("421 4.3.2 Too many connections.");
  });
});
