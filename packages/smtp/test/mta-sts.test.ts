// Which policy of a domain is in force: what the DNS says, what the web server has, and what is known from before.
import { describe, expect, test } from "vitest";
import { failureOf } from "@netcli/test-kit";
import { ArgumentError, TimeoutError } from "@netcli/core-transport";
import { findPolicy, type PolicyFinding } from "../src/mta-sts.ts";
import { type PolicyCache, PolicyMemory } from "../src/policy-cache.ts";
import type { FetchPolicy } from "../src/policy-fetch.ts";
import { policyServer } from "./policy-server.ts";
import { type Zone, zone, type ZoneName } from "./zone.ts";

const domain = "example.com";
const none: PolicyFinding = { policy: undefined, problem: undefined };

function announcing(id: string): Zone {
  return zone({ "_mta-sts.example.com": { txt: [`v=STSv1; id=${id};`] } });
}

function textOf(mode: string, maxAge = 86_400): string {
  return `version: STSv1\r\nmode: ${mode}\r\nmx: mx.example.com\r\nmax_age: ${maxAge}\r\n`;
}

/** A web server that counts. */
function giving(text: string): { fetchPolicy: FetchPolicy; urls: string[] } {
  const urls: string[] = [];
  return {
    urls,
    fetchPolicy: async (url) => {
      urls.push(url);
      return text;
    },
  };
}

const broken: FetchPolicy = async () => {
  throw new Error("out of order");
};

const never: FetchPolicy = () => new Promise(() => undefined);

/** What has been found once, and is in force. */
async function remembering(mode: string, maxAge?: number): Promise<PolicyMemory> {
  const cache = new PolicyMemory();
  await findPolicy(domain, { resolver: announcing("1"), cache, ...giving(textOf(mode, maxAge)) });
  return cache;
}

describe("a policy", () => {
  test("is fetched over HTTPS and remembered by its id", async () => {
    await using server = await policyServer(textOf("enforce"));
    const { fetchPolicy, requests } = server;
    const cache = new PolicyMemory();
    const before = Date.now();
    const first = await findPolicy("Example.COM.", { resolver: announcing("1"), fetchPolicy, cache });
    expect(first).toMatchObject({
      policy: { id: "1", mode: "enforce", mx: ["mx.example.com"], maxAge: 86_400 },
      problem: undefined,
    });
    expect(first.policy?.expires).toBeGreaterThanOrEqual(before + 86_400_000);
    expect(first.policy?.expires).toBeLessThanOrEqual(Date.now() + 86_400_000);
    expect(await findPolicy(domain, { resolver: announcing("1"), fetchPolicy, cache })).toEqual(first);
    expect(requests).toEqual(["mta-sts.example.com /.well-known/mta-sts.txt"]);
  });

  test("is fetched again when its id has changed", async () => {
    const cache = await remembering("enforce");
    const found = await findPolicy(domain, { resolver: announcing("2"), cache, ...giving(textOf("none")) });
    expect(found).toMatchObject({ policy: { id: "2", mode: "none" } });
  });

  test("is fetched again when its time is up", async () => {
    const cache = await remembering("enforce", 0);
    const { fetchPolicy, urls } = giving(textOf("testing"));
    const found = await findPolicy(domain, { resolver: announcing("1"), cache, fetchPolicy });
    expect(found).toMatchObject({ policy: { mode: "testing" } });
    expect(urls).toEqual(["https://mta-sts.example.com/.well-known/mta-sts.txt"]);
  });

  test("of an international domain is that of its ASCII form", async () => {
    const resolver = zone({ "_mta-sts.xn--bcher-kva.example": { txt: ["v=STSv1; id=1;"] } });
    const { fetchPolicy, urls } = giving(textOf("enforce"));
    const found = await findPolicy("bücher.example", { resolver, cache: new PolicyMemory(), fetchPolicy });
    expect(found.policy?.mode).toBe("enforce");
    expect(urls).toEqual(["https://mta-sts.xn--bcher-kva.example/.well-known/mta-sts.txt"]);
  });

  test("is kept by whatever keeps plain data", async () => {
    const kept = new Map<string, string>();
    const cache: PolicyCache = {
      get: async (name) => JSON.parse(kept.get(name) ?? "null") ?? undefined,
      set: async (name, known) => {
        kept.set(name, JSON.stringify(known));
      },
    };
    const options = { resolver: announcing("1"), cache };
    const first = await findPolicy(domain, { ...options, ...giving(textOf("enforce")) });
    expect(await findPolicy(domain, { ...options, fetchPolicy: broken })).toEqual(first);
  });
});

