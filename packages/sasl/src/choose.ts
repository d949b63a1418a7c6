// Which mechanisms to try, and in which order: the strongest first, none below the caller's minimum, and no secret
// where others may read along.
import { ArgumentError, NotSupportedError } from "@netcli/core-transport";
import type { ChannelBinding } from "./channel-binding.ts";
import { anonymous } from "./anonymous.ts";
import { oauthBearer, xoauth2 } from "./bearer.ts";
import { cramMd5 } from "./cram-md5.ts";
import { external } from "./external.ts";
import { login } from "./login.ts";
import { type Mechanism, type Strength, strengths } from "./mechanism.ts";
import { plain } from "./plain.ts";
import { scram, type ScramSettings } from "./scram.ts";
import type { ScramHash } from "./scram-proof.ts";
import { askedOnce, type Secret } from "./secret.ts";

/** What there is to authenticate with. Functions are called when they are needed, and once for each choice. */
export interface Credentials {
  readonly user?: string | undefined;
  readonly password?: Secret | undefined;
  /** An OAuth 2.0 access token. */
  readonly token?: Secret | undefined;
  /** Whom to act as, where that is someone else. */
  readonly authzid?: string | undefined;
  /** TLS has shown a client certificate, or a Unix socket has shown who we are. */
  readonly external?: boolean | undefined;
  /** No one in particular: a mail address or a word for the server's log, or "". */
  readonly anonymous?: string | undefined;
}

export interface ChoiceOptions {
  /** Nobody can read along: TLS, a Unix socket, this machine. */
  readonly isConfidential: boolean;
  /** Nothing weaker is tried. Default `none`. */
  readonly minimum?: Strength | undefined;
  /** Only these, in this order. */
  readonly mechanisms?: readonly string[] | undefined;
  /** What `channelBindings` says of the TLS connection. Without it nothing is bound. */
  readonly channelBindings?: readonly ChannelBinding[] | undefined;
  /** Sends a password or token although others may read it. Default false. */
  readonly allowInClear?: boolean | undefined;
  /** Mechanisms of your own; they replace those here of the same name. */
  readonly custom?: readonly Mechanism[] | undefined;
  readonly scram?: ScramSettings | undefined;
  /** Where we have connected to, for OAUTHBEARER. */
  readonly host?: string | undefined;
  readonly port?: number | undefined;
}

/**
 * The mechanisms to try, for `authenticate`: a new list for each authentication. Throws NotSupportedError, which says
 * what is wrong with each that the server offers, if none can be used.
 */
export function chooseMechanisms(
  offered: Iterable<string>,
  credentials: Credentials,
  options: ChoiceOptions,
): readonly Mechanism[] {
  const { minimum } = options;
  if (minimum !== undefined && !strengths.includes(minimum)) {
    throw new ArgumentError(`minimum must be one of ${strengths.join(", ")}`);
  }
  const names = new Set(Array.from(offered, (name) => name.toUpperCase()));
  const isWanted = wantedBy(options);
  const all = available(names, credentials, options).filter(({ name }) => names.has(name));
  const fit = all.filter(
    (mechanism) => isWanted(mechanism.name) && obstacle(mechanism, options) === undefined,
  );
  const chosen =
    options.mechanisms === undefined ? lastResort(byStrength(fit)) : inOrder(fit, options.mechanisms);
  if (chosen.length > 0) return chosen;
  throw new NotSupportedError(
    explain(names, (name) => {
      if (!isWanted(name)) return "not among those asked for";
      const mechanism = all.find((candidate) => candidate.name === name);
      return mechanism === undefined ? needOf(name) : obstacle(mechanism, options);
    }),
    { code: "ERR_NETCLI_SASL_NO_MECHANISM" },
  );
}

const HASHES: readonly ScramHash[] = ["SHA-512", "SHA-256", "SHA-1"];

