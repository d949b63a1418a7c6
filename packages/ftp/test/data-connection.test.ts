// Data connections: where they lead, how EPSV gives way to PASV, and what becomes of those that fail.
import { closedPort, failureOf } from "@netcli/test-kit";
import { once } from "node:events";
import { connect } from "node:net";
import { ConnectError, ProtocolError, ReplyError, TimeoutError } from "@netcli/core-transport";
import { describe, expect, test } from "vitest";
import { type FtpOptions, FtpSession } from "../src/index.ts";
import { loggedIn, pattern, refuseUnhandled, nowhere } from "./fixtures.ts";
import { epsvReply, type Ftp, ftpServer, pasvReply } from "./scripted-ftp.ts";

refuseUnhandled();

// What a server does whose data connection is lost in a firewall: it listens, but nothing passes.
async function silent(ftp: Ftp): Promise<void> {
  await ftp.answer("TYPE I", "200 binary");
  const data = await ftp.begin("a");
  await data.closed;
  await ftp.say("426 the data connection broke");
  await ftp.prove();
}

describe("a data connection", () => {
  test("goes to the server itself, whatever address a 227 reply names (CVE-2021-4189)", async () => {
    let elsewhere = 0;
    await using fixture = await loggedIn(async (ftp) => {
      await ftp.answer("TYPE I", "200 binary");
      await ftp.answer("EPSV", "500 what");
      const third = await ftp.listen("127.0.0.2");
      await ftp.answer("PASV", pasvReply(third.port, "127,0,0,2"));
      // Nothing listens on that port of the server itself.
      await ftp.prove();
      const own = await ftp.listen();
      await ftp.answer("PASV", pasvReply(own.port, "127,0,0,2"));
      await ftp.answer("RETR a", "150 here");
      const data = await own.connected();
      await data.send("content");
      data.end();
      await ftp.say("226 done");
      elsewhere = third.connections;
    });
    const { session } = fixture;
    expect(await failureOf(session.retrBinary("RETR a", nowhere))).toBeInstanceOf(ConnectError);
    expect(await session.pwd()).toBe("/here");
    expect(await session.retrBinary("RETR a", nowhere)).toMatchObject({ bytes: 7 });
    await fixture.server.settled();
    expect(elsewhere).toBe(0);
  });

  test("has its address pinned: the name of the server is not looked up again", async () => {
    let lookups = 0;
    await using fixture = await loggedIn(
      async (ftp) => {
        await ftp.answer("TYPE I", "200 binary");
        await ftp.give("a", pattern(3));
      },
      {
        host: "ftp.example.org",
        lookup: (_host, { all }, callback) => {
          lookups += 1;
          const address = lookups === 1 ? "127.0.0.1" : "127.0.0.2";
          if (all === true) callback(null, [{ address, family: 4 }]);
          else callback(null, address, 4);
        },
      },
    );
    expect(await fixture.session.retrBinary("RETR a", nowhere)).toMatchObject({ bytes: 3 });
    expect(lookups).toBe(1);
  });

  test("has a port of its own where one was given for the control connection", async () => {
    const localPort = await closedPort();
    await using fixture = await loggedIn(
      async (ftp) => {
        expect(ftp.peer.socket.remotePort).toBe(localPort);
        await ftp.answer("TYPE I", "200 binary");
        const data = await ftp.give("a", pattern(3));
        expect(data.socket.remotePort).not.toBe(localPort);
      },
      { localPort },
    );
    expect(await fixture.session.retrBinary("RETR a", nowhere)).toMatchObject({ bytes: 3 });
    await fixture.server.settled();
  });

  test("that cannot be made in time fails with TimeoutError, and the session goes on", async () => {
    await using server = await ftpServer(async (ftp) => {
      await ftp.logIn();
      await ftp.answer("TYPE I", "200 binary");
      await ftp.passive();
      await ftp.prove();
    });
    const { host, port } = server;
    let calls = 0;
    const proxy: FtpOptions["proxy"] = async (target) => {
      if ((calls += 1) > 1) await once(target.signal, "abort");
      const socket = connect(target.port, host);
      await once(socket, "connect");
      return socket;
    };
    const timeouts = { connect: 100 };
    await using session = await FtpSession.connect({ host, port, user: "anonymous", proxy, timeouts });
    const error = await failureOf(session.retrBinary("RETR a", nowhere));
    expect(error).toMatchObject({ code: "ERR_NETCLI_TIMEOUT", phase: "connect" });
    expect(await session.pwd()).toBe("/here");
  });

  test.each([["500"], ["501"], ["502"], ["504"], ["522"]])(
    "is asked for with PASV when EPSV is refused with %s, and then always",
    async (code) => {
      await using fixture = await loggedIn(async (ftp) => {
        await ftp.answer("TYPE I", "200 binary");
        await ftp.answer("EPSV", `${code} no`);
        await ftp.give("a", pattern(10), { passive: "PASV" });
        await ftp.give("b", pattern(20), { passive: "PASV" });
      });
      expect(await fixture.session.retrBinary("RETR a", nowhere)).toMatchObject({ bytes: 10 });
      expect(await fixture.session.retrBinary("RETR b", nowhere)).toMatchObject({ bytes: 20 });
    },
  );

  test("cannot be had where the server knows neither EPSV nor PASV, which is asked anew each time", async () => {
    await using fixture = await loggedIn(async (ftp) => {
      await ftp.answer("TYPE I", "200 binary");
      await ftp.answer("EPSV", "530 log in first");
      await ftp.answer("PASV", "530 log in first");
      await ftp.prove();
      await ftp.give("a", pattern(10));
    });
    const error = await failureOf(fixture.session.retrBinary("RETR a", nowhere));
    expect(error).toBeInstanceOf(ReplyError);
    expect(error).toMatchObject({ command: "PASV", reply: { code: 530 } });
    expect(await fixture.session.pwd()).toBe("/here");
    expect(await fixture.session.retrBinary("RETR a", nowhere)).toMatchObject({ bytes: 10 });
  });

  test("is not asked for in another way when EPSV is refused only for now", async () => {
    await using fixture = await loggedIn(async (ftp) => {
      await ftp.answer("TYPE I", "200 binary");
      await ftp.answer("EPSV", "425 no port is free");
      await ftp.give("a", pattern(10));
    });
    const error = await failureOf(fixture.session.retrBinary("RETR a", nowhere));
    expect(error).toMatchObject({ command: "EPSV", reply: { code: 425 }, isTemporary: true });
    expect(await fixture.session.retrBinary("RETR a", nowhere)).toMatchObject({ bytes: 10 });
  });

  test("to a port that is closed fails with ConnectError, and the session goes on", async () => {
    const port = await closedPort();
    await using fixture = await loggedIn(async (ftp) => {
      await ftp.answer("TYPE I", "200 binary");
      await ftp.answer("EPSV", epsvReply(port));
      await ftp.prove();
      await ftp.give("a", pattern(10));
    });
    const error = await failureOf(fixture.session.retrBinary("RETR a", nowhere));
    expect(error).toBeInstanceOf(ConnectError);
    expect(error).toMatchObject({
      systemCode: "ECONNREFUSED",
      message: expect.stringContaining(String(port)),
    });
    expect(await fixture.session.pwd()).toBe("/here");
    expect(await fixture.session.retrBinary("RETR a", nowhere)).toMatchObject({ bytes: 10 });
  });

  test.each([
    ["EPSV", "229 no port"],
    ["EPSV", "200 fine"],
    ["PASV", "227 no port"],
  ])("that the answer to %s, %j, names no port for ends the session", async (command, reply) => {
    await using fixture = await loggedIn(async (ftp) => {
      await ftp.answer("TYPE I", "200 binary");
      if (command === "PASV") await ftp.answer("EPSV", "502 no");
      await ftp.answer(command, reply);
      await ftp.peer.closed;
    });
    const error = await failureOf(fixture.session.retrBinary("RETR a", nowhere));
    expect(error).toBeInstanceOf(ProtocolError);
    expect(await failureOf(fixture.session.pwd())).toBeInstanceOf(ProtocolError);
  });

  test("on which nothing comes is given up after timeouts.stall, and the session goes on", async () => {
    await using fixture = await loggedIn(silent, { timeouts: { stall: 50 } });
    const error = await failureOf(fixture.session.retrBinary("RETR a", nowhere));
    expect(error).toBeInstanceOf(TimeoutError);
    expect(error).toMatchObject({ phase: "stall", milliseconds: 50 });
    expect(await fixture.session.pwd()).toBe("/here");
  });

  test("on which nothing comes is the cause, too, when the server then says nothing more", async () => {
    await using fixture = await loggedIn(
      async (ftp) => {
        await ftp.answer("TYPE I", "200 binary");
        await ftp.begin("a");
        await ftp.peer.closed;
      },
      { timeouts: { stall: 50, reply: 100 } },
    );
    const error = await failureOf(fixture.session.retrBinary("RETR a", nowhere));
    expect(error).toMatchObject({ code: "ERR_NETCLI_TIMEOUT", phase: "stall", milliseconds: 50 });
    // That silence is one of the control connection, and ends it.
    expect(await failureOf(fixture.session.pwd())).toMatchObject({ phase: "reply" });
  });
});
