// Servers, and those in between, that mean no good.
import { inspect } from "node:util";
import {
  ArgumentError,
  ConnectionClosedError,
  LimitError,
  ProtocolError,
  TimeoutError,
  TlsError,
} from "@netcli/core-transport";
import { failureOf, type ScriptedPeer, scriptedServer } from "@netcli/test-kit";
import { describe, expect, test } from "vitest";
import { Pop3Client, Pop3ReplyError, Pop3Session } from "../src/index.ts";
import { answer, elsewhere, greet, greeted, identity, say, tlsOptions } from "./scripted-pop3.ts";

const login = { user: "ada", password: "p4ssw0rd" };
const secrets = [login.password, Buffer.from("\0ada\0p4ssw0rd").toString("base64")];

describe("STLS is not stripped (CVE-2021-22946, CVE-2021-39272)", () => {
  const ways: [string, (peer: ScriptedPeer) => Promise<void>][] = [
    [
      "it is not offered",
      async (peer) => greet(peer, "USER", "SASL PLAIN").then(() => answer(peer, "STLS", "-ERR no")),
    ],
    [
      "it is refused",
      async (peer) => greet(peer, "USER", "STLS").then(() => answer(peer, "STLS", "-ERR later")),
    ],
    [
      "CAPA is refused",
      async (peer) => {
        await say(peer, "+OK ready");
        await answer(peer, "CAPA", "-ERR what");
        await answer(peer, "STLS", "-ERR what");
      },
    ],
  ];

  test.each(ways)("%s", async (_what, script) => {
    await using server = await scriptedServer(async (peer) => {
      await script(peer);
      await answer(peer, "QUIT", "+OK").catch(() => undefined);
    });
    const error = await failureOf(Pop3Session.connect({ ...elsewhere(server), ...login, tlsOptions }));
    expect(error).toBeInstanceOf(TlsError);
    const sent = server.received.toString();
    expect(sent).not.toMatch(/USER|PASS|AUTH|APOP/);
  });

  test("nor is a password sent in clear by a verb", async () => {
    await using server = await scriptedServer(async (peer) => {
      await say(peer, "+OK ready <1.2@x>");
      await answer(peer, "CAPA", "+OK", "USER", ".");
      await peer.closed;
    });
    const session = await Pop3Session.connect(elsewhere(server));
    expect(await failureOf(session.pass(login.password))).toBeInstanceOf(TlsError);
    expect(await failureOf(session.login(login.user, login.password))).toBeInstanceOf(TlsError);
    session.close();
    await server.settled();
    expect(server.received.toString()).toBe("CAPA\r\n");
  });
});

test.each([1, 5, 10, 100])(
  "what comes behind STLS's answer is an attack, in pieces of %s bytes (CVE-2021-22947)",
  async (size) => {
    await using server = await scriptedServer(async (peer) => {
      await greet(peer, "STLS", "SASL PLAIN");
      await peer.expect("STLS");
      const injected = "+OK go\r\n+OK\r\nSASL PLAIN\r\n.\r\n";
      // In one write up to behind the go-ahead, so that the bytes are there before TLS.
      await peer.send(injected.slice(0, 8 + size));
      await peer.closed;
    });
    const error = await failureOf(Pop3Session.connect({ ...elsewhere(server), ...login, tlsOptions }));
    expect(error).toMatchObject({ code: "ERR_NETCLI_STARTTLS_INJECTION" });
    expect(server.received.toString()).not.toContain("AUTH");
  },
);

test("what was offered before TLS is forgotten", async () => {
  await using server = await scriptedServer(async (peer) => {
    await greet(peer, "STLS", "SASL PLAIN", "PIPELINING");
    await answer(peer, "STLS", "+OK");
    await peer.startTls(identity);
    await answer(peer, "CAPA", "+OK", "USER", ".");
    await answer(peer, "USER ada", "+OK");
    await answer(peer, "PASS p4ssw0rd", "+OK");
    await answer(peer, "QUIT", "+OK");
  });
  const session = await Pop3Session.connect({ ...elsewhere(server), ...login, tlsOptions });
  expect(session.capabilities.has("PIPELINING")).toBe(false);
  await session.quit();
});

