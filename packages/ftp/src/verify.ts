// Comparing a file here with one on the server by their hashes.
import { createHash, getHashes } from "node:crypto";
import type { FileHandle } from "node:fs/promises";
import { crc32 } from "node:zlib";
import { NotSupportedError, ProtocolError, type VerbOptions } from "@netcli/core-transport";
import type { FtpFeatures } from "./features.ts";
import { hashCommand, type FtpHash } from "./hash.ts";
import type { FtpSession } from "./session.ts";

/**
 * `true`: by the best hash that the server offers, and rejects with NotSupportedError if it offers none; a name: by
 * that one (`SHA-256`, `MD5`, `CRC32`, ...); `if-offered`: if there is any.
 */
export type Verify = boolean | "if-offered" | (string & {});

const CRC = "CRC32";

/** What Node.js calls it: "SHA-256" is its "sha256", but "SHA3-256" its "sha3-256". */
function digestName(algorithm: string): string | undefined {
  const name = algorithm.toLowerCase();
  return getHashes().find((known) => known === name || known === name.replace("-", ""));
}

/** Which hash to ask for; undefined: none. Throws NotSupportedError. */
export function hashFor(verify: Verify, features: FtpFeatures): string | undefined {
  if (verify === false) return undefined;
  try {
    const named = typeof verify === "string" && verify !== "if-offered" ? verify : undefined;
    const { algorithm } = hashCommand(features, named);
    if (algorithm !== CRC && digestName(algorithm) === undefined) {
      throw new NotSupportedError(`${algorithm} can't be computed here`);
    }
    return algorithm;
  } catch (error) {
    if (verify === "if-offered" && error instanceof NotSupportedError) return undefined;
    throw error;
  }
}

/** Resolves to the hash that both have. Rejects with ProtocolError if they differ. */
export async function assertSame(
  session: FtpSession,
  path: string,
  file: FileHandle,
  algorithm: string,
  options: VerbOptions,
): Promise<FtpHash> {
  const [there, here] = await Promise.all([session.hash(path, algorithm, options), hashOf(file, algorithm)]);
  if (there.value === here) return there;
  throw new ProtocolError(
    `"${path}" arrived changed: its ${algorithm} is ${there.value} on the server and ${here} here`,
  );
}

/** Hexadecimal, lower case. */
export async function hashOf(file: FileHandle, algorithm: string): Promise<string> {
  const chunks = file.createReadStream({ start: 0, autoClose: false }) as AsyncIterable<Buffer>;
  if (algorithm === CRC) {
    let value = 0;
    for await (const chunk of chunks) value = crc32(chunk, value);
    return value.toString(16).padStart(8, "0");
  }
  const hash = createHash(digestName(algorithm) ?? algorithm);
  for await (const chunk of chunks) hash.update(chunk);
  return hash.digest("hex");
}
