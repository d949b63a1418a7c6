// Compression over a connection: raw DEFLATE in both directions for good (RFC 1951, as RFC 8054 and RFC 4978 use it),
// or one zlib stream in one direction (RFC 1950, as FTP's MODE Z uses it).
import type { Duplex, Transform } from "node:stream";
import {
  constants,
  createDeflate,
  createDeflateRaw,
  createInflate,
  createInflateRaw,
  type Deflate,
  type DeflateRaw,
  type Inflate,
  type InflateRaw,
} from "node:zlib";
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
  deflated.pipe(socket);
  feed(inflated, source, framer, destroy);
  return { inflated, deflated };
}

/** Puts a decompressor behind `source`. Without the end of the zlib stream what came is broken: it may not be all. */
export function inflateInPlace(source: ByteSource, framer: Framer, destroy: (error: Error) => void): Inflate {
  const inflated = createInflate();
  feed(inflated, source, framer, destroy);
  return inflated;
}

/** Puts a compressor in front of `socket`, for content: nothing goes out before it pays. */
export function deflateOnly(socket: Duplex): Deflate {
  const deflated = createDeflate();
  deflated.pipe(socket);
  return deflated;
}

function feed(
  inflated: Transform,
  source: ByteSource,
  framer: Framer,
  destroy: (error: Error) => void,
): void {
  inflated.on("error", (cause) => {
    destroy(new ProtocolError(`the peer's compressed data is broken: ${cause.message}`, { cause }));
  });
  inflated.on("drain", () => source.resume());
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
}
