// startPop3Server: the commands of RFC 1939, in their states.
import { createHash } from "node:crypto";
import { Mailboxes, startEsmtpServer, startPop3Server } from "@netcli/test-servers";
import { describe, expect, test } from "vitest";
import { RawClient as SmtpClient } from "../smtp/raw-client.ts";
import { filled, greeted, loggedIn, MESSAGES, RawClient, start } from "./raw-client.ts";

const NO_SUCH = "-ERR There is no such message.";

function uidsOf(mailboxes: Mailboxes): string[] {
  return mailboxes.messagesOf("ann").map(({ uid }) => uid);
}

describe("a login", () => {
  test("is USER and PASS", async () => {
    await using fixture = await greeted();
    const { client, server } = fixture;
    expect(client.greeting).toBe("+OK test.invalid POP3 ready");
    expect(server.url).toBe(`pop3://127.0.0.1:${server.port}`);
    expect(await client.commands("USER ann", "pass secret")).toEqual([
      "+OK Go on.",
      "+OK 3 messages (70 octets)",
    ]);
    expect(server.sessions).toMatchObject([{ user: "ann", state: "TRANSACTION", isSecure: false }]);
    expect(server.violations).toEqual([]);
  });

  test.each([
    ["USER ann", "PASS wrong"],
    ["USER nobody", "PASS secret"],
    ["USER toString", "PASS secret"],
    ["USER ann", "PASS  secret"],
  ])("is refused with %j, %j, and can be tried again", async (...lines) => {
    await using fixture = await greeted();
    const { client, server } = fixture;
    expect(await client.commands(...lines)).toEqual(["+OK Go on.", "-ERR [AUTH] That is not right."]);
    expect(await client.logIn()).toMatch(/^\+OK/);
    expect(server.violations).toEqual([]);
  });

  test("may have spaces in its password", async () => {
    await using server = await startPop3Server({ users: { ann: " a  b " } });
    await using client = await RawClient.open(server);
    expect((await client.commands("USER ann", "PASS  a  b ")).at(-1)).toMatch(/^\+OK 0/);
  });

  test("needs a maildrop", async () => {
    await using fixture = await greeted({ mailboxes: new Mailboxes([]) });
    expect(await fixture.client.logIn()).toBe("-ERR [SYS/PERM] There is no such maildrop.");
  });

  test("is APOP where it is offered", async () => {
    await using fixture = await greeted({ apop: true });
    const { client, server } = fixture;
    const timestamp = /<.+@test\.invalid>$/.exec(client.greeting)?.[0] ?? "";
    expect(timestamp).not.toBe("");
    const digest = (password: string): string =>
      createHash("md5").update(`${timestamp}${password}`).digest("hex");
    const replies = await client.commands(`APOP ann ${digest("no")}`, `APOP bob ${digest("secret")}`);
    expect(replies).toEqual(Array(2).fill("-ERR [AUTH] That is not right."));
    expect(await client.command(`APOP ann ${digest("secret")}`)).toMatch(/^\+OK/);
    expect(server.violations).toEqual([]);
  });

  test("takes the timestamp that the test has chosen", async () => {
    // RFC 1939 7.
    const apop = "<1896.697170952@dbc.mtview.ca.us>";
    const server = await startPop3Server({ users: { mrose: "tanstaaf" }, apop });
    await using client = await RawClient.open(server);
    expect(client.greeting).toContain(apop);
    expect(await client.command("APOP mrose c4c9334bac560ecc979e58001b3e22fb")).toMatch(/^\+OK/);
    await server.close();
  });

  test("finds the maildrop in use where it is locked", async () => {
    await using fixture = await loggedIn({ lock: true });
    await using other = await RawClient.open(fixture.server);
    expect(await other.logIn()).toBe("-ERR [IN-USE] The maildrop is open elsewhere.");
    await fixture.client.command("QUIT");
    expect(await other.logIn()).toMatch(/^\+OK/);
    await other[Symbol.asyncDispose]();
    await fixture.server.sessions[1]?.ended;
    await using third = await RawClient.open(fixture.server);
    expect(await third.logIn()).toMatch(/^\+OK/);
  });

  test("can be had twice where it is not", async () => {
    await using fixture = await loggedIn();
    await using other = await RawClient.open(fixture.server);
    expect(await other.logIn()).toMatch(/^\+OK/);
  });
});

