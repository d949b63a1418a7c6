// What the commands of a session have set, and REIN and a new login set back (RFC 959 4.1).
import { type FactName, factNames } from "./listing.ts";

/** Algorithms of HASH, the default in front; the names are those of the IANA registry (draft-bryan-ftp-hash). */
export const hashNames = ["SHA-256", "SHA-512", "SHA-1", "MD5", "CRC32"] as const;

export type HashName = (typeof hashNames)[number];

const LEVEL = 7;

export class State {
  /** As USER said; not yet logged in. */
  name: string | undefined;
  needsAccount = false;
  /** Who is logged in. */
  user: string | undefined;
  directory = "/";
  type: "A" | "I" = "A";
  mode: "S" | "Z" = "S";
  /** How hard mode Z tries. */
  level: number = LEVEL;
  /** From REST, for the next transfer. */
  position = 0;
  /** From RANG, for the next transfer or HASH: the first byte, and the one behind the last. */
  range: readonly [start: number, end: number] | undefined;
  /** From RNFR, for the next command. */
  renameFrom: string | undefined;
  facts: ReadonlySet<FactName> = new Set(factNames);
  hash: HashName = "SHA-256";
  /** EPSV ALL was said: no other way to a data connection is taken any more. */
  isEpsvOnly = false;
  /** What PRET has said of the next data connection. */
  purpose: string | undefined;
  /** SSCN ON was said: data connections lead to servers. */
  isTlsClient = false;

  takePosition(): number {
    const { position } = this;
    this.position = 0;
    return position;
  }

  takeRange(): readonly [start: number, end: number] | undefined {
    const { range } = this;
    this.range = undefined;
    return range;
  }
}
