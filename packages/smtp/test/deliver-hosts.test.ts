// The hosts of one domain: which failures lead to the next one, and which answers are final.
import { describe, expect, test } from "vitest";
import { createAuthority } from "@netcli/test-kit";
import { type EsmtpHook, type EsmtpServerOptions, startEsmtpServer } from "@netcli/test-servers";
import { deliver } from "../src/deliver.ts";
import { mailHosts } from "./mail-hosts.ts";
import { answering, course, message, resolver } from "./two-hosts.ts";

describe("the next host is tried", () => {
  test.each<[string, EsmtpServerOptions | EsmtpHook, string]>([
    ["the greeting is 421", answering("CONNECT", "421 too busy"), "ReplyError"],
    ["the greeting is 450", answering("CONNECT", "450 not you, not now"), "ReplyError"],
    ["the greeting is 554", answering("CONNECT", "554 no service"), "ReplyError"],
    ["the greeting is 521", answering("CONNECT", "521 takes no mail"), "ReplyError"],
    ["there is no greeting", answering("CONNECT", "drop"), "ConnectionClosedError"],
    ["the greeting is none", answering("CONNECT", { reply: "HTTP/1.1 400 Bad Request" }), "ProtocolError"],
    ["the connection is reset", answering("EHLO", "reset"), "ConnectionClosedError"],
    ["EHLO is refused with 4yz", answering("EHLO", "450 not now"), "ReplyError"],
    ["MAIL is refused with 4yz", answering("MAIL", "451 not now"), "SendError"],
    ["MAIL is answered with 421", answering("MAIL", "421 going down"), "SendError"],
    ["RCPT is refused with 4yz", answering("RCPT", "450 greylisted"), "SendError"],
    ["RCPT is not answered", answering("RCPT", "drop"), "SendError"],
    ["DATA is refused with 4yz", answering("DATA", "451 not now"), "SendError"],
    ["the message is refused with 4yz", answering(".", "451 not now"), "SendError"],
    ["the message is too large for the first one", { extensions: ["SIZE 10"] }, "NotSupportedError"],
  ])("if %s", async (_what, first, name) => {
    const { result, second, called } = await course(first);
    expect(result).toMatchObject({
      recipients: [{ status: "accepted", host: "second.example", error: undefined, isTemporary: false }],
      domains: [
        {
          attempts: [
            { host: "first.example", error: { name } },
            { host: "second.example", error: undefined },
          ],
        },
      ],
    });
    expect(second.received).toHaveLength(1);
    expect(called).toEqual(["first.example:25", "second.example:25"]);
  });

  test("if the connection is lost within the message", async () => {
    // More than the sockets hold: the end of it never leaves.
    const large = Buffer.alloc(16 * 1_048_576, `${"x".repeat(62)}\r\n`);
    const first = answering("DATA", { content: { after: 5, end: "reset" } });
    const { result, second } = await course(first, { from: "", message: large });
    expect(result).toMatchObject({
      recipients: [{ status: "accepted", host: "second.example" }],
      domains: [{ attempts: [{ error: { name: "SendError", phase: "message" } }, { error: undefined }] }],
    });
    expect(second.received[0]?.data).toHaveLength(large.length);
  });

  test("if no way leads to the first one", async () => {
    await using two = await startEsmtpServer();
    const { proxy } = mailHosts({ "second.example": two.port });
    const result = await deliver({ to: "b@example.com", message }, { resolver, mtaSts: false, proxy });
    expect(result.domains[0]?.attempts).toMatchObject([
      { host: "first.example", error: { name: "ConnectError", systemCode: "EHOSTUNREACH" } },
      { host: "second.example", error: undefined },
    ]);
    expect(result.accepted).toEqual(["b@example.com"]);
  });

  test("if the TLS handshake with the first one fails", async () => {
    // Nothing that both of them know.
    const tls = { ...createAuthority().issue(), maxVersion: "TLSv1.2" as const };
    const { result } = await course({ tls }, {}, { tlsOptions: { minVersion: "TLSv1.3" } });
    expect(result.domains[0]?.attempts).toMatchObject([
      { host: "first.example", error: { name: "TlsError" } },
      { host: "second.example", error: undefined },
    ]);
  });

  test("if the first one does not answer in time", async () => {
    const { result } = await course(answering("CONNECT", "stall"), {}, { timeouts: { greeting: 1_000 } });
    expect(result.domains[0]?.attempts).toMatchObject([
      { host: "first.example", error: { name: "TimeoutError", phase: "greeting" } },
      { host: "second.example", error: undefined },
    ]);
  });

  test("only for those who were not answered for good", async () => {
    const answers: Record<string, string> = {
      "no@example.com": "550 5.1.1 nobody",
      "later@example.com": "450 4.2.1 greylisted",
    };
    const to = ["yes@example.com", "no@example.com", "later@example.com"];
    const { result, first, second } = await course(
      (verb, line) => (verb === "RCPT" ? answers[/<(.*)>/.exec(line)?.[1] ?? ""] : undefined),
      { to },
    );
    expect(result).toMatchObject({
      recipients: [
        { address: "yes@example.com", status: "accepted", host: "first.example", error: undefined },
        {
          address: "no@example.com",
          status: "refused",
          host: "first.example",
          reply: { code: 550, enhanced: "5.1.1" },
          error: { name: "ReplyError", command: "RCPT TO:<no@example.com>", isPermanent: true },
          isTemporary: false,
        },
        { address: "later@example.com", status: "accepted", host: "second.example" },
      ],
      accepted: ["yes@example.com", "later@example.com"],
      failed: [{ address: "no@example.com" }],
    });
    expect(first.received[0]?.to).toMatchObject([{ address: "yes@example.com" }]);
    expect(second.received[0]?.to).toMatchObject([{ address: "later@example.com" }]);
  });
});

