// TLS on both connections: how it is started, refused, tampered with, and resumed for the data (RFC 4217).
import { randomBytes } from "node:crypto";
import type { TlsOptions as ServerTlsOptions } from "node:tls";
import { ReplyError, TlsError } from "@netcli/core-transport";
import { selfSigned } from "@netcli/test-kit";
import { describe, expect, test } from "vitest";
import { type FtpOptions, FtpSession } from "../src/index.ts";
import { authority, failureOf, identity, pattern, refuseUnhandled, tlsOptions } from "./fixtures.ts";
import { type Ftp, type FtpServer, ftpServer } from "./scripted-ftp.ts";

refuseUnhandled();

const ada = { user: "ada", password: "p4ssw0rd" };
const nowhere = (): undefined => undefined;

function connect({ host, port }: FtpServer, options: Partial<FtpOptions> = {}): Promise<FtpSession> {
  return FtpSession.connect({ host, port, ...ada, tls: "starttls", tlsOptions, ...options });
}

async function upgrade(ftp: Ftp, tls: ServerTlsOptions = identity): Promise<void> {
  await ftp.say("220 ready");
  await ftp.answer("AUTH TLS", "234 go");
  await ftp.peer.startTls(tls);
}

async function protectAndLogIn(ftp: Ftp): Promise<void> {
  await ftp.answer("PBSZ 0", "200 fine");
  await ftp.answer("PROT P", "200 private");
  await ftp.answer("USER ada", "331 password");
  await ftp.answer("PASS p4ssw0rd", "230 in");
}

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
      await ftp.answer("USER anonymous", "230 in");
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
      await ftp.answer("USER ada", "230 in");
    });
    const { host, port } = server;
    const session = await FtpSession.connect({ host, port, tlsOptions });
    await session.authTls();
    expect(await session.login("ada", "p4ssw0rd")).toMatchObject({ code: 230 });
    session.close();
  });
});

describe("TLS is not stripped (CVE-2021-22946)", () => {
  const refusals = ["500 what", "502 no", "504 no TLS", "530 log in first", "431 later", "200 fine", "334 go on", "120 wait\r\n220 ready"];

  test.each(refusals)("the answer %j to AUTH is refused before USER", async (reply) => {
    await using server = await ftpServer(async (ftp) => {
      await ftp.say("220 ready");
      await ftp.answer("AUTH TLS", reply);
      await ftp.peer.expectEnd();
    });
    const error = await failureOf(connect(server));
    expect(error).toBeInstanceOf(TlsError);
    expect(error).toMatchObject({ message: expect.stringContaining("nothing secret was sent") });
    expect((error as TlsError).cause).toBeInstanceOf(ReplyError);
    await server.settled();
    expect(server.received).toBe("AUTH TLS\r\n");
  });

  test("a greeting that says we are logged in already changes nothing", async () => {
    await using server = await ftpServer(async (ftp) => {
      await ftp.say("230 logged in");
      await ftp.answer("AUTH TLS", "503 logged in already");
      await ftp.peer.expectEnd();
    });
    expect(await failureOf(connect(server))).toBeInstanceOf(TlsError);
  });

  test.each([
    ["PBSZ 0", "starttls"],
    ["PROT P", "starttls"],
    ["PROT P", "opportunistic"],
    ["PROT P", "implicit"],
  ] as const)("a server that refuses %s is refused with %s", async (refused, tls) => {
    await using server = await ftpServer(
      async (ftp) => {
        if (tls === "implicit") await ftp.say("220 ready");
        else await upgrade(ftp);
        await ftp.answer("PBSZ 0", refused === "PBSZ 0" ? "503 no" : "200 fine");
        if (refused === "PROT P") await ftp.answer("PROT P", "536 no");
        await ftp.peer.expectEnd();
      },
      tls === "implicit" ? { tls: identity } : {},
    );
    const error = await failureOf(connect(server, { tls }));
    expect(error).toBeInstanceOf(TlsError);
    expect(error).toMatchObject({ message: expect.stringContaining(refused) });
    await server.settled();
    expect(server.received).not.toContain("USER");
  });
});

describe("bytes behind the go-ahead for TLS are an attack (CVE-2021-22947)", () => {
  test.each([
    ["a reply", "234 go\r\n230 logged in\r\n"],
    ["half a reply", "234 go\r\n2"],
    ["several replies", "234 go\r\n200 a\r\n200 b\r\n331 c\r\n230 d\r\n"],
  ])("%s in the same segment", async (_what, injected) => {
    await using server = await ftpServer(async (ftp) => {
      await ftp.say("220 ready");
      await ftp.expect("AUTH TLS");
      await ftp.peer.send(injected);
      await ftp.peer.expectEnd();
    });
    const error = await failureOf(connect(server));
    expect(error).toBeInstanceOf(TlsError);
    expect(error).toMatchObject({ code: "ERR_NETCLI_STARTTLS_INJECTION" });
    await server.settled();
    expect(server.received).toBe("AUTH TLS\r\n");
  });

  test("a segment later they are no TLS record, and fail the handshake", async () => {
    await using server = await ftpServer(async (ftp) => {
      await ftp.say("220 ready");
      await ftp.expect("AUTH TLS");
      await ftp.peer.sendSplit("234 go\r\n230 logged in\r\n331 x\r\n", ["234 go\r\n".length]);
      await ftp.peer.closed;
    });
    expect(await failureOf(connect(server))).toBeInstanceOf(TlsError);
    await server.settled();
    expect(server.received).not.toContain("USER");
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
  test.each([
    ["closes", "425 no session was resumed"],
    ["resets", "522 no session was resumed"],
  ])("that the server %s fails with the server's words: %s", async (how, reply) => {
    await using server = await ftpServer(async (ftp) => {
      await upgrade(ftp);
      await protectAndLogIn(ftp);
      await ftp.answer("TYPE I", "200 binary");
      const data = await ftp.begin("a");
      if (how === "resets") data.reset();
      else data.close();
      await ftp.say(reply);
      await ftp.prove();
    });
    await using session = await connect(server);
    const error = await failureOf(session.retrBinary("RETR a", nowhere));
    expect(error).toBeInstanceOf(ReplyError);
    expect(error).toMatchObject({ reply: { text: "no session was resumed" } });
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
