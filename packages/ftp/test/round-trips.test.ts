// What is sent without waiting. A scripted server answers nothing of a burst before it has all of it: who waits where
// there is nothing to wait for waits for ever. Hence the number of bursts is that of round trips.
import { describe, expect, test } from "vitest";
import { FtpSession } from "../src/index.ts";
import { identity, loggedIn, nowhere, pattern, refuseUnhandled, tlsOptions } from "./fixtures.ts";
import { onOwnServer } from "./own-server.ts";
import { epsvReply, type Ftp, ftpServer } from "./scripted-ftp.ts";

refuseUnhandled();

const ada = { user: "ada", password: "p4ssw0rd" };

/** Takes all commands of a burst, and answers them then. */
async function burst(
  ftp: Ftp,
  ...pairs: readonly (readonly [command: string, ...replies: string[]])[]
): Promise<void> {
  for (const [command] of pairs) await ftp.expect(command);
  await ftp.say(...pairs.flatMap(([, ...replies]) => replies));
}

const login = [
  ["USER ada", "331 password"],
  ["PASS p4ssw0rd", "230 in"],
] as const;
const protection = [
  ["PBSZ 0", "200 fine"],
  ["PROT P", "200 private"],
] as const;

describe("a login", () => {
  test("in clear takes 3 round trips: the connection, the greeting, and both commands", async () => {
    await using server = await ftpServer(async (ftp) => {
      await ftp.say("220 ready");
      await burst(ftp, ...login);
    });
    const { host, port } = server;
    const session = await FtpSession.connect({ host, port, ...ada, tls: "none" });
    session.close();
    await server.settled();
    expect(server.received).toBe("USER ada\r\nPASS p4ssw0rd\r\n");
  });

  test.each([
    ["explicit", 5],
    ["implicit", 4],
  ])("over %s TLS 1.3 takes %d round trips: those, AUTH and the handshake", async (mode) => {
    const tls = { ...identity, minVersion: "TLSv1.3" } as const;
    await using server = await ftpServer(
      async (ftp) => {
        await ftp.say("220 ready");
        if (mode === "explicit") {
          await ftp.answer("AUTH TLS", "234 go");
          // One round trip more; what comes behind it comes with its end.
          await ftp.peer.startTls(tls);
        }
        expect(ftp.peer.tls?.getProtocol()).toBe("TLSv1.3");
        await burst(ftp, ...protection, ...login);
      },
      mode === "implicit" ? { tls } : {},
    );
    const { host, port } = server;
    const options = {
      host,
      port,
      ...ada,
      tls: mode === "explicit" ? "starttls" : "implicit",
      tlsOptions,
    } as const;
    const session = await FtpSession.connect(options);
    session.close();
    await server.settled();
  });

  test("sends nothing behind AUTH before TLS is there", async () => {
    await using server = await ftpServer(async (ftp) => {
      await ftp.say("220 ready");
      await ftp.expect("AUTH TLS");
      // In no segment of its own, and in none with something else.
      expect(ftp.peer.received.toString()).toBe("AUTH TLS\r\n");
      await ftp.say("234 go");
      await ftp.peer.startTls(identity);
      await burst(ftp, ...protection, ...login);
    });
    const { host, port } = server;
    const session = await FtpSession.connect({ host, port, ...ada, tls: "starttls", tlsOptions });
    session.close();
    await server.settled();
  });
});

/** Waits for a RETR that has the next EPSV behind it, and gives the file away. */
async function giveAndOpen(ftp: Ftp, port: Awaited<ReturnType<Ftp["listen"]>>): Promise<typeof port> {
  await ftp.expect(/^RETR/);
  await ftp.expect("EPSV");
  await ftp.say("150 here it comes");
  const data = await port.connected();
  await data.send(pattern(10));
  data.end();
  const next = await ftp.listen();
  await ftp.say("226 done", epsvReply(next.port));
  return next;
}

