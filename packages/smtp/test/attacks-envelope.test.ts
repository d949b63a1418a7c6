// Servers whose answers to MAIL, RCPT and DATA do not fit together: nobody gets what he was not to get, and nothing counts as sent.
import { ProtocolError } from "@netcli/core-transport";
import { failureOf } from "@netcli/test-kit";
import { describe, expect, test } from "vitest";
import { SendError, type SmtpSession } from "../src/index.ts";
import { ehlo, introduced, refuseUnhandled, type SessionFixture, type Smtp } from "./scripted-smtp.ts";

refuseUnhandled();

const content = "Subject: secret\r\n\r\nsecret\r\n";
const to = ["b@example.org", "c@example.org"];
const envelope = `MAIL FROM:<a@example.org>\r\n${to.map((one) => `RCPT TO:<${one}>\r\n`).join("")}DATA\r\n`;

/** Sends to two; resolves to the error, which is a SendError that says that nobody has got it. */
async function refused(session: SmtpSession): Promise<SendError> {
  const error = await failureOf(session.sendMail("a@example.org", to, content));
  if (!(error instanceof SendError)) throw error;
  expect(error.mayHaveBeenSent).toBe(false);
  expect(error.recipients.map(({ status }) => status)).not.toContain("accepted");
  expect(error.recipients.map(({ status }) => status)).not.toContain("unknown");
  return error;
}

/** A server that reads MAIL, two RCPT and DATA in one, and answers these. */
function answering(
  answers: readonly string[],
  script: (smtp: Smtp) => Promise<void>,
  protocol: "smtp" | "lmtp" = "smtp",
): Promise<SessionFixture> {
  return introduced(
    ["PIPELINING"],
    async (smtp) => {
      expect((await smtp.peer.read(envelope.length)).toString()).toBe(envelope);
      await smtp.say(...answers);
      await script(smtp);
    },
    { protocol },
  );
}

describe("a go-ahead for a message that nobody is to get", () => {
  test.each(["250 queued", "554 no valid recipients", "503 what"])(
    "is answered with an empty one, which is no success, whatever is said to it: %j",
    async (reply) => {
      await using fixture = await answering(["250 fine", "550 no", "550 no", "354 go on"], async (smtp) => {
        await smtp.answer(".", reply);
        await smtp.prove();
      });
      const { session } = fixture;
      const error = await refused(session);
      expect(error).toMatchObject({ phase: "rcpt", isPermanent: true });
      expect(error.recipients.map(({ status }) => status)).toEqual(["refused", "refused"]);
      await session.noop();
      expect(await fixture.sent()).toBe(`${ehlo}${envelope}.\r\nNOOP\r\n`);
    },
  );

  test("is no reason to wait for long: a server that says nothing to the empty one is left in time", async () => {
    await using fixture = await answering(["250 fine", "550 no", "550 no", "354 go on"], async (smtp) => {
      await smtp.answer(".", "421 closing");
      await smtp.peer.expectEnd();
    });
    await refused(fixture.session);
    expect(fixture.session.isOpen).toBe(false);
  });

  test.each([
    ["250 fine", "250 fine"],
    ["550 no", "250 fine"],
    ["250 fine", "550 no"],
    ["251 elsewhere", "252 maybe"],
  ])(
    "ends the session without a byte if the sender was refused, but recipients taken: %j, %j",
    async (...answers) => {
      await using fixture = await answering(["550 no", ...answers, "354 go on"], (smtp) =>
        smtp.peer.expectEnd(),
      );
      const { session } = fixture;
      const error = await refused(session);
      expect(error).toMatchObject({ phase: "mail", isPermanent: true });
      expect(session.isOpen).toBe(false);
      expect(await fixture.sent()).toBe(`${ehlo}${envelope}`);
    },
  );

  test.each([
    ["550 no", "250 fine"],
    ["450 later", "250 fine"],
    ["550 no", "503 what"],
  ])(
    "ends the session with LMTP, where it could be answered by any number of replies: %j, %j",
    async (...rest) => {
      const answers = ["550 no", ...rest, "354 go on"];
      const lhlo = ehlo.replace("EHLO", "LHLO");
      await using fixture = await answering(answers, (smtp) => smtp.peer.expectEnd(), "lmtp");
      await refused(fixture.session);
      expect(fixture.session.isOpen).toBe(false);
      expect(await fixture.sent()).toBe(`${lhlo}${envelope}`);
    },
  );

  test("does not make a sender that was refused with all recipients any more accepted", async () => {
    await using fixture = await answering(["550 no", "503 no", "503 no", "354 go on"], async (smtp) => {
      await smtp.answer(".", "250 queued");
      await smtp.prove();
    });
    expect(await refused(fixture.session)).toMatchObject({ phase: "mail" });
    await fixture.session.noop();
    expect(await fixture.sent()).not.toContain("secret");
  });
});

