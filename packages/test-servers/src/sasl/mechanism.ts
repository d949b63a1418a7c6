// The server's side of a SASL mechanism (RFC 4422).
import { timingSafeEqual } from "node:crypto";
import type { TLSSocket } from "node:tls";
import type { TlsServerOptions } from "@netcli/core-transport";

/** What a server knows of those who log in. */
export interface Credentials {
  /** Passwords by user names. */
  readonly users?: Readonly<Record<string, string>> | undefined;
  /** OAuth tokens by user names. Default: the passwords. */
  readonly tokens?: Readonly<Record<string, string>> | undefined;
  /** Whom EXTERNAL logs in. Default: nobody. */
  readonly external?: string | undefined;
  /** Whom ANONYMOUS logs in. Default: nobody. */
  readonly anonymous?: string | undefined;
  /** Of SCRAM. Default 4,096. */
  readonly iterations?: number | undefined;
  /** The certificate and key for TLS. */
  readonly tls?: TlsServerOptions | undefined;
}

export interface Exchange {
  /** What came with AUTH; undefined: nothing did. */
  readonly initial: Buffer | undefined;
  /** Asks, and gives the response. Rejects with the server's refusal if there is none. */
  readonly ask: (challenge: Uint8Array) => Promise<Buffer>;
  /** Notes a mistake of the client; for throwing. */
  readonly wrong: (text: string) => Error;
  readonly options: Credentials;
  readonly tls: TLSSocket | undefined;
  /** The names of the mechanisms. */
  readonly offered: readonly string[];
}

/** Gives the user's name; undefined: the credentials are wrong. Rejects with the server's refusal. */
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
