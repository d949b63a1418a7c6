// What a server says that it can (RFC 2449 CAPA), and what stands behind the names.

/** How long messages stay (RFC 2449 6.7). */
export interface Expiry {
  /** Days; Infinity: they are never removed; 0: as soon as they were retrieved. */
  readonly days: number;
  /** It differs from user to user: ask again behind the login. */
  readonly isPerUser: boolean;
}

/** Pop3Capabilities is a server's answer to CAPA; empty if it knows no CAPA. */
export class Pop3Capabilities {
  readonly #capabilities: ReadonlyMap<string, string>;

  constructor(lines: readonly string[] = []) {
    const capabilities = new Map<string, string>();
    for (const line of lines) {
      const [word = ""] = line.trim().split(" ", 1);
      const name = word.toUpperCase();
      if (name !== "") capabilities.set(name, line.trim().slice(word.length).trim());
    }
    this.#capabilities = capabilities;
  }

  /** Upper-case names, with what stood behind them. */
  entries(): IterableIterator<[name: string, parameters: string]> {
    return this.#capabilities.entries();
  }

  /** Case does not matter. */
  has(name: string): boolean {
    return this.#capabilities.has(name.toUpperCase());
  }

  /** What stands behind a name; undefined without it. */
  parameters(name: string): string | undefined {
    return this.#capabilities.get(name.toUpperCase());
  }

  /** Upper-case names of SASL mechanisms (RFC 5034). */
  get sasl(): readonly string[] {
    return this.#words("SASL").map((word) => word.toUpperCase());
  }

  /** How long messages stay; undefined if the server does not say. */
  get expire(): Expiry | undefined {
    const [days = "", user = ""] = this.#words("EXPIRE");
    if (days.toUpperCase() === "NEVER") return { days: Infinity, isPerUser: false };
    return /^\d{1,9}$/.test(days)
      ? { days: Number(days), isPerUser: user.toUpperCase() === "USER" }
      : undefined;
  }

  /** Seconds that must lie between two logins (RFC 2449 6.5); undefined if the server does not say. */
  get loginDelay(): number | undefined {
    const [seconds = ""] = this.#words("LOGIN-DELAY");
    return /^\d{1,9}$/.test(seconds) ? Number(seconds) : undefined;
  }

  /** What the server is, for people (RFC 2449 6.9). */
  get implementation(): string | undefined {
    return this.parameters("IMPLEMENTATION");
  }

  #words(name: string): string[] {
    return (this.parameters(name) ?? "").split(/[ \t]+/).filter((word) => word !== "");
  }
}
