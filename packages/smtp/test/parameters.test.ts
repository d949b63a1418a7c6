// The parameters of MAIL and RCPT: each exactly as it goes over the wire, and each refused here where its
// extension is missing.
import { ArgumentError, NotSupportedError } from "@netcli/core-transport";
import { failureOf } from "@netcli/test-kit";
import { describe, expect, test } from "vitest";
import type { MailOptions, RcptOptions } from "../src/index.ts";
import { from, identity, message, onServer, refuseUnhandled, to } from "./own-smtp.ts";

refuseUnhandled();

// All that a server can; XCLIENT is no matter here.
const everything = [
  "PIPELINING",
  "SIZE 10000",
  "8BITMIME",
  "SMTPUTF8",
  "DSN",
  "ENHANCEDSTATUSCODES",
  "CHUNKING",
  "BINARYMIME",
  "DELIVERBY",
  "FUTURERELEASE 31536000 2099-12-31T23:59:59Z",
  "MT-PRIORITY MIXER",
  "AUTH PLAIN",
  "REQUIRETLS",
  "STARTTLS",
];
const tls = { server: { tls: identity, users: { ann: "x", bob: "" } }, client: { tls: "starttls" } } as const;
const hundred = "x".repeat(100);

const mails: readonly (readonly [options: MailOptions, wire: string, extension: string | undefined])[] = [
  [{}, "", undefined],
  [{ size: 0 }, "SIZE=0", "SIZE"],
  [{ size: 10_000 }, "SIZE=10000", "SIZE"],
  [{ body: "7bit" }, "BODY=7BIT", "8BITMIME"],
  [{ body: "8bitmime" }, "BODY=8BITMIME", "8BITMIME"],
  [{ body: "binarymime" }, "BODY=BINARYMIME", "BINARYMIME"],
  [{ smtputf8: true }, "SMTPUTF8", "SMTPUTF8"],
  [{ smtputf8: false }, "", undefined],
  [{ ret: "full" }, "RET=FULL", "DSN"],
  [{ ret: "hdrs" }, "RET=HDRS", "DSN"],
  [{ envid: "QQ314159" }, "ENVID=QQ314159", "DSN"],
  [{ envid: "a b+c=d" }, "ENVID=a+20b+2Bc+3Dd", "DSN"],
  [{ envid: "~!" }, "ENVID=~!", "DSN"],
  [{ envid: hundred }, `ENVID=${hundred}`, "DSN"],
  [{ requireTls: true }, "REQUIRETLS", "REQUIRETLS"],
  [{ requireTls: false }, "", undefined],
  [{ deliverBy: { seconds: 120, mode: "return" } }, "BY=120;R", "DELIVERBY"],
  [{ deliverBy: { seconds: 1, mode: "return", trace: true } }, "BY=1;RT", "DELIVERBY"],
  [{ deliverBy: { seconds: -120, mode: "notify", trace: false } }, "BY=-120;N", "DELIVERBY"],
  [{ deliverBy: { seconds: 0, mode: "notify", trace: true } }, "BY=0;NT", "DELIVERBY"],
  [{ deliverBy: { seconds: 999_999_999, mode: "notify" } }, "BY=999999999;N", "DELIVERBY"],
  [{ holdFor: 3600 }, "HOLDFOR=3600", "FUTURERELEASE"],
  [{ holdUntil: new Date("2030-01-02T03:04:05.678Z") }, "HOLDUNTIL=2030-01-02T03:04:05Z", "FUTURERELEASE"],
  [{ priority: 0 }, "MT-PRIORITY=0", "MT-PRIORITY"],
  [{ priority: -9 }, "MT-PRIORITY=-9", "MT-PRIORITY"],
  [{ priority: 9 }, "MT-PRIORITY=9", "MT-PRIORITY"],
  [{ auth: "" }, "AUTH=<>", "AUTH"],
  [{ auth: "e+mc2=e@example.org" }, "AUTH=e+2Bmc2+3De@example.org", "AUTH"],
  [{ params: ["RET=HDRS", "SIZE=7"] }, "RET=HDRS SIZE=7", undefined],
  [
    { ret: "full", envid: "1", size: 5, body: "8bitmime", smtputf8: true, priority: 1, auth: "a" },
    "SIZE=5 BODY=8BITMIME SMTPUTF8 RET=FULL ENVID=1 MT-PRIORITY=1 AUTH=a",
    "DSN",
  ],
];

