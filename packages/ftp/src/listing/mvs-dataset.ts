// The data sets that z/OS (MVS) lists: "PRD002 3390   2008/01/22  2   30  FB      80 27920  PO  TEST.CNTL". Data sets
// whose names end in a quote come with all their qualifiers, and keep the quotes: that is how they are asked for.
// The date is when the data set was last used, not changed, and the size is in tracks: neither is told.
import type { ListingClock } from "./clock.ts";
import { makeEntry, type FtpEntryType } from "./entry.ts";
import { type Field, fieldsOf, isTitle } from "./fields.ts";
import type { Scanned } from "./scanner.ts";

const TITLES = [
  "Volume Unit Referred Ext Used Recfm Lrecl BlkSz Dsorg Dsname",
  "Volume Unit Date Ext Used Recfm Lrecl BlkSz Dsorg Dsname",
];

// What stands where there are no columns: archived, a prefix of other names, or out of reach.
const STATES: readonly (readonly [string, FtpEntryType])[] = [
  ["Migrated", "file"],
  ["MIGRAT", "file"],
  ["ARCIVE", "file"],
  ["Pseudo Directory", "directory"],
  ["Error determining attributes", "unknown"],
  ["User catalog connector", "other"],
];

const VOLUME_STATES = ["Not Mounted", "Not Direct Access Device", "Tape"];

// Partitioned data sets have members, and are entered like directories.
const TYPES = new Map<string, FtpEntryType>([
  ["PO", "directory"],
  ["PO-E", "directory"],
  ["PATH", "other"],
  ["GDG", "other"],
]);
const ORGANIZATION = /^(?:PS|PS-E|PS-L|PO|PO-E|POU|PSU|DA|DAU|IS|ISU|VS|VSAM|GDG|PATH|AIX|HFS|ZFS)$/;

const MOST_FIELDS = 12;

export function scanMvsDataset(line: string, _clock: ListingClock): Scanned {
  if (TITLES.some((title) => isTitle(line, title))) return "heading";
  const fields = fieldsOf(line, MOST_FIELDS);
  const last = fields.at(-1);
  if (last === undefined || fields.length < 2 || fields[0]?.start !== 0 || fields.length === MOST_FIELDS) {
    return undefined;
  }
  const state = STATES.find(([text]) => isState(line, text, last));
  if (state !== undefined) return makeEntry("mvs", line, nameAt(line, state[0].length), state[1]);
  const [volume, unit] = fields;
  if (unit === undefined || !/^[A-Z0-9$#@]{1,6}$/.test(volume?.text.slice(0, 7) ?? "")) return undefined;
  const rest = line.slice(unit.start);
  const out = VOLUME_STATES.find((text) => isState(rest, text, { ...last, start: last.start - unit.start }));
  if (out !== undefined) return makeEntry("mvs", line, nameAt(line, unit.start + out.length), "file");
  if (!/^[A-Z0-9]{4,8}$/.test(unit.text)) return undefined;
  const organization = fields.at(-2)?.text ?? "";
  if (!ORGANIZATION.test(organization) || !isDated(fields)) return undefined;
  return makeEntry("mvs", line, last.text, TYPES.get(organization) ?? "file");
}

// Is the line that text, blanks, and a name?
function isState(line: string, text: string, last: Field | { readonly start: number }): boolean {
  return line.startsWith(`${text} `) && line.slice(text.length, last.start).trim() === "";
}

function nameAt(line: string, start: number): string {
  return line.slice(start).trim();
}

// VSAM data sets have no columns, all others have a date or say that they have none: "***NONE***". More than 99
// extents leave no space behind it.
function isDated(fields: readonly Field[]): boolean {
  const third = fields[2]?.text.slice(0, 16) ?? "";
  if (fields.length === 4) return /^(?:VSAM|VS|GDG|PATH|AIX|HFS|ZFS)$/.test(third);
  return /^\d{2,4}\/\d\d\/\d\d/.test(third) || /^\*{2,3}NONE\*{2,3}/.test(third);
}
