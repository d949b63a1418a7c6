// Raw DEFLATE over a connection in both directions (RFC 1951, as RFC 8054 and RFC 4978 use it).
import type { Duplex } from "node:stream";
import { constants, createDeflateRaw, createInflateRaw, type DeflateRaw, type InflateRaw } from "node:zlib";
import { ProtocolError } from "./errors.ts";
import type { Framer } from "./framer.ts";
import type { ByteSource } from "./source.ts";

/**
 * Puts a compressor in front of `socket` and a decompressor behind `source`. What `framer` holds already was
 * received behind the peer's go-ahead and is compressed.
 */
export function deflateInPlace(
  socket: Duplex,
  source: ByteSource,
  framer: Framer,
  destroy: (error: Error) => void,
): { inflated: InflateRaw; deflated: DeflateRaw } {
  // A peer that hangs up does not send the last block that zlib waits for.
  const inflated = createInflateRaw({ finishFlush: constants.Z_SYNC_FLUSH });
  // Flushed after every write: the peer must be able to read a command without waiting for the next.
  const deflated = createDeflateRaw({ flush: constants.Z_SYNC_FLUSH });
  inflated.on("error", (cause) => {
    destroy(new ProtocolError(`the peer's compressed data is broken: ${cause.message}`, { cause }));
  });
  inflated.on("drain", () => source.resume());
  deflated.pipe(socket);
  const scratch = Buffer.allocUnsafeSlow(65_536);
  const received = (chunk: Buffer): boolean => inflated.write(Buffer.from(chunk));
  if (framer.length > 0) received(framer.takeBytes(framer.length));
  source.redirect({
    space: () => scratch,
    received,
    end: (reason) => {
      if (reason === undefined) inflated.end();
      else destroy(typeof reason === "function" ? reason() : reason);
    },
  });
  source.resume();
  return { inflated, deflated };
}
