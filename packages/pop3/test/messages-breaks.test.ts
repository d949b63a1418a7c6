// A client whose connection breaks goes on in another one, and one that was closed does not.
import { ArgumentError, ConnectionClosedError, NotSupportedError } from "@netcli/core-transport";
import { failureOf } from "@netcli/test-kit";
import { describe, expect, test } from "vitest";
import { Pop3Client } from "../src/index.ts";
import { maildrop, numbered, Seen, textsOf } from "./maildrops.ts";

describe("when the connection breaks", () => {
  test("in the middle, it goes on behind the last message, none of them twice", async () => {
    await using fixture = await maildrop(numbered(5), {
      reply: (verb, line, { number }) =>
        number <= 2 && line === `RETR ${number + 2}` && verb === "RETR" ? "reset" : undefined,
    });
    const { client, uids, server } = fixture;
    const seen = new Seen();
    expect(await textsOf(client.messages({ seen, delete: "after" }))).toEqual(numbered(5));
    expect([...seen.uids]).toEqual(uids);
    expect((await client.quit()).deleted).toEqual(uids);
    expect(server.sessions.length).toBe(3);
  });

  test("at the same message each time, it gives up", async () => {
    await using fixture = await maildrop(
      numbered(3),
      { reply: (_verb, line) => (line === "RETR 2" ? "drop" : undefined) },
      { retries: 1 },
    );
    const { client, server } = fixture;
    const got: number[] = [];
    const looping = async (): Promise<void> => {
      for await (const { number } of client.messages()) got.push(number);
    };
    expect(await failureOf(looping())).toBeInstanceOf(ConnectionClosedError);
    expect(got).toEqual([1]);
    // The failure behind a message is the first one of its kind.
    expect(server.sessions.length).toBeLessThanOrEqual(3);
  });

  test("with retries: 0, it does not connect again", async () => {
    await using fixture = await maildrop(
      numbered(2),
      { reply: (_verb, line) => (line === "RETR 2" ? "drop" : undefined) },
      { retries: 0 },
    );
    expect(await failureOf(textsOf(fixture.client.messages()))).toBeInstanceOf(ConnectionClosedError);
    expect(fixture.server.sessions).toHaveLength(1);
  });

  test("and the maildrop is still in use by the session that broke, it waits", async () => {
    await using fixture = await maildrop(numbered(2), {
      reply: (verb, line, { number }) => {
        if (number === 1 && line === "RETR 1") return "drop";
        return number === 2 && (verb === "AUTH" || verb === "PASS") ? "-ERR [IN-USE] wait" : undefined;
      },
    });
    expect(await textsOf(fixture.client.messages())).toEqual(numbered(2));
    expect(fixture.server.sessions).toHaveLength(3);
  });

  test("and the password is wrong by then, it says so at once", async () => {
    await using fixture = await maildrop(numbered(2), {
      reply: (verb, line, { number }) => {
        if (number === 1 && line === "RETR 1") return "drop";
        return number === 2 && (verb === "AUTH" || verb === "PASS") ? "-ERR [AUTH] no" : undefined;
      },
    });
    expect(await failureOf(textsOf(fixture.client.messages()))).toMatchObject({ responseCode: "AUTH" });
    expect(fixture.server.sessions).toHaveLength(2);
  });

  test("and there are no ids, it does not go on", async () => {
    await using fixture = await maildrop(numbered(3), {
      quirks: { noUidl: true },
      reply: (_verb, line) => (line === "RETR 2" ? "drop" : undefined),
    });
    expect(await failureOf(textsOf(fixture.client.messages()))).toBeInstanceOf(NotSupportedError);
  });
});

test("a message that is refused ends the loop, and what is behind it is not lost", async () => {
  await using fixture = await maildrop(numbered(3), {
    reply: (_verb, line) => (line === "RETR 2" ? "-ERR it is broken" : undefined),
  });
  const { client, uids } = fixture;
  expect(await failureOf(textsOf(client.messages({ delete: "after" })))).toMatchObject({ command: "RETR 2" });
  expect((await client.quit()).deleted).toEqual(uids.slice(0, 1));
  expect(fixture.left()).toEqual(uids.slice(1));
});

test.each([-1, Number.NaN])("retries of %s are an ArgumentError", async (retries) => {
  expect(await failureOf(Pop3Client.connect({ host: "127.0.0.1", port: 1, retries }))).toBeInstanceOf(
    ArgumentError,
  );
});

test("a client that was closed, aborted or has said QUIT does not connect again", async () => {
  for (const end of ["close", "abort", "quit"] as const) {
    await using fixture = await maildrop(numbered(1));
    const { client, server } = fixture;
    await client[end]();
    expect(await failureOf(client.rows())).toBeInstanceOf(ConnectionClosedError);
    expect(await failureOf(client.messages().next())).toBeInstanceOf(ConnectionClosedError);
    expect(await failureOf(client.use((session) => session.noop()))).toBeInstanceOf(ConnectionClosedError);
    expect(await client.quit()).toMatchObject({ deleted: [] });
    expect(server.sessions).toHaveLength(1);
  }
});