describe("an answer that is none", () => {
  test.each([
    ["MAIL", ["354 go on", "250 fine", "250 fine", "354 go on"]],
    ["MAIL", ["334 ", "250 fine", "250 fine", "354 go on"]],
    ["MAIL", ["150 wait", "250 fine", "250 fine", "354 go on"]],
    ["RCPT", ["250 fine", "354 go on", "354 go on", "354 go on"]],
    ["RCPT", ["250 fine", "354 go on", "250 fine", "354 go on"]],
    ["RCPT", ["250 fine", "250 fine", "334 ", "354 go on"]],
    ["DATA", ["250 fine", "250 fine", "250 fine", "250 queued"]],
    ["DATA", ["250 fine", "250 fine", "250 fine", "334 "]],
    ["DATA", ["250 fine", "250 fine", "250 fine", "355 go on"]],
    ["DATA", ["250 fine", "250 fine", "250 fine", "150 go on"]],
    ["DATA", ["250 fine", "250 fine", "250 fine", "220 go on"]],
  ])("to %s, in %j, ends the session, and nothing of the message is sent", async (_verb, answers) => {
    await using fixture = await answering(answers, (smtp) => smtp.peer.expectEnd());
    const { session } = fixture;
    const error = await refused(session);
    expect(error.cause).toBeInstanceOf(ProtocolError);
    expect(session.isOpen).toBe(false);
    expect(await fixture.sent()).toBe(`${ehlo}${envelope}`);
  });

  test.each(["250 queued", "220 go on", "334 "])(
    "to DATA, as %j, is one to the verb neither",
    async (reply) => {
      await using fixture = await introduced([], async (smtp) => {
        await smtp.answer("DATA", reply);
        await smtp.peer.closed;
      });
      expect(await failureOf(fixture.session.data(content))).toBeInstanceOf(Error);
      expect(await fixture.sent()).toBe(`${ehlo}DATA\r\n`);
    },
  );

  test("to RSET ends a session that would not be clean", async () => {
    await using fixture = await answering(["250 fine", "550 no", "550 no", "503 no"], async (smtp) => {
      await smtp.answer("RSET", "354 go on");
      await smtp.peer.expectEnd();
    });
    await refused(fixture.session);
    await fixture.server.settled();
    expect(fixture.session.isOpen).toBe(false);
  });
});

describe("answers to commands that were not sent yet", () => {
  const all = ["250 fine", "250 fine", "250 fine", "354 go on", "250 queued"];

  test.each([2, 3, 4, 5])("end the session when there are %d of them at MAIL", async (count) => {
    await using fixture = await introduced([], async (smtp) => {
      await smtp.answer("MAIL FROM:<a@example.org>", ...all.slice(0, count));
      await smtp.peer.closed;
    });
    const { session } = fixture;
    const error = await refused(session);
    expect(error.cause).toBeInstanceOf(ProtocolError);
    expect(session.isOpen).toBe(false);
    expect(await fixture.sent()).not.toMatch(/DATA|secret/);
  });

  test("end the session when the answer to the message comes with the go-ahead", async () => {
    await using fixture = await introduced(["PIPELINING"], async (smtp) => {
      await smtp.peer.read(envelope.length);
      await smtp.say(...all);
      await smtp.peer.closed;
    });
    const { session } = fixture;
    expect(await failureOf(session.sendMail("a@example.org", to, content))).toBeInstanceOf(SendError);
    expect(session.isOpen).toBe(false);
  });

  test("end the session when one more came than was asked for", async () => {
    await using fixture = await answering(
      [...all.slice(0, 4), "250 queued", "250 queued"],
      (smtp) => smtp.peer.closed,
    );
    const { session } = fixture;
    await failureOf(session.sendMail("a@example.org", to, content));
    expect(await failureOf(session.noop())).toBeInstanceOf(Error);
    expect(session.isOpen).toBe(false);
  });
});
