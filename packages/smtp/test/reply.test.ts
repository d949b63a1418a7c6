// How replies are read: codes, enhanced codes where they are some, and lines that belong together.
import { ProtocolError } from "@netcli/core-transport";
import { describe, expect, test } from "vitest";
import { isPositive, smtpGrammar } from "../src/reply.ts";

describe("a reply", () => {
  test.each<[lines: string[], code: number, enhanced: string | undefined, text: string]>([
    [["250 2.1.0 fine"], 250, "2.1.0", "fine"],
    [["250 fine"], 250, undefined, "fine"],
    [["250"], 250, undefined, ""],
    [["250 "], 250, undefined, ""],
    [["250 2.0.0"], 250, "2.0.0", ""],
    [["550-5.1.1 no", "550 5.1.1 such"], 550, "5.1.1", "no\nsuch"],
    [["550-5.1.1 no", "550 such"], 550, "5.1.1", "no\nsuch"],
    [["550-5.1.1 no", "550 5.7.1 such"], 550, "5.1.1", "no\n5.7.1 such"],
    [["550-no", "550 5.1.1 such"], 550, undefined, "no\n5.1.1 such"],
    // Another class is text, and so is what only looks like a code.
    [["250 5.1.1 what"], 250, undefined, "5.1.1 what"],
    [["354 3.0.0 go"], 354, undefined, "3.0.0 go"],
    [["250 2.1 what"], 250, undefined, "2.1 what"],
    [["250 2.1.0.0 what"], 250, undefined, "2.1.0.0 what"],
    [["250 2.1000.0 what"], 250, undefined, "2.1000.0 what"],
    [["250 2.1.0fine"], 250, undefined, "2.1.0fine"],
    [["452 4.999.999 x"], 452, "4.999.999", "x"],
    [["220-mx.example", "220 ESMTP"], 220, undefined, "mx.example\nESMTP"],
  ])("of %j", (lines, code, enhanced, text) => {
    expect(smtpGrammar.parse(lines)).toEqual({ code, enhanced, lines, text });
  });

  test("ends with the first line that has no hyphen, and keeps its code", () => {
    expect(smtpGrammar.isLast("250-more", "250-more")).toBe(false);
    expect(smtpGrammar.isLast("250 last", "250-more")).toBe(true);
    expect(smtpGrammar.isLast("250", "250-more")).toBe(true);
    expect(() => smtpGrammar.isLast("251 other", "250-more")).toThrow(ProtocolError);
    expect(() => smtpGrammar.isLast("what", "what")).toThrow(ProtocolError);
    expect(() => smtpGrammar.isLast("", "")).toThrow(ProtocolError);
  });

  test("says yes with 2yz alone, and closes with 421 alone", () => {
    const codes = [199, 200, 250, 299, 300, 354, 421, 500];
    const replies = codes.map((code) => smtpGrammar.parse([`${code} x`]));
    expect(replies.filter(isPositive).map(({ code }) => code)).toEqual([200, 250, 299]);
    const closing = replies.filter((reply) => smtpGrammar.isClosing?.(reply));
    expect(closing.map(({ code }) => code)).toEqual([421]);
  });
});
