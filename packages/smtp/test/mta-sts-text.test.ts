// The texts of MTA-STS: records, policies, and which hosts a policy allows.
import { describe, expect, test } from "vitest";
import { ProtocolError } from "@netcli/core-transport";
import { matchesMx, parsePolicy, policyId } from "../src/sts-policy.ts";

describe("the record of a policy", () => {
  test.each([
    ["v=STSv1; id=20160831085700Z;", "20160831085700Z"],
    ["v=STSv1;id=1", "1"],
    ["v=STSv1 \t;\t id=abc \t;\t", "abc"],
    ["v=STSv1; x-y.z_1=a:b; id=abc; id=second", "abc"],
    [`v=STSv1; id=${"a".repeat(32)};`, "a".repeat(32)],
  ])("%j has an id", (record, id) => {
    expect(policyId([record])).toBe(id);
  });

  test.each([
    "",
    "v=STSv1",
    "v=STSv1;",
    "v=STSv1; id=;",
    "v=STSv1; id=a-b;",
    "v=STSv1; id=a b;",
    "v=STSv1; id=abc; nonsense",
    "v=STSv1; id=abc; x=a=b",
    "v=STSv1; ; id=abc",
    "v=STSv1; ID=abc",
    "v=stsv1; id=abc",
    "v=STSv10; id=abc",
    "id=abc; v=STSv1",
    " v=STSv1; id=abc",
    "v=STSv1; id=abc\r\n;",
    "v=STSv1; id=abc\0;",
    "v=STSv1; x=ü; id=abc;",
    `v=STSv1; id=${"a".repeat(33)};`,
  ])("is not %j", (record) => {
    expect(policyId([record])).toBeUndefined();
  });

  test("stands alone, but for records about something else", () => {
    const record = "v=STSv1; id=abc;";
    expect(policyId(["v=spf1 -all", record, "v=STSv2; id=xyz;"])).toBe("abc");
    expect(policyId([record, record])).toBeUndefined();
    expect(policyId([record, "v=STSv1; id=;"])).toBeUndefined();
    expect(policyId([])).toBeUndefined();
  });
});

describe("a policy", () => {
  test("names mode, hosts and time", () => {
    const text =
      "version: STSv1\r\nmode: enforce\r\nmx: mail.Example.com\r\nmx: *.example.net\r\nmax_age: 604800\r\n";
    expect(parsePolicy(text)).toEqual({
      mode: "enforce",
      mx: ["mail.example.com", "*.example.net"],
      maxAge: 604_800,
    });
  });

  test("may come in another order, with other line ends, spaces, empty lines and fields of the future", () => {
    const text =
      "max_age:0\nx-new_1.0: any thing: at all, ü\n\nmode:testing \t\r\nmx:\t mx.example \nversion: STSv1";
    expect(parsePolicy(text)).toEqual({ mode: "testing", mx: ["mx.example"], maxAge: 0 });
  });

  test("counts the first of two fields, but each host", () => {
    const text =
      "version: STSv1\nmode: enforce\nmode: none\nmx: a.example\nmax_age: 1\nmax_age: x\nmx: b.example\n";
    expect(parsePolicy(text)).toEqual({ mode: "enforce", mx: ["a.example", "b.example"], maxAge: 1 });
  });

  test("is in force for no more than a year", () => {
    const text = "version: STSv1\nmode: none\nmax_age: 9999999999\n";
    expect(parsePolicy(text)).toEqual({ mode: "none", mx: [], maxAge: 31_557_600 });
  });

  const good = ["version: STSv1", "mode: enforce", "mx: mx.example", "max_age: 86400"];

  test.each([
    ["is empty", ""],
    ["is a web page", "<!doctype html>\n<html></html>\n"],
    ["has no version", good.slice(1).join("\n")],
    ["has another version", good.with(0, "version: STSv2").join("\n")],
    ["has no mode", good.toSpliced(1, 1).join("\n")],
    ["has another mode", good.with(1, "mode: Enforce").join("\n")],
    ["names no host", good.toSpliced(2, 1).join("\n")],
    ["has no max_age", good.slice(0, 3).join("\n")],
    ["has a negative max_age", good.with(3, "max_age: -1").join("\n")],
    ["has a max_age of 11 digits", good.with(3, "max_age: 00000086400").join("\n")],
    ["has a fraction for max_age", good.with(3, "max_age: 1.5").join("\n")],
    ["has a line without a colon", [...good, "enforce"].join("\n")],
    ["has a line without a value", [...good, "x:"].join("\n")],
    ["has a name that begins with a space", good.with(1, " mode: enforce").join("\n")],
    ["has a space before a colon", good.with(1, "mode : enforce").join("\n")],
    ["ends its lines with CR", good.join("\r")],
    ["ends a line with CR CR LF", good.join("\r\r\n")],
    ["hides a field behind CR", good.with(2, "mx: mx.example\rmx: evil.example").join("\n")],
    ["hides a field behind U+2028", good.with(2, "mx: mx.example\u2028mx: evil.example").join("\n")],
    ["hides a field behind U+0085", good.with(2, "mx: mx.example\u0085mx: evil.example").join("\n")],
    ["holds a NUL", good.with(2, "mx: mx.example\0.evil.example").join("\n")],
    ["holds what was no UTF-8", [...good, "x: \ufffd"].join("\n")],
    ["allows everything", good.with(2, "mx: *").join("\n")],
    ["has a wildcard for nothing", good.with(2, "mx: *.").join("\n")],
    ["has a wildcard in the middle", good.with(2, "mx: mx.*.example").join("\n")],
    ["has a wildcard in a label", good.with(2, "mx: mx*.example").join("\n")],
    ["has two wildcards", good.with(2, "mx: *.*.example").join("\n")],
    ["begins a host with a dot", good.with(2, "mx: .example.com").join("\n")],
    ["has an empty label", good.with(2, "mx: mx..example").join("\n")],
    ["has two hosts in a line", good.with(2, "mx: a.example, b.example").join("\n")],
  ])("is none if it %s", (_what, text) => {
    expect(() => parsePolicy(text)).toThrow(ProtocolError);
  });

  test("of spaces is read in no time", () => {
    const spaces = " ".repeat(260_000);
    const start = performance.now();
    expect(() => parsePolicy(`x:${spaces}x\u0001`)).toThrow(ProtocolError);
    expect(() => parsePolicy(`${spaces}x`)).toThrow(ProtocolError);
    expect(policyId([`v=STSv1;${spaces}x`])).toBeUndefined();
    expect(policyId([`v=STSv1${spaces}x`])).toBeUndefined();
    // Trying each space as the first of the last ones takes seconds.
    expect(performance.now() - start).toBeLessThan(1_000);
  });
});

describe("a policy for mx.example.com and *.example.net", () => {
  const policy = { mx: ["mx.example.com", "*.example.net", "*.xn--bcher-kva.example"] };

  test.each([
    "mx.example.com",
    "MX.EXAMPLE.COM",
    "mx.example.com.",
    "a.example.net",
    "mx.xn--bcher-kva.example",
  ])("allows %s", (host) => {
    expect(matchesMx(policy, host)).toBe(true);
  });

  test.each([
    "example.com",
    "a.mx.example.com",
    "mx.example.com.evil.example",
    "xmx.example.com",
    "example.net",
    ".example.net",
    "a.b.example.net",
    "aexample.net",
    "a.example.net.evil.example",
    "net",
    "",
    "192.0.2.1",
  ])("does not allow %j", (host) => {
    expect(matchesMx(policy, host)).toBe(false);
  });
});
