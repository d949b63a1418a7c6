// OpenVMS, of all its FTP servers (UCX, MultiNet, TCPware, MadGoat, CMU):
// "NAME.TXT;1   88/90   9-OCT-2004 21:15:30.25  [GROUP,OWNER]  (RWED,RWED,RE,)", where the columns behind the name
// come in any order, and on the next line if the name is long.
// A version (";1") is part of the name, except of directories: one enters NAME, not NAME.DIR;1. The directory that
// some servers have in front, "[DIR.SUB]", is dropped. Sizes are in blocks, so they are not told.
import type { ListingClock } from "./clock.ts";
import { makeEntry, type EntryDetails, type FtpEntry } from "./entry.ts";
import { isTime, modified, namedDate, type YearMonthDay } from "./field-date.ts";
import { type Field, fieldsOf } from "./fields.ts";
import type { Scanned } from "./scanner.ts";

const MOST_FIELDS = 12;

export function scanVms(line: string, clock: ListingClock): Scanned {
  const [name, ...columns] = fieldsOf(line, MOST_FIELDS);
  if (name === undefined) return undefined;
  if (!/;\d{1,5}$/.test(name.text.slice(-6)) || name.start > 0) {
    return isHeading(line) ? "heading" : undefined;
  }
  if (columns.length === 0) return "continued";
  // Why it tells nothing else: "%RMS-E-PRV, insufficient privilege", or the same in words.
  const reason = columns[0]?.text ?? "";
  if (reason.startsWith("%") || reason === "No") return entryOf(line, name.text, {});
  const details = detailsOf(line, columns, clock);
  return details === undefined ? undefined : entryOf(line, name.text, details);
}

/** Reads the second line of an entry, whose first one held nothing but the name. */
export function scanVmsContinuation(
  first: string,
  second: string,
  clock: ListingClock,
): FtpEntry | undefined {
  const columns = fieldsOf(second, MOST_FIELDS);
  const raw = `${first}\n${second}`;
  const reason = columns[0]?.text ?? "";
  if (reason.startsWith("%")) return entryOf(raw, first.trim(), {});
  const details = detailsOf(second, columns, clock);
  return details === undefined ? undefined : entryOf(raw, first.trim(), details);
}

/** The entry of a line that held a name, and of which no more came. */
export function vmsNameOnly(line: string): FtpEntry {
  return entryOf(line, line.trim(), {});
}

function entryOf(raw: string, text: string, details: EntryDetails): FtpEntry {
  const name = text.startsWith("[") ? text.slice(text.indexOf("]") + 1) : text;
  const version = name.lastIndexOf(";");
  const isDirectory = name.slice(Math.max(version - 4, 0), version).toUpperCase() === ".DIR";
  if (isDirectory) return makeEntry("vms", raw, name.slice(0, version - 4), "directory", details);
  return makeEntry("vms", raw, name, "file", details);
}

// Whatever the order, there is a date, and nothing that we do not know.
function detailsOf(line: string, columns: readonly Field[], clock: ListingClock): EntryDetails | undefined {
  let date: YearMonthDay | undefined;
  let time: string | undefined;
  let owner: string | undefined;
  let group: string | undefined;
  for (let index = 0; index < columns.length; index += 1) {
    const field = columns[index];
    if (field === undefined) break;
    const { text } = field;
    if (text.startsWith("[")) {
      // There may be a space behind the comma.
      const close = line.indexOf("]", field.start);
      if (close === -1) return undefined;
      const [first, second] = parts(line.slice(field.start + 1, close));
      [group, owner] = second === undefined ? [undefined, first] : [first, second];
      while ((columns[index + 1]?.start ?? close) < close) index += 1;
    } else if (text.startsWith("(")) {
      // The protection is the last column.
      break;
    } else if (isTime(text)) time = text;
    else if (!/^\d+(?:\/\d+)?(?:[KMG]?B)?$/i.test(text.slice(0, 40))) {
      const day = namedDate(text);
      // An owner without brackets stands behind the date.
      if (day === undefined && date === undefined) return undefined;
      if (day === undefined) owner = text;
      else date = day;
    }
  }
  if (date === undefined) return undefined;
  return { ...modified(clock, date, time), owner, group };
}

function parts(owner: string): [string, string?] {
  const comma = owner.indexOf(",");
  return comma === -1 ? [owner.trim()] : [owner.slice(0, comma).trim(), owner.slice(comma + 1).trim()];
}

function isHeading(line: string): boolean {
  const beginning = line.slice(0, 80);
  return (
    /^(?:Directory )?[A-Z0-9$_-]*:\[[^\]]*\]?/i.test(beginning) ||
    /^Directory \S/.test(beginning) ||
    /^(?:Grand )?total of \d+ (?:file|director)/i.test(beginning) ||
    /^\S*; +<?%RMS-E-FNF/.test(beginning) ||
    beginning.startsWith("%DIRECT-W-NOFILES")
  );
}
