// Who sends a message to whom, as its header says, and when it does not say so for certain.
import { ArgumentError } from "@netcli/core-transport";
import { describe, expect, test } from "vitest";
import { envelopeOf, recipientsOf, senderOf } from "../src/envelope.ts";
import { splitHeader, type HeaderField } from "../src/header.ts";

async function fieldsOf(...lines: string[]): Promise<readonly HeaderField[]> {
  return (await splitHeader(`${lines.join("\r\n")}\r\n\r\n`)).fields;
}

describe("the sender is", () => {
  test.each([
    [["From: a@x"], "a@x"],
    [["FROM: Name <A@X>"], "A@X"],
    [["From: a@x", "Sender: b@x"], "b@x"],
    [["Sender: b@x", "From: a@x"], "b@x"],
    [["From: a@x, c@x", "Sender: Name <b@x>"], "b@x"],
    [["From: not an address", "Sender: b@x"], "b@x"],
    [["From: g: a@x;"], "a@x"],
    [["Sender: b@x"], "b@x"],
    [["Reply-To: c@x", "Return-Path: <d@x>", "From: a@x"], "a@x"],
    [["From: a@x", "Sender: b@x", "Resent-From: c@x"], "c@x"],
    [["From: a@x", "Resent-Sender: b@x"], "b@x"],
    [["From: a@x", "Resent-From: c@x, e@x", "Resent-Sender: d@x"], "d@x"],
    [["From: a@x", "From: b@x", "Resent-From: c@x", "Resent-Date: now"], "c@x"],
    [["From: ü@bücher.example"], "ü@bücher.example"],
  ])("of %j: %s", async (lines, sender) => {
    expect(senderOf(await fieldsOf(...lines))).toBe(sender);
  });
});

describe("the sender must be given", () => {
  test.each([
    [["To: a@x"], "the header has no From; "],
    [["From: a@x", "Resent-To: b@x"], "the header has no Resent-From; "],
    [["From: a@x", "Resent-Message-ID: <1@x>"], "the header has no Resent-From; "],
    [["From:"], "From names no address; "],
    [["From: nobody:;"], "From names no address; "],
    [["From: a@x", "Sender: "], "Sender names no address; "],
    [["From: a@x, b@x"], "From names 2 addresses, and there is no Sender; "],
    [["From: a@x, a@x"], "From names 2 addresses, and there is no Sender; "],
    [["Resent-From: a@x, b@x"], "Resent-From names 2 addresses, and there is no Resent-Sender; "],
    [["From: a@x", "Sender: b@x, c@x"], "Sender names 2 addresses; "],
    [["From: a@x", "From: a@x"], "the header has 2 From fields; "],
    [["From: a@x", "from: b@x", "Sender: c@x"], "the header has 2 From fields; "],
    [["Sender: a@x", "Sender: b@x", "From: c@x"], "the header has 2 Sender fields; "],
    [
      ["From: a@x", "Resent-From: b@x", "Resent-From: c@x"],
      "the header has more than one block of Resent- fields; ",
    ],
    [
      ["Resent-From: b@x", "Resent-Date: 1", "Resent-Date: 2"],
      "the header has more than one block of Resent- fields; ",
    ],
  ])("where %j says: %s", async (lines, why) => {
    const fields = await fieldsOf(...lines);
    expect(() => senderOf(fields)).toThrow(new ArgumentError(`${why}"from" must be given; nothing was sent`));
    expect(() => envelopeOf(fields)).toThrow(why);
  });

  test("where it is not clear", async () => {
    const fields = await fieldsOf("From: a@x b@x");
    expect(() => senderOf(fields)).toThrow(ArgumentError);
    expect(() => senderOf(fields)).toThrow(
      /^From in the header: it is not clear .*; "from" may be given instead$/,
    );
  });
});

