// What hostile servers, and hostile names, are known to try on FTP clients.
import { ArgumentError, ConnectError, LimitError, ProtocolError, TlsError } from "@netcli/core-transport";
import { failureOf } from "@netcli/test-kit";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, test, vi } from "vitest";
import { FtpSession } from "../src/index.ts";
import { loggedIn, nowhere, refuseUnhandled, tlsOptions } from "./fixtures.ts";
import { fetched, onOwnServer, tester } from "./own-server.ts";
import { epsvReply, ftpServer, loginLines, pasvReply } from "./scripted-ftp.ts";

refuseUnhandled();

describe("PASV to a third host (CVE-2021-4189, CVE-2020-8284)", () => {
  test.each(["off", "safe"] as const)(
    "leads to the server itself, also where it was asked for ahead, %s",
    async (pipelining) => {
      await using fixture = await onOwnServer(
        { features: { EPSV: 502 }, pasvAddress: "127.0.0.2" },
        { pipelining },
      );
      await fixture.put("a", "content");
      const { session } = fixture;
      const results = await Promise.all([1, 2, 3].map(() => fetched(session, "a")));
      expect(results.map(String)).toEqual(["content", "content", "content"]);
      expect(fixture.server.commands.filter((line) => line === "PASV")).toHaveLength(3);
    },
  );
});

describe("a port that is none", () => {
  test.each([
    ["EPSV", "229 (|||0|)"],
    ["EPSV", "229 (|||65536|)"],
    ["EPSV", "229 (|||-1|)"],
    ["PASV", "227 (127,0,0,1,0,0)"],
    ["PASV", "227 (127,0,0,1,256,1)"],
  ])("in the answer to %s, %j, ends the session", async (verb, reply) => {
    await using fixture = await onOwnServer({
      features: { EPSV: verb === "EPSV" },
      onCommand: (command) => (command.verb === verb ? { skip: true, reply } : undefined),
    });
    expect(await failureOf(fixture.session.nlst())).toBeInstanceOf(ProtocolError);
    expect(await failureOf(fixture.session.noop())).toBeInstanceOf(ProtocolError);
  });

  test("in an answer that was asked for ahead ends the session, too", async () => {
    await using fixture = await loggedIn(async (ftp) => {
      await ftp.answer("TYPE I", "200 binary");
      const port = await ftp.passive();
      await ftp.expect("RETR a");
      await ftp.expect("EPSV");
      await ftp.say("150 here");
      const data = await port.connected();
      data.end();
      await ftp.say("226 done", epsvReply(0));
      await ftp.peer.closed;
    });
    const { session } = fixture;
    const first = session.retrBinary("RETR a", nowhere);
    const second = failureOf(session.retrBinary("RETR b", nowhere));
    expect(await first).toMatchObject({ bytes: 0 });
    expect(await second).toBeInstanceOf(ProtocolError);
  });

  test("is of a service of the server at most: nothing is sent there but an upload", async () => {
    await using fixture = await loggedIn(async (ftp) => {
      await ftp.answer("TYPE I", "200 binary");
      await ftp.answer("EPSV", "500 what");
      await ftp.answer("PASV", pasvReply(1));
    });
    expect(await failureOf(fixture.session.retrBinary("RETR a", nowhere))).toBeInstanceOf(ConnectError);
  });
});

