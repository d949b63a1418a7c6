// EPLF, the easily parsed list format of D. J. Bernstein: "+i2049.77,m1000000000,r,s9041,\tname".
// All that is behind the tab is the name. Times are seconds since 1970, UTC.
import type { ListingClock } from "./clock.ts";
import { type EntryDetails, type FtpEntryType, makeEntry } from "./entry.ts";
import { isDigits, sizeOf } from "./fields.ts";
import type { Scanned } from "./scanner.ts";

// Many times longer than any server's.
const LONGEST_FACTS = 500;

export function scanEplf(line: string, _clock: ListingClock): Scanned {
  if (!line.startsWith("+")) return undefined;
  const tab = line.indexOf("\t");
  if (tab === -1 || tab > LONGEST_FACTS) return undefined;
  let type: FtpEntryType = "unknown";
  let details: EntryDetails = {};
  for (const fact of line.slice(1, tab).split(",")) {
    const value = fact.slice(1);
    if (fact === "/") type = "directory";
    else if (fact === "r" && type === "unknown") type = "file";
    else if (fact.startsWith("s")) details = { ...details, size: sizeOf(value) };
    else if (fact.startsWith("i")) details = { ...details, unique: value };
    else if (fact.startsWith("m")) details = { ...details, ...timeOf(value) };
    else if (/^up[0-7]{3,4}$/.test(fact)) details = { ...details, mode: Number.parseInt(fact.slice(2), 8) };
  }
  return makeEntry("eplf", line, line.slice(tab + 1), type, details);
}

function timeOf(seconds: string): EntryDetails {
  // More digits are beyond what a Date can be.
  if (!isDigits(seconds) || seconds.length > 12) return {};
  return { modifiedAt: new Date(Number(seconds) * 1000), modifiedPrecision: "second" };
}
