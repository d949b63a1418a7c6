// Sterling Connect:Enterprise: "-C--E-----FTP B ACME          318   730011 Mar 04 10:28 name": flags and protocol, owner,
// number of the batch, size, date; and its other form, "ACME 00000031 00000777 <name>  000817-1520 CD  FTP ASC".
import { fullYear, modifiedOf, type Moment } from "./calendar.ts";
import { skipBlanks } from "./characters.ts";
import type { ListingClock } from "./clock.ts";
import { makeEntry } from "./entry.ts";
import { modified } from "./field-date.ts";
import { fieldsOf, isDigits, sizeOf } from "./fields.ts";
import type { Scanned } from "./scanner.ts";
import { readDate } from "./unix-columns.ts";

const moment: Moment = { end: 0, time: 0, precision: "minute" };

export function scanConnectEnterprise(line: string, clock: ListingClock): Scanned {
  if (/^Total number of (?:batches|mailboxes)/i.test(line.slice(0, 40))) return "heading";
  return line.startsWith("-") ? scanFlags(line, clock) : scanBatch(line, clock);
}

function scanFlags(line: string, clock: ListingClock): Scanned {
  const [flags, kind, owner, batch, size] = fieldsOf(line, 5);
  if (flags === undefined || owner === undefined || size === undefined) return undefined;
  if (!/^-[-A-Z]{9}(?:[A-Z]{3}|---)$/.test(flags.text.slice(0, 14))) return undefined;
  if (!/^[A-Z]$/.test(kind?.text ?? "") || !isDigits(batch?.text) || !isDigits(size.text)) return undefined;
  if (!readDate(line, skipBlanks(line, size.end), clock, moment)) return undefined;
  return makeEntry("connect-enterprise", line, line.slice(moment.end + 1), "file", {
    size: sizeOf(size.text),
    owner: owner.text,
    ...modifiedOf(moment),
  });
}

function scanBatch(line: string, clock: ListingClock): Scanned {
  const [owner, batch, size, name] = fieldsOf(line, 4);
  if (
    owner === undefined ||
    !/^\d{8}$/.test(batch?.text.slice(0, 9) ?? "") ||
    name?.text.startsWith("<") !== true
  ) {
    return undefined;
  }
  const close = line.lastIndexOf("> ") === -1 ? line.lastIndexOf(">+") : line.lastIndexOf("> ");
  const when = /^>\+? +(\d\d)(\d\d)(\d\d)-(\d\d)(\d\d)(?: |$)/.exec(line.slice(close, close + 60));
  if (when === null || !isDigits(size?.text)) return undefined;
  const [year, month, day] = when.slice(1, 4).map(Number);
  return makeEntry("connect-enterprise", line, line.slice(name.start + 1, close), "file", {
    size: sizeOf(size.text),
    owner: owner.text,
    ...modified(clock, [fullYear(year ?? 0), month ?? 0, day ?? 0], `${when[4]}:${when[5]}`),
  });
}
