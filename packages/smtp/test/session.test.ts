// A session from its greeting to its end: how we introduce ourselves, what we learn, and how it goes on and is over.
import { hostname } from "node:os";
import { ConnectionClosedError, ConnectError, ReplyError, TimeoutError } from "@netcli/core-transport";
import { closedPort, failureOf, scriptedServer, tempDir } from "@netcli/test-kit";
import { startEsmtpServer } from "@netcli/test-servers";
import { describe, expect, test, vi } from "vitest";
import { SmtpSession } from "../src/index.ts";
import { from, identity, message, onServer, refuseUnhandled, to, tlsOptions, turns } from "./own-smtp.ts";

refuseUnhandled();

// A host that has a domain says its name; the others say where they are.
const ownName = hostname().includes(".") ? hostname() : "[127.0.0.1]";

const refuseAll = (verb: string): string | undefined =>
  verb === "CONNECT" ? "554-5.7.1 Not you.\n554 5.7.1 Never." : undefined;

describe("connect", () => {
  test("reads the greeting, and says nothing", async () => {
    await using server = await startEsmtpServer({ name: "mx.example", greeting: ["ESMTP one", "two"] });
    const session = await SmtpSession.connect(server.url);
    expect(session.welcome).toBe("mx.example ESMTP one\ntwo");
    expect(session.isOpen).toBe(true);
    expect([...session.extensions.entries()]).toEqual([]);
    await session.quit();
    expect(server.commands).toEqual(["QUIT"]);
    expect(session.isOpen).toBe(false);
  });

  test.each([
    ["a password", { user: "ann", password: "secret" }, ["STARTTLS", "AUTH"]],
    ["TLS", { tls: "starttls" }, ["STARTTLS"]],
    ["TLS if it can be had", { tls: "opportunistic" }, ["STARTTLS"]],
  ] as const)("with %s introduces us and gets that done", async (_what, options, verbs) => {
    await using server = await startEsmtpServer({ tls: identity, users: { ann: "secret" } });
    const { host, port } = server;
    const session = await SmtpSession.connect({ host, port, tlsOptions, ...options });
    const said = server.commands.map((line) => line.split(" ")[0]);
    expect(said.filter((verb) => verb === "STARTTLS" || verb === "AUTH")).toEqual(verbs);
    expect(said.filter((verb) => verb === "EHLO")).toHaveLength(2);
    expect(server.sessions[0]).toMatchObject({ isSecure: true, violations: [] });
    expect(session.extensions.has("STARTTLS")).toBe(false);
    session.close();
  });

  test("is refused by a server that greets with 554, and says goodbye", async () => {
    await using server = await startEsmtpServer({ reply: refuseAll });
    const error = await failureOf(SmtpSession.connect(server.url));
    expect(error).toBeInstanceOf(ReplyError);
    expect(error).toMatchObject({
      command: "connect",
      isPermanent: true,
      isTemporary: false,
      reply: { code: 554, enhanced: "5.7.1", text: "Not you.\nNever." },
    });
    await server.sessions[0]?.ended;
    expect(server.commands).toEqual(["QUIT"]);
    expect(server.violations).toEqual([]);
  });

  test("is told 421 as a refusal that passes", async () => {
    await using server = await startEsmtpServer({ maxConnections: 1 });
    await using first = await SmtpSession.connect(server.url);
    const error = await failureOf(SmtpSession.connect(server.url));
    expect(error).toMatchObject({ command: "connect", isTemporary: true, reply: { code: 421 } });
    expect(error).toBeInstanceOf(ReplyError);
    expect(first.isOpen).toBe(true);
  });

  test("rejects where nobody listens, and where nobody greets", async () => {
    const port = await closedPort();
    expect(await failureOf(SmtpSession.connect({ host: "127.0.0.1", port }))).toBeInstanceOf(ConnectError);
    await using silent = await scriptedServer((peer) => peer.closed);
    const { host } = silent;
    const options = { host, port: silent.port, timeouts: { greeting: 50, close: 50 } };
    const error = await failureOf(SmtpSession.connect(options));
    expect(error).toBeInstanceOf(TimeoutError);
    expect(error).toMatchObject({ phase: "greeting" });
    await silent.settled();
  });

  test("is given up with the signal's reason, and leaves nothing open", async () => {
    await using silent = await scriptedServer((peer) => peer.closed);
    const { host, port } = silent;
    const controller = new AbortController();
    const connecting = failureOf(SmtpSession.connect({ host, port, signal: controller.signal }));
    while (silent.connections === 0) await turns(1);
    controller.abort("enough");
    expect(await connecting).toBe("enough");
    await silent.settled();
  });

  test("takes a Unix socket", async () => {
    await using directory = await tempDir();
    const path = directory.file("lmtp");
    await using server = await startEsmtpServer({ path, lmtp: true });
    const session = await SmtpSession.connect({ path, protocol: "lmtp" });
    expect((await session.sendMail(from, to, message)).accepted).toEqual([to]);
    expect(server.sessions[0]?.clientName).toBe(hostname().includes(".") ? hostname() : "localhost");
    await session.quit();
    expect(server.violations).toEqual([]);
  });
});

