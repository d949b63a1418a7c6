// Logging in to a server, or someone in between, that wants more than it may have (RFC 4954).
import {
  ConnectionClosedError,
  NotSupportedError,
  ProtocolError,
  ReplyError,
  TlsError,
} from "@netcli/core-transport";
import { login, type Mechanism, oauthBearer, plain, scram, xoauth2 } from "@netcli/sasl";
import { failureOf } from "@netcli/test-kit";
import { describe, expect, test } from "vitest";
import { SmtpSession } from "../src/index.ts";
import {
  ehlo,
  introduced,
  name,
  refuseUnhandled,
  type Smtp,
  smtpServer,
  throughTunnel,
} from "./scripted-smtp.ts";

refuseUnhandled();

const user = "ada";
const password = "p4ssw0rd";
const token = "t0ken";
const base64 = (text: string): string => Buffer.from(text).toString("base64");
const plainLine = `AUTH PLAIN ${base64(`\0${user}\0${password}`)}`;

/** Commands that begin a login, in what a client has sent. */
function attempts(sent: string): string[] {
  return sent.match(/(?<=^AUTH )[\w-]+/gm) ?? [];
}

describe("a password or token in clear (golang/go#22134)", () => {
  const revealing: [string, Mechanism][] = [
    ["PLAIN", plain({ user, password })],
    ["LOGIN", login({ user, password })],
    ["OAUTHBEARER", oauthBearer({ user, token })],
    ["XOAUTH2", xoauth2({ user, token })],
  ];

  test.each(revealing)(
    "is not sent by auth with %s, to a server that is elsewhere",
    async (_name, mechanism) => {
      await using server = await smtpServer(async (smtp) => {
        await smtp.greet("AUTH PLAIN LOGIN OAUTHBEARER XOAUTH2");
        await smtp.answer("QUIT", "221 bye");
      });
      const session = await SmtpSession.connect({ ...throughTunnel(server), name });
      await session.ehlo();
      expect(await failureOf(session.auth(mechanism))).toBeInstanceOf(TlsError);
      await session.quit();
      await server.settled();
      expect(server.received.toString()).toBe(`${ehlo}QUIT\r\n`);
    },
  );

  test("is not sent by login", async () => {
    await using server = await smtpServer(async (smtp) => {
      await smtp.greet("AUTH PLAIN LOGIN", "AUTH=LOGIN PLAIN");
      await smtp.answer("QUIT", "221 bye");
    });
    const session = await SmtpSession.connect({ ...throughTunnel(server), name });
    const error = await failureOf(session.login(user, password));
    expect(error).toBeInstanceOf(NotSupportedError);
    await session.quit();
    await server.settled();
    expect(server.received.toString()).toBe(`${ehlo}QUIT\r\n`);
  });

  test("is not asked for either", async () => {
    await using server = await smtpServer(async (smtp) => {
      await smtp.greet("AUTH PLAIN LOGIN");
      await smtp.answer("QUIT", "221 bye");
    });
    let asked = 0;
    const secret = (): string => {
      asked += 1;
      return password;
    };
    const session = await SmtpSession.connect({ ...throughTunnel(server), name });
    await failureOf(session.login(user, secret));
    await session.quit();
    expect(asked).toBe(0);
  });

  test("does not go where a mechanism does that only proves it", async () => {
    await using server = await smtpServer(async (smtp) => {
      await smtp.greet("AUTH PLAIN SCRAM-SHA-256");
      await smtp.answer(/^AUTH SCRAM-SHA-256 /, "504 no");
      await smtp.answer("QUIT", "221 bye");
    });
    const session = await SmtpSession.connect({ ...throughTunnel(server), name });
    expect(await failureOf(session.login(user, password))).toBeInstanceOf(ReplyError);
    await session.quit();
    await server.settled();
    expect(attempts(server.received.toString())).toEqual(["SCRAM-SHA-256"]);
  });
});

