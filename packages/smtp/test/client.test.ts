// A client: its mails, how many sessions it has, and how long it keeps them.
import { failureOf, gate } from "@netcli/test-kit";
import { type EsmtpHook, type EsmtpServer, startEsmtpServer } from "@netcli/test-servers";
import { describe, expect, test } from "vitest";
import { send, SendError, SmtpClient } from "../src/index.ts";
import { clientOn, from, identity, message, refuseUnhandled, tlsOptions, to, turns } from "./own-smtp.ts";

refuseUnhandled();

const mail = { from, to, message };

/** How many messages each session had. */
function counts({ sessions }: EsmtpServer): number[] {
  return sessions.map(({ received }) => received.length);
}

function quits({ commands }: EsmtpServer): number {
  return commands.filter((line) => line === "QUIT").length;
}

/** Does that to the first so many. */
function first(times: number, verb: string, answer: string): EsmtpHook {
  let left = times;
  return (asked) => {
    if (asked !== verb || left === 0) return undefined;
    left -= 1;
    return answer;
  };
}

describe("a mail", () => {
  test("has the envelope of its header, and no Bcc", async () => {
    await using fixture = await clientOn();
    const { client, server } = fixture;
    const text = `From: Ann <${from}>\r\nTo: Bob <${to}>\r\nBcc: eve@example.org\r\n\r\nhello\r\n`;
    const { accepted, bytes } = await client.send({ message: text });
    expect(accepted).toEqual([to, "eve@example.org"]);
    expect(fixture.got("eve")).toEqual([text.replace("Bcc: eve@example.org\r\n", "")]);
    expect(bytes).toBe(text.length - "Bcc: eve@example.org\r\n".length);
    expect(server.received[0]?.from.address).toBe(from);
    await client.send({ message: text, from: "", to: "dan@example.org" });
    expect(server.received[1]).toMatchObject({ from: { address: "" }, to: [{ address: "dan@example.org" }] });
  });

  test.each([
    ["postfix", "250 2.0.0 Ok: queued as 4XyZ12", "4XyZ12"],
    ["exim", "250 OK id=1tCabc-000000001AB-2xYz", "1tCabc-000000001AB-2xYz"],
    ["sendmail", "250 2.0.0 4AKKR1ab012345 Message accepted for delivery", "4AKKR1ab012345"],
    ["dovecot", "250 2.0.0 <bob@x> SPxsOi2sAGuQEwAAg+zDdQ Saved", "SPxsOi2sAGuQEwAAg+zDdQ"],
    ["exchange", "250 2.6.0 <abc@mx.example> [InternalId=1] Queued mail for delivery", "abc@mx.example"],
    ["another", "250 2.0.0 Thanks", undefined],
    ["a very long one", `250 ${"x".repeat(300)} queued as 12`, undefined],
  ])("has the id that %s gave it", async (_server, reply, queueId) => {
    await using fixture = await clientOn({ reply: (verb) => (verb === "." ? { reply } : undefined) });
    expect(await fixture.client.send(mail)).toMatchObject({ queueId });
  });

  test("may be sent in one call, which ends its session politely, also if it is refused", async () => {
    await using server = await startEsmtpServer({ reply: first(1, "RCPT", "550 No.") });
    const { host, port } = server;
    expect(await failureOf(send({ host, port }, mail))).toBeInstanceOf(SendError);
    expect((await send(server.url, mail)).accepted).toEqual([to]);
    expect([counts(server), quits(server)]).toEqual([[0, 1], 2]);
    expect(server.violations).toEqual([]);
  });

  test("that can't be is refused before a session is asked for it", async () => {
    await using fixture = await clientOn();
    const { client, since } = fixture;
    const lines = since();
    for (const wrong of [
      { from: "a b", to },
      { from, to: "<bob@example.org>" },
      { from, to: ["", to] },
    ]) {
      const error = await failureOf(client.send({ ...wrong, message }));
      expect(error).toMatchObject({ code: "ERR_NETCLI_ARGUMENT" });
    }
    expect(await failureOf(client.send({ message: "no header" }))).toMatchObject({
      code: "ERR_NETCLI_ARGUMENT",
    });
    const signal = AbortSignal.abort("enough");
    expect(await failureOf(client.send({ ...mail, signal }))).toBe("enough");
    expect(lines()).toEqual([]);
  });
});

