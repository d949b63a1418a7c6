// Whoever looks at a dialogue, by setDebugLevel or a trace, sees no password, whichever way it was sent.
import { login, oauthBearer, plain, xoauth2 } from "@netcli/sasl";
import { failureOf } from "@netcli/test-kit";
import { describe, expect, test } from "vitest";
import { SmtpSession } from "../src/index.ts";
import { name, refuseUnhandled, smtpServer } from "./scripted-smtp.ts";
import { base64, PublicWatch, SECRET, user } from "./secret-watch.ts";

refuseUnhandled();

describe("setDebugLevel shows no secret", () => {
  const verbs: [string, string, (session: SmtpSession) => Promise<unknown>][] = [
    ["login", "AUTH PLAIN", (session) => session.login(user, SECRET)],
    ["auth with PLAIN", "AUTH PLAIN", (session) => session.auth(plain({ user, password: SECRET }))],
    ["auth with LOGIN", "AUTH LOGIN", (session) => session.auth(login({ user, password: SECRET }))],
    ["auth with XOAUTH2", "AUTH XOAUTH2", (session) => session.auth(xoauth2({ user, token: SECRET }))],
    ["auth with OAUTHBEARER", "AUTH X", (session) => session.auth(oauthBearer({ user, token: SECRET }))],
    [
      "docmd with AUTH",
      "AUTH PLAIN",
      (session) => session.docmd("AUTH", `PLAIN ${base64(`\0${user}\0${SECRET}`)}`),
    ],
    [
      "docmd with auth",
      "AUTH PLAIN",
      (session) => session.docmd(`auth plain ${base64(`\0${user}\0${SECRET}`)}`),
    ],
    [
      "docmd with a blank before it",
      "AUTH PLAIN",
      (session) => session.docmd(` AUTH PLAIN ${base64(SECRET)}`),
    ],
    ["docmd with an unknown verb", "AUTH PLAIN", (session) => session.docmd("XLOGIN", SECRET)],
    [
      "docmd with LOGIN, line by line",
      "AUTH LOGIN",
      async (session) => {
        await session.docmd("AUTH", "LOGIN");
        await session.docmd(base64(user));
        await session.docmd(base64(SECRET));
      },
    ],
  ];

  test.each(verbs)("of %s, nor do the errors", async (_name, offer, call) => {
    using watch = new PublicWatch();
    const lasts = new Set(["XEND", base64(SECRET)]);
    await using server = await smtpServer(async (smtp) => {
      await smtp.greet(offer);
      while (!lasts.has(await smtp.peer.readLine())) await smtp.say("334 ");
      smtp.peer.end();
    });
    const { host, port } = server;
    const session = await SmtpSession.connect({ host, port, name, timeouts: { close: 100 } });
    session.setDebugLevel(1);
    await session.ehlo();
    await call(session).catch((error: unknown) => watch.see(error));
    watch.see(await failureOf(session.docmd("XEND")), session);
    session.close();
    expect(watch.seen.length).toBeGreaterThan(3);
    expect(watch.leaks).toEqual([]);
  });
});
