// Who stands between takes STLS away: nothing of a login goes out in clear.
import { NotSupportedError, TlsError } from "@netcli/core-transport";
import { failureOf, type ScriptedPeer, scriptedServer } from "@netcli/test-kit";
import { describe, expect, test } from "vitest";
import { Pop3Client, type Pop3Options, Pop3Session } from "../src/index.ts";
import { answer, elsewhere, greet, tlsOptions } from "./scripted-pop3.ts";

const login = { user: "ada", password: "p4ssw0rd" };
const asked = "CAPA\r\nSTLS\r\n";

/** Ways to take TLS away: what the server does, and all that it gets to hear. */
const ways: [string, (peer: ScriptedPeer) => Promise<void>, string][] = [
  ["STLS has another name", (peer) => greetAndRefuse(peer, "XSTLS", "STARTTLS"), asked],
  ["nothing is offered", (peer) => greetAndRefuse(peer), asked],
  ...["-ERR", "-ERR [SYS/TEMP] later", "-err no", "+ go", "-ERR +OK"].map(
    (reply): [string, (peer: ScriptedPeer) => Promise<void>, string] => [
      `STLS is answered with ${JSON.stringify(reply)}`,
      async (peer) => {
        await greet(peer, "STLS", "USER", "SASL PLAIN");
        await answer(peer, "STLS", reply);
      },
      asked,
    ],
  ),
  [
    "the server leaves instead of answering STLS",
    async (peer) => {
      await greet(peer, "STLS");
      await peer.expect("STLS");
      peer.end();
    },
    asked,
  ],
  [
    "STLS is answered with what is no reply",
    async (peer) => {
      await greet(peer, "STLS");
      await answer(peer, "STLS", "220 go");
    },
    asked,
  ],
];

async function greetAndRefuse(peer: ScriptedPeer, ...capabilities: string[]): Promise<void> {
  await greet(peer, "USER", "SASL PLAIN", ...capabilities);
  await answer(peer, "STLS", "-ERR what");
}

const requiring: [string, Partial<Pop3Options>][] = [
  ["a password", login],
  ["a password and tls: starttls", { ...login, tls: "starttls" }],
  ["a password and apop", { ...login, apop: true }],
  ["a token", { user: "ada", token: "t0ken" }],
  ["a client certificate", { external: true }],
  ["tls: starttls alone", { tls: "starttls" }],
];

describe.each(ways)("STLS stripping (CVE-2021-22946, CVE-2021-39272): %s", (_what, script, heard) => {
  test.each(requiring)("a session with %s sends nothing of it", async (_how, options) => {
    await using server = await scriptedServer(async (peer) => {
      await script(peer);
      await peer.readToEnd();
    });
    const timeouts = { close: 100 };
    const error = await failureOf(
      Pop3Session.connect({ ...elsewhere(server), tlsOptions, timeouts, ...options }),
    );
    expect(error).toBeInstanceOf(Error);
    await server.settled();
    expect([heard, `${heard}QUIT\r\n`]).toContain(server.received.toString());
  });
});

test("a client connects nobody again for lack of TLS", async () => {
  await using server = await scriptedServer(async (peer) => {
    await greetAndRefuse(peer);
    await answer(peer, "QUIT", "+OK");
  });
  expect(await failureOf(Pop3Client.connect({ ...elsewhere(server), ...login, tlsOptions }))).toBeInstanceOf(
    TlsError,
  );
  await server.settled();
  expect(server.connections).toBe(1);
});

describe("in opportunistic mode", () => {
  test.each<[string, Partial<Pop3Options>]>([
    ["a password", login],
    ["a token", { user: "ada", token: "t0ken" }],
  ])("%s does not go out in clear", async (_what, credentials) => {
    await using server = await scriptedServer(async (peer) => {
      await greet(peer, "USER", "SASL PLAIN XOAUTH2");
      await answer(peer, "QUIT", "+OK");
    });
    const options = { ...elsewhere(server), tls: "opportunistic", ...credentials } as const;
    const error = await failureOf(Pop3Session.connect(options));
    expect(error).toSatisfy((one) => one instanceof NotSupportedError || one instanceof TlsError);
    await server.settled();
    expect(server.received.toString()).toBe("CAPA\r\nQUIT\r\n");
  });
});