const refuseLhlo = (verb: string): string | undefined => (verb === "LHLO" ? "500 No." : undefined);

describe("EHLO", () => {
  test("says this host's name, or else where it is, or what it is told", async () => {
    await using fixture = await onServer();
    const { session, server } = fixture;
    await session.ehlo("one.example");
    await session.helo();
    await session.helo("two.example");
    expect(server.commands).toEqual([
      `EHLO ${ownName}`,
      "EHLO one.example",
      `HELO ${ownName}`,
      "HELO two.example",
    ]);
    await using named = await onServer({}, { name: "three.example" });
    await named.session.helo();
    expect(named.server.commands).toEqual(["EHLO three.example", "HELO three.example"]);
  });

  test("over IPv6 names the address as one", async () => {
    await using fixture = await onServer({ host: "::1" });
    expect(fixture.server.commands).toEqual([`EHLO ${hostname().includes(".") ? hostname() : "[IPv6:::1]"}`]);
  });

  test("tells what the server can, until it is asked again", async () => {
    const extensions = ["SIZE 1000", "x-own one two", "PIPELINING"];
    await using fixture = await onServer({ extensions });
    const { session } = fixture;
    expect([...session.extensions.entries()]).toEqual([
      ["SIZE", "1000"],
      ["X-OWN", "one two"],
      ["PIPELINING", ""],
    ]);
    expect([session.hasExtn("X-Own"), session.hasExtn("chunking")]).toEqual([true, false]);
    await session.helo();
    expect([...session.extensions.entries()]).toEqual([]);
  });

  test("is said once, however many mails there are", async () => {
    await using fixture = await onServer();
    const { session, server } = fixture;
    await session.ehloOrHeloIfNeeded();
    await session.sendMail(from, to, message);
    await session.sendMail(from, to, message);
    expect(server.commands.filter((line) => line.startsWith("EHLO"))).toHaveLength(1);
  });

  test("is said before a mail by itself", async () => {
    await using server = await startEsmtpServer();
    const session = await SmtpSession.connect(server.url);
    expect((await session.sendMail(from, to, message)).accepted).toEqual([to]);
    expect(server.commands[0]).toBe(`EHLO ${ownName}`);
    await session.quit();
    expect(server.violations).toEqual([]);
  });

  test.each([500, 501, 502, 503, 504, 550])("that is answered with %i is followed by HELO", async (code) => {
    const reply = (verb: string): string | undefined => (verb === "EHLO" ? `${code} No.` : undefined);
    await using fixture = await onServer({ reply });
    const { session, server } = fixture;
    expect((await session.sendMail(from, to, message)).accepted).toEqual([to]);
    expect(server.commands).toEqual([
      `EHLO ${ownName}`,
      `HELO ${ownName}`,
      `MAIL FROM:<${from}>`,
      `RCPT TO:<${to}>`,
      "DATA",
    ]);
    // Nothing is sent ahead to a server that has not said that it stands it.
    expect(server.flights).toBe(6);
  });

  test.each([421, 450, 521, 554])("that is answered with %i is refused", async (code) => {
    const reply = (verb: string): string | undefined => (verb === "EHLO" ? `${code} No.` : undefined);
    await using server = await startEsmtpServer({ reply });
    const session = await SmtpSession.connect(server.url);
    const error = await failureOf(session.ehloOrHeloIfNeeded());
    expect(error).toBeInstanceOf(code === 421 ? ConnectionClosedError : ReplyError);
    expect((error as Error).message).toContain(`${code} No.`);
    expect(server.commands).toEqual([`EHLO ${ownName}`]);
    session.close();
  });

  test("is LHLO with LMTP, to which nothing else is tried", async () => {
    await using fixture = await onServer({ lmtp: true });
    expect(fixture.server.commands).toEqual([`LHLO ${ownName}`]);
    expect(fixture.session.hasExtn("PIPELINING")).toBe(true);
    const refused = failureOf(onServer({ lmtp: true, reply: refuseLhlo }));
    expect(await refused).toMatchObject({ reply: { code: 500 }, command: `LHLO ${ownName}` });
  });
});

