// What a server says that it can, in names and in types.
import { describe, expect, test } from "vitest";
import { SmtpExtensions } from "../src/index.ts";
import { smtpGrammar } from "../src/reply.ts";

function extensionsOf(...lines: readonly string[]): SmtpExtensions {
  const all = ["mx.example.org", ...lines];
  return new SmtpExtensions(
    smtpGrammar.parse(all.map((line, index) => `250${index === all.length - 1 ? " " : "-"}${line}`)),
  );
}

describe("names", () => {
  test("are upper-case, in their order, with what stands behind them", () => {
    const extensions = extensionsOf("Size 10", "8bitmime", "X-Two  a   b ", "AUTH PLAIN");
    expect([...extensions.entries()]).toEqual([
      ["SIZE", "10"],
      ["8BITMIME", ""],
      ["X-TWO", "a   b"],
      ["AUTH", "PLAIN"],
    ]);
    expect([extensions.has("size"), extensions.has("SIZE"), extensions.has("x-tw")]).toEqual([
      true,
      true,
      false,
    ]);
    expect([extensions.parameters("x-two"), extensions.parameters("none")]).toEqual(["a   b", undefined]);
  });

  test("are none without a reply, or with one that says no, or without more than its first line", () => {
    expect([...new SmtpExtensions().entries()]).toEqual([]);
    expect([...extensionsOf().entries()]).toEqual([]);
    const refused = smtpGrammar.parse(["550-no", "550 SIZE"]);
    expect([...new SmtpExtensions(refused).entries()]).toEqual([]);
    expect([...extensionsOf("", " ").entries()]).toEqual([]);
  });

  test("that come twice add up", () => {
    const extensions = extensionsOf("AUTH PLAIN", "AUTH=LOGIN PLAIN", "auth=cram-md5");
    expect(extensions.authMechanisms).toEqual(["PLAIN", "LOGIN", "CRAM-MD5"]);
  });

  test("of a prototype are none", () => {
    expect(extensionsOf("SIZE").has("constructor")).toBe(false);
    expect(extensionsOf("__proto__ x").has("__PROTO__")).toBe(true);
  });
});

describe("types", () => {
  test.each([
    ["SIZE 1000", 1000],
    ["SIZE 999999999999999", 999_999_999_999_999],
    ["SIZE 0", undefined],
    ["SIZE", undefined],
    ["SIZE ten", undefined],
    ["SIZE -1", undefined],
    ["SIZE 9999999999999999", undefined],
    ["OTHER 10", undefined],
  ])("size of %j is %j", (line, size) => {
    expect(extensionsOf(line).size).toBe(size);
  });

  test.each([
    ["AUTH PLAIN  login", ["PLAIN", "LOGIN"]],
    ["AUTH=PLAIN", ["PLAIN"]],
    ["AUTH", []],
    ["AUTHORITY PLAIN", []],
  ])("authMechanisms of %j are %j", (line, mechanisms) => {
    expect(extensionsOf(line).authMechanisms).toEqual(mechanisms);
  });

  test.each([
    ["DELIVERBY 240", 240],
    ["DELIVERBY", undefined],
    ["DELIVERBY soon", undefined],
  ])("deliverBy of %j is %j", (line, seconds) => {
    expect(extensionsOf(line).deliverBy).toBe(seconds);
  });

  test.each([
    ["FUTURERELEASE 3600 2030-01-02T03:04:05Z", { seconds: 3600, until: new Date("2030-01-02T03:04:05Z") }],
    ["FUTURERELEASE 3600", undefined],
    ["FUTURERELEASE x 2030-01-02T03:04:05Z", undefined],
    ["FUTURERELEASE 3600 never", undefined],
    ["FUTURERELEASE", undefined],
  ])("futureRelease of %j is %j", (line, limits) => {
    expect(extensionsOf(line).futureRelease).toEqual(limits);
  });

  test("limits are by upper-case name, and what is none is left out", () => {
    const { limits } = extensionsOf("LIMITS MAILMAX=100 rcptmax=5 RCPTDOMAINMAX=0 X=-1 Y Z=1e3 W=9999999999");
    expect([...limits]).toEqual([
      ["MAILMAX", 100],
      ["RCPTMAX", 5],
      ["RCPTDOMAINMAX", 0],
    ]);
    expect([...extensionsOf().limits]).toEqual([]);
  });
});