test("a handshake that never comes is a TimeoutError", async () => {
  await using server = await scriptedServer(async (peer) => {
    await greet(peer, "STLS");
    await answer(peer, "STLS", "+OK");
    await peer.closed;
  });
  const timeouts = { connect: 300, reply: 300, close: 100 };
  const error = await failureOf(
    Pop3Session.connect({ ...elsewhere(server), ...login, tlsOptions, timeouts }),
  );
  expect(error).toBeInstanceOf(TimeoutError);
});

describe("arguments that would break the line (CVE-2025-15367)", () => {
  const verbs: [string, (session: Pop3Session, bad: string) => Promise<unknown>][] = [
    ["user", (session, bad) => session.user(bad)],
    ["pass", (session, bad) => session.pass(bad)],
    ["apop", (session, bad) => session.apop("ada", bad)],
    ["apop, user", (session, bad) => session.apop(bad, "x")],
    ["rpop", (session, bad) => session.rpop(bad)],
    ["login", (session, bad) => session.login(bad, "x")],
    ["login, password", (session, bad) => session.login("ada", bad)],
    ["lang", (session, bad) => session.lang(bad)],
    ["sendCmd", (session, bad) => session.sendCmd(bad)],
  ];

  test.each(verbs)("%s", async (_name, call) => {
    await using server = await scriptedServer(async (peer) => {
      await say(peer, "+OK ready <1.2@x>");
      await peer.closed;
    });
    const { host, port } = server;
    const session = await Pop3Session.connect({ host, port });
    for (const bad of ["a\r\nDELE 1", "a\nDELE 1", "a\rb", "a\0b"]) {
      expect(await failureOf(call(session, bad))).toBeInstanceOf(ArgumentError);
    }
    session.close();
    await server.settled();
    expect(server.received.length).toBe(0);
  });

  test.each([0, -1, 1.5, NaN, Infinity, 2 ** 53])("%s is the number of no message", async (number) => {
    await using fixture = await greeted((peer) => peer.closed);
    const { session, server } = fixture;
    for (const call of [
      session.dele(number),
      session.retr(number),
      session.list(number),
      session.top(number, 1),
    ]) {
      expect(await failureOf(call)).toBeInstanceOf(ArgumentError);
    }
    expect(server.received.length).toBe(0);
  });
});

describe("answers without an end", () => {
  test.each([
    ["a line", (session: Pop3Session) => session.stat(), "+OK ", "x".repeat(10_000)],
    ["CAPA", (session: Pop3Session) => session.capa(), "+OK\r\n", "CAPABILITY\r\n".repeat(1_000)],
    ["LIST", (session: Pop3Session) => session.list(), "+OK\r\n", "x".repeat(2_000_000)],
  ])("%s fails fast (CVE-2013-1752)", async (_what, call, begin, more) => {
    await using fixture = await greeted(async (peer) => {
      await peer.readLine();
      await peer.send(begin);
      for (let count = 0; count < 50; count += 1) await peer.send(more);
    });
    const error = await failureOf(call(fixture.session));
    expect(error).toSatisfy((one) => one instanceof LimitError || one instanceof ProtocolError);
    expect(fixture.session.isOpen).toBe(false);
  });
});

describe("the connection in the middle of a message", () => {
  test("that ends is a ConnectionClosedError", async () => {
    await using fixture = await greeted(async (peer) => {
      await answer(peer, "RETR 1", "+OK", "half of");
    });
    const message = await fixture.session.retr(1);
    expect(await failureOf(message.bytes())).toBeInstanceOf(ConnectionClosedError);
  });

  test("that falls silent is a TimeoutError", async () => {
    await using fixture = await greeted(async (peer) => {
      await answer(peer, "RETR 1", "+OK", "half of");
      await peer.closed;
    });
    const message = await fixture.session.retr(1);
    expect(await failureOf(message.bytes())).toBeInstanceOf(TimeoutError);
  });
});

test("an answer that nobody asked for ends the session", async () => {
  await using fixture = await greeted(async (peer) => {
    await answer(peer, "NOOP", "+OK", "+OK 1 2");
    await peer.closed;
  });
  await fixture.session.noop().catch(() => undefined);
  expect(await failureOf(fixture.session.stat())).toBeInstanceOf(ProtocolError);
});

