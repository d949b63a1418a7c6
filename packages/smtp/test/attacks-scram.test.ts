// Servers that do not know the password, and say that we are in (RFC 5802), in the lines of SMTP (RFC 4954).
import { LimitError, NotSupportedError, ProtocolError, ReplyError } from "@netcli/core-transport";
import { failureOf } from "@netcli/test-kit";
import { describe, expect, test } from "vitest";
import { SmtpSession } from "../src/index.ts";
import { challenge, scramFirst, scramServer, scramUser } from "./scram-server.ts";
import { introduced, refuseUnhandled, type Smtp, smtpServer } from "./scripted-smtp.ts";

refuseUnhandled();

const { user, password } = scramUser;
const offered = ["AUTH SCRAM-SHA-256 PLAIN LOGIN CRAM-MD5"];
const unproven = { code: "ERR_NETCLI_SASL_SERVER_UNPROVEN" };

/** Takes the "*" that gives up. */
async function cancelled(smtp: Smtp): Promise<void> {
  await smtp.answer("*", "501 cancelled");
  await smtp.peer.expectEnd();
}

test("a server that knows the password is believed", async () => {
  await using fixture = await introduced(offered, async (smtp) => {
    await scramServer(smtp);
    await smtp.answer("", "235 2.7.0 in");
    await smtp.prove();
  });
  const { session } = fixture;
  expect(await session.login(user, password)).toMatchObject({ code: 235, enhanced: "2.7.0" });
  await session.noop();
});

/** What a server does that knows no password, and what the error is. */
const forgeries: [string, (smtp: Smtp) => Promise<void>, typeof ProtocolError | typeof LimitError][] = [
  ["says that we are in at once", (smtp) => smtp.answer(/^AUTH SCRAM/, "235 in"), ProtocolError],
  [
    "says that we are in instead of its proof",
    async (smtp) => {
      await scramFirst(smtp);
      await smtp.peer.readLine();
      await smtp.say("235 in");
    },
    ProtocolError,
  ],
  [
    "says that we are in behind an empty proof",
    async (smtp) => {
      await scramServer(smtp, { final: () => "" });
      await cancelled(smtp);
    },
    ProtocolError,
  ],
  [
    "has a proof of its own",
    async (smtp) => {
      await scramServer(smtp, { final: () => `v=${Buffer.alloc(32, 7).toString("base64")}` });
      await cancelled(smtp);
    },
    ProtocolError,
  ],
  [
    "has a proof that is cut",
    async (smtp) => {
      await scramServer(smtp, {
        final: (message) => `v=${Buffer.from(message.slice(2), "base64").subarray(0, 16).toString("base64")}`,
      });
      await cancelled(smtp);
    },
    ProtocolError,
  ],
  [
    "has no proof but a word",
    async (smtp) => {
      await scramServer(smtp, { final: () => "x=ok" });
      await cancelled(smtp);
    },
    ProtocolError,
  ],
  [
    "refuses in SCRAM's words and lets us in all the same",
    async (smtp) => {
      await scramServer(smtp, { final: () => "e=other-error" });
      await smtp.answer("", "235 in");
    },
    ProtocolError,
  ],
  [
    "has a nonce of its own",
    async (smtp) => {
      await scramFirst(smtp, (message) => message.replace(/r=[^,]+/, "r=mine"));
      await cancelled(smtp);
    },
    ProtocolError,
  ],
  [
    "adds nothing to our nonce",
    async (smtp) => {
      await scramFirst(smtp, (message) => message.replace("server,", ","));
      await cancelled(smtp);
    },
    ProtocolError,
  ],
  [
    "wants next to no iterations",
    async (smtp) => {
      await scramFirst(smtp, (message) => message.replace(/i=\d+/, "i=1"));
      await cancelled(smtp);
    },
    ProtocolError,
  ],
  [
    "wants more iterations than we have time for",
    async (smtp) => {
      await scramFirst(smtp, (message) => message.replace(/i=\d+/, "i=2147483647"));
      await cancelled(smtp);
    },
    LimitError,
  ],
  [
    "challenges with what is not base64",
    async (smtp) => {
      await smtp.answer(/^AUTH SCRAM/, "334 r=not base64");
      await cancelled(smtp);
    },
    ProtocolError,
  ],
  [
    "challenges in two lines",
    async (smtp) => {
      await smtp.answer(/^AUTH SCRAM/, "334-cj14", "334 cz14");
      await cancelled(smtp);
    },
    ProtocolError,
  ],
  [
    "goes on asking behind its proof",
    async (smtp) => {
      await scramServer(smtp);
      await smtp.answer("", challenge("more"));
      await cancelled(smtp);
    },
    ProtocolError,
  ],
];

