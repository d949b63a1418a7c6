// What became of a message for each recipient, as a table.
import { formatTable, shorten } from "@netcli/command-line";
import { printable } from "@netcli/core-transport";
import type { RecipientResult } from "@netcli/smtp";

// Where no terminal says how much room there is.
const COLUMNS = 160;

/** One line for each, up to so many columns wide; control characters are shown, not obeyed. */
export function formatResults(results: readonly RecipientResult[], columns: number = COLUMNS): string[] {
  return formatTable(
    results.map((result) => cellsOf(result, columns)),
    { columns },
  );
}

/** Address, status, codes, text. */
function cellsOf({ address, status, reply }: RecipientResult, columns: number): string[] {
  const codes = reply === undefined ? "" : `${reply.code} ${reply.enhanced ?? ""}`.trimEnd();
  const text = reply?.text.replaceAll("\n", " ") ?? "";
  // The address leaves room for the rest.
  return [shorten(printable(address), Math.floor(columns / 2)), status, codes, printable(text)];
}
