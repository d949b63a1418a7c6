// One fact of an MLSx line (RFC 3659 7.5), "size=1024". What a fact is shows in its first letter and where its equal
// sign is; then its name is compared.
import { EQUALS, SEMICOLON, ZERO, DOT } from "./characters.ts";
import type { EntryDraft } from "./entry.ts";
import { readModified } from "./mlsx-time.ts";
import { readType } from "./mlsx-type.ts";
import { Repeated } from "./repeated.ts";

const perm = new Repeated();
const owner = new Repeated();
const group = new Repeated();

/** Reads the fact at `start`. Returns where its semicolon is, or `limit`, where the facts end. */
export function readFact(line: string, start: number, limit: number, entry: EntryDraft): number {
  switch (line.charCodeAt(start) | 32) {
    case 115: // "sizd" is the size of a directory, as some servers call it.
      if (isNameBefore(line, start, "size") || isNameBefore(line, start, "sizd")) {
        return readSize(line, start + 5, limit, entry);
      }
      break;
    case 116:
      if (isNameBefore(line, start, "type")) {
        const end = shortEnd(line, start + 5, limit);
        readType(line, start + 5, end, entry);
        return end;
      }
      break;
    case 109:
      if (isNameBefore(line, start, "modify")) {
        const end = shortEnd(line, start + 7, limit);
        readModified(line, start + 7, end, entry);
        return end;
      }
      break;
    case 112:
      if (isNameBefore(line, start, "perm")) {
        const end = shortEnd(line, start + 5, limit);
        entry.perm = perm.take(line, start + 5, end);
        return end;
      }
      break;
    case 117:
      if (line.charCodeAt(start + 4) === DOT && isName(line, start, "unix")) {
        return readUnixFact(line, start + 5, limit, entry);
      }
      if (isNameBefore(line, start, "unique")) {
        const end = shortEnd(line, start + 7, limit);
        entry.unique = line.slice(start + 7, end);
        return end;
      }
      break;
    default:
  }
  return semicolonAt(line, start, limit);
}

// Is that the name at `start`, in whatever case?
function isName(line: string, start: number, name: string): boolean {
  for (let index = 0; index < name.length; index += 1) {
    if ((line.charCodeAt(start + index) | 32) !== name.charCodeAt(index)) return false;
  }
  return true;
}

function semicolonAt(line: string, start: number, limit: number): number {
  const end = line.indexOf(";", start);
  return end === -1 || end > limit ? limit : end;
}

// For values that are short walking is faster than searching.
function shortEnd(line: string, start: number, limit: number): number {
  let end = start;
  while (end < limit && line.charCodeAt(end) !== SEMICOLON) end += 1;
  return end;
}

function readSize(line: string, start: number, limit: number, entry: EntryDraft): number {
  let size = 0;
  let at = start;
  for (; at < limit; at += 1) {
    const digit = line.charCodeAt(at) - ZERO;
    if (!(digit >= 0 && digit <= 9)) break;
    size = size * 10 + digit;
  }
  const end = shortEnd(line, at, limit);
  if (end === at && at > start && size <= Number.MAX_SAFE_INTEGER) entry.size = size;
  return end;
}

// Behind "UNIX.". Names are more telling than numbers.
function readUnixFact(line: string, start: number, limit: number, entry: EntryDraft): number {
  switch (line.charCodeAt(start) | 32) {
    case 109:
      if (isNameBefore(line, start, "mode")) return readMode(line, start + 5, limit, entry);
      break;
    case 111:
      if (isNameBefore(line, start, "owner")) return readOwner(line, start + 6, limit, entry);
      if (isNameBefore(line, start, "ownername")) {
        const end = shortEnd(line, start + 10, limit);
        entry.owner = owner.take(line, start + 10, end);
        return end;
      }
      break;
    case 117:
      if (isNameBefore(line, start, "uid")) return readOwner(line, start + 4, limit, entry);
      break;
    case 103:
      if (isNameBefore(line, start, "group")) return readGroup(line, start + 6, limit, entry);
      if (isNameBefore(line, start, "gid")) return readGroup(line, start + 4, limit, entry);
      if (isNameBefore(line, start, "groupname")) {
        const end = shortEnd(line, start + 10, limit);
        entry.group = group.take(line, start + 10, end);
        return end;
      }
      break;
    default:
  }
  return semicolonAt(line, start, limit);
}

// Is that the whole name, before an equal sign?
function isNameBefore(line: string, start: number, name: string): boolean {
  return line.charCodeAt(start + name.length) === EQUALS && isName(line, start, name);
}

function readOwner(line: string, start: number, limit: number, entry: EntryDraft): number {
  const end = shortEnd(line, start, limit);
  entry.owner ??= owner.take(line, start, end);
  return end;
}

function readGroup(line: string, start: number, limit: number, entry: EntryDraft): number {
  const end = shortEnd(line, start, limit);
  entry.group ??= group.take(line, start, end);
  return end;
}

// The type of the file may stand above the permissions: "0100644".
function readMode(line: string, start: number, limit: number, entry: EntryDraft): number {
  let mode = 0;
  let at = start;
  for (; at < limit && at < start + 7; at += 1) {
    const digit = line.charCodeAt(at) - ZERO;
    if (!(digit >= 0 && digit <= 7)) break;
    mode = mode * 8 + digit;
  }
  const end = shortEnd(line, at, limit);
  if (end === at && at > start) entry.mode = mode & 0o7777;
  return end;
}
