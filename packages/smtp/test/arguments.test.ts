// Arguments that would become commands of their own, or other arguments: each is refused before a byte of it is sent.
import { ArgumentError, NotSupportedError } from "@netcli/core-transport";
import { failureOf } from "@netcli/test-kit";
import { describe, expect, test } from "vitest";
import { SmtpSession, type MailOptions, type RcptOptions } from "../src/index.ts";
import { ehlo, introduced, refuseUnhandled, type SessionFixture } from "./scripted-smtp.ts";

refuseUnhandled();

const from = "a@example.org";
const to = "b@example.org";

const extensions = [
  "PIPELINING",
  "8BITMIME",
  "AUTH PLAIN LOGIN",
  "BINARYMIME",
  "CHUNKING",
  "DELIVERBY",
  "DSN",
  "FUTURERELEASE 9999999 2099-12-31T23:59:59Z",
  "MT-PRIORITY",
  "REQUIRETLS",
  "SIZE",
  "SMTPUTF8",
  "XCLIENT NAME ADDR",
];

/** A session that has said EHLO, to a server to which all is fine. */
function agreeing(): Promise<SessionFixture> {
  return introduced(extensions, async (smtp) => {
    for (;;) await smtp.answer(/^/, "250 fine");
  });
}

const controls = Array.from({ length: 32 }, (_, code) => String.fromCodePoint(code));
const forbidden = [...controls, "\u007f", "\u0080", "\u0085", "\u009f", "\r\n"];
/** Where in a word they may stand. */
const placed = forbidden.flatMap((bad) => [
  `a${bad}b`,
  `${bad}a`,
  `a${bad}`,
  `a${bad}RCPT TO:<evil@example.org>`,
]);
const spaced = ["a b", " a", "a ", " ", "a RCPT TO:<evil@example.org>"];

/** What a JavaScript caller may give for anything. */
function untyped(value: unknown): MailOptions & RcptOptions {
  return JSON.parse(JSON.stringify(value)) as MailOptions & RcptOptions;
}

type Call = (session: SmtpSession, bad: string) => Promise<unknown>;

const withMail = (options: (bad: string) => unknown): Call => {
  return (session, bad) => session.mail(from, untyped(options(bad)));
};
const withRcpt = (options: (bad: string) => unknown): Call => {
  return (session, bad) => session.rcpt(to, untyped(options(bad)));
};

/** By the name of the argument: how it is given, and with what it would be sent, where strings can be at all. */
const words: [string, Call, string?][] = [
  ["the name of helo", (session, bad) => session.helo(bad), "a"],
  ["the name of ehlo", (session, bad) => session.ehlo(bad), "a"],
  ["the name of lhlo", (session, bad) => session.lhlo(bad), "a"],
  ["the sender", (session, bad) => session.mail(bad), "a"],
  ["the sender's domain", (session, bad) => session.mail(`a@${bad}`), "a"],
  ["a recipient", (session, bad) => session.rcpt(bad), "a"],
  ["a recipient's domain", (session, bad) => session.rcpt(`a@${bad}`), "a"],
  ["the sender of sendMail", (session, bad) => session.sendMail(bad, to, "x"), "a"],
  ["a recipient of sendMail", (session, bad) => session.sendMail(from, [to, bad], "x"), "a"],
  [
    "a recipient of sendMail with options",
    (session, bad) => session.sendMail(from, [to, { address: bad }], "x"),
    "a",
  ],
  ["the sender of sendMessage", (session, bad) => session.sendMessage("x", bad, to), "a"],
  ["a recipient of sendMessage", (session, bad) => session.sendMessage("x", from, [bad]), "a"],
  ["size (GHSA-c7w3-x93f-qmm8)", withMail((bad) => ({ size: `1${bad}` }))],
  ["body", withMail((bad) => ({ body: `8bitmime${bad}` })), ""],
  ["ret", withMail((bad) => ({ ret: `full${bad}` })), ""],
  ["seconds of deliverBy", withMail((bad) => ({ deliverBy: { seconds: `1${bad}`, mode: "return" } }))],
  ["mode of deliverBy", withMail((bad) => ({ deliverBy: { seconds: 1, mode: `return${bad}` } })), ""],
  ["holdFor", withMail((bad) => ({ holdFor: `1${bad}` }))],
  ["priority", withMail((bad) => ({ priority: `1${bad}` }))],
  ["a parameter of MAIL", withMail((bad) => ({ params: ["X=1", bad] })), "Y=1"],
  ["a parameter's value of MAIL", withMail((bad) => ({ params: [`X=${bad}`] })), "1"],
  ["notify", withRcpt((bad) => ({ notify: ["success", bad] })), "delay"],
  ["the type of orcpt", withRcpt((bad) => ({ orcpt: `${bad};a@example.org` })), "rfc822"],
  ["a parameter of RCPT", withRcpt((bad) => ({ params: [bad] })), "X=1"],
  ["the name of an attribute of xclient", (session, bad) => session.xclient({ [bad]: "1" }), "NAME"],
  [
    "a parameter of sendMail",
    (session, bad) => session.sendMail(from, to, "x", untyped({ params: [bad] })),
    "X=1",
  ],
  [
    "a parameter of sendMail for all recipients",
    (session, bad) => session.sendMail(from, to, "x", {}, untyped({ params: [bad] })),
    "X=1",
  ],
];

