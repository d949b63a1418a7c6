// Servers that never come to an end, or send what takes long to read (GHSA-4ffr-jq9g-5ffx, CVE-2026-38728).
import { ArgumentError, LimitError, TimeoutError } from "@netcli/core-transport";
import { failureOf } from "@netcli/test-kit";
import { describe, expect, test } from "vitest";
import { send, SmtpClient, SmtpExtensions, SmtpSession } from "../src/index.ts";
import { smtpGrammar } from "../src/reply.ts";
import { sendResult } from "../src/result.ts";
import { cpuMilliseconds, isLinear, repeated } from "./linear-time.ts";
import { greeted, introduced, name, refuseUnhandled, type Smtp, smtpServer } from "./scripted-smtp.ts";

refuseUnhandled();

const endless: [string, string, string][] = [
  ["a line", "250 ", "x".repeat(65_536)],
  ["lines", "", "250-x\r\n".repeat(10_000)],
  ["long lines", "", `250-${"x".repeat(8_000)}\r\n`.repeat(8)],
  ["empty lines", "250-x\r\n", "250-\r\n".repeat(10_000)],
  ["line feeds without a code", "250-", "x".repeat(7_000)],
];

describe("what never ends is cut off long before ten megabytes:", () => {
  test.each(endless)("%s behind EHLO", async (_what, begin, piece) => {
    let sent = 0;
    await using fixture = await greeted(async (smtp) => {
      await smtp.expect(/^EHLO /);
      await smtp.peer.send(begin);
      // The client's leaving ends it.
      for (;;) {
        await smtp.peer.send(piece);
        sent += piece.length;
        if (sent > 10_000_000) throw new Error("the client goes on listening");
      }
    });
    const { session } = fixture;
    expect(await failureOf(session.ehlo())).toBeInstanceOf(LimitError);
    expect(session.isOpen).toBe(false);
    expect(session.hasExtn("x")).toBe(false);
  });

  test.each(endless)("%s as a greeting", async (_what, begin, piece) => {
    await using server = await smtpServer(async (smtp) => {
      await smtp.peer.send(begin.replace("250", "220"));
      for (;;) await smtp.peer.send(piece.replaceAll("250", "220"));
    });
    const { host, port } = server;
    expect(await failureOf(SmtpSession.connect({ host, port, name }))).toBeInstanceOf(LimitError);
  });

  test.each(endless)("%s behind a message, which may have been taken", async (_what, begin, piece) => {
    await using fixture = await introduced(["PIPELINING"], async (smtp) => {
      await smtp.envelope();
      await smtp.content();
      await smtp.peer.send(begin);
      for (;;) await smtp.peer.send(piece);
    });
    const error = await failureOf(fixture.session.sendMail("a@example.org", "b@example.org", "x"));
    expect(error).toMatchObject({ mayHaveBeenSent: true, phase: "message" });
    expect((error as Error).cause).toBeInstanceOf(LimitError);
  });

  test("a challenge", async () => {
    await using fixture = await introduced(["AUTH CRAM-MD5"], async (smtp) => {
      await smtp.expect("AUTH CRAM-MD5");
      await smtp.peer.send("334 ");
      for (;;) await smtp.peer.send("PDEuMkBteD4".repeat(10_000));
    });
    expect(await failureOf(fixture.session.login("ada", "p4ssw0rd"))).toBeInstanceOf(LimitError);
  });

  test("a reply that comes a byte at a time is not waited for longer than one that does not come", async () => {
    await using fixture = await introduced(
      [],
      async (smtp) => {
        await smtp.expect("NOOP");
        for (;;) await smtp.peer.sendSplit("250-x\r\n", 1);
      },
      { timeouts: { reply: 50 }, limits: { replyLines: 1e9, replyBytes: 1e9 } },
    );
    expect(await failureOf(fixture.session.noop())).toBeInstanceOf(TimeoutError);
  });
});

describe("ten megabytes at once fail fast:", () => {
  test.each<[string, string]>([
    ["of lines", "250-x\r\n".repeat(1_428_571)],
    ["of one line", `250-${"x".repeat(10_000_000)}\r\n`],
    ["of mechanisms", `250-AUTH${" PLAIN".repeat(1_666_666)}\r\n`],
    ["of blanks", `250-AUTH ${" ".repeat(10_000_000)}x\r\n`],
  ])("%s", async (_what, text) => {
    await using fixture = await greeted(async (smtp) => {
      await smtp.expect(/^EHLO /);
      await smtp.peer.send(`${text}250 end\r\n`).catch(() => undefined);
      await smtp.peer.closed;
    });
    let error: unknown;
    const milliseconds = await cpuMilliseconds(async () => {
      error = await failureOf(fixture.session.ehlo());
    });
    expect(error).toBeInstanceOf(LimitError);
    expect(milliseconds).toBeLessThan(1_000);
  });
});

/** The extensions in an answer, of which all was looked at. */
function extensionsOf(lines: readonly string[]): SmtpExtensions {
  const extensions = new SmtpExtensions(smtpGrammar.parse(lines));
  for (const read of ["authMechanisms", "deliverBy", "futureRelease"] as const) void extensions[read];
  return extensions;
}

function resultOf(text: string): unknown {
  return sendResult([], smtpGrammar.parse([`250 ${text}`]), 0);
}

