// A server that falls silent, at any command: whoever waits is told within the timeout, and nothing stays open.
import { NetcliError, TimeoutError } from "@netcli/core-transport";
import { failureOf, gate } from "@netcli/test-kit";
import { startPop3Server } from "@netcli/test-servers";
import { describe, expect, test } from "vitest";
import { Pop3Client } from "../src/index.ts";
import { always, inSession, liesOf, maildrop, mailboxOf, numbered, textsOf } from "./maildrops.ts";

const users = { ada: "secret" };
const timeouts = { greeting: 150, reply: 150, stall: 150, close: 100 };
const credentials = { user: "ada", password: "secret" };

describe("in the first session", () => {
  test.each(["CONNECT", "CAPA", "AUTH", "SASL"])("at %s, connect rejects", async (verb) => {
    await using server = await startPop3Server({
      users,
      capabilities: ["SASL LOGIN", "UIDL"],
      reply: (said) => (said === verb ? "stall" : undefined),
    });
    const { host, port } = server;
    const begun = performance.now();
    expect(await failureOf(Pop3Client.connect({ host, port, ...credentials, timeouts }))).toBeInstanceOf(
      TimeoutError,
    );
    expect(performance.now() - begun).toBeLessThan(2_000);
  });

  test.each(["LIST", "UIDL", "RETR", "DELE", "QUIT"])("at %s, all is done in the next one", async (verb) => {
    await using fixture = await maildrop(numbered(3), { reply: inSession(1, verb, "stall") }, { timeouts });
    const { client, uids } = fixture;
    expect(await textsOf(client.messages({ delete: "after" }))).toEqual(numbered(3));
    const result = await client.quit();
    expect(liesOf(result, fixture)).toEqual([]);
    expect(result).toEqual({ deleted: uids, kept: [], error: undefined });
  });
});

describe("in each session", () => {
  test.each(["LIST", "UIDL", "RETR"])("at %s, the loop rejects after some attempts", async (verb) => {
    const reply = always(verb, "stall");
    await using fixture = await maildrop(numbered(3), { reply }, { timeouts, retries: 1 });
    const { client } = fixture;
    expect(await failureOf(textsOf(client.messages({ delete: "after" })))).toBeInstanceOf(TimeoutError);
    expect(await client.quit()).toMatchObject({ deleted: [], kept: [] });
    expect(fixture.server.sessions).toHaveLength(2);
  });

  test.each(["DELE", "QUIT"])("at %s, quit tells what is kept, and why", async (verb) => {
    const reply = always(verb, "stall");
    await using fixture = await maildrop(numbered(3), { reply }, { timeouts, retries: 1 });
    const { client, uids } = fixture;
    await textsOf(client.messages({ delete: "after" }));
    const result = await client.quit();
    expect(liesOf(result, fixture)).toEqual([]);
    expect(result).toMatchObject({ deleted: [], kept: uids });
    expect(result.error).toBeInstanceOf(NetcliError);
  });
});

test("behind any byte of a message, the message comes again in another session", async () => {
  const [text = ""] = numbered(1);
  const wrong: number[] = [];
  const places = Array.from({ length: text.length + 10 }, (_, index) => index).values();
  const workers = Array.from({ length: 16 }, async () => {
    for (const after of places) {
      const reply = inSession(1, "RETR", { cut: { after, wait: gate().opened } });
      await using fixture = await maildrop([text], { reply }, { timeouts });
      const got = await textsOf(fixture.client.messages({ delete: "after" }));
      const { deleted } = await fixture.client.quit();
      if (got.join() !== text || deleted.join() !== fixture.uids.join()) wrong.push(after);
    }
  });
  await Promise.all(workers);
  expect(wrong).toEqual([]);
}, 60_000);

test("a large message that stops in the middle is a TimeoutError for who reads it", async () => {
  const mailboxes = mailboxOf(["x".repeat(2_000_000)]);
  const reply = inSession(1, "RETR", { cut: { after: 500_000, wait: gate().opened } });
  await using server = await startPop3Server({ users, mailboxes, reply });
  const { host, port } = server;
  const client = await Pop3Client.connect({ host, port, ...credentials, timeouts, retries: 0 });
  const reading = async (): Promise<void> => {
    for await (const message of client.messages()) await message.bytes();
  };
  expect(await failureOf(reading())).toBeInstanceOf(TimeoutError);
  client.close();
});

function openHandles(): number {
  return process.getActiveResourcesInfo().filter((name) => /TCPSocket|Timeout/.test(name)).length;
}

test("what ends leaves no socket and no timer behind", async () => {
  const before = openHandles();
  for (const verb of ["RETR", "DELE", "QUIT"]) {
    await using fixture = await maildrop(numbered(3), { reply: inSession(1, verb, "reset") }, { timeouts });
    await textsOf(fixture.client.messages({ delete: "after" }));
    await fixture.client.quit();
    await Promise.all(fixture.server.sessions.map(({ ended }) => ended));
    await fixture.server.close();
  }
  await new Promise((resolve) => setImmediate(resolve));
  expect(openHandles()).toBeLessThanOrEqual(before);
});
