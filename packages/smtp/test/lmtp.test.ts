// LMTP (RFC 2033): behind the message the server answers for each recipient that it had accepted.
import { ConnectionClosedError, ReplyError } from "@netcli/core-transport";
import { failureOf } from "@netcli/test-kit";
import type { EsmtpHook } from "@netcli/test-servers";
import { describe, expect, test } from "vitest";
import { LmtpClient, SendError, SmtpClient, type SmtpOptions } from "../src/index.ts";
import { clientOn, from, message, onServer, refuseUnhandled, to } from "./own-smtp.ts";

refuseUnhandled();

const recipients = ["none@x.example", "a@x.example", "full@x.example", "b@x.example", "never@x.example"];

const byName: EsmtpHook = (verb, line) => {
  if (verb === "RCPT" && line.includes("none")) return "550 5.1.1 No such.";
  if (verb !== ".") return undefined;
  if (line.includes("full")) return "452 4.2.2 Full.";
  return line.includes("never") ? "554 5.6.0 Not this." : undefined;
};

const breaking: EsmtpHook = (verb, line, session) => {
  if (verb === "." && line.startsWith("b@")) return "drop";
  return byName(verb, line, session);
};

const ways: readonly (readonly [name: string, extensions: string[], options: Partial<SmtpOptions>])[] = [
  ["DATA", ["PIPELINING"], {}],
  ["DATA, one by one", [], {}],
  ["DATA, full overlap", ["PIPELINING"], { pipelining: "full" }],
  ["BDAT", ["PIPELINING", "CHUNKING"], { chunking: true }],
  ["BDAT, one by one", ["CHUNKING"], { chunking: true }],
];

describe.each(ways)("%s", (_name, extensions, options) => {
  const server = { lmtp: true, reply: byName, extensions: [...extensions, "ENHANCEDSTATUSCODES"] };

  test("tells each recipient's own end", async () => {
    await using fixture = await onServer(server, options);
    const { session, got } = fixture;
    const result = await session.sendMail(from, recipients, message);
    expect(result.recipients.map(({ status, reply }) => [status, reply?.code])).toEqual([
      ["refused", 550],
      ["accepted", 250],
      ["refused", 452],
      ["accepted", 250],
      ["refused", 554],
    ]);
    expect(result.accepted).toEqual(["a@x.example", "b@x.example"]);
    expect(result.refused.map(({ address }) => address)).toEqual([
      "none@x.example",
      "full@x.example",
      "never@x.example",
    ]);
    expect(result.reply.code).toBe(250);
    expect([got("a"), got("full"), got("b")]).toEqual([[message], [], [message]]);
    expect((await session.sendMail(from, to, message)).accepted).toEqual([to]);
  });

  test("with onPartial throw rejects also behind the message, and says who has it", async () => {
    await using fixture = await onServer(server, options);
    const { session, got } = fixture;
    const sending = session.sendMail(from, ["a@x.example", "full@x.example"], message, {
      onPartial: "throw",
    });
    const error = await failureOf(sending);
    expect(error).toBeInstanceOf(SendError);
    expect(error).toMatchObject({
      phase: "message",
      mayHaveBeenSent: true,
      isTemporary: true,
      recipients: [
        { status: "accepted", reply: { code: 250 } },
        { status: "refused", reply: { code: 452 } },
      ],
      cause: { reply: { code: 452 } },
    });
    expect([got("a"), got("full")]).toEqual([[message], []]);
    expect((await session.sendMail(from, to, message)).accepted).toEqual([to]);
  });

  test("rejects when it is delivered to nobody", async () => {
    await using fixture = await onServer(server, options);
    const { session } = fixture;
    const error = await failureOf(session.sendMail(from, ["full@x.example", "never@x.example"], message));
    expect(error).toMatchObject({
      phase: "message",
      mayHaveBeenSent: false,
      isTemporary: true,
      isPermanent: false,
      recipients: [{ status: "refused" }, { status: "refused" }],
    });
    expect((await session.sendMail(from, to, message)).accepted).toEqual([to]);
  });

  test("knows the ends that were told before the connection broke", async () => {
    await using fixture = await onServer({ ...server, reply: breaking }, options);
    const sending = fixture.session.sendMail(from, recipients, message);
    const error = await failureOf(sending);
    expect(error).toBeInstanceOf(SendError);
    expect((error as SendError).recipients.map(({ status }) => status)).toEqual([
      "refused",
      "accepted",
      "refused",
      "unknown",
      "unknown",
    ]);
    expect(error).toMatchObject({ phase: "message", mayHaveBeenSent: true });
    expect((error as SendError).cause).toBeInstanceOf(ConnectionClosedError);
  });
});

describe("the verbs", () => {
  test("have a reply for each recipient that was accepted", async () => {
    await using fixture = await onServer({ lmtp: true, reply: byName });
    const { session } = fixture;
    await session.mail(from);
    for (const one of recipients) await session.rcpt(one).catch(() => undefined);
    const { replies } = await session.data(message);
    expect(replies.map(({ code }) => code)).toEqual([250, 452, 250, 554]);
    await session.mail(from);
    await session.rcpt("a@x.example");
    await session.rset();
    await session.mail(from);
    await session.rcpt("full@x.example");
    expect(await failureOf(session.data(message))).toMatchObject({ reply: { code: 452 } });
    await session.noop();
  });

  test("also where none of them is awaited", async () => {
    await using fixture = await onServer({ lmtp: true, reply: byName });
    const { session } = fixture;
    const all = await Promise.allSettled([
      session.mail(from),
      ...recipients.map((one) => session.rcpt(one)),
      session.data(message),
      session.mail(from),
      session.rcpt("a@x.example"),
      session.bdat("x", {}),
      session.bdat("y", { last: true }),
      session.noop(),
    ]);
    expect(all.filter(({ status }) => status === "rejected")).toHaveLength(1);
    expect(all[6]).toMatchObject({ value: { replies: { length: 4 } } });
    expect(all[10]).toMatchObject({ value: { replies: { length: 1 } } });
    expect(fixture.server.received).toHaveLength(2);
  });

  test("ask DATA of nobody, and hear one refusal", async () => {
    await using fixture = await onServer({ lmtp: true, reply: byName });
    const { session } = fixture;
    await session.mail(from);
    await failureOf(session.rcpt("none@x.example"));
    expect(await failureOf(session.data(message))).toBeInstanceOf(ReplyError);
    fixture.forgive(/^DATA/);
    await session.noop();
  });
});

test("LmtpClient is a client that says LHLO, also with the URL of an SMTP server", async () => {
  await using fixture = await clientOn({ lmtp: true });
  const { client, server } = fixture;
  expect(client).toBeInstanceOf(SmtpClient);
  expect((await client.send({ from, to, message })).accepted).toEqual([to]);
  for (const url of [server.url, server.url.replace("lmtp:", "smtp:")]) {
    const other = await LmtpClient.connect(url);
    expect(await other.send({ from, to, message })).toMatchObject({ accepted: [to] });
    await other.quit();
  }
  const third = await SmtpClient.connect(server.url);
  expect(await third.send({ from, to, message })).toMatchObject({ accepted: [to] });
  await third.quit();
});
