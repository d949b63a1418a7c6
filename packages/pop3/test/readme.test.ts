// The examples of README.md, run against the server for tests.
import { readFile } from "node:fs/promises";
import { runExample, tempDir } from "@netcli/test-kit";
import { Mailboxes, startPop3Server } from "@netcli/test-servers";
import { afterEach, expect, it } from "vitest";

const readme = new URL("../README.md", import.meta.url);
const home = process.cwd();
const users = { ada: "secret" };

afterEach(() => process.chdir(home));

function twoMails(): Mailboxes {
  const mailboxes = new Mailboxes(["ada"]);
  for (const subject of ["One", "Two"]) {
    const message = Buffer.from(`Subject: ${subject}\r\n\r\nHello!\r\n`);
    mailboxes.deliver("ada", message, { from: "bob@example.org", to: ["ada@example.org"] });
  }
  return mailboxes;
}

it.each([
  ["this package's README", readme, 0],
  ["the workspace's README", new URL("../../../README.md", import.meta.url), 2],
])("reads all messages in the first example of %s", async (_name, url, number) => {
  await using server = await startPop3Server({ users, mailboxes: twoMails() });
  const output = await runExample(url, number, { "pop.example.com": server });
  expect(output).toEqual(["24 One", "24 Two"]);
});

it("deletes what it has in the second example", async () => {
  await using folder = await tempDir();
  process.chdir(folder.path);
  const mailboxes = twoMails();
  const uids = mailboxes.messagesOf("ada").map(({ uid }) => uid);
  await using server = await startPop3Server({ users, mailboxes });
  const output = await runExample(readme, 1, { "pop.example.com": server });
  expect(output).toEqual([...uids.map((uid) => `${uid} 24`), "2 deleted, 0 kept"]);
  expect(mailboxes.messagesOf("ada")).toEqual([]);
  expect(await readFile(folder.file("seen.txt"), "utf8")).toBe(uids.map((uid) => `${uid}\n`).join(""));
});

it("uses the verbs in the third example", async () => {
  await using server = await startPop3Server({ users, mailboxes: twoMails() });
  const output = await runExample(readme, 2, { "pop.example.com": server });
  expect(output).toEqual(["2 One,Two"]);
});