describe.each(forgeries)("a server that %s", (_what, script, type) => {
  test("is not believed, is shown no password in another way, and is left", { timeout: 10_000 }, async () => {
    await using fixture = await introduced(offered, async (smtp) => {
      await script(smtp);
      await smtp.peer.expectEnd();
    });
    const { session } = fixture;
    const error = await failureOf(session.login(user, password));
    expect(error).toBeInstanceOf(type);
    expect(session.isOpen).toBe(false);
    const later = await failureOf(session.noop());
    expect(later).toBeInstanceOf(Error);
    const sent = await fixture.sent();
    expect(sent.match(/^AUTH .*/gm)).toEqual([expect.stringMatching(/^AUTH SCRAM-SHA-256 /)]);
    expect(sent).not.toMatch(/PLAIN|LOGIN|CRAM-MD5/);
  });
});

test("what is not proved has a code of its own", async () => {
  await using fixture = await introduced(offered, (smtp) => smtp.answer(/^AUTH SCRAM/, "235 in"));
  expect(await failureOf(fixture.session.login(user, password))).toMatchObject(unproven);
});

test("a session that connects with a login does not come to be", async () => {
  await using server = await smtpServer(async (smtp) => {
    await smtp.greet(...offered);
    await smtp.answer(/^AUTH SCRAM/, "235 in");
    await smtp.peer.expectEnd();
  });
  const { host, port } = server;
  expect(await failureOf(SmtpSession.connect({ host, port, user, password }))).toMatchObject(unproven);
});

describe("a refusal in SCRAM's own words", () => {
  test.each([
    ["e=unknown-user", "535 no"],
    ["e=invalid-proof", "535 no"],
    ["e=other-error", "501 no"],
    // Only the code speaks for another try.
    ["e=invalid-proof", "504 no"],
  ])("of %s and %j ends the list", async (words, reply) => {
    await using fixture = await introduced(offered, async (smtp) => {
      await scramServer(smtp, { final: () => words });
      await smtp.answer("", reply);
      await smtp.prove();
    });
    const { session } = fixture;
    const error = await failureOf(session.login(user, password));
    expect(error).toBeInstanceOf(ReplyError);
    await session.noop();
    expect((await fixture.sent()).match(/^AUTH/gm)).toHaveLength(1);
  });
});

describe("a minimum (SASL downgrade)", () => {
  test.each([
    ["scram-sha-256", ["AUTH PLAIN LOGIN CRAM-MD5 SCRAM-SHA-1"]],
    ["scram-sha-256", ["AUTH PLAIN"]],
    ["scram-sha-1", ["AUTH CRAM-MD5"]],
    ["digest", ["AUTH PLAIN LOGIN"]],
    ["external", ["AUTH SCRAM-SHA-256-PLUS SCRAM-SHA-512"]],
    ["scram-sha-256", []],
  ] as const)("of %s is not undercut by a server that offers %j", async (minimum, extensions) => {
    await using fixture = await introduced(extensions, (smtp) => smtp.prove(), { sasl: { minimum } });
    const { session } = fixture;
    expect(await failureOf(session.login(user, password))).toBeInstanceOf(NotSupportedError);
    await session.noop();
    expect(await fixture.sent()).not.toContain("AUTH");
  });

  test("holds when the server refuses what is strong enough", async () => {
    await using fixture = await introduced(
      offered,
      async (smtp) => {
        await smtp.answer(/^AUTH SCRAM/, "504 5.5.4 not really");
        await smtp.prove();
      },
      { sasl: { minimum: "scram-sha-256" } },
    );
    const { session } = fixture;
    expect(await failureOf(session.login(user, password))).toBeInstanceOf(ReplyError);
    await session.noop();
    expect(await fixture.sent()).not.toMatch(/PLAIN|LOGIN|CRAM-MD5/);
  });

  test("is kept by a list of mechanisms, too", async () => {
    await using fixture = await introduced(
      offered,
      async (smtp) => {
        await smtp.answer(/^AUTH SCRAM/, "504 5.5.4 not really");
        await smtp.prove();
      },
      { sasl: { mechanisms: ["SCRAM-SHA-256"] } },
    );
    const { session } = fixture;
    expect(await failureOf(session.login(user, password))).toBeInstanceOf(ReplyError);
    await session.noop();
    expect(await fixture.sent()).not.toMatch(/PLAIN|LOGIN|CRAM-MD5/);
  });
});
