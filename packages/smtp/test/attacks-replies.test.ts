// Replies that are no replies, and 421, which may come at any time (RFC 5321 3.8, 4.2).
import { ConnectionClosedError, ProtocolError, ReplyError } from "@netcli/core-transport";
import { failureOf } from "@netcli/test-kit";
import { describe, expect, test } from "vitest";
import { SendError, SmtpClient, SmtpSession } from "../src/index.ts";
import { ehlo, greeted, introduced, name, refuseUnhandled, type Smtp, smtpServer } from "./scripted-smtp.ts";

refuseUnhandled();

const from = "a@example.org";
const to = "b@example.org";

describe("what is no reply ends the session", () => {
  const replies: [string, string][] = [
    ["codes that change", "250-fine\r\n251 fine\r\n"],
    ["a refusal that ends as a success", "550-no\r\n250 fine\r\n"],
    ["a success that ends as a refusal", "250-fine\r\n550 no\r\n"],
    ["a line without a code in the middle", "250-fine\r\nfine\r\n250 fine\r\n"],
    ["a line that begins with blanks", " 250 fine\r\n"],
    ["two digits", "25 fine\r\n"],
    ["four digits", "2500 fine\r\n"],
    ["another sign behind the code", "250+fine\r\n"],
    ["no code", "fine\r\n"],
    ["an empty line", "\r\n"],
    ["digits of another script", "\u0662\u0665\u0660 fine\r\n"],
    ["a code below 100", "099 fine\r\n"],
    ["a code above 599", "600 fine\r\n"],
    ["a NUL before it", "\u0000250 fine\r\n"],
    ["HTTP", "HTTP/1.1 200 OK\r\n\r\n"],
  ];

  test.each(replies)("%s", async (_what, reply) => {
    await using fixture = await introduced([], async (smtp) => {
      await smtp.expect("NOOP");
      await smtp.peer.send(reply);
      await smtp.peer.expectEnd();
    });
    const { session } = fixture;
    expect(await failureOf(session.noop())).toBeInstanceOf(ProtocolError);
    expect(session.isOpen).toBe(false);
    expect(await failureOf(session.noop())).toBeInstanceOf(ProtocolError);
  });

  test.each(replies)("also in place of a greeting: %s", async (_what, reply) => {
    await using server = await smtpServer(async (smtp) => {
      await smtp.peer.send(reply);
      await smtp.peer.expectEnd();
    });
    const { host, port } = server;
    expect(await failureOf(SmtpSession.connect({ host, port, name }))).toBeInstanceOf(ProtocolError);
  });
});

describe("a reply that makes no sense for the command is no success", () => {
  const verbs: [string, (session: SmtpSession) => Promise<unknown>, RegExp][] = [
    ["helo", (session) => session.helo(), /^HELO /],
    ["ehlo", (session) => session.ehlo(), /^EHLO /],
    ["mail", (session) => session.mail(from), /^MAIL /],
    ["rcpt", (session) => session.rcpt(to), /^RCPT /],
    ["rset", (session) => session.rset(), /^RSET$/],
    ["noop", (session) => session.noop(), /^NOOP$/],
    ["verify", (session) => session.verify("a"), /^VRFY a$/],
    ["expn", (session) => session.expn("a"), /^EXPN a$/],
    ["help", (session) => session.help(), /^HELP$/],
    ["startTls", (session) => session.startTls(), /^STARTTLS$/],
    ["bdat", (session) => session.bdat("", { last: true }), /^BDAT 0 LAST$/],
  ];

  test.each(
    verbs.flatMap((verb) => ["354 go on", "334 ", "150 wait"].map((reply) => [...verb, reply] as const)),
  )("%s", async (_name, call, command, reply) => {
    await using fixture = await introduced(["CHUNKING"], async (smtp) => {
      await smtp.answer(command, reply);
      await smtp.peer.closed;
    });
    const error = await failureOf(call(fixture.session));
    expect(error).toBeInstanceOf(Error);
    expect(error).not.toMatchObject({ isTemporary: true });
  });
});