describe("a wrong password is tried once", () => {
  test.each([
    "535 no",
    "535 5.7.8 no",
    "530 no",
    "550 no",
    "538x no",
    "451 later",
    "454 4.7.0 later",
    "432 expired",
  ])("when the server says %j", async (reply) => {
    await using fixture = await introduced(["AUTH PLAIN LOGIN CRAM-MD5"], async (smtp) => {
      await smtp.answer(plainLine, reply);
      await smtp.prove();
    });
    const { session } = fixture;
    const error = await failureOf(session.login(user, password));
    expect(error).toBeInstanceOf(reply.startsWith("538x") ? ProtocolError : ReplyError);
    if (error instanceof ReplyError) await session.noop();
    expect(attempts(await fixture.sent())).toEqual(["PLAIN"]);
  });

  test("by a session that logs in when it connects, and that then says goodbye", async () => {
    await using server = await smtpServer(async (smtp) => {
      await smtp.greet("AUTH PLAIN LOGIN");
      await smtp.answer(plainLine, "535 no");
      await smtp.answer("QUIT", "221 bye");
    });
    const { host, port } = server;
    expect(await failureOf(SmtpSession.connect({ host, port, name, user, password }))).toBeInstanceOf(
      ReplyError,
    );
    await server.settled();
    expect(server.received.toString()).toBe(`${ehlo}${plainLine}\r\nQUIT\r\n`);
  });

  test.each(["250 fine", "200 fine", "354 go on", "100 wait", "335 more", "299 in"])(
    "when the server says %j, which lets nobody in",
    async (reply) => {
      await using fixture = await introduced(["AUTH PLAIN LOGIN"], async (smtp) => {
        await smtp.answer(plainLine, reply);
        await smtp.peer.closed;
      });
      expect(await failureOf(fixture.session.login(user, password))).toBeInstanceOf(Error);
      expect(attempts(await fixture.sent())).toEqual(["PLAIN"]);
    },
  );

  test("when the server says 421", async () => {
    await using fixture = await introduced(["AUTH PLAIN LOGIN"], async (smtp) => {
      await smtp.answer(plainLine, "421 closing");
      await smtp.peer.expectEnd();
    });
    expect(await failureOf(fixture.session.login(user, password))).toBeInstanceOf(ConnectionClosedError);
    expect(attempts(await fixture.sent())).toEqual(["PLAIN"]);
  });
});

test.each([
  "500 what",
  "501 what",
  "502 no",
  "503 no",
  "504 5.5.4 no",
  "534 5.7.9 weak",
  "538 5.7.11 encrypt",
])("a mechanism that is refused with %j makes place for the next", async (reply) => {
  await using fixture = await introduced(["AUTH PLAIN LOGIN"], async (smtp) => {
    await smtp.answer(plainLine, reply);
    await smtp.answer("AUTH LOGIN", "334 VXNlcm5hbWU6");
    await smtp.answer(base64(user), "334 UGFzc3dvcmQ6");
    await smtp.answer(base64(password), "235 in");
  });
  expect(await fixture.session.login(user, password)).toMatchObject({ code: 235 });
});

test("all mechanisms refused end with the last refusal, each tried once", async () => {
  await using fixture = await introduced(["AUTH PLAIN LOGIN PLAIN LOGIN", "AUTH=PLAIN"], async (smtp) => {
    await smtp.answer(plainLine, "504 one");
    await smtp.answer("AUTH LOGIN", "504 two");
    await smtp.prove();
  });
  const { session } = fixture;
  expect(await failureOf(session.login(user, password))).toMatchObject({ reply: { text: "two" } });
  await session.noop();
});

const waysIn: [string, (session: SmtpSession) => Promise<unknown>][] = [
  ["auth", (session) => session.auth(login({ user, password }))],
  ["login", (session) => session.login(user, password)],
];

test.each(waysIn)(
  "nothing that is called behind %s goes out before we are in or not",
  async (_name, logIn) => {
    const early: string[] = [];
    const quiet = async (smtp: Smtp): Promise<void> => {
      for (let count = 0; count < 5; count += 1) await new Promise((resolve) => setImmediate(resolve));
      early.push(smtp.peer.received.toString().split("\r\n").at(-2) ?? "");
    };
    await using fixture = await introduced(["AUTH LOGIN", "PIPELINING"], async (smtp) => {
      await smtp.expect("AUTH LOGIN");
      await quiet(smtp);
      await smtp.say("334 ");
      await smtp.expect(base64(user));
      await quiet(smtp);
      await smtp.say("334 ");
      await smtp.expect(base64(password));
      await quiet(smtp);
      await smtp.say("235 in");
      await smtp.answer("MAIL FROM:<a@example.org>", "250 fine");
      await smtp.answer("RCPT TO:<b@example.org>", "250 fine");
    });
    const { session } = fixture;
    await Promise.all([logIn(session), session.mail("a@example.org"), session.rcpt("b@example.org")]);
    expect(early).toEqual(["AUTH LOGIN", base64(user), base64(password)]);
  },
);

test("a mechanism by which nothing is shown may be used anywhere", async () => {
  await using server = await smtpServer(async (smtp) => {
    await smtp.greet("AUTH SCRAM-SHA-256");
    await smtp.answer(/^AUTH SCRAM-SHA-256 /, "535 no");
    await smtp.answer("QUIT", "221 bye");
  });
  const session = await SmtpSession.connect({ ...throughTunnel(server), name });
  await session.ehlo();
  const mechanism = scram("SHA-256", { user, password });
  expect(await failureOf(session.auth(mechanism))).toBeInstanceOf(ReplyError);
  await session.quit();
});
