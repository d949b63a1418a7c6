// What EHLO offers, and what therefore may be used.
import { BOUND, COMMON } from "../sasl/table.ts";
import type { EsmtpServerOptions, OfferContext } from "./options.ts";

const GENERAL = [
  "PIPELINING",
  "SIZE 104857600",
  "8BITMIME",
  "SMTPUTF8",
  "DSN",
  "ENHANCEDSTATUSCODES",
  "CHUNKING",
  "BINARYMIME",
  "DELIVERBY",
  "FUTURERELEASE 31536000 2099-12-31T23:59:59Z",
  "MT-PRIORITY MIXER",
  "VRFY",
  "EXPN",
  "HELP",
];

/** The keywords that are on. */
export class Extensions {
  readonly lines: readonly string[];
  readonly #parameters: ReadonlyMap<string, string>;

  constructor(lines: readonly string[]) {
    this.lines = lines;
    this.#parameters = new Map(
      lines.map((line) => {
        const [keyword = "", ...parameters] = line.split(" ");
        return [keyword.toUpperCase(), parameters.join(" ")];
      }),
    );
  }

  has(keyword: string): boolean {
    return this.#parameters.has(keyword);
  }

  /** What stands behind a keyword, in words. */
  parameters(keyword: string): readonly string[] {
    return (this.#parameters.get(keyword) ?? "").split(" ").filter((word) => word !== "");
  }

  /** The largest message. */
  get size(): number {
    const [size = "0"] = this.parameters("SIZE");
    // RFC 1870 4: 0 is no limit.
    return Number(size) === 0 ? Infinity : Number(size);
  }

  /** A limit of RFC 9422. */
  limit(name: string): number {
    const limit = this.parameters("LIMITS").find((word) => word.startsWith(`${name}=`));
    return limit === undefined ? Infinity : Number(limit.slice(name.length + 1));
  }
}

function canLogIn({ users, tokens, external }: EsmtpServerOptions): boolean {
  return users !== undefined || tokens !== undefined || external !== undefined;
}

function standard(options: EsmtpServerOptions, { isSecure }: OfferContext): readonly string[] {
  const isHidden = options.requireTls === true && !isSecure;
  const external = options.external === undefined ? "" : " EXTERNAL";
  const bound = isSecure ? ` ${BOUND}` : "";
  const auth = canLogIn(options) && !isHidden ? [`AUTH ${COMMON}${bound}${external}`] : [];
  const security = options.tls === undefined ? [] : ["STARTTLS", "REQUIRETLS"];
  return [...GENERAL, ...auth, ...security];
}

/** What is offered to a client in that state. */
export function offer(options: EsmtpServerOptions, context: OfferContext): Extensions {
  const { extensions } = options;
  if (typeof extensions === "function") return new Extensions(extensions(context));
  const lines = extensions ?? standard(options, context);
  const hidden = context.isSecure ? /^STARTTLS$/i : /^REQUIRETLS$/i;
  return new Extensions(lines.filter((line) => !hidden.test(line)));
}
