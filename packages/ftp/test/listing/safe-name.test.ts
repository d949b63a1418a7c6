// Which names of a server may become names of files here.
import { expect, test } from "vitest";
import { isSafeName } from "../../src/listing/safe-name.ts";

const GOOD = [
  "a",
  "a.txt",
  ".hidden",
  "a..b",
  " a",
  "größer",
  "日本",
  "😀",
  "a'b",
  "a&b",
  "-rf",
  "~",
  "NULL",
  "COM",
  "CONFIG.SYS",
  "a.con",
];

const ONLY_POSIX = [
  "...",
  "C:",
  "C:\u0061",
  "c:x",
  "a:stream",
  "a*",
  "a?",
  "a|b",
  "<a>",
  'a"b',
  "a.",
  "a ",
  ".. ",
  ". .",
  "CON",
  "con",
  "Nul.txt",
  "NUL .tar.gz",
  "AUX",
  "PRN.",
  "COM1",
  "com9.log",
  "COM0",
  "LPT1",
  "LPT³",
  "CONIN$",
  "CONOUT$",
  "clock$",
];

const NEVER = [
  "",
  ".",
  "..",
  "/",
  "a/b",
  "../a",
  "/etc/passwd",
  "\\",
  "a\\b",
  "..\\a",
  "a\0b",
  "a\nb",
  "a\rb",
  "\t",
  "\u001B[0m",
  "\u007F",
  "\u0085",
];

test.each(GOOD)("%j is safe everywhere", (name) => {
  expect([isSafeName(name, { windows: true }), isSafeName(name, { windows: false })]).toEqual([true, true]);
});

test.each(ONLY_POSIX)("%j is safe, except on Windows", (name) => {
  expect([isSafeName(name, { windows: true }), isSafeName(name, { windows: false })]).toEqual([false, true]);
});

test.each(NEVER)("%j is safe nowhere", (name) => {
  expect([isSafeName(name, { windows: true }), isSafeName(name, { windows: false })]).toEqual([false, false]);
});

test("the system that this runs on decides if nobody else does", () => {
  expect(isSafeName("NUL")).toBe(process.platform !== "win32");
  expect(isSafeName("NUL", { windows: undefined })).toBe(process.platform !== "win32");
});
