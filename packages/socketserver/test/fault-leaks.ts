// Finds sockets and child processes that a test of faults left open; and gives these tests the time they need.
import { setTimeout as sleep } from "node:timers/promises";
import { vi } from "vitest";

// They run at the same time, with processes of their own, and may not be the only ones on the machine.
vi.setConfig({ testTimeout: 20_000 });

const KINDS = /^(?:TCP|TLS|UDP|Process|Connect|Shutdown|Write)/;
const PATIENCE_MILLISECONDS = 3_000;

let known = 0;

function open(): string[] {
  return process
    .getActiveResourcesInfo()
    .filter((name) => KINDS.test(name))
    .slice(known);
}

/** Waits until there is none; rejects with their kinds. */
export async function nothingLeft(): Promise<void> {
  const patience = performance.now() + PATIENCE_MILLISECONDS;
  while (open().length > 0 && performance.now() < patience) await sleep(5);
  const left = open();
  // The next test is not to blame.
  known += left.length;
  if (left.length > 0) throw new Error(`left open: ${left.length} of ${[...new Set(left)].join(", ")}`);
}
