// TLS that can be taken off a connection again (FTP's CCC, RFC 4217 12.3). Node can't undo TLS on a socket; so this one
// goes over a stream of our own, which takes TLS records one by one and sees where they end.
import { Duplex } from "node:stream";
import type { ByteSink, ByteSource, Reason } from "./source.ts";

// RFC 8446 5.1: type, version, length. Types are 20 to 23; text begins with a higher byte.
const HEADER_BYTES = 5;
const LENGTH_AT = 3;
const HIGHEST_TYPE = 23;

const SPACE_BYTES = 65_536;
const EMPTY = Buffer.alloc(0);

/** TlsRecords carries records between TLS and the stream underneath, and at last what comes in clear to someone else. */
export class TlsRecords extends Duplex {
  readonly #plain: Duplex;
  readonly #source: ByteSource;
  readonly #onEnd: (reason: Reason | undefined) => void;
  // What came and was not passed on.
  #bytes: Buffer = EMPTY;
  #mayEnd = false;
  // Who takes what comes in clear; records that still come are nobody's.
  #heir: ByteSink | undefined;

  /** `onEnd` hears when `source`, which is that of `plain`, has no more. */
  constructor(plain: Duplex, source: ByteSource, onEnd: (reason: Reason | undefined) => void) {
    super();
    this.#plain = plain;
    this.#source = source;
    this.#onEnd = onEnd;
    const space = Buffer.allocUnsafeSlow(SPACE_BYTES);
    source.redirect({
      space: () => space,
      received: (chunk) => this.#received(chunk),
      end: (reason) => this.#end(reason),
    });
    source.resume();
  }

  /** From here on there may be something in clear behind a record. */
  set mayEnd(on: boolean) {
    this.#mayEnd = on;
    if (!on && this.#pass()) this.#source.resume();
  }

  /** TLS is over: what comes in clear is the heir's. */
  release(heir: ByteSink): void {
    this.#heir = heir;
    if (this.#pass()) this.#source.resume();
  }

  #received(chunk: Buffer): boolean {
    this.#bytes = Buffer.concat([this.#bytes, chunk]);
    return this.#pass();
  }

  /** Passes on what is complete; false: no more for now. */
  #pass(): boolean {
    let hasRoom = true;
    while (this.#bytes.length > 0) {
      const isClear = (this.#bytes[0] ?? 0) > HIGHEST_TYPE;
      if (isClear && this.#mayEnd) return this.#handOver();
      // What is no record TLS is to refuse.
      const length = isClear ? this.#bytes.length : this.#recordLength();
      if (length > this.#bytes.length) break;
      const record = this.#bytes.subarray(0, length);
      this.#bytes = this.#bytes.subarray(length);
      if (this.#heir === undefined) hasRoom = this.push(record);
    }
    return hasRoom;
  }

  #recordLength(): number {
    if (this.#bytes.length < HEADER_BYTES) return HEADER_BYTES;
    return HEADER_BYTES + this.#bytes.readUInt16BE(LENGTH_AT);
  }

  #handOver(): boolean {
    if (this.#heir === undefined) return false;
    const bytes = this.#bytes;
    this.#bytes = EMPTY;
    this.#source.redirect(this.#heir);
    return this.#heir.received(bytes);
  }

  #end(reason: Reason | undefined): void {
    if (this.#heir === undefined) {
      if (reason === undefined) this.push(null);
      else this.destroy(typeof reason === "function" ? reason() : reason);
    }
    this.#onEnd(reason);
  }

  override _read(): void {
    this.#source.resume();
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: (error?: Error | null) => void): void {
    this.#plain.write(chunk, done);
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    if (this.#heir === undefined) this.#plain.destroy();
    done(error);
  }

  // The end of TLS is not that of the stream underneath: that goes on in clear.
  override _final(done: () => void): void {
    done();
  }
}
