// What may stand in a path, and that nothing else comes out than that or an ArgumentError.
import { ArgumentError } from "@netcli/core-transport";
import { describe, expect, test, vi } from "vitest";
import { parseAddress, reversePath, shown } from "../src/address.ts";

vi.setConfig({ testTimeout: 30_000 });

const label63 = "l".repeat(63);
const local64 = "x".repeat(64);

/** Empty if it is none. */
function refusalOf(text: string): string {
  try {
    parseAddress(text);
    return "";
  } catch (error) {
    if (error instanceof ArgumentError) return error.message;
    throw error;
  }
}

/** Of a whole path of that many bytes. */
function domainOf(pathBytes: number, local: string): string {
  const bytes = pathBytes - local.length - 1;
  return `${`${label63}.`.repeat(4).slice(0, bytes - 1)}z`;
}

describe("an address is taken apart", () => {
  test.each<[string, string, string | undefined]>([
    ["a@example.com", "a", "example.com"],
    ["A.b@Example.COM", "A.b", "example.com"],
    ["!#$%&'*+-/=?^_`{|}~@x", "!#$%&'*+-/=?^_`{|}~", "x"],
    ["a%b@c", "a%b", "c"],
    ["bounce+=?x?=@c", "bounce+=?x?=", "c"],
    ["-f@c", "-f", "c"],
    ["1@2", "1", "2"],
    ["postmaster", "postmaster", undefined],
    ["Post.Master", "Post.Master", undefined],
    ['"a b"@example.com', '"a b"', "example.com"],
    ['"a b"', '"a b"', undefined],
    ['""@x', '""', "x"],
    ['"@"@x', '"@"', "x"],
    ['"a@b c"@d', '"a@b c"', "d"],
    ['"<a>,(b);:.."@x', '"<a>,(b);:.."', "x"],
    ['"\\"\\\\\\ \\a"@x', '"\\"\\\\\\ \\a"', "x"],
    ["a@my_host.example", "a", "my_host.example"],
    ["a@_dmarc.example", "a", "_dmarc.example"],
    ["a@x--y.z-0", "a", "x--y.z-0"],
    ["a@XN--BCHER-KVA.example", "a", "xn--bcher-kva.example"],
    ["a@[127.0.0.1]", "a", "[127.0.0.1]"],
    ["a@[IPv6:::1]", "a", "[IPv6:::1]"],
    ["a@[ipv6:2001:DB8::A]", "a", "[IPv6:2001:db8::a]"],
    ["a@[IPv6:::ffff:127.0.0.1]", "a", "[IPv6:::ffff:127.0.0.1]"],
    [`${local64}@x`, local64, "x"],
    [`a@${label63}.x`, "a", `${label63}.x`],
    [`a@${domainOf(254, "a")}`, "a", domainOf(254, "a")],
  ])("%s", (text, local, domain) => {
    const path = domain === undefined ? local : `${local}@${domain}`;
    expect(parseAddress(text)).toEqual({ local, domain, needsUtf8: false, path });
  });

  test.each([
    ["ü@example.com", "ü@example.com"],
    ["u\u0308@example.com", "u\u0308@example.com"],
    ['"ü ß"@example.com', '"ü ß"@example.com'],
    ["用户@例え.jp", "用户@xn--r8jz45g.jp"],
    ["😀@x", "😀@x"],
    ["ü", "ü"],
    [`${"ü".repeat(32)}@x`, `${"ü".repeat(32)}@x`],
  ])("%s, which needs SMTPUTF8 for its local part, as it was written", (text, path) => {
    expect(parseAddress(text)).toMatchObject({ needsUtf8: true, path });
  });
});