describe("there is no policy", () => {
  test.each<[string, Record<string, ZoneName>]>([
    ["without a record", {}],
    ["without a TXT record", { "_mta-sts.example.com": { a: ["192.0.2.1"] } }],
    ["with a record of something else", { "_mta-sts.example.com": { txt: ["v=spf1 -all"] } }],
    ["with two records", { "_mta-sts.example.com": { txt: ["v=STSv1; id=1;", "v=STSv1; id=2;"] } }],
    ["with a record that is not valid", { "_mta-sts.example.com": { txt: ["v=STSv1; id=a-b;"] } }],
  ])("%s", async (_what, names) => {
    const { fetchPolicy, urls } = giving(textOf("enforce"));
    const options = { resolver: zone(names), cache: new PolicyMemory(), fetchPolicy };
    expect(await findPolicy(domain, options)).toEqual(none);
    expect(urls).toEqual([]);
  });

  test("for an address literal", async () => {
    const resolver = zone({});
    expect(await findPolicy("[192.0.2.1]", { resolver })).toEqual(none);
    expect(resolver.asked).toEqual([]);
  });

  test("of what is not a domain", async () => {
    expect(await failureOf(findPolicy("evil.example/path", { resolver: zone({}) }))).toBeInstanceOf(
      ArgumentError,
    );
  });
});

describe("a policy that can't be had", () => {
  test.each<[string, Zone, FetchPolicy]>([
    ["the fetch fails", announcing("2"), broken],
    ["the text is not valid", announcing("2"), giving("mode: none\rmode: none").fetchPolicy],
    ["the DNS fails", zone({ "_mta-sts.example.com": { failure: "ESERVFAIL" } }), broken],
  ])("leaves the known one in force, and tells why, when %s", async (_what, resolver, fetchPolicy) => {
    const cache = await remembering("enforce");
    const found = await findPolicy(domain, { resolver, cache, fetchPolicy });
    expect(found.policy).toMatchObject({ id: "1", mode: "enforce" });
    expect(found.problem).toBeInstanceOf(Error);
    const again = await findPolicy(domain, { resolver: announcing("1"), cache, fetchPolicy: broken });
    expect(again).toMatchObject({ policy: { id: "1" }, problem: undefined });
    const unknown = await findPolicy(domain, { resolver, cache: new PolicyMemory(), fetchPolicy });
    expect(unknown.policy).toBeUndefined();
    expect(unknown.problem).toBeInstanceOf(Error);
  });

  test.each<[string, Zone]>([
    ["is gone", zone({})],
    ["is doubled", zone({ "_mta-sts.example.com": { txt: ["v=STSv1; id=8;", "v=STSv1; id=9;"] } })],
  ])("leaves the known one in force when the record %s", async (_what, resolver) => {
    const cache = await remembering("enforce");
    const found = await findPolicy(domain, { resolver, cache, fetchPolicy: broken });
    expect(found).toMatchObject({ policy: { id: "1", mode: "enforce" }, problem: undefined });
  });

  test("leaves nothing in force when the time of the known one is up", async () => {
    const cache = await remembering("enforce", 0);
    expect(await findPolicy(domain, { resolver: zone({}), cache })).toEqual(none);
    const found = await findPolicy(domain, { resolver: announcing("2"), cache, fetchPolicy: broken });
    expect(found.policy).toBeUndefined();
  });

  test("is left alone for five minutes, another version is not", async () => {
    const cache = new PolicyMemory();
    await findPolicy(domain, { resolver: announcing("1"), cache, fetchPolicy: broken });
    const known = cache.get(domain);
    expect(known?.retryAt).toBeGreaterThan(Date.now() + 290_000);
    expect(known?.retryAt).toBeLessThanOrEqual(Date.now() + 300_000);
    const { fetchPolicy, urls } = giving(textOf("enforce"));
    const soon = await findPolicy(domain, { resolver: announcing("1"), cache, fetchPolicy });
    expect(soon.policy).toBeUndefined();
    expect(soon.problem?.message).toBe("policy 1 of example.com could not be had some minutes ago");
    expect(urls).toEqual([]);
    const other = await findPolicy(domain, { resolver: announcing("2"), cache, fetchPolicy });
    expect(other.policy?.id).toBe("2");
    cache.set(domain, { ...known, retryAt: Date.now() - 1 });
    const later = await findPolicy(domain, { resolver: announcing("1"), cache, fetchPolicy });
    expect(later.policy?.id).toBe("1");
  });
});

