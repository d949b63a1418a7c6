// The verbs of smtplib, one by one: what they send, what they give back, and how a server says no.
import { ReplyError } from "@netcli/core-transport";
import { failureOf } from "@netcli/test-kit";
import { Mailboxes } from "@netcli/test-servers";
import { describe, expect, test } from "vitest";
import type { SmtpReply, SmtpSession } from "../src/index.ts";
import { from, message, onServer, refuseUnhandled, to } from "./own-smtp.ts";

refuseUnhandled();

async function failure(promise: Promise<unknown>): Promise<ReplyError<SmtpReply>> {
  const error = await failureOf(promise);
  expect(error).toBeInstanceOf(ReplyError);
  return error as ReplyError<SmtpReply>;
}

describe("a message by its verbs", () => {
  test("is delivered, and each verb gives the reply to it", async () => {
    await using fixture = await onServer();
    const { session, since, got } = fixture;
    const lines = since();
    expect(await session.mail(from)).toMatchObject({ code: 250, enhanced: "2.1.0", text: "Sender noted." });
    expect(await session.rcpt(to)).toMatchObject({ code: 250, enhanced: "2.1.5" });
    expect(await session.rcpt("eve@example.org")).toMatchObject({ code: 250 });
    const reply = await session.data(message);
    expect(reply).toMatchObject({ code: 250, enhanced: "2.0.0", text: "Ok: queued as 00000001" });
    expect(reply.replies).toHaveLength(1);
    expect(lines()).toEqual([`MAIL FROM:<${from}>`, `RCPT TO:<${to}>`, "RCPT TO:<eve@example.org>", "DATA"]);
    expect([got("bob"), got("eve")]).toEqual([[message], [message]]);
  });

  test("may come from nobody", async () => {
    await using fixture = await onServer();
    const { session, server } = fixture;
    await session.mail("");
    await session.rcpt(to);
    await session.data(message);
    expect(server.received[0]?.from.address).toBe("");
  });

  test("has its line ends repaired, its dots doubled, and an end of its own", async () => {
    await using fixture = await onServer();
    const { session, got, server } = fixture;
    for (const content of ["a\n.\nb", "..\r", "\r\n.\r\n.\r\n", "", ".", "a\r\n"]) {
      await session.mail(from);
      await session.rcpt(to);
      await session.data(content);
    }
    expect(got("bob")).toEqual(["a\r\n.\r\nb\r\n", "..\r\n", "\r\n.\r\n.\r\n", "", ".\r\n", "a\r\n"]);
    expect(server.received.map(({ wireBytes }) => wireBytes)).toEqual([13, 8, 13, 3, 7, 6]);
  });

  test("is given up by RSET, and the next one is begun", async () => {
    await using fixture = await onServer();
    const { session, got } = fixture;
    await session.mail(from);
    await session.rcpt(to);
    expect(await session.rset()).toMatchObject({ code: 250 });
    await session.mail(from);
    await session.rcpt("eve@example.org");
    await session.data(message);
    expect([got("bob"), got("eve")]).toEqual([[], [message]]);
  });

  test("says how far it is, in bytes of the message", async () => {
    await using fixture = await onServer();
    const { session } = fixture;
    await session.mail(from);
    await session.rcpt(to);
    const told: number[] = [];
    await session.data(["12345", "\n.", "\n"], { onProgress: (bytes) => told.push(bytes) });
    expect(told).toEqual([5, 7, 8]);
  });

  test("may be handed over by BDAT, as it is", async () => {
    await using fixture = await onServer();
    const { session, server, since } = fixture;
    const lines = since();
    await session.mail(from, { body: "binarymime" });
    await session.rcpt(to);
    expect(await session.bdat("a\n.")).toMatchObject({ code: 250 });
    expect(await session.bdat(Uint8Array.of(0, 255, 13), { last: true })).toMatchObject({ code: 250 });
    expect(lines().slice(2)).toEqual(["BDAT 3", "BDAT 3 LAST"]);
    expect(server.received[0]?.data).toEqual(Uint8Array.of(97, 10, 46, 0, 255, 13));
    expect(server.received[0]?.chunks).toEqual([3, 3]);
  });

  test("may not be handed over by BDAT where that is not offered", async () => {
    await using fixture = await onServer({ extensions: ["PIPELINING"] });
    const { session, since } = fixture;
    await session.mail(from);
    await session.rcpt(to);
    const lines = since();
    expect(await failureOf(session.bdat("a", { last: true }))).toMatchObject({
      code: "ERR_NETCLI_NOT_SUPPORTED",
    });
    expect(lines()).toEqual([]);
    await session.data(message);
  });
});