const date = new Date(0);
const verbs: [string, (session: FtpSession, bad: string) => Promise<unknown>][] = [
  ["cwd", (session, bad) => session.cwd(bad)],
  ["mkd", (session, bad) => session.mkd(bad)],
  ["rmd", (session, bad) => session.rmd(bad)],
  ["delete", (session, bad) => session.delete(bad)],
  ["rename from", (session, bad) => session.rename(bad, "b")],
  ["rename to", (session, bad) => session.rename("a", bad)],
  ["size", (session, bad) => session.size(bad)],
  ["mdtm", (session, bad) => session.mdtm(bad)],
  ["mfmt", (session, bad) => session.mfmt(bad, date)],
  ["chmod", (session, bad) => session.chmod(bad, 0o644)],
  ["hash", (session, bad) => session.hash(bad)],
  ["hash with an algorithm", (session, bad) => session.hash("a", bad)],
  ["stat", (session, bad) => session.stat(bad)],
  ["help", (session, bad) => session.help(bad)],
  ["opts", (session, bad) => session.opts(bad)],
  ["opts with a value", (session, bad) => session.opts("UTF8", bad)],
  ["site", (session, bad) => session.site(bad)],
  ["host", (session, bad) => session.host(bad)],
  ["nlst", (session, bad) => session.nlst(bad)],
  ["dir", (session, bad) => session.dir(bad)],
  ["dir with flags", (session, bad) => session.dir("a", { flags: bad })],
  ["retrLines", (session, bad) => session.retrLines(`RETR ${bad}`, nowhere)],
  ["retrBinary", (session, bad) => session.retrBinary(`RETR ${bad}`, nowhere)],
  ["storLines", (session, bad) => session.storLines(`STOR ${bad}`, "a")],
  ["storBinary", (session, bad) => session.storBinary(`STOR ${bad}`, "a")],
  ["append", (session, bad) => session.append(bad, "a")],
  ["storUnique", (session, bad) => session.storUnique("a", bad)],
  ["transferCmd", (session, bad) => session.transferCmd(`RETR ${bad}`)],
  ["sendCmd", (session, bad) => session.sendCmd(bad)],
  ["voidCmd", (session, bad) => session.voidCmd(bad)],
  ["login", (session, bad) => session.login("ada", bad)],
];

describe("a line end in an argument (CVE-2017-3533)", () => {
  test.each(verbs)("of %s is refused by a rejection, and nothing is sent", async (_name, call) => {
    await using fixture = await loggedIn((ftp) => ftp.peer.closed);
    const { session, server } = fixture;
    for (const bad of ["a\r\nDELE b", "a\nDELE b", "a\rb", "a\0b", "\n"]) {
      expect(await failureOf(call(session, bad))).toBeInstanceOf(ArgumentError);
    }
    session.close();
    await server.settled();
    expect(server.received).toBe(loginLines);
  });

  test.each(verbs)("of %s is none in latin1, where a character would become one", async (_name, call) => {
    await using fixture = await loggedIn((ftp) => ftp.peer.closed, { encoding: "latin1" });
    const { session, server } = fixture;
    // Cut to eight bits this is a line feed.
    expect(await failureOf(call(session, "a\u760aDELE b"))).toBeInstanceOf(ArgumentError);
    session.close();
    await server.settled();
    expect(server.received).toBe(loginLines);
  });
});

describe("a name with a dash in front (option injection)", () => {
  test.each(["-rf", "--help", " -la", "\t-R"])("%j is a name for LIST, NLST and STAT", async (name) => {
    await using fixture = await onOwnServer();
    const { session, server, since } = fixture;
    await mkdir(join(server.root, name));
    await fixture.put(`${name}/inside`, "12345");
    const commands = since();
    expect(await session.nlst(name)).toEqual([expect.stringMatching(/inside$/)]);
    expect(await session.dir(name)).toEqual([expect.stringMatching(/ 5 .*inside$/)]);
    expect(await session.stat(name)).toEqual([expect.stringMatching(/ 5 .*inside$/)]);
    const asked = commands().filter((line) => /^(?:LIST|NLST|STAT)/.test(line));
    expect(asked).toEqual([`NLST ./${name}`, `LIST ./${name}`, `STAT ./${name}`]);
  });

  test("is a name like any other elsewhere", async () => {
    await using fixture = await onOwnServer();
    const { session, get } = fixture;
    await session.storBinary("STOR -a", "content");
    expect((await get("-a")).toString()).toBe("content");
    expect(await session.size("-a")).toBe(7);
    await session.rename("-a", "-b");
    await session.delete("-b");
    expect(await session.nlst()).toEqual([]);
  });
});

