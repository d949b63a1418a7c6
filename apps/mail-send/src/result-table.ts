// What became of a message for each recipient, as a table.
import { columnsOf, shorten } from "@netcli/command-line";
import { printable } from "@netcli/core-transport";
import type { RecipientResult } from "@netcli/smtp";

// Where no terminal says how much room there is.
const COLUMNS = 160;

const GAP = "  ";

/** One line for each, up to so many columns wide; control characters are shown, not obeyed. */
export function formatResults(results: readonly RecipientResult[], columns: number = COLUMNS): string[] {
  const rows = results.map((result) => cellsOf(result, columns));
  const widths = rows.reduce<number[]>(
    (widest, cells) => cells.map((cell, at) => Math.max(widest[at] ?? 0, columnsOf(cell))),
    [],
  );
  return rows.map((cells) => {
    const line = cells.map((cell, at) => cell + " ".repeat((widths[at] ?? 0) - columnsOf(cell))).join(GAP);
    return shorten(line.trimEnd(), columns);
  });
}

/** Address, status, codes, text. */
function cellsOf({ address, status, reply }: RecipientResult, columns: number): string[] {
  const codes = reply === undefined ? "" : `${reply.code} ${reply.enhanced ?? ""}`.trimEnd();
  const text = reply?.text.replaceAll("\n", " ") ?? "";
  // The address leaves room for the rest.
  return [shorten(printable(address), Math.floor(columns / 2)), status, codes, printable(text)];
}
