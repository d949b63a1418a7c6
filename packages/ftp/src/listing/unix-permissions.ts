// The first column of `ls -l`: type and permissions, "drwxr-sr-x".
import type { FtpEntryType } from "./entry.ts";
import { DASH, isDigit, skipBlanks, wordEnd } from "./characters.ts";

// Doors, event ports, network special files and semaphores are no files that one could transfer.
const TYPES: Readonly<Record<string, FtpEntryType>> = {
  "-": "file",
  f: "file",
  F: "file",
  C: "file", // contiguous (Cray, HP-UX)
  M: "file", // migrated to tape (Cray)
  d: "directory",
  l: "symlink",
  b: "device",
  c: "device",
  p: "pipe",
  "|": "pipe",
  s: "socket",
  D: "other",
  P: "other",
  n: "other",
  m: "other",
  w: "other",
  "?": "unknown",
};

/** How long the column is, without a mark for an access control list. */
export const PERMISSIONS_LENGTH = 10;

/** The type that a line's first letter tells, or undefined. */
export function typeAt(line: string, at: number): FtpEntryType | undefined {
  const code = line.charCodeAt(at);
  if (code === DASH) return "file";
  return code === 100 ? "directory" : TYPES[line.charAt(at)];
}

/** The permission bits that the nine letters at `at` tell, or -1 if they are no permissions. */
export function modeAt(line: string, at: number): number {
  if (line.length < at + 9) return -1;
  let mode = 0;
  for (let index = 0; index < 9; index += 1) {
    const code = line.charCodeAt(at + index);
    if (code === DASH) continue;
    const bit = 256 >> index;
    switch (index % 3) {
      case 0:
        if (code !== 114) return -1;
        mode |= bit;
        break;
      case 1:
        if (code !== 119) return -1;
        mode |= bit;
        break;
      default:
        if (code === 120) mode |= bit;
        else {
          const special = specialBits(code, index);
          if (special === 0) return -1;
          mode |= special;
        }
    }
  }
  return mode;
}

// "s" and "t" stand for the x below them, "S" and "T" for none; "l" is mandatory locking: setgid without x.
function specialBits(code: number, index: number): number {
  const bit = index === 2 ? 0o4000 : index === 5 ? 0o2000 : 0o1000;
  const x = 256 >> index;
  switch (code) {
    case 115: // s
      return index === 8 ? 0 : bit | x;
    case 83: // S
      return index === 8 ? 0 : bit;
    case 116: // t
      return index === 8 ? bit | x : 0;
    case 84: // T
      return index === 8 ? bit : 0;
    case 108: // l
    case 76: // L
      return index === 5 ? bit : 0;
    default:
      return 0;
  }
}

/**
 * Where the column begins: in front of it there may be an inode and a number of blocks (`ls -lis`). -1 if the line
 * has no such column.
 */
export function permissionsAt(line: string): number {
  if (typeAt(line, 0) !== undefined && modeAt(line, 1) !== -1) return 0;
  let at = skipBlanks(line, 0);
  for (let numbers = 0; numbers <= 2; numbers += 1) {
    if (typeAt(line, at) !== undefined && modeAt(line, at + 1) !== -1) return at;
    if (!isDigit(line.charCodeAt(at))) return -1;
    at = skipBlanks(line, wordEnd(line, at));
  }
  return -1;
}

/** Is that a mark behind the permissions: an access control list (+), a security context (.), attributes (@, *)? */
export function isMark(code: number): boolean {
  return code === 43 || code === 46 || code === 64 || code === 42;
}
