// What a person at a terminal sees: the questions, the password prompt, the bar, and Ctrl-C.
import { randomBytes } from "node:crypto";
import { writeFile } from "node:fs/promises";
import { Screen } from "@netcli/command-line/screen";
import { CTRL_C, CTRL_D, gate, hasPseudoTerminal, tempDir, type Terminal } from "@netcli/test-kit";
import { Mailboxes, startEsmtpServer, startSmtpServer } from "@netcli/test-servers";
import { describe, expect, test } from "vitest";
import { readPart } from "./message.ts";
import { startOnTerminal, toBob } from "./program.ts";

/** Types each answer when its question is there. */
async function answer(terminal: Terminal, answers: Readonly<Record<string, string>>): Promise<void> {
  for (const [question, keys] of Object.entries(answers)) {
    await terminal.shows(question);
    terminal.type(keys);
  }
}

const HEADING = {
  "From: ": "ada@example.com\r",
  "To: ": "bob@example.com, Cec <cec@example.com>\r",
  "Subject: ": "Grüße\r",
};
const ENTER = "Enter message, end with Ctrl-D:";

describe.skipIf(!hasPseudoTerminal())("mail-send on a terminal", { timeout: 30_000 }, () => {
  test("asks for all, sends it, and shows what became of it", async () => {
    await using server = await startSmtpServer({ mailboxes: new Mailboxes(["bob"]) });
    const terminal = startOnTerminal([], { MAIL_SEND_URL: server.url });
    await answer(terminal, { ...HEADING, [ENTER]: `Hello Bob,\rhello Cec.\r${CTRL_D}` });
    expect(await terminal.ended()).toBe(5);
    expect(terminal.isInOrder).toBe(true);
    const lines = new Screen(80, 24, terminal.shown).shown;
    const table = lines.indexOf("bob@example.com  accepted  250 2.6.0  Stored");
    expect(lines.slice(table + 1, table + 3)).toEqual([
      "cec@example.com  refused   550 5.1.1  There is no such mailbox",
      "mail-send: refused for 1 of 2 recipients",
    ]);
    const { header, content } = readPart(server.received[0]?.data ?? new Uint8Array());
    expect(header.get("from")).toBe("ada@example.com");
    expect(header.get("to")).toBe("bob@example.com, Cec <cec@example.com>");
    expect(header.get("subject")).toBe("=?UTF-8?Q?Gr=C3=BC=C3=9Fe?=");
    expect(content.toString()).toBe("Hello Bob,\r\nhello Cec.\r\n");
  });

  test("takes what is typed before it is asked for", async () => {
    await using server = await startSmtpServer();
    const terminal = startOnTerminal(["--url", server.url]);
    await terminal.shows("From: ");
    terminal.type(`ada@example.com\rbob@example.com\r\rone\rtwo\r${CTRL_D}`);
    expect(await terminal.ended()).toBe(0);
    const { header, content } = readPart(server.received[0]?.data ?? new Uint8Array());
    expect(header.has("subject")).toBe(false);
    expect(content.toString()).toBe("one\r\ntwo\r\n");
  });

  test("asks again for what is no address", async () => {
    await using server = await startSmtpServer();
    const terminal = startOnTerminal(["--url", server.url]);
    await answer(terminal, {
      "From: ": "ada lovelace\r",
      "it is not clear whom": "ada@example.com\r",
      "To: ": "\r",
      "To names no address": "bob@example.com\r",
      "Subject: ": "\r",
      [ENTER]: CTRL_D,
    });
    expect(await terminal.ended()).toBe(0);
    expect(server.received[0]?.to[0]?.address).toBe("bob@example.com");
  });

  test("asks for nothing but the message where the rest is known", async () => {
    await using server = await startSmtpServer();
    const terminal = startOnTerminal(toBob(server.url));
    await answer(terminal, { [ENTER]: `Hello\r${CTRL_D}` });
    expect(await terminal.ended()).toBe(0);
    expect(terminal.shown).not.toMatch(/From|To|Subject/);
  });

  test("asks for the password first, and does not show it", async () => {
    await using server = await startSmtpServer({
      users: { ada: "correct horse", bob: "b", cec: "c" },
      requireAuth: true,
    });
    const url = server.url.replace("//", "//ada@");
    const terminal = startOnTerminal(["--verbose", "--url", url]);
    await answer(terminal, {
      "Password of ada at 127.0.0.1: ": "correct mule\u007F\u007F\u007F\u007Fhorse\r",
      ...HEADING,
      [ENTER]: `Hello\r${CTRL_D}`,
    });
    expect(await terminal.ended()).toBe(0);
    expect(terminal.shown).not.toMatch(/correct|mule|horse|\*{5}/);
    expect(terminal.isInOrder).toBe(true);
    expect(server.received[0]?.user).toBe("ada");
  });

  test("says that the password is wrong before anything else is typed", async () => {
    await using server = await startSmtpServer({ users: { ada: "correct horse" } });
    const terminal = startOnTerminal(["--url", server.url.replace("//", "//ada@")]);
    await answer(terminal, { "Password of ada at 127.0.0.1: ": "wrong\r" });
    expect(await terminal.ended()).toBe(4);
    expect(terminal.shown).toContain("mail-send: cannot log in to 127.0.0.1: ");
    expect(terminal.shown).not.toContain("From: ");
  });

  test.each([
    ["Ctrl-C at a question", {}, CTRL_C, 130, "interrupted; the message was not sent"],
    ["Ctrl-D at a question", {}, CTRL_D, 2, 'nothing was said behind "From:"; nothing was sent'],
    [
      "Ctrl-C in the message",
      { ...HEADING, [ENTER]: "Hello\rBo" },
      CTRL_C,
      130,
      "interrupted; the message was not sent",
    ],
  ])("sends nothing on %s", async (_where, answers, key, code, sentence) => {
    await using server = await startSmtpServer();
    const terminal = startOnTerminal(["--url", server.url]);
    await answer(terminal, answers);
    await terminal.shows("From: ");
    terminal.type(key);
    expect(await terminal.ended()).toBe(code);
    expect(terminal.shown).toContain(`mail-send: ${sentence}\r\n`);
    expect(terminal.isInOrder).toBe(true);
    expect(server.received).toEqual([]);
  });

  test("shows how far a large message is, and takes that away on Ctrl-C", async () => {
    await using folder = await tempDir();
    await writeFile(folder.file("big.bin"), randomBytes(20_000_000));
    const never = gate();
    await using server = await startEsmtpServer({
      reply: (verb) => (verb === "DATA" ? { content: { after: 8_000_000, wait: never.opened } } : undefined),
    });
    const terminal = startOnTerminal([...toBob(server.url), "--attach", folder.file("big.bin")]);
    await answer(terminal, { [ENTER]: `Hello\r${CTRL_D}` });
    await terminal.shows(/message +\d\d% \[#+\.+\].* MiB of 26\.1 MiB/);
    terminal.type(CTRL_C);
    expect(await terminal.ended()).toBe(130);
    never.open();
    const lines = new Screen(80, 24, terminal.shown).shown;
    expect(lines.join("\n")).toContain("mail-send: interrupted; the message was not sent");
    expect(lines.filter((line) => line.includes("%"))).toEqual([]);
    expect(server.received).toEqual([]);
  });

  test("keeps the table within the terminal", async () => {
    const local = "a".repeat(60);
    await using server = await startEsmtpServer({
      reply: (verb) => (verb === "." ? `250 2.0.0 ${"word ".repeat(40)}` : undefined),
    });
    const args = ["--url", server.url, "--from", "ada@example.com", "--to", `${local}@example.com`];
    const terminal = startOnTerminal(args);
    await answer(terminal, { [ENTER]: CTRL_D });
    expect(await terminal.ended()).toBe(0);
    const lines = new Screen(200, 24, terminal.shown).shown;
    const line = lines.find((one) => one.startsWith("aaa")) ?? "";
    expect(line).toMatch(/^a{39}… {2}accepted {2}250 2\.0\.0 {2}word .*…$/);
    expect(line.length).toBe(80);
  });
});
