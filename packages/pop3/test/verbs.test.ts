// Every verb of poplib, and what comes of it: typed results, refusals, sloppy servers.
import { NotSupportedError } from "@netcli/core-transport";
import { failureOf } from "@netcli/test-kit";
import { Mailboxes, startPop3Server, type Pop3ServerOptions } from "@netcli/test-servers";
import { describe, expect, test } from "vitest";
import { Pop3ReplyError, Pop3Session } from "../src/index.ts";
import { greeted, say } from "./scripted-pop3.ts";

const users = { ada: "secret" };
const login = { user: "ada", password: "secret" };

function mails(...texts: readonly string[]): Mailboxes {
  const mailboxes = new Mailboxes(["ada"]);
  for (const text of texts) mailboxes.deliver("ada", Buffer.from(text), { from: "bob", to: ["ada"] });
  return mailboxes;
}

const two = (): Mailboxes => mails("Subject: One\r\n\r\nfirst\r\nsecond\r\n", "Subject: Two\r\n\r\nx\r\n");

async function opened(
  options: Pop3ServerOptions = {},
): Promise<{ session: Pop3Session; server: Awaited<ReturnType<typeof startPop3Server>> } & AsyncDisposable> {
  const server = await startPop3Server({ users, mailboxes: two(), ...options });
  const { host, port } = server;
  const session = await Pop3Session.connect({ host, port, ...login });
  return {
    session,
    server,
    async [Symbol.asyncDispose]() {
      session.close();
      await server.close();
    },
  };
}

test("the verbs of a maildrop have typed results", async () => {
  await using fixture = await opened();
  const { session, server } = fixture;
  const uids = server.mailboxes.messagesOf("ada").map(({ uid }) => uid);
  expect(await session.stat()).toEqual({ count: 2, size: 50 });
  expect(await session.list()).toEqual([
    { number: 1, size: 31 },
    { number: 2, size: 19 },
  ]);
  expect(await session.list(2)).toEqual({ number: 2, size: 19 });
  expect(await session.uidl()).toEqual(uids.map((uid, index) => ({ number: index + 1, uid })));
  expect(await session.uidl(1)).toEqual({ number: 1, uid: uids[0] });
  expect(await (await session.retr(1)).text()).toBe("Subject: One\r\n\r\nfirst\r\nsecond\r\n");
  expect(await (await session.top(1, 1)).text()).toBe("Subject: One\r\n\r\nfirst\r\n");
  expect((await session.retr(2)).size).toBe(19);
  expect((await session.noop()).isOk).toBe(true);
  await session.dele(1);
  expect((await session.list()).map(({ number }) => number)).toEqual([2]);
  await session.rset();
  expect(await session.list()).toHaveLength(2);
  await session.quit();
  expect(server.deleted).toEqual([]);
  expect(server.violations).toEqual([]);
});

test("a message can be read as bytes, text, lines, a stream, or chunks", async () => {
  await using fixture = await opened();
  const { session } = fixture;
  const text = "Subject: Two\r\n\r\nx\r\n";
  expect(Buffer.from(await (await session.retr(2)).bytes()).toString()).toBe(text);
  const lines: string[] = [];
  for await (const line of (await session.retr(2)).lines()) lines.push(line);
  expect(lines).toEqual(["Subject: Two", "", "x"]);
  const chunks: Buffer[] = [];
  for await (const chunk of (await session.retr(2)).stream()) chunks.push(chunk as Buffer);
  expect(Buffer.concat(chunks).toString()).toBe(text);
});

test("-ERR rejects, and the session goes on", async () => {
  await using fixture = await opened();
  const { session } = fixture;
  for (const call of [
    session.retr(9),
    session.dele(9),
    session.list(9),
    session.uidl(9),
    session.top(9, 0),
  ]) {
    const error = await failureOf(call);
    expect(error).toBeInstanceOf(Pop3ReplyError);
    expect(error).toMatchObject({ isPermanent: true });
  }
  expect((await session.stat()).count).toBe(2);
  expect(await session.sendCmd("XNONE")).toMatchObject({ isOk: false });
});

describe("response codes", () => {
  test.each([
    ["-ERR [IN-USE] somebody is there", "IN-USE", true],
    ["-ERR [LOGIN-DELAY] wait", "LOGIN-DELAY", true],
    ["-ERR [SYS/TEMP] later", "SYS/TEMP", true],
    ["-ERR [SYS/PERM] never", "SYS/PERM", false],
    ["-ERR [AUTH] who", "AUTH", false],
    ["-ERR no", undefined, false],
  ])("%s", async (line, responseCode, isTemporary) => {
    await using fixture = await greeted(async (peer) => {
      await peer.readLine();
      await say(peer, line);
    });
    const error = await failureOf(fixture.session.noop());
    expect(error).toMatchObject({ responseCode, isTemporary, isPermanent: !isTemporary });
  });
});

