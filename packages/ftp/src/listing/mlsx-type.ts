// The "type" fact of MLSx (RFC 3659 7.5.1): file, dir, cdir, pdir, and what systems add ("OS.unix=slink:target").
import type { EntryDraft, FtpEntryType } from "./entry.ts";

/** Reads the value of the fact between two places. */
export function readType(line: string, start: number, end: number, entry: EntryDraft): void {
  // Nearly all are "file" or "dir": told apart by their length and first letter, and then compared.
  const first = line.charCodeAt(start) | 32;
  const length = end - start;
  if (length === 4 && first === 102 && isValue(line, start, "file")) entry.type = "file";
  else if (length === 3 && first === 100 && isValue(line, start, "dir")) entry.type = "directory";
  else if (length === 4 && isValue(line, start, "cdir")) readSpecial(entry, "current");
  else if (length === 4 && isValue(line, start, "pdir")) readSpecial(entry, "parent");
  else if (first === 111 && isValue(line, start, "os.")) readSystemType(line.slice(start, end), entry);
  else entry.type = "other";
}

function isValue(line: string, start: number, value: string): boolean {
  for (let index = 0; index < value.length; index += 1) {
    const code = line.charCodeAt(start + index);
    // The dot of "os." would change, too, but only to itself.
    if ((code | 32) !== value.charCodeAt(index)) return false;
  }
  return true;
}

function readSpecial(entry: EntryDraft, special: "current" | "parent"): void {
  entry.type = "directory";
  entry.special = special;
}

const SYSTEM_TYPES: readonly (readonly [string, FtpEntryType])[] = [
  ["slink", "symlink"],
  ["symlink", "symlink"],
  ["link", "symlink"],
  ["blk", "device"],
  ["chr", "device"],
  ["dev", "device"],
  ["fifo", "pipe"],
  ["pipe", "pipe"],
  ["sock", "socket"],
  ["file", "file"],
  ["dir", "directory"],
];

// "OS.unix=slink:/target", "OS.unix=symlink", "OS.unix=chr-13/29", "OS.unix=socket".
function readSystemType(value: string, entry: EntryDraft): void {
  const equals = value.indexOf("=");
  const kind = value.slice(equals + 1, equals + 12).toLowerCase();
  const known = SYSTEM_TYPES.find(([name]) => kind.startsWith(name));
  entry.type = known?.[1] ?? "other";
  const colon = value.indexOf(":", equals);
  if (entry.type === "symlink" && equals !== -1 && colon !== -1) entry.linkTarget = value.slice(colon + 1);
}
