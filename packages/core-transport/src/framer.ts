// Cuts a byte stream into lines, blocks and runs of bytes, synchronously: no promise and no copy per line.
import { isAscii, isUtf8 } from "node:buffer";
import type { DecodedChunk, DotDecoder } from "./dot.ts";
import { LimitError } from "./errors.ts";

const LF = 0x0a;
const CR = 0x0d;
const EMPTY = Buffer.alloc(0);

// One read fills at most this much: libuv's own size. Larger ones made decoding slower in every Node measured.
const READ = 65_536;

// Room in front of a window for the rest of the other: a longer rest is joined elsewhere.
const ROOM = 65_536;

// Lines are decoded in runs, because a native call per line costs more than the line; but who keeps one line
// keeps its run alive, so runs are short.
const RUN = 8_192;

const NOT_ASCII = /[^\0-\x7f]/;

const BARE_LF = /(?:^|[^\r])\n/;

/** Turns the bytes of one line into text. Bytes below 128 must stand for themselves: runs of them never get here. */
export type Decode = (bytes: Buffer) => string;

/** UTF-8; a line that is not valid UTF-8 is read as latin1, so that none of its bytes is lost. */
export const decodeText = (bytes: Uint8Array): string =>
  Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString(isUtf8(bytes) ? "utf8" : "latin1");

/** Framer holds the bytes that were received and not yet taken. */
export class Framer {
  readonly #lineBytes: number;
  // Two windows for `onread` take turns: one is read into while the other holds what is not yet taken. In front
  // of each is room for the rest of the other, an unfinished line, so that joining them costs no allocation.
  readonly #windows: { whole: Buffer; area: Buffer }[] = [];
  readonly #room: number;
  #reading = 0;
  #buffer: Buffer = EMPTY;
  // The memory of #buffer and some behind it, if it was joined.
  #joined: Buffer = EMPTY;
  #start = 0;
  // Before this place there is no line feed.
  #searched = 0;
  // Complete ASCII lines, decoded ahead; #run[#runAt] stands for the byte at #start.
  #run = "";
  #runAt = 0;
  // Before this place no run is tried: the one that was held something else than ASCII.
  #runsFrom = 0;
  decode: Decode;

  constructor(lineBytes: number, decode: Decode = decodeText) {
    this.#lineBytes = lineBytes;
    this.#room = Math.min(Math.ceil(lineBytes), ROOM);
    this.decode = decode;
  }

  /** Bytes received and not yet taken. */
  get length(): number {
    return this.#buffer.length - this.#start;
  }

