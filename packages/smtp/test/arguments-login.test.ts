// What a login is made of, and characters that a careless conversion to bytes makes line ends of.
import { ArgumentError } from "@netcli/core-transport";
import { failureOf } from "@netcli/test-kit";
import { describe, expect, test } from "vitest";
import { type SmtpOptions, SmtpSession } from "../src/index.ts";
import { ehlo, introduced, name, refuseUnhandled, smtpServer } from "./scripted-smtp.ts";

refuseUnhandled();

const offers = [
  "AUTH PLAIN LOGIN CRAM-MD5 SCRAM-SHA-256 XOAUTH2 OAUTHBEARER ANONYMOUS EXTERNAL",
  "SMTPUTF8",
  "CHUNKING",
];
const lineEnds = ["a\r\nb", "a\nb", "a\rb", "a\0b", "\n", "a\r\nMAIL FROM:<evil@example.org>"];
const base64 = (text: string): string => Buffer.from(text).toString("base64");

describe("a line end or a NUL in what logs in", () => {
  const options: [string, (bad: string) => Partial<SmtpOptions>][] = [
    ["the user", (bad) => ({ user: bad, password: "p4ssw0rd" })],
    ["the password", (bad) => ({ user: "ada", password: bad })],
    ["the name", (bad) => ({ name: bad })],
  ];

  test.each(options)("is refused in %s of a session, before it connects", async (_what, of) => {
    for (const bad of lineEnds) {
      const connecting = SmtpSession.connect({ host: "localhost", port: 1, name, ...of(bad) });
      expect(await failureOf(connecting)).toBeInstanceOf(ArgumentError);
    }
  });

  test.each<[string, (session: SmtpSession, bad: string) => Promise<unknown>]>([
    ["the user", (session, bad) => session.login(bad, "p4ssw0rd")],
    ["the password", (session, bad) => session.login("ada", bad)],
  ])("is refused in %s of the verb, and nothing is sent", async (_what, call) => {
    await using fixture = await introduced(offers, async (smtp) => {
      for (;;) await smtp.answer(/^/, "535 no");
    });
    const { session } = fixture;
    for (const bad of lineEnds) {
      expect(await failureOf(call(session, bad))).toBeInstanceOf(ArgumentError);
    }
    expect(await fixture.sent()).toBe(ehlo);
  });

  test.each<[string, string, (bad: string) => Partial<SmtpOptions>]>([
    ["a NUL", "a\0b", (bad) => ({ user: "ada", password: () => bad })],
    ["a NUL", "a\0b", (bad) => ({ user: "ada", password: "p4ssw0rd", authzid: bad })],
    ["a line end", "a\nb", (bad) => ({ user: "ada", token: bad })],
    ["a line end", "a\nb", (bad) => ({ user: "ada", token: async () => bad })],
    ["a line end", "a\nb", (bad) => ({ anonymous: bad })],
    ["a NUL", "a\0b", (bad) => ({ external: true, authzid: bad })],
    ["half a surrogate pair", "a\ud800", (bad) => ({ user: "ada", password: bad })],
  ])("is refused where it is found only then: %s", async (_what, bad, of) => {
    await using server = await smtpServer(async (smtp) => {
      await smtp.greet(...offers);
      await smtp.answer("QUIT", "221 bye");
    });
    const { host, port } = server;
    const error = await failureOf(SmtpSession.connect({ host, port, name, ...of(bad) }));
    expect(error).toBeInstanceOf(ArgumentError);
    await server.settled();
    expect(server.received.toString()).toBe(`${ehlo}QUIT\r\n`);
  });
});

describe("CVE-2025-7962: characters whose lower eight bits are CR and LF", () => {
  const bad = "\u760d\u760aRCPT";
  const line = /^[^\r\n]*$/;

  test("go out as the characters they are, wherever they may stand", async () => {
    const lines: string[] = [];
    await using fixture = await introduced(offers, async (smtp) => {
      for (;;) {
        lines.push(await smtp.expect(line));
        await smtp.say("250 fine");
      }
    });
    const { session } = fixture;
    await session.mail(`${bad}@example.org`);
    await session.rcpt(`${bad}@example.org`);
    await session.verify(bad);
    await session.expn(bad);
    await session.help(bad);
    await session.docmd("NOOP", bad);
    const utf8 = Buffer.from(bad).toString("latin1");
    expect(lines).toEqual([
      `MAIL FROM:<${utf8}@example.org> SMTPUTF8`,
      `RCPT TO:<${utf8}@example.org>`,
      `VRFY ${utf8}`,
      `EXPN ${utf8}`,
      `HELP ${utf8}`,
      `NOOP ${utf8}`,
    ]);
    const whole = Buffer.from(lines.join(""), "latin1");
    expect(whole.includes(0x0d) || whole.includes(0x0a)).toBe(false);
  });

  test("are refused where only ASCII may stand", async () => {
    await using fixture = await introduced(offers, (smtp) => smtp.peer.closed);
    const { session } = fixture;
    for (const call of [
      session.helo(bad),
      session.mail("a@example.org", { params: [`X=${bad}`] }),
      session.rcpt("a@example.org", { params: [bad] }),
      session.mail("a@example.org", { envid: bad }),
    ]) {
      expect(await failureOf(call)).toBeInstanceOf(Error);
    }
    expect(await fixture.sent()).toBe(ehlo);
  });

  test("are so in a login, too", async () => {
    await using fixture = await introduced(["AUTH PLAIN"], async (smtp) => {
      await smtp.answer(`AUTH PLAIN ${base64(`\0${bad}\0${bad}`)}`, "235 in");
    });
    expect(await fixture.session.login(bad, bad)).toMatchObject({ code: 235 });
  });

  test("are so in a message", async () => {
    let content = "";
    await using fixture = await introduced(["8BITMIME"], async (smtp) => {
      content = await smtp.take();
    });
    await fixture.session.sendMail("a@example.org", "b@example.org", `\u760d\u760a.\u760d\u760a`);
    expect(Buffer.from(content, "latin1").toString()).toBe("\u760d\u760a.\u760d\u760a\r\n");
  });
});

describe("an address that begins with a dash (CVE-2020-7769, RUSTSEC-2020-0069)", () => {
  test("is an address like any other: there is no program to take it for an option", async () => {
    await using fixture = await introduced([], async (smtp) => {
      await smtp.answer("MAIL FROM:<-oQ/tmp@example.org>", "250 fine");
      await smtp.answer("RCPT TO:<-X/tmp/x@example.org>", "250 fine");
    });
    expect(await fixture.session.mail("-oQ/tmp@example.org")).toMatchObject({ code: 250 });
    expect(await fixture.session.rcpt("-X/tmp/x@example.org")).toMatchObject({ code: 250 });
  });
});

test("a message names no file and no address to fetch (GHSA-p6gq-j5cr-w38f, GHSA-8m3c-c648-2xjj)", async () => {
  await using fixture = await introduced([], (smtp) => smtp.peer.closed);
  const { session } = fixture;
  for (const message of [
    { path: "/etc/passwd" },
    { href: "http://127.0.0.1/" },
    { raw: { path: "/etc/passwd" } },
  ]) {
    const untyped = JSON.parse(JSON.stringify(message)) as string;
    expect(await failureOf(session.sendMessage(untyped, "a@example.org", "b@example.org"))).toBeInstanceOf(
      Error,
    );
  }
  expect(await fixture.sent()).toBe(ehlo);
});