describe("sessions", () => {
  test("are one by default, and as many as are wanted when there is work", async () => {
    await using one = await clientOn();
    await Promise.all(Array.from({ length: 5 }, () => one.client.send(mail)));
    expect(counts(one.server)).toEqual([5]);
    await using three = await clientOn({}, { connections: 3 });
    for (let count = 0; count < 5; count += 1) await three.client.send(mail);
    expect(counts(three.server)).toEqual([5]);
  });

  test("work at the same time", async () => {
    const { opened: all, open } = gate();
    let waiting = 0;
    const together: EsmtpHook = async (verb) => {
      if (verb !== "DATA") return;
      waiting += 1;
      if (waiting >= 3) open();
      await all;
    };
    await using fixture = await clientOn({ reply: together }, { connections: 3 });
    const { client, server } = fixture;
    await Promise.all(Array.from({ length: 30 }, () => client.send(mail)));
    expect(server.sessions).toHaveLength(3);
    expect(fixture.got("bob")).toHaveLength(30);
    await client.quit();
    expect(quits(server)).toBe(3);
  });

  test("are as many as the server lets in", async () => {
    await using fixture = await clientOn({ maxConnections: 2 }, { connections: 4 });
    await Promise.all(Array.from({ length: 20 }, () => fixture.client.send(mail)));
    expect(fixture.got("bob")).toHaveLength(20);
  });

  test("are replaced after so many messages, politely", async () => {
    await using fixture = await clientOn({}, { messagesPerSession: 3 });
    const { client, server } = fixture;
    for (let count = 0; count < 7; count += 1) await client.send(mail);
    expect(counts(server)).toEqual([3, 3, 1]);
    await client.quit();
    expect(quits(server)).toBe(3);
  });

  test("are replaced after as many as the server says, in overlap too", async () => {
    for (const pipelining of ["safe", "full"] as const) {
      await using fixture = await clientOn(
        { extensions: ["PIPELINING", "LIMITS MAILMAX=2"] },
        { pipelining },
      );
      const { client, server } = fixture;
      await Promise.all(Array.from({ length: 7 }, () => client.send(mail)));
      expect(Math.max(...counts(server))).toBeLessThanOrEqual(2);
      expect(fixture.got("bob")).toHaveLength(7);
    }
  });

  test("are replaced when they are old", async () => {
    await using fixture = await clientOn({}, { sessionAge: 300 });
    const { client, server } = fixture;
    await client.send(mail);
    await client.use(() => new Promise((resolve) => setTimeout(resolve, 310)));
    await client.send(mail);
    expect(counts(server)).toEqual([1, 1]);
  });

  test("are ended when nobody needs them for a while, and are there again when somebody does", async () => {
    await using fixture = await clientOn({}, { idleTime: 200 });
    const { client, server } = fixture;
    await client.send(mail);
    await server.sessions[0]?.ended;
    expect(server.commands.at(-1)).toBe("QUIT");
    await client.send(mail);
    expect(counts(server)).toEqual([1, 1]);
  });

  test("are lent for their verbs, and nobody else has them meanwhile", async () => {
    await using fixture = await clientOn();
    const { client, since } = fixture;
    const lines = since();
    const using = client.use(async (session) => {
      await session.verify("bob");
      await turns();
      return (await session.noop()).code;
    });
    const sending = client.send(mail);
    expect(await using).toBe(250);
    await sending;
    expect(lines().map((line) => line.split(" ")[0])).toEqual(["VRFY", "NOOP", "MAIL", "RCPT", "DATA"]);
    const failure = new Error("mine");
    expect(await failureOf(client.use(() => Promise.reject(failure)))).toBe(failure);
  });

  test("that were lent are in the middle of nothing when a mail comes", async () => {
    await using fixture = await clientOn();
    const { client, got } = fixture;
    await client.use(async (session) => {
      await session.mail(from);
      await session.rcpt("eve@example.org");
    });
    expect((await client.send(mail)).accepted).toEqual([to]);
    expect([got("bob"), got("eve")]).toEqual([[message], []]);
  });

  test("resume TLS, and log in each", async () => {
    await using fixture = await clientOn(
      { tls: identity, tlsMode: "implicit", users: { ann: "secret", bob: "" } },
      { tls: "implicit", user: "ann", password: "secret", messagesPerSession: 1, tlsOptions },
    );
    const { client, server } = fixture;
    for (let count = 0; count < 3; count += 1) await client.send(mail);
    expect(server.sessions.map(({ user, isSecure }) => [user, isSecure])).toEqual(
      Array.from({ length: 3 }, () => ["ann", true]),
    );
  });
});

test("connect rejects as its first session does", async () => {
  await using server = await startEsmtpServer({
    reply: (verb) => (verb === "CONNECT" ? "554 5.7.1 No." : undefined),
  });
  expect(await failureOf(SmtpClient.connect(server.url))).toMatchObject({
    command: "connect",
    reply: { code: 554 },
  });
  expect(server.sessions).toHaveLength(1);
});
