// Dot-terminated blocks: how SMTP, POP3 and NNTP send text of any length (RFC 5321 4.5.2, RFC 1939 3,
// RFC 3977 3.1.1). Both directions are functions of the byte stream: how it was cut in chunks never matters.

const LF = 0x0a;
const CR = 0x0d;
const DOT = 0x2e;

// Where in a line the last chunk ended.
const MID = 0;
const AFTER_CR = 1;
const START = 2;
const AFTER_DOT = 3;
const AFTER_DOT_CR = 4;

// A native call costs as much as a loop over this many bytes. When dots stand closer, a loop takes the next
// stretch, so that a text made of dots is not slower than any other.
const DENSE = 48;

// Fewer insertions than one per this many bytes: handing out pieces costs less than copying the chunk.
const FEW = 1_024;

const STRETCH = 1_024;

// What has no whole word in it.
const NO_WORDS = new Int32Array(0);

/** What became of one chunk. */
export interface DecodedChunk {
  /** The content in it: a view of the chunk's own memory, which was rewritten in place. */
  readonly data: Buffer;
  /** How many bytes of the chunk belonged to the block. */
  readonly consumed: number;
  /** True: the terminator was seen; what follows `consumed` is not part of the block. */
  readonly done: boolean;
}

/**
 * DotDecoder removes the stuffed dots of a block and finds its end. Only CRLF "." CRLF ends a block: a lone
 * CR or LF is content, or a relay could be made to see an end where there is none (SMTP smuggling).
 */
export class DotDecoder {
  #state: number = START;

  /** Decodes a chunk in place; the chunk's memory must not be anyone else's. */
  decode(chunk: Buffer): DecodedChunk {
    if (this.#state === AFTER_DOT_CR && chunk.length > 0 && chunk[0] !== LF) {
      // The CR that was held back is content after all, and there is no room for it in this chunk.
      this.#state = MID;
      const { data, consumed, done } = this.decode(Buffer.concat([Buffer.of(CR), chunk]));
      return { data, consumed: consumed - 1, done };
    }
    const end = chunk.length;
    let state = this.#state;
    let read = 0;
    let write = 0;
    let slowUntil = 0;
    while (read < end) {
      if (state === MID && read >= slowUntil) {
        const at = chunk.indexOf("\r\n.", read, "latin1");
        const stop = at === -1 ? end : at + 2;
        // Before the bytes are moved, which may overwrite the last ones.
        state = at === -1 ? stateAfter(chunk, end) : START;
        if (write !== read) chunk.copyWithin(write, read, stop);
        write += stop - read;
        if (stop - read < DENSE) slowUntil = stop + STRETCH;
        read = stop;
        continue;
      }
      const byte = chunk[read] as number;
      read += 1;
      if (state === START && byte === DOT) {
        state = AFTER_DOT;
      } else if (state === AFTER_DOT && byte === CR) {
        state = AFTER_DOT_CR;
      } else if (state === AFTER_DOT_CR && byte === LF) {
        this.#state = START;
        return { data: chunk.subarray(0, write), consumed: read, done: true };
      } else {
        if (state === AFTER_DOT_CR) {
          chunk[write] = CR;
          write += 1;
        }
        state = byte === CR ? AFTER_CR : byte === LF && state === AFTER_CR ? START : MID;
        chunk[write] = byte;
        write += 1;
      }
    }
    this.#state = state;
    return { data: chunk.subarray(0, write), consumed: end, done: false };
  }
}

// The bytes before `end` were searched and hold no CRLF "."; `end` is the end of the chunk.
function stateAfter(chunk: Buffer, end: number): number {
  const last = chunk[end - 1];
  if (last === CR) return AFTER_CR;
  return last === LF && chunk[end - 2] === CR ? START : MID;
}

/**
 * DotEncoder stuffs the dots of a text and makes CRLF of every line end that is not, be it a lone CR or LF.
 */
export class DotEncoder {
  #state: number = START;

