// Logging in: what the server offers decides, and each password is shown once.
import { NotSupportedError, TlsError } from "@netcli/core-transport";
import { plain } from "@netcli/sasl";
import { failureOf, scriptedServer } from "@netcli/test-kit";
import { startPop3Server } from "@netcli/test-servers";
import { describe, expect, test } from "vitest";
import { Pop3Client, Pop3ReplyError, Pop3Session } from "../src/index.ts";
import { answer, elsewhere, identity, offered, say, tlsOptions } from "./scripted-pop3.ts";

const user = "ada";
const password = "p4ssw0rd";
const base64 = (text: string): string => Buffer.from(text).toString("base64");
const plainLine = `AUTH PLAIN ${base64(`\0${user}\0${password}`)}`;

/** Which attempts a client has made. */
function attempts(received: Buffer): string[] {
  return received.toString().match(/^(?:AUTH \S+|USER|PASS|APOP)/gm) ?? [];
}

describe("what the server offers decides:", () => {
  test.each([
    [["SASL PLAIN", "USER"], "AUTH"],
    [["SASL LOGIN CRAM-MD5 SCRAM-SHA-256"], "AUTH"],
    [["USER"], "USER,PASS"],
  ])("%j", async (capabilities, verbs) => {
    await using server = await startPop3Server({ users: { ada: password }, capabilities });
    const { host, port } = server;
    await using session = await Pop3Session.connect({ host, port, user, password });
    expect(await session.stat()).toEqual({ count: 0, size: 0 });
    const said = server.commands.map((line) => line.split(" ", 1)[0] ?? "");
    expect(said.filter((verb) => /^(?:AUTH|USER|PASS|APOP)$/.test(verb)).join()).toBe(verbs);
    expect(server.violations).toEqual([]);
  });

  test.each(["PLAIN", "LOGIN", "CRAM-MD5", "SCRAM-SHA-1", "SCRAM-SHA-256", "XOAUTH2", "OAUTHBEARER"])(
    "%s alone",
    async (mechanism) => {
      const tokens = { ada: password };
      const capabilities = [`SASL ${mechanism}`];
      await using server = await startPop3Server({ users: { ada: password }, tokens, capabilities });
      const { host, port } = server;
      const secret = mechanism.includes("OA") ? { token: password } : { password };
      await using session = await Pop3Session.connect({ host, port, user, ...secret });
      expect(await session.stat()).toEqual({ count: 0, size: 0 });
      expect(server.sessions[0]?.user).toBe(user);
      expect(server.violations).toEqual([]);
    },
  );

  test("a server that knows no CAPA gets user and password", async () => {
    await using server = await startPop3Server({ users: { ada: password }, quirks: { noCapa: true } });
    const { host, port } = server;
    await using session = await Pop3Session.connect({ host, port, user, password });
    expect(await session.stat()).toEqual({ count: 0, size: 0 });
    expect(server.commands.slice(0, 3)).toEqual(["CAPA", "USER ada", `PASS ${password}`]);
  });

  test("a mechanism bound to the TLS connection is the first choice", async () => {
    await using server = await startPop3Server({ users: { ada: password }, tls: identity });
    await using session = await Pop3Session.connect({ ...elsewhere(server), user, password, tlsOptions });
    expect(await session.stat()).toEqual({ count: 0, size: 0 });
    expect(server.commands.find((line) => line.startsWith("AUTH"))).toMatch(/^AUTH SCRAM-SHA-\d+-PLUS /);
  });
});

describe("a wrong password is tried once", () => {
  test.each(["-ERR no", "-ERR [AUTH] no", "-ERR [IN-USE] no", "-ERR [LOGIN-DELAY] no", "-ERR [SYS/TEMP] no"])(
    "when the server says %j",
    async (reply) => {
      await using fixture = await offered(["SASL PLAIN LOGIN CRAM-MD5", "USER"], async (peer) => {
        await answer(peer, plainLine, reply);
        await answer(peer, "NOOP", "+OK");
        await peer.closed;
      });
      const { session, server } = fixture;
      expect(await failureOf(session.login(user, password))).toBeInstanceOf(Pop3ReplyError);
      await session.noop();
      expect(attempts(server.received)).toEqual(["AUTH PLAIN"]);
    },
  );

  test("with USER and PASS, and by a client, which does not connect again", async () => {
    await using server = await startPop3Server({ users: { ada: "other" }, capabilities: ["USER"] });
    const { host, port } = server;
    expect(await failureOf(Pop3Client.connect({ host, port, user, password }))).toBeInstanceOf(
      Pop3ReplyError,
    );
    expect(server.sessions).toHaveLength(1);
    expect(server.commands.filter((line) => line.startsWith("PASS"))).toHaveLength(1);
  });

  test.each(["+OK in\r\n+OK again", "* go on", "235 in", "+", "what?", ""])(
    "when the server says %j, which makes no sense",
    async (reply) => {
      await using fixture = await offered(["SASL PLAIN LOGIN", "USER"], async (peer) => {
        await answer(peer, plainLine, reply);
        await peer.closed;
      });
      const { session, server } = fixture;
      const error = await session
        .login(user, password)
        .then(
          () => session.noop(),
          (cause: unknown) => cause,
        )
        .catch((cause: unknown) => cause);
      expect(error).toBeInstanceOf(Error);
      session.close();
      await server.settled();
      expect(attempts(server.received)).toEqual(["AUTH PLAIN"]);
    },
  );
});

