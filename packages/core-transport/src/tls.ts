// TLS: options, the handshake in place (STARTTLS, STLS, AUTH TLS), tickets for further connections, and errors
// that say what to do. RFC 8446, RFC 6066 3 (SNI), RFC 6125 (names), RFC 3207 6 (STARTTLS).
import { X509Certificate } from "node:crypto";
import { isIP } from "node:net";
import type { Duplex } from "node:stream";
import {
  checkServerIdentity,
  connect as tlsConnect,
  type ConnectionOptions,
  type PeerCertificate,
  type TLSSocket,
} from "node:tls";
import { within } from "./deadline.ts";
import { NetcliError, TimeoutError, TlsError } from "./errors.ts";
import { normalizeHost } from "./url.ts";

/** How to verify the peer and what to show it; the names are those of node:tls. */
export interface TlsOptions extends Pick<
  ConnectionOptions,
  | "ca"
  | "cert"
  | "key"
  | "pfx"
  | "passphrase"
  | "ciphers"
  | "minVersion"
  | "maxVersion"
  | "secureContext"
  | "ALPNProtocols"
  | "checkServerIdentity"
> {
  /** The name the certificate must bear, and that is sent as SNI, where it differs from `host`. */
  servername?: string;
  /** Accepts any certificate: the connection is then secret but not authentic. Default false. */
  insecure?: boolean;
  /** Where session tickets are kept and taken from; give connections to the same server the same one. */
  tickets?: TlsTickets;
}

/**
 * TlsTickets keeps the newest session of a server, so that the next connection resumes it. FTP servers demand
 * it of data connections. Use one store per host.
 */
export class TlsTickets {
  #newest: Buffer | undefined;
  // A resumed handshake does not look at the name again: a session is good for what it was verified for only.
  #verified = "";

  get newest(): Buffer | undefined {
    return this.#newest;
  }

  /** @internal The options that resume, if there is something to resume. */
  resume(verified: string): { session?: Buffer } {
    return this.#newest === undefined || this.#verified !== verified ? {} : { session: this.#newest };
  }

  /** @internal TLS 1.3 sends tickets some time after the handshake, hence an event and not a getter. */
  collectFrom(socket: TLSSocket, verified: string): void {
    socket.on("session", (session: Buffer) => {
      this.#newest = session;
      this.#verified = verified;
    });
  }
}

/** The name that the certificate must bear. */
function nameOf(host: string, { servername }: TlsOptions): string {
  return normalizeHost(servername ?? host);
}

function whatIsVerified(host: string, options: TlsOptions): string {
  return options.insecure === true ? "" : nameOf(host, options);
}

/** The options of node:tls for a peer called `host`. */
export function tlsConnectOptions(host: string, options: TlsOptions): ConnectionOptions {
  const { insecure = false, tickets, servername: _, ...rest } = options;
  const name = nameOf(host, options);
  const check = options.checkServerIdentity ?? checkName;
  return {
    ...rest,
    // Without `host` Node verifies a wrapped socket against "localhost"; and a session is bound to these names.
    host,
    // RFC 6066 3: neither an address nor a dot at the end.
    ...(isIP(name) === 0 ? { servername: name.replace(/\.$/, "") } : {}),
    // Node itself would take `host` for the name where that is an address.
    checkServerIdentity: (_host, certificate) => check(name, certificate),
    // Written out: NODE_TLS_REJECT_UNAUTHORIZED=0 must not switch it off.
    rejectUnauthorized: !insecure,
    ...tickets?.resume(whatIsVerified(host, options)),
  };
}

// Node 22.23 finds no IPv6 address in any certificate; OpenSSL does.
function checkName(name: string, certificate: PeerCertificate): Error | undefined {
  if (isIP(name) !== 6) return checkServerIdentity(name, certificate);
  if (new X509Certificate(certificate.raw).checkIP(name) !== undefined) return undefined;
  const error = new Error(`it is for ${certificate.subjectaltname ?? "no name at all"}`);
  return Object.assign(error, { code: "ERR_TLS_CERT_ALTNAME_INVALID" });
}

