// Delivery under a policy of MTA-STS, and without one: which hosts and which TLS will do, and what is told of the others.
import type { TlsServerOptions } from "@netcli/core-transport";
import { describe, expect, test } from "vitest";
import { createAuthority, selfSigned } from "@netcli/test-kit";
import { type EsmtpServer, type EsmtpServerOptions, startEsmtpServer } from "@netcli/test-servers";
import { deliver, type DeliverMail, type DeliverOptions } from "../src/deliver.ts";
import type { DeliverResult } from "../src/delivery-result.ts";
import { findPolicy } from "../src/mta-sts.ts";
import { PolicyMemory } from "../src/policy-cache.ts";
import { mailHosts } from "./mail-hosts.ts";
import { policyServer } from "./policy-server.ts";
import { zone } from "./zone.ts";

const message = "From: a@sender.example\r\nSubject: x\r\n\r\nHello\r\n";
const authority = createAuthority();
const trusted = authority.issue({ names: ["mx.example.com"] });
const ca = authority.certificate;

const announcing = { "_mta-sts.example.com": { txt: ["v=STSv1; id=1;"] } };
const withMx = { "example.com": { mx: [[10, "mx.example.com"]] as const } };

function policyText(mode: string, ...mx: readonly string[]): string {
  const hosts = mx.map((host) => `mx: ${host}\r\n`).join("");
  return `version: STSv1\r\nmode: ${mode}\r\n${hosts}max_age: 86400\r\n`;
}

interface Course {
  readonly result: DeliverResult;
  readonly server: EsmtpServer;
}

interface Way {
  readonly server: EsmtpServerOptions;
  /** The text of the policy; undefined: there is none. */
  readonly policy?: string | undefined;
  readonly mail?: Partial<DeliverMail>;
  readonly options?: DeliverOptions;
}

/** Delivers to mx.example.com, which is that server. */
async function course({ server: given, policy, mail, options }: Way): Promise<Course> {
  await using server = await startEsmtpServer(given);
  const resolver = zone({ ...withMx, ...(policy === undefined ? {} : announcing) });
  const result = await deliver(
    { to: "b@example.com", message, ...mail },
    {
      resolver,
      proxy: mailHosts({ "mx.example.com": server.port }).proxy,
      mtaSts: { cache: new PolicyMemory(), fetchPolicy: async () => policy ?? "" },
      tlsOptions: { ca },
      name: "client.example",
      ...options,
    },
  );
  expect(server.violations).toEqual([]);
  return { result, server };
}

/** Servers that a policy does not allow to be used, and what is said about them. */
const unfit: readonly (readonly [string, EsmtpServerOptions, string])[] = [
  ["from which STARTTLS was stripped", {}, "offers no STARTTLS"],
  [
    "which refuses STARTTLS",
    { tls: trusted, reply: (verb) => (verb === "STARTTLS" ? "454 4.7.0 not now" : undefined) },
    "454 4.7.0 not now",
  ],
  [
    "whose certificate is for another name",
    { tls: authority.issue({ names: ["example.com", "mx.example.org"] }) },
    "the certificate is not for mx.example.com",
  ],
  ["whose certificate is its own", { tls: selfSigned({ names: ["mx.example.com"] }) }, "can't be verified"],
  [
    "whose certificate has expired",
    { tls: authority.issue({ names: ["mx.example.com"], notAfter: new Date(Date.now() - 1_000) }) },
    "has expired",
  ],
];

