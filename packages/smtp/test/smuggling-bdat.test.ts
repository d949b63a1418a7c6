// BDAT (RFC 3030) sends a message byte for byte, and counts right: what is in it can neither end it nor become a command.
import { failureOf } from "@netcli/test-kit";
import { Readable } from "node:stream";
import { describe, expect, test, vi } from "vitest";
import { SendError } from "../src/index.ts";
import { introduced, refuseUnhandled } from "./scripted-smtp.ts";
import { behind, cuts, ends, wire } from "./smuggled.ts";

refuseUnhandled();
vi.setConfig({ testTimeout: 60_000 });

const extensions = ["PIPELINING", "CHUNKING", "8BITMIME", "BINARYMIME"];
const chunking = { chunking: true };

describe.each(ends)("%j goes out by BDAT as it is", (end) => {
  test("in any cut, wherever it stands", async () => {
    await using fixture = await wire(extensions, chunking);
    const wrong: string[] = [];
    for (const text of [`a${end}b`, end]) {
      const content = Buffer.from(text);
      for (const pieces of cuts(content)) {
        await fixture.session.sendMail("a@example.org", "b@example.org", pieces);
        const came = fixture.messages.splice(0);
        if (came.join("|") !== content.toString("latin1")) wrong.push(JSON.stringify([text, came]));
      }
    }
    expect(wrong).toEqual([]);
  });

  test("and so do commands behind it", async () => {
    await using fixture = await wire(extensions, chunking);
    const content = Buffer.from(`x${end}${behind}BDAT 5 LAST\r\nhello`);
    for (const form of [content, Readable.from([content]), Array.from(content, (byte) => Buffer.of(byte))]) {
      await fixture.session.sendMail("a@example.org", "b@example.org", form);
      expect(fixture.messages.splice(0)).toEqual([content.toString("latin1")]);
    }
  });
});

test("all bytes go out as they are, over the borders of chunks", async () => {
  await using fixture = await wire(extensions);
  const all = Buffer.from(Array.from({ length: 256 }, (_, byte) => byte));
  const content = Buffer.concat(Array.from({ length: 9_001 }, () => all));
  for (const form of [content, [content.subarray(0, 1_048_575), content.subarray(1_048_575)]]) {
    await fixture.session.sendMail("a@example.org", "b@example.org", form, { body: "binarymime" });
    const [came = ""] = fixture.messages.splice(0);
    expect(Buffer.from(came, "latin1").equals(content)).toBe(true);
  }
});

test("text counts in bytes, not in characters", async () => {
  await using fixture = await wire(extensions, chunking);
  const text = "\u760d\u760a\u{1f4e7}é\ud800";
  await fixture.session.sendMail("a@example.org", "b@example.org", text);
  expect(fixture.messages).toEqual([Buffer.from(text).toString("latin1")]);
});

test("the verb counts and sends likewise", async () => {
  const parts = ["\u760d\u760a\r\n.\r\n", Buffer.from([0, 13, 10, 46, 13, 10]), ""];
  const came: string[] = [];
  await using fixture = await introduced(extensions, async (smtp) => {
    for (const last of ["", "", " LAST"]) {
      const line = await smtp.expect(new RegExp(`^BDAT \\d+${last}$`));
      came.push((await smtp.peer.read(Number(line.split(" ")[1]))).toString("latin1"));
      await smtp.say("250 fine");
    }
    await smtp.prove();
  });
  const { session } = fixture;
  for (const [index, part] of parts.entries()) await session.bdat(part, { last: index === 2 });
  await session.noop();
  expect(came).toEqual(parts.map((part) => Buffer.from(part).toString("latin1")));
});

test("a message that breaks off has no last chunk, and is reset", async () => {
  const broken = new Error("the disk is gone");
  async function* breaking(): AsyncGenerator<string> {
    yield "x".repeat(2_000_000);
    throw broken;
  }
  await using fixture = await introduced(
    extensions,
    async (smtp) => {
      await smtp.answer(/^MAIL /, "250 fine");
      await smtp.answer(/^RCPT /, "250 fine");
      const line = await smtp.expect(/^BDAT \d+$/);
      await smtp.peer.read(Number(line.split(" ")[1]));
      await smtp.say("250 more");
      await smtp.answer("RSET", "250 fine");
      await smtp.prove();
    },
    chunking,
  );
  const { session } = fixture;
  const error = await failureOf(session.sendMail("a@example.org", "b@example.org", breaking()));
  expect(error).toBeInstanceOf(SendError);
  expect(error).toMatchObject({ cause: broken, mayHaveBeenSent: false });
  await session.noop();
});

test("without CHUNKING there is no BDAT, whatever was asked for", async () => {
  await using fixture = await wire(["PIPELINING"], chunking);
  await fixture.session.sendMail("a@example.org", "b@example.org", "x\n.\ny");
  expect(fixture.messages).toEqual(["x\r\n..\r\ny\r\n"]);
  expect(await failureOf(fixture.session.bdat("x"))).toMatchObject({ code: "ERR_NETCLI_NOT_SUPPORTED" });
});
