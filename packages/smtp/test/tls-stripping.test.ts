// Who stands between takes STARTTLS away: where TLS is required, nothing of a login or a mail goes out in clear.
import { ConnectionClosedError, NotSupportedError, ReplyError, TlsError } from "@netcli/core-transport";
import { failureOf } from "@netcli/test-kit";
import { describe, expect, test } from "vitest";
import { send, SmtpClient, type SmtpOptions, SmtpSession } from "../src/index.ts";
import {
  ehlo,
  ehloLines,
  name,
  refuseUnhandled,
  type Smtp,
  smtpServer,
  throughTunnel,
  tlsOptions,
} from "./scripted-smtp.ts";

refuseUnhandled();

const helo = ehlo.replace("EHLO", "HELO");
const quit = "QUIT\r\n";
const login = { user: "ada", password: "p4ssw0rd" };
const mail = { from: "a@example.org", to: "b@example.org", message: "Subject: x\r\n\r\nx\r\n" };
const offered = ["AUTH PLAIN LOGIN CRAM-MD5 SCRAM-SHA-256", "PIPELINING", "STARTTLS"];
const stripped = offered.filter((extension) => extension !== "STARTTLS");

/** Ways to take TLS away: what the server does, and all that it gets to hear. */
const ways: [string, (smtp: Smtp) => Promise<void>, string][] = [
  ["STARTTLS is not offered", (smtp) => smtp.offer(...stripped), `${ehlo}${quit}`],
  ["nothing is offered", (smtp) => smtp.offer(), `${ehlo}${quit}`],
  [
    "STARTTLS has another name",
    (smtp) => smtp.offer(...stripped, "XSTARTTLS", "START TLS"),
    `${ehlo}${quit}`,
  ],
  ["STARTTLS is said of something else", (smtp) => smtp.offer("AUTH STARTTLS PLAIN"), `${ehlo}${quit}`],
  ...["454 not now", "501 what", "502 no", "503 no", "554 no", "354 go on", "334 "].map(
    (reply): [string, (smtp: Smtp) => Promise<void>, string] => [
      `STARTTLS is answered with ${JSON.stringify(reply)}`,
      async (smtp) => {
        await smtp.offer(...offered);
        await smtp.answer("STARTTLS", reply);
      },
      `${ehlo}STARTTLS\r\n${quit}`,
    ],
  ),
  [
    "STARTTLS is answered with 421",
    async (smtp) => {
      await smtp.offer(...offered);
      await smtp.answer("STARTTLS", "421 closing");
    },
    `${ehlo}STARTTLS\r\n`,
  ],
  [
    "the server leaves instead of answering STARTTLS",
    async (smtp) => {
      await smtp.offer(...offered);
      await smtp.expect("STARTTLS");
      smtp.peer.end();
    },
    `${ehlo}STARTTLS\r\n`,
  ],
  ...["500 what", "501 what", "502 no", "504 no", "550 no"].map(
    (reply): [string, (smtp: Smtp) => Promise<void>, string] => [
      `EHLO is answered with ${JSON.stringify(reply)}, so that HELO would do`,
      async (smtp) => {
        await smtp.answer(/^EHLO /, reply);
        await smtp.answer(/^HELO /, "250 fine");
      },
      `${ehlo}${helo}${quit}`,
    ],
  ),
  [
    "the answer to HELO looks like one to EHLO",
    async (smtp) => {
      await smtp.answer(/^EHLO /, "502 no");
      await smtp.answer(/^HELO /, ...ehloLines(stripped));
    },
    `${ehlo}${helo}${quit}`,
  ],
  ["EHLO is answered with 421", (smtp) => smtp.answer(/^EHLO /, "421 closing"), ehlo],
];

/** Who requires TLS, and is not on this machine. */
const requiring: [string, Partial<SmtpOptions>][] = [
  ["with credentials", login],
  ["with credentials and tls: starttls", { ...login, tls: "starttls" }],
  ["with tls: starttls", { tls: "starttls" }],
  ["with a token", { user: "ada", token: "t0ken" }],
  ["with a client certificate", { external: true }],
];

