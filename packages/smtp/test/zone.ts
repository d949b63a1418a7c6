// A DNS in memory, for the tests that look up mail servers and policies.
import type { MailResolver } from "../src/mx.ts";

/** What a name has; `failure` is the code that every question about it fails with. */
export interface ZoneName {
  mx?: readonly (readonly [preference: number, exchange: string])[];
  a?: readonly string[];
  aaaa?: readonly string[];
  txt?: readonly (string | readonly string[])[];
  failure?: string;
}

export interface Zone extends MailResolver {
  /** Each question so far, such as `MX example.com`. */
  readonly asked: readonly string[];
}

/** Knows these names and no others. */
export function zone(names: Readonly<Record<string, ZoneName>>): Zone {
  const asked: string[] = [];
  const answer = <T>(type: string, name: string, pick: (of: ZoneName) => readonly T[] | undefined): T[] => {
    asked.push(`${type} ${name}`);
    const found = Object.hasOwn(names, name) ? names[name] : undefined;
    if (found === undefined) throw failure("ENOTFOUND", type, name);
    if (found.failure !== undefined) throw failure(found.failure, type, name);
    const records = pick(found) ?? [];
    if (records.length === 0) throw failure("ENODATA", type, name);
    return [...records];
  };
  return {
    asked,
    resolveMx: async (name) =>
      answer("MX", name, ({ mx }) => mx).map(([priority, exchange]) => ({ priority, exchange })),
    resolve4: async (name) => answer("A", name, ({ a }) => a),
    resolve6: async (name) => answer("AAAA", name, ({ aaaa }) => aaaa),
    resolveTxt: async (name) =>
      answer("TXT", name, ({ txt }) => txt).map((text) => (typeof text === "string" ? [text] : text)),
  };
}

/** What a resolver does whose servers are out of order. */
export async function serverFailure(name: string): Promise<never> {
  throw failure("ESERVFAIL", "", name);
}

function failure(code: string, type: string, name: string): Error {
  return Object.assign(new Error(`query${type} ${code} ${name}`), { code });
}
