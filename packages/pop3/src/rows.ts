// The rows of LIST and UIDL (RFC 1939 5, 7), and the numbers of STAT: as the RFC has them, and as sloppy servers send them.
import { ProtocolError } from "@netcli/core-transport";

/** A message in the maildrop. */
export interface MessageRow {
  /** Its number, in this session only. */
  readonly number: number;
  /** Bytes, as the server counts them. */
  readonly size: number;
}

/** A message and its unique id, which stays the same in all sessions. */
export interface UidRow {
  readonly number: number;
  readonly uid: string;
}

// More is read nowhere else either: a number that JavaScript can't hold, or an id that no server makes.
const DIGITS = String.raw`(\d{1,15})`;
const NUMBER = String.raw`0{0,15}([1-9]\d{0,14})`;

// Some servers begin a row with blanks, put several between, or text behind.
const SIZE_ROW = new RegExp(`^[ \\t]*${NUMBER}[ \\t]+${DIGITS}(?:[ \\t].*)?$`);
const UID_ROW = new RegExp(`^[ \\t]*${NUMBER}[ \\t]+([!-~\\u0080-\\uffff]{1,1000})[ \\t]*$`, "u");
const STAT = new RegExp(`^${DIGITS}[ \\t]+${DIGITS}(?:[^\\d].*)?$`);

const LAST = new RegExp(`^${DIGITS}(?!\\d)`);

/** Reads a row of LIST. Throws ProtocolError. */
export function parseSizeRow(line: string): MessageRow {
  const [, number, size] = SIZE_ROW.exec(line) ?? [];
  if (number === undefined || size === undefined) throw unreadable("LIST", line);
  return { number: Number(number), size: Number(size) };
}

/** Reads a row of UIDL. Throws ProtocolError. */
export function parseUidRow(line: string): UidRow {
  const [, number, uid] = UID_ROW.exec(line) ?? [];
  if (number === undefined || uid === undefined) throw unreadable("UIDL", line);
  return { number: Number(number), uid };
}

/** Reads the answer to STAT. Throws ProtocolError. */
export function parseStat(text: string): { count: number; size: number } {
  const [, count, size] = STAT.exec(text.trim()) ?? [];
  if (count === undefined || size === undefined) throw unreadable("STAT", text);
  return { count: Number(count), size: Number(size) };
}

/** Reads the answer to LAST. Throws ProtocolError. */
export function parseLast(text: string): number {
  const [, number] = LAST.exec(text) ?? [];
  if (number === undefined) throw unreadable("LAST", text);
  return Number(number);
}

function unreadable(verb: string, line: string): ProtocolError {
  return new ProtocolError(`the server answered ${verb} with ${JSON.stringify(line.slice(0, 80))}`);
}
