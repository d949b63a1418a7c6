// What the resolver of Node.js makes of a server's answers, and we of that.
import { describe, expect, test } from "vitest";
import { failureOf } from "@netcli/test-kit";
import { resolveMx } from "../src/mx.ts";
import { findPolicy } from "../src/mta-sts.ts";
import { PolicyMemory } from "../src/policy-cache.ts";
import { type DnsAnswers, dnsServer, mxData } from "./dns-server.ts";

const domain = "example.com";
const address = Buffer.from([192, 0, 2, 1]);

const fetchPolicy = async (): Promise<string> =>
  "version: STSv1\r\nmode: enforce\r\nmx: mx.example\r\nmax_age: 60\r\n";

/** The hosts of the domain, or the code of the failure. */
async function hostsOf(answers: DnsAnswers): Promise<unknown> {
  await using server = await dnsServer(answers);
  const found = resolveMx(domain, { resolver: server.resolver });
  try {
    return (await found).map(({ host }) => host);
  } catch (error) {
    return error;
  }
}

describe("an answer of a DNS server", () => {
  test("may hold mail servers", async () => {
    const records = [mxData(20, "Two", "example"), mxData(10, "one", "example")];
    expect(await hostsOf({ "MX example.com": records })).toEqual(["one.example", "two.example"]);
  });

  test("may be a null MX", async () => {
    expect(await hostsOf({ "MX example.com": [mxData(0)], "A example.com": [address] })).toMatchObject({
      name: "NotSupportedError",
      code: "ERR_NETCLI_NULL_MX",
    });
  });

  test("may hold only the domain's address", async () => {
    expect(await hostsOf({ "A example.com": [address] })).toEqual([domain]);
  });

  test("may be that the domain has nothing for mail, or is not there", async () => {
    expect(await hostsOf({})).toMatchObject({
      code: "ERR_NETCLI_NO_MAIL_SERVER",
      message: "example.com has neither a mail server nor an address",
    });
    expect(await hostsOf({ "MX example.com": 3 })).toMatchObject({
      code: "ERR_NETCLI_NO_MAIL_SERVER",
      message: "there is no domain example.com",
    });
  });

  test("may be a failure of the server, which is no answer", async () => {
    expect(await hostsOf({ "MX example.com": 2, "A example.com": [address] })).toMatchObject({
      name: "ConnectError",
      systemCode: "ESERVFAIL",
    });
  });

  test("may hold names that are none", async () => {
    const records = [
      mxData(1, "mx\r\nQUIT", "example"),
      mxData(2, "mx\0", "example"),
      mxData(3, "127", "0", "0", "1"),
      mxData(4, "m.x", "example"),
      mxData(5, "m\\x", "example"),
      mxData(6, "\xe4", "example"),
      mxData(7, "mx", "example"),
    ];
    const hosts = await hostsOf({ "MX example.com": records });
    expect(hosts).toEqual(["mx.example"]);
  });
});

test("a label that is too long makes no name", async () => {
  await using server = await dnsServer({});
  const error = await failureOf(resolveMx(`${"a".repeat(64)}.example`, { resolver: server.resolver }));
  expect(error).toMatchObject({ code: "ERR_NETCLI_NO_MAIL_SERVER", cause: { code: "EBADNAME" } });
});

test("the strings of a TXT record are joined", async () => {
  const strings = ["v=STSv1; i", "d=20260101;"].map((text) =>
    Buffer.concat([Buffer.from([text.length]), Buffer.from(text)]),
  );
  await using server = await dnsServer({ "TXT _mta-sts.example.com": [Buffer.concat(strings)] });
  const { resolver } = server;
  const { policy } = await findPolicy(domain, { resolver, fetchPolicy, cache: new PolicyMemory() });
  expect(policy).toMatchObject({ id: "20260101", mode: "enforce" });
});
