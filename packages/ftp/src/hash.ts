// Hashes of files on the server: HASH (draft-bryan-ftpext-hash) and the X commands of older servers.
import { NotSupportedError, ProtocolError } from "@netcli/core-transport";
import type { FtpFeatures } from "./features.ts";
import type { FtpReply } from "./reply.ts";

/** A hash as the server computed it. */
export interface FtpHash {
  /** `SHA-256`, `MD5`, `CRC32`, ... */
  readonly algorithm: string;
  /** Hexadecimal, lower case. */
  readonly value: string;
}

/** Which command gives which hash. */
export interface HashCommand {
  readonly verb: string;
  readonly algorithm: string;
}

// Strong ones first, but not the slowest; digits of the value; and the commands that give it.
const ALGORITHMS = new Map<string, { readonly digits: number; readonly verbs: readonly string[] }>([
  ["SHA-256", { digits: 64, verbs: ["XSHA256"] }],
  ["SHA-512", { digits: 128, verbs: ["XSHA512"] }],
  ["SHA-1", { digits: 40, verbs: ["XSHA1", "XSHA"] }],
  ["MD5", { digits: 32, verbs: ["XMD5"] }],
  ["CRC32", { digits: 8, verbs: ["XCRC"] }],
]);

/** What to ask this server with. Throws NotSupportedError. */
export function hashCommand(features: FtpFeatures, algorithm?: string): HashCommand {
  const offered = features.hashes.map((name) => name.toUpperCase());
  for (const wanted of algorithm === undefined ? ALGORITHMS.keys() : [algorithm.toUpperCase()]) {
    if (offered.includes(wanted)) return { verb: "HASH", algorithm: wanted };
    const verb = ALGORITHMS.get(wanted)?.verbs.find((name) => features.has(name));
    if (verb !== undefined) return { verb, algorithm: wanted };
  }
  throw new NotSupportedError(`the server offers no ${algorithm ?? "hash that is known"}`);
}

/** The hash in a reply. Throws ProtocolError if there is none. */
export function parseHash({ verb, algorithm }: HashCommand, reply: FtpReply): FtpHash {
  const digits = ALGORITHMS.get(algorithm)?.digits;
  // Behind a line of its own ("Computing SHA-256 digest") with some.
  const words = (reply.text.trim().split("\n").at(-1) ?? "").trim().split(/\s+/);
  // HASH says "SHA-256 0-49 1f2e... name"; the others the value, some with words before it.
  const value = (verb === "HASH" ? words[2] : words.findLast((word) => isValue(word, digits))) ?? "";
  if (!isValue(value, digits)) {
    throw new ProtocolError(
      `no ${algorithm} in the server's reply: ${JSON.stringify(reply.text.slice(0, 80))}`,
    );
  }
  return { algorithm, value: value.toLowerCase().padStart(algorithm === "CRC32" ? 8 : 0, "0") };
}

function isValue(word: string, digits: number | undefined): boolean {
  if (!/^[\da-f]+$/i.test(word)) return false;
  // A CRC may come without its leading zeros.
  return digits === undefined || (digits === 8 ? word.length <= 8 : word.length === digits);
}
