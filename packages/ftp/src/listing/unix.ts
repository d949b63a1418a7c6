// `ls -l`, which most servers send, or imitate: Unix of all kinds, Windows, Macintosh (NetPresenz, WebStar), VShell.
// The name is what follows the one space behind the date, with all spaces that it has.
import { modifiedOf, type Moment } from "./calendar.ts";
import { COMMA, isBlank, isDigit, SPACE, ZERO } from "./characters.ts";
import type { ListingClock } from "./clock.ts";
import { type EntryDraft, type FtpEntry, type FtpEntryType, specialOf } from "./entry.ts";
import type { Scanned } from "./scanner.ts";
import { isTotal } from "./total.ts";
import { findColumns, readDate } from "./unix-columns.ts";
import { nameAndTarget } from "./unix-link.ts";
import { isMark, modeAt, permissionsAt, PERMISSIONS_LENGTH, typeAt } from "./unix-permissions.ts";

const moment: Moment = { end: 0, time: 0, precision: "minute" };

export function scanUnix(line: string, clock: ListingClock): Scanned {
  const start = permissionsAt(line);
  if (start === -1) return scanOther(line);
  const type = typeAt(line, start) ?? "unknown";
  const mode = modeAt(line, start + 1);
  let at = start + PERMISSIONS_LENGTH;
  if (isMark(line.charCodeAt(at))) at += 1;
  // Many links may leave no space.
  if (!isBlank(line.charCodeAt(at)) && !isDigit(line.charCodeAt(at))) return undefined;
  return scanUsual(line, at, type, mode, clock) ?? scanUnusual(line, at, type, mode, clock);
}

// Links, owner, group, size, date, name, parted by spaces: read without any object but the entry.
function scanUsual(
  line: string,
  from: number,
  type: FtpEntryType,
  mode: number,
  clock: ListingClock,
): FtpEntry | undefined {
  const { length } = line;
  let at = from;
  while (line.charCodeAt(at) === SPACE) at += 1;
  const links = at;
  while (at < length && isDigit(line.charCodeAt(at))) at += 1;
  if (at === links || line.charCodeAt(at) !== SPACE) return undefined;
  while (line.charCodeAt(at) === SPACE) at += 1;
  const owner = at;
  while (at < length && line.charCodeAt(at) !== SPACE) at += 1;
  const ownerEnd = at;
  while (line.charCodeAt(at) === SPACE) at += 1;
  const group = at;
  while (at < length && line.charCodeAt(at) !== SPACE) at += 1;
  const groupEnd = at;
  while (line.charCodeAt(at) === SPACE) at += 1;
  const sizeStart = at;
  let size = 0;
  for (; at < length; at += 1) {
    const code = line.charCodeAt(at);
    if (!isDigit(code)) break;
    size = size * 10 + (code - ZERO);
  }
  if (at === sizeStart || line.charCodeAt(at) !== SPACE || line.charCodeAt(groupEnd - 1) === COMMA) {
    return undefined;
  }
  while (line.charCodeAt(at) === SPACE) at += 1;
  if (type === "device" || size > Number.MAX_SAFE_INTEGER) return undefined;
  if (!readDate(line, at, clock, moment) || Number.isNaN(moment.time)) return undefined;
  const entry: EntryDraft = {
    name: line.slice(moment.end + 1),
    type,
    size,
    modifiedAt: new Date(moment.time),
    modifiedPrecision: moment.precision,
    mode,
    owner: line.slice(owner, ownerEnd),
    group: line.slice(group, groupEnd),
    raw: line,
    format: "unix",
  };
  return finish(entry);
}

function scanUnusual(
  line: string,
  from: number,
  type: FtpEntryType,
  mode: number,
  clock: ListingClock,
): FtpEntry | undefined {
  const columns = findColumns(line, from, type === "device", clock, moment);
  if (columns === undefined) return undefined;
  const { size, owner, group } = columns;
  return finish({
    name: line.slice(moment.end + 1),
    type,
    ...(size !== undefined && { size }),
    ...modifiedOf(moment),
    mode,
    ...(owner !== undefined && { owner }),
    ...(group !== undefined && { group }),
    raw: line,
    format: "unix",
  });
}

function finish(entry: EntryDraft): FtpEntry {
  if (entry.type === "symlink") {
    const [name, target] = nameAndTarget(entry.name, entry.size);
    entry.name = name;
    if (target !== undefined) entry.linkTarget = target;
  }
  const special = specialOf(entry.name);
  if (special !== undefined) entry.special = special;
  return entry;
}

// What `ls` prints of an entry that it may not look at: "-????????? ? ? ? ?            ? name".
const UNREADABLE = /^[-?a-zA-Z]\?{9} {1,20}\? {1,20}\? {1,20}\? {1,20}\? {1,30}\? /;

function scanOther(line: string): Scanned {
  if (isTotal(line)) return "heading";
  if (line.charCodeAt(1) !== 63) return undefined;
  const columns = UNREADABLE.exec(line.slice(0, 160))?.[0];
  if (columns === undefined) return undefined;
  const type = typeAt(line, 0) ?? "unknown";
  return finish({ name: line.slice(columns.length), type, raw: line, format: "unix" });
}