/** The same of those where blanks part words, are quoted, or are encoded. */
const texts: [string, Call, string?][] = [
  ["a quoted sender (CVE-2026-30227)", (session, bad) => session.mail(`"${bad}"@example.org`), "a b"],
  ["a quoted recipient", (session, bad) => session.rcpt(`"${bad}"@example.org`), "a b"],
  ["envid", withMail((bad) => ({ envid: bad })), "a b"],
  ["auth", withMail((bad) => ({ auth: bad })), "a b"],
  ["orcpt", withRcpt((bad) => ({ orcpt: `rfc822;${bad}` })), "a b"],
  ["the value of an attribute of xclient", (session, bad) => session.xclient({ NAME: bad }), "a b"],
  ["the arguments of docmd", (session, bad) => session.docmd("NOOP", bad), "a b"],
  ["verify", (session, bad) => session.verify(bad), "a b"],
  ["vrfy", (session, bad) => session.vrfy(bad), "a b"],
  ["expn", (session, bad) => session.expn(bad), "a b"],
  ["help", (session, bad) => session.help(bad), "a b"],
];

/** Nothing of it was sent, and the session is none the worse. */
async function wrongOf(call: Call, values: readonly string[]): Promise<string[]> {
  await using fixture = await agreeing();
  const { session } = fixture;
  const wrong: string[] = [];
  for (const bad of values) {
    const error = await call(session, bad).then(
      () => undefined,
      (thrown: unknown) => thrown,
    );
    const isRight = error instanceof ArgumentError || error instanceof NotSupportedError;
    if (!isRight) wrong.push(`${JSON.stringify(bad)}: ${String(error)}`);
  }
  if (!session.isOpen) wrong.push("the session is over");
  const sent = await fixture.sent();
  if (sent !== ehlo) wrong.push(`sent: ${JSON.stringify(sent)}`);
  return wrong;
}

describe("control characters (cpython#87290, CVE-2015-9096, GHSA-v3q9-hj7j-63hq)", () => {
  test.each([...words, ...texts])("in %s are refused, and nothing is sent", async (_name, call, good) => {
    expect(await wrongOf(call, placed)).toEqual([]);
    // Or it would be refused whatever it is.
    const isSent = good === undefined || (await wrongOf(call, [good])).length > 0;
    expect(isSent).toBe(true);
  });

  // A tab may stand where a space may, and becomes one.
  test.each<[string, Call]>([
    ["a command of docmd", (session, bad) => session.docmd(bad)],
    ["a command of docmd with arguments", (session, bad) => session.docmd(bad, "b")],
  ])("but a tab in %s are refused, and nothing is sent", async (_name, call) => {
    const values = placed.filter((bad) => !bad.includes("\t"));
    expect(await wrongOf(call, values)).toEqual([]);
    expect(await wrongOf(call, ["NOOP"])).not.toEqual([]);
  });
});

describe("spaces, behind which there would be another parameter", () => {
  test.each(words)("in %s are refused, and nothing is sent", async (_name, call) => {
    expect(await wrongOf(call, spaced)).toEqual([]);
  });
});

describe("what closes the path, behind which there would be parameters", () => {
  const paths = [
    "a@example.org> SIZE=1 <b",
    "a@example.org>",
    "<a@example.org>",
    "a>b@example.org",
    "a<b@example.org",
    "a@example.org>\u0000",
    "a@b>c",
    "a@[1.2.3.4> SIZE=1 ]",
    '"a@example.org> SIZE=1',
  ];

  test.each<[string, Call]>([
    ["the sender", (session, bad) => session.mail(bad)],
    ["a recipient", (session, bad) => session.rcpt(bad)],
    ["the sender of sendMail", (session, bad) => session.sendMail(bad, to, "x")],
    ["a recipient of sendMail", (session, bad) => session.sendMail(from, bad, "x")],
  ])("in %s is refused, and nothing is sent", async (_name, call) => {
    expect(await wrongOf(call, paths)).toEqual([]);
  });
});

describe("names of what is no word (GHSA-vvjj-xcjg-gr5g)", () => {
  test.each([...placed.slice(0, 8), ...spaced, "", "é", "\u760d\u760a"])(
    "%j is none of the client",
    async (bad) => {
      const error = await failureOf(SmtpSession.connect({ host: "localhost", port: 1, name: bad }));
      expect(error).toBeInstanceOf(ArgumentError);
    },
  );
});
