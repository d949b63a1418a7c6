// What --verbose shows.
import type { TraceEvent } from "@netcli/core-transport";

const MARKS = { sent: "C:", received: "S:", event: "--" };

/** "C: QUIT", "S: 221 bye", "-- connected to ...". */
export function dialogueLine({ kind, text }: Pick<TraceEvent, "kind" | "text">): string {
  return `${MARKS[kind]} ${text}`;
}