/** All that the credentials are good for; of those of the same strength the better first. */
function available(
  names: ReadonlySet<string>,
  credentials: Credentials,
  options: ChoiceOptions,
): Mechanism[] {
  const { user, authzid } = credentials;
  const { custom = [], host, port } = options;
  const isForAnother = authzid !== undefined && authzid !== "";
  const found: Mechanism[] = [...custom];
  if (credentials.external === true) found.push(external({ authzid }));
  if (credentials.token !== undefined) {
    const token = askedOnce(credentials.token);
    // The token says who we are; the name says whose account it is about.
    const account = isForAnother ? authzid : user;
    found.push(oauthBearer({ user: account, token, host, port }));
    if (account !== undefined) found.push(xoauth2({ user: account, token }));
  }
  if (user !== undefined && credentials.password !== undefined) {
    const password = askedOnce(credentials.password);
    for (const hash of HASHES) {
      for (const variant of scramVariants(hash, names, options)) {
        found.push(scram(hash, { ...options.scram, user, password, authzid, ...variant }));
      }
    }
    found.push(plain({ user, password, authzid }));
    // These two can't say it.
    if (!isForAnother) found.push(login({ user, password }), cramMd5({ user, password }));
  }
  if (credentials.anonymous !== undefined) found.push(anonymous(credentials.anonymous));
  const own = new Set(custom.map(({ name }) => name));
  return found.filter((mechanism) => custom.includes(mechanism) || !own.has(mechanism.name));
}

/**
 * With what a hash is bound. Where -PLUS is offered and we can bind, the one without is left out, unless the caller
 * asks for it: who refuses the one to get the other is in between.
 */
function scramVariants(
  hash: ScramHash,
  names: ReadonlySet<string>,
  { channelBindings = [], mechanisms }: ChoiceOptions,
): readonly { readonly channelBinding?: ChannelBinding; readonly isBindingMissed?: boolean }[] {
  const isOffered = names.has(`SCRAM-${hash}-PLUS`);
  const bound = isOffered ? channelBindings.map((channelBinding) => ({ channelBinding })) : [];
  const isAsked = mechanisms?.some((name) => name.toUpperCase() === `SCRAM-${hash}`) ?? false;
  if (bound.length > 0 && !isAsked) return bound;
  return [...bound, { isBindingMissed: channelBindings.length > 0 && !isOffered }];
}

function wantedBy({ mechanisms }: ChoiceOptions): (name: string) => boolean {
  if (mechanisms === undefined) return () => true;
  const names = new Set(mechanisms.map((name) => name.toUpperCase()));
  return (name) => names.has(name);
}

/** What forbids a mechanism that the credentials are good for. */
function obstacle(mechanism: Mechanism, options: ChoiceOptions): string | undefined {
  const { isConfidential, allowInClear = false, minimum = "none" } = options;
  if (strengths.indexOf(mechanism.strength) < strengths.indexOf(minimum)) return `weaker than ${minimum}`;
  if (mechanism.isPlaintextEquivalent && !isConfidential && !allowInClear) return "needs TLS";
  return undefined;
}

function byStrength(mechanisms: readonly Mechanism[]): Mechanism[] {
  return mechanisms.toSorted((a, b) => strengths.indexOf(b.strength) - strengths.indexOf(a.strength));
}

/** CRAM-MD5 only where there is nothing else: it wants the password stored so that it can be read. */
function lastResort(mechanisms: readonly Mechanism[]): readonly Mechanism[] {
  const others = mechanisms.filter(({ name }) => name !== "CRAM-MD5");
  return others.some(({ strength }) => strength !== "none") ? others : mechanisms;
}

function inOrder(mechanisms: readonly Mechanism[], names: readonly string[]): readonly Mechanism[] {
  const once = new Set(names.map((name) => name.toUpperCase()));
  return [...once].flatMap((name) => mechanisms.filter((mechanism) => mechanism.name === name));
}

const PASSWORD = "needs a user and a password";

const NEEDS: ReadonlyMap<string, string> = new Map([
  ["EXTERNAL", "needs external: true"],
  ["ANONYMOUS", "needs anonymous"],
  ["OAUTHBEARER", "needs a token"],
  ["XOAUTH2", "needs a user and a token"],
  ["PLAIN", PASSWORD],
  ["LOGIN", `${PASSWORD}, and no authzid`],
  ["CRAM-MD5", `${PASSWORD}, and no authzid`],
]);

function needOf(name: string): string {
  if (/^SCRAM-SHA-(?:1|256|512)$/.test(name)) return PASSWORD;
  if (/^SCRAM-SHA-(?:1|256|512)-PLUS$/.test(name)) return `${PASSWORD}, and a channel binding`;
  return NEEDS.get(name) ?? "unknown here";
}

function explain(names: ReadonlySet<string>, why: (name: string) => string | undefined): string {
  // Names are the server's; RFC 4422 3.1 says what may be one.
  const shown = [...names].filter((name) => /^[A-Z0-9_-]{1,20}$/.test(name)).slice(0, 20);
  if (shown.length === 0) return "the server offers no mechanism to authenticate with";
  const reasons = shown.map((name) => `${name} (${why(name) ?? "left out"})`);
  return `the server offers no mechanism that can be used: ${reasons.join(", ")}`;
}
