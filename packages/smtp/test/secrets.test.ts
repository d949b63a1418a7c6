// Passwords and tokens show nowhere: not in traces, on the console, in diagnostics channels, in errors, or in what holds them.
import type { Mechanism } from "@netcli/sasl";
import { failureOf } from "@netcli/test-kit";
import { describe, expect, test } from "vitest";
import { SmtpClient, type SmtpOptions, SmtpSession } from "../src/index.ts";
import { scramServer, scramUser } from "./scram-server.ts";
import { name, refuseUnhandled, type Smtp, smtpServer } from "./scripted-smtp.ts";
import { base64, PublicWatch, SECRET, user, Watch } from "./secret-watch.ts";

refuseUnhandled();

test("a leak would be seen", () => {
  for (const thing of [
    SECRET,
    { a: [SECRET] },
    new Error("x", { cause: SECRET }),
    base64(`\0u\0${SECRET}x`),
    Buffer.from(SECRET),
  ]) {
    const one = new Watch();
    one.see(thing);
    expect(one.leaks).not.toEqual([]);
  }
});

/** How each mechanism goes, to the last line before the server says yes or no. */
const exchanges: [string, Partial<SmtpOptions>, string, (smtp: Smtp) => Promise<void>][] = [
  ["PLAIN", { password: SECRET }, "AUTH PLAIN", async (smtp) => void (await smtp.expect(/^AUTH PLAIN /))],
  [
    "PLAIN without an initial response",
    { password: SECRET + "x".repeat(500) },
    "AUTH PLAIN",
    async (smtp) => {
      await smtp.answer("AUTH PLAIN", "334 ");
      await smtp.expect(/./);
    },
  ],
  [
    "LOGIN",
    { password: async () => SECRET },
    "AUTH LOGIN",
    async (smtp) => {
      await smtp.answer("AUTH LOGIN", "334 VXNlcm5hbWU6");
      await smtp.answer(base64(user), "334 UGFzc3dvcmQ6");
      await smtp.expect(base64(SECRET));
    },
  ],
  [
    "CRAM-MD5",
    { password: () => SECRET },
    "AUTH CRAM-MD5",
    async (smtp) => {
      await smtp.answer("AUTH CRAM-MD5", "334 PDEuMkBteD4=");
      await smtp.expect(/./);
    },
  ],
  ["XOAUTH2", { token: SECRET }, "AUTH XOAUTH2", async (smtp) => void (await smtp.expect(/^AUTH XOAUTH2 /))],
  [
    "XOAUTH2 that is refused in two steps",
    { token: async () => SECRET },
    "AUTH XOAUTH2",
    async (smtp) => {
      await smtp.answer(/^AUTH XOAUTH2 /, `334 ${base64('{"status":"401"}')}`);
      await smtp.expect("");
    },
  ],
  [
    "OAUTHBEARER",
    { token: SECRET },
    "AUTH OAUTHBEARER",
    async (smtp) => void (await smtp.expect(/^AUTH OAUTHBEARER /)),
  ],
  [
    "OAUTHBEARER without an initial response",
    { token: SECRET + "x".repeat(500) },
    "AUTH OAUTHBEARER",
    async (smtp) => {
      await smtp.answer("AUTH OAUTHBEARER", "334 ");
      await smtp.expect(/./);
    },
  ],
  ["none that there is", { password: SECRET }, "AUTH X-OTHER", async () => undefined],
];

/** How servers end it. */
const endings: [string, (smtp: Smtp) => Promise<void>][] = [
  ["lets us in", (smtp) => smtp.say("235 in")],
  ["refuses", (smtp) => smtp.say("535 5.7.8 no")],
  ["refuses the mechanism", (smtp) => smtp.say("504 no")],
  ["asks on", (smtp) => smtp.say("334 Pw==", "334 Pw==", "501 no")],
  ["says 421", (smtp) => smtp.say("421 closing")],
  ["says what is no reply", (smtp) => smtp.say("what?")],
  ["leaves", async (smtp) => smtp.peer.end()],
  ["resets", async (smtp) => smtp.peer.reset()],
];

