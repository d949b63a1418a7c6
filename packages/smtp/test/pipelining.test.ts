// What goes out without waiting: verbs that are not awaited leave in one write where the server stands that, one by
// one where not, and nothing behind what may change the rules.
import { type ScriptedPeer, scriptedServer } from "@netcli/test-kit";
import { describe, expect, test } from "vitest";
import { type SmtpOptions, SmtpSession } from "../src/index.ts";
import { from, identity, message, onServer, refuseUnhandled, to, turns } from "./own-smtp.ts";

refuseUnhandled();

const MAIL = `MAIL FROM:<${from}>`;
const RCPT = `RCPT TO:<${to}>`;

/** What the client sends before each of these is answered, for as long as it sends something. */
async function flights(
  work: (session: SmtpSession) => readonly Promise<unknown>[],
  offers: string = "PIPELINING",
  options: Partial<SmtpOptions> = {},
): Promise<string[][]> {
  const sent: string[][] = [];
  const script = async (peer: ScriptedPeer): Promise<void> => {
    await peer.send("220 mx\r\n");
    await peer.expect(/^EHLO/);
    await peer.send(`250-mx\r\n250 ${offers}\r\n`);
    let answered = peer.received.length;
    let inContent = false;
    for (;;) {
      await peer.readLine().then((line) => sent.push([line]));
      // All of a write is there in the same turn.
      await turns(3);
      const more = peer.received.subarray(answered).toString().split("\r\n").slice(1, -1);
      for (const line of more) sent.at(-1)?.push(await peer.readLine().then(() => line));
      answered = peer.received.length;
      for (const line of sent.at(-1) ?? []) {
        if (line === "DATA") {
          inContent = true;
          await peer.send("354 go\r\n");
        } else if (!inContent || line === ".") {
          inContent = false;
          await peer.send("250 fine\r\n");
        }
      }
    }
  };
  await using server = await scriptedServer(script);
  const { host, port } = server;
  const session = await SmtpSession.connect({ host, port, name: "a.example", ...options });
  await session.ehlo();
  await Promise.all(work(session));
  session.close();
  return sent;
}

function envelope(session: SmtpSession): Promise<unknown>[] {
  return [session.mail(from), session.rcpt(to), session.rcpt("eve@example.org")];
}

function wholeMessage(session: SmtpSession): Promise<unknown>[] {
  return [...envelope(session), session.data("x"), session.mail(from), session.rset()];
}

function barriers(session: SmtpSession): Promise<unknown>[] {
  return [
    session.mail(from),
    session.rset(),
    session.noop(),
    session.rset(),
    session.verify("bob"),
    session.expn("all"),
    session.help(),
    session.ehlo("b.example"),
    session.docmd("X-OWN"),
    session.mail(from),
    session.rset(),
  ];
}

describe("verbs that are not awaited", () => {
  const lines = [MAIL, RCPT, "RCPT TO:<eve@example.org>"];

  test("leave in one write where that is offered", async () => {
    expect(await flights(envelope)).toEqual([lines]);
  });

  test.each([
    ["it is not offered", "SIZE", "safe"],
    ["it is off", "PIPELINING", "off"],
  ] as const)("leave one by one where %s", async (_where, offers, pipelining) => {
    expect(await flights(envelope, offers, { pipelining })).toEqual(lines.map((line) => [line]));
  });

  test("have DATA in the same write, and its content behind the go-ahead", async () => {
    expect(await flights(wholeMessage)).toEqual([
      [...lines, "DATA"],
      ["x", "."],
      [MAIL, "RSET"],
    ]);
  });

  test("have nothing behind those that may change the rules, and RSET is none of them", async () => {
    expect(await flights(barriers)).toEqual([
      [MAIL, "RSET", "NOOP"],
      ["RSET", "VRFY bob"],
      ["EXPN all"],
      ["HELP"],
      ["EHLO b.example"],
      ["X-OWN"],
      // The second EHLO offers nothing.
      [MAIL],
      ["RSET"],
    ]);
  });

  test("go out one by one behind an EHLO that is not answered, and together then", async () => {
    await using fixture = await onServer({ extensions: ["PIPELINING"] });
    const { session, since } = fixture;
    const came = since();
    await Promise.all([
      session.ehlo("b.example"),
      session.mail(from),
      session.rcpt(to),
      session.data(message),
    ]);
    expect(came()).toEqual(["EHLO b.example", MAIL, RCPT, "DATA"]);
    expect(fixture.got("bob")).toEqual([message]);
  });
});

