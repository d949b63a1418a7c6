// TLS on both connections: how it is started and resumed for the data, and whose certificate is accepted (RFC 4217).
import { randomBytes } from "node:crypto";
import { ReplyError, TlsError } from "@netcli/core-transport";
import { selfSigned, failureOf } from "@netcli/test-kit";
import { describe, expect, test } from "vitest";
import { FtpSession } from "../src/index.ts";
import {
  authority,
  dataClosed,
  identity,
  pattern,
  refuseUnhandled,
  tlsOptions,
  nowhere,
} from "./fixtures.ts";
import { ftpServer } from "./scripted-ftp.ts";
import { ada, connect, protectAndLogIn, upgrade } from "./tls-session.ts";

refuseUnhandled();

describe("a session over TLS", () => {
  const versions = ["TLSv1.2", "TLSv1.3"] as const;

  test.each(versions.flatMap((version) => [["explicit", version] as const, ["implicit", version] as const]))(
    "%s, %s, moves data over TLS that resumes the session, however little there is",
    async (mode, version) => {
      // Servers that demand resumption, and the scripted ones here, know a session by its ticket.
      const tls = { ...identity, ticketKeys: randomBytes(48), minVersion: version, maxVersion: version };
      const resumed: unknown[] = [];
      await using server = await ftpServer(
        async (ftp) => {
          if (mode === "explicit") await upgrade(ftp, tls);
          else await ftp.say("220 ready");
          await protectAndLogIn(ftp);
          expect(ftp.peer.tls?.getProtocol()).toBe(version);
          await ftp.answer("TYPE I", "200 binary");
          for (const size of [0, 1, 100_000, 0]) {
            const data = await ftp.give("a", pattern(size), { tls });
            resumed.push(data.tls?.isSessionReused());
          }
        },
        mode === "implicit" ? { tls } : {},
      );
      const { host, port } = server;
      const tlsMode = mode === "explicit" ? "starttls" : "implicit";
      await using session = await FtpSession.connect({ host, port, ...ada, tls: tlsMode, tlsOptions });
      for (const size of [0, 1, 100_000, 0]) {
        const chunks: Uint8Array[] = [];
        const result = await session.retrBinary("RETR a", (chunk) => chunks.push(chunk));
        expect(result.bytes).toBe(size);
        expect(Buffer.concat(chunks).equals(pattern(size))).toBe(true);
      }
      await server.settled();
      expect(resumed).toEqual([true, true, true, true]);
    },
  );

  test("makes the data connection safe before 150 where the server waits for that", async () => {
    await using server = await ftpServer(async (ftp) => {
      await upgrade(ftp);
      await protectAndLogIn(ftp);
      await ftp.answer("TYPE I", "200 binary");
      const port = await ftp.passive();
      await ftp.expect("RETR a");
      const data = await port.connected();
      await data.startTls(identity);
      await ftp.say("150 here it comes");
      await data.send(pattern(10));
      data.end();
      await ftp.say("226 done");
    });
    await using session = await connect(server);
    expect(await session.retrBinary("RETR a", nowhere)).toMatchObject({ bytes: 10 });
  });

  test("protects data connections of an anonymous user, too, where TLS was asked for", async () => {
    await using server = await ftpServer(async (ftp) => {
      await upgrade(ftp);
      await ftp.answer("PBSZ 0", "200 fine");
      await ftp.answer("PROT P", "200 private");
      await ftp.answer("USER anonymous", "331 your address");
      await ftp.answer("PASS anonymous@", "230 in");
      await ftp.answer("TYPE I", "200 binary");
      await ftp.give("a", pattern(10), { tls: identity });
    });
    await using session = await connect(server, { user: "anonymous", password: undefined });
    expect(await session.retrBinary("RETR a", nowhere)).toMatchObject({ bytes: 10 });
  });

  test("may begin without a login, and again by hand", async () => {
    await using server = await ftpServer(async (ftp) => {
      await upgrade(ftp);
      await ftp.answer("PBSZ 0", "200 fine");
      await ftp.answer("PROT P", "200 private");
      await ftp.answer("USER ada", "331 password");
      await ftp.answer("PASS p4ssw0rd", "230 in");
    });
    const { host, port } = server;
    const session = await FtpSession.connect({ host, port, tlsOptions });
    await session.authTls();
    expect(await session.login("ada", "p4ssw0rd")).toMatchObject({ code: 230 });
    session.close();
  });
});