test("capabilities are typed", async () => {
  const capabilities = [
    "SASL PLAIN SCRAM-SHA-256",
    "EXPIRE 60 USER",
    "LOGIN-DELAY 900",
    "IMPLEMENTATION Some Server 1.0",
    "UIDL",
  ];
  await using fixture = await opened({ capabilities: [...capabilities, "USER"] });
  const known = await fixture.session.capa();
  expect(known.sasl).toEqual(["PLAIN", "SCRAM-SHA-256"]);
  expect(known.expire).toEqual({ days: 60, isPerUser: true });
  expect(known.loginDelay).toBe(900);
  expect(known.implementation).toBe("Some Server 1.0");
  expect([known.has("uidl"), known.has("STLS")]).toEqual([true, false]);
});

test("languages can be listed and chosen", async () => {
  await using fixture = await opened();
  const { session } = fixture;
  const languages = await session.lang();
  expect(languages.length).toBeGreaterThan(0);
  expect((await session.lang(languages[0]?.tag ?? "")).isOk).toBe(true);
});

test("APOP, if it is asked for, and only then", async () => {
  const options = { users, mailboxes: two(), apop: true, capabilities: ["UIDL"] };
  await using server = await startPop3Server(options);
  const { host, port } = server;
  await using session = await Pop3Session.connect({ host, port, ...login, apop: true });
  expect((await session.stat()).count).toBe(2);
  expect(server.commands.some((line) => /^APOP ada [\da-f]{32}$/.test(line))).toBe(true);
  await using other = await Pop3Session.connect({ host, port });
  expect((await other.apop("ada", "secret")).isOk).toBe(true);
});

test("APOP without a timestamp in the greeting is not supported", async () => {
  await using server = await startPop3Server({ users, mailboxes: two() });
  const { host, port } = server;
  await using session = await Pop3Session.connect({ host, port });
  expect(await failureOf(session.apop("ada", "secret"))).toBeInstanceOf(NotSupportedError);
});

test("user and pass open the maildrop, as does login", async () => {
  await using server = await startPop3Server({ users, mailboxes: two() });
  const { host, port } = server;
  await using session = await Pop3Session.connect({ host, port });
  await session.user("ada");
  await session.pass("secret");
  expect((await session.stat()).count).toBe(2);
  await using other = await Pop3Session.connect({ host, port });
  await other.login("ada", async () => "secret");
  expect((await other.stat()).count).toBe(2);
});

describe("sloppy servers are understood", () => {
  test.each([
    ["an empty line before the answer", "\r\n+OK 2 40\r\n"],
    ["small letters", "+ok 2 40\r\n"],
    ["text behind the numbers", "+OK 2 40 (2 messages)\r\n"],
    ["blanks between", "+OK  2  40 \r\n"],
  ])("%s", async (_what, answer) => {
    await using fixture = await greeted(async (peer) => {
      await peer.expect("STAT");
      await peer.send(answer);
      await peer.closed;
    });
    expect(await fixture.session.stat()).toEqual({ count: 2, size: 40 });
  });

  test("rows with blanks in front and text behind", async () => {
    await using fixture = await greeted(async (peer) => {
      await peer.expect("LIST");
      await say(peer, "+OK", " 1 10 octets", "2  20", "", ".");
      await peer.expect("UIDL");
      await say(peer, "+OK", "1 abc ", "2\tdef", ".");
      await peer.closed;
    });
    const { session } = fixture;
    expect(await session.list()).toEqual([
      { number: 1, size: 10 },
      { number: 2, size: 20 },
    ]);
    expect(await session.uidl()).toEqual([
      { number: 1, uid: "abc" },
      { number: 2, uid: "def" },
    ]);
  });
});

test("a QUIT that is not answered rejects if messages were to be deleted, and not otherwise", async () => {
  await using fixture = await opened({ reply: (verb) => (verb === "QUIT" ? "drop" : undefined) });
  const { session, server } = fixture;
  const { host, port } = server;
  const other = await Pop3Session.connect({ host, port, ...login });
  await other.quit();
  await session.dele(1);
  expect(await failureOf(session.quit())).toMatchObject({ name: "ConnectionClosedError" });
});

test("abort deletes nothing", async () => {
  await using fixture = await opened();
  await fixture.session.dele(1);
  await fixture.session.abort();
  expect(fixture.server.deleted).toEqual([]);
  expect(fixture.server.commands.at(-1)).toBe("RSET");
});
