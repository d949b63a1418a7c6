// Logging in: what is sent, what is not, and who may hear the password.
import { failureOf, gate } from "@netcli/test-kit";
import { ArgumentError, ReplyError, TlsError } from "@netcli/core-transport";
import { describe, expect, test } from "vitest";
import { FtpClient, type FtpOptions, FtpSession } from "../src/index.ts";
import { authority, refuseUnhandled, throughTunnel, tlsOptions } from "./fixtures.ts";
import { type FtpServer, ftpServer } from "./scripted-ftp.ts";

refuseUnhandled();

const ada = { user: "ada", password: "p4ssw0rd" };

/** A server that answers one line after the other, whatever comes, and keeps what came. */
function answering(...replies: string[]): Promise<FtpServer> {
  return ftpServer(async (ftp) => {
    await ftp.say("220 ready");
    for (const reply of replies) await ftp.answer(/./, reply);
    await ftp.peer.closed;
  });
}

async function commands(replies: string[], options: Partial<FtpOptions>): Promise<string[]> {
  await using server = await answering(...replies);
  const session = await FtpSession.connect({ host: server.host, port: server.port, ...options });
  session.close();
  await server.settled();
  return server.received.split("\r\n").slice(0, -1);
}

describe("a login without pipelining", () => {
  const pipelining = "off";
  const inClear = { tls: "none", pipelining } as const;

  test.each<[string, string[], Partial<FtpOptions>, string[]]>([
    ["ends with USER where the server asks no more", ["230 in"], { ...ada, ...inClear }, ["USER ada"]],
    ["ends with USER on 232, too", ["232 in"], { ...ada, ...inClear }, ["USER ada"]],
    [
      "sends the password on 331",
      ["331 password", "230 in"],
      { ...ada, ...inClear },
      ["USER ada", "PASS p4ssw0rd"],
    ],
    [
      "is done on 202, a password that was superfluous",
      ["331 password", "202 superfluous"],
      { ...ada, ...inClear },
      ["USER ada", "PASS p4ssw0rd"],
    ],
    [
      "sends the account on 332 behind the password",
      ["331 password", "332 account", "230 in"],
      { ...ada, ...inClear, account: "42" },
      ["USER ada", "PASS p4ssw0rd", "ACCT 42"],
    ],
    [
      "sends the account on 332 behind the user",
      ["332 account", "230 in"],
      { ...ada, ...inClear, account: "42" },
      ["USER ada", "ACCT 42"],
    ],
    [
      "as anonymous has an address for a password that tells nothing",
      ["331 your address", "230 in"],
      { user: "anonymous", pipelining },
      ["USER anonymous", "PASS anonymous@"],
    ],
    [
      "as ftp is anonymous, too",
      ["331 your address", "230 in"],
      { user: "FTP", pipelining },
      ["USER FTP", "PASS anonymous@"],
    ],
    [
      "as anonymous sends the password that was given",
      ["331 your address", "230 in"],
      { user: "anonymous", password: "me@example.org", pipelining },
      ["USER anonymous", "PASS me@example.org"],
    ],
    [
      "of a user without a password sends an empty one",
      ["331 password", "230 in"],
      { user: "guest", ...inClear },
      ["USER guest", "PASS "],
    ],
    [
      "is in UTF-8",
      ["331 password", "230 in"],
      { user: "größe", password: "日本", ...inClear },
      ["USER größe", "PASS 日本"],
    ],
    [
      "is followed by the directory",
      ["230 in", "250 entered"],
      { user: "anonymous", directory: "pub/a b", pipelining },
      ["USER anonymous", "CWD pub/a b"],
    ],
    [
      "to a server on this machine uses TLS if there is any, and asks once",
      ["502 no TLS", "331 password", "230 in"],
      { ...ada, pipelining },
      ["AUTH TLS", "USER ada", "PASS p4ssw0rd"],
    ],
    [
      "asks once for TLS also where that was written out",
      ["502 no TLS", "331 password", "230 in"],
      { ...ada, tls: "opportunistic", pipelining },
      ["AUTH TLS", "USER ada", "PASS p4ssw0rd"],
    ],
  ])("%s", async (_what, replies, options, sent) => {
    expect(await commands(replies, options)).toEqual(sent);
  });

  test("may follow a connection without one", async () => {
    await using server = await answering("331 password", "230 welcome");
    const { host, port } = server;
    const session = await FtpSession.connect({ host, port, tls: "none" });
    expect(await session.login("ada", "p4ssw0rd")).toMatchObject({ code: 230, text: "welcome" });
    session.close();
  });

  test.each([
    ["USER", "USER ada", ["530 who are you"]],
    ["PASS", "PASS ****", ["331 password", "530 wrong"]],
    ["ACCT", "ACCT ****", ["331 password", "332 account", "532 no such account"]],
    ["a second question for the password", "PASS ****", ["331 password", "331 password"]],
    ["a question behind the account", "ACCT ****", ["332 account", "332 account"]],
    ["350", "USER ada", ["350 go on"]],
  ])(
    "that is refused by the answer to %s rejects with ReplyError and says goodbye",
    async (_what, command, replies) => {
      await using server = await ftpServer(async (ftp) => {
        await ftp.say("220 ready");
        for (const reply of replies) await ftp.answer(/^(?:USER|PASS|ACCT) /, reply);
        await ftp.answer("QUIT", "221 bye");
        await ftp.peer.expectEnd();
      });
      const { host, port } = server;
      const error = await failureOf(FtpClient.connect({ host, port, ...ada, ...inClear, account: "42" }));
      expect(error).toBeInstanceOf(ReplyError);
      expect(error).toMatchObject({ command });
      await server.settled();
      expect(server.received).toMatch(/QUIT\r\n$/);
    },
  );

  test("that leads to no directory rejects with ReplyError and says goodbye", async () => {
    await using server = await ftpServer(async (ftp) => {
      await ftp.logIn();
      await ftp.answer("CWD nowhere", "550 no such directory");
      await ftp.answer("QUIT", "221 bye");
      await ftp.peer.expectEnd();
    });
    const error = await failureOf(FtpClient.connect(`ftp://${server.host}:${server.port}/nowhere`));
    expect(error).toMatchObject({ command: "CWD nowhere", reply: { code: 550 } });
    await server.settled();
    expect(server.received).toMatch(/QUIT\r\n$/);
  });

  test.each([["220"], ["USER"], ["PASS"]])(
    "that is aborted while the server is silent instead of sending %s rejects with the signal's reason",
    async (stage) => {
      const { opened: reached, open: reach } = gate();
      await using server = await ftpServer(async (ftp) => {
        if (stage !== "220") await ftp.say("220 ready");
        if (stage === "PASS") await ftp.answer("USER ada", "331 password");
        if (stage !== "220") await ftp.expect(/./);
        reach();
        await ftp.peer.closed;
      });
      const controller = new AbortController();
      const reason = new Error("enough");
      const { host, port } = server;
      const { signal } = controller;
      const connecting = FtpClient.connect({ host, port, ...ada, ...inClear, signal });
      void reached.then(() => controller.abort(reason));
      expect(await failureOf(connecting)).toBe(reason);
      await server.settled();
    },
  );

  test("that is aborted on a session rejects with the reason and leaves the session", async () => {
    const { opened: reached, open: reach } = gate();
    const { opened: aborted, open: abort } = gate();
    await using server = await ftpServer(async (ftp) => {
      await ftp.say("220 ready");
      await ftp.expect("USER anonymous");
      reach();
      await aborted;
      await ftp.say("230 in");
      await ftp.prove();
    });
    const { host, port } = server;
    await using session = await FtpSession.connect({ host, port, pipelining });
    const controller = new AbortController();
    const login = session.login("anonymous", "", "", { signal: controller.signal });
    await reached;
    controller.abort("enough");
    expect(await failureOf(login)).toBe("enough");
    abort();
    expect(await session.pwd()).toBe("/here");
  });
});