  /** Memory for the next read, which holds none of the bytes still to be taken. */
  space(): Buffer {
    if (this.length > 0 && this.#buffer.buffer === this.#windows[this.#reading]?.whole.buffer) {
      this.#reading ^= 1;
    }
    let window = this.#windows[this.#reading];
    if (window === undefined) {
      const whole = Buffer.allocUnsafeSlow(this.#room + READ);
      window = { whole, area: whole.subarray(this.#room) };
      this.#windows[this.#reading] = window;
    }
    return window.area;
  }

  /** Adds a chunk behind what is there. */
  append(chunk: Buffer): void {
    const rest = this.length;
    const whole = this.#windows[this.#reading]?.whole;
    if (rest === 0) {
      this.#adopt(chunk, 0);
    } else if (chunk.buffer === whole?.buffer && rest <= this.#room) {
      const start = this.#room - rest;
      this.#buffer.copy(whole, start, this.#start);
      this.#adopt(whole.subarray(0, this.#room + chunk.length), start);
    } else {
      this.#join(chunk);
    }
  }

  // Room is doubled for a long rest, or one that grows by small chunks would be copied whole for each of them.
  #join(chunk: Buffer): void {
    const { length } = this.#buffer;
    if (this.#buffer.buffer === this.#joined.buffer && length + chunk.length <= this.#joined.length) {
      chunk.copy(this.#joined, length);
      this.#adopt(this.#joined.subarray(0, length + chunk.length), this.#start);
      return;
    }
    const rest = this.length;
    const total = rest + chunk.length;
    this.#joined = Buffer.allocUnsafeSlow(rest > chunk.length ? 2 * total : total);
    this.#buffer.copy(this.#joined, 0, this.#start);
    chunk.copy(this.#joined, rest);
    this.#adopt(this.#joined.subarray(0, total), 0);
  }

  #adopt(buffer: Buffer, start: number): void {
    this.#searched = Math.max(this.#searched - this.#start, 0) + start;
    this.#runsFrom = 0;
    this.#buffer = buffer;
    this.#start = start;
  }

  /**
   * Takes one line without its end (CRLF, or a lone LF from sloppy peers), or undefined while it is not
   * complete. Throws LimitError as soon as it can't become a line within `lineBytes` any more.
   */
  takeLine(): string | undefined {
    if (this.#runAt < this.#run.length) return this.#takeFromRun();
    const lineEnd = this.#buffer.indexOf(LF, this.#searched);
    this.#checkLength((lineEnd === -1 ? this.#buffer.length : lineEnd) + 1 - this.#start);
    if (lineEnd === -1) {
      if (this.#start === this.#buffer.length) this.#release();
      this.#searched = this.#buffer.length;
      return undefined;
    }
    if (this.#start >= this.#runsFrom && this.#decodeRun(lineEnd)) return this.#takeFromRun();
    this.#searched = lineEnd + 1;
    const textEnd = lineEnd > this.#start && this.#buffer[lineEnd - 1] === CR ? lineEnd - 1 : lineEnd;
    // Mostly that is it already, and costs one native call instead of three.
    let text = this.#buffer.toString("latin1", this.#start, textEnd);
    if (NOT_ASCII.test(text)) text = this.decode(this.#buffer.subarray(this.#start, textEnd));
    this.#start = lineEnd + 1;
    return text;
  }

  /** Takes all complete lines that are there, in one piece: who keeps one of them keeps the memory of all. */
  takeLines(): string[] {
    const end = this.#buffer.lastIndexOf(LF);
    if (end < this.#start) {
      // Nothing yet: what takes one line also sees that it can't become one any more.
      const line = this.takeLine();
      return line === undefined ? [] : [line];
    }
    const isShort = end + 1 - this.#start <= this.#lineBytes;
    // Within a run the place in the bytes is another one than that in the text.
    if (this.#runAt < this.#run.length || !isShort) return this.#takeOneByOne();
    const textEnd = end > this.#start && this.#buffer[end - 1] === CR ? end - 1 : end;
    if (!isAscii(this.#buffer.subarray(this.#start, textEnd))) return this.#takeOneByOne();
    const text = this.#buffer.toString("latin1", this.#start, textEnd);
    if (BARE_LF.test(text)) return this.#takeOneByOne();
    this.#skip(end + 1 - this.#start);
    return text.split("\r\n");
  }

  #takeOneByOne(): string[] {
    const lines: string[] = [];
    try {
      for (let line = this.takeLine(); line !== undefined; line = this.takeLine()) lines.push(line);
    } catch (error) {
      // Those before the line that is too long are in order; whoever asks for the next one is told.
      if (lines.length === 0) throw error;
    }
    return lines;
  }

  /** Who waits for more keeps nothing of what was taken: an idle connection would hold its last chunk. */
  #release(): void {
    this.#buffer = EMPTY;
    this.#start = 0;
    this.#runsFrom = 0;
    this.#run = "";
    this.#runAt = 0;
  }

  #checkLength(length: number): void {
    if (length <= this.#lineBytes) return;
    throw new LimitError(`the peer sent a line of more than ${this.#lineBytes} bytes`, "lineBytes");
  }

  #decodeRun(firstLineEnd: number): boolean {
    if (firstLineEnd + 1 === this.#buffer.length) return false;
    const lastLineEnd = this.#buffer.lastIndexOf(LF, this.#start + RUN - 1);
    if (lastLineEnd <= firstLineEnd) return false;
    const run = this.#buffer.subarray(this.#start, lastLineEnd + 1);
    if (!isAscii(run)) {
      this.#runsFrom = lastLineEnd + 1;
      return false;
    }
    this.#run = run.toString("latin1");
    this.#runAt = 0;
    this.#searched = lastLineEnd + 1;
    return true;
  }

  #takeFromRun(): string {
    const at = this.#runAt;
    const lineEnd = this.#run.indexOf("\n", at);
    this.#checkLength(lineEnd + 1 - at);
    const textEnd = lineEnd > at && this.#run.charCodeAt(lineEnd - 1) === CR ? lineEnd - 1 : lineEnd;
    this.#start += lineEnd + 1 - at;
    this.#runAt = lineEnd + 1;
    return this.#run.slice(at, textEnd);
  }

  /** Takes up to `max` bytes: a view, valid until the next call that adds or asks for space. */
  takeBytes(max: number): Buffer {
    const bytes = this.#buffer.subarray(this.#start, Math.min(this.#start + max, this.#buffer.length));
    this.#skip(bytes.length);
    return bytes;
  }

  /** Takes what belongs to a dot-terminated block: a view, as for `takeBytes`. */
  takeBlock(decoder: DotDecoder): DecodedChunk {
    const decoded = decoder.decode(this.#buffer.subarray(this.#start));
    this.#skip(decoded.consumed);
    return decoded;
  }

  #skip(bytes: number): void {
    this.#run = "";
    this.#runAt = 0;
    this.#start += bytes;
    this.#searched = this.#start;
  }

  /** A look at the next bytes without taking them. */
  peek(max: number): Buffer {
    return this.#buffer.subarray(this.#start, this.#start + max);
  }
}
