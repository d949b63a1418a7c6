// HP 3000 (MPE/iX), whose server prints what LISTFILE does, with the name behind or in front:
// "         80B  FA         120       1023   3      16  1  *  letter", "STOCK     PRIV    128W  FB    9   9   1  16  1  1".
// A slash marks a directory; it is dropped. The size is told in records: that is exact if they are of a fixed length.
import type { ListingClock } from "./clock.ts";
import { makeEntry } from "./entry.ts";
import { fieldsOf, isTitle, markedName, sizeOf } from "./fields.ts";
import type { Scanned } from "./scanner.ts";

const TITLES = [
  "CODE ------------LOGICAL RECORD----------- ----SPACE---- FILENAME",
  "FILENAME CODE ------------LOGICAL RECORD----------- ----SPACE----",
  "SIZE TYP EOF LIMIT R/B SECTORS #X MX",
];

// SIZE, TYP, EOF, LIMIT, R/B, SECTORS, #X, MX
const COLUMNS = [
  /^\d{1,9}[BW]$/,
  /^[A-Z]{2,4}$/,
  /^\d{1,15}$/,
  /^\d{1,15}$/,
  /^\d{1,6}$/,
  /^\d{1,12}$/,
  /^\d{1,6}$/,
  /^(?:\d{1,6}|\*)$/,
];

export function scanMpe(line: string, _clock: ListingClock): Scanned {
  if (TITLES.some((title) => isTitle(line, title)) || isFrame(line.slice(0, 100))) return "heading";
  const words = fieldsOf(line, 11).map(({ text }) => text);
  const start = words.findIndex((word) => COLUMNS[0]?.test(word.slice(0, 12)) === true);
  const columns = words.slice(start, start + COLUMNS.length);
  if (start === -1 || start > 2 || !COLUMNS.every((column, index) => column.test(columns[index] ?? ""))) {
    return undefined;
  }
  const behind = words.slice(start + COLUMNS.length);
  const word = behind[0] ?? words[0];
  if (word === undefined || behind.length > 1 || (behind.length === 1 ? start > 1 : start === 0)) {
    return undefined;
  }
  const [name, isDirectory] = markedName(word);
  const [record = "", type = "", records] = columns;
  return makeEntry("mpe", line, name, isDirectory ? "directory" : "file", {
    size: /^[BF]/.test(type) ? sizeOf(String(bytesOf(record) * Number(records))) : undefined,
  });
}

// A word has two bytes.
function bytesOf(record: string): number {
  return Number(record.slice(0, -1)) * (record.endsWith("W") ? 2 : 1);
}

function isFrame(line: string): boolean {
  return /^\s*(?:PATH= ?\S|ACCOUNT ?= .*GROUP ?=)/.test(line);
}
