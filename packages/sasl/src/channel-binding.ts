// What binds an authentication to its TLS connection: tls-exporter (RFC 9266), tls-server-end-point (RFC 5929 4).
import type { TLSSocket } from "node:tls";
import { certificateHash } from "./certificate-hash.ts";
import { derChildren, derElements, SEQUENCE } from "./der.ts";

/** Something that both ends of a TLS connection see, and nobody in between could make them see alike. */
export interface ChannelBinding {
  readonly type: "tls-exporter" | "tls-server-end-point";
  readonly data: Uint8Array;
}

// RFC 9266 2.
const LABEL = "EXPORTER-Channel-Binding";
const SIZE = 32;

// OpenSSL's SSL_SESSION in DER: field 3 is the server's certificate, bit 0 of field 13 the extended master secret.
const CERTIFICATE = 0xa3;
const FLAGS = 0xad;
const EXTENDED_MASTER_SECRET = 1;

/** What this TLS connection can be bound with, the best first; nothing before its handshake. */
export function channelBindings(socket: TLSSocket): readonly ChannelBinding[] {
  // Before the handshake there is none.
  const session = socket.getSession();
  if (session === undefined || socket.getFinished() === undefined) return [];
  const bindings: ChannelBinding[] = [];
  if (hasUniqueExporter(socket, session)) {
    bindings.push({
      type: "tls-exporter",
      data: socket.exportKeyingMaterial(SIZE, LABEL, Buffer.alloc(0)),
    });
  }
  // A resumed connection has it in its session only.
  const certificate = socket.getPeerX509Certificate()?.raw ?? sessionField(session, CERTIFICATE);
  const data = certificate === undefined ? undefined : certificateHash(certificate);
  if (data !== undefined) bindings.push({ type: "tls-server-end-point", data });
  return bindings;
}

/**
 * Before TLS 1.3 two connections can be made to export the same, unless the extended master secret (RFC 7627) was
 * agreed on (RFC 9266 4.2). Node does not tell; the session does.
 */
function hasUniqueExporter(socket: TLSSocket, session: Uint8Array): boolean {
  const version = socket.getProtocol();
  if (version !== "TLSv1.2") return version === "TLSv1.3";
  const [flags] = derElements(sessionField(session, FLAGS) ?? new Uint8Array()) ?? [];
  return ((flags?.content.at(-1) ?? 0) & EXTENDED_MASTER_SECRET) !== 0;
}

function sessionField(session: Uint8Array, tag: number): Uint8Array | undefined {
  const fields = derChildren(derElements(session)?.[0], SEQUENCE);
  return fields.find((field) => field.tag === tag)?.content;
}