describe("421 ends the session, whatever it answers", () => {
  test("the greeting of a further session: it is tried again later", async () => {
    await using server = await smtpServer(async (smtp, index) => {
      await smtp.say(index === 1 ? "421 busy" : "220 mx.example.org");
      if (index === 1) return;
      await smtp.offer();
      // The first one breaks.
      if (index === 0) return;
      for (const answer of answers) await smtp.answer(/^(?:MAIL|RCPT|DATA)/, answer);
      await smtp.content();
      await smtp.say("250 fine");
      await smtp.answer("QUIT", "221 bye");
    });
    const { host, port } = server;
    await using client = await SmtpClient.connect({ host, port, name });
    const { accepted } = await client.send({ from, to, message: "x" });
    expect(accepted).toEqual([to]);
    expect(server.connections).toBe(3);
  });

  test("the greeting of a session: it says so", async () => {
    await using server = await smtpServer((smtp) => smtp.say("421 4.3.2 busy"));
    const { host, port } = server;
    const error = await failureOf(SmtpSession.connect({ host, port, name }));
    expect(error).toBeInstanceOf(ReplyError);
    expect(error).toMatchObject({ isTemporary: true, reply: { enhanced: "4.3.2" } });
    await server.settled();
    expect(server.received).toHaveLength(0);
  });

  const verbs: [string, (session: SmtpSession) => Promise<unknown>][] = [
    ["ehlo", (session) => session.ehlo()],
    ["mail", (session) => session.mail(from)],
    ["rcpt", (session) => session.rcpt(to)],
    ["data", (session) => session.data("x")],
    ["rset", (session) => session.rset()],
    ["noop", (session) => session.noop()],
    ["verify", (session) => session.verify("a")],
    ["startTls", (session) => session.startTls()],
  ];

  test.each(verbs)("%s", async (_name, call) => {
    await using fixture = await greeted(async (smtp) => {
      await smtp.answer(/./, "421 4.3.2 going down");
      await smtp.peer.expectEnd();
    });
    const { session } = fixture;
    const error = await failureOf(call(session));
    expect(error).toBeInstanceOf(ConnectionClosedError);
    expect(error).toMatchObject({ lastReply: { code: 421 } });
    expect(await failureOf(session.noop())).toBeInstanceOf(ConnectionClosedError);
    expect(session.isOpen).toBe(false);
  });

  const stages: [string, SendError["phase"], number][] = [
    ["MAIL", "mail", 0],
    ["RCPT", "rcpt", 1],
    ["DATA", "data", 2],
    ["the message", "message", 3],
  ];
  const answers = ["250 fine", "250 fine", "354 go on"];

  test.each(stages)("a message: at %s", async (_what, phase, count) => {
    for (const extensions of [["PIPELINING"], []]) {
      await using fixture = await introduced(extensions, async (smtp) => {
        for (const answer of answers.slice(0, count)) await smtp.answer(/^(?:MAIL|RCPT|DATA)/, answer);
        if (count === 3) {
          await smtp.content();
          await smtp.say("421 going down");
        } else {
          await smtp.answer(/./, "421 going down");
        }
        await smtp.peer.closed;
      });
      const error = await failureOf(fixture.session.sendMail(from, to, "x"));
      expect(error).toBeInstanceOf(SendError);
      expect((error as SendError).cause).toBeInstanceOf(ConnectionClosedError);
      expect(error).toMatchObject({
        phase,
        isTemporary: true,
        message: expect.stringContaining("going down"),
      });
      expect(fixture.session.isOpen).toBe(false);
    }
  });

  test("QUIT: it is over all the same", async () => {
    await using fixture = await introduced([], (smtp) => smtp.answer("QUIT", "421 going down"));
    await fixture.session.quit();
    expect(await fixture.sent()).toBe(`${ehlo}QUIT\r\n`);
  });

  test("in more than one line, and with commands behind the one that it answers", async () => {
    await using fixture = await introduced(["PIPELINING"], async (smtp) => {
      await smtp.expect("MAIL FROM:<a@example.org>");
      await smtp.say("421-going", "421 down", "250 fine", "250 fine");
      await smtp.peer.closed;
    });
    const { session } = fixture;
    const asking = [session.mail(from), session.rcpt(to), session.noop()].map((one) => failureOf(one));
    for (const error of await Promise.all(asking)) expect(error).toBeInstanceOf(ConnectionClosedError);
  });
});

describe("replies between two commands", () => {
  const unasked: [
    string,
    (smtp: Smtp) => Promise<void>,
    typeof ProtocolError | typeof ConnectionClosedError,
  ][] = [
    ["one more", (smtp) => smtp.say("250 fine"), ProtocolError],
    ["a refusal", (smtp) => smtp.say("550 no"), ProtocolError],
    ["garbage", (smtp) => smtp.say("garbage"), ProtocolError],
    ["421", (smtp) => smtp.say("421 idle"), ConnectionClosedError],
  ];

  test.each(unasked)("as %s end the session, and answer nothing", async (_what, say, type) => {
    await using fixture = await introduced([], async (smtp) => {
      await smtp.answer("NOOP", "250 fine");
      await say(smtp);
      await smtp.peer.expectEnd();
    });
    const { session } = fixture;
    await session.noop();
    await fixture.server.settled();
    expect(session.isOpen).toBe(false);
    expect(await failureOf(session.mail(from))).toBeInstanceOf(type);
    expect(await fixture.sent()).toBe(`${ehlo}NOOP\r\n`);
  });

  test.each(["250 fine\r\n250 fine\r\n", "250 fine\r\n2", "250 fine\r\n\r\n"])(
    "with the one before in %j end it, too",
    async (reply) => {
      await using fixture = await introduced([], async (smtp) => {
        await smtp.expect("NOOP");
        await smtp.peer.send(reply);
        await smtp.peer.closed;
      });
      const { session } = fixture;
      await session.noop().catch(() => undefined);
      expect(await failureOf(session.mail(from))).toBeInstanceOf(ProtocolError);
      expect(await fixture.sent()).toBe(`${ehlo}NOOP\r\n`);
    },
  );
});