test.each(["+OK one 2", "+OK 1", "+OK -1 2", "+OK 1 99999999999999999999"])(
  "STAT answered with %j can't be read, and ends the session",
  async (line) => {
    await using fixture = await greeted((peer) => answer(peer, "STAT", line));
    expect(await failureOf(fixture.session.stat())).toBeInstanceOf(ProtocolError);
    expect(fixture.session.isOpen).toBe(false);
  },
);

describe("ids that can't be relied on", () => {
  test.each([
    ["two messages have the same", ["1 a", "2 a"]],
    ["one has none", ["1 a"]],
    ["one has two", ["1 a", "1 b", "2 c"]],
  ])("%s", async (_what, ids) => {
    await using server = await scriptedServer(async (peer) => {
      await greet(peer, "USER");
      await answer(peer, "USER ada", "+OK");
      await answer(peer, "PASS p4ssw0rd", "+OK");
      await answer(peer, "LIST", "+OK", "1 10", "2 20", ".");
      await answer(peer, "UIDL", "+OK", ...ids, ".");
      await answer(peer, "QUIT", "+OK");
    });
    const { host, port } = server;
    const client = await Pop3Client.connect({ host, port, ...login });
    const error = await failureOf(client.messages().next());
    expect(error).toMatchObject({ code: "ERR_NETCLI_UIDL" });
    await client.quit();
  });
});

test("APOP is not used unless it is asked for (CVE-2007-1558)", async () => {
  await using server = await scriptedServer(async (peer) => {
    await greet(peer, "USER");
    await answer(peer, /^USER/, "+OK");
    await answer(peer, /^PASS/, "+OK");
    await answer(peer, "QUIT", "+OK");
  });
  const { host, port } = server;
  const session = await Pop3Session.connect({ host, port, ...login });
  await session.quit();
  expect(server.received.toString()).not.toContain("APOP");
});

test("a greeting of angle brackets is read in no time (CVE-2018-1060)", async () => {
  await using server = await scriptedServer(async (peer) => {
    await say(peer, `+OK ${"<".repeat(8_000)}`);
    await peer.closed;
  });
  const { host, port } = server;
  const session = await Pop3Session.connect({ host, port });
  const begun = performance.now();
  expect(await failureOf(session.apop("ada", "x"))).toMatchObject({ name: "NotSupportedError" });
  expect(performance.now() - begun).toBeLessThan(100);
  session.close();
});

describe("a wrong password", () => {
  test("is tried once, and is in no error, trace or picture of the session", async () => {
    const seen: string[] = [];
    await using server = await scriptedServer(async (peer) => {
      await greet(peer, "USER", "SASL PLAIN LOGIN", "AUTH-RESP-CODE");
      await answer(peer, /^AUTH PLAIN/, "-ERR [AUTH] no");
      await answer(peer, "QUIT", "+OK");
    });
    const { host, port } = server;
    const trace = ({ text }: { readonly text: string }): void => void seen.push(text);
    const error = await failureOf(Pop3Session.connect({ host, port, ...login, trace }));
    expect(error).toBeInstanceOf(Pop3ReplyError);
    expect(error).toMatchObject({ responseCode: "AUTH", isTemporary: false });
    const shown = `${seen.join("\n")}${inspect(error, { depth: 9, showHidden: true, getters: true })}`;
    for (const secret of secrets) expect(shown).not.toContain(secret);
    expect(server.received.toString().match(/AUTH|USER|PASS/g)).toEqual(["AUTH"]);
  });

  test("is not shown by a session that is logged in", async () => {
    const seen: string[] = [];
    await using server = await scriptedServer(async (peer) => {
      await greet(peer, "USER");
      await answer(peer, "USER ada", "+OK");
      await answer(peer, "PASS p4ssw0rd", "+OK");
      await answer(peer, "QUIT", "+OK");
    });
    const { host, port } = server;
    const trace = ({ text }: { readonly text: string }): void => void seen.push(text);
    const client = await Pop3Client.connect({ host, port, ...login, trace });
    const shown = `${seen.join("\n")}${inspect(client, { depth: 9, showHidden: true, getters: true })}`;
    for (const secret of secrets) expect(shown).not.toContain(secret);
    await client.quit();
  });
});
