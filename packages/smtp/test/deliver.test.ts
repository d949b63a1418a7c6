// A message that goes to the servers of its recipients: which ones, and what comes back.
import { describe, expect, test } from "vitest";
import { ArgumentError, NotSupportedError } from "@netcli/core-transport";
import { failureOf, socks5Proxy } from "@netcli/test-kit";
import { startEsmtpServer } from "@netcli/test-servers";
import { deliver, type DeliverMail, type DeliverOptions } from "../src/deliver.ts";
import { mailHosts } from "./mail-hosts.ts";
import { zone } from "./zone.ts";

const message =
  "From: a@sender.example\r\nTo: b@one.example\r\nBcc: c@two.example\r\nSubject: x\r\n\r\nHello\r\n";
const shown = "From: a@sender.example\r\nTo: b@one.example\r\nSubject: x\r\n\r\nHello\r\n";

const resolver = zone({
  "one.example": { mx: [[10, "mx.one.example"]] },
  "two.example": { mx: [[10, "mx.two.example"]] },
  "none.example": { mx: [[0, ""]] },
  "broken.example": { failure: "ESERVFAIL" },
});

const options: DeliverOptions = { resolver, mtaSts: false, name: "client.example" };

function textOf(data: Uint8Array | undefined): string {
  return Buffer.from(data ?? []).toString();
}

describe("a message", () => {
  test("goes to the server of each domain of its header, without Bcc", async () => {
    await using one = await startEsmtpServer();
    await using two = await startEsmtpServer();
    const { proxy, called } = mailHosts({ "mx.one.example": one.port, "mx.two.example": two.port });
    const result = await deliver({ message }, { ...options, proxy });
    expect(called.toSorted()).toEqual(["mx.one.example:25", "mx.two.example:25"]);
    expect(result).toMatchObject({
      recipients: [
        {
          address: "b@one.example",
          status: "accepted",
          host: "mx.one.example",
          reply: { code: 250 },
          error: undefined,
          isTemporary: false,
        },
        { address: "c@two.example", status: "accepted", host: "mx.two.example" },
      ],
      accepted: ["b@one.example", "c@two.example"],
      failed: [],
      domains: [
        {
          domain: "one.example",
          attempts: [{ host: "mx.one.example", error: undefined }],
          policy: undefined,
          policyProblem: undefined,
          violations: [],
        },
        { domain: "two.example" },
      ],
    });
    for (const { received } of [one, two]) {
      expect(received).toHaveLength(1);
      expect(textOf(received[0]?.data)).toBe(shown);
      expect(received[0]).toMatchObject({
        from: { address: "a@sender.example" },
        clientName: "client.example",
      });
    }
    expect(one.received[0]?.to).toMatchObject([{ address: "b@one.example" }]);
    expect(two.received[0]?.to).toMatchObject([{ address: "c@two.example" }]);
  });

  test("goes to the envelope that is given, and its Bcc nowhere", async () => {
    await using one = await startEsmtpServer();
    const { proxy } = mailHosts({ "mx.one.example": one.port });
    const to = ["x@One.Example", { address: "y@one.example", notify: "never" as const }, "x@one.example"];
    const result = await deliver({ from: "", to, message }, { ...options, proxy });
    // Each mailbox once, and all of a domain at once.
    expect(result.accepted).toEqual(["x@One.Example", "y@one.example"]);
    expect(one.received).toMatchObject([
      { from: { address: "" }, to: [{ address: "x@one.example" }, { params: { NOTIFY: "NEVER" } }] },
    ]);
    expect(textOf(one.received[0]?.data)).toBe(shown);
  });

  test("goes to the port and the addresses that are given", async () => {
    await using one = await startEsmtpServer();
    const asked: string[] = [];
    const result = await deliver(
      { to: "b@one.example", message },
      {
        ...options,
        port: one.port,
        lookup: (name, _options, callback) => {
          asked.push(name);
          callback(null, [{ address: "127.0.0.1", family: 4 }]);
        },
      },
    );
    expect(result.accepted).toEqual(["b@one.example"]);
    expect(asked).toEqual(["mx.one.example"]);
  });

  test("goes to an address literal without any lookup", async () => {
    await using one = await startEsmtpServer();
    const nothing = zone({});
    const literal = { ...options, resolver: nothing, mtaSts: {}, port: one.port };
    const result = await deliver({ to: "b@[127.0.0.1]", message }, literal);
    expect(result).toMatchObject({ accepted: ["b@[127.0.0.1]"], recipients: [{ host: "127.0.0.1" }] });
    expect(result.domains[0]?.domain).toBe("[127.0.0.1]");
    expect(nothing.asked).toEqual([]);
  });

  test("does not go to this machine because a stranger's MX record says so", async () => {
    await using one = await startEsmtpServer();
    const evil = zone({
      "evil.example": { mx: [[10, "localhost"]] },
      localhost: { a: ["127.0.0.1"], aaaa: ["::1"] },
    });
    const result = await deliver(
      { to: "b@evil.example", message },
      { ...options, resolver: evil, port: one.port },
    );
    expect(result.recipients).toMatchObject([
      {
        status: "unsent",
        isTemporary: true,
        error: { message: expect.stringContaining("the DNS says that localhost is this machine") },
      },
    ]);
  });

  test("takes no password along to strangers", async () => {
    await using one = await startEsmtpServer({ users: { me: "secret" } });
    const { proxy } = mailHosts({ "mx.one.example": one.port });
    const others = {
      ...options,
      proxy,
      host: "smtp.example",
      user: "me",
      password: "secret",
      path: "/nowhere",
    };
    const result = await deliver({ to: "me@one.example", message }, others);
    expect(result.accepted).toEqual(["me@one.example"]);
    expect(one.commands.filter((line) => /AUTH/i.test(line))).toEqual([]);
    expect(one.received[0]?.user).toBeUndefined();
  });

  test("goes through a proxy, which knows the hosts by their names", async () => {
    await using one = await startEsmtpServer();
    await using socks = await socks5Proxy();
    const near = zone({ "one.example": { mx: [[10, "localhost"]] } });
    const proxy = socks.url.replace("127.0.0.1", "localhost");
    const mail = { to: "b@one.example", message };
    const result = await deliver(mail, { ...options, resolver: near, port: one.port, proxy });
    expect(result.accepted).toEqual(["b@one.example"]);
    expect(socks.requests).toEqual([{ host: "localhost", port: one.port }]);
  });

  test("tells how much of it has gone, to all servers together", async () => {
    await using one = await startEsmtpServer();
    await using two = await startEsmtpServer();
    const { proxy } = mailHosts({ "mx.one.example": one.port, "mx.two.example": two.port });
    const told: number[] = [];
    const onProgress = (bytes: number): number => told.push(bytes);
    await deliver({ message, onProgress }, { ...options, proxy });
    expect(told.at(-1)).toBe(2 * shown.length);
    expect(told).toEqual(told.toSorted((a, b) => a - b));
  });
});

