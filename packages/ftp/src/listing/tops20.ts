// TOPS-20: "<ADA>NAME.CMD.4;P777700;A,3,19-Jun-1991 08:00:59,20-Jun-1991 15:31:00,...": protection, account, size in
// pages, times of creation and of the last change. The directory in front is dropped; the generation behind is part
// of the name, except of directories.
import type { ListingClock } from "./clock.ts";
import { makeEntry } from "./entry.ts";
import { modified, namedDate } from "./field-date.ts";
import type { Scanned } from "./scanner.ts";

export function scanTops20(line: string, clock: ListingClock): Scanned {
  if (!line.startsWith("<")) return undefined;
  const close = line.indexOf(">");
  const semicolon = line.indexOf(";", close);
  if (close === -1 || semicolon === -1) return undefined;
  const columns = /^;P\d{6};[^,]{0,40},\d{1,9},[^,]{0,24},([^, ]{0,12}) ([^,]{0,12}),/.exec(
    line.slice(semicolon, semicolon + 160),
  );
  if (columns === null) return undefined;
  const name = line.slice(close + 1, semicolon);
  const directory = name.toUpperCase().lastIndexOf(".DIRECTORY.");
  const times = modified(clock, namedDate(columns[1]), columns[2]);
  if (directory !== -1) return makeEntry("tops20", line, name.slice(0, directory), "directory", times);
  return makeEntry("tops20", line, name, "file", times);
}