describe("under a policy that is enforced", () => {
  test("a host that matches gets the mail over verified TLS", async () => {
    await using web = await policyServer(policyText("enforce", "*.example.com"));
    const mtaSts = { cache: new PolicyMemory(), fetchPolicy: web.fetchPolicy };
    const { result, server } = await course({ server: { tls: trusted }, policy: "", options: { mtaSts } });
    expect(result).toMatchObject({
      accepted: ["b@example.com"],
      domains: [{ policy: { id: "1", mode: "enforce" }, policyProblem: undefined, violations: [] }],
    });
    expect(server.received).toMatchObject([{ isSecure: true }]);
    expect(web.requests).toEqual(["mta-sts.example.com /.well-known/mta-sts.txt"]);
  });

  test.each(unfit)("a host %s hears nothing of the mail", async (_what, server, words) => {
    const policy = policyText("enforce", "mx.example.com");
    for (const tls of ["opportunistic", "none"] as const) {
      const options = { tls, tlsOptions: { ca, insecure: true } };
      const { result, server: host } = await course({ server, policy, options });
      const error = { name: "TlsError", message: expect.stringContaining(words) };
      expect(result).toMatchObject({
        // RFC 8461 5.1: a policy may be wrong for a while.
        recipients: [{ status: "unsent", host: "mx.example.com", error, isTemporary: true }],
        domains: [
          {
            attempts: [{ host: "mx.example.com", error }],
            violations: [{ host: "mx.example.com", error }],
          },
        ],
      });
      expect(host.commands.filter((line) => !/^(?:EHLO client\.example|STARTTLS|QUIT)$/.test(line))).toEqual(
        [],
      );
    }
  });

  test("a host that does not match is not called, the next one is", async () => {
    await using server = await startEsmtpServer({ tls: trusted });
    const resolver = zone({
      ...announcing,
      "example.com": {
        mx: [
          [5, "mx.evil.example"],
          [10, "mx.example.com"],
        ],
      },
    });
    const { proxy, called } = mailHosts({ "mx.evil.example": server.port, "mx.example.com": server.port });
    const mtaSts = {
      cache: new PolicyMemory(),
      fetchPolicy: async () => policyText("enforce", "mx.example.com"),
    };
    const mail = { to: "b@example.com", message };
    const result = await deliver(mail, { resolver, proxy, mtaSts, tlsOptions: { ca } });
    expect(called).toEqual(["mx.example.com:25"]);
    const error = {
      name: "TlsError",
      message: "the policy of MTA-STS of example.com does not allow mx.evil.example",
    };
    expect(result).toMatchObject({
      recipients: [{ status: "accepted", host: "mx.example.com" }],
      domains: [
        {
          attempts: [{ host: "mx.evil.example", error }, { host: "mx.example.com" }],
          violations: [{ host: "mx.evil.example", error }],
        },
      ],
    });
  });

  test("nobody who owns the DNS now can lead the mail elsewhere", async () => {
    await using web = await policyServer(policyText("enforce", "mx.example.com"));
    const { fetchPolicy } = web;
    const cache = new PolicyMemory();
    await findPolicy("example.com", { resolver: zone(announcing), cache, fetchPolicy });
    await using evil = await startEsmtpServer({ tls: authority.issue({ names: ["mx.evil.example"] }) });
    const { proxy, called } = mailHosts({ "mx.evil.example": evil.port });
    const resolver = zone({ "example.com": { mx: [[10, "mx.evil.example"]] } });
    const options = { resolver, proxy, mtaSts: { cache }, tlsOptions: { ca } };
    const result = await deliver({ to: "b@example.com", message }, options);
    expect(called).toEqual([]);
    expect(result.recipients).toMatchObject([{ status: "unsent", isTemporary: true }]);
  });

  test("the domain's own address is bound, too, where there are no MX records", async () => {
    await using server = await startEsmtpServer({ tls: authority.issue({ names: ["example.com"] }) });
    const resolver = zone({ ...announcing, "example.com": { a: ["192.0.2.1"] } });
    const { proxy } = mailHosts({ "example.com": server.port });
    const deliverUnder = (policy: string): Promise<DeliverResult> =>
      deliver(
        { to: "b@example.com", message },
        {
          resolver,
          proxy,
          mtaSts: { cache: new PolicyMemory(), fetchPolicy: async () => policy },
          tlsOptions: { ca },
        },
      );
    expect((await deliverUnder(policyText("enforce", "example.com"))).accepted).toHaveLength(1);
    expect((await deliverUnder(policyText("enforce", "*.example.com"))).accepted).toEqual([]);
  });
});

