// Calls at the same time: each command goes out once, in its order, and each answer comes to its own call.
import { Mailboxes, startPop3Server } from "@netcli/test-servers";
import { expect, test } from "vitest";
import { Pop3Session } from "../src/index.ts";

const users = { ada: "secret" };

function mails(count: number): Mailboxes {
  const mailboxes = new Mailboxes(["ada"]);
  for (let number = 1; number <= count; number += 1) {
    mailboxes.deliver("ada", Buffer.from(`Message ${number}\r\n`), { from: "bob", to: ["ada"] });
  }
  return mailboxes;
}

test.each(["safe", "off"] as const)(
  "dele of three messages deletes these three, pipelining %s",
  async (pipelining) => {
    const mailboxes = mails(4);
    const uids = mailboxes.messagesOf("ada").map(({ uid }) => uid);
    await using server = await startPop3Server({ users, mailboxes });
    const { host, port } = server;
    const session = await Pop3Session.connect({ host, port, user: "ada", password: "secret", pipelining });
    await Promise.all([session.dele(1), session.dele(2), session.dele(3)]);
    await session.quit();
    expect(server.deleted).toEqual(uids.slice(0, 3));
    expect(server.commands.filter((line) => line.startsWith("DELE"))).toEqual(["DELE 1", "DELE 2", "DELE 3"]);
    expect(server.violations).toEqual([]);
  },
);

test.each(["safe", "off"] as const)(
  "stat, uidl and retr each get their own, pipelining %s",
  async (pipelining) => {
    await using server = await startPop3Server({ users, mailboxes: mails(3) });
    const { host, port } = server;
    await using session = await Pop3Session.connect({
      host,
      port,
      user: "ada",
      password: "secret",
      pipelining,
    });
    const [stat, rows, text, one] = await Promise.all([
      session.stat(),
      session.uidl(),
      session.retr(2).then((message) => message.text()),
      session.list(3),
    ]);
    expect(stat).toEqual({ count: 3, size: 33 });
    expect(rows.map(({ number }) => number)).toEqual([1, 2, 3]);
    expect(text).toBe("Message 2\r\n");
    expect(one).toEqual({ number: 3, size: 11 });
    expect(server.violations).toEqual([]);
  },
);

test("fifty messages are fetched in as few round trips as the window allows", async () => {
  await using server = await startPop3Server({ users, mailboxes: mails(50) });
  const { host, port } = server;
  await using session = await Pop3Session.connect({ host, port, user: "ada", password: "secret" });
  const before = server.flights;
  const numbers = Array.from({ length: 50 }, (_, index) => index + 1);
  const texts = await Promise.all(numbers.map(async (number) => (await session.retr(number)).text()));
  expect(texts).toEqual(numbers.map((number) => `Message ${number}\r\n`));
  expect(server.flights - before).toBe(1);
});
