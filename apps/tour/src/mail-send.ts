// Second stop: mail-send hands a mail to npm's smtp-server, which puts it into mailboxes, and then to an LMTP server.
import { Mailboxes, startEsmtpServer, startSmtpServer } from "@netcli/test-servers";
import { expect, heading, run } from "./narrate.ts";

const program = import.meta.resolve("mail-send/dist/main.js");

const password = "secret of the tour";
const env = { MAIL_SEND_PASSWORD: password };

function textIn(mailboxes: Mailboxes, user: string): string {
  return mailboxes
    .messagesOf(user)
    .map(({ data }) => Buffer.from(data).toString("utf8"))
    .join("");
}

export async function mailSend(): Promise<void> {
  const mailboxes = new Mailboxes(["ada", "bob"]);
  await using server = await startSmtpServer({
    users: { ada: password, bob: "" },
    mailboxes,
    requireAuth: true,
  });
  const url = `smtp://ada@${server.host}:${server.port}`;

  heading("SMTP: log in and send a mail, with the dialogue shown and the password hidden");
  const from = ["--url", url, "--from", "Ada <ada@example.org>", "--subject", "Grüße von der Tour"];
  const sent = await run("mail-send", program, ["--verbose", ...from, "--to", "bob@example.org"], {
    env,
    input: "Hello Bob!\n.\nThis line had a dot in front of it.\n",
  });
  expect(sent.code === 0, "the program says it succeeded");
  expect(
    textIn(mailboxes, "bob").includes("Hello Bob!\r\n.\r\nThis line"),
    "the mail lies in bob's mailbox, dot and all",
  );

  heading("SMTP: one of two recipients is refused, the other one gets it");
  const two = ["--to", "ada@example.org", "--to", "nobody@example.org"];
  const partial = await run("mail-send", program, [...from, ...two], { env, input: "Hello!\n" });
  expect(partial.code === 5, "the exit code is 5: some were refused");
  expect(mailboxes.messagesOf("ada").length === 1, "ada's mailbox has it");

  await lmtp();
}

async function lmtp(): Promise<void> {
  const mailboxes = new Mailboxes(["ada", "bob"]);
  await using server = await startEsmtpServer({ lmtp: true, mailboxes });
  heading("LMTP: a whole message, whose header says who gets it");
  const message =
    "From: ada@example.org\nTo: bob@example.org\nBcc: ada@example.org\nSubject: Hello\n\nHello!\n";
  const { code } = await run("mail-send", program, ["--url", server.url, "--raw"], { input: message });
  expect(code === 0, "the program says it succeeded");
  expect(mailboxes.messagesOf("ada").length + mailboxes.messagesOf("bob").length === 2, "both have it");
  expect(!textIn(mailboxes, "bob").includes("Bcc"), "nobody sees who was in Bcc");
}