function begun(session: SmtpSession): Promise<unknown> {
  return session.mail(from);
}

describe("a refusal", () => {
  const MAIL = `MAIL FROM:<${from}>`;
  const RCPT = `RCPT TO:<${to}>`;
  const cases: readonly (readonly [
    reply: string,
    line: string,
    ask: (session: SmtpSession) => Promise<unknown>,
  ])[] = [
    ["451 4.3.0 Later.", MAIL, begun],
    ["550 5.7.1 Not you.", MAIL, begun],
    ["452 4.5.3 Too many.", RCPT, (session) => begun(session).then(() => session.rcpt(to))],
    ["550-5.1.1 Nobody\n550 5.1.1 there.", RCPT, (session) => begun(session).then(() => session.rcpt(to))],
    ["500 5.5.1 No.", "RSET", (session) => session.rset()],
    ["450 4.0.0 No.", "NOOP", (session) => session.noop()],
    ["550 5.1.1 No such.", "VRFY bob", (session) => session.verify("bob")],
    ["502 Not done.", "VRFY bob", (session) => session.vrfy("bob")],
    ["550 5.7.1 No.", "EXPN all", (session) => session.expn("all")],
    ["502 5.5.1 None.", "HELP RCPT", (session) => session.help("RCPT")],
    ["550 5.7.1 No.", "EHLO x.example", (session) => session.ehlo("x.example")],
    ["450 4.7.1 No.", "HELO x.example", (session) => session.helo("x.example")],
    // No refusal, but no answer either.
    ["354 What?", MAIL, begun],
    ["334 What?", "NOOP", (session) => session.noop()],
  ];

  test.each(cases)("with %j of %j says what and why, and the session goes on", async (reply, line, ask) => {
    let left = 1;
    await using fixture = await onServer({
      reply: (_verb, came) => {
        if (came !== line || left === 0) return undefined;
        left -= 1;
        return { reply, skip: true };
      },
    });
    const { session, got } = fixture;
    const error = await failure(ask(session));
    const code = Number(reply.slice(0, 3));
    expect(error.reply).toMatchObject({ code, enhanced: /^\d{3}[ -](\d\.\d\.\d)/.exec(reply)?.[1] });
    expect(error.reply.lines).toEqual(reply.split("\n"));
    expect(error.message).toContain(reply);
    expect(error).toMatchObject({
      command: line,
      isTemporary: code >= 400 && code < 500,
      isPermanent: code >= 500,
    });
    await session.rset();
    expect((await session.sendMail(from, to, message)).accepted).toEqual([to]);
    expect(got("bob")).toEqual([message]);
  });

  test("of DATA leaves no message behind, and that of a message none in front", async () => {
    const answers = ["451 4.3.0 Not now.", undefined];
    const finals = ["554 5.6.0 Spam.", "452 4.2.2 Full."];
    await using fixture = await onServer({
      reply: (verb) => (verb === "DATA" ? answers.shift() : verb === "." ? finals.shift() : undefined),
    });
    const { session, got } = fixture;
    await session.mail(from);
    await session.rcpt(to);
    expect(await failure(session.data(message))).toMatchObject({ command: "DATA", reply: { code: 451 } });
    expect(await failure(session.data(message))).toMatchObject({
      command: "the message",
      reply: { code: 554, enhanced: "5.6.0" },
      isPermanent: true,
    });
    await session.mail(from);
    await session.rcpt(to);
    expect(await failure(session.data(message))).toMatchObject({ reply: { code: 452 }, isTemporary: true });
    await session.sendMail(from, to, message);
    expect(got("bob")).toEqual([message]);
  });

  test("of all recipients may end with DATA, which is refused then", async () => {
    await using fixture = await onServer({ mailboxes: new Mailboxes([]) });
    const { session, server } = fixture;
    // Not awaited, or the client would have to know.
    const [mail, rcpt, data] = await Promise.allSettled([
      session.mail(from),
      session.rcpt(to),
      session.data(message),
    ]);
    expect([mail.status, rcpt.status]).toEqual(["fulfilled", "rejected"]);
    expect(data).toMatchObject({ reason: { command: "DATA", reply: { code: 503 } } });
    expect(server.received).toEqual([]);
    await session.rset();
    await session.noop();
  });
});

