// MTA-STS policies and the records that announce them, as they are written (RFC 8461 3.1, 3.2), and which hosts they
// allow (4.1).
import { ProtocolError } from "@netcli/core-transport";

/**
 * `enforce`: mail goes to hosts that match, over TLS with a certificate that is verified, or not at all. `testing`: it
 * goes anyhow, and what would have failed is told. `none`: there is no policy any more.
 */
export type StsMode = "enforce" | "testing" | "none";

/** What a policy file says. */
export interface StsRules {
  readonly mode: StsMode;
  /** Lower-case host names, or `*.` and a name. */
  readonly mx: readonly string[];
  /** For how long the policy is in force, in seconds. */
  readonly maxAge: number;
}

/** A policy that a domain has published. */
export interface StsPolicy extends StsRules {
  /** The name of this version, from the DNS. */
  readonly id: string;
  /** Until when it is in force, as Date.now() counts. */
  readonly expires: number;
}

// RFC 8461 3.2: about a year.
const LONGEST_SECONDS = 31_557_600;

/**
 * The id in the TXT records of `_mta-sts.<domain>`, each joined of its strings. Undefined unless there is exactly one
 * record of MTA-STS and that one is as it must be.
 */
export function policyId(records: readonly string[]): string | undefined {
  const [record, ...more] = records.filter((text) => /^v=STSv1[ \t]*;/.test(text));
  if (record === undefined || more.length > 0 || /[^\t\x20-\x7e]/.test(record)) return undefined;
  const fields = record.split(";").map((field) => field.trim());
  // A semicolon may stand at the end.
  if (fields.at(-1) === "") fields.pop();
  if (!fields.every((field) => RECORD_FIELD.test(field))) return undefined;
  const id = fields.find((field) => field.startsWith("id="))?.slice(3);
  return id !== undefined && /^[a-zA-Z\d]{1,32}$/.test(id) ? id : undefined;
}

const RECORD_FIELD = /^[a-zA-Z\d][\w.-]{0,31}=[\x21-\x3a\x3c\x3e-\x7e]+$/;

/** Reads a policy file. Throws ProtocolError. */
export function parsePolicy(text: string): StsRules {
  const mx: string[] = [];
  const others = new Map<string, string>();
  for (const line of text.split(/\r?\n/)) {
    if (FORBIDDEN.test(line)) throw invalid("it holds a character that it must not");
    const field = line.trimEnd();
    // Not in the grammar, but in files that people have written.
    if (field === "") continue;
    const [, name, value] = POLICY_FIELD.exec(field) ?? [];
    if (name === undefined || value === undefined) throw invalid("a line of it is no field");
    if (name === "mx") mx.push(pattern(value.trimStart()));
    // The first counts (RFC 8461 3.2); fields that are unknown here may be there.
    else if (!others.has(name)) others.set(name, value.trimStart());
  }
  if (others.get("version") !== "STSv1") throw invalid("it is not of version STSv1");
  const mode = modeOf(others.get("mode"));
  if (mx.length === 0 && mode !== "none") throw invalid("it names no host");
  const seconds = others.get("max_age") ?? "";
  if (!/^\d{1,10}$/.test(seconds)) throw invalid("it has no valid max_age");
  return { mode, mx, maxAge: Math.min(Number(seconds), LONGEST_SECONDS) };
}

// A line end of another kind, and bytes that were no UTF-8, too.
const FORBIDDEN = /[^\P{Cc}\t]|\ufffd/u;

const POLICY_FIELD = /^([a-zA-Z\d][\w.-]{0,31}):(.+)$/;

function modeOf(text: string | undefined): StsMode {
  if (text === "enforce" || text === "testing" || text === "none") return text;
  throw invalid("its mode is none of enforce, testing, none");
}

const LABEL = /^[a-z\d_](?:[a-z\d_-]{0,61}[a-z\d_])?$/;

function pattern(text: string): string {
  const lower = text.toLowerCase();
  const labels = lower.replace(/^\*\./, "").split(".");
  if (lower.length <= 255 && labels.every((label) => LABEL.test(label))) return lower;
  throw invalid("one of its hosts is no host name");
}

function invalid(reason: string): ProtocolError {
  return new ProtocolError(`the policy of MTA-STS is not valid: ${reason}`);
}

/** Does the policy allow that host, named in ASCII? A `*` stands for exactly one label. */
export function matchesMx({ mx }: Pick<StsRules, "mx">, host: string): boolean {
  const name = host.toLowerCase().replace(/\.$/, "");
  const dot = name.indexOf(".");
  const wildcard = dot < 1 ? undefined : `*${name.slice(dot)}`;
  return mx.some((allowed) => allowed === name || allowed === wildcard);
}
