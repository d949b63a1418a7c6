// What an application does with a maildrop.
import { readFile, writeFile } from "node:fs/promises";
import { failureOf, tempDir } from "@netcli/test-kit";
import { Mailboxes, startPop3Server, type Pop3ServerOptions } from "@netcli/test-servers";
import { describe, expect, test } from "vitest";
import { FileSeenStore, type MessagesOptions, Pop3Client, type Pop3ClientOptions } from "../src/index.ts";

const users = { ada: "secret" };

function mails(count: number, bytes: (number: number) => number = () => 0): Mailboxes {
  const mailboxes = new Mailboxes(["ada"]);
  for (let number = 1; number <= count; number += 1) {
    const filling = `${"x".repeat(70)}\r\n`.repeat(Math.ceil(bytes(number) / 72));
    mailboxes.deliver("ada", Buffer.from(`Mail ${number}\r\n${filling}`), { from: "bob", to: ["ada"] });
  }
  return mailboxes;
}

async function clientOn(
  server: { readonly host: string; readonly port: number },
  options: Partial<Pop3ClientOptions> = {},
): Promise<Pop3Client> {
  const { host, port } = server;
  const timeouts = { close: 300, reply: 1_000, stall: 1_000 };
  return Pop3Client.connect({ host, port, user: "ada", password: "secret", timeouts, ...options });
}

async function firstLines(client: Pop3Client, options: MessagesOptions = {}): Promise<string[]> {
  const lines: string[] = [];
  for await (const message of client.messages(options))
    lines.push((await message.text()).split("\r\n", 1)[0] ?? "");
  return lines;
}

const serve = (options: Pop3ServerOptions) => startPop3Server({ users, ...options });

describe("messages", () => {
  test("come all, in their order or the other way round", async () => {
    await using server = await serve({ mailboxes: mails(3) });
    await using client = await clientOn(server);
    expect(await firstLines(client)).toEqual(["Mail 1", "Mail 2", "Mail 3"]);
    expect(await firstLines(client, { newestFirst: true })).toEqual(["Mail 3", "Mail 2", "Mail 1"]);
    expect(server.violations).toEqual([]);
  });

  test("that are too large, or unwanted, are not fetched", async () => {
    await using server = await serve({ mailboxes: mails(4, (number) => (number === 2 ? 5_000 : 0)) });
    await using client = await clientOn(server);
    const options: MessagesOptions = { maxSize: 1_000, filter: ({ number }) => number !== 3 };
    expect(await firstLines(client, options)).toEqual(["Mail 1", "Mail 4"]);
    expect(server.commands.filter((line) => line.startsWith("RETR"))).toEqual(["RETR 1", "RETR 4"]);
  });

  test("can be had as their beginning only", async () => {
    const mailboxes = new Mailboxes(["ada"]);
    const message = Buffer.from("Subject: One\r\n\r\nbody\r\n");
    mailboxes.deliver("ada", message, { from: "bob", to: ["ada"] });
    await using server = await serve({ mailboxes });
    await using client = await clientOn(server);
    const texts: string[] = [];
    for await (const one of client.messages({ top: 0 })) texts.push(await one.text());
    expect(texts).toEqual(["Subject: One\r\n\r\n"]);
    expect(server.commands.filter((line) => line.startsWith("TOP"))).toEqual(["TOP 1 0"]);
  });

  test("that are large are asked for when they are read, and can be passed over", async () => {
    const mailboxes = mails(3, (number) => (number === 2 ? 3_000_000 : 0));
    await using server = await serve({ mailboxes });
    await using client = await clientOn(server);
    const sizes: number[] = [];
    for await (const message of client.messages()) {
      if (message.number !== 2) sizes.push((await message.bytes()).length);
    }
    expect(sizes).toEqual([8, 8]);
    expect(server.commands).not.toContain("RETR 2");
    for await (const message of client.messages()) sizes.push((await message.bytes()).length);
    expect(sizes[3]).toBe(mailboxes.messagesOf("ada")[1]?.data.length);
    expect(server.sessions).toHaveLength(1);
  });

  test("are given up on a signal, also between such as are there already", async () => {
    await using server = await serve({ mailboxes: mails(5) });
    await using client = await clientOn(server);
    const controller = new AbortController();
    const got: number[] = [];
    const work = async (): Promise<void> => {
      for await (const message of client.messages({ signal: controller.signal })) {
        got.push(message.number);
        if (got.length === 2) controller.abort(new Error("enough"));
      }
    };
    expect(await failureOf(work())).toMatchObject({ message: "enough" });
    expect(got).toEqual([1, 2]);
  });
});

