// The transport for nodemailer: what nodemailer composes arrives, and its options and results mean what they did.
import { failureOf } from "@netcli/test-kit";
import { startSmtpServer } from "@netcli/test-servers";
import { createTransport, type SentMessageInfo } from "nodemailer";
import { describe, expect, test } from "vitest";
import { netcliTransport } from "../src/nodemailer.ts";

const users = { alice: "secret", bob: "other" };

const mail = {
  from: "Alice <alice@example.org>",
  to: "bob@example.org",
  bcc: "alice@example.org",
  subject: "Grüße",
  text: "Hello\n.\nBob",
};

function textOf(message: { readonly data: Uint8Array } | undefined): string {
  return Buffer.from(message?.data ?? []).toString("utf8");
}

describe("The transport for nodemailer", () => {
  test("sends what nodemailer composes, and says what nodemailer's own transport says", async () => {
    await using server = await startSmtpServer({ users });
    const transport = createTransport(netcliTransport(server.url));

    const info = await transport.sendMail(mail);

    expect(info.accepted).toEqual(["bob@example.org", "alice@example.org"]);
    expect(info.rejected).toEqual([]);
    expect(info.envelope).toEqual({
      from: "alice@example.org",
      to: ["bob@example.org", "alice@example.org"],
    });
    expect(info.messageId).toMatch(/^<.+@example\.org>$/);
    expect(info.response).toMatch(/^250 /);
    const [received] = server.received;
    expect(textOf(received)).toContain("Subject: =?UTF-8?Q?Gr=C3=BC=C3=9Fe?=\r\n");
    expect(textOf(received)).toMatch(/\r\n\r\nHello\r\n\.\r\nBob\r\n$/);
    expect(textOf(received)).not.toMatch(/^bcc:/im);
    transport.close();
  });

  test("takes nodemailer's options", async () => {
    await using server = await startSmtpServer({ users, requireAuth: true });
    const { host, port } = server;
    const auth = { user: "alice", pass: "secret" };
    const transport = createTransport(
      netcliTransport({
        host,
        port,
        auth,
        pool: true,
        maxConnections: 2,
        tls: { rejectUnauthorized: false },
      }),
    );

    expect(await transport.verify()).toBe(true);
    const infos = await Promise.all([1, 2, 3, 4].map(() => transport.sendMail(mail)));

    expect(infos.map(({ accepted }) => accepted.length)).toEqual([2, 2, 2, 2]);
    expect(server.received).toHaveLength(4);
    transport.close();
  });

  test("tells whom the server has refused", async () => {
    await using server = await startSmtpServer({ users });
    const transport = createTransport(netcliTransport(server.url));

    const info: SentMessageInfo = await transport.sendMail({
      ...mail,
      to: ["bob@example.org", "zoe@example.org"],
    });

    expect(info.rejected).toEqual(["zoe@example.org"]);
    expect(info["rejectedErrors"]).toMatchObject([
      { recipient: "zoe@example.org", responseCode: 550, permanent: true },
    ]);
    transport.close();
  });

  test("gives errors the fields that callers of nodemailer look for", async () => {
    await using server = await startSmtpServer({ users });
    const transport = createTransport(netcliTransport(server.url));

    const error = await failureOf(
      transport.sendMail({ from: "a@example.org", to: "zoe@example.org", text: "x" }),
    );

    expect(error).toMatchObject({
      name: "SendError",
      responseCode: 550,
      permanent: true,
      rejected: ["zoe@example.org"],
      command: "RCPT TO:<zoe@example.org>",
    });
    transport.close();
  });

  test("says a wrong password, and tries to connect again for the next mail", async () => {
    await using server = await startSmtpServer({ users });
    const { host, port } = server;
    const transport = createTransport(
      netcliTransport({ host, port, auth: { user: "alice", pass: "wrong" } }),
    );

    expect(await failureOf(transport.verify())).toMatchObject({ responseCode: 535 });
    expect(await failureOf(transport.sendMail(mail))).toMatchObject({ responseCode: 535 });
    transport.close();
  });

  test("gives up a mail on its signal", async () => {
    await using server = await startSmtpServer({ users });
    const transport = createTransport(netcliTransport(server.url));
    const giveUp = new AbortController();
    giveUp.abort();

    expect(await failureOf(transport.sendMail({ ...mail, signal: giveUp.signal }))).toMatchObject({
      name: "AbortError",
    });
    expect(server.received).toHaveLength(0);
    transport.close();
  });

  test("asks for reports as nodemailer does", async () => {
    await using server = await startSmtpServer({ users });
    const transport = createTransport(netcliTransport(server.url));
    const dsn = {
      id: "id 1",
      return: "headers",
      notify: ["failure", "delay"],
      recipient: "alice@example.org",
    };

    expect(await failureOf(transport.sendMail({ ...mail, dsn }))).toMatchObject({ name: "ArgumentError" });
    await transport.sendMail({ ...mail, dsn: { ...dsn, return: "hdrs" } });

    const [received] = server.received;
    expect(received?.from.params).toMatchObject({ RET: "HDRS", ENVID: "id 1" });
    expect(received?.to[0]?.params).toEqual({ NOTIFY: "FAILURE,DELAY", ORCPT: "rfc822;alice@example.org" });
    transport.close();
  });
});