describe("the recipients are", () => {
  test.each([
    [["To: a@x"], ["a@x"]],
    [["Cc: a@x"], ["a@x"]],
    [["Bcc: a@x"], ["a@x"]],
    [
      ["Bcc: c@x", "Cc: b@x", "To: a@x"],
      ["a@x", "b@x", "c@x"],
    ],
    [
      ["To: a@x, A <b@x>", "Cc: g: c@x, d@x;, e@x"],
      ["a@x", "b@x", "c@x", "d@x", "e@x"],
    ],
    [
      ["To: a@x", "to: b@x", "Cc: c@x", "Cc: d@x"],
      ["a@x", "b@x", "c@x", "d@x"],
    ],
    [["To: undisclosed-recipients:;", "Bcc: a@x"], ["a@x"]],
    [["To:", "Cc: ", "Bcc: a@x"], ["a@x"]],
    [
      ["To: a@x, a@x", "Cc: N <a@x>", "Bcc: a@x, b@x"],
      ["a@x", "b@x"],
    ],
    [
      ["To: a@Example.com, a@example.COM", "Cc: A@example.com"],
      ["a@Example.com", "A@example.com"],
    ],
    [["To: a@bücher.example, a@xn--bcher-kva.example"], ["a@bücher.example"]],
    [['To: "a"@x, a@x'], ['"a"@x', "a@x"]],
    [["Reply-To: b@x", "Delivered-To: c@x", "Apparently-To: d@x", "To: a@x"], ["a@x"]],
    [["To: a@x", "Bcc: b@x", "Resent-To: c@x"], ["c@x"]],
    [
      ["To: a@x", "Resent-Bcc: e@x", "Resent-Cc: d@x", "Resent-To: c@x", "Resent-From: x@x"],
      ["c@x", "d@x", "e@x"],
    ],
    [["To: a@x", "Resent-Sent: a@x"], ["a@x"]],
  ])("of %j: %j", async (lines, recipients) => {
    expect(recipientsOf(await fieldsOf(...lines))).toEqual(recipients);
  });
});

describe("the recipients must be given", () => {
  test.each([
    [["From: a@x"], "no address is in To, Cc or Bcc of the header; "],
    [["To:", "Cc: g:;"], "no address is in To, Cc or Bcc of the header; "],
    [["To: a@x", "Resent-From: b@x"], "no address is in Resent-To, Resent-Cc or Resent-Bcc of the header; "],
    [["Resent-To: a@x", "Resent-To: b@x"], "the header has more than one block of Resent- fields; "],
    [
      ["Resent-To: a@x", "Resent-Message-ID: 1", "Resent-Message-ID: 2"],
      "more than one block of Resent- fields; ",
    ],
  ])("where %j says: %s", async (lines, why) => {
    const fields = await fieldsOf(...lines);
    expect(() => recipientsOf(fields)).toThrow(ArgumentError);
    expect(() => recipientsOf(fields)).toThrow(`${why}"to" must be given; nothing was sent`);
    expect(() => envelopeOf([{ name: "from", value: "a@x" }, ...fields])).toThrow(ArgumentError);
  });

  test.each(["To", "Cc", "Bcc", "Resent-To", "Resent-Cc", "Resent-Bcc"])(
    "where %s is not clear",
    async (name) => {
      const fields = await fieldsOf(`${name}: a@x; b@x`);
      expect(() => recipientsOf(fields)).toThrow(
        new RegExp(`^${name} in the header: it is not clear .*; "to" may be given instead$`),
      );
    },
  );
});

test("of one half nothing is asked where the other is given", async () => {
  expect(senderOf(await fieldsOf("From: a@x", "To: not an address"))).toBe("a@x");
  expect(recipientsOf(await fieldsOf("From: not an address", "From: b", "To: a@x"))).toEqual(["a@x"]);
});

test("an envelope has both halves", async () => {
  const fields = await fieldsOf("From: a@x", "To: b@x,", " c@x", "Subject: To: d@x", "Bcc: e@x");
  expect(envelopeOf(fields)).toEqual({ from: "a@x", to: ["b@x", "c@x", "e@x"] });
});

test("what a Latin-1 header made of an address is not sent to", async () => {
  const message = Buffer.from("From: M\xfcller <a@x>\r\nTo: m\xfcller@x\r\n\r\n", "latin1");
  const { fields } = await splitHeader(message);
  expect(senderOf(fields)).toBe("a@x");
  expect(() => recipientsOf(fields)).toThrow('To in the header: "m\ufffdller@x" is not a mail address');
});
