// The server's side of a SASL mechanism (RFC 4422).
import { timingSafeEqual } from "node:crypto";
import type { TLSSocket } from "node:tls";
import type { EsmtpServerOptions } from "../options.ts";
import type { Refusal } from "../reply.ts";

export interface Exchange {
  /** What came with AUTH; undefined: nothing did. */
  readonly initial: Buffer | undefined;
  /** Asks, and gives the response. Rejects with Refusal if there is none. */
  readonly ask: (challenge: Uint8Array) => Promise<Buffer>;
  /** Notes a mistake of the client; for throwing. */
  readonly wrong: (reply: string) => Refusal;
  readonly options: EsmtpServerOptions;
  readonly tls: TLSSocket | undefined;
  /** The names of the mechanisms. */
  readonly offered: readonly string[];
}

/** Gives the user's name; undefined: the credentials are wrong. Rejects with Refusal. */
export type ServerMechanism = (exchange: Exchange) => Promise<string | undefined>;

/** What came with AUTH, or else comes behind an empty challenge. */
export async function firstOf({ initial, ask }: Exchange): Promise<Buffer> {
  return initial ?? (await ask(Buffer.alloc(0)));
}

export function passwordOf({ options }: Exchange, user: string): string | undefined {
  const { users = {} } = options;
  return Object.hasOwn(users, user) ? users[user] : undefined;
}

export function tokenOf({ options }: Exchange, user: string): string | undefined {
  const { tokens = options.users ?? {} } = options;
  return Object.hasOwn(tokens, user) ? tokens[user] : undefined;
}

export function isSame(left: Uint8Array, right: Uint8Array): boolean {
  return left.length === right.length && timingSafeEqual(left, right);
}
