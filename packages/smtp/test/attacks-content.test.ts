// Servers that answer too early, too often or not often enough, while a message is on its way or behind it.
import { ConnectionClosedError } from "@netcli/core-transport";
import { failureOf } from "@netcli/test-kit";
import { describe, expect, test } from "vitest";
import { LmtpClient, SendError, SmtpClient } from "../src/index.ts";
import { introduced, name, refuseUnhandled, type Smtp, smtpServer } from "./scripted-smtp.ts";

refuseUnhandled();

const from = "a@example.org";
const to = ["b@example.org", "c@example.org", "d@example.org"];

/** Content without end, until nobody wants more of it. */
async function* endless(line: string = "x".repeat(1_000)): AsyncGenerator<string> {
  for (;;) {
    yield `${line}\r\n`;
    await new Promise((resolve) => setImmediate(resolve));
  }
}

describe("an answer in the middle of the message", () => {
  const replies = ["250 queued as 1", "451 the disk is full", "552 5.3.4 too large", "354 go on", "220 what"];

  test.each(replies)("%j ends the session: the rest would be taken for commands", async (reply) => {
    let after = "";
    await using fixture = await introduced(["PIPELINING"], async (smtp) => {
      await smtp.envelope();
      await smtp.peer.readLine();
      await smtp.say(reply);
      after = (await smtp.peer.readToEnd().catch(() => smtp.peer.received)).toString("latin1");
    });
    const { session } = fixture;
    const error = await failureOf(session.sendMail(from, "b@example.org", endless()));
    expect(error).toBeInstanceOf(SendError);
    expect(error).toMatchObject({ phase: "message", mayHaveBeenSent: false });
    expect(session.isOpen).toBe(false);
    await fixture.server.settled();
    expect(/^\.\r$/m.test(after)).toBe(false);
  });

  test.each(["452 full", "552 5.3.4 too large"])("%j says why nobody gets it", async (reply) => {
    await using fixture = await introduced(["PIPELINING"], async (smtp) => {
      await smtp.envelope();
      await smtp.peer.readLine();
      await smtp.say(reply);
      await smtp.peer.closed;
    });
    const error = await failureOf(fixture.session.sendMail(from, "b@example.org", endless()));
    expect(error).toMatchObject({ cause: { reply: { code: Number(reply.slice(0, 3)) } } });
  });

  test("421 ends it with the server's words", async () => {
    await using fixture = await introduced(["PIPELINING"], async (smtp) => {
      await smtp.envelope();
      await smtp.peer.readLine();
      await smtp.say("421 4.3.2 going down");
      await smtp.peer.closed;
    });
    const error = await failureOf(fixture.session.sendMail(from, "b@example.org", endless()));
    expect(error).toBeInstanceOf(SendError);
    expect(error).toMatchObject({ mayHaveBeenSent: false, message: expect.stringContaining("going down") });
    expect((error as SendError).cause).toBeInstanceOf(ConnectionClosedError);
  });

  test("by the verb is one, too", async () => {
    await using fixture = await introduced([], async (smtp) => {
      await smtp.answer("DATA", "354 go on");
      await smtp.peer.readLine();
      await smtp.say("250 queued");
      await smtp.peer.closed;
    });
    expect(await failureOf(fixture.session.data(endless()))).toBeInstanceOf(Error);
    expect(fixture.session.isOpen).toBe(false);
  });

  test("is not taken for the one of the next message", async () => {
    await using fixture = await introduced(["PIPELINING"], async (smtp) => {
      await smtp.envelope();
      await smtp.peer.readLine();
      await smtp.say("250 queued as 1", "250 fine", "250 fine", "354 go on", "250 queued as 2");
      await smtp.peer.closed;
    });
    const { session } = fixture;
    const sending = [endless(), "second"].map((one) =>
      failureOf(session.sendMail(from, "b@example.org", one)),
    );
    for (const error of await Promise.all(sending)) expect(error).toBeInstanceOf(Error);
    expect(await fixture.sent()).not.toContain("second");
  });
});

const codes = { accepted: "250 fine", refused: "550 no" };

/** A server that takes all recipients, and then says this. */
function lmtp(...answers: readonly string[]): Promise<Awaited<ReturnType<typeof introduced>>> {
  const script = async (smtp: Smtp): Promise<void> => {
    await smtp.envelope(to.length);
    await smtp.content();
    await smtp.say(...answers);
  };
  return introduced(["PIPELINING"], script, { protocol: "lmtp" });
}

