// The hosts of a domain: their order, and what a domain means that has none.
import { describe, expect, test } from "vitest";
import { failureOf } from "@netcli/test-kit";
import { ArgumentError, ConnectError, NotSupportedError } from "@netcli/core-transport";
import { type MailResolver, resolveMx } from "../src/mx.ts";
import { serverFailure, zone } from "./zone.ts";

const domain = "example.com";

function withMx(...mx: readonly (readonly [number, string])[]): MailResolver {
  return zone({ [domain]: { mx, a: ["192.0.2.1"] } });
}

async function hostsOf(resolver: MailResolver, random?: () => number): Promise<string[]> {
  return (await resolveMx(domain, { resolver, random })).map(({ host }) => host);
}

describe("the order of hosts", () => {
  test("is that of their preference", async () => {
    const resolver = withMx([20, "c.example"], [5, "a.example"], [10, "b.example"]);
    expect(await resolveMx(domain, { resolver })).toEqual([
      { host: "a.example", preference: 5 },
      { host: "b.example", preference: 10 },
      { host: "c.example", preference: 20 },
    ]);
  });

  test("is drawn among hosts of the same preference", async () => {
    const resolver = withMx([10, "a.example"], [10, "b.example"], [5, "first.example"], [10, "c.example"]);
    const lots = [0.5, 0.9, 0.99, 0.1];
    expect(await hostsOf(resolver, () => lots.shift() ?? 0)).toEqual([
      "first.example",
      "c.example",
      "a.example",
      "b.example",
    ]);
  });

  test("varies from call to call", async () => {
    const resolver = withMx([10, "a.example"], [10, "b.example"]);
    const firsts = new Set<string | undefined>();
    while (firsts.size < 2) firsts.add((await hostsOf(resolver))[0]);
    expect(firsts).toEqual(new Set(["a.example", "b.example"]));
  });
});

describe("names from the DNS", () => {
  test("come in lower case, without the root's dot, and once", async () => {
    const resolver = withMx([10, "MX.Example."], [20, "mx.example"], [30, "mx_2.example"]);
    expect(await resolveMx(domain, { resolver })).toEqual([
      { host: "mx.example", preference: 10 },
      { host: "mx_2.example", preference: 30 },
    ]);
  });

  test.each([
    ["a line end", "mx.example\r\nRCPT TO:<evil@example.org>"],
    ["a NUL", "mx.example\0.evil.example"],
    ["an escape", "\u001b[2Jmx.example"],
    ["a space", "mx example"],
    ["a slash", "mx.example/path"],
    ["a percent sign", "mx%2eexample"],
    ["a wildcard", "*.example"],
    ["an IP address", "127.0.0.1"],
    ["an IP address with a dot", "127.0.0.1."],
    ["an IP address in another notation", "0x7f.1"],
    ["an IP address as one number", "2130706433"],
    ["an IPv6 address", "::1"],
    ["an address literal", "[127.0.0.1]"],
    ["more than 253 characters", `${"a".repeat(60)}.`.repeat(5)],
    ["nothing beside others", ""],
  ])("are left out if they hold %s", async (_what, exchange) => {
    expect(await hostsOf(withMx([5, exchange], [10, "mx.example"]))).toEqual(["mx.example"]);
  });

  test("are no more than 20, the preferred ones", async () => {
    const mx = Array.from({ length: 500 }, (_, at) => [500 - at, `mx${500 - at}.example`] as const);
    const hosts = await hostsOf(withMx(...mx));
    expect(hosts).toHaveLength(20);
    expect(hosts[0]).toBe("mx1.example");
    expect(hosts.at(-1)).toBe("mx20.example");
  });

  test("that are all unusable do not lead to the domain's own address", async () => {
    const error = await failureOf(resolveMx(domain, { resolver: withMx([10, "127.0.0.1"], [20, "a b"]) }));
    expect(error).toBeInstanceOf(NotSupportedError);
    expect(error).toMatchObject({
      code: "ERR_NETCLI_NO_MAIL_SERVER",
      message: "no MX record of example.com holds the name of a host",
    });
  });
});

