// What the clients of all protocols are given to log in with, and what they make of it.
import type { Connection, TlsMode } from "@netcli/core-transport";
import { channelBindings } from "./channel-binding.ts";
import { chooseMechanisms, type ChoiceOptions } from "./choose.ts";
import type { Mechanism } from "./mechanism.ts";
import type { Secret } from "./secret.ts";

/** Who logs in, and how. */
export interface LoginOptions {
  /** Default: nobody logs in. */
  user?: string | undefined;
  /** A function is called when the password is needed. */
  password?: Secret | undefined;
  /** An OAuth 2.0 access token, or a function that gets one. */
  token?: Secret | undefined;
  /** Whom to act as, where that is someone else. */
  authzid?: string | undefined;
  /** The client certificate of `tlsOptions`, or a Unix socket, has shown who we are. Default false. */
  external?: boolean | undefined;
  /** No one in particular: a mail address or a word for the server's log, or "". */
  anonymous?: string | undefined;
  /** Which mechanisms; default: the strongest that the server offers. */
  sasl?: Pick<ChoiceOptions, "custom" | "mechanisms" | "minimum" | "scram"> | undefined;
}

/** Where the login goes. */
export interface LoginPlace {
  readonly connection: Connection;
  /** `none`: secrets may go in clear. */
  readonly tls: TlsMode | undefined;
  readonly host?: string | undefined;
  readonly port?: number | undefined;
}

/** Is there anybody to log in? */
export function hasCredentials({ user, token, external, anonymous }: LoginOptions): boolean {
  return user !== undefined || token !== undefined || external === true || anonymous !== undefined;
}

/** The mechanisms to try on a connection, as `chooseMechanisms`. Throws NotSupportedError if there is none. */
export function mechanismsFor(
  offered: Iterable<string>,
  options: LoginOptions,
  { connection, tls, host, port }: LoginPlace,
): readonly Mechanism[] {
  return chooseMechanisms(offered, options, {
    ...options.sasl,
    isConfidential: connection.confidential,
    allowInClear: tls === "none",
    channelBindings: connection.tls === undefined ? [] : channelBindings(connection.tls),
    host,
    port,
  });
}
