// MTA-STS policies that are remembered from one delivery to the next (RFC 8461 3.2, 5.1).
import type { StsPolicy } from "./sts-policy.ts";

/** What is known of a domain. Plain data: JSON can carry it. */
export interface KnownPolicy {
  /** In force until its time is up. */
  readonly policy?: StsPolicy | undefined;
  /** The id whose policy could not be had. */
  readonly failedId?: string | undefined;
  /** When that may be tried again, as Date.now() counts. */
  readonly retryAt?: number | undefined;
}

/** PolicyCache keeps what is known: in a file or database it outlives the process, as RFC 8461 10.2 advises. */
export interface PolicyCache {
  get(domain: string): KnownPolicy | undefined | Promise<KnownPolicy | undefined>;
  set(domain: string, known: KnownPolicy): void | Promise<void>;
}

// Any domain that mail is sent to may leave something here.
const MOST_DOMAINS = 10_000;

/** PolicyMemory forgets the domains that were not set for the longest time once there are more than 10,000. */
export class PolicyMemory implements PolicyCache {
  readonly #domains: Map<string, KnownPolicy> = new Map();

  get(domain: string): KnownPolicy | undefined {
    return this.#domains.get(domain);
  }

  set(domain: string, known: KnownPolicy): void {
    this.#domains.delete(domain);
    this.#domains.set(domain, known);
    if (this.#domains.size <= MOST_DOMAINS) return;
    for (const oldest of this.#domains.keys()) {
      this.#domains.delete(oldest);
      return;
    }
  }
}
