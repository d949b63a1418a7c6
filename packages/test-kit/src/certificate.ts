// Certificates made at run time, so that no key is ever committed (RFC 5280, 4.1; RFC 5758, 3.2).
import { createHash, generateKeyPairSync, type KeyObject, randomBytes, sign } from "node:crypto";
import { authorityExtensions, leafExtensions } from "./certificate-extension.ts";
import {
  bitString,
  constructed,
  objectIdentifier,
  sequence,
  setOf,
  time,
  unsigned,
  utf8String,
} from "./der.ts";

export interface CertificateOptions {
  /** DNS names and IP address literals; `localhost`, `127.0.0.1` and `::1` when left out. */
  names?: readonly string[] | undefined;
  notBefore?: Date | undefined;
  notAfter?: Date | undefined;
}

/** A private key and its certificate in PEM, in the shape that node:tls takes. */
export interface Identity {
  key: string;
  cert: string;
}

export interface Authority {
  /** PEM, for the `ca` option of node:tls. */
  readonly certificate: string;
  issue(options?: CertificateOptions): Identity;
}

interface KeyPair {
  privateKey: KeyObject;
  spki: Buffer;
  id: Buffer;
}

interface Signer {
  name: string;
  key: KeyPair;
}

const day = 24 * 60 * 60 * 1000;
const leafName = "netcli test certificate";
const ecdsaWithSha256 = sequence(objectIdentifier("1.2.840.10045.4.3.2"));

export function createAuthority(name = "netcli test authority"): Authority {
  const signer: Signer = { name, key: keyPair() };
  return {
    certificate: certificate(signer, name, signer.key, authorityExtensions(signer.key.id), {}),
    issue: (options = {}) => leaf(options, keyPair(), signer),
  };
}

/** A server certificate that no authority stands behind: trusted only where it is itself given as `ca`. */
export function selfSigned(options: CertificateOptions = {}): Identity {
  const key = keyPair();
  return leaf(options, key, { name: leafName, key });
}

function leaf(options: CertificateOptions, key: KeyPair, signer: Signer): Identity {
  const names = options.names ?? ["localhost", "127.0.0.1", "::1"];
  const extensions = leafExtensions(names, key.id, signer.key.id);
  return {
    key: key.privateKey.export({ type: "pkcs8", format: "pem" }).toString(),
    cert: certificate(signer, leafName, key, extensions, options),
  };
}

function keyPair(): KeyPair {
  const { privateKey, publicKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const spki = publicKey.export({ type: "spki", format: "der" });
  // RFC 7093, 2: the point is the last 65 octets of the key info; SHA-1 may be switched off, so SHA-256.
  const id = createHash("sha256").update(spki.subarray(-65)).digest().subarray(0, 20);
  return { privateKey, spki, id };
}

function certificate(
  signer: Signer,
  subject: string,
  key: KeyPair,
  extensions: Buffer,
  options: CertificateOptions,
): string {
  const body = sequence(
    constructed(0, unsigned(Buffer.from([2]))),
    unsigned(serialNumber()),
    ecdsaWithSha256,
    distinguishedName(signer.name),
    validity(options),
    distinguishedName(subject),
    key.spki,
    extensions,
  );
  const signature = sign("sha256", body, signer.key.privateKey);
  return pem(sequence(body, ecdsaWithSha256, bitString(signature)));
}

// The second highest bit makes every serial positive and equally long without making it guessable.
function serialNumber(): Buffer {
  const octets = randomBytes(16);
  octets[0] = ((octets[0] ?? 0) & 0x7f) | 0x40;
  return octets;
}

// One bound may lie in the past or the future while the other is left out: they must not cross.
function validity({ notBefore, notAfter }: CertificateOptions): Buffer {
  const now = Date.now();
  const from = notBefore ?? new Date(Math.min(now, notAfter?.getTime() ?? now) - day);
  const until = notAfter ?? new Date(Math.max(now, from.getTime()) + day);
  return sequence(time(from), time(until));
}

function distinguishedName(commonName: string): Buffer {
  return sequence(setOf(sequence(objectIdentifier("2.5.4.3"), utf8String(commonName))));
}

function pem(der: Buffer): string {
  const lines = der.toString("base64").match(/.{1,64}/g) ?? [];
  return ["-----BEGIN CERTIFICATE-----", ...lines, "-----END CERTIFICATE-----", ""].join("\n");
}
