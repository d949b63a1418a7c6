// Arguments that would become commands of their own: each is refused before a byte of anything is sent (CVE-2025-15367).
import { ArgumentError } from "@netcli/core-transport";
import { external, login, plain, xoauth2 } from "@netcli/sasl";
import { failureOf, scriptedServer } from "@netcli/test-kit";
import { describe, expect, test } from "vitest";
import { Pop3Client, type Pop3Options, Pop3Session } from "../src/index.ts";
import { answer, greet, greeted } from "./scripted-pop3.ts";

/** Where in a word they may stand. */
const bad = ["\r", "\n", "\0", "\r\n"].flatMap((end) => [`a${end}b`, `${end}a`, `a${end}`, `a${end}DELE 1`]);

/** What a JavaScript caller may give for a number. */
function untyped(value: unknown): number {
  return value as number;
}

type Call = (session: Pop3Session, bad: string) => Promise<unknown>;

const texts: [string, Call][] = [
  ["user", (session, text) => session.user(text)],
  ["pass", (session, text) => session.pass(text)],
  ["rpop", (session, text) => session.rpop(text)],
  ["login, user", (session, text) => session.login(text, "secret")],
  ["login, password", (session, text) => session.login("ada", text)],
  ["lang", (session, text) => session.lang(text)],
  ["sendCmd", (session, text) => session.sendCmd(text)],
  ["sendCmd, argument", (session, text) => session.sendCmd(`NOOP ${text}`)],
  ["auth, mechanism", (session, text) => session.auth({ ...external(), name: text })],
  ["retr", (session, text) => session.retr(untyped(text))],
  ["top", (session, text) => session.top(untyped(text), 0)],
  ["top, lines", (session, text) => session.top(1, untyped(text))],
  ["dele", (session, text) => session.dele(untyped(text))],
  ["list", (session, text) => session.list(untyped(text))],
  ["uidl", (session, text) => session.uidl(untyped(text))],
];

test.each(texts)("CR, LF and NUL in %s", async (_name, call) => {
  await using fixture = await greeted((peer) => peer.closed);
  const { session, server } = fixture;
  const wrong: string[] = [];
  for (const text of bad) {
    const error = await call(session, text).then(
      () => undefined,
      (thrown: unknown) => thrown,
    );
    if (!(error instanceof ArgumentError)) wrong.push(`${JSON.stringify(text)}: ${String(error)}`);
  }
  expect(wrong).toEqual([]);
  expect(session.isOpen).toBe(true);
  session.close();
  await server.settled();
  expect(server.received.toString()).toBe("");
});

const numbers = [0, -1, 1.5, Number.NaN, Infinity, -Infinity, 2 ** 53, "1", "", null, 1n, [1], {}];

test.each<[string, (session: Pop3Session, number: number) => Promise<unknown>]>([
  ["retr", (session, number) => session.retr(number)],
  ["top", (session, number) => session.top(number, 0)],
  ["dele", (session, number) => session.dele(number)],
  ["list", (session, number) => session.list(number)],
  ["uidl", (session, number) => session.uidl(number)],
])("what is no number of a message is refused by %s", async (_name, call) => {
  await using fixture = await greeted((peer) => peer.closed);
  const { session, server } = fixture;
  for (const number of numbers)
    expect(await failureOf(call(session, untyped(number)))).toBeInstanceOf(ArgumentError);
  for (const lines of [-1, 0.5, Number.NaN, Infinity, "0"]) {
    expect(await failureOf(session.top(1, untyped(lines)))).toBeInstanceOf(ArgumentError);
  }
  session.close();
  await server.settled();
  expect(server.received.length).toBe(0);
});

describe("options of connect", () => {
  test.each(bad)("user and password %j are refused before a connection is made", async (text) => {
    await using server = await scriptedServer((peer) => peer.closed);
    const { host, port } = server;
    for (const options of [
      { user: text, password: "secret" },
      { user: "ada", password: text },
    ]) {
      expect(await failureOf(Pop3Session.connect({ host, port, ...options }))).toBeInstanceOf(ArgumentError);
      expect(await failureOf(Pop3Client.connect({ host, port, ...options }))).toBeInstanceOf(ArgumentError);
    }
    expect(server.connections).toBe(0);
  });

  test.each<[string, Partial<Pop3Options>]>([
    ["USER", { password: () => "a\r\nDELE 1" }],
    ["SASL PLAIN", { password: () => "a\0b" }],
    ["SASL PLAIN", { password: "secret", authzid: "a\0b" }],
    ["SASL XOAUTH2", { token: "a\r\nb" }],
    ["SASL XOAUTH2", { token: async () => "a\u0001b" }],
    ["SASL ANONYMOUS", { anonymous: "a\nb" }],
  ])(
    "what is found to be wrong only then is refused with %s, and QUIT is all that goes out",
    async (offer, wrong) => {
      await using server = await scriptedServer(async (peer) => {
        await greet(peer, offer);
        await answer(peer, "QUIT", "+OK");
      });
      const { host, port } = server;
      expect(await failureOf(Pop3Session.connect({ host, port, user: "ada", ...wrong }))).toBeInstanceOf(
        ArgumentError,
      );
      await server.settled();
      expect(server.received.toString()).toBe("CAPA\r\nQUIT\r\n");
    },
  );

  test.each([
    { pipelining: "on" },
    { tls: "yes" },
    { timeouts: { repply: 1 } },
    { limits: { lineBytes: -1 } },
    { port: 99_999 },
  ])("%j are a mistake", async (options) => {
    const wrong = { host: "127.0.0.1", port: 1, ...options } as unknown as Pop3Options;
    expect(await failureOf(Pop3Session.connect(wrong))).toBeInstanceOf(ArgumentError);
  });

  test.each(["http://a", "pop3://a/path", "pop3://", "smtp://a", "pop3://a\r\nb", "a"])(
    "%j is the URL of no server",
    async (url) => {
      expect(await failureOf(Pop3Session.connect(url))).toBeInstanceOf(ArgumentError);
    },
  );
});

test.each([
  ["PLAIN, user", plain({ user: "a\0b", password: "x" })],
  ["PLAIN, password", plain({ user: "ada", password: "a\0b" })],
  ["LOGIN", login({ user: "ada", password: "a\0b" })],
  ["XOAUTH2", xoauth2({ user: "a\u0001b", token: "x" })],
  ["EXTERNAL", external({ authzid: "a\0b" })],
])("a NUL in %s is refused by auth", async (_name, mechanism) => {
  await using fixture = await greeted(async (peer) => {
    // LOGIN finds out behind its first line.
    for (;;) await answer(peer, /^(?:AUTH LOGIN|YWRh|\*)$/, "+ ");
  });
  const { session, server } = fixture;
  expect(await failureOf(session.auth(mechanism))).toBeInstanceOf(ArgumentError);
  expect(server.received.toString()).not.toContain(Buffer.from("a\0b").toString("base64"));
});

test("characters whose lower eight bits are CR and LF go out as what they are (CVE-2025-7962)", async () => {
  const text = "\u760d\u760aDELE 1";
  const lines: string[] = [];
  await using fixture = await greeted(async (peer) => {
    for (;;) {
      lines.push(Buffer.from(await peer.expect(/./), "latin1").toString());
      await peer.send("+OK\r\n");
    }
  });
  const { session } = fixture;
  await session.user(text);
  await session.pass(text);
  await session.lang(text);
  expect(lines).toEqual([`USER ${text}`, `PASS ${text}`, `LANG ${text}`]);
});
