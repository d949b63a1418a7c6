// Encoded words in headers.
import { expect, test } from "vitest";
import { decodeWords } from "../src/encoded-words.ts";

test.each([
  ["plain", "plain"],
  ["=?ISO-8859-1?Q?a?=", "a"],
  ["=?ISO-8859-1?Q?a?= b", "a b"],
  ["=?ISO-8859-1?Q?a?= =?ISO-8859-1?Q?b?=", "ab"],
  ["=?ISO-8859-1?Q?a?=\t  =?ISO-8859-2?Q?_b?=", "a b"],
  ["=?ISO-8859-1?Q?a_b?=", "a b"],
  ["(=?ISO-8859-1?Q?a?=)", "(a)"],
  ["=?US-ASCII*EN?Q?Keith_Moore?=", "Keith Moore"],
  ["=?utf-8?b?R3LDvMOfZQ==?=", "Grüße"],
  ["=?UTF-8?B?R3LDvMOfZQ?=", "Grüße"],
  ["=?iso-8859-8?b?7eXs+SDv4SDt7Oj08A==?=", "םולש ןב םלטפנ"],
  ["=?koi8-r?Q?=F0=D2=C9=D7=C5=D4?=", "Привет"],
  ["=?Shift_JIS?B?k/qWew==?=", "日本"],
  ["=?windows-1252?Q?=80?=", "€"],
  ["=?utf-8?Q?=E2=82?= =?utf-8?Q?=AC?=", "€"],
  ["=?utf-8?Q?=FF?=", "\uFFFD"],
  ["=?utf-8?Q?a=?=", "a="],
  ["=?utf-8?Q?=zz?=", "=zz"],
  ["=?utf-8?Q??=", ""],
  ["=?x-nobody-knows?Q?a?=", "=?x-nobody-knows?Q?a?="],
  ["=?utf-8?Q?a?= =?x-nobody-knows?Q?b?= c", "a =?x-nobody-knows?Q?b?= c"],
  ["=?utf-8?X?a?=", "=?utf-8?X?a?="],
  ["=?utf-8?Q?a", "=?utf-8?Q?a"],
  ["=?utf-8?Q?ü?=", "=?utf-8?Q?ü?="],
  ["=??Q?a?=", "=??Q?a?="],
])("%s is read as %j", (text, expected) => {
  expect(decodeWords(text)).toBe(expected);
});

test.each([
  ["=?"],
  ["=?a"],
  ["=?a?q?"],
  ["=?a?q?b?"],
  ["=?utf-8?q?b?= "],
  ["=?utf-8?q?b?=x"],
  ["=?a*"],
  ["=?utf-8?b?=?="],
])("takes no longer for many of %j than for as many letters", (text) => {
  const started = performance.now();
  decodeWords(text.repeat(200_000));
  expect(performance.now() - started).toBeLessThan(5_000);
});