describe("an address is refused", () => {
  test.each([
    ["", "it does not begin with a local part"],
    ["@", "it does not begin with a local part"],
    ["@x", "it does not begin with a local part"],
    [" a@x", "it does not begin with a local part"],
    [".a@x", "it does not begin with a local part"],
    ["<a@x>", "it does not begin with a local part"],
    ["<>", "it does not begin with a local part"],
    ["(c)a@x", "it does not begin with a local part"],
    ["@x,@y:a@b", "it does not begin with a local part"],
    ['"a@x', "it does not begin with a local part"],
    ['"a\\"@x', "it does not begin with a local part"],
    ['"a\\ü"@x', "it does not begin with a local part"],
    ["\\a@x", "it does not begin with a local part"],
    ["\u00a0a@x", "it does not begin with a local part"],
    ["\ufeffa@x", "it does not begin with a local part"],
    ["a b@x", '" " can\'t stand at position 2'],
    ["a\u3000b@x", "can't stand at position 2"],
    ["a.@x", '"." can\'t stand at position 2'],
    ["a..b@x", '"." can\'t stand at position 2'],
    ["a(c)@x", '"(" can\'t stand at position 2'],
    ["a\\@b@x", '"\\" can\'t stand at position 2'],
    ['a"b"@x', '""" can\'t stand at position 2'],
    ['"a"b@x', '"b" can\'t stand at position 4'],
    ['"a"."b"@x', '"." can\'t stand at position 4'],
    ['"a""b"@x', '""" can\'t stand at position 4'],
    ['"a" @x', '" " can\'t stand at position 4'],
    ["a,b@x", '"," can\'t stand at position 2'],
    ["a:b@x", '":" can\'t stand at position 2'],
    ["a;b@x", '";" can\'t stand at position 2'],
    ["a<b@x", '"<" can\'t stand at position 2'],
    ["a>", '">" can\'t stand at position 2'],
    ["Name <a@x>", '" " can\'t stand at position 5'],
    ["a@", "its domain lacks a label"],
    ["a@.", "its domain lacks a label"],
    ["a@x.", "its domain lacks a label"],
    ["a@.x", "its domain lacks a label"],
    ["a@x..y", "its domain lacks a label"],
    ["a@b@x", '"b@x" can\'t be in a domain'],
    ['a@"b"', "can't be in a domain"],
    ["a@x>", '"x>" can\'t be in a domain'],
    ["a@x y", "can't be in a domain"],
    ["a@ x", "can't be in a domain"],
    ["a@x ", "can't be in a domain"],
    ["a@x(c)", "can't be in a domain"],
    ["a@(c)x", "can't be in a domain"],
    ["a@x:25", "can't be in a domain"],
    ["a@x,y", "can't be in a domain"],
    ["a@-x", "can't be in a domain"],
    ["a@x-.y", "can't be in a domain"],
    ["a@-é.y", "can't be in a domain"],
    ["a@%41.com", "can't be in a domain"],
    ["a@é%.com", "can't be in a domain"],
    ["a@x/y", "can't be in a domain"],
    ["a@é/y", "can't be in a domain"],
    ["a@x\\y", "can't be in a domain"],
    ["a@é\\y", "can't be in a domain"],
    ["a@x?y", "can't be in a domain"],
    ["a@é?y", "can't be in a domain"],
    ["a@x#y", "can't be in a domain"],
    ["a@é#y", "can't be in a domain"],
    ["a@é!.y", "can't be in a domain"],
    [`a@l${label63}`, "can't be in a domain"],
    [`a@${"é".repeat(58)}.com`, "is too long"],
    ["a@[127.0.0.1", "no IPv4 address"],
    ["a@[127.0.0.1x", "no IPv4 address"],
    ["a@[127.0.0.1].com", "no IPv4 address"],
    ["a@[127.1]", "no IPv4 address"],
    ["a@[127.0.0.01]", "no IPv4 address"],
    ["a@[0x7f.0.0.1]", "no IPv4 address"],
    ["a@[::1]", "no IPv4 address"],
    ["a@[IPv6:1]", "no IPv4 address"],
    ["a@[IPv6:fe80::1%eth0]", "no IPv4 address"],
    ["a@[IPv6:127.0.0.1]", "no IPv4 address"],
    ["a@[example.com]", "no IPv4 address"],
    ["a@[tag:content]", "no IPv4 address"],
    ["a@[]", "no IPv4 address"],
    [`x${local64}@x`, "its local part is longer than 64 bytes"],
    [`${"ü".repeat(33)}@x`, "its local part is longer than 64 bytes"],
    [`"${"x".repeat(63)}"@x`, "its local part is longer than 64 bytes"],
    [`a@${domainOf(255, "a")}`, "it is longer than 254 bytes"],
    [`ü@${domainOf(254, "a")}`, "it is longer than 254 bytes"],
    [`a@${"b.".repeat(600)}\n`, "it is longer than 254 bytes"],
    ["a@\ufffd", "it contains"],
  ])("%j", (text, why) => {
    expect(() => parseAddress(text)).toThrow(ArgumentError);
    expect(() => parseAddress(text)).toThrow(why);
  });

  test("with a character anywhere that is none, or would act on a terminal, which is not repeated", () => {
    const controls = Array.from({ length: 0xa0 }, (_, code) => code).filter(
      (code) => code < 32 || code > 126,
    );
    for (const code of [...controls, 0x2028, 0x2029, 0xd800, 0xdbff, 0xdc00, 0xdfff]) {
      const character = String.fromCharCode(code);
      for (const text of [
        `a${character}b@x`,
        `"a${character}b"@x`,
        `"a\\${character}b"@x`,
        `a@x${character}y`,
      ]) {
        const message = refusalOf(text);
        expect(message).toContain(`it contains "\\u{${code.toString(16)}}"; nothing was sent`);
        expect(message).toMatch(/^[ -~]+$/);
      }
    }
  });
});