describe("deleting", () => {
  test("takes what the caller was done with, when quit says so", async () => {
    const mailboxes = mails(4);
    await using server = await serve({ mailboxes });
    const client = await clientOn(server);
    for await (const message of client.messages({ delete: "after" })) if (message.number === 3) break;
    expect(server.deleted).toEqual([]);
    const { deleted, kept, error } = await client.quit();
    expect(deleted).toEqual(server.deleted);
    expect([deleted.length, kept, error]).toEqual([2, [], undefined]);
    expect(mailboxes.messagesOf("ada")).toHaveLength(2);
  });

  test("is not done for a message that broke off, although the caller went on", async () => {
    const mailboxes = mails(2, () => 3_000_000);
    await using server = await serve({
      mailboxes,
      reply: (_verb, line, { number }) =>
        line === "RETR 1" && number === 1 ? { cut: { after: 1_000_000, end: "reset" } } : undefined,
    });
    const client = await clientOn(server);
    const whole: number[] = [];
    for await (const message of client.messages({ delete: "after" })) {
      const bytes = await message.bytes().catch(() => undefined);
      if (bytes !== undefined) whole.push(message.number);
    }
    expect(whole).toEqual([1, 2]);
    expect((await client.quit()).deleted).toHaveLength(2);
    expect(server.sessions).toHaveLength(2);
  });

  test("is not done by abort or close", async () => {
    for (const how of ["abort", "close"] as const) {
      await using server = await serve({ mailboxes: mails(2) });
      const client = await clientOn(server);
      expect(await firstLines(client, { delete: "after" })).toHaveLength(2);
      await client[how]();
      expect((await client.quit()).kept).toHaveLength(2);
      await Promise.all(server.sessions.map(({ ended }) => ended));
      expect(server.deleted).toEqual([]);
    }
  });

  test("by numbers of another session is refused where there are no ids", async () => {
    const mailboxes = mails(4);
    let isFirst = true;
    await using server = await serve({
      mailboxes,
      quirks: { noUidl: true },
      reply: (_verb, line) => {
        if (line !== "RETR 3" || !isFirst) return undefined;
        isFirst = false;
        const [one] = mailboxes.messagesOf("ada");
        mailboxes.remove("ada", one?.uid ?? "");
        return "drop";
      },
    });
    const client = await clientOn(server);
    expect(await failureOf(firstLines(client, { delete: "after" }))).toMatchObject({
      name: "NotSupportedError",
    });
    expect(await failureOf(firstLines(client, { filter: () => false }))).toMatchObject({
      name: "NotSupportedError",
    });
    const { deleted } = await client.quit();
    expect([deleted, server.deleted]).toEqual([[], []]);
  });

  test("that QUIT did not confirm is looked for in another session", async () => {
    await using server = await serve({
      mailboxes: mails(3),
      reply: (verb, _line, { number }) =>
        verb === "QUIT" && number === 1 ? { reply: null, end: "end" } : undefined,
    });
    const client = await clientOn(server);
    expect(await firstLines(client, { delete: "after" })).toHaveLength(3);
    const { deleted, kept } = await client.quit();
    expect([deleted.length, kept]).toEqual([3, []]);
    expect(server.deleted).toHaveLength(3);
  });

  test("rejects the end of the scope if messages may still be there", async () => {
    await using server = await serve({
      mailboxes: mails(1),
      reply: (verb) => (verb === "DELE" ? "-ERR no" : undefined),
    });
    const work = async (): Promise<void> => {
      await using client = await clientOn(server);
      await firstLines(client, { delete: "after" });
    };
    expect(await failureOf(work())).toMatchObject({ name: "Pop3ReplyError" });
  });
});

test("a server that lists less than it sends does not fill the memory", async () => {
  await using server = await serve({
    mailboxes: mails(1),
    reply: (verb) =>
      verb === "RETR"
        ? `+OK\n${"x".repeat(1_000)}\n`.concat(`${"y".repeat(1_000)}\n`.repeat(200), ".")
        : undefined,
  });
  const client = await clientOn(server, { retries: 0 });
  expect(await failureOf(firstLines(client))).toMatchObject({ name: "LimitError" });
  client.close();
});

test("close ends a client that is connecting again", async () => {
  await using server = await serve({
    mailboxes: mails(2),
    reply: (verb, line, { number }) => {
      if (verb === "CONNECT" && number === 2) return "stall";
      return line === "RETR 1" && number === 1 ? "drop" : undefined;
    },
  });
  const client = await clientOn(server, { timeouts: { greeting: 60_000 } });
  const reading = failureOf(firstLines(client));
  while (server.sessions.length < 2) await new Promise(setImmediate);
  client.close();
  expect(await reading).toMatchObject({ name: "ConnectionClosedError" });
});

describe("a store of what was seen", () => {
  test("leaves out what it has, also in the next process, and a line that was cut short", async () => {
    await using folder = await tempDir();
    const path = folder.file("seen");
    await using server = await serve({ mailboxes: mails(3) });
    const [first, second] = server.mailboxes.messagesOf("ada").map(({ uid }) => uid);
    await writeFile(path, `${first}\n${second?.slice(0, 5)}`);
    {
      await using seen = await FileSeenStore.open(path);
      await using client = await clientOn(server);
      expect(await firstLines(client, { seen })).toEqual(["Mail 2", "Mail 3"]);
      expect(await firstLines(client, { seen })).toEqual([]);
    }
    const uids = server.mailboxes.messagesOf("ada").map(({ uid }) => uid);
    expect((await readFile(path, "utf8")).trim().split("\n")).toEqual(uids);
  });

  test("forgets what is no longer there, at once or not at all", async () => {
    await using folder = await tempDir();
    const path = folder.file("seen");
    await writeFile(path, "a\nb\nc\n");
    await using seen = await FileSeenStore.open(path);
    await Promise.all([seen.keepOnly(new Set(["b", "d"])), seen.add("d")]);
    expect(await readFile(path, "utf8")).toBe("b\nd\n");
    expect([seen.has("a"), seen.has("b"), seen.has("d")]).toEqual([false, true, true]);
  });
});
