// Servers that never come to an end, or send what takes long to read (CVE-2013-1752, CVE-2005-2335, CVE-2018-1060).
import { LimitError, NetcliError, ProtocolError, TimeoutError } from "@netcli/core-transport";
import { failureOf, scriptedServer } from "@netcli/test-kit";
import { describe, expect, test } from "vitest";
import { timestampOf } from "../src/auth.ts";
import { Pop3Capabilities, Pop3Session } from "../src/index.ts";
import { pop3Grammar } from "../src/reply.ts";
import { parseSizeRow, parseStat, parseUidRow } from "../src/rows.ts";
import { greeted } from "./scripted-pop3.ts";

/** Of this process alone: what else the machine does is not counted. Refused or not: it is about time. */
async function cpuMilliseconds(run: () => unknown): Promise<number> {
  const begin = process.cpuUsage();
  try {
    await run();
  } catch {
    // As the rows that can't be read.
  }
  const { user, system } = process.cpuUsage(begin);
  return (user + system) / 1_000;
}

type Call = (session: Pop3Session) => Promise<unknown>;

const MOST = 40_000_000;

/** By what a command is answered with, again and again. */
const endless: [string, Call, string, string][] = [
  ["a status line", (session) => session.stat(), "+OK ", "x".repeat(65_536)],
  ["a refusal", (session) => session.dele(1), "-ERR ", "x".repeat(65_536)],
  ["empty lines in front of a reply", (session) => session.noop(), "", "\r\n".repeat(30_000)],
  ["capabilities", (session) => session.capa(), "+OK\r\n", "X-CAPABILITY\r\n".repeat(5_000)],
  ["one capability", (session) => session.capa(), "+OK\r\n", "X".repeat(65_536)],
  ["languages", (session) => session.lang(), "+OK\r\n", "de Deutsch\r\n".repeat(5_000)],
  ["a row of LIST", (session) => session.list(), "+OK\r\n1 ", " ".repeat(65_536)],
  ["digits of LIST", (session) => session.list(), "+OK\r\n", "1".repeat(65_536)],
  ["a row of UIDL", (session) => session.uidl(), "+OK\r\n1 ", "u".repeat(65_536)],
  ["rows of LIST", (session) => session.list(), "+OK\r\n", "1 10\r\n".repeat(20_000)],
  ["rows of UIDL", (session) => session.uidl(), "+OK\r\n", "1 u\r\n".repeat(20_000)],
];

describe("what never ends is cut off:", () => {
  test.each(endless)("%s", async (_what, call, begin, piece) => {
    let sent = 0;
    await using fixture = await greeted(async (peer) => {
      await peer.readLine();
      await peer.send(begin);
      // The client's leaving ends it.
      for (;;) {
        await peer.send(piece);
        sent += piece.length;
        if (sent > MOST) throw new Error("the client goes on listening");
      }
    });
    const error = await failureOf(call(fixture.session));
    expect(error).toSatisfy((one) => one instanceof LimitError || one instanceof ProtocolError);
    expect(fixture.session.isOpen).toBe(false);
  });

  test("a greeting", async () => {
    await using server = await scriptedServer(async (peer) => {
      await peer.send("+OK ");
      for (;;) await peer.send("<".repeat(65_536));
    });
    const { host, port } = server;
    expect(await failureOf(Pop3Session.connect({ host, port }))).toBeInstanceOf(LimitError);
  });

  test("a message, where the caller has set how long one may be", async () => {
    await using server = await scriptedServer(async (peer) => {
      await peer.send("+OK\r\n");
      await peer.expect("RETR 1");
      await peer.send("+OK\r\n");
      for (;;) await peer.send("x".repeat(65_536));
    });
    const { host, port } = server;
    const session = await Pop3Session.connect({ host, port, limits: { blockBytes: 1_000_000 } });
    const message = await session.retr(1);
    expect(await failureOf(message.bytes())).toBeInstanceOf(LimitError);
    session.close();
  });

  test("a reply that comes a byte at a time is not waited for longer than one that does not come", async () => {
    await using fixture = await greeted(async (peer) => {
      await peer.expect("NOOP");
      for (;;) await peer.sendSplit("\r\n", 1);
    });
    const error = await failureOf(fixture.session.noop());
    expect(error).toSatisfy((one) => one instanceof TimeoutError || one instanceof LimitError);
  });
});

