// The arithmetic of SCRAM (RFC 5802 3): what each side shows the other so that it need not show the password.
import { createHash, createHmac, pbkdf2 } from "node:crypto";
import { promisify } from "node:util";
import type { ServerFirst } from "./scram-message.ts";

export type ScramHash = "SHA-1" | "SHA-256" | "SHA-512";

const HASHES = {
  "SHA-1": { digest: "sha1", size: 20 },
  "SHA-256": { digest: "sha256", size: 32 },
  "SHA-512": { digest: "sha512", size: 64 },
} as const;

const derive = promisify(pbkdf2);

/** What we send, and what only a server that knows the password can answer. */
export interface Proof {
  readonly proof: Uint8Array;
  readonly serverSignature: Uint8Array;
}

/** In the thread pool: the count is the server's choice. */
export async function proofOf(
  hash: ScramHash,
  password: string,
  { salt, iterations }: ServerFirst,
  authMessage: string,
): Promise<Proof> {
  const { digest, size } = HASHES[hash];
  const hmac = (key: Uint8Array, text: string): Buffer => createHmac(digest, key).update(text).digest();
  const salted = await derive(password, salt, iterations, size, digest);
  const clientKey = hmac(salted, "Client Key");
  const storedKey = createHash(digest).update(clientKey).digest();
  const clientSignature = hmac(storedKey, authMessage);
  return {
    proof: clientKey.map((byte, at) => byte ^ (clientSignature[at] ?? 0)),
    serverSignature: hmac(hmac(salted, "Server Key"), authMessage),
  };
}
