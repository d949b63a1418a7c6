// TLS that a server refuses, or that someone between tries to take away or to abuse, before the login.
import { failureOf } from "@netcli/test-kit";
import { ReplyError, TlsError } from "@netcli/core-transport";
import { describe, expect, test } from "vitest";
import { identity, refuseUnhandled } from "./fixtures.ts";
import { ftpServer } from "./scripted-ftp.ts";
import { connect, upgrade } from "./tls-session.ts";

refuseUnhandled();

describe("TLS is not stripped (CVE-2021-22946)", () => {
  const refusals = [
    "500 what",
    "502 no",
    "504 no TLS",
    "530 log in first",
    "431 later",
    "200 fine",
    "334 go on",
    "120 wait\r\n220 ready",
  ];

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

  const protections = [
    ["PBSZ 0", "starttls"],
    ["PROT P", "starttls"],
    ["PROT P", "opportunistic"],
    ["PROT P", "implicit"],
  ] as const;

  test.each(protections)("a server that refuses %s is refused with %s", async (refused, tls) => {
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
    const error = await failureOf(connect(server, { tls, pipelining: "off" }));
    expect(error).toBeInstanceOf(TlsError);
    expect(error).toMatchObject({ message: expect.stringContaining(refused) });
    await server.settled();
    expect(server.received).not.toContain("USER");
  });

  test.each(protections.flatMap((each) => [[...each, "goes on"] as const, [...each, "leaves"] as const]))(
    "a server that refuses %s with %s and %s is refused, though the login was sent along, over TLS",
    async (refused, tls, what) => {
      const refusal = refused === "PBSZ 0" ? "503 no" : "200 fine";
      await using server = await ftpServer(
        async (ftp) => {
          if (tls === "implicit") await ftp.say("220 ready");
          else await upgrade(ftp);
          await ftp.answer("PBSZ 0", refusal);
          await ftp.answer("PROT P", refused === "PROT P" ? "536 no" : "503 PBSZ first");
          await ftp.expect("USER ada");
          expect(ftp.peer.tls).toBeDefined();
          if (what === "leaves") return;
          await ftp.say("331 password");
          await ftp.answer("PASS p4ssw0rd", "230 in");
          await ftp.peer.expectEnd();
        },
        tls === "implicit" ? { tls: identity } : {},
      );
      const error = await failureOf(connect(server, { tls }));
      expect(error).toBeInstanceOf(TlsError);
      expect(error).toMatchObject({ message: expect.stringContaining(refused) });
      await server.settled();
    },
  );
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