test("rows that nobody can use are not read to their end", async () => {
  let sent = 0;
  await using fixture = await greeted(async (peer) => {
    await peer.expect("LIST");
    await peer.send("+OK\r\nnonsense\r\n");
    for (; sent < MOST; sent += 120_000) await peer.send("1 10\r\n".repeat(20_000));
  });
  expect(await failureOf(fixture.session.list())).toBeInstanceOf(ProtocolError);
  await fixture.server.settled();
  expect(sent).toBeLessThan(MOST);
});

/** What takes the square of its length takes seconds for a megabyte, and what does not takes milliseconds. */
const LONG = 1_000_000;

function replyOf(line: string): unknown {
  return pop3Grammar.parse([line]);
}

function capabilitiesOf(line: string): unknown {
  const capabilities = new Pop3Capabilities([line]);
  return [capabilities.sasl, capabilities.expire, capabilities.loginDelay, capabilities.implementation];
}

test.each<[string, (text: string) => unknown, string]>([
  ["a row of LIST with blanks", parseSizeRow, `1${" ".repeat(LONG)}x`],
  ["a row of LIST with blanks in front", parseSizeRow, `${" ".repeat(LONG)}x`],
  ["a row of LIST with digits", parseSizeRow, `1 ${"9".repeat(LONG)}`],
  ["a row of LIST with text", parseSizeRow, `1 1 ${"x ".repeat(LONG / 2)}\u2028`],
  ["a row of UIDL with blanks", parseUidRow, `1 u${" ".repeat(LONG)}x`],
  ["a row of UIDL with blanks in the middle", parseUidRow, `1${" \t".repeat(LONG / 2)}`],
  ["a row of UIDL with letters", parseUidRow, `1 ${"u".repeat(LONG)}\u0007`],
  ["STAT with blanks", parseStat, `1${" ".repeat(LONG)}x`],
  ["STAT with text", parseStat, `1 1${"x\u2028".repeat(LONG / 2)}`],
  ["a reply with blanks", replyOf, `+OK${" ".repeat(LONG)}`],
  ["a reply with tabs in front of nothing", replyOf, `-ERR${"\t ".repeat(LONG / 2)}x`],
  ["a timestamp of brackets", timestampOf, "<".repeat(LONG)],
  ["a timestamp of at signs", timestampOf, `<${"@".repeat(LONG)}>`],
  ["a timestamp of letters", timestampOf, `<${"a".repeat(LONG)}>`],
  ["a timestamp of letters and one at sign", timestampOf, `<${"a".repeat(LONG)}@${"b".repeat(LONG)} >`],
  ["a capability of blanks", capabilitiesOf, `SASL ${" ".repeat(LONG)}x`],
  ["mechanisms", capabilitiesOf, `SASL ${"PLAIN ".repeat(LONG / 6)}`],
  ["digits of EXPIRE", capabilitiesOf, `EXPIRE ${"9".repeat(LONG)}`],
])("%s is read in linear time", async (_what, read, text) => {
  expect(await cpuMilliseconds(() => read(text))).toBeLessThan(1_000);
});

test("a response code without its end costs no more than its line, however many such lines there are", async () => {
  // As long as a line may be.
  const line = `-ERR [${"x".repeat(8_180)}`;
  const milliseconds = await cpuMilliseconds(() => {
    for (let count = 0; count < 100; count += 1) replyOf(line);
  });
  expect(milliseconds).toBeLessThan(500);
});

test("ten megabytes of rows at once fail fast, as one row too many does", async () => {
  await using fixture = await greeted(async (peer) => {
    await peer.expect("CAPA");
    await peer.send(`+OK\r\n${"X-CAPABILITY\r\n".repeat(714_000)}.\r\n`).catch(() => undefined);
    await peer.closed;
  });
  let error: unknown;
  const milliseconds = await cpuMilliseconds(async () => {
    error = await failureOf(fixture.session.capa());
  });
  expect(error).toBeInstanceOf(LimitError);
  expect(error).toBeInstanceOf(NetcliError);
  expect(milliseconds).toBeLessThan(1_000);
});