describe("LMTP's answers, one for each recipient (RFC 2033)", () => {
  test("too few before the server closes leave the others unknown", async () => {
    for (let count = 0; count < to.length; count += 1) {
      await using fixture = await lmtp(...Array.from({ length: count }, () => codes.accepted));
      const error = await failureOf(fixture.session.sendMail(from, to, "x"));
      expect(error).toBeInstanceOf(SendError);
      const statuses = to.map((_, index) => (index < count ? "accepted" : "unknown"));
      expect((error as SendError).recipients.map(({ status }) => status)).toEqual(statuses);
      expect(error).toMatchObject({ mayHaveBeenSent: true });
    }
  });

  test("too few are waited for no longer than messageTimeout", async () => {
    await using server = await smtpServer(async (smtp) => {
      await smtp.greet("PIPELINING");
      await smtp.envelope(to.length);
      await smtp.content();
      await smtp.say(codes.accepted, codes.refused);
      await smtp.peer.closed;
    });
    const { host, port } = server;
    const client = await LmtpClient.connect({ host, port, name, messageTimeout: 100 });
    const error = await failureOf(client.send({ from, to, message: "x" }));
    client.close();
    expect((error as SendError).recipients.map(({ status }) => status)).toEqual([
      "accepted",
      "refused",
      "unknown",
    ]);
    expect(server.connections).toBe(1);
  });

  test("too many end the session, and answer nothing else", async () => {
    await using fixture = await lmtp(...to.map(() => codes.accepted), "250 extra", "250 extra");
    const { session } = fixture;
    const result = await session.sendMail(from, to, "x");
    expect(result.accepted).toEqual(to);
    expect(await failureOf(session.noop())).toBeInstanceOf(Error);
    expect(session.isOpen).toBe(false);
  });

  test("belong to the recipients that were accepted, in their order", async () => {
    await using fixture = await introduced(
      ["PIPELINING"],
      async (smtp) => {
        await smtp.answer(/^MAIL/, codes.accepted);
        await smtp.answer(/^RCPT/, codes.accepted);
        await smtp.answer(/^RCPT/, codes.refused);
        await smtp.answer(/^RCPT/, codes.accepted);
        await smtp.answer("DATA", "354 go on");
        await smtp.content();
        await smtp.say("452 first is full", "250 third is fine");
        await smtp.prove();
      },
      { protocol: "lmtp" },
    );
    const { session } = fixture;
    const result = await session.sendMail(from, to, "x");
    expect(result.recipients.map(({ status, reply }) => [status, reply?.code])).toEqual([
      ["refused", 452],
      ["refused", 550],
      ["accepted", 250],
    ]);
    await session.noop();
  });

  test("with SMTP is one: more end the session, of which the first has counted", async () => {
    await using fixture = await introduced(["PIPELINING"], async (smtp) => {
      await smtp.envelope(to.length);
      await smtp.content();
      await smtp.say("250 queued as 1", "550 no", "550 no");
      await smtp.peer.closed;
    });
    const { session } = fixture;
    expect((await session.sendMail(from, to, "x")).accepted).toEqual(to);
    expect(await failureOf(session.noop())).toBeInstanceOf(Error);
  });
});

test("an answer too many shifts those behind it, which stops the next message, whose envelope is out already", async () => {
  await using fixture = await introduced(
    ["PIPELINING"],
    async (smtp) => {
      await smtp.envelope();
      await smtp.content();
      for (const command of [/^MAIL/, /^RCPT/, /^DATA$/]) await smtp.expect(command);
      await smtp.say("250 queued as 1", "250 extra", "250 fine", "250 fine", "354 go on");
      await smtp.peer.closed;
    },
    { pipelining: "full" },
  );
  const { session } = fixture;
  const first = session.sendMail(from, "b@example.org", "first");
  const second = failureOf(session.sendMail(from, "b@example.org", "second"));
  expect((await first).accepted).toEqual(["b@example.org"]);
  expect(await second).toMatchObject({ phase: "data", mayHaveBeenSent: false });
  expect(await fixture.sent()).not.toContain("second");
});

describe("a session that got what nobody asked for", () => {
  test.each(["250 fine", "421 idle for too long", "354 go on", "garbage", "250-half a reply"])(
    "between two messages, as %j, sends no more of them: another does",
    async (words) => {
      const messages: string[] = [];
      const sockets: Smtp[] = [];
      await using server = await smtpServer(async (smtp) => {
        sockets.push(smtp);
        await smtp.greet("PIPELINING");
        messages.push(await smtp.take());
        if (sockets.length > 1) await smtp.answer("QUIT", "221 bye");
        else await smtp.peer.expectEnd();
      });
      const { host, port } = server;
      const client = await SmtpClient.connect({ host, port, name });
      await client.send({ from, to: "b@example.org", message: "first" });
      const first = sockets[0] as Smtp;
      // It is there, and was read, before the next message.
      await first.peer.sendSplit(`${words}\r\n`, words.length + 2);
      await client.send({ from, to: "b@example.org", message: "second" });
      await client.quit();
      expect(messages).toEqual(["first\r\n", "second\r\n"]);
      expect(server.connections).toBe(2);
    },
  );
});