describe("a mechanism that is refused before it has seen a secret makes place for the next", () => {
  test("where it is unknown", async () => {
    await using fixture = await offered(["SASL LOGIN PLAIN", "AUTH-RESP-CODE"], async (peer) => {
      await answer(peer, plainLine, "-ERR [SYS/PERM] not here");
      await answer(peer, "AUTH LOGIN", "+ VXNlcm5hbWU6");
      await answer(peer, base64(user), "+ UGFzc3dvcmQ6");
      await answer(peer, base64(password), "+OK in");
    });
    expect(await fixture.session.login(user, password)).toMatchObject({ isOk: true, text: "in" });
  });

  test("all of them refused end with the last refusal, each tried once", async () => {
    await using fixture = await offered(["SASL PLAIN LOGIN PLAIN", "AUTH-RESP-CODE"], async (peer) => {
      await answer(peer, plainLine, "-ERR one");
      await answer(peer, "AUTH LOGIN", "-ERR two");
      await answer(peer, "NOOP", "+OK");
    });
    const { session } = fixture;
    expect(await failureOf(session.login(user, password))).toMatchObject({ reply: { text: "two" } });
    await session.noop();
  });
});

describe("USER and PASS", () => {
  test("PASS does not go out where USER is refused", async () => {
    await using fixture = await offered(["USER"], async (peer) => {
      await answer(peer, "USER ada", "-ERR who?");
      await answer(peer, "NOOP", "+OK");
    });
    expect(await failureOf(fixture.session.login(user, password))).toMatchObject({ command: "USER ada" });
    await fixture.session.noop();
    expect(attempts(fixture.server.received)).toEqual(["USER"]);
  });

  test("a minimum forbids them", async () => {
    await using server = await startPop3Server({
      users: { ada: password },
      capabilities: ["USER", "SASL PLAIN"],
    });
    const { host, port } = server;
    const options = { host, port, user, password, sasl: { minimum: "scram-sha-256" } } as const;
    expect(await failureOf(Pop3Session.connect(options))).toBeInstanceOf(NotSupportedError);
    expect(server.commands.join()).not.toMatch(/AUTH|USER|PASS/);
  });

  test("a list of mechanisms does, too", async () => {
    await using server = await startPop3Server({
      users: { ada: password },
      capabilities: ["USER", "SASL PLAIN"],
    });
    const { host, port } = server;
    const options = { host, port, user, password, sasl: { mechanisms: ["SCRAM-SHA-256"] } };
    expect(await failureOf(Pop3Session.connect(options))).toBeInstanceOf(NotSupportedError);
    expect(server.commands.join()).not.toMatch(/AUTH|USER|PASS/);
  });
});

test("nothing that is called behind a login goes out before we are in", async () => {
  await using fixture = await offered(["SASL LOGIN", "PIPELINING"], async (peer) => {
    await peer.expect("AUTH LOGIN");
    const { length } = peer.received;
    for (let count = 0; count < 5; count += 1) await new Promise((resolve) => setImmediate(resolve));
    expect(peer.received).toHaveLength(length);
    await say(peer, "+ ");
    await answer(peer, base64(user), "+ ");
    await answer(peer, base64(password), "+OK in");
    await answer(peer, "STAT", "+OK 0 0");
    await answer(peer, "NOOP", "+OK");
  });
  const { session } = fixture;
  const [, stat] = await Promise.all([session.login(user, password), session.stat(), session.noop()]);
  expect(stat).toEqual({ count: 0, size: 0 });
});

test.each<[string, (session: Pop3Session) => Promise<unknown>]>([
  ["pass", (session) => session.pass(password)],
  ["login", (session) => session.login(user, password)],
  ["auth", (session) => session.auth(plain({ user, password }))],
])("%s sends no password to a server elsewhere without TLS, nor asks for it", async (_name, call) => {
  await using server = await scriptedServer(async (peer) => {
    await say(peer, "+OK ready");
    if ((await peer.readLine()) === "CAPA") await say(peer, "+OK", "USER", "SASL PLAIN LOGIN", ".");
    await peer.readToEnd();
  });
  const session = await Pop3Session.connect(elsewhere(server));
  const error = await failureOf(call(session));
  expect(error).toSatisfy((one) => one instanceof TlsError || one instanceof NotSupportedError);
  session.close();
  await server.settled();
  expect(["", "CAPA\r\n"]).toContain(server.received.toString());
});
