// What servers say of messages: as the RFC has it, as sloppy ones write it, and what can't be relied on.
import { ProtocolError } from "@netcli/core-transport";
import { failureOf, scriptedServer } from "@netcli/test-kit";
import { describe, expect, test } from "vitest";
import { Pop3Client } from "../src/index.ts";
import { parseSizeRow, parseStat, parseUidRow } from "../src/rows.ts";
import { maildrop, numbered } from "./maildrops.ts";
import { answer, greet, greeted } from "./scripted-pop3.ts";

describe("a row of LIST", () => {
  test.each([
    ["1 120", 1, 120],
    ["  1 120", 1, 120],
    ["1  120", 1, 120],
    ["1\t120", 1, 120],
    ["1 120 ", 1, 120],
    ["1 120 octets", 1, 120],
    ["0001 0120", 1, 120],
    ["1 0", 1, 0],
    ["999999999999999 999999999999999", 999_999_999_999_999, 999_999_999_999_999],
  ])("%j can be read", (line, number, size) => {
    expect(parseSizeRow(line)).toEqual({ number, size });
  });

  test.each([
    "",
    "1",
    "1 ",
    "one 120",
    "1 big",
    "1 -120",
    "-1 120",
    "1.5 120",
    "1 120octets",
    "0x1 120",
    "+1 120",
    "1e3 120",
    "1 9007199254740993",
    "9007199254740993 1",
    "1 99999999999999999999999",
    "\u0661 120",
  ])("%j can't", (line) => {
    expect(() => parseSizeRow(line)).toThrow(ProtocolError);
  });
});

describe("a row of UIDL", () => {
  test.each([
    ["1 whqtswO00WBw418f9t5JxYwZ", "whqtswO00WBw418f9t5JxYwZ"],
    ["1   QhdPYR:00WBw1Ph7x7 ", "QhdPYR:00WBw1Ph7x7"],
    ["\t1\ta", "a"],
    ["1 .", "."],
    ["1 1", "1"],
    ["1 __proto__", "__proto__"],
    ["1 \u00e9", "\u00e9"],
    [`1 ${"u".repeat(1_000)}`, "u".repeat(1_000)],
  ])("%.40j can be read", (line, uid) => {
    expect(parseUidRow(line)).toEqual({ number: 1, uid });
  });

  test.each([
    "",
    "1",
    "1 ",
    "a",
    "one a",
    "1 a b",
    "-1 a",
    "1 a\u0007",
    "1 a\u001b[31m",
    `1 ${"u".repeat(1_001)}`,
  ])("%j can't", (line) => {
    expect(() => parseUidRow(line)).toThrow(ProtocolError);
  });
});

describe("the answer to STAT", () => {
  test.each([
    ["2 320", 2, 320],
    ["20437 100000000000", 20_437, 100_000_000_000],
    ["  2 320  ", 2, 320],
    ["2  320", 2, 320],
    ["2 320 octets", 2, 320],
    ["0 0", 0, 0],
  ])("%j can be read", (text, count, size) => {
    expect(parseStat(text)).toEqual({ count, size });
  });

  test.each(["", "2", "two 320", "2 -320", "-2 320", "2, 320", "2 99999999999999999999"])(
    "%j can't",
    (text) => {
      expect(() => parseStat(text)).toThrow(ProtocolError);
    },
  );
});

/** What a client makes of these rows. */
async function rowsOf(sizes: readonly string[], ids: readonly string[]): Promise<unknown> {
  await using server = await scriptedServer(async (peer) => {
    await greet(peer, "USER");
    await answer(peer, "USER ada", "+OK");
    await answer(peer, "PASS secret", "+OK");
    await answer(peer, "LIST", "+OK", ...sizes, ".");
    await answer(peer, "UIDL", "+OK", ...ids, ".");
    await peer.closed;
  });
  const { host, port } = server;
  const client = await Pop3Client.connect({ host, port, user: "ada", password: "secret", retries: 0 });
  try {
    return await client.rows();
  } finally {
    client.close();
  }
}

