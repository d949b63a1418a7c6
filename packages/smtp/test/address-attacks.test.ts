// Attacks on other mailers by way of addresses, under the names by which they are known.
import { ArgumentError, commandLine } from "@netcli/core-transport";
import { describe, expect, test, vi } from "vitest";
import { parseAddressList } from "../src/address-list.ts";
import { parseAddress } from "../src/address.ts";
import { isLinear, repeated } from "./linear-time.ts";

vi.setConfig({ testTimeout: 60_000 });

describe("CVE-2025-7962: characters that end in the bytes of CR and LF", () => {
  const text = "a\u760d\u760aRCPT TO:<b@x";

  test("stay what they are", () => {
    const { path, needsUtf8 } = parseAddress("a\u760d\u760ab@x");
    expect({ path, needsUtf8 }).toEqual({ path: "a\u760d\u760ab@x", needsUtf8: true });
    const { line } = commandLine("MAIL", [`FROM:<${path}>`]);
    expect(Buffer.from(line)).toEqual(Buffer.from("MAIL FROM:<a瘍瘊b@x>"));
    expect(Buffer.from(line).includes(0x0a) || Buffer.from(line).includes(0x0d)).toBe(false);
  });

  test("let nothing in behind them", () => {
    expect(() => parseAddress(text)).toThrow(ArgumentError);
    expect(() => parseAddressList(text)).toThrow(ArgumentError);
  });

  test("nor do those that do so in a domain", () => {
    expect(parseAddress("a@\u760d\u760a.com").path).toBe("a@xn--ztyf.com");
  });
});

test.each(["\r\n", "\n", "\r", "\0", "\u0085", "\u2028", "\u007f"])("no %j gets into a command", (end) => {
  for (const text of [
    `a@x${end}RCPT`,
    `a${end}@x`,
    `"a${end}"@x`,
    `a@[127.0.0.1${end}]`,
    `${end}a@x`,
    `a@x${end}`,
  ]) {
    expect(() => parseAddress(text)).toThrow(ArgumentError);
    expect(() => parseAddressList(text)).toThrow(ArgumentError);
    expect(() => parseAddressList(`Name <${text}>`)).toThrow(ArgumentError);
  }
});

describe("GHSA-mm7p-fcc7-pg87: an address in the quoted local part of another", () => {
  test.each([
    ['"a@evil.example x"@good.example', ['"a@evil.example x"@good.example']],
    ['"a@evil.example"@good.example', ['"a@evil.example"@good.example']],
    ['<"a@evil.example x"@good.example>', ['"a@evil.example x"@good.example']],
    ['"<a@evil.example>"@good.example', ['"<a@evil.example>"@good.example']],
    ['"a@evil.example, b"@good.example', ['"a@evil.example, b"@good.example']],
    ['"a@evil.example" <b@good.example>', ["b@good.example"]],
    ['"<a@evil.example>" <b@good.example>', ["b@good.example"]],
    ["(a@evil.example) b@good.example", ["b@good.example"]],
    ['"\\"<a@evil.example>" b <c@good.example>', ["c@good.example"]],
  ])("%s", (text, expected) => {
    expect(parseAddressList(text)).toEqual(expected);
    expect(expected.map((address) => parseAddress(address).domain)).toEqual(["good.example"]);
  });

  test.each([
    'a@evil.example "x"@good.example',
    'a@evil.example"x"@good.example',
    '"a@evil.example" x@good.example',
    '"a@evil.example"x@good.example',
    "a@evil.example <b@good.example>",
    "<a@evil.example> <b@good.example>",
    "<a@evil.example> b@good.example",
    "<a@evil.example <b@good.example>>",
    "a@evil.example b@good.example",
    "a@evil.example@good.example",
    "a@good.example\\@evil.example",
  ])("%s is refused", (text) => {
    expect(() => parseAddressList(text)).toThrow(ArgumentError);
  });
});

