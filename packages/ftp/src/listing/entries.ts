// A whole listing as entries: a line that nobody understands is one as well, of unknown type and without a name.
import type { FtpEntry } from "./entry.ts";
import { ListingReader, type ListingReaderOptions } from "./reader.ts";

/** In the order of the lines. */
export function entriesOf(lines: readonly string[], options: ListingReaderOptions = {}): FtpEntry[] {
  const entries: FtpEntry[] = [];
  const add = (entry: FtpEntry | undefined): void => {
    if (entry !== undefined) entries.push(entry);
  };
  const reader = new ListingReader({
    ...options,
    onUnparsed(line) {
      entries.push({ name: "", type: "unknown", raw: line, format: "unknown" });
      options.onUnparsed?.(line);
    },
  });
  for (const line of lines) add(reader.push(line));
  add(reader.end());
  return entries;
}
