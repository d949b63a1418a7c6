// What a person at a terminal sees: the password prompt, messages, the table, the bar, and Ctrl-C.
import { Screen } from "@netcli/command-line/screen";
import { CTRL_C, gate, hasPseudoTerminal, tempDir } from "@netcli/test-kit";
import { describe, expect, test } from "vitest";
import { largeLetter, letter, readMaildir, serverWith, uidsOf, urlOf } from "./maildrop.ts";
import { startOnTerminal } from "./program.ts";

const QUESTION = "Password of tester at 127.0.0.1: ";
const asked = { MAIL_FETCH_PASSWORD: undefined };

describe.skipIf(!hasPseudoTerminal())("mail-fetch on a terminal", { timeout: 30_000 }, () => {
  test("asks for the password, and does not show it", async () => {
    await using server = await serverWith(["a: b\r\n"], { users: { tester: "correct horse" } });
    const terminal = startOnTerminal(["--verbose", urlOf(server)], asked);
    await terminal.shows(QUESTION);
    terminal.type("correct mule\u007F\u007F\u007F\u007Fhorse\r");
    expect(await terminal.ended()).toBe(0);
    expect(terminal.shown).toContain("a: b");
    expect(terminal.shown).not.toMatch(/correct|mule|horse|\*{5}/);
    expect(terminal.isInOrder).toBe(true);
  });

  test("says that the password is wrong", async () => {
    await using server = await serverWith([]);
    const terminal = startOnTerminal([urlOf(server)], asked);
    await terminal.shows(QUESTION);
    terminal.type("wrong\r");
    expect(await terminal.ended()).toBe(4);
    expect(terminal.shown).toContain("mail-fetch: cannot log in to 127.0.0.1: ");
    expect(terminal.shown).not.toContain("wrong\r");
  });

  test("ends with 130 on Ctrl-C at the question", async () => {
    await using server = await serverWith([]);
    const terminal = startOnTerminal([urlOf(server)], asked);
    await terminal.shows(QUESTION);
    terminal.type(CTRL_C);
    expect(await terminal.ended()).toBe(130);
    expect(terminal.shown).toContain("mail-fetch: interrupted; nothing was fetched\r\n");
    expect(terminal.isInOrder).toBe(true);
    expect(server.sessions).toEqual([]);
  });

  test("shows what would steer it, and does not obey", async () => {
    const hostile = Buffer.concat([
      Buffer.from(letter("\x1b]0;owned\x07", "tab\there\r\nover\rwritten\x08\x1b[2J Grüße \u009b2J ")),
      Buffer.from([0xff, 0x9b, 0x0d, 0x0a]),
    ]);
    await using server = await serverWith([hostile], {
      reply: (verb) => (verb === "UIDL" ? "+OK\n1 id\u009b2J\n." : undefined),
    });
    const terminal = startOnTerminal([urlOf(server)]);
    expect(await terminal.ended()).toBe(0);
    const [first, , ...lines] = terminal.shown.split("\r\n");
    expect(first).toBe(`--- message 1, ${hostile.length} bytes, id id\\x9b2J ---`);
    expect(lines.slice(0, 4)).toEqual([
      "Subject: \\x1b]0;owned\\x07",
      "",
      "tab\there",
      "over\\x0dwritten\\x08\\x1b[2J Grüße \\x9b2J \uFFFD\uFFFD",
    ]);
  });

  test("keeps the table within it", async () => {
    await using server = await serverWith([letter("word ".repeat(40), "")]);
    const terminal = startOnTerminal(["--list", urlOf(server)]);
    expect(await terminal.ended()).toBe(0);
    const [line = ""] = new Screen(200, 24, terminal.shown).shown;
    expect(line).toMatch(/^1 {2}\d+ B {4}Ada <ada@example\.co… {2}word word .*…$/);
    expect(line.length).toBe(80);
  });

  test("shows how far it is, and takes that away on Ctrl-C", async () => {
    await using folder = await tempDir();
    const never = gate();
    await using server = await serverWith([largeLetter("first"), largeLetter("second")], {
      reply: (_verb, line) =>
        line === "RETR 2" ? { cut: { after: 1_000_000, wait: never.opened } } : undefined,
    });
    const terminal = startOnTerminal(["--delete", "--save", folder.file("Mail"), urlOf(server)]);
    await terminal.shows(/2\/2 +6\d% \[#+\.+\].* MiB of 7\.\d MiB/);
    terminal.type(CTRL_C);
    expect(await terminal.ended()).toBe(130);
    never.open();
    const lines = new Screen(80, 24, terminal.shown).shown;
    expect(lines.join("\n")).toContain("mail-fetch: interrupted; 1 message saved, none deleted");
    expect(lines.filter((line) => line.includes("%"))).toEqual([]);
    expect(uidsOf(server)).toHaveLength(2);
    expect(await readMaildir(folder.file("Mail"))).toHaveLength(1);
  });

  test("shows no bar with --quiet", async () => {
    await using folder = await tempDir();
    await using server = await serverWith([largeLetter("first")]);
    const terminal = startOnTerminal(["--quiet", "--save", folder.file("Mail"), urlOf(server)]);
    expect(await terminal.ended()).toBe(0);
    expect(terminal.shown).not.toMatch(/%|saved/);
  });
});