describe("WHATWG's reading of IPv4 addresses happens to no name", () => {
  test.each(["0x7f.1", "127.1", "2130706433", "0177.0.0.1", "1.2.3", "127.0.0.1", "256.256.256.256"])(
    "%s",
    (name) => {
      expect(parseAddress(`a@${name}`).path).toBe(`a@${name}`);
    },
  );
});

test("all short texts are addresses if and only if a grammar says so", () => {
  const label = "[a-]*a";
  const grammar = new RegExp(
    String.raw`^(?:[a-]+(?:\.[a-]+)*|"(?:[a@. <-]|\\[a"@. <\\-])*")(?:@(?!-|.*\.-)${label}(?:\.${label})*)?$`,
  );
  const alphabet = ["a", "@", ".", '"', "\\", " ", "<", "-"];
  const wrong: unknown[] = [];
  let accepted = 0;
  let texts = [""];
  for (let length = 0; length <= 6; length += 1) {
    for (const text of texts) {
      const isAddress = refusalOf(text) === "";
      if (isAddress) accepted += 1;
      if (isAddress !== grammar.test(text)) wrong.push(text);
      if (isAddress && parseAddress(text).path !== text) wrong.push(text);
    }
    if (length < 6) texts = texts.flatMap((text) => alphabet.map((character) => text + character));
  }
  expect(wrong).toEqual([]);
  expect(accepted).toBeGreaterThan(1_000);
});

describe("the null reverse-path", () => {
  test("is the empty text, and only as a sender", () => {
    expect(reversePath("")).toEqual({ local: "", domain: undefined, needsUtf8: false, path: "" });
    expect(() => parseAddress("")).toThrow(ArgumentError);
  });

  test("is nothing else", () => {
    expect(reversePath("ü@Example.com")).toEqual(parseAddress("ü@Example.com"));
    for (const text of [" ", "<>", "\0", '"', "@"]) expect(() => reversePath(text)).toThrow(ArgumentError);
  });
});

test("what is shown is short and safe", () => {
  expect(shown("a b")).toBe('"a b"');
  expect(shown("\r\n\u001b\u0085\u202e\u2028\ud800\ufeff")).toBe(
    '"\\u{d}\\u{a}\\u{1b}\\u{85}\\u{202e}\\u{2028}\\u{d800}\\u{feff}"',
  );
  expect(shown("ü😀")).toBe('"ü😀"');
  expect(shown("x".repeat(1_000_000))).toBe(`"${"x".repeat(80)}..."`);
  expect(shown(`${"x".repeat(79)}😀`)).toMatch(/^"x{79}\\u\{d83d\}\.\.\."$/);
});
