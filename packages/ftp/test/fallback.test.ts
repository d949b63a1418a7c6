// Servers that do not stand commands which are sent ahead: they are found out, and asked step by step from then on.
import { ConnectionClosedError, TimeoutError } from "@netcli/core-transport";
import { type FtpServerOptions, startFtpServer } from "@netcli/test-servers";
import { failureOf, gate } from "@netcli/test-kit";
import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, test } from "vitest";
import { FtpClient, FtpSession } from "../src/index.ts";
import { resolveOptions } from "../src/options.ts";
import { identity, loggedIn, nowhere, pattern, refuseUnhandled, tlsOptions } from "./fixtures.ts";
import { fetched, tester } from "./own-server.ts";
import { epsvReply, type Ftp, ftpServer } from "./scripted-ftp.ts";

refuseUnhandled();

const ada = { user: "ada", password: "p4ssw0rd", tls: "none" } as const;

/** A login that comes step by step. */
async function serialLogin(ftp: Ftp): Promise<void> {
  await ftp.expect("USER ada");
  expect(ftp.peer.received.toString()).not.toContain("PASS");
  await ftp.say("331 password");
  await ftp.answer("PASS p4ssw0rd", "230 in");
}

describe("a server that drops what is sent ahead", () => {
  test.each([false, true])(
    "is logged in to in the same session, TLS %s, and the next session knows",
    async (tls) => {
      const options: FtpServerOptions = { pipelining: "discard", ...(tls ? { tls: identity } : {}) };
      await using server = await startFtpServer(options);
      const { host, port } = server;
      const mode = tls ? "starttls" : "none";
      const target = resolveOptions({ host, port, ...tester, tls: mode, tlsOptions });
      await using session = await FtpSession.connect(target);
      expect(await Promise.all([session.pwd(), session.pwd()])).toEqual(["/", "/"]);
      expect(server.sessions).toHaveLength(1);
      expect(server.commands).toContain("NOOP");
      expect(session.welcome).toBe("ready");
      const before = server.commands.length;
      await using other = await FtpSession.connect(target);
      expect(await Promise.all([other.pwd(), other.noop()])).toMatchObject(["/", { code: 200 }]);
      expect(server.commands.slice(before).filter((line) => line === "NOOP")).toHaveLength(1);
      expect(server.errors).toEqual([]);
    },
  );

  test("and knows no NOOP either is found out all the same", async () => {
    await using server = await ftpServer(async (ftp) => {
      await ftp.say("220 (vsFTPd 3.0.3)");
      await ftp.answer("USER ada", "331 password");
      await ftp.expect("PASS p4ssw0rd");
      await ftp.answer("NOOP", "530 log in first");
      await ftp.answer("USER ada", "331 password");
      await ftp.answer("PASS p4ssw0rd", "230 in");
      await ftp.prove();
    });
    const { host, port } = server;
    await using session = await FtpSession.connect({ host, port, ...ada });
    expect(await session.pwd()).toBe("/here");
  });
});

test("a server that is slow with a password has dropped nothing", async () => {
  await using server = await startFtpServer({
    onCommand: ({ verb }) => (verb === "PASS" ? { wait: sleep(1_500) } : undefined),
  });
  const { host, port } = server;
  await using session = await FtpSession.connect({ host, port, ...tester, tls: "none" });
  expect(await session.pwd()).toBe("/");
  expect(server.commands).toEqual(["USER tester", "PASS secret", "NOOP", "PWD"]);
});

test.each(["500 what", "503 USER first"])(
  "a server that answers a password sent ahead with %j gets it again, step by step",
  async (misunderstood) => {
    await using server = await ftpServer(async (ftp) => {
      await ftp.say("220 (vsFTPd 3.0.3)");
      await ftp.expect("USER ada");
      await ftp.expect("PASS p4ssw0rd");
      await ftp.say("331 password", misunderstood);
      await ftp.answer("USER ada", "331 password");
      await ftp.answer("PASS p4ssw0rd", "230 in");
      await ftp.expect("NOOP");
      expect(ftp.peer.received.toString()).toMatch(/(?<!NOOP\r\n)NOOP\r\n$/);
      await ftp.say("200 fine");
      await ftp.answer("NOOP", "200 fine");
    });
    const { host, port } = server;
    await using session = await FtpSession.connect({ host, port, ...ada });
    await Promise.all([session.noop(), session.noop()]);
    await server.settled();
  },
);

