// startPop3Server: what CAPA lists (RFC 2449), what belongs to it, and servers that never heard of it.
import { gate } from "@netcli/test-kit";
import { startPop3Server } from "@netcli/test-servers";
import { describe, expect, test } from "vitest";
import { filled, greeted, identity, loggedIn, RawClient, trusting } from "./raw-client.ts";

const GENERAL = [
  "TOP",
  "UIDL",
  "RESP-CODES",
  "AUTH-RESP-CODE",
  "PIPELINING",
  "EXPIRE NEVER",
  "UTF8 USER",
  "LANG",
  "IMPLEMENTATION netcli",
];
const SASL = "SASL PLAIN LOGIN CRAM-MD5 SCRAM-SHA-1 SCRAM-SHA-256 XOAUTH2 OAUTHBEARER";

describe("CAPA", () => {
  test("lists what there is, before the login and after it", async () => {
    await using fixture = await greeted({ tls: identity });
    const { client } = fixture;
    const status = "+OK That is what there is:";
    expect(await client.blockOf("CAPA")).toEqual([status, "USER", SASL, ...GENERAL, "STLS"]);
    await client.logIn();
    expect(await client.blockOf("CAPA")).toEqual([status, "USER", SASL, ...GENERAL]);
  });

  test("lists channel binding over TLS, and what else can log someone in", async () => {
    const options = { tls: identity, tlsMode: "implicit", external: "ann", anonymous: "ann" } as const;
    await using fixture = await greeted(options, trusting);
    const bound = `${SASL} SCRAM-SHA-1-PLUS SCRAM-SHA-256-PLUS EXTERNAL ANONYMOUS`;
    expect((await fixture.client.blockOf("CAPA")).slice(1)).toEqual(["USER", bound, ...GENERAL]);
    expect(fixture.server.url).toMatch(/^pop3s:/);
  });

  test("lists what the test wants, as it stands there", async () => {
    await using fixture = await greeted({
      capabilities: ({ state, user, isSecure }) => ["USER", `X-STATE ${state} ${user} ${isSecure}`, "sasl"],
    });
    const { client } = fixture;
    expect((await client.blockOf("CAPA")).slice(1)).toEqual([
      "USER",
      "X-STATE AUTHORIZATION undefined false",
      "sasl",
    ]);
    await client.logIn();
    expect((await client.blockOf("CAPA"))[2]).toBe("X-STATE TRANSACTION ann false");
  });
});

describe("what is not there", () => {
  test.each([
    ["USER ann", []],
    ["AUTH PLAIN", ["USER"]],
    ["STLS", ["USER"]],
    ["UTF8", ["USER"]],
    ["LANG", ["USER"]],
  ])("is refused: %j with %j", async (line, capabilities) => {
    await using fixture = await greeted({ capabilities });
    const { client, server } = fixture;
    const verb = line.split(" ")[0] ?? "";
    const reply = `-ERR There is no ${verb} here.`;
    expect(await client.command(line)).toBe(reply);
    // It may have been tried; behind CAPA it is known.
    expect(server.violations).toEqual([]);
    await client.blockOf("CAPA");
    expect(await client.command(line)).toBe(reply);
    expect(server.violations).toEqual([`${verb}: There is no ${verb} here.`]);
  });

  test("is refused behind the login, too", async () => {
    await using fixture = await loggedIn({ capabilities: ["USER"] });
    expect(await fixture.client.commands("TOP 1 0", "UIDL")).toEqual([
      "-ERR There is no TOP here.",
      "-ERR There is no UIDL here.",
    ]);
  });

  test("has no response codes", async () => {
    await using none = await greeted({ capabilities: ["USER"], lock: true });
    await none.client.command("USER ann");
    expect(await none.client.command("PASS wrong")).toBe("-ERR That is not right.");
    await using some = await loggedIn({ capabilities: ["USER", "RESP-CODES"], lock: true });
    await using other = await RawClient.open(some.server);
    expect(await other.logIn()).toBe("-ERR [IN-USE] The maildrop is open elsewhere.");
    await other.command("USER ann");
    expect(await other.command("PASS wrong")).toBe("-ERR That is not right.");
  });
});

