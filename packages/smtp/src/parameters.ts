// The parameters of MAIL and RCPT (RFC 5321 4.1.1.11), each of an extension that the server has to offer.
import { ArgumentError, NotSupportedError } from "@netcli/core-transport";
import { assertWord } from "./command.ts";
import type { SmtpExtensions } from "./extensions.ts";
import { xtext } from "./xtext.ts";

/** What can be said about a message. What the server has no extension for rejects with NotSupportedError. */
export interface MailOptions {
  /**
   * Bytes of the message, its line ends counted as two (RFC 1870). Default: where they are known, its bytes as they are
   * given.
   */
  size?: number | undefined;
  /**
   * What the message is made of: lines of ASCII, lines of any bytes (RFC 6152), or just bytes (RFC 3030; goes out by
   * BDAT, byte for byte). Default: `8bitmime` if it has bytes above 127 or is a stream, and the server offers it.
   */
  body?: "7bit" | "8bitmime" | "binarymime" | undefined;
  /** Header fields hold UTF-8 (RFC 6531). Default: only if an address needs it. */
  smtputf8?: boolean | undefined;
  /** What a failure report brings back (RFC 3461 4.3): the whole message, or its header. */
  ret?: "full" | "hdrs" | undefined;
  /** By which reports name the message (RFC 3461 4.4): printable ASCII, up to 100 characters. */
  envid?: string | undefined;
  /** Goes on over verified TLS or not at all (RFC 8689). */
  requireTls?: boolean | undefined;
  /** When the message is to be returned, or delay be told of (RFC 2852). `seconds` may be negative with `notify`. */
  deliverBy?:
    | { readonly seconds: number; readonly mode: "return" | "notify"; readonly trace?: boolean }
    | undefined;
  /** Seconds for which the server holds it back (RFC 4865). */
  holdFor?: number | undefined;
  /** Until when the server holds it back (RFC 4865). */
  holdUntil?: Date | undefined;
  /** From -9 to 9 (RFC 6710). */
  priority?: number | undefined;
  /** Who has submitted the message, as one trusted relay tells another (RFC 4954 5); "" is nobody known. */
  auth?: string | undefined;
  /** Further parameters as they are sent: "NAME=value". */
  params?: readonly string[] | undefined;
}

/** What can be said about a recipient. */
export interface RcptOptions {
  /** When to report (RFC 3461 4.1). Default: the server's, which is failure, and maybe delay. */
  notify?: "never" | readonly ("success" | "failure" | "delay")[] | undefined;
  /** The recipient as first named, with its type (RFC 3461 4.2): "rfc822;a@example.com". */
  orcpt?: string | undefined;
  /** Further parameters as they are sent: "NAME=value". */
  params?: readonly string[] | undefined;
}

// RFC 3461 4.4.
const LONGEST_ENVID = 100;

/** The parameters behind MAIL's path. Throws ArgumentError and NotSupportedError. */
export function mailParameters(options: MailOptions, extensions: SmtpExtensions): string[] {
  const { size, body, smtputf8, ret, envid, requireTls, deliverBy, holdFor, holdUntil, priority, auth } =
    options;
  const parameters: string[] = [];
  const add = (extension: string, parameter: string): void => {
    assertOffered(extensions, extension);
    parameters.push(parameter);
  };
  if (size !== undefined) add("SIZE", `SIZE=${whole("size", size, 0)}`);
  if (body === "binarymime") assertOffered(extensions, "CHUNKING");
  if (body !== undefined) {
    add(
      body === "binarymime" ? "BINARYMIME" : "8BITMIME",
      `BODY=${oneOf("body", body, ["7bit", "8bitmime", "binarymime"])}`,
    );
  }
  if (smtputf8 === true) add("SMTPUTF8", "SMTPUTF8");
  if (ret !== undefined) add("DSN", `RET=${oneOf("ret", ret, ["full", "hdrs"])}`);
  if (envid !== undefined) add("DSN", `ENVID=${xtext(envidOf(envid))}`);
  if (requireTls === true) add("REQUIRETLS", "REQUIRETLS");
  if (deliverBy !== undefined) add("DELIVERBY", `BY=${byOf(deliverBy)}`);
  if (holdFor !== undefined && holdUntil !== undefined) {
    throw new ArgumentError('"holdFor" goes without "holdUntil"');
  }
  if (holdFor !== undefined) add("FUTURERELEASE", `HOLDFOR=${whole("holdFor", holdFor, 1)}`);
  if (holdUntil !== undefined) add("FUTURERELEASE", `HOLDUNTIL=${dateOf(holdUntil)}`);
  if (priority !== undefined) add("MT-PRIORITY", `MT-PRIORITY=${whole("priority", priority, -9, 9)}`);
  if (auth !== undefined) add("AUTH", `AUTH=${auth === "" ? "<>" : xtext(auth)}`);
  return [...parameters, ...raw(options)];
}

