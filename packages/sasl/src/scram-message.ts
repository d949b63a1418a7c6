// The messages of SCRAM (RFC 5802 5 and 7): attributes of one letter, separated by commas, in a fixed order.
import { ArgumentError, LimitError, ProtocolError } from "@netcli/core-transport";
import { decodeBase64 } from "./base64.ts";
import { assertText } from "./secret.ts";

/** A message of the server that refuses, with its `e=`. */
export interface ServerRefusal {
  readonly refusal: string;
}

/** The server's part of the question: whose nonce begins with ours. */
export interface ServerFirst {
  readonly nonce: string;
  readonly salt: Uint8Array;
  readonly iterations: number;
}

/** Bounds of the iteration count. */
export interface IterationLimits {
  readonly minimumIterations: number;
  readonly maximumIterations: number;
}

// No server comes near: 16 are usual.
const LONGEST_SALT = 1_024;

// Those of RFC 5802; others are extensions, which may be ignored.
const DEFINED = new Set("anrcsipvem");

/** A name as it stands between commas (RFC 5802 5.1, saslname). Throws ArgumentError for an empty one. */
export function escapeName(what: string, name: string): string {
  assertText(what, name);
  if (name === "") throw new ArgumentError(`${what} is empty; nothing was sent`);
  return name.replaceAll("=", "=3D").replaceAll(",", "=2C");
}

/** Throws ProtocolError for what RFC 5802 does not allow, LimitError for more iterations than we are willing to do. */
export function parseServerFirst(
  message: Uint8Array,
  ourNonce: string,
  limits: IterationLimits,
): ServerFirst | ServerRefusal {
  const [first = "", second = "", third = "", ...extensions] = attributesOf(message);
  if (first.startsWith("e=")) return { refusal: refusalIn(first) };
  if (first.startsWith("m=")) throw malformed("demands an extension that nobody here knows (m=)");
  const nonce = valueOf("r", first);
  checkNonce(nonce, ourNonce);
  const salt = decodeBase64(valueOf("s", second));
  if (salt === undefined) throw malformed("has a salt that is not base64");
  if (salt.length > LONGEST_SALT) throw malformed(`has a salt of ${salt.length} bytes`);
  const count = valueOf("i", third);
  checkExtensions(extensions);
  return { nonce, salt, iterations: iterationsOf(count, limits) };
}

/** The server's signature. Throws ProtocolError for what RFC 5802 does not allow. */
export function parseServerFinal(message: Uint8Array): { readonly signature: Uint8Array } | ServerRefusal {
  const [first = "", ...extensions] = attributesOf(message);
  if (first.startsWith("e=")) return { refusal: refusalIn(first) };
  const signature = decodeBase64(valueOf("v", first));
  if (signature === undefined) throw malformed("has a signature that is not base64");
  checkExtensions(extensions);
  return { signature };
}

function attributesOf(message: Uint8Array): string[] {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(message).split(",");
  } catch {
    throw malformed("is not UTF-8");
  }
}

function valueOf(name: string, attribute: string): string {
  const value = attribute.slice(2);
  if (!attribute.startsWith(`${name}=`) || value === "")
    throw malformed(`has no "${name}=" where it belongs`);
  return value;
}

function checkNonce(nonce: string, ours: string): void {
  // RFC 5802 7, printable; commas have been split at.
  if (!/^[\x21-\x7e]+$/.test(nonce)) throw malformed("has a nonce that is not printable");
  // An answer to a question of someone else, or one heard before.
  if (!nonce.startsWith(ours)) throw malformed("has a nonce that is not made of ours");
  if (nonce.length === ours.length) throw malformed("adds nothing to our nonce");
}

function iterationsOf(count: string, { minimumIterations, maximumIterations }: IterationLimits): number {
  if (!/^[1-9]\d*$/.test(count)) throw malformed("has an iteration count that is no number");
  const iterations = Number(count);
  if (iterations > maximumIterations) {
    throw new LimitError(
      `the server wants ${iterations} SCRAM iterations, more than ${maximumIterations} (maximumIterations)`,
      "maximumIterations",
    );
  }
  if (iterations < minimumIterations) {
    // The fewer, the faster whoever hears our proof finds the password.
    throw new ProtocolError(
      `the server wants ${iterations} SCRAM iterations, less than ${minimumIterations} (minimumIterations)`,
    );
  }
  return iterations;
}

/** Unknown ones mean nothing; known ones would come a second time, or from the other side. */
function checkExtensions(extensions: readonly string[]): void {
  for (const extension of extensions) {
    if (!/^[A-Za-z]=[^\0]+$/.test(extension)) throw malformed("has an attribute of no known form");
    if (DEFINED.has(extension[0] ?? "")) throw malformed(`has "${extension[0]}=" where it does not belong`);
  }
}

function refusalIn(attribute: string): string {
  const value = valueOf("e", attribute);
  return /^[\x20-\x7e]{1,100}$/.test(value) ? value : "other-error";
}

function malformed(what: string): ProtocolError {
  return new ProtocolError(`the server's SCRAM message ${what}`);
}
