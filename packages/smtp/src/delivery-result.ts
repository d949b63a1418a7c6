// What became of a message that was taken to the servers of its recipients, and why.
import { ArgumentError, NotSupportedError, ReplyError } from "@netcli/core-transport";
import type { RecipientResult } from "./result.ts";
import type { StsPolicy } from "./sts-policy.ts";

/** What became of a recipient, and where. */
export interface RecipientDelivery extends RecipientResult {
  /** The host that said so; undefined where none was reached. */
  readonly host: string | undefined;
  /** Why it was not accepted. */
  readonly error: Error | undefined;
  /** It may be tried again later, and would not be delivered twice. False if it was accepted. */
  readonly isTemporary: boolean;
}

/** One host, tried once. */
export interface DeliveryAttempt {
  readonly host: string;
  /** Why somebody, or nobody, was accepted; undefined if all were. */
  readonly error: Error | undefined;
}

/** What happened for one domain. */
export interface DomainDelivery {
  /** In lower-case ASCII, or an address literal. */
  readonly domain: string;
  /** In the order in which they were tried. */
  readonly attempts: readonly DeliveryAttempt[];
  /** The policy of MTA-STS that was in force. */
  readonly policy: StsPolicy | undefined;
  /** Why the newest policy can't be had. */
  readonly policyProblem: Error | undefined;
  /** Hosts that break the policy: in mode `enforce` they got nothing, in mode `testing` they were used anyhow. */
  readonly violations: readonly PolicyViolation[];
}

export interface PolicyViolation {
  readonly host: string;
  readonly error: Error;
}

export interface DeliverResult {
  /** In the order given, each of them once. */
  readonly recipients: readonly RecipientDelivery[];
  /** The addresses of those for whom a server has taken the message. */
  readonly accepted: readonly string[];
  /** All others. */
  readonly failed: readonly RecipientDelivery[];
  readonly domains: readonly DomainDelivery[];
}

/** Will the same fail again, as far as one host or the DNS can say? */
export function isPermanent(error: Error): boolean {
  if (error instanceof ReplyError) return error.isPermanent;
  return error instanceof NotSupportedError || error instanceof ArgumentError;
}
