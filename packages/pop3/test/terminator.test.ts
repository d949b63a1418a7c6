// Messages come whole and unchanged, however the server's output is cut into packets.
import { Mailboxes, startPop3Server } from "@netcli/test-servers";
import { expect, test } from "vitest";
import { Pop3Session } from "../src/index.ts";

const users = { ada: "secret" };

async function withMail(content: string | Uint8Array, at: readonly number[]): Promise<Uint8Array> {
  const mailboxes = new Mailboxes(["ada"]);
  mailboxes.deliver("ada", Buffer.from(content as string), { from: "bob", to: ["ada"] });
  await using server = await startPop3Server({
    users,
    mailboxes,
    reply: (verb) => (verb === "RETR" ? { split: { at } } : undefined),
  });
  const { host, port } = server;
  await using session = await Pop3Session.connect({ host, port, user: "ada", password: "secret" });
  const retrieving = session.retr(1);
  const [message] = await Promise.all([retrieving.then((retrieved) => retrieved.bytes()), session.noop()]);
  return message;
}

test("a terminator that is split at any byte ends the message (node-pop3#36)", async () => {
  const content = "The end\r\n.\r\n..dots\r\n";
  const places = Array.from({ length: content.length + 30 }, (_, index) => index);
  for (const place of places) expect(Buffer.from(await withMail(content, [place])).toString()).toBe(content);
}, 60_000);

test("bytes one by one are the same message", async () => {
  const content = "a\r\n.\r\n+OK\r\n-ERR\r\n";
  const at = Array.from({ length: content.length + 40 }, (_, index) => index);
  expect(Buffer.from(await withMail(content, at)).toString()).toBe(content);
});

test("a packet that is exactly a dot and a line end in the middle of a sentence ends nothing", async () => {
  const content = "The end.\r\nmore text\r\n";
  // "+OK n octets" and its line end come first.
  for (let before = 10; before < 26; before += 1) {
    expect(Buffer.from(await withMail(content, [before, before + 3])).toString()).toBe(content);
  }
});

test("bytes above 127, long lines and what looks like replies stay what they are", async () => {
  const content = Buffer.concat([
    Buffer.from([0xe9, 0xff, 0x00, 0x0d, 0x0a]),
    Buffer.alloc(100_000, "x"),
    Buffer.from("\r\n+OK 1 2\r\n-ERR [AUTH] no\r\n.\r\n..\r\n"),
  ]);
  expect(Buffer.from(await withMail(content, [1_000, 50_000])).equals(content)).toBe(true);
});
