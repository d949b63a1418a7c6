// Logging in with all commands in one packet: what servers may answer, and what is told of secrets.
import { ArgumentError, ReplyError, TlsError } from "@netcli/core-transport";
import { failureOf, gate } from "@netcli/test-kit";
import { inspect } from "node:util";
import { describe, expect, test } from "vitest";
import { FtpSession } from "../src/index.ts";
import { identity, pattern, refuseUnhandled, throughTunnel, tlsOptions } from "./fixtures.ts";
import { fetched, onOwnServer } from "./own-server.ts";
import { type FtpServer, ftpServer } from "./scripted-ftp.ts";

refuseUnhandled();

const ada = { user: "ada", password: "p4ssw0rd", account: "42" };

/** Answers USER and PASS when both are there, and ACCT if it comes. */
function answering(replies: string[], account?: string): Promise<FtpServer> {
  return ftpServer(async (ftp) => {
    await ftp.say("220 ready");
    await ftp.expect("USER ada");
    await ftp.expect("PASS p4ssw0rd");
    await ftp.say(...replies);
    if (account !== undefined) await ftp.answer("ACCT 42", account);
    if ((await ftp.expect(/^(?:PWD|QUIT)$/)) === "PWD") await ftp.say('257 "/here"');
    else await ftp.say("221 bye");
  });
}

describe("a login in one packet", () => {
  test.each([
    [["331 password", "230 in"], undefined],
    [["331 password", "202 superfluous"], undefined],
    [["230 in", "503 in already"], undefined],
    [["230 in", "230 in"], undefined],
    [["232 in", "530 in already"], undefined],
    [["230 in", "202 superfluous"], undefined],
    [["331 password", "332 account"], "230 in"],
    [["332 account", "503 account first"], "230 in"],
    [["332 account", "332 account"], "202 fine"],
  ])("that is answered with %j, and ACCT with %j, is one", async (replies, account) => {
    await using server = await answering(replies, account);
    const { host, port } = server;
    await using session = await FtpSession.connect({ host, port, ...ada, tls: "none" });
    expect(await session.pwd()).toBe("/here");
    await server.settled();
  });

  test.each([
    [["530 who are you", "503 USER first"], undefined, "USER ada"],
    [["331 password", "530 wrong"], undefined, "PASS ****"],
    [["331 password", "331 password"], undefined, "PASS ****"],
    [["350 go on", "230 in"], undefined, "USER ada"],
    [["331 password", "332 account"], "532 none", "ACCT ****"],
    [["332 account", "503 account first"], "332 account", "ACCT ****"],
  ])(
    "that is answered with %j, and ACCT with %j, is refused by the answer to %s",
    async (replies, account, command) => {
      await using server = await answering(replies, account);
      const { host, port } = server;
      const error = await failureOf(FtpSession.connect({ host, port, ...ada, tls: "none" }));
      expect(error).toBeInstanceOf(ReplyError);
      expect(error).toMatchObject({ command });
      await server.settled();
      expect(server.received).toMatch(/QUIT\r\n$/);
    },
  );

  test("is none without a password: that is sent when it is asked for, and empty", async () => {
    await using server = await ftpServer(async (ftp) => {
      await ftp.say("220 ready");
      await ftp.expect("USER ada");
      expect(ftp.peer.received.toString()).toBe("USER ada\r\n");
      await ftp.say("331 password");
      await ftp.answer("PASS ", "230 in");
    });
    const { host, port } = server;
    const session = await FtpSession.connect({ host, port, user: "ada", tls: "none" });
    session.close();
    await server.settled();
  });

  test("sends nothing secret to a server elsewhere that has no TLS", async () => {
    await using server = await ftpServer(async (ftp) => {
      await ftp.say("220 ready");
      await ftp.answer("AUTH TLS", "502 no TLS");
      await ftp.peer.closed;
    });
    const options = { ...throughTunnel(server), ...ada, tls: "opportunistic" } as const;
    expect(await failureOf(FtpSession.connect(options))).toBeInstanceOf(TlsError);
    await server.settled();
    expect(server.received).toBe("AUTH TLS\r\n");
  });

  test("that is aborted behind USER rejects with the reason, and a later one protects the data", async () => {
    const { opened: reached, open: reach } = gate();
    const { opened: going, open: go } = gate();
    await using server = await ftpServer(async (ftp) => {
      await ftp.say("220 ready");
      await ftp.answer("AUTH TLS", "234 go");
      await ftp.peer.startTls(identity);
      for (const command of ["PBSZ 0", "PROT P", "USER ada", "PASS p4ssw0rd"]) await ftp.expect(command);
      reach();
      await going;
      await ftp.say("200 fine", "200 private", "331 password", "230 in");
      for (const command of ["PBSZ 0", "PROT P"]) await ftp.answer(command, "200 fine");
      await ftp.answer("USER ada", "331 password");
      await ftp.answer("PASS p4ssw0rd", "230 in");
      await ftp.prove();
    });
    const { host, port } = server;
    await using session = await FtpSession.connect({ host, port, tlsOptions });
    const controller = new AbortController();
    const login = session.login("ada", "p4ssw0rd", "", { signal: controller.signal });
    await reached;
    controller.abort("enough");
    expect(await failureOf(login)).toBe("enough");
    go();
    await session.login("ada", "p4ssw0rd");
    expect(await session.pwd()).toBe("/here");
  });
});

describe("a secret that can't be encoded", () => {
  test.each([["user"], ["password"], ["account"]])(
    "as the %s is told to nobody, and nobody is asked",
    async (name) => {
      await using server = await ftpServer((ftp) => ftp.peer.closed);
      const { host, port } = server;
      const options = {
        host,
        port,
        user: "ada",
        password: "p",
        encoding: "latin1",
        [name]: "geh€im",
      } as const;
      const error = await failureOf(FtpSession.connect(options));
      expect(error).toBeInstanceOf(ArgumentError);
      expect(inspect(error, { depth: 9, showHidden: true }).includes("geh€im")).toBe(name === "user");
      expect(server.connections).toBe(0);
    },
  );
});

describe("a password", () => {
  test("goes out over TLS, whatever a server says to the login that goes with it", async () => {
    await using fixture = await onOwnServer({ tls: identity, requireTls: true });
    expect(fixture.server.sessions[0]?.isSecure).toBe(true);
    await fixture.put("a", pattern(10));
    expect(await fetched(fixture.session, "a")).toHaveLength(10);
  });

  test("that a server refuses to protect the data for until after the login is protected then", async () => {
    let early = 0;
    await using fixture = await onOwnServer({
      tls: identity,
      onCommand: ({ verb }, { user }) => {
        if (user !== undefined || !/^(?:PBSZ|PROT)$/.test(verb)) return undefined;
        early += 1;
        return { skip: true, reply: "530 Log in first." };
      },
    });
    expect(early).toBe(2);
    await fixture.put("a", pattern(10));
    expect(await fetched(fixture.session, "a")).toHaveLength(10);
    expect(fixture.server.sessions[0]?.transfers).toMatchObject([{ isSecure: true }]);
  });
});