describe("PIPELINING", () => {
  test("lets commands come together, and answers them together", async () => {
    await using fixture = await greeted();
    const { client, server } = fixture;
    await client.blockOf("CAPA");
    await client.send("USER ann\r\nPASS secret\r\nSTAT\r\nRETR 3\r\nDELE 3\r\nQUIT\r\n");
    expect(await client.lines(9)).toEqual([
      "+OK Go on.",
      "+OK 3 messages (70 octets)",
      "+OK 3 70",
      "+OK 9 octets",
      "",
      "Three",
      ".",
      "+OK Message 3 is marked.",
      "+OK Goodbye, 2 messages are left.",
    ]);
    expect(server.flights).toBe(2);
    expect(server.violations).toEqual([]);
  });

  test("makes no mistake of what can't be known to be refused", async () => {
    await using fixture = await greeted();
    const { client, server } = fixture;
    await client.blockOf("CAPA");
    await client.send("USER ann\r\nPASS wrong\r\nSTAT\r\nLIST\r\n");
    expect(await client.lines(4)).toEqual([
      "+OK Go on.",
      "-ERR [AUTH] That is not right.",
      "-ERR STAT belongs into another state.",
      "-ERR LIST belongs into another state.",
    ]);
    expect(server.violations).toEqual([]);
    await client.command("STAT");
    expect(server.violations).toEqual(["STAT: STAT belongs into another state."]);
  });

  test.each([
    ["before CAPA", undefined, false],
    ["where CAPA does not list it", ["USER", "TOP"], true],
  ])("is a mistake %s", async (_when, capabilities, isAsked) => {
    await using fixture = await greeted({ capabilities });
    const { client, server } = fixture;
    if (isAsked) await client.blockOf("CAPA");
    await client.send("USER ann\r\nPASS secret\r\n");
    expect((await client.lines(2))[1]).toMatch(/^\+OK 3/);
    expect(server.violations).toEqual(["USER: more came before the reply"]);
    await client.command("NOOP");
    expect(server.violations).toHaveLength(1);
  });

  test.each([
    ["QUIT", "QUIT\r\nNOOP\r\n"],
    ["AUTH", "AUTH PLAIN\r\nAGFubgBzZWNyZXQ=\r\n"],
  ])("ends with %s", async (verb, lines) => {
    await using fixture = await greeted();
    const { client, server } = fixture;
    await client.blockOf("CAPA");
    await client.send(lines);
    await client.line();
    expect(server.violations).toEqual([`${verb}: more came before the reply`]);
  });

  test("does not keep large replies back until all are there", async () => {
    const { opened, open } = gate();
    const message = `${"x".repeat(998)}\r\n`.repeat(300);
    await using fixture = await loggedIn({
      mailboxes: filled([message]),
      reply: async (verb) => {
        if (verb === "NOOP") await opened;
        return undefined;
      },
    });
    const { client, server } = fixture;
    await client.blockOf("CAPA");
    await client.send("RETR 1\r\nNOOP\r\n");
    expect(await client.block()).toHaveLength(301);
    open();
    expect(await client.line()).toBe("+OK Nothing done.");
    expect(server.violations).toEqual([]);
  });

  test("is not before the greeting", async () => {
    await using server = await startPop3Server();
    await using client = await RawClient.connect(server);
    await client.send("CAPA\r\n");
    expect(await client.line()).toMatch(/^\+OK/);
    expect(server.violations).toEqual(["CONNECT: something came before the greeting"]);
  });

  test("is counted in flights over a slow way, too", async () => {
    await using fixture = await loggedIn({ delay: 5 });
    const { client, server } = fixture;
    await client.blockOf("CAPA");
    await client.send("STAT\r\n");
    await client.send("NOOP\r\n");
    await client.lines(2);
    expect(server.flights).toBe(4);
    expect(server.violations).toEqual([]);
  });
});

describe("a capability", () => {
  test("LOGIN-DELAY refuses who comes back too soon", async () => {
    await using fixture = await loggedIn({ capabilities: ["USER", "RESP-CODES", "LOGIN-DELAY 900"] });
    await using other = await RawClient.open(fixture.server);
    expect(await other.logIn()).toBe("-ERR [LOGIN-DELAY] That is too soon.");
  });

  test("EXPIRE 0 removes what was retrieved", async () => {
    await using fixture = await loggedIn({ capabilities: ["USER", "TOP", "EXPIRE 0"] });
    const { client, server } = fixture;
    const [one, two] = server.mailboxes.messagesOf("ann").map(({ uid }) => uid);
    await client.blockOf("RETR 2");
    await client.blockOf("TOP 3 0");
    expect(await client.commands("DELE 1", "QUIT")).toEqual([
      "+OK Message 1 is marked.",
      "+OK Goodbye, 1 messages are left.",
    ]);
    expect(server.deleted).toEqual([one, two]);
  });

  test("UTF8 USER lets names and passwords be UTF-8", async () => {
    const users = { zoë: "pässword" };
    await using server = await startPop3Server({ users });
    await using client = await RawClient.open(server);
    expect((await client.commands("USER zoë", "PASS pässword"))[1]).toMatch(/^\+OK 0/);
    await using without = await startPop3Server({ users, capabilities: ["USER", "UTF8"] });
    await using other = await RawClient.open(without);
    expect(await other.commands("UTF8", "USER zoë")).toEqual(["+OK UTF8 it is.", "-ERR That is not ASCII."]);
    expect(without.violations).toEqual(["USER: That is not ASCII."]);
    expect(without.sessions[0]?.isUtf8).toBe(true);
  });

  test("UTF8 may be asked for by messages", async () => {
    const options = {
      requireUtf8: true,
      mailboxes: filled(["Subject: ü\r\n\r\nx\r\n", "Subject: u\r\n\r\nü\r\n"]),
    };
    await using fixture = await loggedIn(options);
    const refusal = "-ERR [UTF8] UTF8 comes first.";
    expect(await fixture.client.commands("RETR 1", "TOP 1 0")).toEqual([refusal, refusal]);
    expect(await fixture.client.blockOf("RETR 2")).toHaveLength(4);
    await using other = await greeted(options);
    await other.client.command("UTF8");
    await other.client.logIn();
    expect(await other.client.blockOf("RETR 1")).toEqual(["+OK 18 octets", "Subject: ü", "", "x"]);
  });

  test("LANG changes the language, and lists all", async () => {
    await using fixture = await greeted();
    const { client, server } = fixture;
    expect(await client.blockOf("LANG")).toEqual([
      "+OK These are spoken:",
      "i-default English, for everybody",
      "en English",
      "fr Français",
    ]);
    await client.logIn();
    expect(await client.command("LANG en")).toBe("+OK en English it is.");
    expect(server.sessions[0]?.language).toBe("en");
    expect(await client.commands("LANG FR", "LANG *", "LANG tlh")).toEqual([
      "+OK fr Français, d'accord.",
      "+OK i-default This is what you get.",
      "-ERR That language is not spoken here.",
    ]);
    expect(server.violations).toEqual([]);
  });
});
