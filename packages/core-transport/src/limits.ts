// Limits on what a peer may send, and timeouts on how long it may take, with the origin of each number.
import { inspect } from "node:util";
import { ArgumentError } from "./errors.ts";

/** Limits on what a peer may send. They are checked while scanning, before a line or reply is complete. */
export interface Limits {
  /** Bytes in one line, with its line end. 8,192: what Python's ftplib and smtplib allow; RFC 5321 asks for 512. */
  lineBytes: number;
  /** Lines in one reply. 1,024: no real EHLO, FEAT or banner comes near. */
  replyLines: number;
  /** Bytes in one reply, without a block behind it. 65,536. */
  replyBytes: number;
  /** Bytes in one dot-terminated block. No limit by default: blocks are streamed. */
  blockBytes: number;
  /** Bytes of each block kept in memory for a caller that has not begun to read it while other commands wait. 16 MiB. */
  unreadBytes: number;
}

/** Timeouts in milliseconds; `Infinity` turns one off. All count only time spent waiting for the peer. */
export interface Timeouts {
  /** From the start of the name lookup to the end of the TLS handshake, proxies included. 30 s. */
  connect: number;
  /** From the connection to the server's greeting. 30 s. */
  greeting: number;
  /** From a command to the end of its reply, however slowly that drips. 60 s. */
  reply: number;
  /** No byte moved in a block, a file or an upload although we were ready for it. 60 s. */
  stall: number;
  /** How long a polite close may take. 2 s. */
  close: number;
}

export const defaultLimits: Readonly<Limits> = {
  lineBytes: 8_192,
  replyLines: 1_024,
  replyBytes: 65_536,
  blockBytes: Infinity,
  unreadBytes: 16 * 1_048_576,
};

export const defaultTimeouts: Readonly<Timeouts> = {
  connect: 30_000,
  greeting: 30_000,
  reply: 60_000,
  stall: 60_000,
  close: 2_000,
};

// Filled in before: who gives the same to many connections pays once.
const complete: WeakSet<object> = new WeakSet();

/**
 * Fills in the defaults; what came from here goes through as it is. Throws ArgumentError for a name that does not exist
 * or a value that is not positive.
 */
export function withDefaults<T extends object>(
  defaults: Readonly<T>,
  given: Partial<T> | undefined,
): Readonly<T> {
  if (given === undefined || given === defaults) return defaults;
  if (complete.has(given)) return given as Readonly<T>;
  const result = { ...defaults };
  for (const [name, value] of Object.entries(given)) {
    if (value === undefined) continue;
    if (!Object.hasOwn(defaults, name)) {
      throw new ArgumentError(`"${name}" is none of ${Object.keys(defaults).join(", ")}`);
    }
    if (typeof value !== "number" || !(value > 0)) {
      throw new ArgumentError(`${name} must be a number above 0, not ${inspect(value)}`);
    }
    Object.assign(result, { [name]: value });
  }
  complete.add(Object.freeze(result));
  return result;
}
