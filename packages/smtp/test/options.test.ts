// What a connection is given: defaults that depend on each other, URLs, and what is refused before anything is done.
import { ArgumentError } from "@netcli/core-transport";
import { failureOf } from "@netcli/test-kit";
import { describe, expect, test } from "vitest";
import { LmtpClient, type SmtpClientOptions, SmtpClient, SmtpSession } from "../src/index.ts";
import { resolveOptions } from "../src/options.ts";

const host = "mx.example.org";

describe("the port", () => {
  test.each<[options: SmtpClientOptions, port: number | undefined, tls: string | undefined]>([
    [{ host }, 25, undefined],
    [{ host, tls: "starttls" }, 25, "starttls"],
    [{ host, tls: "implicit" }, 465, "implicit"],
    [{ host, user: "ann", password: "x" }, 587, undefined],
    [{ host, user: "ann", token: "x" }, 587, undefined],
    [{ host, token: "x" }, 587, undefined],
    [{ host, external: true }, 587, undefined],
    [{ host, external: false }, 25, undefined],
    [{ host, anonymous: "" }, 587, undefined],
    [{ host, user: "ann", password: "x", tls: "implicit" }, 465, "implicit"],
    [{ host, port: 465 }, 465, "implicit"],
    [{ host, port: 465, tls: "none" }, 465, "none"],
    [{ host, port: 2525, user: "ann", password: "x" }, 2525, undefined],
    [{ host, protocol: "lmtp" }, 24, undefined],
    [{ host, protocol: "lmtp", user: "ann", password: "x" }, 24, undefined],
    [{ path: "/run/lmtp" }, undefined, undefined],
  ])("of %j is %j, and TLS %j", (options, port, tls) => {
    const target = resolveOptions(options);
    expect([target.port, target.tls]).toEqual([port, tls]);
  });

  test.each([
    ["smtp://mx.example.org", { host, port: 25, settings: { protocol: "smtp" } }],
    ["smtp://mx.example.org:2525", { host, port: 2525 }],
    ["smtps://mx.example.org", { host, port: 465, tls: "implicit" }],
    ["smtps://mx.example.org:2465", { host, port: 2465, tls: "implicit" }],
    ["lmtp://mx.example.org", { host, port: 24, settings: { protocol: "lmtp" } }],
    [
      "smtp://ann%40example.org:p%2Fw@mx.example.org",
      { host, port: 587, user: "ann@example.org", password: "p/w" },
    ],
    ["smtps://ann@mx.example.org", { port: 465, user: "ann" }],
    ["smtp://[::1]:26", { host: "::1", port: 26 }],
  ])("of %j is in it", (url, target) => {
    expect(resolveOptions(url)).toMatchObject(target);
    expect(resolveOptions(new URL(url))).toMatchObject(target);
  });
});

test("what is not said has the defaults that RFC 5321 has", () => {
  expect(resolveOptions({ host })).toMatchObject({
    settings: { protocol: "smtp", pipelining: "safe", messageTimeout: 600_000 },
    timeouts: { greeting: 60_000, reply: 300_000, stall: 180_000 },
  });
  expect(resolveOptions({ host, timeouts: { reply: 5 } }).timeouts).toEqual({
    greeting: 60_000,
    reply: 5,
    stall: 180_000,
  });
});

describe("refused before anything is done", () => {
  test.each<[string, object]>([
    ["a protocol that is none", { protocol: "esmtp" }],
    ["a pipelining that is none", { pipelining: "on" }],
    ["a mode of TLS that is none", { tls: "explicit" }],
    ["a messageTimeout of 0", { messageTimeout: 0 }],
    ["a messageTimeout that is no number", { messageTimeout: NaN }],
    ["a name of two words", { name: "a b" }],
    ["no name at all", { name: "" }],
    ["a name with a line end", { name: "a\r\nQUIT" }],
    ["a name that is not ASCII", { name: "bücher.example" }],
    ["a user with a line end", { user: "a\r\nb" }],
    ["a password with a NUL", { user: "a", password: "a\0b" }],
  ])("is %s", async (_what, options) => {
    const given = { host: "127.0.0.1", port: 1, ...options };
    expect(() => resolveOptions(given)).toThrow(ArgumentError);
    expect(await failureOf(SmtpSession.connect(given))).toBeInstanceOf(ArgumentError);
    expect(await failureOf(SmtpClient.connect(given))).toBeInstanceOf(ArgumentError);
  });

  test.each<[string, SmtpClientOptions]>([
    ["no connections", { connections: 0 }],
    ["half a connection", { connections: 1.5 }],
    ["negative retries", { retries: -1 }],
    ["no messages in a session", { messagesPerSession: 0 }],
    ["no number of them", { messagesPerSession: NaN }],
    ["no age", { sessionAge: 0 }],
    ["a negative age", { sessionAge: -1 }],
    ["no idle time", { idleTime: 0 }],
    ["a rate of nothing", { rate: { messages: 0, per: 1000 } }],
    ["a rate of halves", { rate: { messages: 1.5, per: 1000 } }],
    ["a rate in no time", { rate: { messages: 1, per: 0 } }],
    ["a rate in no number", { rate: { messages: 1, per: NaN } }],
  ])("is %s", async (_what, options) => {
    const given = { host: "127.0.0.1", port: 1, ...options };
    expect(await failureOf(SmtpClient.connect(given))).toBeInstanceOf(ArgumentError);
    expect(await failureOf(LmtpClient.connect(given))).toBeInstanceOf(ArgumentError);
  });

  test.each(["http://mx.example.org", "smtp://mx.example.org/path", "smtp:", "mx.example.org", "smtp://a b"])(
    "is the URL %j",
    async (url) => {
      expect(await failureOf(SmtpSession.connect(url))).toBeInstanceOf(ArgumentError);
    },
  );
});
