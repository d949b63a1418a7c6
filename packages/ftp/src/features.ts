// What a server says that it can (RFC 2389 FEAT, RFC 3659 7.8 MLST, draft-bryan-ftp-hash).
import type { FtpReply } from "./reply.ts";

/** FtpFeatures is a server's answer to FEAT; empty if it knows no FEAT. */
export class FtpFeatures {
  readonly #features: ReadonlyMap<string, string>;

  constructor(reply: FtpReply) {
    const features = new Map<string, string>();
    // The first and the last line are the reply's own; each of the others begins with a space,
    // and with some servers with the code.
    for (const line of reply.code === 211 ? reply.lines.slice(1, -1) : []) {
      const text = line.replace(/^211-/, "").trim();
      const space = text.indexOf(" ");
      const name = (space === -1 ? text : text.slice(0, space)).toUpperCase();
      const parameters = space === -1 ? "" : text.slice(space + 1).trim();
      // AUTH, for one, may come once for each mechanism.
      const known = features.get(name);
      if (name !== "") features.set(name, known === undefined ? parameters : `${known};${parameters}`);
    }
    this.#features = features;
  }

  /** Upper-case names, with what stood behind them. */
  entries(): IterableIterator<[name: string, parameters: string]> {
    return this.#features.entries();
  }

  /** Case does not matter. */
  has(name: string): boolean {
    return this.#features.has(name.toUpperCase());
  }

  /** What stands behind a name; undefined without it. */
  parameters(name: string): string | undefined {
    return this.#features.get(name.toUpperCase());
  }

  /** Transfers can begin in the middle of a file (RFC 3659 5). */
  get canRestart(): boolean {
    return /\bSTREAM\b/i.test(this.parameters("REST") ?? "");
  }

  /** Data connections can be compressed (MODE Z). */
  get canCompress(): boolean {
    return /\bZ\b/i.test(this.parameters("MODE") ?? "");
  }

  /** The facts that MLSD and MLST can tell, in lower case; empty without MLST. */
  get facts(): readonly string[] {
    return this.#list("MLST").map(({ name }) => name.toLowerCase());
  }

  /** The algorithms of HASH, the one that is selected first. */
  get hashes(): readonly string[] {
    const list = this.#list("HASH");
    return [...list.filter(({ isOn }) => isOn), ...list.filter(({ isOn }) => !isOn)].map(({ name }) => name);
  }

  // "a*;b;c": the star marks what is switched on.
  #list(name: string): { name: string; isOn: boolean }[] {
    return (this.parameters(name) ?? "")
      .split(";")
      .filter((item) => item !== "")
      .map((item) => ({ name: item.replace(/\*$/, ""), isOn: item.endsWith("*") }));
  }
}
