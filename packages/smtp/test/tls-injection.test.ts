// Bytes that a server says in clear, or that we would say, where TLS is about to begin (RFC 3207 6).
import { setImmediate as tick } from "node:timers/promises";
import { Duplex } from "node:stream";
import { TlsError } from "@netcli/core-transport";
import { failureOf } from "@netcli/test-kit";
import { describe, expect, test } from "vitest";
import { SmtpSession } from "../src/index.ts";
import {
  ehlo,
  ehloLines,
  greeted,
  identity,
  name,
  refuseUnhandled,
  smtpServer,
  throughTunnel,
  tlsOptions,
} from "./scripted-smtp.ts";

refuseUnhandled();

const goAhead = "220 go\r\n";
const injection = "ERR_NETCLI_STARTTLS_INJECTION";
const login = { user: "ada", password: "p4ssw0rd" };

const injected: [string, string][] = [
  ["a reply", "250 fine\r\n"],
  ["half a reply", "2"],
  ["a reply without its end", "250 AUTH PLAIN"],
  ["an answer to EHLO", `${ehloLines(["AUTH LOGIN"]).join("\r\n")}\r\n`],
  ["a whole dialogue", `${ehloLines(["AUTH PLAIN"]).join("\r\n")}\r\n235 in\r\n250 a\r\n250 b\r\n`],
  ["a line end", "\r\n"],
  ["half a line end", "\n"],
  ["a NUL", "\0"],
  ["the beginning of a TLS record", "\u0016\u0003\u0003"],
];

/** A peer that says what it is given within one turn of the event loop, each piece by itself, when it hears STARTTLS. */
class Injector extends Duplex {
  heard = "";
  readonly #pieces: readonly string[];

  constructor(pieces: readonly string[]) {
    super();
    this.#pieces = pieces;
    this.push("220 mx.example.org ESMTP\r\n");
  }

  override _read(): void {}

  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    this.heard += chunk.toString("latin1");
    if (this.heard === ehlo) this.push("250-mx.example.org\r\n250 STARTTLS\r\n");
    if (this.heard === `${ehlo}STARTTLS\r\n`) for (const piece of this.#pieces) this.push(piece);
    done();
  }
}

describe("response injection (CVE-2021-38371, CVE-2026-41319, GHSA-vxj7-4xrp-5vr4)", () => {
  test.each(injected)("of %s in the segment of the go-ahead", async (_what, bytes) => {
    await using server = await smtpServer(async (smtp) => {
      await smtp.greet("STARTTLS");
      await smtp.expect("STARTTLS");
      await smtp.peer.send(`${goAhead}${bytes}`);
      await smtp.peer.closed;
    });
    const error = await failureOf(
      SmtpSession.connect({ ...throughTunnel(server), ...login, name, tlsOptions }),
    );
    expect(error).toBeInstanceOf(TlsError);
    expect(error).toMatchObject({ code: injection });
    await server.settled();
    expect(server.received.toString()).toBe(`${ehlo}STARTTLS\r\n`);
  });

  test.each(injected)(
    "of %s before our side of the handshake has begun, in every split",
    async (_what, bytes) => {
      const said = `${goAhead}${bytes}`;
      const splits = [Array.from(said), ...Array.from(said, (_, at) => [said.slice(0, at), said.slice(at)])];
      const wrong: string[] = [];
      for (const pieces of splits) {
        const peer = new Injector(pieces.filter((piece) => piece !== ""));
        const options = { host: "localhost", port: 25, proxy: async () => peer, ...login, name, tlsOptions };
        const error = await failureOf(SmtpSession.connect(options));
        const isRight = error instanceof TlsError && error.code === injection;
        if (!isRight || peer.heard !== `${ehlo}STARTTLS\r\n`) {
          wrong.push(`${JSON.stringify(pieces)}: ${String(error)}, ${JSON.stringify(peer.heard)}`);
        }
      }
      expect(wrong).toEqual([]);
    },
  );

  test.each(injected.slice(0, 5))(
    "of %s over TCP, in every split",
    { timeout: 30_000 },
    async (_what, bytes) => {
      const said = `${goAhead}${bytes}`;
      const wrong: string[] = [];
      for (let at = 1; at < said.length; at += 1) {
        await using server = await smtpServer(async (smtp) => {
          await smtp.greet("STARTTLS");
          await smtp.expect("STARTTLS");
          await smtp.peer.sendSplit(said, [at]).catch(() => undefined);
          smtp.peer.end();
          await smtp.peer.closed;
        });
        const error = await failureOf(
          SmtpSession.connect({ ...throughTunnel(server), ...login, name, tlsOptions }),
        );
        await server.settled();
        const heard = server.received.toString("latin1");
        // Behind our part of the handshake it is no TLS record.
        const code = at < goAhead.length ? injection : "ERR_NETCLI_TLS";
        const isRight = error instanceof TlsError && [injection, code].includes(error.code);
        if (!isRight || /AUTH|MAIL|EHLO.*EHLO/s.test(heard))
          wrong.push(`at ${at}: ${String(error)}, ${heard}`);
      }
      expect(wrong).toEqual([]);
    },
  );

  test("into startTls of a session ends that session", async () => {
    await using fixture = await greeted(
      async (smtp) => {
        await smtp.offer("STARTTLS");
        await smtp.expect("STARTTLS");
        await smtp.peer.send(`${goAhead}250-mx.example.org\r\n250 AUTH PLAIN\r\n`);
        await smtp.peer.closed;
      },
      { tlsOptions },
    );
    const { session } = fixture;
    await session.ehlo();
    expect(await failureOf(session.startTls())).toMatchObject({ code: injection });
    expect(session.isOpen).toBe(false);
    expect(session.hasExtn("AUTH")).toBe(false);
    expect(await failureOf(session.ehlo())).toMatchObject({ code: injection });
    expect(await fixture.sent()).toBe(`${ehlo}STARTTLS\r\n`);
  });

  test("in opportunistic mode is no reason to go on in clear", async () => {
    await using server = await smtpServer(async (smtp) => {
      await smtp.greet("STARTTLS");
      await smtp.expect("STARTTLS");
      await smtp.peer.send(`${goAhead}454 not now\r\n`);
      await smtp.peer.closed;
    });
    const options = { ...throughTunnel(server), name, tls: "opportunistic", tlsOptions } as const;
    expect(await failureOf(SmtpSession.connect(options))).toMatchObject({ code: injection });
    await server.settled();
    expect(server.received.toString()).toBe(`${ehlo}STARTTLS\r\n`);
  });
});

