// MTA-STS (RFC 8461): a domain's word, over HTTPS, on which hosts take its mail and that they speak TLS, so that nobody
// in between can say otherwise.
import { Resolver } from "node:dns/promises";
import { isIP } from "node:net";
import { orAborted, ProtocolError, TimeoutError, within } from "@netcli/core-transport";
import { isAbsent, type MailResolver, normalizeDomain } from "./mx.ts";
import { type PolicyCache, PolicyMemory } from "./policy-cache.ts";
import { type FetchPolicy, fetchPolicy as fetchOverHttps } from "./policy-fetch.ts";
import { parsePolicy, policyId, type StsPolicy, type StsRules } from "./sts-policy.ts";

export interface FindPolicyOptions {
  /** Default: a `Resolver` of node:dns/promises. */
  readonly resolver?: Pick<MailResolver, "resolveTxt"> | undefined;
  /** Default: `fetchPolicy` with the authorities that Node.js trusts. */
  readonly fetchPolicy?: FetchPolicy | undefined;
  /** Default: the memory of this process. */
  readonly cache?: PolicyCache | undefined;
  /** For the whole fetch, in milliseconds. Default 60,000, as RFC 8461 3.3 suggests. */
  readonly timeout?: number | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** What there is to know of a domain's policy. */
export interface PolicyFinding {
  /** In force now: the newest one, or the one known from before if the newest can't be had. */
  readonly policy: StsPolicy | undefined;
  /** Why the newest can't be had. */
  readonly problem: Error | undefined;
}

const FETCH_MILLISECONDS = 60_000;

// RFC 8461 3.3: how long a version that could not be fetched is left alone.
const RETRY_MILLISECONDS = 5 * 60_000;

const remembered = new PolicyMemory();

/**
 * Finds the policy of a domain. Whatever fails: the policy that is known stays in force until its time is up. Rejects
 * only with ArgumentError, the signal's reason, or as the cache does.
 */
export async function findPolicy(domain: string, options: FindPolicyOptions = {}): Promise<PolicyFinding> {
  const { resolver = new Resolver(), cache = remembered, signal } = options;
  signal?.throwIfAborted();
  const name = normalizeDomain(domain);
  // RFC 8461 3: an address literal has none.
  if (isIP(name) !== 0) return { policy: undefined, problem: undefined };
  const known = await cache.get(name);
  const policy = known?.policy !== undefined && known.policy.expires > Date.now() ? known.policy : undefined;
  let id: string | undefined;
  try {
    const records = await orAborted(resolver.resolveTxt(`_mta-sts.${name}`), signal);
    id = policyId(records.map((strings) => strings.join("")));
  } catch (error) {
    signal?.throwIfAborted();
    return { policy, problem: isAbsent(error) ? undefined : (error as Error) };
  }
  // Who takes the record away, or hides it, does not take away the policy.
  if (id === undefined || id === policy?.id) return { policy, problem: undefined };
  if (known?.failedId === id && (known.retryAt ?? 0) > Date.now()) {
    const problem = new ProtocolError(`policy ${id} of ${name} could not be had some minutes ago`);
    return { policy, problem };
  }
  let rules: StsRules;
  try {
    rules = await fetchRules(name, options);
  } catch (problem) {
    signal?.throwIfAborted();
    await cache.set(name, { policy, failedId: id, retryAt: Date.now() + RETRY_MILLISECONDS });
    return { policy, problem: problem as Error };
  }
  const newest = { ...rules, id, expires: Date.now() + rules.maxAge * 1_000 };
  await cache.set(name, { policy: newest });
  return { policy: newest, problem: undefined };
}

async function fetchRules(domain: string, options: FindPolicyOptions): Promise<StsRules> {
  const { fetchPolicy = fetchOverHttps, timeout = FETCH_MILLISECONDS } = options;
  const url = `https://mta-sts.${domain}/.well-known/mta-sts.txt`;
  const expired = (): Error =>
    new TimeoutError(`no policy of MTA-STS from mta-sts.${domain} within ${timeout} ms`, "total", timeout);
  const text = await within(timeout, expired, options.signal, (signal) =>
    // Also one that does not look at its signal.
    orAborted(fetchPolicy(url, { signal }), signal),
  );
  return parsePolicy(text);
}