describe("the maildrop", () => {
  test("is listed", async () => {
    await using fixture = await loggedIn();
    const { client, server } = fixture;
    const [one, two, three] = uidsOf(server.mailboxes);
    expect(await client.command("STAT")).toBe("+OK 3 70");
    expect(await client.blockOf("LIST")).toEqual(["+OK 3 messages (70 octets)", "1 34", "2 27", "3 9"]);
    expect(await client.blockOf("uidl")).toEqual([
      "+OK Unique identifiers follow.",
      `1 ${one}`,
      `2 ${two}`,
      `3 ${three}`,
    ]);
    expect(await client.commands("LIST 2", "UIDL 3", "LIST 4", "UIDL 0", "NOOP")).toEqual([
      "+OK 2 27",
      `+OK 3 ${three}`,
      NO_SUCH,
      "-ERR That is not UIDL, or UIDL number.",
      "+OK Nothing done.",
    ]);
    expect(server.violations).toEqual(["UIDL: That is not UIDL, or UIDL number."]);
  });

  test("is sent with a dot in front of dots, and with whole lines", async () => {
    await using fixture = await loggedIn();
    const { client } = fixture;
    expect(await client.blockOf("RETR 2")).toEqual(["+OK 27 octets", "Subject: Two", "", "..", "...a", "b"]);
    expect(await client.blockOf("RETR 3")).toEqual(["+OK 9 octets", "", "Three"]);
    expect(await client.commands("RETR 4", "RETR 99999")).toEqual([NO_SUCH, NO_SUCH]);
  });

  test("may hold an empty message, one of dots alone, and any bytes", async () => {
    const bytes = Buffer.from(Array.from({ length: 256 }, (_byte, index) => index));
    const mailboxes = filled(["", ".", ".\r\n.\r\n\r\n"]);
    mailboxes.deliver("ann", bytes, { from: "", to: [] });
    await using fixture = await loggedIn({ mailboxes });
    const { client } = fixture;
    expect(await client.blockOf("RETR 1")).toEqual(["+OK 0 octets"]);
    expect(await client.blockOf("RETR 2")).toEqual(["+OK 3 octets", ".."]);
    expect(await client.blockOf("RETR 3")).toEqual(["+OK 8 octets", "..", "..", ""]);
    expect(await client.command("RETR 4")).toBe("+OK 258 octets");
    expect(Buffer.from(await client.connection.readExactly(258 + 3)).subarray(0, 256)).toEqual(bytes);
  });

  test.each([
    ["TOP 1 0", ["Subject: One", "From: a", ""]],
    ["TOP 1 2", ["Subject: One", "From: a", "", "1", "2"]],
    ["TOP 1 9999999999", ["Subject: One", "From: a", "", "1", "2", "3"]],
    ["TOP 2 1", ["Subject: Two", "", ".."]],
    ["TOP 3 0", [""]],
    ["TOP 3 1", ["", "Three"]],
    ["TOP 4 5", ["No: body"]],
  ])("shows with %j %j", async (line, lines) => {
    await using fixture = await loggedIn({ mailboxes: filled([...MESSAGES, "No: body\r\n"]) });
    expect(await fixture.client.blockOf(line)).toEqual(["+OK The top of it follows.", ...lines]);
  });

  test("keeps its numbers, and what came later waits for the next session", async () => {
    await using fixture = await loggedIn();
    const { client, server } = fixture;
    const [one, two, three] = uidsOf(server.mailboxes);
    await client.command("DELE 1");
    server.mailboxes.deliver("ann", Buffer.from("New\r\n"), { from: "", to: [] });
    if (two !== undefined) server.mailboxes.remove("ann", two);
    expect(await client.blockOf("LIST")).toEqual(["+OK 2 messages (36 octets)", "2 27", "3 9"]);
    expect(await client.commands("STAT", "RETR 1", "LIST 1", "UIDL 1", "DELE 1", "TOP 1 0")).toEqual([
      "+OK 2 36",
      ...Array<string>(5).fill(NO_SUCH),
    ]);
    expect(await client.commands("DELE 2", "RSET", "DELE 1", "DELE 2", "QUIT")).toEqual([
      "+OK Message 2 is marked.",
      "+OK 3 messages (70 octets)",
      "+OK Message 1 is marked.",
      "+OK Message 2 is marked.",
      "+OK Goodbye, 1 messages are left.",
    ]);
    expect(await client.end()).toBeUndefined();
    expect(server.deleted).toEqual([one]);
    expect(server.sessions).toMatchObject([{ state: "UPDATE", deleted: [one] }]);
    expect(server.mailboxes.messagesOf("ann")).toMatchObject([
      { uid: three },
      { data: Uint8Array.from(Buffer.from("New\r\n")) },
    ]);
    expect(server.violations).toEqual([]);
  });

  test.each(["close", "reset", "end"] as const)("loses nothing when the client leaves (%s)", async (how) => {
    await using fixture = await loggedIn();
    const { client, server } = fixture;
    await client.commands("DELE 1", "DELE 2");
    if (how === "close") await client.connection.close();
    else if (how === "reset") client.connection.reset();
    else client.connection.end();
    await server.sessions[0]?.ended;
    expect(server.deleted).toEqual([]);
    expect(server.mailboxes.messagesOf("ann")).toHaveLength(3);
    expect(server.errors).toEqual([]);
  });

  test("knows the highest number that was accessed", async () => {
    await using fixture = await loggedIn();
    const { client } = fixture;
    expect(await client.command("LAST")).toBe("+OK 0");
    await client.blockOf("RETR 2");
    await client.blockOf("RETR 1");
    expect(await client.commands("LAST", "DELE 3", "LAST", "RSET", "LAST")).toEqual([
      "+OK 2",
      "+OK Message 3 is marked.",
      "+OK 3",
      "+OK 3 messages (70 octets)",
      "+OK 0",
    ]);
  });

  test("may be one that an SMTP server has filled", async () => {
    const mailboxes = new Mailboxes(["ann"]);
    await using smtp = await startEsmtpServer({ mailboxes });
    await using server = await start({ mailboxes });
    await using sender = await SmtpClient.open(smtp);
    await sender.command("EHLO a.example");
    await sender.mail("Subject: x\r\n\r\n..\r\n", "ann@example.org");
    await using client = await RawClient.open(server);
    await client.logIn();
    expect(await client.blockOf("RETR 1")).toEqual(["+OK 17 octets", "Subject: x", "", ".."]);
  });
});

test("lines are remembered, with what they hold", async () => {
  await using fixture = await loggedIn();
  await using other = await RawClient.open(fixture.server);
  await other.command("QUIT");
  expect(fixture.server.commands).toEqual(["USER ann", "PASS secret", "QUIT"]);
  expect(fixture.server.sessions[0]?.commands).toEqual(["USER ann", "PASS secret"]);
});

test("a server is left by nobody who stays connected", async () => {
  const server = await start();
  const client = await RawClient.open(server);
  await server.close();
  expect(await client.end()).toBeUndefined();
  await client[Symbol.asyncDispose]();
  await expect(RawClient.connect(server)).rejects.toMatchObject({ code: "ERR_NETCLI_CONNECT" });
});

test.each([
  [{ host: "0.0.0.0" }, "a test server does not listen on 0.0.0.0"],
  [{ requireTls: true }, "there is no TLS without tls"],
  [{ delay: 1, port: 1 }, "with delay the port can't be chosen"],
])("options that make no sense are refused: %j", async (options, message) => {
  await expect(startPop3Server(options)).rejects.toThrow(message);
});