describe("under a policy that is tested", () => {
  const policy = policyText("testing", "mx.example.com");

  test("a host that matches gets the mail over verified TLS, in one connection", async () => {
    const { result, server } = await course({ server: { tls: trusted }, policy });
    expect(result.domains).toMatchObject([{ policy: { mode: "testing" }, violations: [] }]);
    expect(server.received).toMatchObject([{ isSecure: true }]);
    expect(server.sessions).toHaveLength(1);
  });

  test.each(unfit)("a host %s gets the mail, and that is told", async (_what, server, words) => {
    const { result } = await course({ server, policy });
    expect(result).toMatchObject({
      accepted: ["b@example.com"],
      domains: [
        {
          attempts: [{ host: "mx.example.com", error: undefined }],
          violations: [{ host: "mx.example.com", error: { message: expect.stringContaining(words) } }],
        },
      ],
    });
  });

  test("a host that does not match gets the mail, and that is told", async () => {
    const other = policyText("testing", "mail.example.com");
    const { result, server } = await course({ server: { tls: trusted }, policy: other });
    expect(server.sessions).toHaveLength(1);
    expect(result).toMatchObject({
      accepted: ["b@example.com"],
      domains: [{ violations: [{ host: "mx.example.com", error: { name: "TlsError" } }] }],
    });
  });

  test("a host that refuses is called once", async () => {
    const { result, server } = await course({
      server: { tls: trusted, reply: (verb) => (verb === "RCPT" ? "450 later" : undefined) },
      policy,
    });
    expect(result.recipients).toMatchObject([{ status: "refused", reply: { code: 450 } }]);
    expect(server.sessions).toHaveLength(1);
  });
});

describe("without a policy", () => {
  test.each<[string, string | undefined, DeliverOptions]>([
    ["there is none", undefined, {}],
    ["it is for nothing any more", policyText("none"), {}],
    ["nobody asks for it", policyText("enforce", "other.example"), { mtaSts: false }],
  ])("because %s any TLS will do, and none at all", async (_what, policy, options) => {
    const tls: TlsServerOptions = selfSigned({ names: ["other.example"] });
    const secure = await course({ server: { tls }, policy, options });
    expect(secure.server.received).toMatchObject([{ isSecure: true }]);
    expect(secure.result.domains).toMatchObject([{ violations: [] }]);
    const open = await course({ server: {}, policy, options });
    expect(open.server.received).toMatchObject([{ isSecure: false }]);
  });

  test("that can be had the mail goes, and the reason is told", async () => {
    const { result } = await course({ server: {}, policy: "<html>" });
    expect(result).toMatchObject({
      accepted: ["b@example.com"],
      domains: [{ policy: undefined, policyProblem: { name: "ProtocolError" } }],
    });
  });

  test.each(unfit)(
    "a host %s hears nothing of the mail if the caller asks for TLS",
    async (_what, server, words) => {
      const { result, server: host } = await course({ server, options: { tls: "starttls" } });
      expect(result.recipients).toMatchObject([
        {
          status: "unsent",
          error: { name: "TlsError", message: expect.stringContaining(words) },
          isTemporary: true,
        },
      ]);
      expect(result.domains).toMatchObject([{ violations: [] }]);
      expect(host.commands.some((line) => line.startsWith("MAIL"))).toBe(false);
    },
  );

  test("TLS is left out if the caller does not want it", async () => {
    const { server } = await course({ server: { tls: trusted }, options: { tls: "none" } });
    expect(server.received).toMatchObject([{ isSecure: false }]);
  });
});

describe("a mail that requires TLS on its whole way", () => {
  const mail = { requireTls: true };

  test("is for hosts that a policy allows, and that offer REQUIRETLS", async () => {
    for (const mode of ["enforce", "testing"]) {
      const policy = policyText(mode, "mx.example.com");
      const { result, server } = await course({ server: { tls: trusted }, policy, mail });
      expect(result.accepted).toEqual(["b@example.com"]);
      expect(server.received).toMatchObject([{ from: { params: { REQUIRETLS: true } }, isSecure: true }]);
    }
  });

  test.each(unfit)("is not for a host %s, whatever the policy's mode", async (_what, server) => {
    const policy = policyText("testing", "mx.example.com");
    const { result, server: host } = await course({ server, policy, mail });
    expect(result.accepted).toEqual([]);
    expect(host.commands.some((line) => line.startsWith("MAIL"))).toBe(false);
  });

  test("is not for a domain without a policy, for good", async () => {
    const { result, server } = await course({ server: { tls: trusted }, mail });
    expect(result.recipients).toMatchObject([
      { status: "unsent", error: { name: "NotSupportedError" }, isTemporary: false },
    ]);
    expect(server.sessions).toEqual([]);
  });
});
