// Command lines: what may not be in one, and what is hidden of it.
import { failureOf } from "@netcli/test-kit";
import { inspect } from "node:util";
import { ArgumentError, type TraceEvent } from "@netcli/core-transport";
import { describe, expect, test } from "vitest";
import { FtpCommands, ftpCommand } from "../src/command.ts";
import { FtpClient, type FtpOptions, FtpSession } from "../src/index.ts";
import { downloading, identity, loggedIn, refuseUnhandled, tlsOptions } from "./fixtures.ts";
import { ftpServer, loginLines } from "./scripted-ftp.ts";

refuseUnhandled();

const breaks: [string, string][] = [
  ["a carriage return", "a\rb"],
  ["a line feed", "a\nb"],
  ["a NUL", "a\0b"],
  ["a second command", "a\r\nDELE b"],
  ["a line end in front", "\r\na"],
  ["a line end behind", "a\r\n"],
];

const calls: [string, (session: FtpSession, bad: string) => Promise<unknown>][] = [
  ["login with a user", (session, bad) => session.login(bad)],
  ["login with a password", (session, bad) => session.login("ada", bad)],
  ["login with an account", (session, bad) => session.login("ada", "secret", bad)],
  ["sendCmd", (session, bad) => session.sendCmd(`STAT ${bad}`)],
  ["sendCmd with a verb", (session, bad) => session.sendCmd(bad)],
  ["voidCmd", (session, bad) => session.voidCmd(`SITE ${bad}`)],
  ["cwd", (session, bad) => session.cwd(bad)],
  ["size", (session, bad) => session.size(bad)],
  ["retrBinary", (session, bad) => session.retrBinary(`RETR ${bad}`, () => undefined)],
];

describe("an argument with a line end or NUL", () => {
  test.each(calls)("is refused by %s before anything is sent", async (_name, call) => {
    await using fixture = await loggedIn((ftp) => ftp.peer.closed);
    const { session, server } = fixture;
    for (const [, bad] of breaks) {
      const error = await failureOf(call(session, bad));
      expect(error).toBeInstanceOf(ArgumentError);
      expect(error).toMatchObject({
        code: "ERR_NETCLI_ARGUMENT",
        message: expect.stringContaining("contains"),
      });
    }
    session.close();
    await server.settled();
    expect(server.received).toBe(loginLines);
  });

  test("is refused by download before anything is sent or written", async () => {
    await using fixture = await downloading((ftp) => ftp.peer.closed);
    const { client, server, target } = fixture;
    for (const [, bad] of breaks) {
      expect(await failureOf(client.download(bad, target))).toBeInstanceOf(ArgumentError);
    }
    expect(await fixture.files()).toEqual([]);
    client.close();
    await server.settled();
    expect(server.received).toBe(loginLines);
  });

  const options: [keyof FtpOptions, (bad: string) => Partial<FtpOptions>][] = [
    ["host", (bad) => ({ host: bad })],
    ["user", (bad) => ({ user: bad })],
    ["password", (bad) => ({ user: "ada", password: bad })],
    ["account", (bad) => ({ user: "ada", password: "secret", account: bad })],
    ["directory", (bad) => ({ user: "ada", directory: bad })],
  ];

  test.each(options)("is refused as the option %s before a connection is made", async (_name, make) => {
    await using server = await ftpServer((ftp) => ftp.peer.closed);
    const { host, port } = server;
    for (const [, bad] of breaks) {
      for (const type of [FtpSession, FtpClient]) {
        const error = await failureOf(type.connect({ host, port, ...make(bad) }));
        expect(error).toBeInstanceOf(ArgumentError);
        expect(inspect(error)).not.toContain("secret");
      }
    }
    expect(server.connections).toBe(0);
  });

  test.each([["user%0D%0A@"], ["user:s3cr3t%0Aw0rd@"], ["user%00@"]])(
    "is refused in the URL ftp://%shost/ before a connection is made",
    async (userInfo) => {
      await using server = await ftpServer((ftp) => ftp.peer.closed);
      const url = `ftp://${userInfo}${server.host}:${server.port}/`;
      const error = await failureOf(FtpClient.connect(url));
      expect(error).toBeInstanceOf(ArgumentError);
      expect(inspect(error)).not.toMatch(/s3cr3t|w0rd/);
      expect(server.connections).toBe(0);
    },
  );

  test("is refused by a rejection, not by a throw that a promise's catch would miss", async () => {
    await using fixture = await loggedIn((ftp) => ftp.peer.closed);
    for (const [, call] of calls) {
      expect(() => void call(fixture.session, "a\nb").catch(() => undefined)).not.toThrow();
    }
  });
});

