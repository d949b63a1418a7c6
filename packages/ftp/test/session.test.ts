// A session's verbs, turns and ends: who waits for whom, and what stays open.
import { closedPort, failureOf, gate } from "@netcli/test-kit";
import { ConnectError, ConnectionClosedError, ReplyError, TimeoutError } from "@netcli/core-transport";
import { describe, expect, test } from "vitest";
import { FtpClient, FtpSession } from "../src/index.ts";
import { loggedIn, pattern, refuseUnhandled, nowhere } from "./fixtures.ts";
import { ftpServer, loginLines } from "./scripted-ftp.ts";

refuseUnhandled();

describe("a verb", () => {
  test("is what ftplib's method of that name sends", async () => {
    await using fixture = await loggedIn(async (ftp) => {
      await ftp.answer("NOOP", "200 fine");
      await ftp.answer("CWD a b", "250 entered");
      await ftp.answer("CWD ä/日本", "200 entered");
      await ftp.answer("CWD .", "250 entered");
      await ftp.answer("CDUP", "200 up");
      await ftp.answer("PWD", '257 "/a"');
      await ftp.answer("TYPE I", "200 binary");
      await ftp.answer("SIZE -rf *", "213 1234567890123");
      await ftp.answer("SIZE a", "213  5 ");
      await ftp.answer("SYST", "215 UNIX");
      await ftp.answer("SITE HELP", "200 none");
    });
    const { session } = fixture;
    expect(session.welcome).toBe("(vsFTPd 3.0.3)");
    expect(await session.noop()).toMatchObject({ code: 200 });
    expect(await session.cwd("a b")).toMatchObject({ code: 250 });
    expect(await session.cwd("ä/日本")).toMatchObject({ code: 200 });
    expect(await session.cwd("")).toMatchObject({ code: 250 });
    expect(await session.cwd("..")).toMatchObject({ code: 200 });
    expect(await session.pwd()).toBe("/a");
    expect(await session.size("-rf *")).toBe(1_234_567_890_123);
    expect(await session.size("a")).toBe(5);
    expect(await session.sendCmd("SYST")).toMatchObject({ code: 215, text: "UNIX" });
    expect(await session.voidCmd("SITE HELP")).toMatchObject({ code: 200 });
  });

  test.each([["500"], ["502"]])("cwd goes up with CWD where CDUP is unknown, %s", async (code) => {
    await using fixture = await loggedIn(async (ftp) => {
      await ftp.answer("CDUP", `${code} what`);
      await ftp.answer("CWD ..", "250 up");
    });
    expect(await fixture.session.cwd("..")).toMatchObject({ code: 250 });
  });

  test("that is refused rejects, but sendCmd resolves to any reply", async () => {
    await using fixture = await loggedIn(async (ftp) => {
      await ftp.answer("CDUP", "550 this is the top");
      await ftp.answer("CWD a", "350 go on");
      await ftp.answer("NOOP", "350 go on");
      await ftp.answer("TYPE I", "200 binary");
      await ftp.answer("SIZE a", "550 none");
      await ftp.answer("STAT", "450 busy");
    });
    const { session } = fixture;
    expect(await failureOf(session.cwd(".."))).toMatchObject({ command: "CDUP", isPermanent: true });
    expect(await failureOf(session.cwd("a"))).toBeInstanceOf(ReplyError);
    expect(await failureOf(session.noop())).toBeInstanceOf(ReplyError);
    expect(await failureOf(session.size("a"))).toBeInstanceOf(ReplyError);
    expect(await session.sendCmd("STAT")).toMatchObject({ code: 450 });
  });

  test("that is aborted rejects with the reason, and its reply goes to nobody else", async () => {
    const commands = ["PWD", "CWD a", "CDUP", "NOOP", "STAT"];
    const reached = commands.map(() => gate());
    const { opened: rejected, open: reject } = gate();
    await using fixture = await loggedIn(async (ftp) => {
      for (const [nth, command] of commands.entries()) {
        await ftp.expect(command);
        reached[nth]?.open();
        if (command === "PWD") await rejected;
        await ftp.say("250 of the aborted");
        await ftp.prove();
      }
    });
    const { session } = fixture;
    const verbs: ((signal: AbortSignal) => Promise<unknown>)[] = [
      (signal) => session.pwd({ signal }),
      (signal) => session.cwd("a", { signal }),
      (signal) => session.cwd("..", { signal }),
      (signal) => session.noop({ signal }),
      (signal) => session.sendCmd("STAT", { signal }),
    ];
    for (const [nth, verb] of verbs.entries()) {
      const controller = new AbortController();
      const failing = failureOf(verb(controller.signal));
      await reached[nth]?.opened;
      controller.abort("enough");
      expect(await failing).toBe("enough");
      reject();
      expect(await session.pwd()).toBe("/here");
    }
  });

  test("that is not answered in time ends the session", async () => {
    await using fixture = await loggedIn((ftp) => ftp.peer.closed, { timeouts: { reply: 50 } });
    const error = await failureOf(fixture.session.pwd());
    expect(error).toBeInstanceOf(TimeoutError);
    expect(error).toMatchObject({ phase: "reply", milliseconds: 50 });
    expect(await failureOf(fixture.session.noop())).toBe(error);
  });
});

