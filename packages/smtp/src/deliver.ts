// Sends a message to the servers of its recipients, without a server of our own in between (RFC 5321 5.1).
import { Resolver } from "node:dns/promises";
import { anySignal, ArgumentError, type TlsMode, type TlsOptions } from "@netcli/core-transport";
import { parseAddress, reversePath, shown } from "./address.ts";
import type { DeliverResult, DomainDelivery, RecipientDelivery } from "./delivery-result.ts";
import { DomainMail, type DomainMailOptions, Progress } from "./domain-mail.ts";
import { recipientsOf, senderOf } from "./envelope.ts";
import { type Message, MessageSource } from "./message-source.ts";
import type { FindPolicyOptions } from "./mta-sts.ts";
import { addressLookup } from "./mx-address.ts";
import { type MailResolver, normalizeDomain } from "./mx.ts";
import type { SmtpOptions } from "./options.ts";
import { listOf, type Recipient, type Recipients, type SendOptions } from "./order.ts";

/** A message for `deliver`. */
export interface DeliverMail extends Omit<SendOptions, "onPartial"> {
  /** "" where nobody wants to hear of it again. Default: Sender or From of the header. */
  from?: string | undefined;
  /** Default: To, Cc and Bcc of the header. */
  to?: Recipients | undefined;
  /**
   * The message; its Bcc fields are left out. For more than one domain, or if another server is to be tried behind one
   * that has begun to read: a string, bytes, or a function that gives a new stream each time.
   */
  message: Message;
  /** Called with the bytes of the message handed to all servers so far, further attempts included. */
  onProgress?: ((bytes: number) => void) | undefined;
}

type SessionOptions = Pick<
  SmtpOptions,
  | "chunking"
  | "family"
  | "limits"
  | "localAddress"
  | "lookup"
  | "messageTimeout"
  | "name"
  | "pipelining"
  | "proxy"
  | "timeouts"
  | "trace"
>;

export interface DeliverOptions extends SessionOptions {
  /** Default 25. */
  port?: number | undefined;
  /**
   * What is asked of TLS where no policy of MTA-STS says more. `opportunistic`: it is used if it is offered, and the
   * certificate is not looked at, because that would prove nothing: the name that it should bear comes from the DNS,
   * which who is in between could have forged, and the other choice would be no TLS at all (RFC 7435). `starttls`: it
   * is used, verified for the host of the MX record, or there is no mail. Default `opportunistic`.
   */
  tls?: Exclude<TlsMode, "implicit"> | undefined;
  /** How hosts are verified, where they are. */
  tlsOptions?: Omit<TlsOptions, "servername" | "tickets"> | undefined;
  /** Default: a `Resolver` of node:dns/promises. The addresses of hosts come from it too, unless `lookup` is given. */
  resolver?: MailResolver | undefined;
  /** How policies of MTA-STS are found; false: they are not looked for. */
  mtaSts?: Omit<FindPolicyOptions, "resolver" | "signal"> | false | undefined;
  /** Domains at the same time. Default 10. */
  concurrency?: number | undefined;
  /** Shuffles hosts of the same preference: a number from 0 to below 1. Default Math.random. */
  random?: (() => number) | undefined;
  signal?: AbortSignal | undefined;
}

const SMTP_PORT = 25;

// A domain is mostly waited for: a greeting alone may be held back for a minute. Each costs a socket.
const CONCURRENCY = 10;

/**
 * Sends a message to the servers of its recipients: to each domain once, host by host until one takes it. Resolves to
 * what became of each recipient, also if nobody got it, and on an abort midway. Rejects only before anything was sent:
 * with ArgumentError, with what the message's stream threw, or with the signal's reason.
 *
 * Hosts are bound by MTA-STS (RFC 8461). DANE (RFC 7672) is not supported: Node.js knows no TLSA records, nor DNSSEC.
 */
export async function deliver(mail: DeliverMail, options: DeliverOptions = {}): Promise<DeliverResult> {
  assertPossible(mail, options);
  const signal = anySignal(mail.signal, options.signal);
  signal.throwIfAborted();
  const source = await MessageSource.open(mail.message);
  try {
    const { from = senderOf(source.fields), to = recipientsOf(source.fields) } = mail;
    const recipients = eachOnce(to);
    const domains = byDomain(recipients);
    if (domains.size > 1 && !source.isRepeatable) {
      throw new ArgumentError(
        `a stream can't be sent to ${domains.size} domains: give bytes, a string, or a function; nothing was sent`,
      );
    }
    signal.throwIfAborted();
    const { onProgress } = mail;
    const progress = onProgress && new Progress(onProgress);
    const common = { ...commonOf(options, signal), from, source, mail: sendOptions(mail), progress };
    const mails = Array.from(domains, ([domain, ofDomain]) => new DomainMail(domain, ofDomain, common));
    const deliveries = await runAll(mails, options.concurrency ?? CONCURRENCY);
    const outcomes = new Map(mails.flatMap((one) => [...one.outcomes]));
    return resultOf(recipients, outcomes, deliveries);
  } finally {
    await source.close();
  }
}

