// The messages of a maildrop, as a client hands them over: which, in what order, and when the caller is done with one.
import { ArgumentError, NotSupportedError } from "@netcli/core-transport";
import { failureOf } from "@netcli/test-kit";
import { describe, expect, test } from "vitest";
import { always, liesOf, maildrop, numbered, numbersOf, Seen, textsOf } from "./maildrops.ts";

describe("which messages:", () => {
  test("all of them, in their order, byte for byte", async () => {
    const contents = ["a\r\n", "..b\r\n.\r\n", "+OK\r\n-ERR no\r\n", "caf\u00e9\r\n", "no end of line", ""];
    await using fixture = await maildrop(contents);
    const expected = contents.map((text) => (text === "" || text.endsWith("\r\n") ? text : `${text}\r\n`));
    expect(await textsOf(fixture.client.messages())).toEqual(expected);
    expect(fixture.server.violations).toEqual([]);
  });

  test("the newest first", async () => {
    await using fixture = await maildrop(numbered(5));
    expect(await numbersOf(fixture.client.messages({ newestFirst: true }))).toEqual([5, 4, 3, 2, 1]);
  });

  test("none larger than maxSize, which is not asked for either", async () => {
    await using fixture = await maildrop(["small\r\n", "x".repeat(998), "small\r\n"]);
    expect(await numbersOf(fixture.client.messages({ maxSize: 999 }))).toEqual([1, 3]);
    expect(fixture.said("RETR")).toEqual(["RETR 1", "RETR 3"]);
    expect(await numbersOf(fixture.client.messages({ maxSize: 1_000 }))).toEqual([1, 2, 3]);
  });

  test("those that a filter lets through", async () => {
    await using fixture = await maildrop(numbered(4));
    const messages = fixture.client.messages({
      filter: ({ number, uid, size }) => number % 2 === 0 && uid !== undefined && size > 0,
    });
    expect(await numbersOf(messages)).toEqual([2, 4]);
    expect(fixture.said("RETR")).toEqual(["RETR 2", "RETR 4"]);
  });

  test("those that were not seen, each of which is seen when the caller is done with it", async () => {
    await using fixture = await maildrop(numbered(4));
    const { uids } = fixture;
    const seen = new Seen(uids.slice(0, 1));
    const got: number[] = [];
    for await (const { number } of fixture.client.messages({ seen })) {
      expect(seen.uids.size).toBe(number - 1);
      got.push(number);
    }
    expect(got).toEqual([2, 3, 4]);
    expect([...seen.uids]).toEqual(uids);
    expect([...(seen.keptOnly ?? [])]).toEqual(uids);
    expect(await numbersOf(fixture.client.messages({ seen }))).toEqual([]);
  });

  test("only the beginning, with top", async () => {
    await using fixture = await maildrop(["Subject: a\r\n\r\none\r\ntwo\r\nthree\r\n"]);
    expect(await textsOf(fixture.client.messages({ top: 1 }))).toEqual(["Subject: a\r\n\r\none\r\n"]);
    expect(await textsOf(fixture.client.messages({ top: 0 }))).toEqual(["Subject: a\r\n\r\n"]);
    expect(fixture.said("TOP", "RETR")).toEqual(["TOP 1 1", "TOP 1 0"]);
  });

  test.each([-1, 1.5, Number.NaN])("top of %s lines is an ArgumentError", async (top) => {
    await using fixture = await maildrop(numbered(1));
    expect(await failureOf(fixture.client.messages({ top }).next())).toBeInstanceOf(ArgumentError);
  });

  test("none of an empty maildrop", async () => {
    await using fixture = await maildrop([]);
    expect(await numbersOf(fixture.client.messages())).toEqual([]);
    expect(await fixture.client.rows()).toEqual([]);
  });

  test("a store of ids needs ids", async () => {
    await using fixture = await maildrop(numbered(1), { quirks: { noUidl: true } });
    expect(await failureOf(fixture.client.messages({ seen: new Seen() }).next())).toBeInstanceOf(
      NotSupportedError,
    );
    expect(await numbersOf(fixture.client.messages())).toEqual([1]);
  });
});

