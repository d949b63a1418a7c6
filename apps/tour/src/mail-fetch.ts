// Third stop: what mail-send hands to the SMTP server, mail-fetch gets from the POP3 server of the same mailboxes.
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Mailboxes, startPop3Server, startSmtpServer } from "@netcli/test-servers";
import { expect, heading, run } from "./narrate.ts";

const sender = import.meta.resolve("mail-send/dist/main.js");
const fetcher = import.meta.resolve("mail-fetch/dist/main.js");

const password = "secret of the tour";

export async function mailFetch(): Promise<void> {
  const mailboxes = new Mailboxes(["ada"]);
  const users = { ada: password };
  await using smtp = await startSmtpServer({ mailboxes });
  await using pop3 = await startPop3Server({ users, mailboxes });
  const home = await mkdtemp(join(tmpdir(), "netcli-tour-"));
  const env = { MAIL_FETCH_PASSWORD: password };
  const url = `pop3://ada@${pop3.host}:${pop3.port}`;
  try {
    heading("POP3: two mails are sent by SMTP, and listed");
    for (const subject of ["First mail", "Zweite Mail: Grüße"]) {
      const args = [
        "--url",
        smtp.url,
        "--from",
        "bob@example.org",
        "--to",
        "ada@example.org",
        "--subject",
        subject,
      ];
      const { code } = await run("mail-send", sender, args, { input: `${subject}\n.\nThe end.\n` });
      expect(code === 0, "the mail was sent");
    }
    const listed = await run("mail-fetch", fetcher, ["--list", url], { env });
    expect(listed.stdout.includes("Zweite Mail: Grüße"), "the list has the subject of the second one");

    heading("POP3: fetched into a Maildir with the dialogue shown, and deleted from the server");
    const maildir = join(home, "Maildir");
    const saved = await run("mail-fetch", fetcher, ["--verbose", "--delete", "--save", maildir, url], {
      env,
    });
    expect(saved.code === 0, "the program says it succeeded");
    const files = await readdir(join(maildir, "new"));
    const texts = await Promise.all(files.map((file) => readFile(join(maildir, "new", file), "utf8")));
    expect(
      texts.length === 2 && texts.every((text) => text.includes("\n.\nThe end.\n")),
      "both mails are there, dot and all",
    );
    expect(mailboxes.messagesOf("ada").length === 0, "the server has none any more");
  } finally {
    await rm(home, { recursive: true });
  }
}
