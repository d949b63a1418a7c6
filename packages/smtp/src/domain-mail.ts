// One message on its way to the servers of one domain: host by host, until each recipient has a final answer.
import {
  ArgumentError,
  NetcliError,
  NotSupportedError,
  ReplyError,
  TlsError,
  type TlsMode,
  type TlsOptions,
} from "@netcli/core-transport";
import { smtpCommand } from "./command.ts";
import {
  type DeliveryAttempt,
  type DomainDelivery,
  isPermanent,
  type PolicyViolation,
  type RecipientDelivery,
} from "./delivery-result.ts";
import { refusal, SendError } from "./errors.ts";
import type { MessageSource } from "./message-source.ts";
import { findPolicy, type FindPolicyOptions, type PolicyFinding } from "./mta-sts.ts";
import { type MailResolver, resolveMx } from "./mx.ts";
import type { SmtpOptions } from "./options.ts";
import type { Recipient, SendOptions } from "./order.ts";
import { isPositive } from "./reply.ts";
import type { RecipientResult } from "./result.ts";
import { SmtpSession } from "./session.ts";
import { matchesMx } from "./sts-policy.ts";

/** What the domains of a message have in common. */
export interface DomainMailOptions {
  readonly from: string;
  readonly source: MessageSource;
  readonly mail: Omit<SendOptions, "onProgress" | "signal">;
  readonly progress: Progress | undefined;
  /** Of each session, without its host. */
  readonly session: SmtpOptions;
  readonly tls: Exclude<TlsMode, "implicit">;
  readonly tlsOptions: TlsOptions | undefined;
  readonly resolver: MailResolver;
  readonly random: (() => number) | undefined;
  /** Undefined: no policy is looked for. */
  readonly policy: FindPolicyOptions | undefined;
  readonly signal: AbortSignal;
}

/** Progress adds up what goes to several servers. */
export class Progress {
  readonly #tell: (bytes: number) => void;
  #bytes = 0;

  constructor(tell: (bytes: number) => void) {
    this.#tell = tell;
  }

  /** For one server more. */
  next(): (bytes: number) => void {
    let before = 0;
    return (bytes) => {
      this.#bytes += bytes - before;
      before = bytes;
      this.#tell(this.#bytes);
    };
  }
}

// RFC 5321 4.5.3.1.10: too many recipients at once; the others may follow at once.
const TOO_MANY = 452;

/** DomainMail is one message for one domain. */
export class DomainMail {
  readonly #domain: string;
  readonly #options: DomainMailOptions;
  /** Those who have no final answer yet. */
  #pending: readonly Recipient[];
  readonly #outcomes: Map<Recipient, RecipientDelivery> = new Map();
  readonly #attempts: DeliveryAttempt[] = [];
  readonly #violations: PolicyViolation[] = [];
  #finding: PolicyFinding = { policy: undefined, problem: undefined };
  /** The message itself is broken: another host would get it no better. */
  #isBroken = false;

  constructor(domain: string, recipients: readonly Recipient[], options: DomainMailOptions) {
    this.#domain = domain;
    this.#pending = recipients;
    this.#options = options;
  }

  /** What became of the recipients, once it has run. */
  get outcomes(): ReadonlyMap<Recipient, RecipientDelivery> {
    return this.#outcomes;
  }

  /** Never rejects: what went wrong is in the outcomes. */
  async run(): Promise<DomainDelivery> {
    try {
      await this.#tryHosts();
    } catch (error) {
      this.#fail(error as Error);
    }
    const { policy, problem } = this.#finding;
    return {
      domain: this.#domain,
      attempts: this.#attempts,
      policy,
      policyProblem: problem,
      violations: this.#violations,
    };
  }

  async #tryHosts(): Promise<void> {
    const { resolver, random, policy: policyOptions, signal, mail, source } = this.#options;
    const hosts = await resolveMx(this.#domain, { resolver, random, signal });
    if (policyOptions !== undefined) this.#finding = await findPolicy(this.#domain, policyOptions);
    if (mail.requireTls === true && !this.#hasPolicy) {
      // RFC 8689 4.2.1: without one, who forges the DNS decides which certificate is the right one.
      throw new NotSupportedError(`requireTls needs a policy of MTA-STS, and ${this.#domain} has none`);
    }
    for (const { host } of hosts) {
      await this.#tryHost(host);
      if (this.#pending.length === 0 || this.#isBroken || source.isSpent) return;
    }
  }

  get #hasPolicy(): boolean {
    const { policy } = this.#finding;
    return policy !== undefined && policy.mode !== "none";
  }