describe("a transfer", () => {
  test("asks for its type and its data connection in one burst", async () => {
    await using fixture = await loggedIn(async (ftp) => {
      const port = await ftp.listen();
      await burst(ftp, ["TYPE I", "200 binary"], ["EPSV", epsvReply(port.port)]);
      await ftp.answer("RETR a", "150 here it comes");
      const data = await port.connected();
      data.end();
      await ftp.say("226 done");
    });
    expect(await fixture.session.retrBinary("RETR a", nowhere)).toMatchObject({ bytes: 0 });
  });

  test("finds its port asked for where another one was before it, and the last one asks for none", async () => {
    await using fixture = await loggedIn(async (ftp) => {
      let port = await ftp.listen();
      await burst(ftp, ["TYPE I", "200 binary"], ["EPSV", epsvReply(port.port)]);
      port = await giveAndOpen(ftp, port);
      port = await giveAndOpen(ftp, port);
      await ftp.answer("RETR c", "150 here it comes");
      const data = await port.connected();
      data.end();
      await ftp.say("226 done");
      await ftp.prove();
    });
    const { session, server } = fixture;
    const names = ["a", "b", "c"];
    const results = await Promise.all(names.map((name) => session.retrBinary(`RETR ${name}`, nowhere)));
    expect(results.map(({ bytes }) => bytes)).toEqual([10, 10, 0]);
    expect(await session.pwd()).toBe("/here");
    expect(server.received.match(/EPSV/g)).toHaveLength(3);
  });

  test.each([
    ["425 later", "EPSV", "229"],
    ["500 what", "EPSV", "229"],
    ["500 what", "PASV", "227"],
  ])(
    "whose EPSV was answered ahead with %j is asked for again, and has it with %s",
    async (refusal, verb) => {
      await using fixture = await loggedIn(async (ftp) => {
        await ftp.answer("TYPE I", "200 binary");
        const port = await ftp.passive();
        await ftp.expect("RETR a");
        await ftp.expect("EPSV");
        await ftp.say("150 here it comes");
        const data = await port.connected();
        await data.send(pattern(10));
        data.end();
        await ftp.say("226 done", refusal);
        if (verb === "PASV") await ftp.answer("EPSV", refusal);
        await ftp.give("b", pattern(20), { passive: verb === "PASV" ? "PASV" : "EPSV" });
      });
      const { session } = fixture;
      const results = await Promise.all([
        session.retrBinary("RETR a", nowhere),
        session.retrBinary("RETR b", nowhere),
      ]);
      expect(results).toMatchObject([{ bytes: 10 }, { bytes: 20 }]);
    },
  );

  test("whose port ahead is closed by now asks for another one", async () => {
    await using fixture = await loggedIn(async (ftp) => {
      await ftp.answer("TYPE I", "200 binary");
      const port = await ftp.passive();
      await ftp.expect("RETR a");
      await ftp.expect("EPSV");
      await ftp.say("150 here it comes");
      const data = await port.connected();
      data.end();
      const next = await ftp.listen();
      await next.close();
      await ftp.say("226 done", epsvReply(next.port));
      await ftp.give("b", pattern(20));
    });
    const { session } = fixture;
    const results = await Promise.all([
      session.retrBinary("RETR a", nowhere),
      session.retrBinary("RETR b", nowhere),
    ]);
    expect(results).toMatchObject([{ bytes: 0 }, { bytes: 20 }]);
  });

  test("that is aborted while it waits for its port ahead rejects at once, and the next one works", async () => {
    const controller = new AbortController();
    await using fixture = await loggedIn(async (ftp) => {
      await ftp.answer("TYPE I", "200 binary");
      const port = await ftp.passive();
      await ftp.expect("RETR a");
      await ftp.expect("EPSV");
      await ftp.say("150 here it comes");
      const data = await port.connected();
      data.end();
      // Nothing is said to the EPSV before the abort has come through.
      await ftp.say("226 done");
      await aborted;
      await ftp.say("229 (|||1|)");
      await ftp.give("c", pattern(30));
    });
    const { session } = fixture;
    const first = session.retrBinary("RETR a", nowhere);
    const second = session
      .retrBinary("RETR b", nowhere, { signal: controller.signal })
      .catch((error: unknown) => error);
    const aborted = second.then(() => undefined);
    await first;
    controller.abort("enough");
    expect(await second).toBe("enough");
    expect(await session.retrBinary("RETR c", nowhere)).toMatchObject({ bytes: 30 });
  });

  test("that was asked for ahead, and then given up, leaves no port behind that a later one would use", async () => {
    const controller = new AbortController();
    await using fixture = await loggedIn(async (ftp) => {
      await ftp.answer("TYPE I", "200 binary");
      const port = await ftp.passive();
      await ftp.expect("RETR a");
      await ftp.expect("EPSV");
      controller.abort("enough");
      await ftp.say("150 here it comes");
      const data = await port.connected();
      data.end();
      await ftp.say("226 done", epsvReply((await ftp.listen()).port));
      await ftp.give("c", pattern(30));
    });
    const { session } = fixture;
    const first = session.retrBinary("RETR a", nowhere);
    const second = session.retrBinary("RETR b", nowhere, { signal: controller.signal });
    await expect(second).rejects.toBe("enough");
    await first;
    expect(await session.retrBinary("RETR c", nowhere)).toMatchObject({ bytes: 30 });
  });

  test("asks for nothing ahead before a data connection has worked, and never without pipelining", async () => {
    await using fixture = await onOwnServer({}, { pipelining: "off" });
    const { session, put, since } = fixture;
    await put("a", "content");
    const commands = since();
    await Promise.all([session.retrBinary("RETR a", nowhere), session.retrBinary("RETR a", nowhere)]);
    expect(commands()).toEqual(["TYPE I", "EPSV", "RETR a", "EPSV", "RETR a"]);
  });
});

test("commands go out together once the server has let us in, 32 at most, and one by one before that", async () => {
  const verbs = Array.from({ length: 33 }, (_, index) => `CWD ${index}`);
  await using server = await ftpServer(async (ftp) => {
    await ftp.say("220 ready");
    await ftp.expect("NOOP");
    expect(ftp.peer.received.toString()).toBe("NOOP\r\n");
    await ftp.say("200 fine");
    await ftp.answer("NOOP", "200 fine");
    await burst(ftp, ["USER anonymous", "331 address"], ["PASS anonymous@", "230 in"]);
    for (const verb of verbs.slice(0, 32)) await ftp.expect(verb);
    expect(ftp.peer.received.toString()).not.toContain("CWD 32");
    await ftp.say(...verbs.slice(0, 32).map(() => "250 there"));
    await ftp.answer("CWD 32", "250 there");
  });
  const { host, port } = server;
  await using session = await FtpSession.connect({ host, port });
  await Promise.all([session.noop(), session.noop()]);
  await session.login();
  await Promise.all(verbs.map((verb) => session.cwd(verb.slice(4))));
  await server.settled();
});
