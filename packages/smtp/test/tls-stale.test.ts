// What a server has said in clear counts for nothing behind TLS (RFC 3207 4.2).
import { NotSupportedError } from "@netcli/core-transport";
import { failureOf } from "@netcli/test-kit";
import { describe, expect, test } from "vitest";
import { send, SmtpSession } from "../src/index.ts";
import {
  greeted,
  name,
  refuseUnhandled,
  type Smtp,
  smtpServer,
  throughTunnel,
  tlsOptions,
} from "./scripted-smtp.ts";

refuseUnhandled();

const login = { user: "ada", password: "p4ssw0rd" };
const before = [
  "AUTH LOGIN PLAIN",
  "SIZE 10",
  "PIPELINING",
  "CHUNKING",
  "8BITMIME",
  "SMTPUTF8",
  "DSN",
  "STARTTLS",
];
const message = "Subject: longer than ten bytes\r\n\r\nx\r\n";

/** Greets, offers all of it in clear, and takes STARTTLS. */
async function upgrade(smtp: Smtp): Promise<void> {
  await smtp.greet(...before);
  await smtp.secure();
}

describe("what was offered before TLS", () => {
  test("is not known behind it, until the server is asked again", async () => {
    await using fixture = await greeted(
      async (smtp) => {
        await smtp.offer(...before);
        await smtp.secure();
        await smtp.offer("HELP");
      },
      { tlsOptions },
    );
    const { session } = fixture;
    await session.ehlo();
    expect([...session.extensions.entries()]).toHaveLength(before.length);
    await session.startTls();
    expect([...session.extensions.entries()]).toEqual([]);
    for (const offer of before) expect(session.hasExtn(offer.split(" ")[0] ?? "")).toBe(false);
    await session.ehloOrHeloIfNeeded();
    expect([...session.extensions.entries()]).toEqual([["HELP", ""]]);
  });

  test("is not known while the handshake lasts", async () => {
    const known: number[] = [];
    await using fixture = await greeted(
      async (smtp) => {
        await smtp.offer(...before);
        await smtp.answer("STARTTLS", "220 go");
        // The client's part has begun.
        await smtp.peer.read(1);
        known.push([...fixture.session.extensions.entries()].length);
        smtp.peer.close();
      },
      { tlsOptions },
    );
    await fixture.session.ehlo();
    await failureOf(fixture.session.startTls());
    expect(known).toEqual([0]);
  });

  test("is no way to log in", async () => {
    await using server = await smtpServer(async (smtp) => {
      await upgrade(smtp);
      await smtp.offer("PIPELINING");
      await smtp.answer("QUIT", "221 bye");
    });
    const error = await failureOf(
      SmtpSession.connect({ ...throughTunnel(server), ...login, name, tlsOptions }),
    );
    expect(error).toBeInstanceOf(NotSupportedError);
    expect(error).toMatchObject({ code: "ERR_NETCLI_SASL_NO_MECHANISM" });
  });

  test("does not make a mechanism be tried that is no longer there", async () => {
    await using server = await smtpServer(async (smtp) => {
      await upgrade(smtp);
      await smtp.offer("AUTH LOGIN");
      await smtp.answer("AUTH LOGIN", "535 no");
      await smtp.answer("QUIT", "221 bye");
    });
    await failureOf(SmtpSession.connect({ ...throughTunnel(server), ...login, name, tlsOptions }));
    await server.settled();
    expect(server.received.toString()).not.toContain("PLAIN");
  });

  test("neither limits a message, nor lets one be pipelined, chunked or declared", async () => {
    let content = "";
    await using server = await smtpServer(async (smtp) => {
      await upgrade(smtp);
      await smtp.offer("HELP");
      await smtp.expect("MAIL FROM:<a@example.org>");
      expect((await fromNowOn(smtp)).toString()).toBe("");
      await smtp.say("250 fine");
      await smtp.expect("RCPT TO:<b@example.org>");
      expect((await fromNowOn(smtp)).toString()).toBe("");
      await smtp.say("250 fine");
      await smtp.answer("DATA", "354 go on");
      content = await smtp.content();
      await smtp.say("250 queued as 1");
      await smtp.answer("QUIT", "221 bye");
    });
    const options = { ...throughTunnel(server), name, tls: "starttls", tlsOptions, chunking: true } as const;
    await send(options, { from: "a@example.org", to: "b@example.org", message });
    expect(content).toBe(message);
  });

  test("is no reason to say HELO or nothing: EHLO comes again", async () => {
    await using server = await smtpServer(async (smtp) => {
      await upgrade(smtp);
      await smtp.answer(/^EHLO /, "421 closing");
    });
    const options = { ...throughTunnel(server), ...login, name, tlsOptions };
    expect(await failureOf(SmtpSession.connect(options))).toMatchObject({ code: "ERR_NETCLI_CLOSED" });
    await server.settled();
    expect(server.received.toString()).not.toContain("AUTH");
  });
});

/** What the client sends without being answered, in a round trip of something else. */
async function fromNowOn(smtp: Smtp): Promise<Buffer> {
  const known = smtp.peer.received.length;
  for (let count = 0; count < 5; count += 1) await new Promise((resolve) => setImmediate(resolve));
  return smtp.peer.received.subarray(known);
}
