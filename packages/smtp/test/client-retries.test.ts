// Sessions that break, with nobody there or in the middle of a mail: what is tried again, and that nobody gets a mail twice.
import { ConnectionClosedError, ReplyError } from "@netcli/core-transport";
import { failureOf } from "@netcli/test-kit";
import type { EsmtpHook, EsmtpServer, EsmtpServerSession } from "@netcli/test-servers";
import { describe, expect, test } from "vitest";
import { SendError } from "../src/index.ts";
import { clientOn, from, identity, message, refuseUnhandled, to, turns } from "./own-smtp.ts";

refuseUnhandled();

const mail = { from, to, message };

/** How many messages each session had. */
function counts({ sessions }: EsmtpServer): number[] {
  return sessions.map(({ received }) => received.length);
}

/** Does that to the first so many. */
function first(times: number, verb: string, answer: string): EsmtpHook {
  let left = times;
  return (asked) => {
    if (asked !== verb || left === 0) return undefined;
    left -= 1;
    return answer;
  };
}

describe("a session that the server ends while nobody has it", () => {
  const ways: [string, (session: EsmtpServerSession) => Promise<void> | void][] = [
    ["with 421 and its end", (session) => session.say("421 Too long.").then(() => session.end())],
    ["with its end alone", (session) => session.end()],
    ["with a reset", (session) => session.end("reset")],
    ["with 421 alone", (session) => session.say("421 Too long.")],
  ];

  test.each(ways)("%s is replaced unnoticed", async (_how, end) => {
    await using fixture = await clientOn();
    const { client, server } = fixture;
    await client.send(mail);
    await end(server.sessions[0] as EsmtpServerSession);
    await turns();
    await client.send(mail);
    expect(counts(server)).toEqual([1, 1]);
  });

  test("in the moment in which it is lent is replaced, and the mail sent once", async () => {
    await using fixture = await clientOn({}, { retries: 2 });
    const { client, server } = fixture;
    await client.send(mail);
    server.sessions[0]?.end("reset");
    await client.send(mail);
    expect(counts(server)).toEqual([1, 1]);
  });
});

const refuseLater: EsmtpHook = (verb, _line, { number }) =>
  verb === "AUTH" && number > 1 ? "535 5.7.8 No." : undefined;

describe("a mail is tried again", () => {
  const breaks = ["MAIL", "RCPT", "DATA"].flatMap((verb) =>
    ["drop", "reset", "421 4.3.2 Later."].map((answer) => [verb, answer] as const),
  );

  test.concurrent.each(breaks)("when at %s comes %j, and is there once", async (verb, answer) => {
    await using fixture = await clientOn({ reply: first(2, verb, answer) }, { retries: 2 });
    const { client, server } = fixture;
    expect((await client.send(mail)).accepted).toEqual([to]);
    expect(counts(server)).toEqual([0, 0, 1]);
  });

  test.concurrent.each(breaks)("no more often than was said, when at %s comes %j", async (verb, answer) => {
    await using fixture = await clientOn({ reply: first(3, verb, answer) }, { retries: 2 });
    const error = await failureOf(fixture.client.send(mail));
    expect((error as SendError).cause).toBeInstanceOf(ConnectionClosedError);
    expect(error).toMatchObject({ mayHaveBeenSent: false });
    expect(fixture.server.sessions).toHaveLength(3);
  });

  test("when a new session is not let in at first", async () => {
    let connections = 0;
    const reply: EsmtpHook = (verb) => {
      if (verb !== "CONNECT") return undefined;
      connections += 1;
      return connections === 2 ? "421 4.3.2 Busy." : undefined;
    };
    await using fixture = await clientOn({ reply }, { retries: 1, messagesPerSession: 1 });
    const { client, server } = fixture;
    await client.send(mail);
    await client.send(mail);
    expect(counts(server)).toEqual([1, 0, 1]);
  });

  test("never when the message has begun, or was refused", async () => {
    for (const [verb, answer] of [
      [".", "drop"],
      [".", "421 4.3.2 Later."],
      [".", "451 4.3.0 Later."],
      ["MAIL", "450 4.2.1 Later."],
      ["RCPT", "450 4.2.1 Later."],
      ["DATA", "451 4.3.0 Later."],
    ] as const) {
      await using fixture = await clientOn({ reply: first(1, verb, answer) }, { retries: 2 });
      const { client, server } = fixture;
      const error = await failureOf(client.send(mail));
      expect(error).toBeInstanceOf(SendError);
      expect([verb, answer, (error as SendError).mayHaveBeenSent]).toEqual([verb, answer, answer === "drop"]);
      expect(server.commands.filter((line) => line.startsWith("MAIL"))).toHaveLength(1);
      // And the next one goes through.
      await client.send(mail);
      expect(fixture.got("bob")).toEqual([message]);
    }
  });

  test("never when the login is refused", async () => {
    await using fixture = await clientOn(
      { tls: identity, tlsMode: "implicit", users: { ann: "secret", bob: "" }, reply: refuseLater },
      { tls: "implicit", user: "ann", password: "secret", messagesPerSession: 1, retries: 2 },
    );
    const { client, server } = fixture;
    await client.send(mail);
    expect(await failureOf(client.send(mail))).toBeInstanceOf(ReplyError);
    expect(server.sessions).toHaveLength(2);
  });
});
