// tls-server-end-point's hash for each way to sign a certificate (RFC 5929 4.1).
import { createHash, X509Certificate } from "node:crypto";
import { createAuthority } from "@netcli/test-kit";
import { describe, expect, it } from "vitest";
import { certificateHash } from "../src/certificate-hash.ts";

/** A DER element. */
function der(tag: number, ...contents: Uint8Array[]): Buffer {
  const content = Buffer.concat(contents);
  const size = content.length < 0x80 ? [content.length] : [0x82, content.length >> 8, content.length & 0xff];
  return Buffer.concat([Buffer.from([tag, ...size]), content]);
}

const hexadecimal = (text: string): Buffer => Buffer.from(text.replaceAll(" ", ""), "hex");
const identifier = (text: string, ...parameters: Uint8Array[]): Buffer =>
  der(0x30, der(0x06, hexadecimal(text)), ...parameters);
const NULL = der(0x05);

/** As much of a certificate as says how it is signed. */
function signedWith(algorithm: Uint8Array): Buffer {
  return der(0x30, der(0x30, Buffer.alloc(300)), algorithm, der(0x03, Buffer.from([0, 1, 2, 3])));
}

const SHA1 = "2b 0e 03 02 1a";
const SHA256 = "60 86 48 01 65 03 04 02 01";
const SHA384 = "60 86 48 01 65 03 04 02 02";
const PSS = "2a 86 48 86 f7 0d 01 01 0a";
const MGF1 = "2a 86 48 86 f7 0d 01 01 08";

function pss(hash: string | undefined, mask: string | undefined): Buffer {
  const own = hash === undefined ? [] : [der(0xa0, identifier(hash, NULL))];
  const masked = mask === undefined ? [] : [der(0xa1, identifier(MGF1, identifier(mask, NULL)))];
  return identifier(PSS, der(0x30, ...own, ...masked, der(0xa2, der(0x02, Buffer.from([32])))));
}

describe("a certificate", () => {
  it.each<[string, Buffer, string]>([
    ["RSA with MD5 is hashed with SHA-256", identifier("2a 86 48 86 f7 0d 01 01 04", NULL), "sha256"],
    ["RSA with SHA-1 is hashed with SHA-256", identifier("2a 86 48 86 f7 0d 01 01 05", NULL), "sha256"],
    ["RSA with SHA-224", identifier("2a 86 48 86 f7 0d 01 01 0e", NULL), "sha224"],
    ["RSA with SHA-256", identifier("2a 86 48 86 f7 0d 01 01 0b", NULL), "sha256"],
    ["RSA with SHA-384", identifier("2a 86 48 86 f7 0d 01 01 0c", NULL), "sha384"],
    ["RSA with SHA-512", identifier("2a 86 48 86 f7 0d 01 01 0d", NULL), "sha512"],
    ["ECDSA with SHA-1 is hashed with SHA-256", identifier("2a 86 48 ce 3d 04 01"), "sha256"],
    ["ECDSA with SHA-224", identifier("2a 86 48 ce 3d 04 03 01"), "sha224"],
    ["ECDSA with SHA-256", identifier("2a 86 48 ce 3d 04 03 02"), "sha256"],
    ["ECDSA with SHA-384", identifier("2a 86 48 ce 3d 04 03 03"), "sha384"],
    ["ECDSA with SHA-512", identifier("2a 86 48 ce 3d 04 03 04"), "sha512"],
    ["DSA with SHA-1 is hashed with SHA-256", identifier("2a 86 48 ce 38 04 03"), "sha256"],
    ["DSA with SHA-256", identifier("60 86 48 01 65 03 04 03 02"), "sha256"],
    ["RSASSA-PSS with SHA-256", pss(SHA256, SHA256), "sha256"],
    ["RSASSA-PSS with SHA-384", pss(SHA384, SHA384), "sha384"],
    ["RSASSA-PSS with SHA-1 is hashed with SHA-256", pss(SHA1, SHA1), "sha256"],
    ["RSASSA-PSS with nothing said, which is SHA-1", identifier(PSS, der(0x30)), "sha256"],
  ])("signed by %s", (_what, algorithm, digest) => {
    const certificate = signedWith(algorithm);
    expect(certificateHash(certificate)).toEqual(createHash(digest).update(certificate).digest());
  });

  it.each<[string, Buffer]>([
    ["Ed25519, which has no hash", identifier("2b 65 70")],
    ["Ed448, which has no hash", identifier("2b 65 71")],
    ["RSASSA-PSS with two hashes", pss(SHA256, SHA384)],
    ["RSASSA-PSS with a hash and a mask that is left out", pss(SHA256, undefined)],
    ["RSASSA-PSS with an unknown hash", pss("2a 03", "2a 03")],
    ["RSA with MD2", identifier("2a 86 48 86 f7 0d 01 01 02", NULL)],
    ["what nobody knows", identifier("2a 03 04")],
    ["something without an identifier", der(0x30, NULL)],
  ])("signed by %s has none", (_what, algorithm) => {
    expect(certificateHash(signedWith(algorithm))).toBeUndefined();
  });

  it("of a real authority has the hash that it was signed with", () => {
    const { raw } = new X509Certificate(createAuthority().issue().cert);
    expect(certificateHash(raw)).toEqual(createHash("sha256").update(raw).digest());
  });

  it("that is cut off or damaged never throws", () => {
    const { raw } = new X509Certificate(createAuthority().issue().cert);
    for (let length = 0; length < raw.length; length += 1) {
      expect(certificateHash(raw.subarray(0, length))).toBeUndefined();
    }
    for (let at = 0; at < raw.length; at += 1) {
      const damaged = Buffer.from(raw);
      damaged[at] = (damaged[at] ?? 0) ^ 0xff;
      expect(() => certificateHash(damaged)).not.toThrow();
    }
    // Sizes that nothing has.
    for (const bytes of [[0x30, 0x80], [0x30, 0x84, 0xff, 0xff, 0xff, 0xff], [0x30, 0x89], [0x30]]) {
      expect(certificateHash(Buffer.from(bytes))).toBeUndefined();
    }
  });
});