describe("a server that closes the connection when something is sent ahead", () => {
  test.each([false, true])("is connected to once more, TLS %s, and the next session knows", async (tls) => {
    await using server = await startFtpServer({ pipelining: "close", ...(tls ? { tls: identity } : {}) });
    const { host, port } = server;
    const mode = tls ? "starttls" : "none";
    const target = resolveOptions({ host, port, ...tester, tls: mode, tlsOptions });
    await using session = await FtpSession.connect(target);
    expect(await Promise.all([session.pwd(), session.pwd()])).toEqual(["/", "/"]);
    expect(server.sessions).toHaveLength(2);
    await using other = await FtpSession.connect(target);
    expect(await other.pwd()).toBe("/");
    expect(server.sessions).toHaveLength(3);
  });

  test("is known to all sessions of a client", async () => {
    const { opened, open } = gate();
    await using server = await startFtpServer({
      pipelining: "close",
      onCommand: ({ verb, nth }) => {
        if (verb === "STOR" && nth === 2) open();
        return verb === "STOR" ? { wait: opened } : undefined;
      },
    });
    const { host, port } = server;
    await using client = await FtpClient.connect({ host, port, ...tester, tls: "none", connections: 2 });
    await Promise.all(["a", "b"].map((name) => client.upload(pattern(10), name)));
    // One that was lost, and two that work.
    expect(server.sessions).toHaveLength(3);
  });

  test("says so where it was the caller who connected", async () => {
    await using server = await startFtpServer({ pipelining: "close" });
    const { host, port } = server;
    const target = resolveOptions({ host, port, tls: "none" });
    const session = await FtpSession.connect(target);
    const error = await failureOf(session.login("tester", "secret"));
    expect(error).toBeInstanceOf(ConnectionClosedError);
    expect(error).toMatchObject({ message: expect.stringContaining("sent ahead") });
    await using other = await FtpSession.connect(target);
    await other.login("tester", "secret");
    expect(await other.pwd()).toBe("/");
  });

  test("is not blamed for it when it says that it is full", async () => {
    await using server = await ftpServer(async (ftp) => {
      await ftp.say("220 (vsFTPd 3.0.3)");
      await ftp.answer("USER ada", "421 too many of you");
      ftp.peer.end();
    });
    const { host, port } = server;
    const error = await failureOf(FtpSession.connect({ host, port, ...ada }));
    expect(error).toMatchObject({ lastReply: { code: 421 } });
    expect(server.connections).toBe(1);
  });

  test("is asked once more only", async () => {
    await using server = await ftpServer(async (ftp, index) => {
      await ftp.say("220 (vsFTPd 3.0.3)");
      if (index === 0) await ftp.expect("USER ada");
      else await serialLogin(ftp);
      if (index === 0) ftp.peer.end();
      else await ftp.prove();
    });
    const { host, port } = server;
    await using session = await FtpSession.connect({ host, port, ...ada });
    expect(await session.pwd()).toBe("/here");
    expect(server.connections).toBe(2);
  });
});

test("a server that says nothing at all is not asked a second time", async () => {
  await using server = await ftpServer(async (ftp) => {
    await ftp.say("220 (vsFTPd 3.0.3)");
    await ftp.peer.closed;
  });
  const { host, port } = server;
  const error = await failureOf(FtpSession.connect({ host, port, ...ada, timeouts: { reply: 100 } }));
  expect(error).toBeInstanceOf(TimeoutError);
  expect(server.connections).toBe(1);
});