describe("LIST and UIDL together", () => {
  test.each<[string, string[], string[], number[]]>([
    ["in another order", ["1 10", "2 20", "3 30"], ["3 c", "1 a", "2 b"], [1, 2, 3]],
    ["with gaps, where others are marked", ["2 20", "5 50"], ["2 b", "5 e"], [2, 5]],
    ["with ids for messages that LIST has not", ["1 10"], ["1 a", "2 b"], [1]],
    ["of an empty maildrop", [], [], []],
    ["with empty lines between", ["", "1 10", ""], ["", "1 a", ""], [1]],
  ])("%s", async (_what, sizes, ids, numbers) => {
    const rows = (await rowsOf(sizes, ids)) as { number: number; size: number; uid: string }[];
    expect(rows.map(({ number }) => number)).toEqual(numbers);
    for (const { number, size, uid } of rows) {
      expect(size).toBe(number * 10);
      expect(uid).toBe("abcde"[number - 1]);
    }
  });

  test.each<[string, string[], string[]]>([
    ["a message is listed twice", ["1 10", "2 20", "1 10"], ["1 a", "2 b"]],
    ["a message is listed twice in a row", ["1 10", "1 20"], ["1 a"]],
    ["a message has two ids", ["1 10", "2 20"], ["1 a", "1 b", "2 c"]],
    ["a message has the same id twice", ["1 10", "2 20"], ["1 a", "1 a", "2 c"]],
    ["two messages have one id", ["1 10", "2 20"], ["1 a", "2 a"]],
    ["a message has no id", ["1 10", "2 20"], ["1 a"]],
    ["no message has an id", ["1 10"], []],
    ["a number is not one", ["1 10", "x 20"], ["1 a"]],
    ["a number is beyond what can be counted", ["9007199254740993 10"], ["9007199254740993 a"]],
    ["the number of a message is 0", ["0 10"], ["0 a"]],
    ["an id has blanks in it", ["1 10"], ["1 a b"]],
  ])("are a ProtocolError where %s", async (_what, sizes, ids) => {
    expect(await failureOf(rowsOf(sizes, ids))).toBeInstanceOf(ProtocolError);
  });
});

test("a server without UIDL has messages without ids", async () => {
  await using fixture = await maildrop(numbered(2), { quirks: { noUidl: true } });
  const rows = await fixture.client.rows();
  expect(rows.map(({ number, uid }) => [number, uid])).toEqual([
    [1, undefined],
    [2, undefined],
  ]);
});

test.each([
  ["uidlMissing", { uidlMissing: true }],
  ["uidlTwice", { uidlTwice: true }],
  ["uidlSame", { uidlSame: true }],
])("a server with %s hands nothing over", async (_name, quirks) => {
  await using fixture = await maildrop(numbered(3), { quirks });
  expect(await failureOf(fixture.client.messages().next())).toMatchObject({ code: "ERR_NETCLI_UIDL" });
  expect(fixture.said("RETR", "DELE")).toEqual([]);
});

test("the answer of LIST for one message must be about that one", async () => {
  await using fixture = await greeted(async (peer) => {
    await answer(peer, "LIST 3", "+OK 4 100");
    await peer.closed;
  });
  expect(await failureOf(fixture.session.list(3))).toBeInstanceOf(ProtocolError);
});

test("the answer of UIDL for one message must be about that one", async () => {
  await using fixture = await greeted(async (peer) => {
    await answer(peer, "UIDL 3", "+OK 4 d");
    await peer.closed;
  });
  expect(await failureOf(fixture.session.uidl(3))).toBeInstanceOf(ProtocolError);
});

test.each(["+OK no messages", "+OK", "+OK 99999999999999999999", "+OK -1"])(
  "LAST answered with %j is a ProtocolError, and no NaN",
  async (line) => {
    await using fixture = await greeted(async (peer) => {
      await answer(peer, "LAST", line);
      await peer.closed;
    });
    expect(await failureOf(fixture.session.last())).toBeInstanceOf(ProtocolError);
  },
);
