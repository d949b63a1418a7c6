// Domains that are not ASCII: the name that was written, or none.
import { ArgumentError } from "@netcli/core-transport";
import { describe, expect, test, vi } from "vitest";
import { parseAddress } from "../src/address.ts";

vi.setConfig({ testTimeout: 30_000 });

describe("a domain that is not ASCII", () => {
  test.each([
    ["bücher.example", "xn--bcher-kva.example"],
    ["BÜCHER.Example", "xn--bcher-kva.example"],
    ["bu\u0308cher.example", "xn--bcher-kva.example"],
    ["faß.example", "xn--fa-hia.example"],
    ["ΟΔΟΣ.gr", "xn--pxavbq.gr"],
    ["οδος.gr", "xn--pxavbm.gr"],
    ["пример.рф", "xn--e1afmkfd.xn--p1ai"],
    ["日本.XN--WGV71A", "xn--wgv71a.xn--wgv71a"],
    ["ا.example", "xn--mgb.example"],
    ["क्\u200dष.example", "xn--11b2ezcw70k.example"],
    ["💩.la", "xn--ls8h.la"],
    ["0x7f.é", "0x7f.xn--9ca"],
    ["\u760d\u760a.com", "xn--ztyf.com"],
    [`${"é".repeat(57)}.com`, `xn--9c${"a".repeat(57)}.com`],
  ])("%s goes out as %s", (domain, ascii) => {
    expect(parseAddress(`a@${domain}`)).toEqual({
      local: "a",
      domain: ascii,
      needsUtf8: false,
      path: `a@${ascii}`,
    });
  });

  test.each([
    ["a full-width letter", "ｅxample.com"],
    ["a full-width digit", "１.com"],
    ["full-width digits of an IPv4 address", "１２７.0.0.1"],
    ["a full-width @", "a＠b.com"],
    ["an ideographic full stop", "a。com"],
    ["a full-width full stop", "a．com"],
    ["a half-width full stop", "a｡com"],
    ["a one dot leader", "a․com"],
    ["℀", "℀.com"],
    ["℅", "℅.com"],
    ["ℂ", "ℂ.com"],
    ["a long s", "ſ.com"],
    ["a ligature", "ﬁ.com"],
    ["a circled digit", "①.com"],
    ["the sign for kelvin", "\u212a.com"],
    ["the sign for kelvin beside others", "\u212aö.com"],
    ["a Greek question mark", "a\u037e.com"],
    ["a Greek question mark beside others", "a\u037eé.com"],
    ["a dotted capital I", "İ.com"],
    ["a digraph", "ǅ.com"],
    ["a soft hyphen", "exam\u00adple.com"],
    ["a zero width space", "exam\u200bple.com"],
    ["a joiner where none belongs", "a\u200db.com"],
    ["a variation selector", "ä\ufe0f.com"],
    ["a word joiner", "é\u2060.com"],
    ["a byte order mark", "\ufeffa.com"],
    ["an ideographic space", "a\u3000b.com"],
    ["a no-break space", "a\u00a0b.com"],
    ["a combining mark alone", "\u0308.com"],
  ])("is refused with %s: %j", (_, domain) => {
    expect(() => parseAddress(`a@${domain}`)).toThrow(ArgumentError);
  });

  test("is that name and no other, whatever the character", () => {
    let taken = 0;
    const wrong: unknown[] = [];
    // The planes that have characters with another form.
    for (let code = 0x80; code < 0x30_000; code += code === 0x1_ffff ? 0xf_801 : 1) {
      const character = String.fromCodePoint(code);
      try {
        const { domain = "" } = parseAddress(`a@${character}.com`);
        // What a mapping would make of it, which must not be what people know as another name.
        const mapped = character.normalize("NFKC");
        const isItself = /^xn--[a-z0-9-]+\.com$/.test(domain) && !/[ -~]/.test(mapped);
        if (!isItself) wrong.push({ character, mapped, domain });
        taken += 1;
      } catch (error) {
        if (!(error instanceof ArgumentError)) throw error;
      }
    }
    expect(wrong).toEqual([]);
    expect(taken).toBeGreaterThan(50_000);
  });
});
