// Unix in numbers only: "0100640  1000   50    4711   1000000000       name": type and permissions in octal, owner,
// group, size, and seconds since 1970. Nobody has told how the name is parted from them: all spaces are dropped.
import type { ListingClock } from "./clock.ts";
import { type FtpEntryType, makeEntry } from "./entry.ts";
import { fieldsOf, isDigits, sizeOf } from "./fields.ts";
import type { Scanned } from "./scanner.ts";

// The type's bits in the mode of a file (POSIX, sys/stat.h).
const TYPE_BITS = 0o170000;
const TYPES = new Map<number, FtpEntryType>([
  [0o010000, "pipe"],
  [0o020000, "device"],
  [0o040000, "directory"],
  [0o060000, "device"],
  [0o100000, "file"],
  [0o120000, "symlink"],
  [0o140000, "socket"],
]);

export function scanUnixNumeric(line: string, _clock: ListingClock): Scanned {
  const [mode, owner, group, size, seconds, name] = fieldsOf(line, 6);
  if (mode === undefined || name === undefined || !/^0[0-7]{5,6}$/.test(mode.text.slice(0, 8))) {
    return undefined;
  }
  if (![owner, group, size, seconds].every((field) => isDigits(field?.text))) return undefined;
  const bits = Number.parseInt(mode.text, 8);
  const type = TYPES.get(bits & TYPE_BITS);
  const time = Number(seconds?.text) * 1000;
  if (type === undefined || Number.isNaN(new Date(time).getTime())) return undefined;
  return makeEntry("unix-numeric", line, line.slice(name.start), type, {
    mode: bits & 0o7777,
    owner: owner?.text,
    group: group?.text,
    size: sizeOf(size?.text),
    modifiedAt: new Date(time),
    modifiedPrecision: "second",
  });
}