/** Throws ArgumentError for what can't be done, before the message is touched. */
function assertPossible(
  mail: DeliverMail & SendOptions,
  { concurrency = CONCURRENCY }: DeliverOptions,
): void {
  if (!Number.isInteger(concurrency) || concurrency < 1) {
    throw new ArgumentError(`concurrency must be a whole number above 0, not ${concurrency}`);
  }
  // The servers of one domain know nothing of those of another.
  if (mail.onPartial === "throw") throw new ArgumentError('onPartial: "throw" is for one server');
  if (mail.from !== undefined) reversePath(mail.from);
  if (mail.to !== undefined) byDomain(eachOnce(mail.to));
}

/** What is said to each server. */
function sendOptions(mail: DeliverMail): DomainMailOptions["mail"] {
  const {
    from: _from,
    to: _to,
    message: _message,
    signal: _signal,
    onProgress: _onProgress,
    ...options
  } = mail;
  return options;
}

function commonOf(
  options: DeliverOptions,
  signal: AbortSignal,
): Omit<DomainMailOptions, "from" | "source" | "mail" | "progress"> {
  const { tls = "opportunistic", tlsOptions, resolver = new Resolver(), mtaSts = {}, random } = options;
  return {
    session: sessionOptions(options, resolver),
    tls,
    tlsOptions,
    resolver,
    random,
    policy: mtaSts === false ? undefined : { ...mtaSts, resolver, signal },
    signal,
  };
}

/** One by one: who passes on the options of another client does not give a password to strangers. */
function sessionOptions(options: DeliverOptions, resolver: MailResolver): SmtpOptions {
  const { chunking, family, limits, localAddress, messageTimeout, name, pipelining, proxy } = options;
  const { port = SMTP_PORT, timeouts, trace } = options;
  // A proxy looks hosts up itself; its own name is the system's to know.
  const lookup = options.lookup ?? (proxy === undefined ? addressLookup(resolver) : undefined);
  const session = { chunking, family, limits, localAddress, messageTimeout, name, pipelining, proxy };
  return { ...session, lookup, port, timeouts, trace };
}

/** The same mailbox gets a message once. Throws ArgumentError for what is no address. */
function eachOnce(to: Recipients): readonly Recipient[] {
  const recipients = listOf(to);
  if (recipients.length === 0) throw new ArgumentError("there is no recipient; nothing was sent");
  const byPath = new Map<string, Recipient>();
  for (const recipient of recipients) {
    const { path } = parseAddress(recipient.address);
    if (!byPath.has(path)) byPath.set(path, recipient);
  }
  return [...byPath.values()];
}

/** By their domains in lower-case ASCII, or address literals. Throws ArgumentError for what is none. */
function byDomain(recipients: readonly Recipient[]): ReadonlyMap<string, readonly Recipient[]> {
  const domains = new Map<string, Recipient[]>();
  for (const recipient of recipients) {
    const { domain } = parseAddress(recipient.address);
    if (domain === undefined) {
      throw new ArgumentError(`${shown(recipient.address)} has no domain; nothing was sent`);
    }
    normalizeDomain(domain);
    const others = domains.get(domain);
    if (others === undefined) domains.set(domain, [recipient]);
    else others.push(recipient);
  }
  return domains;
}

/** None of them rejects. */
async function runAll(mails: readonly DomainMail[], concurrency: number): Promise<readonly DomainDelivery[]> {
  const deliveries: DomainDelivery[] = [];
  const queue = mails.entries();
  const work = async (): Promise<void> => {
    for (const [index, mail] of queue) deliveries[index] = await mail.run();
  };
  await Promise.all(Array.from({ length: Math.min(concurrency, mails.length) }, work));
  return deliveries;
}

function resultOf(
  recipients: readonly Recipient[],
  outcomes: ReadonlyMap<Recipient, RecipientDelivery>,
  domains: readonly DomainDelivery[],
): DeliverResult {
  const results = recipients.flatMap((recipient) => outcomes.get(recipient) ?? []);
  return {
    recipients: results,
    accepted: results.filter(({ status }) => status === "accepted").map(({ address }) => address),
    failed: results.filter(({ status }) => status !== "accepted"),
    domains,
  };
}