/** Gives two files, or leaves when it is asked for something during a transfer. */
async function giveBoth(ftp: Ftp, isLost: boolean): Promise<void> {
  await ftp.logIn();
  await ftp.answer("TYPE I", "200 binary");
  const port = await ftp.passive();
  await ftp.expect("RETR a");
  if (isLost) {
    await ftp.expect("EPSV");
    ftp.peer.end();
    return;
  }
  await ftp.say("150 here it comes");
  const data = await port.connected();
  data.end();
  await ftp.say("226 done");
  await ftp.give("b", pattern(20));
}

describe("what was asked for during a transfer", () => {
  test("and dropped is asked for again behind it, and no more during one", async () => {
    await using fixture = await loggedIn(async (ftp) => {
      await ftp.answer("TYPE I", "200 binary");
      const port = await ftp.passive();
      await ftp.expect("RETR a");
      await ftp.expect("EPSV");
      await ftp.say("150 here it comes");
      const data = await port.connected();
      await data.send(pattern(10));
      data.end();
      await ftp.say("226 done");
      // That it is no answer to EPSV is seen by the silence behind it.
      await ftp.answer("NOOP", "200 fine");
      await ftp.give("b", pattern(20));
      await ftp.give("c", pattern(30));
      await ftp.prove();
    });
    const { session } = fixture;
    const names = ["a", "b", "c"];
    const results = await Promise.all(names.map((name) => session.retrBinary(`RETR ${name}`, nowhere)));
    expect(results.map(({ bytes }) => bytes)).toEqual([10, 20, 30]);
    expect(await session.pwd()).toBe("/here");
  });

  test("and costs the session is not asked for by the next one", async () => {
    await using server = await ftpServer((ftp, index) => giveBoth(ftp, index === 0));
    const { host, port } = server;
    const target = resolveOptions({ host, port, user: "anonymous" });
    const first = await FtpSession.connect(target);
    const lost = await Promise.all(
      ["a", "b"].map((name) => failureOf(first.retrBinary(`RETR ${name}`, nowhere))),
    );
    expect(lost[0]).toBeInstanceOf(ConnectionClosedError);
    expect(lost[0]).toMatchObject({ message: expect.stringContaining("sent ahead") });
    await using session = await FtpSession.connect(target);
    const results = ["a", "b"].map((name) => session.retrBinary(`RETR ${name}`, nowhere));
    expect(await Promise.all(results)).toMatchObject([{ bytes: 0 }, { bytes: 20 }]);
    expect(server.received.match(/EPSV/g)).toHaveLength(4);
  });

  test("and refused is asked for again, and no more during a transfer", async () => {
    await using fixture = await loggedIn(async (ftp) => {
      await ftp.answer("TYPE I", "200 binary");
      const port = await ftp.passive();
      await ftp.expect("RETR a");
      await ftp.expect("EPSV");
      await ftp.say("150 here it comes");
      const data = await port.connected();
      data.end();
      await ftp.say("226 done", "503 not now");
      await ftp.give("b", pattern(20));
      await ftp.give("c", pattern(30));
    });
    const { session } = fixture;
    const contents = await Promise.all(["a", "b", "c"].map((name) => fetched(session, name)));
    expect(contents.map(({ length }) => length)).toEqual([0, 20, 30]);
  });

  test("comes late, behind a fence, and is used", async () => {
    await using fixture = await loggedIn(async (ftp) => {
      await ftp.answer("TYPE I", "200 binary");
      const port = await ftp.passive();
      await ftp.expect("RETR a");
      await ftp.expect("EPSV");
      await ftp.say("150 here it comes");
      const data = await port.connected();
      data.end();
      await ftp.say("226 done");
      await ftp.expect("NOOP");
      const next = await ftp.listen();
      await ftp.say(epsvReply(next.port), "200 fine");
      await ftp.answer("RETR b", "150 here it comes");
      const last = await next.connected();
      await last.send(pattern(20));
      last.end();
      await ftp.say("226 done");
    });
    const { session } = fixture;
    const contents = await Promise.all(["a", "b"].map((name) => fetched(session, name)));
    expect(contents.map(({ length }) => length)).toEqual([0, 20]);
  });
});
