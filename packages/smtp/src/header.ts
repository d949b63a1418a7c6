// The header of a message: its fields, for the envelope, and the message without those that nobody may see.
import { isUint8Array } from "node:util/types";
import { ArgumentError, chunksOf, type Content } from "@netcli/core-transport";

/** HeaderField is one field of a header. */
export interface HeaderField {
  /** In lower case. */
  readonly name: string;
  /** Unfolded, without blanks around it, decoded as UTF-8. */
  readonly value: string;
}

/** SplitMessage is a message whose header was read. */
export interface SplitMessage {
  /** All fields, those that were removed too. */
  readonly fields: readonly HeaderField[];
  /**
   * The whole message without its Bcc and Resent-Bcc fields: bytes where it was a string or bytes, else a stream, to be
   * read once. Its `return` gives up the stream that it comes from, also before anything was read.
   */
  readonly content: Uint8Array | AsyncIterableIterator<Uint8Array>;
  /** How many bytes were left out. */
  readonly removed: number;
}

const LONGEST_HEADER = 1_048_576;

const SECRET: ReadonlySet<string> = new Set(["bcc", "resent-bcc"]);

// A blank before the colon is obsolete syntax (RFC 5322 4.5), which is still understood.
const NAME = /^([!-9;-~]+)[ \t]*$/;

const TAB = 0x09;
const LF = 0x0a;
const CR = 0x0d;
const SPACE = 0x20;

/**
 * Reads the header off the front of a message. CRLF, LF and CR all end a line: each of them is sent as a CRLF. A
 * message whose first line is no field has no header. Throws ArgumentError for a header of more than 1 MiB.
 */
export async function splitHeader(content: Content): Promise<SplitMessage> {
  if (typeof content === "string") return split(Buffer.from(content));
  if (isUint8Array(content)) return split(content);
  const chunks = chunksOf(content);
  try {
    const begin = split(await readBegin(chunks));
    return { ...begin, content: new Rest(begin.content, chunks) };
  } catch (error) {
    // As a loop would: what fails in giving up does not hide why.
    await chunks.return().catch(() => undefined);
    throw error;
  }
}

/** Reads up to where the header ends, or there turns out to be none. */
async function readBegin(chunks: AsyncIterator<Uint8Array, void>): Promise<Uint8Array> {
  const read: Uint8Array[] = [];
  const lines = new LineEnds();
  for (let length = 0; length <= LONGEST_HEADER;) {
    const next = await chunks.next();
    if (next.done === true) break;
    // A copy: the next chunk may come in the same memory.
    read.push(Buffer.from(next.value));
    length += next.value.length;
    const isFirst = !lines.seen;
    if (lines.findEmpty(next.value)) break;
    if (isFirst && lines.seen && !beginsWithField(Buffer.concat(read))) break;
  }
  return Buffer.concat(read);
}

/** LineEnds looks for an empty line in chunks that were cut anywhere. */
class LineEnds {
  /** True once a line has ended. */
  seen = false;
  #atStart = true;
  #afterCr = false;

