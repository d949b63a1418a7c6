// Rows of texts as a table for people.
import { columnsOf, shorten } from "./text-columns.ts";

const GAP = "  ";

export interface TableOptions {
  /** No line is wider. */
  readonly columns: number;
  /** The cells of a row, counted from 0, that stand at the right of their column: numbers. Default: none. */
  readonly right?: readonly number[] | undefined;
}

/** One line for each row, with the cells below each other. */
export function formatTable(rows: readonly (readonly string[])[], options: TableOptions): string[] {
  const { columns, right = [] } = options;
  const widths: number[] = [];
  for (const cells of rows) {
    for (const [at, cell] of cells.entries()) widths[at] = Math.max(widths[at] ?? 0, columnsOf(cell));
  }
  return rows.map((cells) => {
    const filled = cells.map((cell, at) => {
      const space = " ".repeat((widths[at] ?? 0) - columnsOf(cell));
      return right.includes(at) ? space + cell : cell + space;
    });
    return shorten(filled.join(GAP).trimEnd(), columns);
  });
}
