// Whom a header field names: RFC 5322 with its examples, groups of RFC 6854, and what is not certain.
import { ArgumentError } from "@netcli/core-transport";
import { describe, expect, test, vi } from "vitest";
import { parseAddressList } from "../src/address-list.ts";

vi.setConfig({ testTimeout: 60_000 });

describe("the addresses are found", () => {
  test.each<[string, string[]]>([
    ["", []],
    [" \t ", []],
    [",", []],
    ["a@b", ["a@b"]],
    [" a@b ", ["a@b"]],
    ["A.B@Example.COM", ["A.B@Example.COM"]],
    ["a@b,c@d", ["a@b", "c@d"]],
    ["a@b ,\tc@d", ["a@b", "c@d"]],
    [",a@b,, c@d, ,", ["a@b", "c@d"]],
    ["a@b,a@b", ["a@b", "a@b"]],
    ["<a@b>", ["a@b"]],
    ["< a@b\t>", ["a@b"]],
    ["Name<a@b>", ["a@b"]],
    ["John Doe <jdoe@machine.example>", ["jdoe@machine.example"]],
    [
      "Mary Smith <mary@x.test>, jdoe@example.org, Who? <one@y.test>",
      ["mary@x.test", "jdoe@example.org", "one@y.test"],
    ],
    [
      '<boss@nil.test>, "Giant; \\"Big\\" Box" <sysservices@example.net>',
      ["boss@nil.test", "sysservices@example.net"],
    ],
    ['"Joe Q. Public" <john.q.public@example.com>', ["john.q.public@example.com"]],
    ["Joe Q. Public <john.q.public@example.com>", ["john.q.public@example.com"]],
    ['"" <a@b>', ["a@b"]],
    ['"a"b"c" <a@b>', ["a@b"]],
    ['"a@b" <c@d>', ["c@d"]],
    ['"a,b" <c@d>, e@f', ["c@d", "e@f"]],
    ['"a\\"b" <c@d>', ["c@d"]],
    ['"a\\\\" <c@d>', ["c@d"]],
    ["Jürgen 用户 <j@x>", ["j@x"]],
    ["\ufffd <j@x>", ["j@x"]],
    ["ü@bücher.example", ["ü@bücher.example"]],
    ["=?iso-8859-1?Q?Keld_J=F8rn?= =?utf-8?b?w7w=?= <keld@dkuug.dk>", ["keld@dkuug.dk"]],
    ["[List] Name <a@b>", ["a@b"]],
    ["a@[127.0.0.1], <b@[IPv6:::1]>", ["a@[127.0.0.1]", "b@[IPv6:::1]"]],
    ['"a b"@c, <"d, e"@f>', ['"a b"@c', '"d, e"@f']],
    ['"\\""@c', ['"\\""@c']],
    ["a@b (Name)", ["a@b"]],
    ["(c) a@b", ["a@b"]],
    ["(a (b (c))) a@b (d)(e)", ["a@b"]],
    ["(a \\( b \\) \\\\) a@b", ["a@b"]],
    ['(a " b) a@b (")', ["a@b"]],
    ["(only a comment)", []],
    ["N (c) M <a@b> (c), (d)", ["a@b"]],
    [
      "Pete(A nice \\) chap) <pete(his account)@silly.test(his host)>".replaceAll(/\(his \w+\)/g, ""),
      ["pete@silly.test"],
    ],
    ["undisclosed-recipients:;", []],
    ["undisclosed-recipients: ;", []],
    ["Undisclosed recipients:(nobody);(c)", []],
    ['"a:b":;', []],
    [
      "A Group:Ed Jones <c@a.test>,joe@where.test,John <jdoe@one.test>;",
      ["c@a.test", "joe@where.test", "jdoe@one.test"],
    ],
    ["a@b, g: c@d, , <e@f>; , h@i, j:;", ["a@b", "c@d", "e@f", "h@i"]],
    ["g:;, h:;", []],
    ["g : ,a@b, ;", ["a@b"]],
    ["group-name.x: a@b;", ["a@b"]],
  ])("%j", (text, addresses) => {
    expect(parseAddressList(text)).toEqual(addresses);
  });
});