describe("an EHLO with all that limits allow, and more, is read in linear time", () => {
  test.each<[string, (length: number) => string]>([
    ["blanks behind AUTH", (length) => `250-AUTH ${" ".repeat(length)}x`],
    ["tabs behind AUTH", (length) => `250-AUTH ${"\t".repeat(length)}x`],
    ["blanks before AUTH", (length) => `250-${" ".repeat(length)}AUTH`],
    ["AUTH again and again", (length) => `250-${repeated("AUTH=")(length)}`],
    ["mechanisms", (length) => `250-AUTH ${repeated("PLAIN ")(length)}`],
    [
      "mechanisms, all of them different",
      (length) => `250-AUTH ${Array.from({ length: length / 8 }, (_, at) => `M${at}`).join(" ")}`,
    ],
    ["digits of a size", (length) => `250-SIZE ${"9".repeat(length)}`],
    ["sizes", (length) => `250-SIZE ${repeated("1 ")(length)}x`],
    ["limits", (length) => `250-LIMITS ${repeated("MAILMAX=1 ")(length)}`],
    ["half limits", (length) => `250-LIMITS ${repeated("A")(length)}`],
    ["dates", (length) => `250-FUTURERELEASE 1 ${"2".repeat(length)}`],
    ["an enhanced code", (length) => `250-2.1.${"1".repeat(length)}`],
  ])("of %s", async (_what, textOf) => {
    expect(await isLinear(textOf, (text) => extensionsOf(["250-mx", text]))).toBe(true);
  });

  test.each<[string, (length: number) => string[]]>([
    ["of AUTH", (length) => Array.from({ length: length / 16 }, () => "250-AUTH PLAIN")],
    ["of names", (length) => Array.from({ length: length / 16 }, (_, at) => `250-X${at} y`)],
    ["of enhanced codes", (length) => Array.from({ length: length / 16 }, () => "250-2.1.0 fine")],
  ])("in many lines %s", async (_what, linesOf) => {
    expect(
      await isLinear(
        (length) => linesOf(length).join("\n"),
        (text) => extensionsOf(["250-mx", ...text.split("\n")]),
      ),
    ).toBe(true);
  });

  test.each(["id=", "queued as ", "<", "<>", "<a> ", " Queued mail for delivery", "a "])(
    "and so is a reply to a message that is made of %j",
    async (unit) => {
      expect(await isLinear(repeated(unit), resultOf)).toBe(true);
    },
  );
});

test.each(["MAILMAX=0", "RCPTMAX=0", "MAILMAX=0 RCPTMAX=0 RCPTDOMAINMAX=0"])(
  "a limit of no messages, as %s, makes no client connect for ever",
  async (limits) => {
    const script = async (smtp: Smtp, index: number): Promise<void> => {
      // A client that goes on is stopped, so that the test ends.
      if (index > 5) return;
      await smtp.greet(`LIMITS ${limits}`);
      while ((await smtp.peer.readLine()) !== "QUIT") {
        await smtp.say("250 fine");
        await smtp.answer(/^RCPT /, "250 fine");
        await smtp.answer("DATA", "354 go on");
        await smtp.content();
        await smtp.say("250 queued as 1");
      }
      await smtp.say("221 bye");
    };
    await using server = await smtpServer(script);
    const { host, port } = server;
    const client = await SmtpClient.connect({ host, port, name });
    const mail = { from: "a@example.org", to: "b@example.org", message: "x" };
    for (let count = 0; count < 2; count += 1) {
      expect((await client.send(mail)).accepted).toEqual(["b@example.org"]);
    }
    await client.quit();
    expect(server.connections).toBeLessThan(4);
  },
);

test.each([
  ["a reply too many", ["250 mx.example.org", "250 extra"]],
  ["421", ["250 mx.example.org", "421 closing"]],
  ["garbage", ["250 mx.example.org", "garbage"]],
])("a session that is over as soon as it is open, by %s, is not replaced for ever", async (_what, lines) => {
  await using server = await smtpServer(async (smtp, index) => {
    // A client that goes on is stopped, so that the test ends.
    if (index > 50) return;
    await smtp.say("220 mx.example.org ESMTP");
    await smtp.answer(/^EHLO /, ...lines);
    await smtp.peer.closed;
  });
  const { host, port } = server;
  const mail = { from: "a@example.org", to: "b@example.org", message: "x" };
  expect(await failureOf(send({ host, port, name, retries: 2 }, mail))).toBeInstanceOf(Error);
  expect(server.connections).toBeLessThan(8);
});

test("names of extensions are names and nothing else", async () => {
  const names = ["__proto__ x", "constructor", "toString", "hasOwnProperty"];
  await using fixture = await introduced(names, async (smtp) => smtp.prove());
  const { session } = fixture;
  expect([...session.extensions.entries()].map(([extension]) => extension)).toEqual(
    names.map((one) => one.split(" ")[0]?.toUpperCase()),
  );
  expect(session.hasExtn("valueOf")).toBe(false);
  expect(session.extensions.authMechanisms).toEqual([]);
  await session.noop();
});

describe("CVE-2025-14874: a header that somebody else wrote takes no long time to read", () => {
  test.each(["a:", "(", "<", '"', "a@b,(", "g:h:(", "=?"])("with a To of nothing but %j", async (unit) => {
    await using fixture = await introduced([], (smtp) => smtp.peer.closed);
    const message = (length: number): string =>
      `From: a@example.org\r\nTo: ${repeated(unit)(length)}\r\n\r\nx`;
    const errors: unknown[] = [];
    const read = async (text: string): Promise<void> => {
      errors.push(await failureOf(fixture.session.sendMessage(text)));
    };
    expect(await isLinear(message, read)).toBe(true);
    for (const error of errors) expect(error).toBeInstanceOf(ArgumentError);
    expect(await fixture.sent()).not.toContain("MAIL");
  });
});