const rcpts: readonly (readonly [options: RcptOptions, wire: string, extension: string | undefined])[] = [
  [{}, "", undefined],
  [{ notify: "never" }, "NOTIFY=NEVER", "DSN"],
  [{ notify: ["success"] }, "NOTIFY=SUCCESS", "DSN"],
  [{ notify: ["failure", "delay", "failure"] }, "NOTIFY=FAILURE,DELAY", "DSN"],
  [{ notify: ["success", "failure", "delay"] }, "NOTIFY=SUCCESS,FAILURE,DELAY", "DSN"],
  [{ orcpt: "rfc822;a+b=c@example.org" }, "ORCPT=rfc822;a+2Bb+3Dc@example.org", "DSN"],
  [{ orcpt: "utf-8;b\u{fc}cher@example.org" }, "ORCPT=utf-8;b+C3+BCcher@example.org", "DSN"],
  [{ notify: ["delay"], orcpt: "x400;/a b" }, "NOTIFY=DELAY ORCPT=x400;/a+20b", "DSN"],
  [{ params: ["NOTIFY=NEVER"] }, "NOTIFY=NEVER", undefined],
];

const space = (wire: string): string => (wire === "" ? "" : ` ${wire}`);

describe("on the wire", () => {
  test.each(mails)("MAIL with %j", async (options, wire) => {
    await using fixture = await onServer({ ...tls.server, extensions: everything }, tls.client);
    const { session, since } = fixture;
    const lines = since();
    await session.mail(from, options);
    expect(lines()).toEqual([`MAIL FROM:<${from}>${space(wire)}`]);
  });

  test.each(rcpts)("RCPT with %j", async (options, wire) => {
    await using fixture = await onServer({ ...tls.server, extensions: everything }, tls.client);
    const { session, since } = fixture;
    const lines = since();
    await session.mail(from);
    await session.rcpt(to, options);
    expect(lines()[1]).toBe(`RCPT TO:<${to}>${space(wire)}`);
  });

  test("of a mail, whose recipients each have their own", async () => {
    await using fixture = await onServer({ extensions: everything });
    const { session, since } = fixture;
    const lines = since();
    const recipients = [{ address: to, notify: "never" } as const, "eve@example.org"];
    await session.sendMail(from, recipients, "", { ret: "hdrs", size: 9 }, { orcpt: "rfc822;x" });
    expect(lines()).toEqual([
      `MAIL FROM:<${from}> SIZE=9 RET=HDRS`,
      `RCPT TO:<${to}> NOTIFY=NEVER ORCPT=rfc822;x`,
      "RCPT TO:<eve@example.org> ORCPT=rfc822;x",
      "DATA",
    ]);
  });
});

describe("without its extension", () => {
  const needing = mails.filter(([, , extension]) => extension !== undefined);

  test.each(needing)("MAIL with %j is refused here", async (options, _wire, missing) => {
    const extensions = everything.filter((line) => line.split(" ")[0] !== missing);
    await using fixture = await onServer({ ...tls.server, extensions }, tls.client);
    const { session, since } = fixture;
    const lines = since();
    expect(await failureOf(session.mail(from, options))).toMatchObject({
      code: "ERR_NETCLI_NOT_SUPPORTED",
      message: expect.stringContaining(missing as string) as string,
    });
    expect(lines()).toEqual([]);
    expect((await session.sendMail(from, to, message)).accepted).toEqual([to]);
  });

  // The size is told only where it is wanted.
  test.each(needing.filter(([, , extension]) => extension !== "SIZE"))(
    "a mail with %j is refused here",
    async (options, _wire, missing) => {
      const extensions = everything.filter((line) => line.split(" ")[0] !== missing);
      await using fixture = await onServer({ ...tls.server, extensions }, tls.client);
      const { session, since } = fixture;
      const lines = since();
      expect(await failureOf(session.sendMail(from, to, message, options))).toBeInstanceOf(NotSupportedError);
      expect(lines()).toEqual([]);
    },
  );

  test.each(rcpts.filter(([, , extension]) => extension !== undefined))(
    "RCPT with %j is refused here",
    async (options, _wire, missing) => {
      const extensions = everything.filter((line) => line.split(" ")[0] !== missing);
      await using fixture = await onServer({ extensions });
      const { session, since } = fixture;
      const lines = since();
      expect(await failureOf(session.sendMail(from, to, message, {}, options))).toBeInstanceOf(
        NotSupportedError,
      );
      expect(lines()).toEqual([]);
      await session.mail(from);
      expect(await failureOf(session.rcpt(to, options))).toBeInstanceOf(NotSupportedError);
      await session.rset();
    },
  );

  test("binarymime needs CHUNKING as well, and requireTls needs TLS", async () => {
    await using fixture = await onServer({ extensions: ["8BITMIME", "BINARYMIME", "REQUIRETLS"] });
    const { session, since } = fixture;
    const lines = since();
    const asking = [
      session.mail(from, { body: "binarymime" }),
      session.sendMail(from, to, message, { body: "binarymime" }),
      session.sendMail(from, to, message, { requireTls: true }),
    ];
    for (const error of await Promise.all(asking.map(failureOf)))
      expect(error).toBeInstanceOf(NotSupportedError);
    expect(lines()).toEqual([]);
  });
});

