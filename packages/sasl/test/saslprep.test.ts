// SASLprep (RFC 4013), with its examples, and with cases worked out by an implementation on Unicode 3.2's own tables.
import { ArgumentError } from "@netcli/core-transport";
import { describe, expect, it } from "vitest";
import { saslprep } from "../src/index.ts";
import {
  LEFT_TO_RIGHT,
  MAPPED_TO_NOTHING,
  PROHIBITED,
  RIGHT_TO_LEFT,
  SPACES,
  UNASSIGNED,
} from "../src/saslprep-tables.ts";

describe("what is prepared", () => {
  it.each([
    ["a soft hyphen is nothing (RFC 4013 3)", "I\u00adX", "IX"],
    ["ASCII stays what it is (RFC 4013 3)", "user", "user"],
    ["the case stays what it is (RFC 4013 3)", "USER", "USER"],
    ["an ordinal is a letter (RFC 4013 3)", "\u00aa", "a"],
    ["a Roman numeral is letters (RFC 4013 3)", "\u2168", "IX"],
    ["nothing is nothing", "", ""],
    [
      "all printable ASCII stays",
      "~!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|} ",
      "~!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|} ",
    ],
    ["a no-break space is a space", "a\u00a0b", "a b"],
    ["an ideographic space is a space", "a\u3000b", "a b"],
    ["a zero-width space is a space", "a\u200bb", "a b"],
    ["a joiner is nothing", "a\u200db", "ab"],
    ["a byte order mark is nothing", "\ufeffab", "ab"],
    ["a letter and its accent are one", "u\u0308", "\u00fc"],
    ["a ligature is its letters", "\ufb01n", "fin"],
    ["a fraction is its figures", "\u00bc", "1\u20444"],
    ["wide letters are narrow", "\uff30\uff37", "PW"],
    ["Korean letters are a syllable", "\u1100\u1161", "\uac00"],
    ["Hebrew stays", "\u05d0\u05d1", "\u05d0\u05d1"],
    ["figures stay between Arabic letters", "\u06271\u0628", "\u06271\u0628"],
    // Corrigendum #4 came after Unicode 3.2.
    ["a character is mapped as Unicode 3.2 had it", "\u{2f868}", "\u{2136a}"],
    ["and another", "\u{2f9bf}", "\u4d57"],
  ])("%s", (_what, text, prepared) => {
    expect(saslprep(text)).toBe(prepared);
    // Twice is no different from once.
    expect(saslprep(prepared)).toBe(prepared);
  });
});

describe("what is refused", () => {
  it.each([
    ["a control character (RFC 4013 3)", "\u0007", /prohibited/],
    ["DEL", "a\u007f", /prohibited/],
    ["NUL", "a\0", /prohibited/],
    ["a line end", "a\r\nb", /prohibited/],
    ["another control character", "\u0085", /prohibited/],
    ["a private character", "\ue000", /prohibited/],
    ["what is no character", "\ufdd0", /prohibited/],
    ["what is no character in another plane", "\u{1ffff}", /prohibited/],
    ["half a surrogate pair", "a\ud800b", /prohibited/],
    ["a replacement character", "\ufffd", /prohibited/],
    ["an ideographic description", "\u2ff0", /prohibited/],
    ["a mark for the direction", "a\u200eb", /prohibited/],
    ["a tag", "\u{e0041}", /prohibited/],
    ["an emoji", "\u{1f600}", /newer than Unicode 3\.2/],
    ["the euro's younger brother", "\u20bf", /newer than Unicode 3\.2/],
    ["what would become ASCII today", "\u{1f100}", /newer than Unicode 3\.2/],
    ["an Arabic letter before a figure (RFC 4013 3)", "\u06271", /from right to left/],
    ["Hebrew with Latin between", "\u05d0a\u05d1", /from right to left/],
    ["a figure before Hebrew", "1\u05d0", /from right to left/],
  ])("%s", (_what, text, message) => {
    expect(() => saslprep(text, "the password")).toThrow(ArgumentError);
    expect(() => saslprep(text, "the password")).toThrow(/^the password contains/);
    expect(() => saslprep(text, "the password")).toThrow(message);
  });
});

it("knows the first and the last of each range", () => {
  // U+0220 was assigned in 3.2, U+0221 was not; U+0234 to U+024F were not, U+0250 was.
  expect(saslprep("\u0220")).toBe("\u0220");
  expect(() => saslprep("\u0221")).toThrow(ArgumentError);
  expect(saslprep("\u0233")).toBe("\u0233");
  for (const newer of ["\u0234", "\u0241", "\u024f"]) expect(() => saslprep(newer)).toThrow(ArgumentError);
  expect(saslprep("\u0250")).toBe("\u0250");
  expect(saslprep("\u{1d7ff}")).toBe("9");
  expect(() => saslprep("\u{10ffff}")).toThrow(ArgumentError);
});

it.each([
  ["B.1", MAPPED_TO_NOTHING, 27, 1_164_321],
  ["C.1.2", SPACES, 17, 133_104],
  ["those of prohibition", PROHIBITED, 139_813, 138_050_339_182],
  ["A.1", UNASSIGNED, 879_309, 474_270_927_861],
  ["D.1", RIGHT_TO_LEFT, 1_044, 50_704_970],
  ["D.2", LEFT_TO_RIGHT, 229_973, 146_139_639_271],
])("has the table %s of RFC 3454 whole", (_name, table, count, sum) => {
  const found = { count: 0, sum: 0 };
  let before = -1;
  for (const range of table.trim().split(/\s+/)) {
    const [first = Number.NaN, last = first] = range.split("-").map((text) => Number.parseInt(text, 16));
    expect(first).toBeGreaterThan(before);
    expect(last).toBeGreaterThanOrEqual(first);
    before = last;
    found.count += last - first + 1;
    found.sum += ((first + last) * (last - first + 1)) / 2;
  }
  expect(found).toEqual({ count, sum });
});