describe("a certificate", () => {
  const certificate = { code: "ERR_NETCLI_CERTIFICATE" };

  test.each([
    ["nobody vouches for", selfSigned()],
    ["is for another host", authority.issue({ names: ["other.example.org"] })],
    ["has expired", authority.issue({ notAfter: new Date(Date.now() - 1_000) })],
  ])("that %s is refused on the control connection before USER", async (_what, wrong) => {
    await using server = await ftpServer((ftp) => upgrade(ftp, wrong));
    const error = await failureOf(connect(server));
    expect(error).toBeInstanceOf(TlsError);
    expect(error).toMatchObject(certificate);
    await server.settled();
    expect(server.received).toBe("AUTH TLS\r\n");
  });

  test.each([
    ["nobody vouches for", selfSigned()],
    ["is for another host", authority.issue({ names: ["other.example.org"] })],
  ])("that %s is refused on the data connection, and the session goes on", async (_what, wrong) => {
    await using server = await ftpServer(async (ftp) => {
      await upgrade(ftp);
      await protectAndLogIn(ftp);
      await ftp.answer("TYPE I", "200 binary");
      // With TLS 1.3 a server may be done with its handshake before the client refuses.
      await ftp.begin("a", { tls: wrong }).then(
        (data) => data.closed,
        () => undefined,
      );
      await ftp.say("426 the data connection broke");
      await ftp.prove();
    });
    await using session = await connect(server);
    let chunks = 0;
    const error = await failureOf(session.retrBinary("RETR a", () => (chunks += 1)));
    expect(error).toBeInstanceOf(TlsError);
    expect(error).toMatchObject(certificate);
    expect(chunks).toBe(0);
    expect(await session.pwd()).toBe("/here");
  });

  test("of the data connection is checked against the name of the control connection", async () => {
    const named = authority.issue({ names: ["ftp.example.org"] });
    await using server = await ftpServer(async (ftp) => {
      await upgrade(ftp, named);
      await protectAndLogIn(ftp);
      await ftp.answer("TYPE I", "200 binary");
      // Its own ticket keys: the whole handshake, with a look at the certificate.
      const data = await ftp.give("a", pattern(10), { tls: named });
      expect(data.tls?.isSessionReused()).toBe(false);
    });
    await using session = await connect(server, {
      host: "ftp.example.org",
      lookup: (_host, { all }, callback) => {
        if (all === true) callback(null, [{ address: "127.0.0.1", family: 4 }]);
        else callback(null, "127.0.0.1", 4);
      },
    });
    expect(await session.retrBinary("RETR a", nowhere)).toMatchObject({ bytes: 10 });
    await server.settled();
  });
});

describe("a data connection without TLS where it was agreed on", () => {
  const closings = ["closes", "resets"].flatMap((how) => [
    [how, "behind 150", "425"],
    [how, "instead of 150", "522"],
  ]);

  test.each(closings)("that the server %s %s fails with the server's words, %s", async (how, when, code) => {
    const { trace, closed } = dataClosed();
    await using server = await ftpServer(async (ftp) => {
      await upgrade(ftp);
      await protectAndLogIn(ftp);
      await ftp.answer("TYPE I", "200 binary");
      const port = await ftp.passive();
      await ftp.expect("RETR a");
      if (when === "behind 150") await ftp.say("150 here");
      const data = await port.connected();
      // The client's hello is there.
      await data.read(1);
      if (how === "resets") data.reset();
      else data.close();
      await closed;
      await ftp.say(`${code} no session was resumed`);
      await ftp.prove();
    });
    await using session = await connect(server, { trace });
    const error = await failureOf(session.retrBinary("RETR a", nowhere));
    expect(error).toBeInstanceOf(ReplyError);
    expect(error).toMatchObject({ reply: { text: "no session was resumed" }, cause: expect.any(TlsError) });
    expect(await session.pwd()).toBe("/here");
  });

  test("is not read in clear", async () => {
    await using server = await ftpServer(async (ftp) => {
      await upgrade(ftp);
      await protectAndLogIn(ftp);
      await ftp.answer("TYPE I", "200 binary");
      await ftp.give("a", Buffer.from("in clear"));
      await ftp.prove();
    });
    await using session = await connect(server);
    let chunks = 0;
    const error = await failureOf(session.retrBinary("RETR a", () => (chunks += 1)));
    expect(error).toBeInstanceOf(TlsError);
    expect(chunks).toBe(0);
    expect(await session.pwd()).toBe("/here");
  });
});
