// The hosts that take a domain's mail: its MX records (RFC 5321 5.1), the word that it takes none (RFC 7505), or the
// domain itself.
import { Resolver } from "node:dns/promises";
import { isIP } from "node:net";
import {
  ArgumentError,
  ConnectError,
  type NetcliError,
  normalizeHost,
  NotSupportedError,
  orAborted,
} from "@netcli/core-transport";

/** What is asked of the DNS. A `Resolver` of node:dns/promises is one; each rejects with the `code` that it has there. */
export interface MailResolver {
  resolveMx(name: string): Promise<readonly { readonly exchange: string; readonly priority: number }[]>;
  resolve4(name: string): Promise<readonly string[]>;
  resolve6(name: string): Promise<readonly string[]>;
  resolveTxt(name: string): Promise<readonly (readonly string[])[]>;
}

/** A host that takes a domain's mail. */
export interface MxHost {
  /** A lower-case ASCII name, or the IP address of an address literal. */
  readonly host: string;
  /** The lowest is tried first. */
  readonly preference: number;
}

export interface ResolveMxOptions {
  /** Default: a `Resolver` of node:dns/promises, which asks the servers of the system, and no file of hosts. */
  readonly resolver?: MailResolver | undefined;
  readonly signal?: AbortSignal | undefined;
  /** Shuffles hosts of the same preference: a number from 0 to below 1. Default Math.random. */
  readonly random?: (() => number) | undefined;
}

// Nobody waits for more, and a domain must not make us call at the doors of thousands of others.
const MOST_HOSTS = 20;

/**
 * Finds the hosts that take the mail of `domain` (a name, also an international one, or an address literal such as
 * `[192.0.2.1]`), in the order in which to try them. Rejects with NotSupportedError if there will be none (codes
 * `ERR_NETCLI_NULL_MX`, `ERR_NETCLI_NO_MAIL_SERVER`), with ConnectError if they can't be looked up at the moment, with
 * ArgumentError, or with the signal's reason.
 */
export async function resolveMx(domain: string, options: ResolveMxOptions = {}): Promise<readonly MxHost[]> {
  const { resolver = new Resolver(), signal, random = Math.random } = options;
  signal?.throwIfAborted();
  const name = normalizeDomain(domain);
  if (isIP(name) !== 0) return [{ host: name, preference: 0 }];
  return orAborted(findHosts(name, resolver, random), signal);
}

/** A name in lower-case ASCII without the root's dot, or the IP address of an address literal (RFC 5321 4.1.3). */
export function normalizeDomain(domain: string): string {
  const literal = /^\[(?:IPv6:)?([^[\]]*)\]$/i.exec(domain)?.[1];
  if (literal !== undefined) {
    if (isIP(literal) === 0) throw new ArgumentError(`"${domain.slice(0, 60)}" holds no IP address`);
    return literal;
  }
  const name = nameOf(domain);
  if (name === undefined) throw new ArgumentError(`"${domain.slice(0, 253)}" is not a domain`);
  return name;
}

/** Undefined for what is none, and for IP addresses in any notation. */
function nameOf(text: string): string | undefined {
  let name: string;
  try {
    name = normalizeHost(text);
  } catch {
    return undefined;
  }
  // Looked at afterwards: "0x7f.1" has become 127.0.0.1.
  return isIP(name) === 0 ? name.replace(/\.$/, "") : undefined;
}

async function findHosts(
  domain: string,
  resolver: MailResolver,
  random: () => number,
): Promise<readonly MxHost[]> {
  let records: Awaited<ReturnType<MailResolver["resolveMx"]>>;
  try {
    records = await resolver.resolveMx(domain);
  } catch (error) {
    if (codeOf(error) !== "ENODATA") throw lookupError(domain, error);
    records = [];
  }
  if (records.length === 0) return [await domainItself(domain, resolver)];
  if (records.length === 1 && /^\.?$/.test(records[0]?.exchange ?? "")) {
    throw new NotSupportedError(`${domain} takes no mail: its MX record says so (RFC 7505)`, {
      code: "ERR_NETCLI_NULL_MX",
    });
  }
  const hosts = inOrder(records, random);
  // RFC 5321 5.1: where there are MX records, the domain's own address is none of its mail servers.
  if (hosts.length === 0) throw noMailServer(`no MX record of ${domain} holds the name of a host`);
  return hosts;
}

function inOrder(
  records: readonly { readonly exchange: string; readonly priority: number }[],
  random: () => number,
): MxHost[] {
  const drawn = records.map(({ exchange, priority }) => ({ exchange, priority, lot: random() }));
  drawn.sort((a, b) => a.priority - b.priority || a.lot - b.lot);
  const hosts = new Map<string, MxHost>();
  for (const { exchange, priority } of drawn) {
    const host = nameOf(exchange);
    if (host === undefined || hosts.has(host)) continue;
    hosts.set(host, { host, preference: priority });
    if (hosts.size === MOST_HOSTS) break;
  }
  return [...hosts.values()];
}

/** RFC 5321 5.1: without MX records the domain is the host, if it has an address. */
async function domainItself(domain: string, resolver: MailResolver): Promise<MxHost> {
  const answers = await Promise.allSettled([resolver.resolve4(domain), resolver.resolve6(domain)]);
  const failures: unknown[] = [];
  for (const answer of answers) {
    if (answer.status === "rejected") failures.push(answer.reason);
    else if (answer.value.length > 0) return { host: domain, preference: 0 };
  }
  const failure = failures.find((error) => !isAbsent(error));
  if (failure !== undefined) throw lookupError(domain, failure);
  throw noMailServer(`${domain} has neither a mail server nor an address`);
}

/** The DNS says that there is no such record, or no such name. */
export function isAbsent(error: unknown): boolean {
  return ["ENODATA", "ENOTFOUND"].includes(codeOf(error) ?? "");
}

function codeOf(error: unknown): string | undefined {
  return (error as NodeJS.ErrnoException | undefined)?.code;
}

function lookupError(domain: string, cause: unknown): NetcliError {
  const code = codeOf(cause);
  if (code === "ENOTFOUND") return noMailServer(`there is no domain ${domain}`, cause);
  // A label of more than 63 characters.
  if (code === "EBADNAME") return noMailServer(`${domain} can't be the name of a domain`, cause);
  const reason = code === undefined ? "" : ` (${code})`;
  return new ConnectError(`the mail servers of ${domain} can't be looked up at the moment${reason}`, {
    cause,
    systemCode: code,
  });
}

function noMailServer(message: string, cause?: unknown): NotSupportedError {
  return new NotSupportedError(message, { code: "ERR_NETCLI_NO_MAIL_SERVER", cause });
}