describe.each(ways)("STARTTLS stripping (CVE-2016-0772): %s", (_what, script, heard) => {
  test.each(requiring)("a session %s fails", async (_how, options) => {
    await using server = await smtpServer(async (smtp) => {
      await smtp.say("220 mx.example.org ESMTP");
      await script(smtp);
      if (heard.endsWith(quit)) await smtp.answer("QUIT", "221 bye");
      await smtp.peer.closed;
    });
    const connecting = SmtpSession.connect({ ...throughTunnel(server), name, tlsOptions, ...options });
    const error = await failureOf(connecting);
    const isLost = !heard.endsWith(quit);
    expect(error).toBeInstanceOf(isLost ? ConnectionClosedError : TlsError);
    await server.settled();
    expect(server.received.toString()).toBe(heard);
  });

  test("a client that has a mail to send sends nothing of it", async () => {
    await using server = await smtpServer(async (smtp) => {
      await smtp.say("220 mx.example.org ESMTP");
      await script(smtp);
      if (heard.endsWith(quit)) await smtp.answer("QUIT", "221 bye");
      await smtp.peer.closed;
    });
    const options = { ...throughTunnel(server), name, tls: "starttls", retries: 0 } as const;
    await failureOf(send(options, mail));
    await server.settled();
    expect(server.received.toString()).toBe(heard);
    expect(server.connections).toBe(1);
  });
});

describe("the answers to STARTTLS (NO STARTTLS, USENIX Security 2021)", () => {
  test("that refuse say so, and that nothing secret was sent", async () => {
    await using server = await smtpServer(async (smtp) => {
      await smtp.greet("STARTTLS");
      await smtp.answer("STARTTLS", "454 4.7.0 not now");
      await smtp.answer("QUIT", "221 bye");
    });
    const error = await failureOf(SmtpSession.connect({ ...throughTunnel(server), ...login, name }));
    expect(error).toMatchObject({ message: expect.stringContaining("nothing secret was sent") });
    expect((error as TlsError).cause).toBeInstanceOf(ReplyError);
  });

  test("a greeting that says we are in already changes nothing", async () => {
    await using server = await smtpServer(async (smtp) => {
      await smtp.say("235 you are ada");
      await smtp.offer("AUTH PLAIN");
      await smtp.answer("QUIT", "221 bye");
    });
    expect(await failureOf(SmtpSession.connect({ ...throughTunnel(server), ...login, name }))).toBeInstanceOf(
      TlsError,
    );
  });

  test("a greeting with answers to commands that were not sent yet ends the session", async () => {
    await using server = await smtpServer(async (smtp) => {
      await smtp.say("220 mx.example.org ESMTP", ...ehloLines(["AUTH PLAIN"]), "235 in");
      await smtp.peer.closed;
    });
    const error = await failureOf(SmtpSession.connect({ ...throughTunnel(server), ...login, name }));
    expect(error).toMatchObject({ code: "ERR_NETCLI_PROTOCOL" });
    await server.settled();
    expect(server.received.toString()).not.toContain("AUTH");
  });
});

describe("in opportunistic mode", () => {
  test.each<[string, (smtp: Smtp) => Promise<void>]>([
    ["STARTTLS is not offered", (smtp) => smtp.offer()],
    [
      "STARTTLS is refused",
      async (smtp) => {
        await smtp.offer("STARTTLS");
        await smtp.answer("STARTTLS", "454 not now");
      },
    ],
  ])("a mail goes out in clear if %s", async (_what, script) => {
    await using server = await smtpServer(async (smtp) => {
      await smtp.say("220 mx.example.org ESMTP");
      await script(smtp);
      await smtp.take();
      await smtp.answer("QUIT", "221 bye");
    });
    const result = await send({ ...throughTunnel(server), name }, mail);
    expect(result.accepted).toEqual(["b@example.org"]);
  });

  test.each<[string, Partial<SmtpOptions>]>([
    ["a password", login],
    ["a token", { user: "ada", token: "t0ken" }],
  ])("%s does not (golang/go#22134)", async (_what, credentials) => {
    await using server = await smtpServer(async (smtp) => {
      await smtp.greet("AUTH PLAIN LOGIN XOAUTH2 OAUTHBEARER");
      await smtp.answer("QUIT", "221 bye");
    });
    const options = { ...throughTunnel(server), name, tls: "opportunistic", ...credentials } as const;
    const error = await failureOf(SmtpClient.connect(options));
    expect(error).toBeInstanceOf(NotSupportedError);
    expect(error).toMatchObject({ message: expect.stringContaining("needs TLS") });
    await server.settled();
    expect(server.received.toString()).toBe(`${ehlo}${quit}`);
  });

  test("a handshake that fails ends it, and nothing is sent in clear behind it", async () => {
    await using server = await smtpServer(async (smtp) => {
      await smtp.greet("STARTTLS");
      await smtp.answer("STARTTLS", "220 go");
      // What is no TLS record.
      await smtp.peer.read(5);
      await smtp.say("500 what");
      await smtp.peer.closed;
    });
    expect(await failureOf(send({ ...throughTunnel(server), name, retries: 0 }, mail))).toBeInstanceOf(
      TlsError,
    );
    await server.settled();
    expect(server.received.toString("latin1")).not.toContain("MAIL");
    expect(server.connections).toBe(1);
  });
});