describe("the answer is final, and no further host is called", () => {
  test.each([
    ["MAIL", "550 5.7.1 not from you"],
    ["RCPT", "550 5.1.1 nobody"],
    ["DATA", "554 5.7.1 no"],
    [".", "554 5.6.0 spam"],
  ])("if %s is refused with 5yz", async (verb, reply) => {
    const { result, called } = await course(answering(verb, reply));
    expect(result).toMatchObject({
      recipients: [
        {
          status: "refused",
          reply: { code: Number(reply.slice(0, 3)) },
          host: "first.example",
          error: { name: "ReplyError", isPermanent: true },
          isTemporary: false,
        },
      ],
      accepted: [],
    });
    expect(called).toEqual(["first.example:25"]);
  });

  test.each<[string, ReturnType<EsmtpHook>]>([
    ["is not answered", "drop"],
    ["is answered by a reset", "reset"],
    ["is answered with nonsense", { reply: "HELLO", end: "end" }],
  ])("if the message was there whole and %s: nobody gets it twice", async (_what, answer) => {
    const { result, called, first } = await course(answering(".", answer));
    expect(first.received).toHaveLength(1);
    expect(result.recipients).toMatchObject([
      {
        status: "unknown",
        host: "first.example",
        error: { name: "SendError", mayHaveBeenSent: true },
        isTemporary: false,
      },
    ]);
    expect(called).toEqual(["first.example:25"]);
  });

  test("if the reply to the message takes too long: nobody gets it twice", async () => {
    const { result, called } = await course(answering(".", "stall"), {}, { messageTimeout: 30 });
    expect(result.recipients).toMatchObject([{ status: "unknown", isTemporary: false }]);
    expect(called).toEqual(["first.example:25"]);
  });

  test("also for those who have accepted already, when the next message to the same host is lost", async () => {
    let messages = 0;
    const { result, called } = await course(
      (verb, line) => {
        if (verb === "RCPT" && messages === 0 && line.includes("two@")) return "452 4.5.3 too many";
        if (verb === ".") messages += 1;
        return verb === "." && messages === 2 ? "drop" : undefined;
      },
      { to: ["one@example.com", "two@example.com"] },
    );
    expect(result.recipients).toMatchObject([
      { address: "one@example.com", status: "accepted" },
      { address: "two@example.com", status: "unknown" },
    ]);
    expect(called).toEqual(["first.example:25"]);
  });
});
