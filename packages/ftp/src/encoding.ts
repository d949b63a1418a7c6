// The encoding of names on the control connection: UTF-8 (RFC 2640), or what an old server has instead.
import { ArgumentError } from "@netcli/core-transport";

/** An encoding in which bytes below 128 stand for themselves. */
export interface FtpEncoding {
  /** Throws for a character that it lacks. */
  encode(text: string): Uint8Array;
  decode(bytes: Uint8Array): string;
}

const latin1: FtpEncoding = {
  encode(text) {
    // Node would cut off what does not fit into a byte: another name, or a line end.
    if (/[^\0-\xff]/.test(text)) throw new ArgumentError("latin1 has not all of these characters");
    return Buffer.from(text, "latin1");
  },
  decode: (bytes) => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString("latin1"),
};

/** Undefined for UTF-8, which needs no help. Throws ArgumentError for an unknown name. */
export function encodingOf(given: "utf8" | "latin1" | FtpEncoding | undefined): FtpEncoding | undefined {
  if (given === undefined || given === "utf8") return undefined;
  if (given === "latin1") return latin1;
  const isEncoding = typeof given === "object" && given !== null;
  if (isEncoding && typeof given.encode === "function" && typeof given.decode === "function") return given;
  throw new ArgumentError(`the encoding must be "utf8", "latin1" or an object that encodes and decodes`);
}