describe("a wait for a policy", () => {
  test("ends with the time, however the web server drips", async () => {
    await using server = await policyServer((_request, response) => {
      response.writeHead(200, { "content-type": "text/plain" });
      const drip = setInterval(() => response.write("x"), 10);
      response.once("close", () => clearInterval(drip));
    });
    const { fetchPolicy } = server;
    const options = { resolver: announcing("1"), cache: new PolicyMemory(), fetchPolicy, timeout: 100 };
    const { policy, problem } = await findPolicy(domain, options);
    expect(policy).toBeUndefined();
    expect(problem).toBeInstanceOf(TimeoutError);
    expect(problem).toMatchObject({ phase: "total", milliseconds: 100 });
  });

  test("ends with the time, also when the function given does not look at its signal", async () => {
    const cache = new PolicyMemory();
    const options = { resolver: announcing("1"), cache, fetchPolicy: never, timeout: 20 };
    expect((await findPolicy(domain, options)).problem).toBeInstanceOf(TimeoutError);
  });

  test("ends with the signal's reason, and nothing is remembered of it", async () => {
    const stop = new AbortController();
    const fetchPolicy: FetchPolicy = (_url, { signal }) => {
      stop.abort(new Error("enough"));
      return Promise.reject(signal?.reason as Error);
    };
    const cache = new PolicyMemory();
    const options = { resolver: announcing("1"), cache, fetchPolicy, signal: stop.signal };
    expect(await failureOf(findPolicy(domain, options))).toMatchObject({ message: "enough" });
    expect(cache.get(domain)).toBeUndefined();
    expect(await failureOf(findPolicy(domain, options))).toMatchObject({ message: "enough" });
  });

  test("for the DNS ends with the signal's reason", async () => {
    const stop = new AbortController();
    const resolver = { resolveTxt: () => new Promise<never>(() => undefined) };
    const finding = failureOf(
      findPolicy(domain, { resolver, signal: stop.signal, cache: new PolicyMemory() }),
    );
    stop.abort(new Error("enough"));
    expect(await finding).toMatchObject({ message: "enough" });
  });
});

test("the memory forgets the oldest of more than 10,000 domains", () => {
  const memory = new PolicyMemory();
  for (let at = 0; at < 10_000; at += 1) memory.set(`${at}.example`, { failedId: "1" });
  memory.set("0.example", { failedId: "2" });
  memory.set("one-more.example", { failedId: "1" });
  expect(memory.get("0.example")).toEqual({ failedId: "2" });
  expect(memory.get("1.example")).toBeUndefined();
  expect(memory.get("2.example")).toEqual({ failedId: "1" });
});