describe("done with a message", () => {
  test("is who asks for the next one: what is left with break is neither deleted nor seen", async () => {
    await using fixture = await maildrop(numbered(4));
    const { client, uids } = fixture;
    const seen = new Seen();
    for await (const { number } of client.messages({ seen, delete: "after" })) if (number === 3) break;
    expect([...seen.uids]).toEqual(uids.slice(0, 2));
    const result = await client.quit();
    expect(result).toEqual({ deleted: uids.slice(0, 2), kept: [], error: undefined });
    expect(fixture.left()).toEqual(uids.slice(2));
  });

  test("is not who throws", async () => {
    await using fixture = await maildrop(numbered(3));
    const { client, uids } = fixture;
    const failing = async (): Promise<void> => {
      for await (const { number } of client.messages({ delete: "after" })) {
        if (number === 2) throw new Error("the disk is full");
      }
    };
    expect(await failureOf(failing())).toMatchObject({ message: "the disk is full" });
    expect((await client.quit()).deleted).toEqual(uids.slice(0, 1));
    expect(fixture.left()).toEqual(uids.slice(1));
  });

  test("is not said of a message that the store could not take", async () => {
    await using fixture = await maildrop(numbered(3));
    const { client, uids } = fixture;
    const seen = {
      has: () => false,
      add: async (uid: string) => {
        if (uid === uids[1]) throw new Error("the disk is full");
      },
    };
    expect(await failureOf(textsOf(client.messages({ seen, delete: "after" })))).toMatchObject({
      message: "the disk is full",
    });
    expect((await client.quit()).deleted).toEqual(uids.slice(0, 1));
  });

  test("what could not be marked is not handed over again either", async () => {
    await using fixture = await maildrop(numbered(2), { reply: always("DELE", "-ERR no") });
    const { client, uids } = fixture;
    expect(await numbersOf(client.messages({ delete: "after" }))).toEqual([1, 2]);
    expect(await numbersOf(client.messages({ delete: "after" }))).toEqual([]);
    expect(await client.quit()).toMatchObject({ deleted: [], kept: uids });
  });

  test("what is marked is not handed over again", async () => {
    await using fixture = await maildrop(numbered(3));
    const { client, uids } = fixture;
    for await (const { number } of client.messages({ delete: "after" })) if (number === 2) break;
    expect((await client.rows()).map(({ uid }) => uid)).toEqual(uids.slice(1));
    expect(await numbersOf(client.messages())).toEqual([2, 3]);
  });
});

test("a message is read once", async () => {
  await using fixture = await maildrop(numbered(1));
  for await (const message of fixture.client.messages()) {
    await message.bytes();
    expect(await failureOf(message.text())).toBeInstanceOf(ArgumentError);
  }
});

describe("a signal", () => {
  test("ends the loop with its reason, between two messages that are there already", async () => {
    await using fixture = await maildrop(numbered(10));
    const { client, uids } = fixture;
    const controller = new AbortController();
    const got: number[] = [];
    const looping = async (): Promise<void> => {
      for await (const { number } of client.messages({ signal: controller.signal, delete: "after" })) {
        got.push(number);
        if (number === 5) controller.abort(new Error("enough"));
      }
    };
    expect(await failureOf(looping())).toMatchObject({ message: "enough" });
    expect(got).toEqual([1, 2, 3, 4, 5]);
    const result = await client.quit();
    expect(liesOf(result, fixture)).toEqual([]);
    expect(result.deleted).toEqual(uids.slice(0, 5));
  });

  test("rejects the loop at the last message, too, with which the caller is done", async () => {
    await using fixture = await maildrop(numbered(2));
    const { client, uids } = fixture;
    const reason = new Error("enough");
    const controller = new AbortController();
    const looping = async (): Promise<void> => {
      for await (const { number } of client.messages({ signal: controller.signal, delete: "after" })) {
        if (number === 2) controller.abort(reason);
      }
    };
    expect(await failureOf(looping())).toBe(reason);
    expect((await client.quit()).deleted).toEqual(uids);
  });

  test("that is aborted from the start asks nothing", async () => {
    await using fixture = await maildrop(numbered(1));
    const reason = new Error("enough");
    const { length } = fixture.server.commands;
    const messages = fixture.client.messages({ signal: AbortSignal.abort(reason) });
    expect(await failureOf(messages.next())).toBe(reason);
    expect(fixture.server.commands).toHaveLength(length);
  });

  test("ends the wait before it connects again", async () => {
    await using fixture = await maildrop(numbered(1), {
      reply: (verb, _line, { number }) =>
        number > 1 && verb === "CONNECT" ? "-ERR [SYS/TEMP] later" : undefined,
    });
    const { client, server } = fixture;
    server.sessions[0]?.end("reset");
    await server.sessions[0]?.ended;
    const reason = new Error("enough");
    const controller = new AbortController();
    setTimeout(() => controller.abort(reason), 50);
    expect(await failureOf(client.messages({ signal: controller.signal }).next())).toBe(reason);
  });
});