describe("a command", () => {
  test.each([
    ["RETR", ["a b"], "RETR a b"],
    ["retr", ["x"], "retr x"],
    ["CWD", ["  two spaces "], "CWD   two spaces "],
    ["USER", ["ada"], "USER ada"],
    ["NOOP", [], "NOOP"],
    ["PASS", ["secret"], "PASS ****"],
    ["pass", ["secret"], "pass ****"],
    ["PASS", [""], "PASS ****"],
    ["ACCT", ["secret"], "ACCT ****"],
    ["ADAT", ["secret"], "ADAT ****"],
    ["SITE", ["PSWD old new"], "SITE ****"],
    ["XUNKNOWN", ["secret"], "XUNKNOWN ****"],
  ])("%s %j is shown as %s", (verb, args, shown) => {
    expect(ftpCommand(verb, ...args)).toEqual({ line: [verb, ...args].join(" "), shown });
  });

  test.each([
    ["PASS secret", "PASS ****"],
    ["pAsS secret word", "pAsS ****"],
    [" PASS secret", " ****"],
    ["RETR a  b", "RETR a  b"],
    ["RETR ", "RETR "],
    ["QUIT", "QUIT"],
  ])("%j as a whole line goes out as it is and is shown as %j", (line, shown) => {
    expect(new FtpCommands(undefined).raw(line)).toEqual({ line, shown });
  });
});

describe("a secret", () => {
  const password = "p4ssw0rd";
  const account = "4cc0unt";

  async function traced(script: string[], options: Partial<FtpOptions>): Promise<[unknown, TraceEvent[]]> {
    await using server = await ftpServer(async (ftp) => {
      await ftp.say("220 ready");
      for (const line of script) await ftp.answer(/./, line);
      await ftp.peer.closed;
    });
    const { host, port } = server;
    const events: TraceEvent[] = [];
    const trace = (event: TraceEvent): void => void events.push(event);
    const credentials = { user: "ada", password, account, tls: "none" as const, timeouts: { close: 50 } };
    const result = await FtpSession.connect({ host, port, ...credentials, trace, ...options }).catch(
      (error: unknown) => error,
    );
    if (result instanceof FtpSession) result.close();
    return [result, events];
  }

  test("is sent but appears neither in traces nor in what is printed of a session", async () => {
    const [session, events] = await traced(["331 password", "332 account", "230 in"], {});
    expect(session).toBeInstanceOf(FtpSession);
    const sent = events.filter(({ kind }) => kind === "sent").map(({ text }) => text);
    expect(sent).toEqual(["USER ada", "PASS ****", "ACCT ****"]);
    const printed = inspect([session, events], { depth: 20, showHidden: true, getters: true });
    expect(printed).not.toMatch(/p4ssw0rd|4cc0unt/);
    expect(JSON.stringify(session)).not.toMatch(/p4ssw0rd|4cc0unt/);
  });

  test.each([
    ["PASS ****", ["331 password", "530 no"]],
    ["ACCT ****", ["331 password", "332 account", "530 no"]],
  ])("does not appear in the error when %s is refused", async (command, script) => {
    const [error, events] = await traced(script, {});
    expect(error).toMatchObject({ command, message: expect.stringContaining(command) });
    expect(inspect([error, events], { depth: 20, showHidden: true })).not.toMatch(/p4ssw0rd|4cc0unt/);
  });

  test("does not appear in the error when the server is silent or leaves instead of answering", async () => {
    const timeouts = { reply: 50 };
    const [late, events] = await traced(["331 password"], { timeouts });
    expect(late).toMatchObject({ phase: "reply", message: expect.stringContaining("PASS ****") });
    expect(inspect([late, events], { depth: 20, showHidden: true })).not.toContain(password);
    const [gone] = await traced(["331 password", "421 bye"], {});
    expect(gone).toMatchObject({ code: "ERR_NETCLI_CLOSED", message: expect.stringContaining("PASS ****") });
    expect(inspect(gone, { depth: 20, showHidden: true })).not.toContain(password);
  });

  test("in a command of the caller's own is hidden, too, over TLS as in clear", async () => {
    await using server = await ftpServer(
      async (ftp) => {
        await ftp.say("220 ready");
        await ftp.answer("PBSZ 0", "200 fine");
        await ftp.answer("PROT P", "200 fine");
        await ftp.answer("SITE PSWD old p4ssw0rd", "500 what");
      },
      { tls: identity },
    );
    const events: TraceEvent[] = [];
    const trace = (event: TraceEvent): void => void events.push(event);
    const { host, port } = server;
    await using session = await FtpSession.connect({ host, port, tls: "implicit", tlsOptions, trace });
    const error = await failureOf(session.voidCmd("SITE PSWD old p4ssw0rd"));
    expect(error).toMatchObject({ command: "SITE ****" });
    expect(inspect([error, events], { depth: 20, showHidden: true })).not.toContain(password);
  });
});