describe("what is not certain is refused", () => {
  test.each([
    ["a", '"a" has no domain, at its end'],
    ["<a>", '"a" has no domain'],
    ["undisclosed-recipients", "has no domain"],
    ["a@b, root", '"root" has no domain, at its end'],
    ["root, a@b", '"root" has no domain, before ", a@b"'],
    ["g: root;", '"root" has no domain'],
    ["John Doe", "a name has no address, at its end"],
    ["John Doe, a@b", 'a name has no address, before ", a@b"'],
    ["g: John Doe;", "a name has no address"],
    ["a@b c@d", 'an address stands beside another word, without a comma, before "c@d"'],
    ["a b@c", "an address stands beside another word"],
    ["a@b c", "an address stands beside another word"],
    ["a @b", "an address stands beside another word"],
    ["a@ b", "an address stands beside another word"],
    ["a@b . c", "an address stands beside another word"],
    ["a@b (c) c@d", "an address stands beside another word"],
    ["a@b@c", "can't be in a domain"],
    ["a@b <c@d>", 'the name before "<" contains an "@"'],
    ["a@b <a@b>", 'the name before "<" contains an "@"'],
    ["N @ <c@d>", "an address stands beside another word"],
    ["@ <c@d>", 'the name before "<" contains an "@"'],
    ["<a@b> c", 'a comma must follow ">"'],
    ["<a@b> (x) c", 'a comma must follow ">"'],
    ["<a@b>c", 'a comma must follow ">"'],
    ["<a@b><c@d>", 'a comma must follow ">"'],
    ['<a@b>"c"', 'a comma must follow ">"'],
    ["<a@b>:;", 'a comma must follow ">"'],
    ["<a@b>>", 'a comma must follow ">"'],
    ["<a@b", 'one address and ">" must follow "<", at its end'],
    ["<a@b, c@d>", 'one address and ">" must follow "<"'],
    ["<a@b c@d>", 'one address and ">" must follow "<"'],
    ["<<a@b>>", "a word was expected"],
    ["<>", "a word was expected"],
    ["< >", "a word was expected"],
    ["N <>", "a word was expected"],
    ["<", "a word was expected"],
    [">", "a word was expected"],
    ["a@b>", "a word was expected"],
    [")", "a word was expected"],
    ["a@b)", "a word was expected"],
    ["]", "a word was expected"],
    ["a@b]", "a word was expected"],
    ["\\", "a word was expected"],
    ["a\\@b@c", "a word was expected"],
    ["<@x,@y:a@b>", 'one address and ">" must follow "<"'],
    ["<@x:a@b>", 'one address and ">" must follow "<"'],
    ["@x,@y:a@b", "is not a mail address"],
    ["@x:a@b;", 'the ":" follows no name of a group'],
    ['"a', "a quotation mark has no counterpart"],
    ['"a\\"', "a quotation mark has no counterpart"],
    ['a@b, "', "a quotation mark has no counterpart"],
    ['"\\', "a quotation mark has no counterpart"],
    ["(a", "a comment has no end"],
    ["a@b (", "a comment has no end"],
    ["(a\\)", "a comment has no end"],
    ["(a(b)", "a comment has no end"],
    ["(\\", "a comment has no end"],
    ["[a", "a bracket has no counterpart"],
    ["a@[127.0.0.1", "a bracket has no counterpart"],
    ["[a b] <c@d>", "a bracket has no counterpart"],
    ["[a@b] <c@d>", "a bracket has no counterpart"],
    ["g:", "a group has no end"],
    ["g: a@b", "a group has no end"],
    ["mailto:a@b", "a group has no end"],
    ["g: a@b; c@d", "a comma must follow the group"],
    ["g:;;", "a comma must follow the group"],
    ["g:; <a@b>", "a comma must follow the group"],
    ["g:; h:;", "a comma must follow the group"],
    ["a@b; c@d", 'the ";" ends no group'],
    ["a@b;", 'the ";" ends no group'],
    [";", 'the ";" ends no group'],
    ["g: h: a@b;;", "there is a group in a group"],
    ["g: a@b, h:;;", "there is a group in a group"],
    [":a@b;", 'the ":" follows no name of a group'],
    ["a@b:c@d;", 'the ":" follows no name of a group'],
    ["(g):;", 'the ":" follows no name of a group'],
    ["a..b@c", "is not a mail address"],
    ["a@b..c", "is not a mail address"],
    ["a@b.", "is not a mail address"],
    ['"a"."b"@c', "is not a mail address"],
    ["<N a@b>", 'one address and ">" must follow "<"'],
    ["\ufffd@b", "is not a mail address"],
    ["a\u00a0@b", "is not a mail address"],
    ["a@b\r\n", "it contains a control character"],
    ["a@b,\r\n c@d", "it contains a control character"],
    ['"\u0007" <a@b>', "it contains a control character"],
  ])("%j", (text, why) => {
    expect(() => parseAddressList(text)).toThrow(ArgumentError);
    expect(() => parseAddressList(text)).toThrow(why);
  });

  test("and shown without control characters", () => {
    expect(() => parseAddressList("a\u001b[31m@b")).toThrow(
      'it is not clear whom the address list names: it contains a control character, before "\\u{1b}[31m@b"; nothing was sent',
    );
  });

  test("and no comment is deeper than ten", () => {
    const [ten, eleven] = [10, 11].map((depth) => `${"(".repeat(depth)}${")".repeat(depth)}a@b`) as [
      string,
      string,
    ];
    expect(parseAddressList(ten)).toEqual(["a@b"]);
    expect(() => parseAddressList(eleven)).toThrow("comments are nested 10 deep");
  });
});