describe("a domain that takes no mail", () => {
  test.each([
    [0, "."],
    [0, ""],
    [10, "."],
  ])("says so with the MX record %i %j", async (preference, exchange) => {
    const error = await failureOf(resolveMx(domain, { resolver: withMx([preference, exchange]) }));
    expect(error).toBeInstanceOf(NotSupportedError);
    expect(error).toMatchObject({
      code: "ERR_NETCLI_NULL_MX",
      message: "example.com takes no mail: its MX record says so (RFC 7505)",
    });
  });

  test("may not be there at all", async () => {
    const error = await failureOf(resolveMx("no.example", { resolver: zone({}) }));
    expect(error).toBeInstanceOf(NotSupportedError);
    expect(error).toMatchObject({
      code: "ERR_NETCLI_NO_MAIL_SERVER",
      message: "there is no domain no.example",
      cause: { code: "ENOTFOUND" },
    });
  });

  test("may have neither a mail server nor an address", async () => {
    const error = await failureOf(resolveMx(domain, { resolver: zone({ [domain]: { txt: ["x"] } }) }));
    expect(error).toBeInstanceOf(NotSupportedError);
    expect(error).toMatchObject({ message: "example.com has neither a mail server nor an address" });
  });
});

describe("a domain without MX records", () => {
  test.each([{ a: ["192.0.2.1"] }, { aaaa: ["2001:db8::1"] }])(
    "is its own mail server: %j",
    async (records) => {
      const resolver = zone({ [domain]: records });
      expect(await resolveMx(domain, { resolver })).toEqual([{ host: domain, preference: 0 }]);
    },
  );

  test("is its own mail server when the resolver answers with an empty list", async () => {
    const resolver: MailResolver = { ...zone({ [domain]: { a: ["192.0.2.1"] } }), resolveMx: async () => [] };
    expect(await hostsOf(resolver)).toEqual([domain]);
  });

  test("is its own mail server if one family of addresses can't be looked up but the other has one", async () => {
    expect(await hostsOf({ ...zone({ [domain]: { a: ["192.0.2.1"] } }), resolve6: serverFailure })).toEqual([
      domain,
    ]);
    const error = await failureOf(hostsOf({ ...zone({ [domain]: {} }), resolve6: serverFailure }));
    expect(error).toBeInstanceOf(ConnectError);
    expect(error).toMatchObject({ systemCode: "ESERVFAIL" });
  });
});

describe("a lookup that fails", () => {
  test.each(["ESERVFAIL", "ETIMEOUT", "EREFUSED", "ECONNREFUSED"])(
    "with %s says nothing about the domain, nor does it lead to its address",
    async (failure) => {
      const resolver = zone({ [domain]: { failure, a: ["192.0.2.1"] } });
      const error = await failureOf(resolveMx(domain, { resolver }));
      expect(error).toBeInstanceOf(ConnectError);
      expect(error).toMatchObject({
        systemCode: failure,
        message: `the mail servers of example.com can't be looked up at the moment (${failure})`,
      });
      expect(resolver.asked).toEqual(["MX example.com"]);
    },
  );

  test("because the name can't be one is for good", async () => {
    const resolver = zone({ [domain]: { failure: "EBADNAME" } });
    expect(await failureOf(resolveMx(domain, { resolver }))).toBeInstanceOf(NotSupportedError);
  });

  test("never ends without a signal, and with its reason at once", async () => {
    const stop = new AbortController();
    const resolver = { ...zone({}), resolveMx: () => new Promise<never>(() => undefined) };
    const looking = failureOf(resolveMx(domain, { resolver, signal: stop.signal }));
    stop.abort(new Error("enough"));
    expect(await looking).toMatchObject({ message: "enough" });
    expect(await failureOf(resolveMx(domain, { resolver, signal: stop.signal }))).toMatchObject({
      message: "enough",
    });
  });
});

describe("the domain of an address", () => {
  test.each([
    ["[192.0.2.1]", "192.0.2.1"],
    ["[IPv6:2001:db8::1]", "2001:db8::1"],
    ["[ipv6:::1]", "::1"],
  ])("is the host itself if it is the address literal %s", async (literal, host) => {
    const resolver = zone({});
    expect(await resolveMx(literal, { resolver })).toEqual([{ host, preference: 0 }]);
    expect(resolver.asked).toEqual([]);
  });

  test("is asked for in ASCII and lower case", async () => {
    const resolver = zone({ "xn--bcher-kva.example": { mx: [[10, "mx.example"]] } });
    expect(await resolveMx("Bücher.Example", { resolver })).toEqual([{ host: "mx.example", preference: 10 }]);
  });

  test.each(["", "192.0.2.1", "0x7f.1", "[]", "[mx.example]", "[IPv6:1.2.3]", "a b", "a\r\nb", "::1", "a@b"])(
    "is not %j",
    async (text) => {
      const resolver = zone({});
      expect(await failureOf(resolveMx(text, { resolver }))).toBeInstanceOf(ArgumentError);
      expect(resolver.asked).toEqual([]);
    },
  );
});