  findEmpty(chunk: Uint8Array): boolean {
    for (const byte of chunk) {
      const isSecondHalf = byte === LF && this.#afterCr;
      this.#afterCr = byte === CR;
      if (isSecondHalf) continue;
      const isEnd = byte === CR || byte === LF;
      if (isEnd && this.#atStart) return true;
      if (isEnd) this.seen = true;
      this.#atStart = isEnd;
    }
    return false;
  }
}

interface SplitBytes extends SplitMessage {
  readonly content: Uint8Array;
}

interface Line {
  readonly text: Uint8Array;
  readonly start: number;
  /** Behind the line's end. */
  readonly end: number;
}

function* linesOf(bytes: Uint8Array): Generator<Line, void, void> {
  for (let start = 0; start < bytes.length;) {
    let at = start;
    while (at < bytes.length && bytes[at] !== CR && bytes[at] !== LF) at += 1;
    const end = Math.min(at + (bytes[at] === CR && bytes[at + 1] === LF ? 2 : 1), bytes.length);
    yield { text: bytes.subarray(start, at), start, end };
    start = end;
  }
}

function beginsWithField(bytes: Uint8Array): boolean {
  const first = linesOf(bytes).next().value;
  return first !== undefined && nameOf(first.text) !== undefined;
}

function nameOf(line: Uint8Array): string | undefined {
  const colon = line.subarray(0, LONGEST_HEADER).indexOf(0x3a);
  if (colon === -1) return undefined;
  return NAME.exec(Buffer.from(line.subarray(0, colon)).toString("latin1"))?.[1]?.toLowerCase();
}

function split(message: Uint8Array): SplitBytes {
  const folded: { name: string; lines: Uint8Array[] }[] = [];
  const cuts: Cut[] = [];
  if (beginsWithField(message)) {
    // A line that is neither a field nor part of one is passed by: behind it may be a Bcc.
    let field: (typeof folded)[number] | undefined;
    for (const { text, start, end } of linesOf(message)) {
      if (text.length === 0) break;
      if (end > LONGEST_HEADER) {
        throw new ArgumentError(
          `the header of the message is longer than ${LONGEST_HEADER} bytes; nothing was sent`,
        );
      }
      if (isBlank(text[0])) {
        field?.lines.push(text);
      } else {
        const name = nameOf(text);
        field = name === undefined ? undefined : { name, lines: [text.subarray(text.indexOf(0x3a) + 1)] };
        if (field !== undefined) folded.push(field);
      }
      if (field !== undefined && SECRET.has(field.name)) cut(cuts, start, end);
    }
  }
  const fields = folded.map(({ name, lines }) => ({ name, value: unfold(lines) }));
  return { fields, ...without(message, cuts) };
}

function unfold(lines: readonly Uint8Array[]): string {
  const value = Buffer.concat(lines);
  let start = 0;
  let end = value.length;
  while (start < end && isBlank(value[start])) start += 1;
  while (end > start && isBlank(value[end - 1])) end -= 1;
  return value.toString("utf8", start, end);
}

function isBlank(byte: number | undefined): boolean {
  return byte === SPACE || byte === TAB;
}

interface Cut {
  readonly start: number;
  end: number;
}

function cut(cuts: Cut[], start: number, end: number): void {
  const last = cuts.at(-1);
  if (last?.end === start) last.end = end;
  else cuts.push({ start, end });
}

function without(message: Uint8Array, cuts: readonly Cut[]): { content: Uint8Array; removed: number } {
  if (cuts.length === 0) return { content: message, removed: 0 };
  const kept: Uint8Array[] = [];
  let from = 0;
  let removed = 0;
  for (const { start, end } of cuts) {
    // The field's own LF stays where else a CR before it and a LF behind it would become one line end.
    const stop = message[start - 1] === CR && message[end] === LF ? end - 1 : end;
    kept.push(message.subarray(from, start));
    removed += stop - start;
    from = stop;
  }
  kept.push(message.subarray(from));
  return { content: Buffer.concat(kept), removed };
}

/** Rest is what was read of a stream, and then the stream. Not a generator: that one closes nothing unless begun. */
class Rest implements AsyncIterableIterator<Uint8Array> {
  #begin: Uint8Array;
  readonly #chunks: AsyncGenerator<Uint8Array, void, void>;

  constructor(begin: Uint8Array, chunks: AsyncGenerator<Uint8Array, void, void>) {
    this.#begin = begin;
    this.#chunks = chunks;
  }

  async next(): Promise<IteratorResult<Uint8Array, void>> {
    const value = this.#begin;
    if (value.length === 0) return this.#chunks.next();
    this.#begin = Buffer.alloc(0);
    return { done: false, value };
  }

  async return(): Promise<IteratorResult<Uint8Array, void>> {
    this.#begin = Buffer.alloc(0);
    return this.#chunks.return();
  }

  [Symbol.asyncIterator](): this {
    return this;
  }
}
