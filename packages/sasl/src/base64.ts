// Base64 (RFC 4648 4) as SASL messages and SCRAM's attributes have it: one spelling for each value.

export function encodeBase64(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("base64");
}

/** The bytes, or undefined for what is not base64 to the letter. */
export function decodeBase64(text: string): Uint8Array | undefined {
  const bytes = Buffer.from(text, "base64");
  // Node skips what it does not know; what was skipped is missing here.
  return bytes.toString("base64") === text ? bytes : undefined;
}