describe.each(exchanges)("%s shows no secret", (_mechanism, credentials, offer, exchange) => {
  test.each(endings)("if the server %s", async (_what, end) => {
    using watch = new PublicWatch();
    const { trace } = watch;
    await using server = await smtpServer(async (smtp) => {
      await smtp.greet(offer);
      await exchange(smtp);
      await end(smtp);
      await smtp.peer.readToEnd().catch(() => undefined);
    });
    const { host, port } = server;
    const options = { host, port, name, user, trace, timeouts: { close: 100 }, ...credentials };
    const session = await SmtpSession.connect(options).catch((error: unknown) => {
      watch.see(error);
    });
    if (session !== undefined) {
      watch.see(session, session.extensions, JSON.stringify(session));
      const failing = failureOf(session.noop());
      session.close();
      watch.see(await failing, session);
    }
    expect(watch.seen.length).toBeGreaterThan(3);
    expect(watch.leaks).toEqual([]);
  });
});

test("SCRAM shows none", async () => {
  using watch = new PublicWatch(scramUser.password);
  const { trace } = watch;
  await using server = await smtpServer(async (smtp) => {
    await smtp.greet("AUTH SCRAM-SHA-256");
    await scramServer(smtp);
    await smtp.answer("", "235 in");
    await smtp.answer("QUIT", "221 bye");
  });
  const { host, port } = server;
  const session = await SmtpSession.connect({ host, port, name, ...scramUser, trace });
  watch.see(session);
  await session.quit();
  expect(watch.leaks).toEqual([]);
});

describe("what holds a secret shows none:", () => {
  test("a client, at work and over", async () => {
    using watch = new PublicWatch();
    const { trace } = watch;
    await using server = await smtpServer(async (smtp) => {
      await smtp.greet("AUTH PLAIN");
      await smtp.answer(/^AUTH PLAIN /, "235 in");
      await smtp.expect(/^MAIL/);
      watch.see(client);
      await smtp.say("550 no");
      await smtp.answer("QUIT", "221 bye");
    });
    const { host, port } = server;
    const client: SmtpClient = await SmtpClient.connect({ host, port, name, user, password: SECRET, trace });
    const sending = client.send({ from: "a@example.org", to: "b@example.org", message: "x" });
    watch.see(client, sending, await failureOf(sending));
    await client.quit();
    watch.see(client);
    expect(watch.leaks).toEqual([]);
  });

  test("the error of a URL", async () => {
    using watch = new PublicWatch();
    const urls = [
      `smtp://${user}:${SECRET}@localhost:x`,
      `http://${user}:${SECRET}@localhost`,
      `smtp://${user}:${SECRET}@localhost/path`,
      `smtp://${user}:${SECRET}@[::1`,
    ];
    for (const url of urls) watch.see(await failureOf(SmtpSession.connect(url)));
    watch.see(await failureOf(SmtpSession.connect(`smtp://${user}:${SECRET}%0A@localhost`)));
    expect(watch.leaks).toEqual([]);
  });

  test("the errors of what a secret may not be", async () => {
    using watch = new PublicWatch();
    const { trace } = watch;
    const wrong: Partial<SmtpOptions>[] = [
      { password: `${SECRET}\n` },
      { password: `${SECRET}\0` },
      { password: () => `${SECRET}\0` },
      { password: `${SECRET}\ud800` },
      { token: `${SECRET}\u0007` },
      { password: async () => Promise.reject(new Error("the keychain is locked")) },
    ];
    for (const credentials of wrong) {
      await using server = await smtpServer(async (smtp) => {
        await smtp.greet("AUTH PLAIN LOGIN XOAUTH2 OAUTHBEARER SCRAM-SHA-256");
        await smtp.answer("QUIT", "221 bye");
      });
      const { host, port } = server;
      watch.see(await failureOf(SmtpSession.connect({ host, port, name, user, trace, ...credentials })));
    }
    expect(watch.leaks).toEqual([]);
  });

  test("a mechanism of one's own that fails in the middle", async () => {
    using watch = new PublicWatch();
    const { trace } = watch;
    const custom: Mechanism = {
      name: "X-OWN",
      strength: "digest",
      isPlaintextEquivalent: false,
      start: () => Buffer.from(SECRET),
      next: () => Buffer.from(SECRET),
      done: () => undefined,
    };
    await using server = await smtpServer(async (smtp) => {
      await smtp.greet("AUTH X-OWN");
      await smtp.answer(/^AUTH X-OWN /, "334 ");
      await smtp.expect(base64(SECRET));
      smtp.peer.end();
    });
    const { host, port } = server;
    const session = await SmtpSession.connect({ host, port, name, trace });
    await session.ehlo();
    watch.see(await failureOf(session.auth(custom)), session);
    session.close();
    expect(watch.leaks).toEqual([]);
  });
});
