// The X.509 v3 extensions of the test certificates (RFC 5280, 4.2.1).
import { isIP } from "node:net";
import {
  boolean,
  constructed,
  namedBit,
  objectIdentifier,
  octetString,
  primitive,
  sequence,
  unsigned,
} from "./der.ts";
import { addressOctets } from "./ip-address.ts";

const digitalSignature = 0;
const keyCertSign = 5;
const dnsName = 2;
const ipAddress = 7;

function extension(oid: string, value: Uint8Array, critical = false): Buffer {
  // FALSE is the default, and DER leaves defaults out.
  const flag = critical ? [boolean(true)] : [];
  return sequence(objectIdentifier(oid), ...flag, octetString(value));
}

function keyIdentifiers(subjectKeyId: Uint8Array, issuerKeyId: Uint8Array): Buffer[] {
  return [
    extension("2.5.29.14", octetString(subjectKeyId)),
    extension("2.5.29.35", sequence(primitive(0, issuerKeyId))),
  ];
}

function subjectAltName(names: readonly string[]): Buffer {
  const generalNames = names.map((name) => {
    if (isIP(name) !== 0) return primitive(ipAddress, addressOctets(name));
    if (!/^[\x21-\x7e]+$/.test(name)) throw new TypeError(`not a DNS name in ASCII: ${JSON.stringify(name)}`);
    return primitive(dnsName, Buffer.from(name, "latin1"));
  });
  return extension("2.5.29.17", sequence(...generalNames));
}

export function authorityExtensions(keyId: Uint8Array): Buffer {
  return constructed(
    3,
    sequence(
      extension("2.5.29.19", sequence(boolean(true), unsigned(Buffer.from([0]))), true),
      extension("2.5.29.15", namedBit(keyCertSign), true),
      ...keyIdentifiers(keyId, keyId),
    ),
  );
}

export function leafExtensions(
  names: readonly string[],
  subjectKeyId: Uint8Array,
  issuerKeyId: Uint8Array,
): Buffer {
  const serverAuth = objectIdentifier("1.3.6.1.5.5.7.3.1");
  const clientAuth = objectIdentifier("1.3.6.1.5.5.7.3.2");
  return constructed(
    3,
    sequence(
      extension("2.5.29.19", sequence(), true),
      extension("2.5.29.15", namedBit(digitalSignature), true),
      extension("2.5.29.37", sequence(serverAuth, clientAuth)),
      // An empty list of names is not valid, so a certificate without names goes without the extension.
      ...(names.length > 0 ? [subjectAltName(names)] : []),
      ...keyIdentifiers(subjectKeyId, issuerKeyId),
    ),
  );
}
