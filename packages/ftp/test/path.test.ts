// The path in a 257 reply (RFC 959 appendix II).
import { expect, test } from "vitest";
import { parseQuotedPath } from "../src/path.ts";
import { loggedIn } from "./fixtures.ts";

test.each([
  ['"/" is current directory', "/"],
  ['"/a/b"', "/a/b"],
  ['"/a b/c" is cwd', "/a b/c"],
  ['"d""q" created', 'd"q'],
  ['""""', '"'],
  ['"""a""" text', '"a"'],
  ['"a""""b"', 'a""b'],
  ['"a" and "b"', "a"],
  ['"" nothing', ""],
  ['""', ""],
  ['"unbalanced', "unbalanced"],
  ['"unbalanced "" still', 'unbalanced " still'],
  ['"', ""],
  ['"""', '"'],
  ["/bare is current directory", "/bare"],
  ["/bare", "/bare"],
  ['/a"b is odd', '/a"b'],
  ["", ""],
  [" /behind/a/space", ""],
  ['"größer/日本"', "größer/日本"],
  ['"C:\\dir" is current', "C:\\dir"],
  ['"  spaces  "', "  spaces  "],
])("the path in %j is %j", (text, path) => {
  expect(parseQuotedPath(text)).toBe(path);
});

test.each([
  ["quotes", '"'.repeat(1_000_000)],
  ["spaces", `"${" ".repeat(1_000_000)}`],
  ["quotes and letters", '"a""'.repeat(250_000)],
  ["no quotes", "a".repeat(1_000_000)],
])("a megabyte of %s is read in linear time", (_what, text) => {
  const begin = performance.now();
  parseQuotedPath(text);
  expect(performance.now() - begin).toBeLessThan(500);
});

test("pwd undoubles the quotes of a server's answer", async () => {
  await using fixture = await loggedIn((ftp) => ftp.answer("PWD", '257 "/d""q" is the current directory'));
  expect(await fixture.session.pwd()).toBe('/d"q');
});
