// Text in the columns of a terminal.

/** The columns that a text takes, at most. */
export function columnsOf(text: string): number {
  let columns = 0;
  // From U+1100 on there are letters that take two: to count too many is better than a line that wraps.
  for (const character of text) columns += character < "\u1100" || character === "…" ? 1 : 2;
  return columns;
}

/** The text, or as much of its beginning as fits into so many columns, with "…" behind it. */
export function shorten(text: string, columns: number): string {
  if (columnsOf(text) <= columns) return text;
  let short = "";
  for (const character of text) {
    if (columnsOf(short + character) >= columns) break;
    short += character;
  }
  return `${short}…`;
}
