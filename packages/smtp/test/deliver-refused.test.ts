// Recipients whom the hosts of a domain have refused for now: what they get in the end, and what is told of it.
import { describe, expect, test } from "vitest";
import { type EsmtpHook, type EsmtpServerOptions, startEsmtpServer } from "@netcli/test-servers";
import { deliver } from "../src/deliver.ts";
import { mailHosts } from "./mail-hosts.ts";
import { answering, course, message, resolver } from "./two-hosts.ts";
import { zone } from "./zone.ts";

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
  const alone = zone({ "example.com": { mx: [[10, "first.example"]] } });

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
    const { result } = await course(first, {}, { resolver: alone });
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

  test("what a server said counts more than that the connection to another one was lost", async () => {
    await using first = await startEsmtpServer({ reply: answering("RCPT", "450 greylisted") });
    await using second = await startEsmtpServer({ reply: answering("DATA", "drop") });
    const { proxy } = mailHosts({ "first.example": first.port, "second.example": second.port });
    const result = await deliver({ to: "b@example.com", message }, { resolver, mtaSts: false, proxy });
    expect(result.recipients).toMatchObject([
      { status: "refused", reply: { code: 450 }, host: "first.example", isTemporary: true },
    ]);
    expect(result.domains[0]?.attempts).toMatchObject([{}, { error: { name: "SendError" } }]);
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