describe("mails that are not awaited", () => {
  test("leave one after the other, and before what is called behind them", async () => {
    await using fixture = await onServer();
    const { session, since, got } = fixture;
    const lines = since();
    await Promise.all([
      session.sendMail(from, to, "one\r\n"),
      session.noop(),
      session.sendMail(from, to, "two\r\n"),
      session.quit(),
    ]);
    const mail = [`${MAIL} SIZE=5`, RCPT, "DATA"];
    expect(lines()).toEqual([...mail, "NOOP", ...mail, "QUIT"]);
    expect(got("bob")).toEqual(["one\r\n", "two\r\n"]);
  });

  test("say EHLO once where it was not said", async () => {
    await using fixture = await onServer();
    const { host, port } = fixture.server;
    const session = await SmtpSession.connect({ host, port });
    const since = fixture.since();
    await Promise.all([
      session.sendMail(from, to, "one\r\n"),
      session.sendMail(from, to, "two\r\n"),
      session.sendMessage(`From: ${from}\r\nTo: ${to}\r\n\r\nthree\r\n`),
    ]);
    expect(since().filter((line) => line.startsWith("EHLO"))).toHaveLength(1);
    expect(fixture.got("bob").map((text) => text.split("\r\n").at(-2))).toEqual(["one", "two", "three"]);
    await session.quit();
  });

  test("over TLS and behind a login keep their order, too", async () => {
    await using fixture = await onServer({ tls: identity, users: { ann: "secret", bob: "" } });
    const { session, got } = fixture;
    await Promise.all([
      session.startTls(),
      session.ehlo(),
      session.login("ann", "secret"),
      session.sendMail(from, to, message),
    ]);
    expect(got("bob")).toEqual([message]);
    expect(fixture.server.received[0]).toMatchObject({ user: "ann", isSecure: true });
  });

  test("have more recipients than may be outstanding, and each has its answer", async () => {
    await using fixture = await onServer({
      extensions: ["PIPELINING"],
      reply: (verb, line) => (verb === "RCPT" && /[37]@/.test(line) ? "550 No." : undefined),
    });
    const recipients = Array.from({ length: 350 }, (_, at) => `r${at}@example.org`);
    const before = fixture.server.flights;
    const { accepted, refused } = await fixture.session.sendMail(from, recipients, message);
    expect(accepted).toEqual(recipients.filter((one) => !/[37]@/.test(one)));
    expect(refused.map(({ address }) => address)).toEqual(recipients.filter((one) => /[37]@/.test(one)));
    // No more than 100 are outstanding, but it does not wait for all of them.
    expect(fixture.server.flights - before).toBeLessThan(10);
  });

  test("that are refused at MAIL do not name all recipients first", async () => {
    await using fixture = await onServer({
      extensions: ["PIPELINING"],
      reply: (verb) => (verb === "MAIL" ? "550 No." : undefined),
    });
    const recipients = Array.from({ length: 1_000 }, (_, at) => `r${at}@example.org`);
    const { session, since } = fixture;
    const lines = since();
    await session.sendMail(from, recipients, message).catch(() => undefined);
    expect(lines().length).toBeLessThan(200);
    fixture.forgive(/^RCPT: MAIL comes first/);
  });
});