  async #tryHost(host: string): Promise<void> {
    const { policy } = this.#finding;
    if (policy === undefined || !this.#hasPolicy) {
      await this.#attempt(host, false);
      return;
    }
    try {
      if (!matchesMx(policy, host)) {
        throw new TlsError(`the policy of MTA-STS of ${this.#domain} does not allow ${host}`);
      }
      await this.#attempt(host, true);
    } catch (error) {
      if (!(error instanceof TlsError)) throw error;
      this.#violations.push({ host, error });
      if (policy.mode === "enforce" || this.#options.mail.requireTls === true) this.#fail(error, host);
      else await this.#attempt(host, false);
    }
  }

  /** Throws TlsError, before anything of the mail was sent, if TLS is to be verified and can't be. */
  async #attempt(host: string, isBound: boolean): Promise<void> {
    const { session: options, signal } = this.#options;
    let session: SmtpSession;
    try {
      session = await SmtpSession.connect({ ...options, host, signal, ...this.#tlsOf(isBound) });
    } catch (error) {
      signal.throwIfAborted();
      if (isBound && error instanceof TlsError) throw error;
      this.#fail(error as Error, host);
      return;
    }
    try {
      for (let before = Infinity; this.#pending.length < before;) {
        before = this.#pending.length;
        await this.#send(session, host);
        if (!session.isOpen || !this.#isTooMany || this.#options.source.isSpent) break;
      }
    } finally {
      await session.quit();
    }
  }

  #tlsOf(isBound: boolean): Pick<SmtpOptions, "tls" | "tlsOptions"> {
    const { tls, tlsOptions } = this.#options;
    if (isBound) return { tls: "starttls", tlsOptions: { ...tlsOptions, insecure: false } };
    return { tls, tlsOptions: { ...tlsOptions, ...(tls === "opportunistic" ? { insecure: true } : {}) } };
  }

  get #isTooMany(): boolean {
    return this.#pending.some((recipient) => this.#outcomes.get(recipient)?.reply?.code === TOO_MANY);
  }

  /** Sends to all who have no final answer. */
  async #send(session: SmtpSession, host: string): Promise<void> {
    const { from, mail, source, progress, signal } = this.#options;
    const content = await source.take();
    try {
      const options = { ...mail, onProgress: progress?.next(), signal };
      const { recipients } = await session.sendMail(from, this.#pending, content, options);
      this.#settle(host, recipients, undefined);
    } catch (error) {
      if (error instanceof SendError) {
        this.#settle(host, error.recipients, error);
        const { cause } = error;
        this.#isBroken = !(cause instanceof NetcliError) || cause instanceof ArgumentError;
      } else {
        signal.throwIfAborted();
        this.#fail(error as Error, host);
      }
    } finally {
      source.giveBack(content);
    }
  }

  /** Notes what a host has said. */
  #settle(host: string, results: readonly RecipientResult[], failure: SendError | undefined): void {
    const pending: Recipient[] = [];
    let first: Error | undefined = failure;
    for (const [index, recipient] of this.#pending.entries()) {
      const result = results[index];
      if (result === undefined) continue;
      const { status, reply } = result;
      const error = status === "accepted" ? undefined : reasonOf(result, failure);
      // Nobody gets it twice: who may have it is not tried again.
      const isFinal =
        status === "accepted" || status === "unknown" || (status === "refused" && (reply?.code ?? 0) >= 500);
      this.#record(recipient, { ...result, host, error, isTemporary: !isFinal });
      if (!isFinal) pending.push(recipient);
      first ??= error;
    }
    this.#pending = pending;
    this.#attempts.push({ host, error: first });
  }

  /** Notes why nobody who is left gets it, from that host or at all. */
  #fail(error: Error, host?: string): void {
    if (host !== undefined) this.#attempts.push({ host, error });
    const errors = host === undefined ? [error] : this.#attempts.map((attempt) => attempt.error);
    const isTemporary = !errors.every((one) => one !== undefined && isPermanent(one));
    for (const recipient of this.#pending) {
      const { address } = recipient;
      this.#record(recipient, { address, status: "unsent", reply: undefined, host, error, isTemporary });
    }
  }

  #record(recipient: Recipient, outcome: RecipientDelivery): void {
    const known = this.#outcomes.get(recipient);
    // What a server has said about the recipient says more than that another one was not there.
    if (outcome.status !== "unsent" || known?.status !== "refused") this.#outcomes.set(recipient, outcome);
    // But if no further one was tried, that has a reason of its own.
    else if (outcome.host === undefined) this.#outcomes.set(recipient, { ...known, error: outcome.error });
  }
}

/** Why a recipient was not accepted. */
function reasonOf({ address, reply }: RecipientResult, failure: SendError | undefined): Error | undefined {
  if (reply === undefined || isPositive(reply)) return failure;
  const cause = failure?.cause;
  if (cause instanceof ReplyError && cause.reply === reply) return cause;
  return refusal(reply, smtpCommand("RCPT", `TO:<${address}>`));
}