  /** The chunk as it must be sent, in pieces to be sent one after the other; most are views of the chunk. */
  encode(chunk: Uint8Array): readonly Uint8Array[] {
    const insertions = this.#scan(chunk);
    if (insertions.length === 0) return [chunk];
    return insertions.length * FEW < chunk.length ? split(chunk, insertions) : [insert(chunk, insertions)];
  }

  /** What must follow the last chunk: the end of an unfinished line, and the terminator. */
  finish(): Uint8Array {
    const tail = this.#state === MID ? "\r\n.\r\n" : this.#state === AFTER_CR ? "\n.\r\n" : ".\r\n";
    this.#state = START;
    return Buffer.from(tail);
  }

  // Finds the bytes to insert, as pairs of the place in the chunk and the byte.
  #scan(chunk: Uint8Array): number[] {
    const insertions: number[] = [];
    let state = this.#state;
    const { length } = chunk;
    const words = wordsOf(chunk);
    const start = wordStart(chunk);
    for (let at = 0; at < length; at += 1) {
      if (state === MID) {
        at = skipText(chunk, words, start, at);
        if (at === length) break;
      }
      const byte = chunk[at] as number;
      if (byte === LF) {
        if (state !== AFTER_CR) insertions.push(at, CR);
        state = START;
        continue;
      }
      if (state === AFTER_CR) {
        insertions.push(at, LF);
        state = START;
      }
      if (byte === CR) {
        state = AFTER_CR;
      } else {
        if (byte === DOT && state === START) insertions.push(at, DOT);
        state = MID;
      }
    }
    this.#state = state;
    return insertions;
  }
}

/** Where in a chunk the first word of four bytes begins. */
const wordStart = ({ byteOffset }: Uint8Array): number => -byteOffset & 3;

/** The memory of a chunk from there on. */
function wordsOf(chunk: Uint8Array): Int32Array {
  const start = wordStart(chunk);
  const count = (chunk.length - start) >> 2;
  return count > 0 ? new Int32Array(chunk.buffer, chunk.byteOffset + start, count) : NO_WORDS;
}

/** Where the first byte is, from there on, that is CR or less; the end of the chunk if there is none. */
function skipText(chunk: Uint8Array, words: Int32Array, start: number, from: number): number {
  const { length } = chunk;
  const { length: count } = words;
  let at = from;
  while (at < length && ((at - start) & 3) !== 0) {
    if ((chunk[at] as number) <= CR) return at;
    at += 1;
  }
  if (at === length) return at;
  let word = (at - start) >> 2;
  while (word < count && !mayHoldControl(words[word] as number)) word += 1;
  at = start + word * 4;
  while (at < length && (chunk[at] as number) > CR) at += 1;
  return at;
}

/** Has one of the four bytes a value up to CR? May be wrong for a byte above one that has. */
function mayHoldControl(word: number): boolean {
  return ((word - 0x0e0e0e0e) & ~word & 0x80808080) !== 0;
}

function split(chunk: Uint8Array, insertions: readonly number[]): Uint8Array[] {
  const pieces: Uint8Array[] = [];
  let read = 0;
  for (let next = 0; next < insertions.length; next += 2) {
    const at = insertions[next] as number;
    if (at > read) pieces.push(chunk.subarray(read, at));
    pieces.push(Uint8Array.of(insertions[next + 1] as number));
    read = at;
  }
  pieces.push(chunk.subarray(read));
  return pieces;
}

function insert(chunk: Uint8Array, insertions: readonly number[]): Uint8Array {
  const out = Buffer.allocUnsafe(chunk.length + insertions.length / 2);
  let read = 0;
  let write = 0;
  for (let next = 0; next < insertions.length; next += 2) {
    const at = insertions[next] as number;
    write = copy(chunk, read, at, out, write);
    out[write] = insertions[next + 1] as number;
    write += 1;
    read = at;
  }
  copy(chunk, read, chunk.length, out, write);
  return out;
}

function copy(from: Uint8Array, start: number, end: number, to: Uint8Array, at: number): number {
  if (end - start >= DENSE) {
    to.set(from.subarray(start, end), at);
    return at + end - start;
  }
  let write = at;
  for (let read = start; read < end; read += 1) {
    to[write] = from[read] as number;
    write += 1;
  }
  return write;
}
