// The hosts of one domain: which failures lead to the next one, and which answers are final.
import { describe, expect, test } from "vitest";
import { createAuthority } from "@netcli/test-kit";
import {
  type EsmtpHook,
  type EsmtpServer,
  type EsmtpServerOptions,
  startEsmtpServer,
} from "@netcli/test-servers";
import { deliver, type DeliverMail, type DeliverOptions } from "../src/deliver.ts";
import type { DeliverResult } from "../src/delivery-result.ts";
import { mailHosts } from "./mail-hosts.ts";
import { zone } from "./zone.ts";

const message = "From: a@sender.example\r\nSubject: x\r\n\r\nHello\r\n";

const resolver = zone({
  "example.com": {
    mx: [
      [10, "first.example"],
      [20, "second.example"],
    ],
  },
});

interface Course {
  readonly result: DeliverResult;
  readonly first: EsmtpServer;
  readonly second: EsmtpServer;
  readonly called: readonly string[];
}

/** Delivers to a domain whose first host is like that, and whose second one is as it should be. */
async function course(
  first: EsmtpServerOptions | EsmtpHook,
  mail: Partial<DeliverMail> = {},
  options: DeliverOptions = {},
): Promise<Course> {
  await using one = await startEsmtpServer(typeof first === "function" ? { reply: first } : first);
  await using two = await startEsmtpServer();
  const { proxy, called } = mailHosts({ "first.example": one.port, "second.example": two.port });
  const result = await deliver(
    { to: "b@example.com", message, ...mail },
    { resolver, mtaSts: false, name: "client.example", proxy, ...options },
  );
  expect(one.violations).toEqual([]);
  expect(two.violations).toEqual([]);
  return { result, first: one, second: two, called };
}

/** Answers that verb so; a number is for the command with that address. */
function answering(verb: string, answer: ReturnType<EsmtpHook>): EsmtpHook {
  return (asked) => (asked === verb ? answer : undefined);
}

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
    [
      "the connection is lost within the message",
      answering("DATA", { content: { after: 5, end: "reset" } }),
      "SendError",
    ],
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
    const { result } = await course(answering("CONNECT", "stall"), {}, { timeouts: { greeting: 30 } });
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
  test.each<[string, string, string]>([
    ["MAIL", "550 5.7.1 not from you", "MAIL FROM:<a@sender.example> SIZE=50 BODY=8BITMIME"],
    ["RCPT", "550 5.1.1 nobody", "RCPT TO:<b@example.com>"],
    ["DATA", "554 5.7.1 no", "DATA"],
    [".", "554 5.6.0 spam", "the message"],
  ])("if %s is refused with 5yz", async (verb, reply, _command) => {
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

describe("a host that takes some recipients at a time", () => {
  test("gets the others behind them, over the same connection", async () => {
    let recipients = 0;
    const to = Array.from({ length: 5 }, (_, at) => `u${at}@example.com`);
    const { result, first, called } = await course(
      (verb) => {
        if (verb === "MAIL") recipients = 0;
        if (verb !== "RCPT") return undefined;
        recipients += 1;
        return recipients > 2 ? "452 4.5.3 too many recipients" : undefined;
      },
      { to },
    );
    expect(result.accepted).toEqual(to);
    expect(called).toEqual(["first.example:25"]);
    expect(first.received.map((one) => one.to.map(({ address }) => address))).toEqual([
      ["u0@example.com", "u1@example.com"],
      ["u2@example.com", "u3@example.com"],
      ["u4@example.com"],
    ]);
  });

  test("is left for the next one when it takes nobody more", async () => {
    const full = answering("RCPT", "452 4.2.2 mailbox full");
    const { result, first } = await course(
      (verb, line, session) => (line.includes("full@") ? full(verb, line, session) : undefined),
      { to: ["full@example.com", "b@example.com"] },
    );
    expect(result.recipients).toMatchObject([
      { address: "full@example.com", status: "accepted", host: "second.example" },
      { address: "b@example.com", status: "accepted", host: "first.example" },
    ]);
    expect(first.commands.filter((line) => line.startsWith("MAIL"))).toHaveLength(2);
  });
});

describe("when no host is left", () => {
  const both = { "example.com": { mx: [[10, "first.example"]] as const } };

  test.each<[string, EsmtpServerOptions | EsmtpHook, object]>([
    [
      "a 4yz reply counts",
      answering("RCPT", "450 4.2.1 greylisted"),
      { status: "refused", reply: { code: 450 }, isTemporary: true, error: { name: "ReplyError" } },
    ],
    [
      "a host that does not want any mail counts for good",
      answering("CONNECT", "554 no service"),
      { status: "unsent", reply: undefined, isTemporary: false, error: { name: "ReplyError" } },
    ],
    [
      "a host that is busy counts for now",
      answering("CONNECT", "421 too busy"),
      { status: "unsent", isTemporary: true, error: { name: "ReplyError" } },
    ],
    [
      "a lost connection counts for now",
      answering("DATA", "drop"),
      { status: "unsent", isTemporary: true, error: { name: "SendError" } },
    ],
    [
      "a message that is too large counts for good",
      { extensions: ["SIZE 10"] },
      { status: "unsent", isTemporary: false, error: { name: "NotSupportedError" } },
    ],
  ])("%s", async (_what, first, outcome) => {
    const { result } = await course(first, {}, { resolver: zone(both) });
    expect(result.recipients).toMatchObject([{ host: "first.example", ...outcome }]);
    expect(result.failed).toEqual(result.recipients);
  });

  test("what a server said counts more than that another one is not there", async () => {
    await using first = await startEsmtpServer({ reply: answering("RCPT", "450 greylisted") });
    const { proxy } = mailHosts({ "first.example": first.port });
    const result = await deliver({ to: "b@example.com", message }, { resolver, mtaSts: false, proxy });
    expect(result.recipients).toMatchObject([{ status: "refused", reply: { code: 450 }, isTemporary: true }]);
    expect(result.domains[0]?.attempts).toMatchObject([{}, { error: { systemCode: "EHOSTUNREACH" } }]);
  });

  test("it is for now if one of them could not be reached, whatever the others want", async () => {
    await using second = await startEsmtpServer({ reply: answering("CONNECT", "554 no service") });
    const { proxy } = mailHosts({ "second.example": second.port });
    const result = await deliver({ to: "b@example.com", message }, { resolver, mtaSts: false, proxy });
    expect(result.recipients).toMatchObject([
      { status: "unsent", host: "second.example", isTemporary: true },
    ]);
  });
});
