// What CAPA lists (RFC 2449), and what therefore may be used.
import { BOUND, COMMON } from "../sasl/table.ts";
import type { CapabilityContext, Pop3ServerOptions } from "./options.ts";

const GENERAL = [
  "TOP",
  "UIDL",
  "RESP-CODES",
  "AUTH-RESP-CODE",
  "PIPELINING",
  "EXPIRE NEVER",
  "UTF8 USER",
  "LANG",
  "IMPLEMENTATION netcli",
];

/** The capabilities that are there. */
export class Capabilities {
  readonly lines: readonly string[];

  constructor(lines: readonly string[]) {
    this.lines = lines;
  }

  has(name: string): boolean {
    return this.#words(name) !== undefined;
  }

  /** What stands behind a name, in words. */
  parameters(name: string): readonly string[] {
    return this.#words(name)?.slice(1) ?? [];
  }

  #words(name: string): readonly string[] | undefined {
    return this.lines.map((line) => line.split(" ")).find(([first]) => first?.toUpperCase() === name);
  }
}

function standard(options: Pop3ServerOptions, { isSecure }: CapabilityContext): readonly string[] {
  const { tls, requireTls, external, anonymous } = options;
  const stls = tls === undefined ? [] : ["STLS"];
  if (requireTls === true && !isSecure) return [...GENERAL, ...stls];
  const mechanisms = [COMMON];
  if (isSecure) mechanisms.push(BOUND);
  if (external !== undefined) mechanisms.push("EXTERNAL");
  if (anonymous !== undefined) mechanisms.push("ANONYMOUS");
  return ["USER", `SASL ${mechanisms.join(" ")}`, ...GENERAL, ...stls];
}

/** What there is for a client in that state. */
export function capabilitiesOf(options: Pop3ServerOptions, context: CapabilityContext): Capabilities {
  const { capabilities, quirks = {} } = options;
  if (typeof capabilities === "function") return new Capabilities(capabilities(context));
  const hidden = new Set<string>();
  if (quirks.noTop === true) hidden.add("TOP");
  if (quirks.noUidl === true) hidden.add("UIDL");
  // RFC 2595 4.
  if (context.isSecure || context.state !== "AUTHORIZATION") hidden.add("STLS");
  const lines = capabilities ?? standard(options, context);
  return new Capabilities(lines.filter((line) => !hidden.has(line.toUpperCase())));
}