/** Bounds a handshake in place. Rejects with TimeoutError (phase `tls`). */
export function withinHandshake<T>(
  milliseconds: number,
  signal: AbortSignal | undefined,
  handshake: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const expired = (): Error =>
    new TimeoutError(`no TLS handshake within ${milliseconds} ms`, "tls", milliseconds);
  return within(milliseconds, expired, signal, handshake);
}

/** Speaks TLS over a connected stream. Rejects with TlsError, or the signal's reason. */
export function secure(
  stream: Duplex,
  host: string,
  options: TlsOptions,
  signal: AbortSignal,
): Promise<TLSSocket> {
  const socket = tlsConnect({ ...tlsConnectOptions(host, options), socket: stream });
  return whenSecure(socket, host, options, signal);
}

/** Waits for the end of a handshake. */
export function whenSecure(
  socket: TLSSocket,
  host: string,
  options: TlsOptions,
  signal: AbortSignal,
): Promise<TLSSocket> {
  options.tickets?.collectFrom(socket, whatIsVerified(host, options));
  return new Promise((resolve, reject) => {
    const settle = (act: () => void): void => {
      socket.off("secureConnect", onSecure);
      socket.off("error", onError);
      socket.off("close", onClose);
      signal.removeEventListener("abort", onAbort);
      act();
    };
    const onSecure = (): void => settle(() => resolve(socket));
    const onError = (cause: Error): void =>
      settle(() => reject(tlsError(host, nameOf(host, options), cause)));
    const onClose = (): void =>
      settle(() => reject(new TlsError(`${host} closed the connection during the TLS handshake`)));
    const onAbort = (): void =>
      settle(() => {
        socket.on("error", () => undefined);
        socket.destroy();
        reject(signal.reason as Error);
      });
    socket.once("secureConnect", onSecure);
    socket.once("error", onError);
    socket.once("close", onClose);
    signal.addEventListener("abort", onAbort, { once: true });
    if (signal.aborted) onAbort();
  });
}

/** Says what went wrong in a handshake, and what to do. */
function tlsError(host: string, name: string, cause: NodeJS.ErrnoException): NetcliError {
  if (cause instanceof NetcliError) return cause;
  const code = cause.code ?? "";
  if (code === "ERR_TLS_CERT_ALTNAME_INVALID") {
    return certificateError(`the certificate is not for ${name}: ${cause.message}`, cause);
  }
  if (code === "CERT_HAS_EXPIRED") return certificateError(`the certificate of ${host} has expired`, cause);
  if (code === "CERT_NOT_YET_VALID") {
    return certificateError(`the certificate of ${host} is not valid yet`, cause);
  }
  if (CERTIFICATE_CODES.test(code)) {
    return certificateError(
      `the certificate of ${host} can't be verified (${code}); give its authority as "ca"`,
      cause,
    );
  }
  if (code === "ERR_SSL_WRONG_VERSION_NUMBER" || code === "ERR_SSL_PACKET_LENGTH_TOO_LONG") {
    return new TlsError(`${host} does not speak TLS on this port; it may want STARTTLS, or another port`, {
      cause,
    });
  }
  if (code === "ECONNRESET") {
    return new TlsError(`${host} closed the connection during the TLS handshake`, { cause });
  }
  return new TlsError(`the TLS handshake with ${host} failed: ${cause.message}`, { cause });
}

// The names of OpenSSL's X509_V_ERR_*.
const CERTIFICATE_CODES =
  /^(?:CERT_|CRL_|UNABLE_TO_|SELF_SIGNED_|DEPTH_ZERO_|INVALID_|PATH_LENGTH_|HOSTNAME_|ERROR_IN_)/;

function certificateError(message: string, cause: Error): TlsError {
  return new TlsError(message, { cause, code: "ERR_NETCLI_CERTIFICATE" });
}
