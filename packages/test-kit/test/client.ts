// A bare client for these tests: sockets as node:net and node:tls give them, waited for until they are ready.
import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { connect as connectTls, type ConnectionOptions, type TLSSocket } from "node:tls";

export interface Address {
  host: string;
  port: number;
}

/** Half-open, so that a test sees the end of the other side before it ends its own. */
export async function open({ host, port }: Address): Promise<Socket> {
  const socket = connect({ host, port, allowHalfOpen: true, noDelay: true });
  await once(socket, "connect");
  return socket;
}

/** Rejects with the error of a failed handshake; destroyed then, as with any failed connection. */
export async function openTls(options: ConnectionOptions): Promise<TLSSocket> {
  const socket = connectTls(options);
  await once(socket, "secureConnect");
  return socket;
}

/** The next bytes, in whatever pieces they come; what is left over stays unread. */
export async function bytes(socket: Socket, size: number): Promise<Buffer> {
  const pieces: Buffer[] = [];
  for (let missing = size; missing > 0;) {
    const piece: unknown = socket.read();
    if (piece === null) {
      await once(socket, "readable");
    } else if (Buffer.isBuffer(piece)) {
      pieces.push(piece.subarray(0, missing));
      if (piece.length > missing) socket.unshift(piece.subarray(missing));
      missing -= Math.min(piece.length, missing);
    }
  }
  return Buffer.concat(pieces);
}

/** Waits for the connection to be over in both directions, whichever way it ends. */
export async function over(socket: Socket): Promise<void> {
  const closed = new Promise<void>((resolve) => {
    socket.once("close", () => resolve());
  });
  socket.on("error", () => undefined);
  socket.once("end", () => socket.end());
  socket.resume();
  await closed;
}
