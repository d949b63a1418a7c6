// Servers of all kinds: what they say that they can, and how they write what they say.
import { failureOf } from "@netcli/test-kit";
import { startPop3Server, type Pop3Quirks } from "@netcli/test-servers";
import { describe, expect, test } from "vitest";
import { Pop3Capabilities, Pop3Session } from "../src/index.ts";
import { mailboxOf } from "./maildrops.ts";
import { answer, greeted } from "./scripted-pop3.ts";

describe("capabilities (RFC 2449)", () => {
  test("are there by name, whatever their case, and typed", async () => {
    const lines = [
      "TOP",
      "sasl CRAM-MD5 plain",
      "LOGIN-DELAY 900 USER",
      "EXPIRE 60 USER",
      "IMPLEMENTATION Shlemazle-Plotz-v302",
      "  PIPELINING  ",
      "",
      "X-OWN\ta",
    ];
    await using fixture = await greeted((peer) => answer(peer, "CAPA", "+OK List follows", ...lines, "."));
    const { session } = fixture;
    const capabilities = await session.capa();
    expect(session.capabilities).toBe(capabilities);
    expect(capabilities.has("top")).toBe(true);
    expect(capabilities.has("PIPELINING")).toBe(true);
    expect(capabilities.has("STLS")).toBe(false);
    expect(capabilities.sasl).toEqual(["CRAM-MD5", "PLAIN"]);
    expect(capabilities.loginDelay).toBe(900);
    expect(capabilities.expire).toEqual({ days: 60, isPerUser: true });
    expect(capabilities.implementation).toBe("Shlemazle-Plotz-v302");
    expect(capabilities.parameters("login-delay")).toBe("900 USER");
    expect(capabilities.parameters("STLS")).toBeUndefined();
  });

  test.each([
    ["EXPIRE NEVER", { days: Infinity, isPerUser: false }],
    ["EXPIRE never", { days: Infinity, isPerUser: false }],
    ["EXPIRE 0", { days: 0, isPerUser: false }],
    ["EXPIRE 5 USER", { days: 5, isPerUser: true }],
    ["EXPIRE", undefined],
    ["EXPIRE soon", undefined],
    ["EXPIRE -1", undefined],
    ["EXPIRE 99999999999", undefined],
  ])("%j", (line, expire) => {
    expect(new Pop3Capabilities([line]).expire).toEqual(expire);
  });

  test.each(["LOGIN-DELAY", "LOGIN-DELAY x", "LOGIN-DELAY -1", "LOGIN-DELAY 1e3"])(
    "%j says nothing",
    (line) => {
      expect(new Pop3Capabilities([line]).loginDelay).toBeUndefined();
    },
  );
});

const quirks: [string, Pop3Quirks][] = [
  ["an empty line in front of each reply", { blankLine: true }],
  ["replies in small letters", { lowerCase: true }],
  ["replies without text", { bareOk: true }],
  ["no octets", { noOctets: true }],
  ["text behind sizes", { listText: true }],
  ["blanks around ids", { uidlBlanks: true }],
  ["no CAPA", { noCapa: true }],
  [
    "all of it",
    { blankLine: true, lowerCase: true, bareOk: true, noOctets: true, listText: true, uidlBlanks: true },
  ],
];

test.each(quirks)("a whole session with a server that has %s", async (_what, own) => {
  const users = { ada: "secret" };
  const mailboxes = mailboxOf(["one\r\n", ".two\r\n"]);
  const [, second] = mailboxes.messagesOf("ada");
  await using server = await startPop3Server({ users, mailboxes, quirks: own });
  const { host, port } = server;
  const session = await Pop3Session.connect({ host, port, user: "ada", password: "secret" });
  expect(await session.stat()).toEqual({ count: 2, size: 11 });
  expect(await session.list()).toEqual([
    { number: 1, size: 5 },
    { number: 2, size: 6 },
  ]);
  expect(await session.list(2)).toEqual({ number: 2, size: 6 });
  expect(await session.uidl(2)).toEqual({ number: 2, uid: second?.uid });
  expect((await session.uidl())[1]).toEqual({ number: 2, uid: second?.uid });
  expect(await (await session.retr(2)).text()).toBe(".two\r\n");
  expect(await (await session.top(1, 0)).text()).toBe("one\r\n");
  await session.dele(1);
  await session.quit();
  expect(server.deleted).toHaveLength(1);
  expect(server.violations).toEqual([]);
});

test("UTF8 is said before the login, if it is wanted and offered (RFC 6856)", async () => {
  for (const utf8 of [true, false]) {
    await using server = await startPop3Server({ users: { ada: "secret" } });
    const { host, port } = server;
    await using session = await Pop3Session.connect({ host, port, user: "ada", password: "secret", utf8 });
    await session.noop();
    expect(server.sessions[0]?.isUtf8).toBe(utf8);
    expect(server.commands.includes("UTF8")).toBe(utf8);
    expect(server.violations).toEqual([]);
  }
});

test("a greeting that refuses is what connect rejects with", async () => {
  await using server = await startPop3Server({
    reply: (verb) => (verb === "CONNECT" ? "-ERR [SYS/TEMP] full" : undefined),
  });
  const error = await failureOf(Pop3Session.connect({ host: server.host, port: server.port }));
  expect(error).toMatchObject({ name: "Pop3ReplyError", responseCode: "SYS/TEMP", isTemporary: true });
});

test("a URL has what connect needs", async () => {
  await using server = await startPop3Server({ users: { ada: "secret" } });
  await using session = await Pop3Session.connect(server.url.replace("//", "//ada:secret@"));
  expect(server.sessions[0]?.user).toBe("ada");
  expect(session.welcome).toBe("test.invalid POP3 ready");
});
