// The hash of a certificate that tls-server-end-point is (RFC 5929 4.1): by the hash its signature was made with.
import { createHash } from "node:crypto";
import { derChildren, derElements, type DerElement, SEQUENCE } from "./der.ts";

// The contents of object identifiers, in hexadecimal. RFC 5929 4.1: SHA-256 stands in for MD5 and SHA-1.
const SIGNATURES: ReadonlyMap<string, string> = new Map([
  // PKCS #1 (RFC 8017 A.2.4): with MD5, SHA-1, SHA-224, SHA-256, SHA-384, SHA-512.
  ["2a864886f70d010104", "sha256"],
  ["2a864886f70d010105", "sha256"],
  ["2a864886f70d01010e", "sha224"],
  ["2a864886f70d01010b", "sha256"],
  ["2a864886f70d01010c", "sha384"],
  ["2a864886f70d01010d", "sha512"],
  // ECDSA (RFC 5758 3.2): with SHA-1, SHA-224, SHA-256, SHA-384, SHA-512.
  ["2a8648ce3d0401", "sha256"],
  ["2a8648ce3d040301", "sha224"],
  ["2a8648ce3d040302", "sha256"],
  ["2a8648ce3d040303", "sha384"],
  ["2a8648ce3d040304", "sha512"],
  // DSA (RFC 5758 3.1): with SHA-1, SHA-224, SHA-256.
  ["2a8648ce380403", "sha256"],
  ["608648016503040301", "sha224"],
  ["608648016503040302", "sha256"],
]);

const RSASSA_PSS = "2a864886f70d01010a";
const SHA1 = "2b0e03021a";

// What RSASSA-PSS names beside itself (RFC 4055 2.1): SHA-1, SHA-224, SHA-256, SHA-384, SHA-512.
const HASHES: ReadonlyMap<string, string> = new Map([
  [SHA1, "sha256"],
  ["608648016503040204", "sha224"],
  ["608648016503040201", "sha256"],
  ["608648016503040202", "sha384"],
  ["608648016503040203", "sha512"],
]);

/**
 * The hash, or undefined where none is defined: for signatures without a hash of their own (Ed25519), with two, or
 * that are not known here.
 */
export function certificateHash(der: Uint8Array): Uint8Array | undefined {
  const [, algorithm] = derChildren(derElements(der)?.[0], SEQUENCE);
  const [identifier, parameters] = derChildren(algorithm, SEQUENCE);
  const signature = hex(identifier);
  const hash = signature === RSASSA_PSS ? pssHash(parameters) : SIGNATURES.get(signature);
  return hash === undefined ? undefined : createHash(hash).update(der).digest();
}

/** What is left out is SHA-1; the mask has a hash of its own, which must be the same one. */
function pssHash(parameters: DerElement | undefined): string | undefined {
  const fields = derChildren(parameters, SEQUENCE);
  const [own] = fields.filter(({ tag }) => tag === 0xa0).flatMap((field) => derChildren(field, 0xa0));
  const [mask] = fields.filter(({ tag }) => tag === 0xa1).flatMap((field) => derChildren(field, 0xa1));
  const [hash] = derChildren(own, SEQUENCE);
  const [maskHash] = derChildren(derChildren(mask, SEQUENCE)[1], SEQUENCE);
  const name = hash === undefined ? SHA1 : hex(hash);
  return name === (maskHash === undefined ? SHA1 : hex(maskHash)) ? HASHES.get(name) : undefined;
}

function hex(identifier: DerElement | undefined): string {
  return identifier?.tag === 0x06 ? Buffer.from(identifier.content).toString("hex") : "";
}
