// A reader without a connection around it: its bytes are fed by hand, and what it does to the source can be seen.
import { PassThrough, type Readable } from "node:stream";
import { defaultLimits, type Limits } from "../src/limits.ts";
import { Reader } from "../src/reader.ts";
import { ByteSource } from "../src/source.ts";
import { asChunks, type Feed, intoWindows } from "./feed.ts";

export interface Bench {
  reader: Reader;
  /** The source flows while this is not paused. */
  stream: Readable;
  /** What the reader gave the connection up for. */
  destroyed: Error[];
  /** Receives text; false, and a paused stream, if the reader wants no more for now. */
  receive: (data: string | Uint8Array) => boolean;
}

export function bench(limits: Partial<Limits> = {}, { stall = Infinity, source = intoWindows } = {}): Bench {
  const destroyed: Error[] = [];
  const reader: Reader = new Reader({
    limits: { ...defaultLimits, ...limits },
    timeouts: { stall },
    destroy: (error) => {
      if (destroyed.length > 0) return;
      destroyed.push(error);
      reader.end(error);
    },
  });
  const stream = new PassThrough();
  reader.source = new ByteSource(reader);
  reader.source.attach(stream);
  stream.resume();
  const feed: Feed = source(reader);
  const receive = (data: string | Uint8Array): boolean => {
    const more = feed(Buffer.from(data));
    if (!more) stream.pause();
    return more;
  };
  return { reader, stream, destroyed, receive };
}

export const kinds = [
  ["own windows", intoWindows],
  ["chunks", asChunks],
] as const;
