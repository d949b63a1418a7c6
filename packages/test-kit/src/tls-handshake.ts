// The server's half of a TLS handshake on a connection that is already there.
import type { Socket } from "node:net";
import { createServer, type TlsOptions, type TLSSocket } from "node:tls";
import { PeerGone } from "./peer-gone.ts";

// A tls.Server that never listens is the documented way to hand over a connection; unlike a bare TLSSocket
// it takes every server option and tells a failed handshake from a finished one.
export function acceptTls(socket: Socket, options: TlsOptions): Promise<TLSSocket> {
  return new Promise((resolve, reject) => {
    const server = createServer(options);
    server.once("secureConnection", (secured) => {
      secured.allowHalfOpen = true;
      // An error may come before whoever waits for this promise has a listener of its own.
      secured.on("error", () => undefined);
      resolve(secured);
    });
    server.once("tlsClientError", (cause) => {
      reject(new PeerGone(`the TLS handshake failed: ${cause.message}`, { cause }));
    });
    // In a half-open connection a client that leaves during the handshake would go unnoticed.
    socket.allowHalfOpen = false;
    server.emit("connection", socket);
  });
}