// The grammar once more, as one expression: slow for long texts, but plain.
const comment = String.raw`\((?:[^()\\]|\\.|\((?:[^()\\]|\\.|\(\))*\))*\)`;
const gap = `(?: |${comment})*`;
const quoted = String.raw`"(?:[^"\\]|\\.)*"`;
const address = `(?:a+|${quoted})@a+`;
const phrase = `(?:(?:a|${quoted})${gap})+`;
const mailbox = `${gap}(?:${address}|(?:${phrase})?< *${address} *>)?${gap}`;
const mailboxes = `${mailbox}(?:,${mailbox})*`;
const entry = `(?:${gap}${phrase}:${mailboxes};${gap}|${mailbox})`;
const grammar = new RegExp(`^${entry}(?:,${entry})*$`);
const pieces = new RegExp(`${comment}|(${address})|${quoted}|.`, "g");

function byGrammar(text: string): string[] | undefined {
  if (!grammar.test(text)) return undefined;
  return Array.from(text.matchAll(pieces), (piece) => piece[1]).filter((found) => found !== undefined);
}

function byParser(text: string): string[] | undefined {
  try {
    return parseAddressList(text);
  } catch (error) {
    if (error instanceof ArgumentError) return undefined;
    throw error;
  }
}

test.each([
  ["characters", ["a", "@", ",", '"', "<", ">", "(", ")", "\\", " ", ":", ";"], 5, 800],
  ["characters of addresses and names", ["a", "@", '"', "<", ">", " "], 7, 400],
  ["pieces", ["a@a", '"@a"', "a", "@a", "<", ">", "<a@a>", ",", " ", "(a)", "(", ")", ":", ";"], 4, 1_200],
])("all short texts of %s are read as a grammar says, or refused", (_, alphabet, longest, atLeast) => {
  let accepted = 0;
  const wrong: unknown[] = [];
  let texts = [""];
  for (let length = 0; length <= longest; length += 1) {
    for (const text of texts) {
      const found = byParser(text);
      const expected = byGrammar(text);
      if (found !== undefined) accepted += 1;
      if (found?.join() !== expected?.join()) wrong.push({ text, found, expected });
    }
    if (length < longest) texts = texts.flatMap((text) => alphabet.map((character) => text + character));
  }
  expect(wrong).toEqual([]);
  expect(accepted).toBeGreaterThan(atLeast);
});
