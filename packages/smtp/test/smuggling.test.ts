// SMTP smuggling (CVE-2023-51764, CVE-2023-51765, CVE-2023-51766, VU#302671): one message stays one message, on whatever server.
import { failureOf } from "@netcli/test-kit";
import { Readable } from "node:stream";
import { describe, expect, test, vi } from "vitest";
import { send, SendError } from "../src/index.ts";
import { introduced, name, refuseUnhandled } from "./scripted-smtp.ts";
import { behind, cuts, ends, hasBareLineEnd, unstuffed, wholeLines, type Wire, wire } from "./smuggled.ts";

refuseUnhandled();
vi.setConfig({ testTimeout: 60_000 });

/** What came of a content other than it was to be. */
function flaw(content: Buffer, { messages }: Wire): string | undefined {
  const [came, ...more] = messages.splice(0);
  const isRight =
    came !== undefined &&
    more.length === 0 &&
    !hasBareLineEnd(came) &&
    unstuffed(came) === wholeLines(content);
  return isRight ? undefined : JSON.stringify([content.toString("latin1"), came, ...more]);
}

describe.each(ends)("%j ends no message", (end) => {
  test("in any cut, wherever it stands", async () => {
    await using fixture = await wire();
    const wrong: (string | undefined)[] = [];
    for (const text of [`a${end}b`, end, `a${end}`, `${end}b`]) {
      const content = Buffer.from(text);
      for (const pieces of cuts(content)) {
        await fixture.session.sendMail("a@example.org", "b@example.org", pieces);
        wrong.push(flaw(content, fixture));
      }
    }
    expect(wrong.filter((one) => one !== undefined)).toEqual([]);
  });

  test("nor with commands behind it, whole, byte by byte, and cut in two", async () => {
    await using fixture = await wire();
    const content = Buffer.from(`Subject: x\r\n\r\nx${end}${behind}`);
    const halves = Array.from(content, (_, at) => [content.subarray(0, at), content.subarray(at)]);
    const wrong: (string | undefined)[] = [];
    for (const pieces of [[content], Array.from(content, (byte) => Buffer.of(byte)), ...halves]) {
      await fixture.session.sendMail("a@example.org", "b@example.org", pieces);
      wrong.push(flaw(content, fixture));
    }
    expect(wrong.filter((one) => one !== undefined)).toEqual([]);
  });

  test("whatever form the message has, and whoever sends it", async () => {
    await using fixture = await wire();
    const { session } = fixture;
    const text = `Subject: x\r\n\r\nx${end}${behind}`;
    const content = Buffer.from(text);
    const forms = [
      text,
      content,
      Readable.from([content]),
      new Response(content).body as ReadableStream<Uint8Array>,
    ];
    for (const form of forms) {
      await session.sendMail("a@example.org", "b@example.org", form);
      expect(flaw(content, fixture)).toBeUndefined();
    }
    await session.sendMessage(text, "a@example.org", "b@example.org");
    expect(flaw(content, fixture)).toBeUndefined();
    await session.mail("a@example.org");
    await session.rcpt("b@example.org");
    await session.data(text);
    expect(flaw(content, fixture)).toBeUndefined();
  });
});

test("all texts of up to five bytes are one message each, however they are cut", async () => {
  await using fixture = await wire();
  const wrong: (string | undefined)[] = [];
  let texts = [""];
  for (let length = 1; length <= 5; length += 1) {
    texts = texts.flatMap((text) => ["\r", "\n", ".", "a"].map((byte) => text + byte));
    for (const text of texts) {
      const content = Buffer.from(text);
      for (const pieces of [[content], Array.from(content, (byte) => Buffer.of(byte))]) {
        await fixture.session.sendMail("a@example.org", "b@example.org", pieces);
        wrong.push(flaw(content, fixture));
      }
    }
  }
  expect(wrong.filter((one) => one !== undefined)).toEqual([]);
});

test("a message of nothing is one that is empty", async () => {
  await using fixture = await wire();
  for (const content of ["", Buffer.alloc(0), [], [""], Readable.from([])]) {
    await fixture.session.sendMail("a@example.org", "b@example.org", content);
  }
  expect(fixture.messages).toEqual(["", "", "", "", ""]);
});

test.each(["\n.\n", "\r.\r\n", "\r\n.\r\n"])(
  "a large content of nothing but %j is one message (RUSTSEC-2021-0069)",
  async (end) => {
    await using fixture = await wire();
    const content = Buffer.from(end.repeat(10_000));
    for (const size of [1_023, 4_096, 65_536]) {
      const count = Math.ceil(content.length / size);
      const pieces = Array.from({ length: count }, (_, at) => content.subarray(at * size, (at + 1) * size));
      await fixture.session.sendMail("a@example.org", "b@example.org", pieces);
      expect(flaw(content, fixture) === undefined).toBe(true);
    }
  },
);

describe("a message that breaks off", () => {
  const broken = new Error("the disk is gone");
  async function* breaking(...pieces: string[]): AsyncGenerator<string> {
    yield* pieces;
    throw broken;
  }

  test.each([["x"], ["x\r\n"], ["x\r\n."], ["x\r\n.\r"], ["x\r\n.\r\n"], ["\r"], [""]])(
    "behind %j has no end on the wire, and the session is over",
    async (text) => {
      let rest = "";
      await using fixture = await introduced(["PIPELINING"], async (smtp) => {
        await smtp.envelope();
        rest = (await smtp.peer.readToEnd().catch(() => smtp.peer.received)).toString("latin1");
      });
      const { session } = fixture;
      const error = await failureOf(session.sendMail("a@example.org", "b@example.org", breaking(text)));
      expect(error).toBeInstanceOf(SendError);
      expect(error).toMatchObject({ cause: broken, phase: "message", mayHaveBeenSent: false });
      expect(session.isOpen).toBe(false);
      await fixture.server.settled();
      expect(/(?:^|\r\n)\.\r\n/.test(rest)).toBe(false);
    },
  );

  test("is not glued to the next one", async () => {
    const second = "Subject: second\r\n\r\nx\r\n";
    await using fixture = await introduced(["PIPELINING"], async (smtp) => {
      await smtp.envelope();
      await smtp.peer.closed;
    });
    const { session } = fixture;
    const sending = [
      failureOf(session.sendMail("a@example.org", "b@example.org", breaking("Subject: first\r\n\r\n"))),
      failureOf(session.sendMail("a@example.org", "b@example.org", second)),
    ];
    for (const error of await Promise.all(sending)) expect(error).toBeInstanceOf(Error);
    expect(await fixture.sent()).not.toContain("second");
  });
});

test("the end of one message is not the beginning of the next: state is not carried over", async () => {
  await using fixture = await wire();
  for (const last of ["x\r", "x\n", "x\r\n", "x", ".", "\r", "x\r\n."]) {
    for (const first of [".", "\n", "\n.\r\n", ".\r\n", "x"]) {
      for (const text of [last, first]) {
        await fixture.session.sendMail("a@example.org", "b@example.org", text);
        expect(flaw(Buffer.from(text), fixture)).toBeUndefined();
      }
    }
  }
});

test("a client of its own sends one message, too", async () => {
  const content = Buffer.from(`From: a@example.org\r\nTo: b@example.org\r\n\r\nx\n.\n${behind}`);
  await using fixture = await wire();
  const { host, port } = fixture.server;
  await send({ host, port, name }, { message: content });
  expect(flaw(content, fixture)).toBeUndefined();
});
