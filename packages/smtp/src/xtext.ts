// Text as a value of a parameter (RFC 3461 4).
import { ArgumentError } from "@netcli/core-transport";

/**
 * What is not printable ASCII, a "+" or a "=" becomes "+" and two digits. Throws ArgumentError for a control character:
 * the other side makes a header field or a line of a log of it.
 */
export function xtext(text: string): string {
  if (/\p{Cc}/u.test(text))
    throw new ArgumentError("a parameter contains a control character; nothing was sent");
  let encoded = "";
  for (const byte of Buffer.from(text, "utf8")) {
    const isPlain = byte > 0x20 && byte < 0x7f && byte !== 0x2b && byte !== 0x3d;
    encoded += isPlain ? String.fromCharCode(byte) : `+${byte.toString(16).toUpperCase().padStart(2, "0")}`;
  }
  return encoded;
}
