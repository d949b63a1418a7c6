// POP3's verbs, one by one (RFC 1939, RFC 6856): what goes out, and what comes of each answer.
import { ConnectionClosedError } from "@netcli/core-transport";
import { failureOf } from "@netcli/test-kit";
import { describe, expect, test } from "vitest";
import { type Pop3Reply, Pop3ReplyError, type Pop3Session } from "../src/index.ts";
import { answer, greeted } from "./scripted-pop3.ts";

type Call = (session: Pop3Session) => Promise<unknown>;

/** By verb: the call, what goes out, what comes back, and what it resolves to. */
const verbs: [string, Call, string, string[], unknown][] = [
  ["user", (session) => session.user("ada"), "USER ada", ["+OK fine"], { isOk: true, text: "fine" }],
  ["pass", (session) => session.pass("a b "), "PASS a b ", ["+OK fine"], { isOk: true, text: "fine" }],
  ["rpop", (session) => session.rpop("ada"), "RPOP ada", ["+OK"], { isOk: true, text: "" }],
  ["stat", (session) => session.stat(), "STAT", ["+OK 2 320"], { count: 2, size: 320 }],
  [
    "list",
    (session) => session.list(),
    "LIST",
    ["+OK 2 messages", "1 120", "2 200", "."],
    [
      { number: 1, size: 120 },
      { number: 2, size: 200 },
    ],
  ],
  ["list of one", (session) => session.list(2), "LIST 2", ["+OK 2 200"], { number: 2, size: 200 }],
  ["list of none", (session) => session.list(), "LIST", ["+OK", "."], []],
  [
    "uidl",
    (session) => session.uidl(),
    "UIDL",
    ["+OK", "1 whqtswO00WBw418f9t5JxYwZ", "2 a", "."],
    [
      { number: 1, uid: "whqtswO00WBw418f9t5JxYwZ" },
      { number: 2, uid: "a" },
    ],
  ],
  ["uidl of one", (session) => session.uidl(2), "UIDL 2", ["+OK 2 a"], { number: 2, uid: "a" }],
  [
    "dele",
    (session) => session.dele(1),
    "DELE 1",
    ["+OK message 1 deleted"],
    { isOk: true, text: "message 1 deleted" },
  ],
  ["noop", (session) => session.noop(), "NOOP", ["+OK"], { isOk: true, text: "" }],
  ["rset", (session) => session.rset(), "RSET", ["+OK"], { isOk: true, text: "" }],
  ["last", (session) => session.last(), "LAST", ["+OK 7"], 7],
  ["utf8", (session) => session.utf8(), "UTF8", ["+OK UTF8 enabled"], { isOk: true, text: "UTF8 enabled" }],
  ["lang", (session) => session.lang("de"), "LANG de", ["+OK de fertig"], { isOk: true, text: "de fertig" }],
  [
    "lang without a tag",
    (session) => session.lang(),
    "LANG",
    ["+OK", "en English", "de Deutsch", "x", "."],
    [
      { tag: "en", name: "English" },
      { tag: "de", name: "Deutsch" },
      { tag: "x", name: "" },
    ],
  ],
  ["sendCmd", (session) => session.sendCmd("XTND a b"), "XTND a b", ["+OK c"], { isOk: true, text: "c" }],
  [
    "sendCmd that is refused",
    (session) => session.sendCmd("NOOP"),
    "NOOP",
    ["-ERR no"],
    { isOk: false, text: "no" },
  ],
];

test.each(verbs)("%s", async (_name, call, line, lines, result) => {
  await using fixture = await greeted((peer) => answer(peer, line, ...lines));
  const got = await call(fixture.session);
  // Of a reply only some things are said here.
  const shown = isReply(got) ? { isOk: got.isOk, text: got.text } : got;
  expect(shown).toEqual(result);
  expect(fixture.server.received.toString("latin1")).toBe(`${line}\r\n`);
});

function isReply(result: unknown): result is Pop3Reply {
  return typeof result === "object" && result !== null && "isOk" in result;
}

