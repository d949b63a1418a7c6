// What `quit` says of deletions is what the server has done, whatever came in between.
import { ConnectionClosedError } from "@netcli/core-transport";
import { failureOf, gate } from "@netcli/test-kit";
import { describe, expect, test } from "vitest";
import type { Pop3Client } from "../src/index.ts";
import { always, inSession, liesOf, maildrop, numbered } from "./maildrops.ts";

/** Takes the first message, and marks it: the loop is left behind the second one. */
async function takeOne(messages: AsyncIterable<{ readonly number: number }>): Promise<void> {
  for await (const message of messages) {
    if (message.number === 2) break;
  }
}

describe("a mark of a session that broke is none in the next one", () => {
  test.each<[string, (client: Pop3Client) => Promise<unknown>]>([
    ["rows", (client) => client.rows()],
    ["use", (client) => client.use((session) => session.noop())],
  ])("which %s has opened", async (_way, open) => {
    await using fixture = await maildrop(numbered(3));
    const { client, server, uids } = fixture;
    await takeOne(client.messages({ delete: "after" }));
    await client.use((session) => session.noop());
    server.sessions[0]?.end("reset");
    await server.sessions[0]?.ended;
    await failureOf(client.use((session) => session.noop()));
    await open(client);
    const result = await client.quit();
    expect(liesOf(result, fixture)).toEqual([]);
    expect(result.deleted).toEqual(uids.slice(0, 1));
    expect(fixture.left()).toEqual(uids.slice(1));
  });
});

test("a QUIT that is not answered is looked after in another session: what is gone was deleted", async () => {
  const reply = inSession(1, "QUIT", { reply: null, skip: false, end: "end" });
  await using fixture = await maildrop(numbered(3), { reply });
  const { client, uids } = fixture;
  await takeOne(client.messages({ delete: "after" }));
  const result = await client.quit();
  expect(result).toEqual({ deleted: uids.slice(0, 1), kept: [], error: undefined });
  expect(liesOf(result, fixture)).toEqual([]);
});

test("a QUIT that was lost is said again in another session", async () => {
  await using fixture = await maildrop(numbered(3), { reply: inSession(1, "QUIT", "drop") });
  const { client, uids } = fixture;
  await takeOne(client.messages({ delete: "after" }));
  const result = await client.quit();
  expect(result).toEqual({ deleted: uids.slice(0, 1), kept: [], error: undefined });
  expect(fixture.left()).toEqual(uids.slice(1));
});

test("a QUIT that is refused each time leaves all that is there in kept", async () => {
  const reply = always("QUIT", "-ERR some deleted messages not removed");
  await using fixture = await maildrop(numbered(3), { reply });
  const { client, uids } = fixture;
  await takeOne(client.messages({ delete: "after" }));
  const result = await client.quit();
  expect(result).toMatchObject({ deleted: [], kept: uids.slice(0, 1), error: { name: "Pop3ReplyError" } });
  expect(liesOf(result, fixture)).toEqual([]);
});

test("a DELE that is refused is said to be kept, and why", async () => {
  const reply = inSession(1, "DELE", "-ERR not this one");
  await using fixture = await maildrop(numbered(3), { reply });
  const { client, uids } = fixture;
  await takeOne(client.messages({ delete: "after" }));
  const { deleted, kept, error } = await client.quit();
  expect({ deleted, kept }).toEqual({ deleted: [], kept: uids.slice(0, 1) });
  expect(error).toMatchObject({ name: "Pop3ReplyError", command: "DELE 1" });
  expect(fixture.left()).toEqual(uids);
});

test("a maildrop that is still locked by the session that broke is waited for", async () => {
  const reply = inSession(1, "QUIT", { reply: null, skip: true, stall: true });
  await using fixture = await maildrop(
    numbered(3),
    {
      reply: (verb, line, session) => {
        if (session.number === 2 && verb === "PASS") return "-ERR [IN-USE] somebody else is in";
        if (session.number === 2 && verb === "AUTH") return "-ERR [IN-USE] somebody else is in";
        return reply(verb, line, session);
      },
    },
    { timeouts: { reply: 300, close: 100 } },
  );
  const { client, uids, server } = fixture;
  await takeOne(client.messages({ delete: "after" }));
  const result = await client.quit();
  expect(result).toEqual({ deleted: uids.slice(0, 1), kept: [], error: undefined });
  expect(server.sessions).toHaveLength(3);
});

