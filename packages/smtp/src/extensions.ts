// What a server says that it can, in its answer to EHLO or LHLO (RFC 5321 4.1.1.1), and what stands behind the names.
import { isPositive, type SmtpReply } from "./reply.ts";

/** SmtpExtensions are the service extensions of a server; none if it knows no EHLO. */
export class SmtpExtensions {
  readonly #extensions: ReadonlyMap<string, string>;
  /** Bytes of the largest message that the server takes (RFC 1870); undefined if it does not say. */
  readonly size: number | undefined;
  /** What a session or message may have at most (RFC 9422), by upper-case name: MAILMAX, RCPTMAX, RCPTDOMAINMAX. */
  readonly limits: ReadonlyMap<string, number>;

  constructor(reply?: SmtpReply) {
    const extensions = new Map<string, string>();
    // The first line is the server's name.
    for (const line of reply !== undefined && isPositive(reply) ? reply.lines.slice(1) : []) {
      // "AUTH=LOGIN" is from before RFC 2554, and still sent.
      const text = line
        .slice(4)
        .trim()
        .replace(/^AUTH=/i, "AUTH ");
      const [word = ""] = text.split(" ", 1);
      const name = word.toUpperCase();
      const parameters = text.slice(word.length).trim();
      const known = extensions.get(name);
      if (name !== "") extensions.set(name, known === undefined ? parameters : `${known} ${parameters}`);
    }
    this.#extensions = extensions;
    // Looked at for each message.
    const [size] = this.#numbers("SIZE");
    this.size = size === 0 ? undefined : size;
    this.limits = this.#limits();
  }

  /** Upper-case names, with what stood behind them. */
  entries(): IterableIterator<[name: string, parameters: string]> {
    return this.#extensions.entries();
  }

  /** Case does not matter. */
  has(name: string): boolean {
    return this.#extensions.has(name.toUpperCase());
  }

  /** What stands behind a name; undefined without it. */
  parameters(name: string): string | undefined {
    return this.#extensions.get(name.toUpperCase());
  }

  /** Upper-case names of SASL mechanisms (RFC 4954). */
  get authMechanisms(): readonly string[] {
    return [...new Set(this.#words("AUTH").map((word) => word.toUpperCase()))];
  }

  /** Seconds that DELIVERBY must leave the server at least (RFC 2852); undefined if it does not say. */
  get deliverBy(): number | undefined {
    return this.#numbers("DELIVERBY")[0];
  }

  /** How far ahead mail may be sent (RFC 4865): seconds, and a date. */
  get futureRelease(): { readonly seconds: number; readonly until: Date } | undefined {
    const [seconds = "", until = ""] = this.#words("FUTURERELEASE");
    const date = new Date(until);
    if (!/^\d{1,9}$/.test(seconds) || Number.isNaN(date.getTime())) return undefined;
    return { seconds: Number(seconds), until: date };
  }

  #limits(): ReadonlyMap<string, number> {
    const pairs = this.#words("LIMITS").map((word) => /^([A-Za-z]+)=(\d{1,9})$/.exec(word));
    return new Map(
      pairs.flatMap((pair) => (pair === null ? [] : [[(pair[1] as string).toUpperCase(), Number(pair[2])]])),
    );
  }

  #words(name: string): string[] {
    return (this.parameters(name) ?? "").split(/[ \t]+/).filter((word) => word !== "");
  }

  #numbers(name: string): number[] {
    return this.#words(name)
      .filter((word) => /^\d{1,15}$/.test(word))
      .map(Number);
  }
}