/** The parameters behind RCPT's path. Throws ArgumentError and NotSupportedError. */
export function rcptParameters(options: RcptOptions, extensions: SmtpExtensions): string[] {
  const { notify, orcpt } = options;
  const parameters: string[] = [];
  if (notify !== undefined) {
    assertOffered(extensions, "DSN");
    const words = (notify === "never" ? [] : [notify].flat()).map((one) =>
      oneOf("notify", one, ["success", "failure", "delay"]),
    );
    if (words.length === 0 && notify !== "never") throw new ArgumentError("notify must name a condition");
    parameters.push(`NOTIFY=${[...new Set(words)].join(",") || "NEVER"}`);
  }
  if (orcpt !== undefined) {
    assertOffered(extensions, "DSN");
    const [, type, address] = /^([A-Za-z0-9-]+);(.+)$/.exec(orcpt) ?? [];
    if (type === undefined || address === undefined) {
      throw new ArgumentError('orcpt must be a type and an address: "rfc822;a@example.com"');
    }
    parameters.push(`ORCPT=${type};${xtext(address)}`);
  }
  return [...parameters, ...raw(options)];
}

/** Throws NotSupportedError unless the server has that extension. */
export function assertOffered(extensions: SmtpExtensions, name: string): void {
  if (extensions.has(name)) return;
  throw new NotSupportedError(`the server does not offer ${name}; nothing was sent`);
}

function raw({ params = [] }: { readonly params?: readonly string[] | undefined }): readonly string[] {
  return params.map((parameter) => assertWord("a parameter", parameter));
}

function whole(name: string, value: number, from: number, to: number = Number.MAX_SAFE_INTEGER): number {
  if (Number.isInteger(value) && value >= from && value <= to) return value;
  const range = to === Number.MAX_SAFE_INTEGER ? `from ${from}` : `from ${from} to ${to}`;
  throw new ArgumentError(`${name} must be a whole number ${range}, not ${value}`);
}

function oneOf(name: string, value: string, allowed: readonly string[]): string {
  if (allowed.includes(value)) return value.toUpperCase();
  throw new ArgumentError(`${name} must be one of ${allowed.join(", ")}`);
}

function envidOf(envid: string): string {
  if (envid.length > 0 && envid.length <= LONGEST_ENVID && /^[ -~]+$/.test(envid)) return envid;
  throw new ArgumentError(`envid must be 1 to ${LONGEST_ENVID} characters of printable ASCII`);
}

function byOf({ seconds, mode, trace = false }: NonNullable<MailOptions["deliverBy"]>): string {
  // RFC 2852 4: what must be returned at once need not be sent.
  const time = whole("deliverBy.seconds", seconds, mode === "return" ? 1 : -999_999_999, 999_999_999);
  return `${time};${oneOf("deliverBy.mode", mode, ["return", "notify"])[0]}${trace ? "T" : ""}`;
}

function dateOf(date: Date): string {
  if (Number.isNaN(date.getTime())) throw new ArgumentError("holdUntil is no valid date");
  return date.toISOString().replace(/\.\d+Z$/, "Z");
}
