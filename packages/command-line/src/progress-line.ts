// The line that shows how far a transfer is, for any width.
import { formatBytes, formatDuration } from "./quantity.ts";
import { columnsOf, shorten } from "./text-columns.ts";

const BAR_CELLS = 24;
const LEAST_BAR_CELLS = 10;
const LEAST_LABEL_COLUMNS = 10;

// Room for the longest, so that nothing moves with every digit: " 98.5 MiB of 100.0 MiB  112.4 MiB/s  0:05 left",
// "112.4 MiB/s  1:00:05 left", "1:00:05".
const FACTS_COLUMNS = 48;
const RATE_COLUMNS = 26;
const LEFT_COLUMNS = 7;

/** How far a transfer is. */
export interface Progress {
  readonly label: string;
  readonly bytes: number;
  /** Undefined: the server does not tell. */
  readonly total: number | undefined;
  /** Bytes per second. */
  readonly speed: number;
}

/**
 * The line for so many columns. A long label is cut first, to its first letters; what does not fit beside these is
 * left out, the bar before the numbers. A shorter label is filled up to `labelColumns`.
 */
export function formatProgress(progress: Progress, columns: number, labelColumns?: number): string {
  const { label, total } = progress;
  const wanted = labelColumns ?? columnsOf(label);
  const least = Math.min(wanted, LEAST_LABEL_COLUMNS) + 1;
  const choices =
    total === undefined ? withoutTotal(progress) : withTotal(progress, total, columns - wanted - 1);
  const facts = choices.find((choice) => least + choice.length <= columns) ?? choices.at(-1) ?? "";
  const room = Math.min(wanted, columns - facts.length - 1);
  if (room < 1) return facts.slice(0, Math.max(columns, 0)).trimEnd();
  const short = shorten(label, room);
  return `${short}${" ".repeat(room - columnsOf(short))} ${facts}`.trimEnd();
}

// From all that there is to tell to the most important; the bar is as long as there is room.
function withTotal({ bytes, speed }: Progress, total: number, room: number): string[] {
  const share = total === 0 ? 1 : Math.min(bytes / total, 1);
  const percent = `${Math.floor(share * 100)}%`.padStart(4);
  const rate = `${formatBytes(speed)}/s`;
  const duration = speed === 0 ? "" : formatDuration((total - bytes) / speed);
  const left = duration === "" ? "" : `  ${duration} left`;
  const facts = ` ${formatBytes(bytes)} of ${formatBytes(total)}  ${rate}${left}`.padEnd(FACTS_COLUMNS);
  const cells = room - facts.length - "100% []".length;
  return [
    `${percent} ${formatBar(share, Math.max(LEAST_BAR_CELLS, Math.min(cells, BAR_CELLS)))}${facts}`,
    `${percent}${facts}`,
    `${percent} ${`${rate}${left}`.padEnd(RATE_COLUMNS)}`,
    `${percent} ${duration.padEnd(LEFT_COLUMNS)}`,
    percent,
  ];
}

function withoutTotal({ bytes, speed }: Progress): string[] {
  return [`${formatBytes(bytes)}  ${formatBytes(speed)}/s`, formatBytes(bytes)];
}

function formatBar(share: number, cells: number): string {
  const full = Math.floor(share * cells);
  return `[${"#".repeat(full)}${".".repeat(cells - full)}]`;
}