test.each(verbs.filter(([name]) => !name.startsWith("sendCmd")))(
  "%s that is refused rejects, and the session goes on",
  async (_name, call, line) => {
    await using fixture = await greeted(async (peer) => {
      await answer(peer, line, "-ERR [SYS/TEMP] not now");
      await answer(peer, "NOOP", "+OK");
    });
    const { session } = fixture;
    const error = await failureOf(call(session));
    expect(error).toBeInstanceOf(Pop3ReplyError);
    const command = line.startsWith("PASS") ? "PASS ****" : line;
    expect(error).toMatchObject({
      responseCode: "SYS/TEMP",
      isTemporary: true,
      isPermanent: false,
      command,
    });
    await session.noop();
  },
);

describe("quit", () => {
  test("says QUIT once, and is done when that is answered", async () => {
    await using fixture = await greeted((peer) => answer(peer, "QUIT", "+OK bye"));
    const { session, server } = fixture;
    await Promise.all([session.quit(), session.quit()]);
    expect(session.isOpen).toBe(false);
    await server.settled();
    expect(server.received.toString()).toBe("QUIT\r\n");
  });

  test("does not mind a server that says nothing, where nothing was marked", async () => {
    await using fixture = await greeted((peer) => peer.expect("QUIT").then(() => undefined));
    await fixture.session.quit();
    expect(fixture.session.isOpen).toBe(false);
  });

  test("rejects where something was marked and nobody knows what became of it", async () => {
    await using fixture = await greeted(async (peer) => {
      await answer(peer, "DELE 1", "+OK");
      await peer.expect("QUIT");
    });
    const { session } = fixture;
    await session.dele(1);
    expect(await failureOf(session.quit())).toBeInstanceOf(ConnectionClosedError);
  });

  test("rejects where the server refuses to delete", async () => {
    await using fixture = await greeted(async (peer) => {
      await answer(peer, "DELE 1", "+OK");
      await answer(peer, "QUIT", "-ERR some deleted messages not removed");
    });
    const { session } = fixture;
    await session.dele(1);
    expect(await failureOf(session.quit())).toBeInstanceOf(Pop3ReplyError);
  });

  test("does not, where the marks were taken away", async () => {
    await using fixture = await greeted(async (peer) => {
      await answer(peer, "DELE 1", "+OK");
      await answer(peer, "RSET", "+OK");
      await peer.expect("QUIT");
    });
    const { session } = fixture;
    await session.dele(1);
    await session.rset();
    await session.quit();
    expect(session.isOpen).toBe(false);
  });
});

describe("response codes (RFC 2449 8, RFC 3206)", () => {
  test.each([
    ["-ERR [IN-USE] Do you have another session?", "IN-USE", true, "Do you have another session?"],
    ["-ERR [LOGIN-DELAY] too soon", "LOGIN-DELAY", true, "too soon"],
    ["-ERR [SYS/TEMP] later", "SYS/TEMP", true, "later"],
    ["-ERR [SYS/PERM] never", "SYS/PERM", false, "never"],
    ["-ERR [AUTH] wrong", "AUTH", false, "wrong"],
    ["-ERR [auth] wrong", "AUTH", false, "wrong"],
    ["-ERR [LOGIN-DELAY 60] too soon", "LOGIN-DELAY", true, "too soon"],
    ["-ERR [UTF8]", "UTF8", false, ""],
    ["-ERR [] x", undefined, false, "[] x"],
    ["-ERR [AUTH wrong", undefined, false, "[AUTH wrong"],
    ["-ERR x [AUTH]", undefined, false, "x [AUTH]"],
    ["-ERR", undefined, false, ""],
  ])("%j", async (line, responseCode, isTemporary, text) => {
    await using fixture = await greeted((peer) => answer(peer, "NOOP", line));
    const error = await failureOf(fixture.session.noop());
    expect(error).toMatchObject({ responseCode, isTemporary, isPermanent: !isTemporary, reply: { text } });
    expect((error as Error).message).toContain(line);
  });
});