describe("what never ends does not fill the memory:", () => {
  test("a reply", async () => {
    await using fixture = await loggedIn(async (ftp) => {
      await ftp.expect("FEAT");
      await ftp.say("211-Features:");
      // The client's leaving ends it.
      for (;;) await ftp.peer.send(" FEATURE\r\n".repeat(1_000));
    });
    expect(await failureOf(fixture.session.feat())).toBeInstanceOf(LimitError);
  });

  test.each([
    ["lines", "name\r\n".repeat(1_000)],
    ["empty lines", "\n".repeat(10_000)],
    ["a line", "x".repeat(10_000)],
  ])("a listing of %s, and the session goes on", async (_what, piece) => {
    await using fixture = await loggedIn(
      async (ftp) => {
        const port = await ftp.passive();
        await ftp.answer("NLST", "150 here it comes");
        const data = await port.connected();
        for (let going = true; going;) {
          going = await data.send(piece).then(
            () => true,
            () => false,
          );
        }
        await ftp.say("426 broken");
        await ftp.prove();
      },
      { limits: { blockBytes: 500_000 } },
    );
    expect(await failureOf(fixture.session.nlst())).toBeInstanceOf(LimitError);
    expect(await fixture.session.pwd()).toBe("/here");
  });
});

describe("bytes behind the go-ahead for TLS (CVE-2021-22947)", () => {
  test.each([
    ["connect", "234 go\r\n200 fine\r\n200 private\r\n331 password\r\n230 in\r\n"],
    ["authTls", "234 go\r\n200 fine\r\n200 private\r\n"],
  ])("fail %s, and are taken for no reply", async (how, injected) => {
    await using server = await ftpServer(async (ftp) => {
      await ftp.say("220 ready");
      await ftp.expect("AUTH TLS");
      await ftp.peer.send(injected);
      await ftp.peer.expectEnd();
    });
    const { host, port } = server;
    const connecting =
      how === "connect"
        ? FtpSession.connect({ host, port, ...tester, tls: "starttls", tlsOptions })
        : FtpSession.connect({ host, port, tlsOptions }).then((session) => session.authTls());
    const error = await failureOf(connecting);
    expect(error).toBeInstanceOf(TlsError);
    expect(error).toMatchObject({ code: "ERR_NETCLI_STARTTLS_INJECTION" });
    await server.settled();
    expect(server.received).toBe("AUTH TLS\r\n");
  });
});

describe("control characters in a PWD reply", () => {
  test("make a path that is told as it is, and may be sent back", async () => {
    const path = "\u001b]0;owned\u0007/a";
    await using fixture = await loggedIn(async (ftp) => {
      await ftp.answer("PWD", `257 "${path}"`);
      await ftp.answer(`CWD ${path}`, "250 there");
    });
    expect(await fixture.session.pwd()).toBe(path);
    await fixture.session.cwd(path);
  });

  test.each(["/a\rDELE b", "/a\0b"])("as in %j make a path that is never sent back", async (path) => {
    await using fixture = await loggedIn(async (ftp) => {
      await ftp.answer("PWD", `257 "${path}"`);
      await ftp.prove();
    });
    const { session } = fixture;
    const told = await session.pwd();
    expect(told).toBe(path);
    expect(await failureOf(session.cwd(told))).toBeInstanceOf(ArgumentError);
    expect(await session.pwd()).toBe("/here");
  });

  test("do not reach the terminal through setDebugLevel, and neither do secrets", async () => {
    const lines: unknown[] = [];
    const traced: string[] = [];
    const spy = vi.spyOn(console, "error").mockImplementation((line) => void lines.push(line));
    try {
      await using fixture = await loggedIn(
        async (ftp) => {
          await ftp.answer("PWD", '257 "/\u001b[2J"');
          await ftp.answer("SITE PSWD old new", "200 fine");
          await ftp.answer("NOOP", "200 fine");
        },
        { trace: ({ kind, text }) => void (kind === "event" || traced.push(text)) },
      );
      const { session } = fixture;
      session.setDebugLevel(1);
      await session.pwd();
      await session.site("PSWD old new");
      session.setDebugLevel(0);
      await session.noop();
    } finally {
      spy.mockRestore();
    }
    // What the caller watches goes on.
    expect(traced.slice(-4)).toEqual(["SITE ****", "200 fine", "NOOP", "200 fine"]);
    expect(lines).toEqual([
      "*cmd* PWD",
      String.raw`*resp* 257 "/\x1b[2J"`,
      "*cmd* SITE ****",
      "*resp* 200 fine",
    ]);
  });
});