describe("command injection (CVE-2011-0411): nothing goes out behind STARTTLS before the handshake is done", () => {
  test("though it was asked for at once", async () => {
    await using fixture = await greeted(
      async (smtp) => {
        await smtp.offer("PIPELINING", "STARTTLS", "CHUNKING");
        await smtp.expect("STARTTLS");
        // Whatever is sent along is here after a few turns.
        for (let count = 0; count < 5; count += 1) await tick();
        expect(smtp.peer.received.toString()).toBe(`${ehlo}STARTTLS\r\n`);
        await smtp.say("220 go");
        await smtp.peer.startTls(identity);
        expect(smtp.peer.received.toString()).toBe(`${ehlo}STARTTLS\r\n`);
        await smtp.offer("PIPELINING");
        await smtp.answer("MAIL FROM:<a@example.org>", "250 fine");
        await smtp.answer("RCPT TO:<b@example.org>", "250 fine");
        await smtp.prove();
        await smtp.answer("VRFY c", "250 fine");
      },
      { tlsOptions },
    );
    const { session } = fixture;
    await session.ehlo();
    await Promise.all([
      session.startTls(),
      session.ehlo(),
      session.mail("a@example.org"),
      session.rcpt("b@example.org"),
      session.noop(),
      session.docmd("VRFY", "c"),
    ]);
  });

  test("nor if the server refuses it", async () => {
    await using fixture = await greeted(async (smtp) => {
      await smtp.offer("PIPELINING", "STARTTLS");
      await smtp.expect("STARTTLS");
      for (let count = 0; count < 5; count += 1) await tick();
      expect(smtp.peer.received.toString()).toBe(`${ehlo}STARTTLS\r\n`);
      await smtp.say("454 not now");
      await smtp.prove();
    });
    const { session } = fixture;
    await session.ehlo();
    const refused = failureOf(session.startTls());
    const answered = session.noop();
    expect(await refused).toMatchObject({ code: "ERR_NETCLI_REPLY" });
    expect(await answered).toMatchObject({ code: 250 });
  });

  test("nor what was asked for behind a handshake that fails", async () => {
    await using fixture = await greeted(
      async (smtp) => {
        await smtp.offer("PIPELINING", "STARTTLS");
        await smtp.answer("STARTTLS", "220 go");
        await smtp.peer.read(5);
        await smtp.say("500 what");
        await smtp.peer.closed;
      },
      { tlsOptions },
    );
    const { session } = fixture;
    await session.ehlo();
    const upgrading = failureOf(session.startTls());
    const asking = [session.ehlo(), session.mail("a@example.org"), session.noop()].map((one) =>
      failureOf(one),
    );
    expect(await upgrading).toBeInstanceOf(TlsError);
    for (const error of await Promise.all(asking)) expect(error).toBeInstanceOf(TlsError);
    expect(await fixture.sent()).not.toMatch(/EHLO.*EHLO|MAIL|NOOP/s);
  });
});