test("calls on one session wait for their turn, which without pipelining is not before an answer", async () => {
  await using fixture = await loggedIn(
    async (ftp) => {
      await ftp.answer("TYPE I", "200 binary");
      const data = await ftp.begin("a");
      await data.send(pattern(300_000));
      data.end();
      await data.closed;
      // Nothing has come meanwhile.
      expect(ftp.peer.received.toString()).toMatch(/RETR a\r\n$/);
      await ftp.say("226 done");
      await ftp.give("b", pattern(5));
      await ftp.prove();
      await ftp.answer("SIZE c", "213 7");
      await ftp.answer("NOOP", "200 fine");
    },
    { pipelining: "off" },
  );
  const { session } = fixture;
  const results = await Promise.all([
    session.retrBinary("RETR a", nowhere),
    session.retrBinary("RETR b", nowhere),
    session.pwd(),
    session.size("c"),
    session.noop(),
  ]);
  expect(results).toMatchObject([{ bytes: 300_000 }, { bytes: 5 }, "/here", 7, { code: 200 }]);
});

test("a command is sent when the one before is answered, and no sooner, without pipelining", async () => {
  await using fixture = await loggedIn(
    async (ftp) => {
      for (const command of ["CWD a", "PWD", "NOOP"]) {
        await ftp.expect(command);
        expect(ftp.peer.received.toString().endsWith(`${command}\r\n`)).toBe(true);
        await ftp.say('257 "/here"');
      }
    },
    { pipelining: "off" },
  );
  const { session } = fixture;
  const results = await Promise.all([session.cwd("a"), session.pwd(), session.noop()]);
  expect(results).toMatchObject([{ code: 257 }, "/here", { code: 257 }]);
  await fixture.server.settled();
});

test("the signal that connect was given has no power over the session that came of it", async () => {
  const controller = new AbortController();
  await using fixture = await loggedIn(
    async (ftp) => {
      await ftp.prove();
      await ftp.answer("TYPE I", "200 binary");
      await ftp.give("a", pattern(10));
    },
    { signal: controller.signal },
  );
  controller.abort("too late");
  expect(await fixture.session.pwd()).toBe("/here");
  expect(await fixture.session.retrBinary("RETR a", nowhere)).toMatchObject({ bytes: 10 });
});

