// Paths in 257 replies (RFC 959 appendix II), in commands, and in trees.
import { expect, test } from "vitest";
import { guarded, inTree, isRemoteName, levelsOf, parseQuotedPath, splitPath } from "../src/path.ts";
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
  ['"unbalanced "" still', 'unbalanced "'],
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

test.each([
  ["", "", ""],
  ["/", "/", ""],
  ["//", "/", ""],
  ["a", "", "a"],
  ["/a", "/", "a"],
  ["a/b", "a", "b"],
  ["/a/b//", "/a", "b"],
  ["a/..", "a", ".."],
  ["a/ b ", "a", " b "],
])("%j is in the directory %j with the name %j", (path, directory, name) => {
  expect(splitPath(path)).toEqual({ directory, name });
});

test.each([
  ["", []],
  ["/", []],
  ["./.", []],
  ["a", ["a"]],
  ["/a//b/", ["/a", "/a//b"]],
  ["./a/../b", ["./a", "./a/..", "./a/../b"]],
])("the levels of %j are %j", (path, levels) => {
  expect(levelsOf(path)).toEqual(levels);
});

test("no name leads out of its directory", () => {
  for (const name of ["", ".", "..", "a/b", "/", "a\r", "a\nb", "\0"]) expect(isRemoteName(name)).toBe(false);
  for (const name of ["...", " ", "a\\b", "-R", "~", "..a"]) expect(isRemoteName(name)).toBe(true);
});

test("what begins with a dash or a tilde is a name", () => {
  expect(["-R", " -R", "a -R", "/-R", ""].flatMap((path) => guarded(path))).toEqual([
    "./-R",
    "./ -R",
    "a -R",
    "/-R",
  ]);
  expect(["~", "~a/b", "-R", " ~", "a/~", ""].map((path) => inTree("", path))).toEqual([
    "./~",
    "./~a/b",
    "./-R",
    "./ ~",
    "a/~",
    "",
  ]);
  expect([inTree("r", "~"), inTree("/", "~"), inTree("r/", "a"), inTree("r", "")]).toEqual([
    "r/~",
    "/~",
    "r/a",
    "r",
  ]);
});
