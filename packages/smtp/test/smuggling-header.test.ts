// A Bcc that nobody may see is not on the wire, whatever the lines around it end with: a server sees whole lines.
import { describe, expect, test } from "vitest";
import { refuseUnhandled } from "./scripted-smtp.ts";
import { cuts, hasBareLineEnd, unstuffed, wire } from "./smuggled.ts";

refuseUnhandled();

const secret = "b@example.org";
const lineEnds = ["\r\n", "\n", "\r", "\r\r\n", "\n\r"];

/** A header with a Bcc whose lines end in these ways, one of them folded. */
function headers(before: string, within: string, after: string): string[] {
  return [
    `From: a@example.org${before}Bcc: ${secret}${after}X: 1${after}`,
    `Bcc: ${secret}${after}From: a@example.org${before}`,
    `From: a@example.org${before}bCC :${within} ${secret}${after}X: 1${after}`,
    `From: a@example.org${before}Bcc:${within}\t${secret}${after}`,
    `From: a@example.org${before}Resent-Bcc: ${secret}${after}`,
    `From: a@example.org${before}no field${before}Bcc: ${secret}${after}`,
  ];
}

/** The field names that a server finds in the header. */
function fieldsOf(content: string): string[] {
  const header = unstuffed(content).split("\r\n\r\n")[0] ?? "";
  return header.split("\r\n").flatMap((line) => /^([\w-]+)\s*:/.exec(line)?.[1]?.toLowerCase() ?? []);
}

describe.each(lineEnds)("Bcc behind %j", (before) => {
  // Some of these are a line end and an empty line, behind which there is no header any more.
  test.each(lineEnds)("and before %j is gone, by DATA and by BDAT, whole and in pieces", async (after) => {
    for (const chunking of [false, true]) {
      await using fixture = await wire(["PIPELINING", "CHUNKING", "8BITMIME"], { chunking });
      const wrong: string[] = [];
      for (const within of ["", ...lineEnds]) {
        for (const header of headers(before, within, after)) {
          const content = Buffer.from(`${header}\r\nbody\r\n`);
          const bytes = Array.from(content, (byte) => Buffer.of(byte));
          const pieces = [7, 16].map((size) =>
            Array.from({ length: Math.ceil(content.length / size) }, (_, at) =>
              content.subarray(at * size, (at + 1) * size),
            ),
          );
          for (const form of [content, content.toString(), bytes, ...pieces]) {
            await fixture.session.sendMessage(form, "a@example.org", secret);
            const [came = ""] = fixture.messages.splice(0);
            // By BDAT the line ends are for the server to make sense of.
            const read = chunking ? came.replaceAll(/\r\n|\r|\n/g, "\r\n") : came;
            const isWrong = fieldsOf(read).some((field) => field.endsWith("bcc"));
            if (isWrong || (!chunking && hasBareLineEnd(came))) wrong.push(JSON.stringify([header, came]));
          }
        }
      }
      expect(wrong).toEqual([]);
    }
  });
});

test("the ends of lines around a Bcc that is gone make no new field and no new end, in any cut", async () => {
  await using fixture = await wire();
  const wrong: string[] = [];
  for (const before of ["\r\n", "\n", "\r"]) {
    for (const after of ["\r\n", "\n", "\r"]) {
      const content = Buffer.from(`F:${before}Bcc:${after}`);
      for (const pieces of cuts(content)) {
        await fixture.session.sendMessage([...pieces, Buffer.from(`T:${after}`)], "a@example.org", secret);
        const [came] = fixture.messages.splice(0);
        if (came !== "F:\r\nT:\r\n") wrong.push(JSON.stringify([content.toString(), came]));
      }
    }
  }
  expect(wrong).toEqual([]);
});

test("a Bcc that is gone takes no empty line with it, which would put the body into the header", async () => {
  await using fixture = await wire();
  for (const before of ["\r\n", "\n", "\r"]) {
    for (const after of ["\r\n", "\n", "\r"]) {
      await fixture.session.sendMessage(`F: a${before}Bcc: a${after}${after}T: b`, "a@example.org", secret);
    }
  }
  expect(new Set(fixture.messages)).toEqual(new Set(["F: a\r\n\r\nT: b\r\n"]));
});

test("what is in the body stays, and so does what a sender says to keep", async () => {
  await using fixture = await wire();
  const text = `From: a@example.org\r\n\r\nBcc: ${secret}\r\n`;
  await fixture.session.sendMessage(text, "a@example.org", secret);
  await fixture.session.sendMail("a@example.org", secret, `Bcc: ${secret}\r\n\r\n`);
  expect(fixture.messages).toEqual([text, `Bcc: ${secret}\r\n\r\n`]);
});
