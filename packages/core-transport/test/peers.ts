// What the tests of connections have in common: identities, ports that refuse, lookups, peers that echo.
import { type LookupFunction, Socket } from "node:net";
import { Duplex } from "node:stream";
import { setImmediate as turn } from "node:timers/promises";
import { createAuthority, type ScriptedPeer } from "@netcli/test-kit";
import type { Connection } from "../src/index.ts";

export const authority = createAuthority();
/** For `localhost`, `127.0.0.1` and `::1`. */
export const identity = authority.issue();
export const trust = { ca: authority.certificate };

/** Resolves every name to these addresses, in this order. */
export function resolvesTo(...addresses: string[]): LookupFunction {
  const all = addresses.map((address) => ({ address, family: address.includes(":") ? 6 : 4 }));
  return (_name, options, callback) => {
    const [first] = all;
    process.nextTick(() => {
      if (options.all === true) callback(null, all);
      else callback(null, first?.address ?? "", first?.family);
    });
  };
}

/** Sends everything back, and ends when the client does. */
export async function echo(peer: ScriptedPeer): Promise<void> {
  const stream = peer.handOver();
  stream.pipe(stream);
  await peer.closed;
}

/** Says hello and waits for the client to go. */
export async function hello(peer: ScriptedPeer): Promise<void> {
  await peer.send("220 hello\r\n");
  await peer.closed;
}

/** Waits until so many bytes have come in over the socket, taken or not. */
export async function bytesReceived({ socket }: Connection, count: number): Promise<void> {
  if (!(socket instanceof Socket)) throw new Error("not a socket");
  while (socket.bytesRead < count) await turn();
}

/** Bytes in which a lost, doubled or displaced piece shows. */
export function pattern(size: number): Buffer {
  const bytes = Buffer.allocUnsafe(size);
  for (let at = 0; at < size; at += 1) bytes[at] = (at * 31 + (at >> 8) * 7 + (at >> 16)) & 0xff;
  return bytes;
}

/** One end of a pipe in memory, which holds as much as a stream usually does. */
class End extends Duplex {
  other: End | undefined;
  #taken: (() => void) | undefined;

  override _read(): void {
    const taken = this.#taken;
    this.#taken = undefined;
    taken?.();
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, callback: () => void): void {
    if (this.other === undefined || this.other.push(chunk)) callback();
    else this.other.#taken = callback;
  }

  override _final(callback: () => void): void {
    this.other?.push(null);
    callback();
  }
}

/** Two streams that are no sockets; what is written to one is read from the other. */
export function streamPair(): [Duplex, Duplex] {
  const near = new End();
  const far = new End();
  near.other = far;
  far.other = near;
  return [near, far];
}
