// TLS as the server of a connection, from its first byte or in place (RFC 8446, RFC 3207, RFC 6066 3).
import type { Duplex } from "node:stream";
import { createSecureContext, TLSSocket, type SecureContext, type SecureContextOptions } from "node:tls";
import type { TLSSocketOptions } from "node:tls";
import { ArgumentError, NetcliError, NotSupportedError, TlsError } from "./errors.ts";

/**
 * What a server shows and demands; the names are those of node:tls. The secure context made of one such object is
 * kept with it: give the same object to all connections, and another one when the certificate has changed.
 */
export interface TlsServerOptions
  extends
    Pick<
      SecureContextOptions,
      | "cert"
      | "key"
      | "ca"
      | "pfx"
      | "passphrase"
      | "ciphers"
      | "minVersion"
      | "maxVersion"
      | "sessionIdContext"
      | "ticketKeys"
    >,
    Pick<TLSSocketOptions, "SNICallback" | "ALPNProtocols"> {
  /** Asks clients for a certificate. One that can't be verified with `ca` is refused, and so is none. Default false. */
  requestCert?: boolean;
}

const contexts = new WeakMap<TlsServerOptions, SecureContext>();

/** The context for these options. Throws ArgumentError if certificate and key make none. */
export function serverContext(options: TlsServerOptions): SecureContext {
  const known = contexts.get(options);
  if (known !== undefined) return known;
  assertCertificate(options);
  try {
    // Without one OpenSSL refuses to resume the session of any client that was asked for a certificate.
    const { sessionIdContext = "netcli" } = options;
    const context = createSecureContext({ ...options, sessionIdContext });
    contexts.set(options, context);
    return context;
  } catch (cause) {
    throw new ArgumentError(`the TLS options can't be used: ${(cause as Error).message}`, { cause });
  }
}

function isGiven(part: { readonly length: number } | undefined): boolean {
  return part !== undefined && part.length > 0;
}

// Node takes a half of it, or an empty file, and then fails every handshake.
function assertCertificate({ cert, key, pfx, SNICallback }: TlsServerOptions): void {
  if (isGiven(cert) && isGiven(key)) return;
  const isElsewhere = isGiven(pfx) || SNICallback !== undefined;
  if (isElsewhere && !isGiven(cert) && !isGiven(key)) return;
  throw new ArgumentError('TLS needs both "cert" and "key", or "pfx", or "SNICallback"');
}

/**
 * Speaks TLS as the server of an accepted stream that nobody reads yet. Rejects with TlsError, ArgumentError, or the
 * signal's reason; the stream is then destroyed.
 */
export async function acceptTls(
  stream: Duplex,
  options: TlsServerOptions,
  signal: AbortSignal,
): Promise<TLSSocket> {
  const { SNICallback, ALPNProtocols, requestCert = false } = options;
  const socket = new TLSSocket(stream, {
    isServer: true,
    secureContext: serverContext(options),
    requestCert,
    rejectUnauthorized: requestCert,
    ...(SNICallback === undefined ? {} : { SNICallback }),
    ...(ALPNProtocols === undefined ? {} : { ALPNProtocols }),
  });
  return new Promise((resolve, reject) => {
    const settle = (act: () => void): void => {
      socket.off("secure", onSecure);
      socket.off("_tlsError", onError);
      socket.off("error", onError);
      socket.off("end", onClose);
      socket.off("close", onClose);
      signal.removeEventListener("abort", onAbort);
      act();
    };
    const fail = (error: Error): void =>
      settle(() => {
        socket.on("error", () => undefined);
        socket.destroy();
        stream.destroy();
        reject(error);
      });
    const onSecure = (): void => {
      const refusal = requestCert ? whyUntrusted(socket) : undefined;
      if (refusal !== undefined) {
        fail(refusal);
        return;
      }
      settle(() => {
        // As tls.Server says it.
        socket.authorized = requestCert;
        // Nobody else gets those of a socket that no tls.Server has handed out, and it would be left as it is.
        socket.on("_tlsError", (cause: Error) => void socket.destroy(cause));
        resolve(socket);
      });
    };
    const onError = (cause: Error): void => fail(tlsServerError(cause));
    const onClose = (): void =>
      fail(new TlsError("the client closed the connection during the TLS handshake"));
    const onAbort = (): void => fail(signal.reason as Error);
    socket.once("secure", onSecure);
    // Before the handshake is done a server's errors are told by this event, to which tls.Server itself listens.
    socket.once("_tlsError", onError);
    socket.once("error", onError);
    // In a half-open connection a client that leaves would go unnoticed.
    socket.once("end", onClose);
    socket.once("close", onClose);
    signal.addEventListener("abort", onAbort, { once: true });
    if (signal.aborted) onAbort();
    // It has said so already.
    else if (stream.readableEnded || stream.destroyed) onClose();
  });
}

/** Node leaves it to tls.Server to look at a client's certificate; a socket by itself would take any. */
function whyUntrusted(socket: TLSSocket): NetcliError | undefined {
  const { ssl } = socket as { ssl?: { verifyError?: () => NodeJS.ErrnoException | null | undefined } };
  if (typeof ssl?.verifyError !== "function") {
    return new NotSupportedError("this runtime can't verify the certificates of clients");
  }
  const error = ssl.verifyError();
  if (error == null) return undefined;
  return new TlsError(`the client's certificate was refused: ${error.message} (${error.code ?? ""})`, {
    cause: error,
    code: "ERR_NETCLI_CERTIFICATE",
  });
}

const NOT_TLS = new Set([
  "ERR_SSL_HTTP_REQUEST",
  "ERR_SSL_HTTPS_PROXY_REQUEST",
  "ERR_SSL_WRONG_VERSION_NUMBER",
  "ERR_SSL_PACKET_LENGTH_TOO_LONG",
]);

function tlsServerError(cause: NodeJS.ErrnoException): NetcliError {
  if (cause instanceof NetcliError) return cause;
  const code = cause.code ?? "";
  // OpenSSL's message has its source code's lines in it, and an end of a line.
  const { reason } = cause as { reason?: string };
  const what = reason ?? cause.message;
  if (NOT_TLS.has(code)) return new TlsError("the client does not speak TLS", { cause });
  if (code.includes("ALERT")) {
    return new TlsError(`the client refused the handshake: ${what}`, { cause });
  }
  if (code === "ECONNRESET") {
    return new TlsError("the client closed the connection during the TLS handshake", { cause });
  }
  return new TlsError(`the TLS handshake failed: ${what}`, { cause });
}
