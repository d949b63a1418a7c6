// --list: the table, and what may stand in headers.
import { describe, expect, test } from "vitest";
import { formatList, listed } from "../src/message-list.ts";
import { letter, serverWith, urlOf } from "./maildrop.ts";
import { run } from "./program.ts";

const header = (subject: string): string => `From: a\r\nSubject: ${subject}\r\nDate: x\r\n\r\n`;

describe("mail-fetch --list", { timeout: 30_000 }, () => {
  test("shows a table, and asks for headers only", async () => {
    await using server = await serverWith([
      "Date: Fri, 20 Nov 2026 21:30:54 +0100 (CET)\r\nFrom: =?UTF-8?Q?J=C3=BCrgen?=\r\n <j@example.com>\r\nSubject: =?iso-8859-15?B?pA==?= 5\r\n\r\nFrom: x\r\n",
      letter("two", "x".repeat(2_000)),
      ...Array.from({ length: 8 }, (_message, at) => letter(String(at + 3), "")),
    ]);
    const { code, stdout, stderr } = await run(["--list", urlOf(server)]);
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    const lines = stdout.split("\n");
    expect(lines.slice(0, 3)).toEqual([
      " 1    140 B  2026-11-20 20:30  Jürgen <j@example.com>  € 5",
      " 2  2.0 KiB                    Ada <ada@example.com>   two",
      " 3     43 B                    Ada <ada@example.com>   3",
    ]);
    expect(lines).toHaveLength(11);
    expect(server.commands.filter((line) => line.startsWith("TOP"))).toHaveLength(10);
    expect(server.commands.some((line) => line.startsWith("RETR"))).toBe(false);
    expect(server.flights).toBeLessThan(10);
    expect(server.violations).toEqual([]);
    const newest = await run(["--list", "--newest-first", urlOf(server)]);
    expect(newest.stdout).toBe(`${lines.slice(0, 10).toReversed().join("\n")}\n`);
  });

  test("ends with 6 where the server has no TOP", async () => {
    await using server = await serverWith(["a: b\r\n"], { quirks: { noTop: true, noCapa: true } });
    const { code, stdout, stderr } = await run(["--list", urlOf(server)]);
    expect({ code, stdout }).toEqual({ code: 6, stdout: "" });
    expect(stderr).toMatch(/^mail-fetch: cannot read message 1: .+\n$/);
  });
});

describe("a line of the table", () => {
  test.each([
    ["a control character", "a\x1b[31mb\x07", "a\\x1b[31mb\\x07"],
    ["an encoded one", "=?utf-8?q?=1B]0;x=07=C2=9B2J?=", "\\x1b]0;x\\x07\\x9b2J"],
    ["an encoded line end", "=?utf-8?q?a=0D=0Ab?=", "a\\x0d\\x0ab"],
    ["what turns the line around", "=?utf-8?B?4oCu?=abc", "\\u202eabc"],
    ["bytes that are not ASCII", "Grüße", "Grüße"],
    ["a tab", "a\tb", "a\\x09b"],
  ])("shows %s", (_what, subject, shown) => {
    expect(listed({ number: 1, size: 1 }, header(subject)).subject).toBe(shown);
  });

  test("is no wider than the terminal, and has room for the subject", () => {
    const message = listed(
      { number: 7, size: 1_500 },
      `From: ${"f".repeat(100)}\nSubject: ${"s".repeat(100)}\n`,
    );
    const [line = ""] = formatList([message], 80);
    expect(line).toMatch(/^7 {2}1\.5 KiB {4}f{19}… {2}s{40,}…$/);
    expect(line.length).toBe(80);
  });

  test("has what stands there where that is no date, and takes the first of two fields", () => {
    const text = "Subject: one\nDate: some day or other \x1b\nsubject: two\nno field\n\nSubject: three\n";
    expect(listed({ number: 1, size: 1 }, text)).toEqual({
      number: 1,
      size: 1,
      date: "some day or oth…",
      from: "",
      subject: "one",
    });
  });

  test("takes no time worth telling for a header of many megabytes", () => {
    const started = performance.now();
    for (const text of [" a\n", "=?utf-8?q?", "=?utf-8?q?a?= ", "=?", "=?a*", ": ", "\n x: y"]) {
      listed({ number: 1, size: 1 }, `Subject: x\n ${text.repeat(1_000_000)}\nFrom: y`);
    }
    expect(performance.now() - started).toBeLessThan(10_000);
  });
});