test("where there are no ids, what was marked in a session that broke stays unknown", async () => {
  await using fixture = await maildrop(numbered(3), {
    quirks: { noUidl: true },
    reply: inSession(1, "QUIT", "drop"),
  });
  const { client } = fixture;
  await takeOne(client.messages({ delete: "after" }));
  const { deleted, kept, error } = await client.quit();
  expect({ deleted, kept }).toEqual({ deleted: [], kept: ["1"] });
  expect(error).toBeInstanceOf(Error);
  // Its number would mean another message now.
  expect(fixture.said("DELE")).toEqual(["DELE 1"]);
});

describe("what ends otherwise deletes nothing:", () => {
  test("abort takes the marks away", async () => {
    await using fixture = await maildrop(numbered(3));
    const { client, uids } = fixture;
    await takeOne(client.messages({ delete: "after" }));
    await client.abort();
    expect(await client.quit()).toEqual({ deleted: [], kept: uids.slice(0, 1), error: undefined });
    await fixture.server.sessions[0]?.ended;
    expect(fixture.said("RSET", "QUIT")).toEqual(["RSET"]);
    expect(fixture.left()).toEqual(uids);
  });

  test("abort does so in a session that was connected again, too", async () => {
    await using fixture = await maildrop(numbered(3));
    const { client, uids, server } = fixture;
    await takeOne(client.messages({ delete: "after" }));
    server.sessions[0]?.end("reset");
    await server.sessions[0]?.ended;
    await failureOf(client.use((session) => session.noop()));
    await takeOne(client.messages({ delete: "after" }));
    await client.abort();
    await server.sessions[1]?.ended;
    expect(server.sessions[1]?.commands.at(-1)).toBe("RSET");
    expect(fixture.left()).toEqual(uids);
  });

  test("close says nothing more", async () => {
    await using fixture = await maildrop(numbered(3));
    const { client, uids } = fixture;
    await takeOne(client.messages({ delete: "after" }));
    await client.use((session) => session.noop());
    client.close();
    await fixture.server.sessions[0]?.ended;
    expect(fixture.said("RSET", "QUIT")).toEqual([]);
    expect(fixture.left()).toEqual(uids);
    expect(await failureOf(client.rows())).toBeInstanceOf(ConnectionClosedError);
  });

  test("abort waits for no answer longer than a polite close may take", async () => {
    await using fixture = await maildrop(
      [...numbered(1), "x".repeat(2_000_000)],
      {
        reply: (_verb, line) =>
          line === "RETR 2" ? { cut: { after: 5_000, wait: gate().opened } } : undefined,
      },
      { timeouts: { close: 100, reply: 10_000, stall: 10_000 } },
    );
    const { client } = fixture;
    for await (const message of client.messages({ delete: "after" })) {
      if (message.number === 1) continue;
      await message[Symbol.asyncIterator]().next();
      break;
    }
    const begun = performance.now();
    await client.abort();
    expect(performance.now() - begun).toBeLessThan(2_000);
  }, 20_000);
});

test("await using says QUIT, and deletes what the caller was done with", async () => {
  await using fixture = await maildrop(numbered(3));
  const { uids } = fixture;
  {
    await using client = fixture.client;
    for await (const message of client.messages({ delete: "after" })) if (message.number === 3) break;
  }
  expect(fixture.left()).toEqual(uids.slice(2));
});

test("await using rejects where messages that were to go may still be there", async () => {
  const reply = always("DELE", "-ERR no");
  await using fixture = await maildrop(numbered(2), { reply });
  await takeOne(fixture.client.messages({ delete: "after" }));
  expect(await failureOf(fixture.client[Symbol.asyncDispose]())).toMatchObject({ name: "Pop3ReplyError" });
});

test("a large message that was left in the middle does not keep quit waiting", async () => {
  await using fixture = await maildrop([...numbered(1), "x".repeat(3_000_000), ...numbered(1)]);
  const { client, uids } = fixture;
  for await (const message of client.messages({ delete: "after" })) {
    if (message.number === 1) continue;
    // Begun, and forgotten.
    await message[Symbol.asyncIterator]().next();
    break;
  }
  const result = await client.quit();
  expect(result.deleted).toEqual(uids.slice(0, 1));
  expect(liesOf(result, fixture)).toEqual([]);
}, 10_000);