describe("the end of a session", () => {
  test("is polite: QUIT behind all that is under way, then the connection", async () => {
    await using server = await ftpServer(async (ftp) => {
      await ftp.logIn();
      await ftp.answer("TYPE I", "200 binary");
      await ftp.give("a", pattern(1_000));
      await ftp.prove();
      await ftp.answer("QUIT", "221 bye");
      await ftp.peer.expectEnd();
    });
    const session = await FtpSession.connect(`ftp://anonymous@${server.host}:${server.port}`);
    const transfer = session.retrBinary("RETR a", nowhere);
    const pwd = session.pwd();
    await Promise.all([session.quit(), session.quit()]);
    expect(await transfer).toMatchObject({ bytes: 1_000 });
    expect(await pwd).toBe("/here");
    expect(await failureOf(session.noop())).toBeInstanceOf(ConnectionClosedError);
    await session.quit();
    await server.settled();
  });

  test.each([["FtpSession"], ["FtpClient"]])(
    "of %s comes with the end of an await using block",
    async (name) => {
      await using server = await ftpServer(async (ftp) => {
        await ftp.logIn();
        await ftp.answer("QUIT", "221 bye");
        await ftp.peer.expectEnd();
      });
      const { host, port } = server;
      {
        await using _ =
          name === "FtpClient"
            ? await FtpClient.connect({ host, port })
            : await FtpSession.connect({ host, port, user: "anonymous" });
        expect(server.received).toBe(loginLines);
      }
      expect(server.received).toBe(`${loginLines}QUIT\r\n`);
      await server.settled();
    },
  );

  test.each([
    ["says nothing", async () => undefined],
    ["refuses", async () => "500 what"],
    ["closes", async () => "421 bye"],
  ])("comes within timeouts.close though the server %s", async (_what, answer) => {
    await using fixture = await loggedIn(
      async (ftp) => {
        await ftp.expect("QUIT");
        const reply = await answer();
        if (reply !== undefined) await ftp.say(reply);
        await ftp.peer.closed;
      },
      { timeouts: { close: 50 } },
    );
    await fixture.session.quit();
    expect(await failureOf(fixture.session.pwd())).toBeInstanceOf(Error);
    await fixture.server.settled();
  });

  test("is without words and at once with close, also during a transfer", async () => {
    const { opened: reached, open: reach } = gate();
    await using fixture = await loggedIn(async (ftp) => {
      await ftp.answer("TYPE I", "200 binary");
      const data = await ftp.begin("a");
      await data.send(pattern(1_000));
      reach();
      await Promise.all([data.closed, ftp.peer.closed]);
    });
    const { session, server } = fixture;
    const failing = Promise.all([failureOf(session.retrBinary("RETR a", nowhere)), failureOf(session.pwd())]);
    await reached;
    session.close();
    for (const error of await failing) expect(error).toBeInstanceOf(ConnectionClosedError);
    await session.quit();
    session.close();
    await server.settled();
    expect(server.received).not.toContain("QUIT");
  });
});

describe("a connection that fails leaves nothing open", () => {
  test("when nothing listens", async () => {
    const port = await closedPort();
    const error = await failureOf(FtpClient.connect({ host: "127.0.0.1", port }));
    expect(error).toBeInstanceOf(ConnectError);
    expect(error).toMatchObject({ systemCode: "ECONNREFUSED" });
  });

  test.each([
    [
      "421 too many users",
      { code: "ERR_NETCLI_REPLY", reply: { code: 421 }, command: "connect", isTemporary: true },
    ],
    [
      "530 not you",
      { code: "ERR_NETCLI_REPLY", reply: { code: 530 }, command: "connect", isPermanent: true },
    ],
    ["SSH-2.0-OpenSSH_9.2", { code: "ERR_NETCLI_PROTOCOL" }],
  ])("when the greeting is %s", async (greeting, expected) => {
    await using server = await ftpServer(async (ftp) => {
      await ftp.say(greeting);
      // It comes to an end because the client goes.
      await ftp.peer.closed;
    });
    const { host, port } = server;
    const timeouts = { close: 50 };
    expect(await failureOf(FtpClient.connect({ host, port, timeouts }))).toMatchObject(expected);
    await server.settled();
  });

  test("when there is no greeting", async () => {
    await using server = await ftpServer((ftp) => ftp.peer.closed);
    const { host, port } = server;
    const error = await failureOf(FtpClient.connect({ host, port, timeouts: { greeting: 50 } }));
    expect(error).toMatchObject({ code: "ERR_NETCLI_TIMEOUT", phase: "greeting" });
    await server.settled();
  });

  test("when the server closes instead of a greeting", async () => {
    await using server = await ftpServer(async () => undefined);
    const { host, port } = server;
    expect(await failureOf(FtpClient.connect({ host, port }))).toBeInstanceOf(ConnectionClosedError);
  });
});
