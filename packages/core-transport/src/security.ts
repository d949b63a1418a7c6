// When TLS is used, and what may be sent without it: the policy that all clients share.
import type { Connection } from "./connection.ts";
import type { TlsOptions } from "./tls.ts";
import { ArgumentError, TlsError } from "./errors.ts";

/**
 * `implicit`: TLS from the first byte. `starttls`: upgraded before anything else, or the connection fails.
 * `opportunistic`: upgraded if the server can, and then verified. `none`: in clear, secrets too.
 */
export type TlsMode = "implicit" | "starttls" | "opportunistic" | "none";

const MODES: readonly string[] = ["implicit", "starttls", "opportunistic", "none"] satisfies TlsMode[];

/** Throws ArgumentError for what is no mode: a typing mistake must not leave a connection in clear. */
export function assertTlsMode(tls: TlsMode | undefined): void {
  if (tls === undefined || MODES.includes(tls)) return;
  throw new ArgumentError(`tls must be one of ${MODES.join(", ")}`);
}

/**
 * Throws TlsError unless a secret may be sent now: over TLS, to a peer on this machine, or because the caller
 * wrote `tls: "none"`.
 */
export function assertMaySendSecret(connection: Connection, tls: TlsMode | undefined): void {
  if (connection.confidential || tls === "none") return;
  throw new TlsError(
    `${connection.host} offers no TLS, so the password was not sent; tls: "none" would send it in clear`,
  );
}

/**
 * How TLS is put over a connection (STARTTLS, STLS). Nobody is between us and a server on this machine, whose
 * certificate seldom has its name: it is verified only if the caller has said anything about TLS.
 */
export function startTlsOptions(
  connection: Connection,
  tls: TlsMode | undefined,
  options: TlsOptions | undefined,
): TlsOptions {
  const isChecked = tls !== undefined || options !== undefined || !connection.confidential;
  return isChecked ? { ...options } : { insecure: true };
}