describe("a password", () => {
  test.each([
    ["by default", {}],
    ["with starttls", { tls: "starttls" }],
    ["with opportunistic TLS", { tls: "opportunistic" }],
  ] as const)("is never sent in clear to a server elsewhere, %s", async (_how, options) => {
    await using server = await answering("502 no TLS", "331 password", "230 in");
    const error = await failureOf(FtpClient.connect({ ...throughTunnel(server), ...ada, ...options }));
    expect(error).toBeInstanceOf(TlsError);
    expect(error).toMatchObject({ message: expect.stringMatching(/nothing secret was sent|was not sent/) });
    await server.settled();
    expect(server.received).toBe("AUTH TLS\r\n");
  });

  test("that is empty changes nothing: a user's session elsewhere is over TLS or not at all", async () => {
    await using server = await answering("502 no TLS", "230 in");
    const error = await failureOf(FtpClient.connect({ ...throughTunnel(server), user: "guest" }));
    expect(error).toBeInstanceOf(TlsError);
    await server.settled();
    expect(server.received).toBe("AUTH TLS\r\n");
  });

  test("is not sent in clear to a server elsewhere by a later login either", async () => {
    await using server = await answering("502 no TLS", "502 no TLS", "331 password");
    const session = await FtpSession.connect({ ...throughTunnel(server), user: undefined });
    expect(await failureOf(session.login(ada.user, ada.password))).toBeInstanceOf(TlsError);
    expect(await failureOf(session.login("anonymous", "", "4cc0unt"))).toBeInstanceOf(TlsError);
    session.close();
    await server.settled();
    expect(server.received).not.toMatch(/PASS|ACCT|USER/);
  });

  test("is sent in clear where that was written out", async () => {
    await using server = await answering("331 password", "230 in");
    const session = await FtpSession.connect({ ...throughTunnel(server), ...ada, tls: "none" });
    session.close();
    await server.settled();
    expect(server.received).toBe("USER ada\r\nPASS p4ssw0rd\r\n");
  });

  test("that is an anonymous user's is no secret", async () => {
    await using server = await answering("331 address", "230 in");
    const session = await FtpSession.connect({ ...throughTunnel(server), user: "anonymous" });
    session.close();
    await server.settled();
    expect(server.received).toBe("USER anonymous\r\nPASS anonymous@\r\n");
  });

  test("with a line end does not cost the connection of a session", async () => {
    await using server = await answering('257 "/here"');
    const { host, port } = server;
    const session = await FtpSession.connect({ host, port });
    expect(await failureOf(session.login("ada", "p\r\nDELE x"))).toBeInstanceOf(ArgumentError);
    expect(await session.pwd()).toBe("/here");
    session.close();
  });

  test("is sent over TLS to a server elsewhere", async () => {
    await using server = await ftpServer(async (ftp) => {
      await ftp.say("220 ready");
      await ftp.answer("AUTH TLS", "234 go");
      await ftp.peer.startTls(authority.issue({ names: ["ftp.example.org"] }));
      await ftp.answer("PBSZ 0", "200 fine");
      await ftp.answer("PROT P", "200 private");
      await ftp.answer("USER ada", "331 password");
      await ftp.answer("PASS p4ssw0rd", "230 in");
      await ftp.peer.closed;
    });
    const session = await FtpSession.connect({ ...throughTunnel(server), ...ada, tlsOptions });
    session.close();
    await server.settled();
    expect(server.received).toMatch(/PASS p4ssw0rd\r\n$/);
  });
});