describe("a domain without a server", () => {
  test.each([
    ["none.example", "NotSupportedError", "ERR_NETCLI_NULL_MX", false],
    ["no.example", "NotSupportedError", "ERR_NETCLI_NO_MAIL_SERVER", false],
    ["broken.example", "ConnectError", "ERR_NETCLI_CONNECT", true],
  ])("%s fails by itself, and the others get their mail", async (domain, name, code, isTemporary) => {
    await using one = await startEsmtpServer();
    const { proxy } = mailHosts({ "mx.one.example": one.port });
    const to = [`x@${domain}`, "b@one.example"];
    const result = await deliver({ to, message }, { ...options, proxy });
    expect(result).toMatchObject({
      recipients: [
        {
          address: `x@${domain}`,
          status: "unsent",
          reply: undefined,
          host: undefined,
          error: { name, code },
          isTemporary,
        },
        { status: "accepted" },
      ],
      accepted: ["b@one.example"],
      failed: [{ address: `x@${domain}` }],
      domains: [{ domain, attempts: [] }, {}],
    });
  });
});

describe("what can't be sent", () => {
  test.each<[string, DeliverMail]>([
    ["has no recipient", { to: [], message }],
    ["has no recipient in its header", { message: "From: a@sender.example\r\n\r\n" }],
    ["has no sender in its header", { to: "b@one.example", message: "To: b@one.example\r\n\r\n" }],
    ["has a recipient without a domain", { to: "postmaster", message }],
    ["has a recipient with an IP address for a domain", { to: "b@127.0.0.1", message }],
    ["has a recipient with a number for a domain", { to: "b@0x7f.1", message }],
    ["has a recipient that is two lines", { to: "b@one.example>\r\nDATA", message }],
    ["has a sender that is none", { from: "a b", to: "b@one.example", message }],
  ])("is what %s", async (_what, mail) => {
    const { proxy, called } = mailHosts({});
    expect(await failureOf(deliver(mail, { ...options, proxy }))).toBeInstanceOf(ArgumentError);
    expect(called).toEqual([]);
  });

  test("is what all servers have to take or none", async () => {
    const mail = { to: "b@one.example", message, onPartial: "throw" as const };
    expect(await failureOf(deliver(mail, options))).toBeInstanceOf(ArgumentError);
  });

  test("is what a server has no extension for, for good", async () => {
    await using one = await startEsmtpServer({ extensions: ["PIPELINING"] });
    const { proxy } = mailHosts({ "mx.one.example": one.port });
    const result = await deliver({ to: "bücher@one.example", message }, { ...options, proxy });
    expect(result.recipients).toMatchObject([{ status: "unsent", isTemporary: false }]);
    expect(result.recipients[0]?.error).toBeInstanceOf(NotSupportedError);
    expect(one.received).toEqual([]);
  });
});
