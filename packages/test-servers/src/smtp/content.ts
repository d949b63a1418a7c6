// Messages as DATA carries them (RFC 5321 4.1.1.4, 4.5.2), and what must not be in one.
import { isAscii } from "node:buffer";
import type { Transaction } from "./state.ts";
import type { Wire } from "../wire.ts";

const LF = 0x0a;
const CR = 0x0d;
const DOT = 0x2e;
const END = Buffer.from("\r\n.\r\n");
const DOT_LINE = Buffer.from("\r\n.");
/** The length of dot CR LF. */
export const DOT_END = 3;

/** Called with the bytes that are there so far. False: no more is wanted. */
export type Progress = (bytes: number) => Promise<boolean>;

/** Where the end of a message ends in a piece of it, behind `tail`, the bytes in front of the piece; -1: not in it. */
function endIn(piece: Buffer, tail: Buffer): number {
  // Not the whole piece: large messages would be copied once more.
  const seam = Buffer.concat([tail, piece.subarray(0, END.length - 1)]).indexOf(END);
  if (seam !== -1) return seam + END.length - tail.length;
  const at = piece.indexOf(END);
  return at === -1 ? -1 : at + END.length;
}

/**
 * Reads up to the end, which alone is CR LF dot CR LF; gives what is in front of the dot, as it came. Undefined: the
 * client has left, or no more is wanted.
 */
export async function readDots(wire: Wire, progress: Progress): Promise<Buffer | undefined> {
  // The end of the command line counts: a message may be empty.
  let tail: Buffer = Buffer.from("\r\n");
  const pieces: Buffer[] = [];
  let bytes = 0;
  for (;;) {
    const piece = await wire.read(Infinity);
    if (piece === undefined) return undefined;
    bytes += piece.length;
    if (!(await progress(bytes))) return undefined;
    const end = endIn(piece, tail);
    if (end !== -1) {
      wire.unread(piece.subarray(end));
      pieces.push(piece.subarray(0, end));
      const whole = Buffer.concat(pieces);
      return whole.subarray(0, whole.length - DOT_END);
    }
    pieces.push(piece);
    tail = Buffer.concat([tail, piece.subarray(1 - END.length)]).subarray(1 - END.length);
  }
}

/** Takes away the dots that DATA adds. `isRight`: every one of them stands before another dot. */
export function withoutDots(content: Buffer): { readonly data: Buffer; readonly isRight: boolean } {
  const pieces: Buffer[] = [];
  let isRight = true;
  let start = 0;
  const drop = (dot: number): void => {
    if (content[dot + 1] !== DOT) isRight = false;
    pieces.push(content.subarray(start, dot));
    start = dot + 1;
  };
  if (content[0] === DOT) drop(0);
  for (let at = content.indexOf(DOT_LINE); at !== -1; at = content.indexOf(DOT_LINE, at + 2)) drop(at + 2);
  if (pieces.length === 0) return { data: content, isRight };
  return { data: Buffer.concat([...pieces, content.subarray(start)]), isRight };
}

/** What is wrong with the bytes of a message, in words. */
export function wrongBytes(data: Buffer, { body, isUtf8 }: Transaction): string[] {
  if (body === "BINARYMIME") return [];
  const wrong: string[] = [];
  if (hasBare(data, CR, (at) => data[at + 1] === LF)) wrong.push("a CR without LF");
  if (hasBare(data, LF, (at) => data[at - 1] === CR)) wrong.push("an LF without CR");
  // SMTPUTF8 asks for header fields in UTF-8, whatever the body is (RFC 6531).
  if (body === "7BIT" && !isUtf8 && !isAscii(data)) wrong.push("8-bit content without BODY=8BITMIME");
  return wrong;
}

function hasBare(data: Buffer, byte: number, isPaired: (at: number) => boolean): boolean {
  for (let at = data.indexOf(byte); at !== -1; at = data.indexOf(byte, at + 1)) {
    if (!isPaired(at)) return true;
  }
  return false;
}
