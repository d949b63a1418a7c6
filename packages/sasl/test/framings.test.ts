// The same mechanisms over the framings of SMTP, POP3, NNTP and IMAP, with the examples of their specifications.
import { connect, type Connection } from "@netcli/core-transport";
import { dialogue, failureOf, scriptedServer } from "@netcli/test-kit";
import { describe, expect, it } from "vitest";
import { authenticate, type Exchange, external, login, type Mechanism, plain, scram } from "../src/index.ts";
import { imap, nntp, pop3, smtp } from "./framings.ts";

type Protocol = (connection: Connection) => Exchange;

async function play(
  protocol: Protocol,
  mechanisms: readonly Mechanism[],
  script: string,
): Promise<Mechanism> {
  await using server = await scriptedServer(dialogue(script));
  await using connection = await connect({ host: "127.0.0.1", port: server.port });
  const used = await authenticate(mechanisms, protocol(connection));
  await connection.close();
  await server.close();
  return used;
}

const account = { user: "test", password: "1234" };
const nonce = "fyko+d2lbbFgONRv9qkxdawL";
const known = { user: "user", password: "pencil", nonce };
const clientFirst = Buffer.from(`n,,n=user,r=${nonce}`).toString("base64");
const serverFirst = Buffer.from(`r=${nonce}3rfcNHYJY1ZVvWVs7j,s=QSXCR+Q6sek8bf92,i=4096`).toString("base64");
const clientFinal = Buffer.from(
  `c=biws,r=${nonce}3rfcNHYJY1ZVvWVs7j,p=v0X8v3Bz2T0CJGbJQyF0X+HI4Ts=`,
).toString("base64");
const serverFinal = Buffer.from("v=rmF9pqV8S7suAoZWja4dJRkFsKQ=").toString("base64");

describe.each<[string, Protocol, string]>([
  [
    "SMTP (RFC 4954 4)",
    smtp,
    `C: AUTH SCRAM-SHA-1 ${clientFirst}
     S: 334 ${serverFirst}
     C: ${clientFinal}
     S: 334 ${serverFinal}
     C:
     S: 235 2.7.0 Authentication successful`,
  ],
  [
    "POP3 (RFC 5034 4)",
    pop3,
    `C: AUTH SCRAM-SHA-1 ${clientFirst}
     S: + ${serverFirst}
     C: ${clientFinal}
     S: + ${serverFinal}
     C:
     S: +OK Maildrop locked and ready`,
  ],
  [
    "NNTP (RFC 4643 2.4)",
    nntp,
    `C: AUTHINFO SASL SCRAM-SHA-1 ${clientFirst}
     S: 383 ${serverFirst}
     C: ${clientFinal}
     S: 283 ${serverFinal}`,
  ],
  [
    "IMAP (RFC 5802 5)",
    imap,
    `C: a1 AUTHENTICATE SCRAM-SHA-1 ${clientFirst}
     S: + ${serverFirst}
     C: ${clientFinal}
     S: + ${serverFinal}
     C:
     S: a1 OK [CAPABILITY IMAP4rev2] Success`,
  ],
])("SCRAM over %s", (_name, protocol, script) => {
  it("proves both sides", async () => {
    expect((await play(protocol, [scram("SHA-1", known)], script)).name).toBe("SCRAM-SHA-1");
  });

  it("is not over before the server has proved itself", async () => {
    const early = script.slice(0, script.indexOf(serverFinal)).replace(/ S: \S+ $/, "");
    const success = { smtp: "235 in", pop3: "+OK in", nntp: "281 in", imap: "a1 OK in" }[protocol.name] ?? "";
    const error = await failureOf(play(protocol, [scram("SHA-1", known)], `${early}\nS: ${success}`));
    expect(error).toMatchObject({ code: "ERR_NETCLI_SASL_SERVER_UNPROVEN" });
  });
});

it.each<[string, Protocol, string]>([
  ["SMTP", smtp, "C: AUTH EXTERNAL =\nS: 235 in"],
  ["POP3", pop3, "C: AUTH EXTERNAL =\nS: +OK in"],
  ["NNTP", nntp, "C: AUTHINFO SASL EXTERNAL =\nS: 281 in"],
  ["IMAP", imap, "C: a1 AUTHENTICATE EXTERNAL =\nS: a1 OK in"],
])("an empty initial response is not none in %s", async (_name, protocol, script) => {
  expect((await play(protocol, [external()], script)).name).toBe("EXTERNAL");
});

it("what the server says first is asked for by saying nothing (SMTP, LOGIN)", async () => {
  const script = `C: AUTH LOGIN
    S: 334 VXNlcm5hbWU6
    C: dGVzdA==
    S: 334 UGFzc3dvcmQ6
    C: MTIzNA==
    S: 235 in`;
  expect((await play(smtp, [login(account)], script)).name).toBe("LOGIN");
});

it("what LOGIN's challenges say does not matter, not even whether they are base64", async () => {
  const script = `C: AUTH LOGIN
    S: 334 Who are you?
    C: dGVzdA==
    S: 334
    C: MTIzNA==
    S: 235 in`;
  expect((await play(smtp, [login(account)], script)).name).toBe("LOGIN");
});

it.each<[string, Protocol, string, string]>([
  ["SMTP", smtp, "C: AUTH SCRAM-SHA-1 %\nS: 334 !\nC: *\nS: 501 cancelled", "AUTH PLAIN"],
  ["POP3", pop3, "C: AUTH SCRAM-SHA-1 %\nS: + !\nC: *\nS: -ERR cancelled", "AUTH PLAIN"],
  ["NNTP", nntp, "C: AUTHINFO SASL SCRAM-SHA-1 %\nS: 383 !\nC: *\nS: 481 cancelled", "AUTHINFO SASL PLAIN"],
  [
    "IMAP",
    imap,
    "C: a1 AUTHENTICATE SCRAM-SHA-1 %\nS: + !\nC: *\nS: a1 BAD cancelled",
    "a1 AUTHENTICATE PLAIN",
  ],
])(
  "a challenge that is not base64 is cancelled, and the connection can go on, in %s",
  async (_name, protocol, script, next) => {
    const accepted =
      { smtp: "235 in", pop3: "+OK in", nntp: "281 in", imap: "a1 OK in" }[protocol.name] ?? "";
    const whole = `${script.replace("%", clientFirst)}\nC: ${next} AHRlc3QAMTIzNA==\nS: ${accepted}`;
    await using server = await scriptedServer(dialogue(whole));
    await using connection = await connect({ host: "127.0.0.1", port: server.port });
    const exchange = protocol(connection);
    const error = await failureOf(authenticate([scram("SHA-1", known), plain(account)], exchange));
    expect(error).toMatchObject({ message: "the server's SCRAM-SHA-1 challenge is not base64" });
    await authenticate([plain(account)], exchange);
    await connection.close();
    await server.close();
  },
);