describe("GHSA-cc9r-2j5m-2m83: comments in an address", () => {
  test.each([
    "a(c)@good.example",
    "a@(c)good.example",
    "a@good(c).example",
    "a@evil.example(c).good.example",
    "a (c) @good.example",
    "a@ (c) good.example",
    "a(@evil.example)@good.example",
    "<a@good.example(c)>",
    "<a@evil.example(>,<b@good.example)>",
    "<(c)a@good.example>",
    "a(c)b@good.example",
    '"a"(c)@good.example',
    "a@[127.0.0.1(c)]",
  ])("%s is refused", (text) => {
    expect(() => parseAddressList(text)).toThrow(ArgumentError);
  });

  test("stand beside it, which does not change it", () => {
    for (const text of [
      "(x)a@b(y)",
      "(x) a@b (y) (z)",
      "(x)<a@b>(y)",
      "N(x)<a@b>",
      "(@evil)a@b(>,<c@evil)",
    ]) {
      expect(parseAddressList(text)).toEqual(["a@b"]);
    }
  });
});

describe("GHSA-wmmp-3585-3rmp: a domain that becomes another one on the way", () => {
  test.each([
    "evil.com℀.good.example",
    "good\uff0eexample",
    "ｇｏｏｄ.example",
    "evil.com\u2100good",
    "a@b\uff20c",
    "ⓖood.x",
  ])("%s is refused", (domain) => {
    expect(() => parseAddress(`a@${domain}`)).toThrow(ArgumentError);
    expect(() => parseAddressList(`Name <a@${domain}>`)).toThrow(ArgumentError);
  });
});

test("an encoded word is part of a name, never of an address", () => {
  expect(parseAddressList("=?utf-8?q?a=40evil.example=3E?= <b@good.example>")).toEqual(["b@good.example"]);
  for (const text of [
    "=?utf-8?q?a=40evil.example=3E=00?=@good.example",
    "=?x?q?a?=b@x",
    '"=?x?b?YQ==?="@x',
  ]) {
    expect(() => parseAddressList(text)).toThrow("contains an encoded word");
  }
});

const shapes: [string, (length: number) => string][] = [
  ...[
    "a",
    "@",
    ",",
    "<",
    ">",
    "(",
    ")",
    '"',
    "\\",
    ":",
    ";",
    "[",
    "]",
    " ",
    ".",
    "\u0301",
    "é",
    "℀",
    "\0",
  ].map((unit): [string, (length: number) => string] => [JSON.stringify(unit), repeated(unit)]),
  ...[
    "a ",
    "a.",
    "a,",
    "a@b,",
    "a@b.example, ",
    "<a@b>,",
    "<<>",
    "()",
    "(()",
    '"" ',
    '"\\"',
    "a:;,",
    "a:",
    "[a]",
    "=?",
  ].map((unit): [string, (length: number) => string] => [JSON.stringify(unit), repeated(unit)]),
  ["a long local part", (length) => `${"a".repeat(length)}@b`],
  ["a long quoted local part", (length) => `"${"a ".repeat(length / 2)}"@b`],
  ["a long domain", (length) => `a@${"b.".repeat(length / 2)}c`],
  ["a long domain that is not ASCII", (length) => `a@${"é.".repeat(length / 2)}c`],
  ["a long label", (length) => `a@${"é".repeat(length)}`],
  ["a long name", (length) => `${"a ".repeat(length / 2)}<a@b>`],
  ["a long gap", (length) => `a${" ".repeat(length)}<a@b>`],
  ["a long gap in brackets", (length) => `<a@b${" ".repeat(length)}`],
  ["an open quotation", (length) => `"${"a".repeat(length)}`],
  ["an open comment", (length) => `(${"a".repeat(length)}`],
  ["many comments", (length) => `${"(a)".repeat(length / 3)}a@b`],
  ["flat comments in one", (length) => `(${"(a)".repeat(length / 3)})a@b`],
  ["a group of many", (length) => `g:${"a@b,".repeat(length / 4)};`],
];

describe("GHSA-rcmh-qjqh-p98v, GHSA-2x7j-588g-ccc2, GHSA-v53p-9fqp-m79j: a megabyte takes linear time", () => {
  test.each(shapes)("of %s", async (_, textOf) => {
    expect(await isLinear(textOf, parseAddressList)).toBe(true);
    expect(await isLinear(textOf, parseAddress)).toBe(true);
  });

  test("and no stack", () => {
    const depths = ["(", "<", "a:", "g:h:", '"\\'].map((unit) => unit.repeat(2_000_000));
    for (const text of depths) expect(() => parseAddressList(text)).toThrow(ArgumentError);
  });
});
