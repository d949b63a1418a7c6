// The content of a message: how large it is, and whether it needs more than 7 bits, where that is known before it goes.
import { isAscii } from "node:buffer";
import { isUint8Array } from "node:util/types";
import { chunksOf, type Content } from "@netcli/core-transport";

/** Content that may be text, as bytes. */
export function bytesIfKnown(content: Content): Content {
  return typeof content === "string" ? Buffer.from(content, "utf8") : content;
}

/** Bytes of it as they are; undefined for a stream. */
export function sizeOf(content: Content): number | undefined {
  return isUint8Array(content) ? content.length : undefined;
}

/** Has it bytes above 127? Undefined for a stream. */
export function needs8Bits(content: Content): boolean | undefined {
  return isUint8Array(content) ? !isAscii(content) : undefined;
}

/** Content on its way out, that knows how far it is. */
export class Outgoing {
  readonly #content: Content;
  /** Bytes that were taken from it. */
  bytes: number = 0;
  /** The server may have the whole message from now on. */
  isAtEnd: boolean = false;

  constructor(content: Content) {
    this.#content = content;
  }

  async *chunks(): AsyncGenerator<Uint8Array, void, void> {
    for await (const chunk of chunksOf(this.#content)) {
      this.bytes += chunk.length;
      yield chunk;
    }
  }

  /** The same for a block, whose end goes out behind the last of them. */
  async *ofBlock(): AsyncGenerator<Uint8Array, void, void> {
    yield* this.chunks();
    this.isAtEnd = true;
  }
}