describe("what can't be", () => {
  const wrong: readonly MailOptions[] = [
    { size: -1 },
    { size: 1.5 },
    { size: NaN },
    { body: "9bit" as "7bit" },
    { ret: "none" as "full" },
    { envid: "" },
    { envid: `${hundred}x` },
    { envid: "\u{fc}" },
    { envid: "a\r\nb" },
    { deliverBy: { seconds: 0, mode: "return" } },
    { deliverBy: { seconds: -1, mode: "return" } },
    { deliverBy: { seconds: 1_000_000_000, mode: "notify" } },
    { deliverBy: { seconds: -1_000_000_000, mode: "notify" } },
    { deliverBy: { seconds: 1.5, mode: "notify" } },
    { deliverBy: { seconds: 1, mode: "never" as "notify" } },
    { holdFor: 0 },
    { holdFor: -1 },
    { holdFor: 1, holdUntil: new Date() },
    { holdUntil: new Date(NaN) },
    { priority: 10 },
    { priority: -10 },
    { priority: 0.5 },
    { params: ["A B"] },
    { params: [""] },
    { params: ["A=\r\nRSET"] },
    { params: ["A=\u{fc}"] },
  ];

  test.each(wrong)("of MAIL, as %j, is refused before anything is sent", async (options) => {
    await using fixture = await onServer({ extensions: everything });
    const { session, since } = fixture;
    const lines = since();
    expect(await failureOf(session.mail(from, options))).toBeInstanceOf(ArgumentError);
    expect(await failureOf(session.sendMail(from, to, message, options))).toBeInstanceOf(ArgumentError);
    expect(lines()).toEqual([]);
  });

  test.each<RcptOptions>([
    { notify: [] },
    { notify: "always" as "never" },
    { notify: ["never", "delay"] as unknown as ["delay"] },
    { orcpt: "a@example.org" },
    { orcpt: ";a@example.org" },
    { orcpt: "rfc822;" },
    { orcpt: "rfc 822;a" },
    { orcpt: "rfc822;a\r\nRSET" },
    { params: ["A B"] },
  ])("of RCPT, as %j, is refused before anything is sent", async (options) => {
    await using fixture = await onServer({ extensions: everything });
    const { session, since } = fixture;
    const lines = since();
    expect(await failureOf(session.rcpt(to, options))).toBeInstanceOf(ArgumentError);
    expect(await failureOf(session.sendMail(from, to, message, {}, options))).toBeInstanceOf(ArgumentError);
    expect(lines()).toEqual([]);
  });

  test("of recipients is none of them, and of onPartial anything else", async () => {
    await using fixture = await onServer();
    const { session, since } = fixture;
    const lines = since();
    expect(await failureOf(session.sendMail(from, [], message))).toBeInstanceOf(ArgumentError);
    const onPartial = "maybe" as "throw";
    expect(await failureOf(session.sendMail(from, to, message, { onPartial }))).toBeInstanceOf(ArgumentError);
    expect(lines()).toEqual([]);
  });
});