describe("what a server tells", () => {
  const lists = { all: ["bob@example.org", "eve@example.org"] };

  test("by VRFY, EXPN and HELP is the text of its reply", async () => {
    await using fixture = await onServer({ lists, mailboxes: new Mailboxes(["bob"]) });
    const { session, since } = fixture;
    const lines = since();
    expect(await session.verify("bob")).toMatchObject({ code: 250, text: "<bob@test.invalid>" });
    expect(await session.vrfy("bob@example.org")).toMatchObject({ code: 250 });
    expect((await session.expn("all")).text).toBe("<bob@example.org>\n<eve@example.org>");
    expect(await session.help()).toBe("This is a server for tests.\nAsk about a verb.");
    expect(await session.help("RCPT")).toBe("RCPT");
    expect(lines()).toEqual(["VRFY bob", "VRFY bob@example.org", "EXPN all", "HELP", "HELP RCPT"]);
  });

  test("by 252 is no refusal: it will not say", async () => {
    await using fixture = await onServer({
      reply: (verb) => (verb === "VRFY" ? "252 2.5.2 Send some mail." : undefined),
    });
    expect(await fixture.session.vrfy("bob")).toMatchObject({ code: 252, enhanced: "2.5.2" });
  });
});

describe("docmd", () => {
  test("sends any command, and gives the reply whatever it says", async () => {
    await using fixture = await onServer();
    const { session, since } = fixture;
    const lines = since();
    expect(await session.docmd("NOOP")).toMatchObject({ code: 250 });
    expect(await session.docmd("vrfy", "bob")).toMatchObject({ code: 250 });
    expect(await session.docmd("RCPT", "TO:<bob@example.org> X")).toMatchObject({
      code: 503,
      enhanced: "5.5.1",
    });
    expect(await session.docmd("HELP RCPT")).toMatchObject({ code: 214, text: "RCPT" });
    expect(lines()).toEqual(["NOOP", "vrfy bob", "RCPT TO:<bob@example.org> X", "HELP RCPT"]);
    // It was wrong on purpose.
    fixture.forgive(/^RCPT/);
  });

  test("sends nothing that would be two commands", async () => {
    await using fixture = await onServer();
    const { session, since } = fixture;
    const lines = since();
    for (const command of ["NOOP\r\nRSET", "NOOP\n", "NOOP\0", "NO\rOP"]) {
      expect(await failureOf(session.docmd(command))).toMatchObject({ code: "ERR_NETCLI_ARGUMENT" });
      expect(await failureOf(session.docmd("NOOP", command))).toMatchObject({ code: "ERR_NETCLI_ARGUMENT" });
    }
    await session.noop();
    expect(lines()).toEqual(["NOOP"]);
  });
});