describe("XCLIENT", () => {
  const extensions = ["XCLIENT NAME ADDR LOGIN", "PIPELINING"];

  test("tells the server who we speak for, and begins anew", async () => {
    await using fixture = await onServer({ extensions });
    const { session, server } = fixture;
    await session.xclient({ NAME: "a b=c", ADDR: "192.0.2.1" });
    expect([...(server.sessions[0]?.attributes ?? [])]).toEqual([
      ["NAME", "a b=c"],
      ["ADDR", "192.0.2.1"],
    ]);
    expect(session.hasExtn("XCLIENT")).toBe(false);
    expect((await session.sendMail(from, to, message)).accepted).toEqual([to]);
    expect(server.commands.filter((line) => line.startsWith("EHLO"))).toHaveLength(2);
  });

  test("is refused here where it was not offered, and by the server where it can't be", async () => {
    await using without = await onServer({ extensions: ["PIPELINING"] });
    expect(await failureOf(without.session.xclient({ NAME: "a" }))).toMatchObject({
      code: "ERR_NETCLI_NOT_SUPPORTED",
    });
    await using fixture = await onServer({
      extensions,
      reply: (verb) => (verb === "XCLIENT" ? "550 5.7.0 Not you." : undefined),
    });
    const { session } = fixture;
    expect(await failureOf(session.xclient({ NAME: "a" }))).toMatchObject({ reply: { code: 550 } });
    expect(session.hasExtn("XCLIENT")).toBe(true);
    expect(await failureOf(session.xclient({ "NA ME": "a" }))).toMatchObject({ code: "ERR_NETCLI_ARGUMENT" });
  });
});

describe("the end", () => {
  test("by quit comes behind what was asked for before, and is the same for all who ask for it", async () => {
    await using fixture = await onServer();
    const { session, server } = fixture;
    const sending = session.sendMail(from, to, message);
    const quitting = session.quit();
    expect(session.isOpen).toBe(false);
    expect(session.quit()).toBe(quitting);
    await quitting;
    expect((await sending).accepted).toEqual([to]);
    expect(server.commands.slice(-2)).toEqual(["DATA", "QUIT"]);
    expect(await failureOf(session.noop())).toBeInstanceOf(ConnectionClosedError);
  });

  test("by quit waits for no answer longer than timeouts.close", async () => {
    await using fixture = await onServer(
      { reply: (verb) => (verb === "QUIT" ? "stall" : undefined) },
      { timeouts: { close: 50 } },
    );
    await fixture.session.quit();
    expect(fixture.session.isOpen).toBe(false);
    await fixture.server.sessions[0]?.ended;
  });

  test("by a block that disposes of it is a quit", async () => {
    await using server = await startEsmtpServer();
    {
      await using session = await SmtpSession.connect(server.url);
      await session.noop();
    }
    expect(server.commands).toEqual(["NOOP", "QUIT"]);
  });

  test("by close rejects what is under way", async () => {
    await using fixture = await onServer({ reply: (verb) => (verb === "NOOP" ? "stall" : undefined) });
    const { session } = fixture;
    const asking = [failureOf(session.noop()), failureOf(session.sendMail(from, to, message))];
    session.close();
    for (const error of await Promise.all(asking)) expect(error).toBeInstanceOf(ConnectionClosedError);
    expect(fixture.got("bob")).toEqual([]);
  });
});

test("setDebugLevel shows the dialogue on the console, without secrets", async () => {
  await using fixture = await onServer({ tls: identity, users: { ann: "secret" } }, { tls: "starttls" });
  const { session } = fixture;
  const lines: unknown[] = [];
  const spy = vi.spyOn(console, "error").mockImplementation((line) => void lines.push(line));
  try {
    session.setDebugLevel(1);
    await session.noop();
    await session.login("ann", "secret");
    session.setDebugLevel(0);
    await session.noop();
  } finally {
    spy.mockRestore();
  }
  expect(lines.slice(0, 2)).toEqual(["*cmd* NOOP", "*resp* 250 2.0.0 Nothing done."]);
  expect(lines.at(-1)).toBe("*resp* 235 2.7.0 Logged in.");
  expect(lines.join("\n")).not.toContain("secret");
});
